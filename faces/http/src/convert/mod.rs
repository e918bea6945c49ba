//! From the platform's types to the wire's. Plain copying and naming; nothing here decides or reads a store.

pub mod cases;
pub mod city;
pub mod corrections;
pub mod events;
pub mod fields;
pub mod flights;
pub mod hospitals;
pub mod inspections;
pub mod mandates;
pub mod materials;
pub mod papers;
pub mod payments;
pub mod prefill;
pub mod records;
pub mod reports;
pub mod services;
pub mod visits;

use model::Instant;

use crate::wire;

/// A text.
pub fn text(text: &model::Text) -> wire::Text {
    text.into()
}

/// A text given here in both of the platform's own languages.
pub fn words(zh: &str, en: &str) -> wire::Text {
    wire::Text([("zh-CN".to_owned(), zh.to_owned()), ("en".to_owned(), en.to_owned())].into())
}

/// The same text in every language, for what has no translation.
pub fn plain(word: &str) -> wire::Text {
    words(word, word)
}

/// An instant.
pub fn time(at: Instant) -> wire::Time {
    wire::Time(at.to_string())
}

/// Where a picture is.
pub fn picture_url(id: &model::EvidenceId, secret: Option<&str>) -> String {
    address(id, None, secret)
}

/// Where a picture is, small.
pub fn thumb_url(id: &model::EvidenceId, secret: Option<&str>) -> String {
    address(id, Some("size=thumb"), secret)
}

fn address(id: &model::EvidenceId, size: Option<&str>, secret: Option<&str>) -> String {
    let secret =
        secret.filter(|secret| secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
    let secret = secret.map(|secret| format!("secret={secret}"));
    let query: Vec<&str> = size.into_iter().chain(secret.as_deref()).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/api/v1/evidence/{id}{mark}{}", query.join("&"))
}
