//! Answers that depend on the pack alone: made once, asked for again by their ETag.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pack::City;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::failed;

/// An answer with the tag of its content.
#[derive(Clone)]
struct Made {
    body: Bytes,
    etag: String,
}

/// Answers made, by pack and name: a process has a handful of names, and those of a pack replaced are dropped.
#[derive(Default)]
pub struct Answers(Mutex<HashMap<(model::PackHash, String), Made>>);

/// Answers with what `make` gives of the present city, made once for each pack.
pub fn by_pack<T: Serialize>(app: &App, headers: &HeaderMap, name: &str, make: impl FnOnce(&City) -> T) -> Response {
    let compiled = app.current();
    let key = (compiled.hash, name.to_owned());
    let found = app.answers.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    let made = match found {
        Some(made) => made,
        None => {
            let Some(made) = made(&make(&compiled.city)) else { return failed().into_response() };
            let mut all = app.answers.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|(hash, _), _| *hash == compiled.hash);
            all.insert(key, made.clone());
            made
        }
    };
    respond(headers, made)
}

/// Answers with a value, tagged by its content.
pub fn by_content<T: Serialize>(headers: &HeaderMap, value: &T) -> Response {
    made(value).map_or_else(|| failed().into_response(), |made| respond(headers, made))
}

fn made<T: Serialize>(value: &T) -> Option<Made> {
    let body = serde_json::to_vec(value).ok()?;
    let digest = Sha256::digest(&body);
    let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Made { body: body.into(), etag: format!("\"{hex}\"") })
}

fn respond(headers: &HeaderMap, made: Made) -> Response {
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == made.etag.as_bytes());
    let etag = HeaderValue::try_from(made.etag).expect("hexadecimal digits and quotes are a header value");
    let about = [(header::ETAG, etag), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if is_known {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, [(header::CONTENT_TYPE, "application/json")], made.body).into_response()
}
