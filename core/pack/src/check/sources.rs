//! Checks of sources, and of the fields that are filled in from them: the same type on both sides, nothing fetched that
//! may not be needed.

use model::FormId;

use crate::city::{CHILD_FIELDS, City, FieldKind, ORGANISATION_NAME};
use crate::faults::{At, Pos, Report};
use crate::source::files::Folder;
use crate::source::types::{DataSourceEntry, FieldSource};
use crate::source::words::FieldType;

/// Longest time a source may take, seconds.
pub(super) const TIMEOUT_MAX_S: u8 = 30;

pub(super) fn check_sources(folder: &Folder, city: Option<&City>, report: &mut Report) {
    let (mut matching, mut registers, mut guardians) = (None, None, None);
    for (id, source) in folder.sources.iter() {
        check_source(&id.value, source, folder, report);
        check_organisations(&id.value, source, &mut registers, report);
        check_guardianship(&id.value, source, &mut guardians, report);
        let Some(identity) = source.identity.as_ref().filter(|identity| identity.value) else { continue };
        if let Some(first) = matching {
            let first = report.show(first);
            report.fault(identity.at, format!("two sources match identities, the first at {first}"));
        }
        matching = Some(identity.at);
    }
    for (_, (process, _)) in folder.processes.iter() {
        let bound = process.actions.iter().flat_map(|action| &action.fields).filter_map(|field| field.from.as_ref());
        for from in bound {
            report.fault(from.at, "only fields of forms are filled in from a source");
        }
    }
    let Some(city) = city else { return };
    for (id, form) in folder.forms.iter() {
        for field in form {
            check_bound(&id.value, field, folder, city, report);
        }
    }
}

/// One register of organisations, which names them; people are matched by another.
fn check_organisations(id: &model::SourceId, source: &DataSourceEntry, first: &mut Option<Pos>, report: &mut Report) {
    let Some(at) = source.organisations.as_ref().filter(|at| at.value).map(|at| at.at) else { return };
    if let Some(first) = *first {
        let first = report.show(first);
        report.fault(at, format!("two sources are registers of organisations, the first at {first}"));
    }
    *first = Some(at);
    if source.identity.as_ref().is_some_and(|identity| identity.value) {
        report.fault(at, format!("source {id}: people are matched by another source than organisations"));
    }
    let names =
        |field: &FieldSource| field.id.value.as_str() == ORGANISATION_NAME && field.kind.value == FieldType::Text;
    if !source.fields.iter().any(names) {
        report.fault(at, format!("source {id}: a register of organisations has a text field `{ORGANISATION_NAME}`"));
    }
}

/// One register of guardians, which says of each child name, number and day of birth, and is nothing else beside.
fn check_guardianship(id: &model::SourceId, source: &DataSourceEntry, first: &mut Option<Pos>, report: &mut Report) {
    let Some(at) = source.guardianship.as_ref().filter(|at| at.value).map(|at| at.at) else { return };
    if let Some(first) = *first {
        let first = report.show(first);
        report.fault(at, format!("two sources are registers of guardians, the first at {first}"));
    }
    *first = Some(at);
    let is_so = |flag: &Option<At<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
    if is_so(&source.identity) || is_so(&source.organisations) {
        report.fault(at, format!("source {id}: a register of guardians is nothing else beside"));
    }
    for (name, kind) in CHILD_FIELDS.into_iter().zip([FieldType::Text, FieldType::Text, FieldType::Date]) {
        let fits = |field: &FieldSource| field.id.value.as_str() == name && field.kind.value == kind;
        if !source.fields.iter().any(fits) {
            let kind = if kind == FieldType::Date { "date" } else { "text" };
            report.fault(at, format!("source {id}: a register of guardians has a {kind} field `{name}` of the child"));
        }
    }
}

fn check_source(id: &model::SourceId, source: &DataSourceEntry, folder: &Folder, report: &mut Report) {
    if !folder.offices.may_have(&source.office.value) {
        report.fault(source.office.at, format!("source {id}: unknown office {}", source.office.value));
    }
    if let Some(timeout) = source.timeout_seconds.as_ref().filter(|at| !(1..=TIMEOUT_MAX_S).contains(&at.value)) {
        report.fault(timeout.at, format!("source {id}: it may take 1 to {TIMEOUT_MAX_S} seconds"));
    }
    for field in &source.fields {
        if !matches!(field.kind.value, FieldType::Text | FieldType::Number | FieldType::Choice | FieldType::Date) {
            report.fault(field.kind.at, format!("source {id}: it answers text, number, choice or date alone"));
        }
        if let Some(at) = field.show_if.as_ref().map(|at| at.at).or(field.from.as_ref().map(|at| at.at)) {
            report.fault(at, format!("source {id}: what a source answers hangs on nothing else"));
        }
    }
}

/// A bound field: its source is known, its answers fit, and it is always asked.
fn check_bound(form: &FormId, field: &FieldSource, folder: &Folder, city: &City, report: &mut Report) {
    let (Some(from), id) = (&field.from, &field.id.value) else { return };
    let (source, answer) = (&from.value.source, &from.value.field);
    if !folder.sources.may_have(&source.value) {
        report.fault(source.at, format!("field {id}: sources.yaml has no source {}", source.value));
        return;
    }
    if field.show_if.is_some() {
        report.fault(from.at, format!("field {id}: what is asked after some answers only is not fetched beforehand"));
    }
    let Some(known) = city.sources.get(&source.value) else { return };
    if known.guardianship {
        report.fault(from.at, format!("field {id}: {} lists children, and fills in no form", source.value));
        return;
    }
    let kind = known.field(&answer.value).map(|answer| &answer.kind);
    let is_whole = folder
        .sources
        .iter()
        .any(|(known, entry)| known.value == source.value && entry.fields.iter().any(|f| f.id.value == answer.value));
    match (kind, find_kind(city, form, id)) {
        (None, _) if is_whole => {}
        (None, _) => {
            report.fault(answer.at, format!("field {id}: source {} answers no {}", source.value, answer.value));
        }
        (Some(given), Some(asked)) => {
            if let Some(why) = asked.refuses(given) {
                report.fault(from.at, format!("field {id}: {} of {} {why}", answer.value, source.value));
            }
        }
        (Some(_), None) => {}
    }
}

fn find_kind<'a>(city: &'a City, form: &FormId, field: &FormId) -> Option<&'a FieldKind> {
    city.forms.get(form)?.iter().find(|known| known.id == *field).map(|known| &known.kind)
}

/// Warns of sources that nothing asks.
pub(super) fn check_unused(folder: &Folder, report: &mut Report) {
    let is_asked = |id: &At<model::SourceId>| {
        let mut fields = folder.forms.iter().flat_map(|(_, form)| form);
        fields.any(|field| field.from.as_ref().is_some_and(|from| from.value.source.value == id.value))
    };
    for (id, source) in folder.sources.iter() {
        let is_so = |flag: &Option<At<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
        let matches = is_so(&source.identity) || is_so(&source.organisations) || is_so(&source.guardianship);
        if !matches && !is_asked(id) {
            report.warn(id.at, format!("no form asks source {}", id.value));
        }
    }
}
