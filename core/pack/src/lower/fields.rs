//! Questions of forms and actions: which attributes belong to which type.

use std::collections::BTreeSet;

use model::Limit;

use crate::city::{Choice, Field, FieldFrom, FieldKind, FieldLicence, ShowIf};
use crate::faults::{At, Report};
use crate::source::types::{ChoiceSource, FieldSource, ShowIfSource};
use crate::source::words::FieldType;

/// Longest text a field may allow, characters.
const TEXT_MAX: u32 = 20_000;
/// Most files a field may ask for.
const FILES_MAX: u32 = 20;

/// Lowers a list of fields; a fault for an id that stands twice and for attributes that do not fit the type.
pub(crate) fn lower_fields(sources: &[FieldSource], report: &mut Report) -> Vec<Field> {
    let mut seen = BTreeSet::new();
    let mut fields: Vec<Field> = Vec::with_capacity(sources.len());
    for source in sources {
        if !seen.insert(&source.id.value) {
            report.fault(source.id.at, format!("field {} stands twice", source.id.value));
        }
        let show_if = source.show_if.as_ref().and_then(|show_if| lower_show_if(source, show_if, &fields, report));
        if let Some(kind) = lower_kind(source, report) {
            let field = Field {
                id: source.id.value.clone(),
                title: source.title.clone(),
                kind,
                required: source.required,
                public: source.public,
                help: source.help.clone(),
                show_if,
                from: source.from.as_ref().map(|from| FieldFrom {
                    source: from.value.source.value.clone(),
                    field: from.value.field.value.clone(),
                    self_declared: from.value.self_declared,
                }),
                licence: source.licence.as_ref().map(|licence| FieldLicence {
                    of: licence.value.of.value.clone(),
                    facts: licence.value.facts.iter().map(|fact| fact.value.clone()).collect(),
                }),
            };
            fields.push(field);
        }
    }
    fields
}

/// The condition of a field, which must be about a choice that was asked before it.
fn lower_show_if(
    source: &FieldSource,
    show_if: &At<ShowIfSource>,
    before: &[Field],
    report: &mut Report,
) -> Option<ShowIf> {
    let ShowIfSource { field, is } = &show_if.value;
    let id = &source.id.value;
    let earlier = before.iter().find(|earlier| earlier.id == field.value);
    let options = match earlier.map(|earlier| &earlier.kind) {
        Some(FieldKind::Choice { options } | FieldKind::Choices { options }) => options,
        Some(_) => {
            report.fault(field.at, format!("field {id}: {} is no choice, so nothing can depend on it", field.value));
            return None;
        }
        None => {
            report.fault(field.at, format!("field {id}: there is no earlier field {}", field.value));
            return None;
        }
    };
    if is.0.is_empty() {
        report.fault(show_if.at, format!("field {id}: \"is\" must name a choice of {}", field.value));
    }
    for answer in &is.0 {
        if !options.iter().any(|option| option.id == answer.value) {
            report.fault(answer.at, format!("field {id}: {} has no choice {:?}", field.value, answer.value));
        }
    }
    Some(ShowIf { field: field.value.clone(), is: is.0.iter().map(|answer| answer.value.clone()).collect() })
}

/// The attributes a type has, of max, min, options, kinds and format.
const fn attributes(kind: FieldType) -> &'static [&'static str] {
    match kind {
        FieldType::Text => &["max", "format"],
        FieldType::Limit => &["max"],
        FieldType::Number | FieldType::Evidence => &["min", "max"],
        FieldType::Choice | FieldType::Choices => &["options"],
        FieldType::Office => &["kinds"],
        FieldType::Date | FieldType::Datetime | FieldType::Condition | FieldType::Stars | FieldType::Person => &[],
    }
}

fn lower_kind(source: &FieldSource, report: &mut Report) -> Option<FieldKind> {
    let known = attributes(source.kind.value);
    let given = [
        ("max", source.max.as_ref().map(|at| at.at)),
        ("min", source.min.as_ref().map(|at| at.at)),
        ("options", source.options.as_ref().map(|at| at.at)),
        ("kinds", source.kinds.as_ref().map(|at| at.at)),
        ("format", source.format.as_ref().map(|at| at.at)),
    ];
    for (name, at) in given {
        if let Some(at) = at.filter(|_| !known.contains(&name)) {
            report.fault(at, format!("field {}: {name:?} does not belong to its type", source.id.value));
        }
    }
    match source.kind.value {
        FieldType::Text => Some(FieldKind::Text {
            max: whole(source, report, 1, TEXT_MAX)?,
            format: source.format.as_ref().map(|format| format.value),
        }),
        FieldType::Number => {
            let (min, max) = (source.min.as_ref().map(|at| at.value), max_of::<i64>(source, report, "a whole number")?);
            let min = min.unwrap_or(0);
            if max < min {
                report.fault(source.id.at, format!("field {}: max {max} is below min {min}", source.id.value));
            }
            Some(FieldKind::Number { min, max })
        }
        FieldType::Choice => Some(FieldKind::Choice { options: options(source, report)? }),
        FieldType::Choices => Some(FieldKind::Choices { options: options(source, report)? }),
        FieldType::Date => Some(FieldKind::Date),
        FieldType::Datetime => Some(FieldKind::Datetime),
        FieldType::Office => {
            let kinds =
                source.kinds.as_ref().map(|kinds| kinds.iter().map(|kind| kind.value.clone()).collect::<Vec<_>>());
            let kinds = kinds.filter(|kinds| !kinds.is_empty());
            if kinds.is_none() {
                report.fault(
                    source.id.at,
                    format!("field {}: \"kinds\" must name at least one kind of office", source.id.value),
                );
            }
            Some(FieldKind::Office { kinds: kinds? })
        }
        FieldType::Evidence => {
            let max = whole(source, report, 1, FILES_MAX)?;
            let min = source.min.as_ref().map_or(Ok(0), |min| u32::try_from(min.value)).ok().filter(|min| *min <= max);
            if min.is_none() {
                report.fault(source.id.at, format!("field {}: min must be 0 to max", source.id.value));
            }
            Some(FieldKind::Evidence { min: min?, max })
        }
        FieldType::Limit => {
            Some(FieldKind::Limit { max: max_of::<Limit>(source, report, "a limit such as \"15 working_day\"")? })
        }
        FieldType::Condition => Some(FieldKind::Condition),
        FieldType::Stars => Some(FieldKind::Stars),
        FieldType::Person => Some(FieldKind::Person),
    }
}

fn max_of<T: std::str::FromStr>(source: &FieldSource, report: &mut Report, what: &str) -> Option<T> {
    let Some(At { value, at }) = &source.max else {
        report.fault(source.id.at, format!("field {}: \"max\" is missing, {what}", source.id.value));
        return None;
    };
    value.parse().map_err(|_| report.fault(*at, format!("field {}: max {value:?} is not {what}", source.id.value))).ok()
}

fn whole(source: &FieldSource, report: &mut Report, least: u32, most: u32) -> Option<u32> {
    let what = format!("a whole number from {least} to {most}");
    let max = max_of::<u32>(source, report, &what)?;
    if !(least..=most).contains(&max) {
        report.fault(source.id.at, format!("field {}: max {max} is not {what}", source.id.value));
    }
    Some(max)
}

fn options(source: &FieldSource, report: &mut Report) -> Option<Vec<Choice>> {
    let Some(options) = source.options.as_ref().filter(|options| !options.is_empty()) else {
        report.fault(source.id.at, format!("field {}: \"options\" must list at least one choice", source.id.value));
        return None;
    };
    let mut seen = BTreeSet::new();
    for option in options.iter() {
        if !seen.insert(&option.id.value) {
            report.fault(option.id.at, format!("choice {} stands twice", option.id.value));
        }
    }
    Some(
        options
            .iter()
            .map(|option: &ChoiceSource| Choice { id: option.id.value.clone(), title: option.title.clone() })
            .collect(),
    )
}
