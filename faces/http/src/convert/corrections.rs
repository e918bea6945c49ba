//! Corrections of applications: when, and which questions; never what was answered.

use model::{Case, DataClass, Event, EventBody, FormId, PartyId};
use pack::City;

use super::{plain, text, time, words};
use crate::wire;

/// Every correction of an application, and whether its reader opened the answers before it and not since.
pub fn corrections(case: &Case, events: &[Event], city: &City, reader: Option<PartyId>) -> Vec<wire::CorrectionView> {
    let has_looked = |event: &&Event| {
        matches!(event.body, EventBody::Looked { data: DataClass::Application, .. })
            && reader.is_some()
            && event.actor.party() == reader
    };
    let last_look = events.iter().filter(has_looked).map(|event| event.version).max();
    let view = |event: &Event| {
        let EventBody::Corrected { fields, .. } = &event.body else { return None };
        Some(wire::CorrectionView {
            at: time(event.at),
            fields: fields.iter().map(|field| named(city, case, field)).collect(),
            seen_before: last_look.is_some_and(|look| look < event.version),
        })
    };
    events.iter().filter_map(view).collect()
}

/// A question of the form of a case's service, by name.
fn named(city: &City, case: &Case, field: &FormId) -> wire::Named {
    let form = case.application.as_ref().and_then(|application| {
        let service = city.services.get(&application.service)?;
        city.forms.get(&service.apply.as_ref()?.form)
    });
    let title = form.and_then(|form| form.iter().find(|asked| asked.id == *field)).map(|asked| text(&asked.title));
    wire::Named { id: field.to_string(), title: title.unwrap_or_else(|| plain(field.as_str())) }
}

/// Who did it, and which questions were corrected.
pub fn corrected_words(did: (&str, &str), city: &City, case: &Case, fields: &[FormId]) -> wire::Text {
    let titles: Vec<wire::Text> = fields.iter().map(|field| named(city, case, field).title).collect();
    let list = |locale: &str, comma: &str| {
        let title =
            |title: &wire::Text| title.0.get(locale).or_else(|| title.0.values().next()).cloned().unwrap_or_default();
        titles.iter().map(title).collect::<Vec<_>>().join(comma)
    };
    words(&format!("{}：{}", did.0, list("zh-CN", "、")), &format!("{}: {}", did.1, list("en", ", ")))
}
