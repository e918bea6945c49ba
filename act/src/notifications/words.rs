//! The words of a message: the pack's template, filled when it is shown or sent, in the reader's language.

use std::collections::BTreeMap;

use model::{CategoryId, FormId, Instant, Text};
use pack::{City, Packs, fill};
use store::{Digest, MessageFacts, OutboxRow};

/// A message in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// One line.
    pub title: String,
    /// A few sentences.
    pub body: String,
    /// The number of the case.
    pub case_no: String,
}

/// A message in one language; `None` when it is not one about a case.
pub fn message_words(packs: &Packs, row: &OutboxRow, locale: &str) -> Option<Words> {
    Some(words_of(packs, &row.message.kind, row.facts()?, locale))
}

/// A digest in one language: how many messages, and the lines of the first.
pub fn digest_words(packs: &Packs, digest: &Digest, locale: &str) -> Words {
    let lines = digest.items.iter().map(|item| {
        let words = words_of(packs, &item.kind, item.facts.clone(), locale);
        format!("· {} {}", words.title, words.case_no)
    });
    let count = digest.items.len() + digest.more as usize;
    let rest = (digest.more > 0).then(|| "· …".to_owned());
    let list = lines.chain(rest).collect::<Vec<_>>().join("\n");
    let values = BTreeMap::from([("count", count.to_string()), ("list", list)]);
    let declared = &packs.current().city.notifications.digest;
    let words = |text: &Text| fill(text.in_locale(locale), &values);
    Words { title: words(&declared.title), body: words(&declared.body), case_no: String::new() }
}

fn words_of(packs: &Packs, kind: &str, facts: MessageFacts, locale: &str) -> Words {
    let compiled = packs.current();
    let began = packs.get(&facts.pack).unwrap_or_else(|| packs.current());
    let about = title_of(&began.city, &facts.category).in_locale(locale).to_owned();
    let kind = FormId::new(kind).ok().and_then(|kind| compiled.city.notifications.kinds.get(&kind));
    let Some(kind) = kind else {
        // A kind that the pack gave up: the message still leads to its case.
        return Words { title: about, body: facts.case_no.clone(), case_no: facts.case_no };
    };
    let mut values = BTreeMap::from([("case_no", facts.case_no.clone()), ("title", about)]);
    if let Some(time) = facts.time {
        values.insert("time", visit_time(&compiled.city, time, locale));
    }
    if let Some(amount) = facts.amount {
        values.insert("amount", format!("{}.{:02}", amount / 100, amount % 100));
    }
    let words = |text: &Text| fill(text.in_locale(locale), &values);
    Words { title: words(&kind.title), body: words(&kind.body), case_no: facts.case_no }
}

/// A message in every language of the city.
pub fn list_words(packs: &Packs, row: &OutboxRow) -> Option<(Text, Text, String)> {
    let (mut title, mut body, mut case_no) = (Text::default(), Text::default(), String::new());
    for locale in &packs.current().city.locales {
        let words = message_words(packs, row, locale)?;
        title.0.insert(locale.clone(), words.title);
        body.0.insert(locale.clone(), words.body);
        case_no = words.case_no;
    }
    Some((title, body, case_no))
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

/// A time in the city's zone, as people write it.
fn visit_time(city: &City, at: Instant, locale: &str) -> String {
    let form = if locale.starts_with("zh") { "%-m月%-d日 %H:%M" } else { "%-d %b, %H:%M" };
    city.zone().to_datetime(at.to_timestamp()).strftime(form).to_string()
}
