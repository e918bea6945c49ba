//! The words of a message: the pack's template, filled when it is shown or sent, in the reader's language.

use std::collections::BTreeMap;

use super::alarms::alarm_words;
use model::{CategoryId, FormId, Instant, Text};
use pack::{City, Packs, fill};
use store::{Digest, Facts, MandateFacts, MessageFacts, OutboxRow};

/// A message in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// One line.
    pub title: String,
    /// A few sentences.
    pub body: String,
    /// The number of the case; absent for what is about a mandate.
    pub case_no: Option<String>,
    /// The page of the resident face it leads to.
    pub path: String,
}

/// A message in one language; `None` when it is not one to a person, or its kind has no words any more.
pub fn message_words(packs: &Packs, row: &OutboxRow, locale: &str) -> Option<Words> {
    words_of(packs, &row.message.kind, &row.facts()?, locale)
}

/// A digest in one language: how many messages, and the lines of the first; `None` when none of those has words any more.
pub fn digest_words(packs: &Packs, digest: &Digest, locale: &str) -> Option<Words> {
    let named = digest.items.iter().filter_map(|item| words_of(packs, &item.kind, &item.facts, locale));
    let mut lines: Vec<String> = named
        .map(|words| match words.case_no {
            Some(case_no) => format!("· {} {case_no}", words.title),
            None => format!("· {}", words.title),
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    let count = lines.len() + digest.more as usize;
    if digest.more > 0 {
        lines.push("· …".to_owned());
    }
    let values = BTreeMap::from([("count", count.to_string()), ("list", lines.join("\n"))]);
    let declared = &packs.current().city.notifications.digest;
    let words = |text: &Text| fill(text.in_locale(locale), &values);
    let (title, body) = (words(&declared.title), words(&declared.body));
    // Residents are told of cases and mandates, staff of alarms: nobody of both.
    let is_of_staff = digest.items.iter().any(|item| matches!(item.facts, Facts::Alarms(_)));
    let path = if is_of_staff { "/centre/notices" } else { "/messages" };
    Some(Words { title, body, case_no: None, path: path.to_owned() })
}

fn words_of(packs: &Packs, kind: &str, facts: &Facts, locale: &str) -> Option<Words> {
    match facts {
        Facts::Case(facts) => Some(case_words(packs, kind, facts, locale)),
        Facts::Mandate(facts) => mandate_words(&packs.current().city, kind, facts, locale),
        Facts::Alarms(facts) => Some(alarm_words(&packs.current().city, facts, locale)),
    }
}

fn case_words(packs: &Packs, kind: &str, facts: &MessageFacts, locale: &str) -> Words {
    let compiled = packs.current();
    let (case_no, path) = (facts.case_no.clone(), format!("/reports/{}", facts.case_no));
    let began = packs.get(&facts.pack).unwrap_or_else(|| packs.current());
    let about = title_of(&began.city, &facts.category).in_locale(locale).to_owned();
    let kind = FormId::new(kind).ok().and_then(|kind| compiled.city.notifications.kinds.get(&kind));
    let Some(kind) = kind else {
        // A kind that the pack gave up: the message still leads to its case.
        return Words { title: about, body: case_no.clone(), case_no: Some(case_no), path };
    };
    let mut values = BTreeMap::from([("case_no", case_no.clone()), ("title", about)]);
    if let Some(time) = facts.time {
        values.insert("time", visit_time(&compiled.city, time, locale));
    }
    if let Some(amount) = facts.amount {
        values.insert("amount", format!("{}.{:02}", amount / 100, amount % 100));
    }
    let words = |text: &Text| fill(text.in_locale(locale), &values);
    Words { title: words(&kind.title), body: words(&kind.body), case_no: Some(case_no), path }
}

/// The words about a mandate; `None` for a kind that the pack gave up.
fn mandate_words(city: &City, kind: &str, facts: &MandateFacts, locale: &str) -> Option<Words> {
    let kind = FormId::new(kind).ok().and_then(|kind| city.notifications.kinds.get(&kind))?;
    let values = BTreeMap::from([("until", day(city, facts.until, locale))]);
    let words = |text: &Text| fill(text.in_locale(locale), &values);
    let path = if facts.guardian { "/me/children" } else { "/me/mandates" };
    Some(Words { title: words(&kind.title), body: words(&kind.body), case_no: None, path: path.to_owned() })
}

/// A message in every language of the city, and as it is in the first.
pub fn list_words(packs: &Packs, row: &OutboxRow) -> Option<(Text, Text, Words)> {
    let (mut title, mut body, mut first) = (Text::default(), Text::default(), None);
    for locale in &packs.current().city.locales {
        let words = message_words(packs, row, locale)?;
        title.0.insert(locale.clone(), words.title.clone());
        body.0.insert(locale.clone(), words.body.clone());
        first.get_or_insert(words);
    }
    Some((title, body, first?))
}

/// The words around a code that confirms an address: one line, and a few sentences.
pub fn code_words(city: &City, code: &str, minutes: i64, locale: &str) -> (String, String) {
    let values = BTreeMap::from([("code", code.to_owned()), ("minutes", minutes.to_string())]);
    let words = &city.notifications.code;
    (fill(words.title.in_locale(locale), &values), fill(words.body.in_locale(locale), &values))
}

/// What a case is about: the service applied for, or the category reported.
fn title_of(city: &City, category: &CategoryId) -> Text {
    let service = city.service_of(category).map(|(_, service)| service.title.clone());
    service.or_else(|| city.category(category).map(|category| category.title.clone())).unwrap_or_default()
}

/// A day in the city's zone, as people write it.
fn day(city: &City, at: Instant, locale: &str) -> String {
    let form = if locale.starts_with("zh") { "%Y年%-m月%-d日" } else { "%-d %b %Y" };
    city.zone().to_datetime(at.to_timestamp()).strftime(form).to_string()
}

/// A time in the city's zone, as people write it.
fn visit_time(city: &City, at: Instant, locale: &str) -> String {
    let form = if locale.starts_with("zh") { "%-m月%-d日 %H:%M" } else { "%-d %b, %H:%M" };
    city.zone().to_datetime(at.to_timestamp()).strftime(form).to_string()
}
