//! Inspections: from the file to the city.

use crate::city::{Check, CheckKind, CheckOption, CheckWord, Inspection, Stop};
use crate::faults::At;
use crate::source::inspections::{CheckEntry, InspectionEntry, StopEntry};

/// `None` where a stop or a check has faults of its own.
pub(super) fn lower_inspection(one: &InspectionEntry) -> Option<Inspection> {
    let stop = |(id, stop): &(At<model::CheckId>, Option<StopEntry>)| lower_stop(id, stop.as_ref()?);
    Some(Inspection {
        title: one.title.clone(),
        region: one.region.value.clone(),
        every_days: one.every_days.as_ref().map(|days| days.value),
        stops: one.stops.items.iter().map(stop).collect::<Option<_>>()?,
    })
}

fn lower_stop(id: &At<model::CheckId>, stop: &StopEntry) -> Option<Stop> {
    let check = |(id, check): &(At<model::CheckId>, Option<CheckEntry>)| Some(lower_check(id, check.as_ref()?));
    let [lon, lat] = stop.point.as_slice() else { return None };
    Some(Stop {
        id: id.value.clone(),
        title: stop.title.clone(),
        point: (lon.value, lat.value),
        checks: stop.checks.items.iter().map(check).collect::<Option<_>>()?,
    })
}

fn lower_check(id: &At<model::CheckId>, check: &CheckEntry) -> Check {
    Check {
        id: id.value.clone(),
        title: check.title.clone(),
        help: check.help.clone(),
        kind: lower_kind(check),
        category: check.category.as_ref().map(|category| category.value.clone()),
        optional: check.optional,
    }
}

fn lower_kind(check: &CheckEntry) -> CheckKind {
    let number = |at: &Option<At<f64>>| at.as_ref().map(|at| at.value);
    match check.kind.value {
        CheckWord::YesNo => CheckKind::YesNo { expected: check.expected.as_ref().is_none_or(|said| said.value) },
        CheckWord::Number => CheckKind::Number {
            unit: check.unit.as_ref().map(|unit| unit.value),
            min: number(&check.min),
            max: number(&check.max),
        },
        CheckWord::Choice => {
            let is_fault = |id: &model::CheckId| check.faults.0.iter().any(|fault| fault.value == *id);
            let options = check.options.items.iter().filter_map(|(id, title)| {
                let title = title.clone()?;
                Some(CheckOption { id: id.value.clone(), title, is_fault: is_fault(&id.value) })
            });
            CheckKind::Choice { options: options.collect() }
        }
        CheckWord::Photo => CheckKind::Photo,
        CheckWord::Panel => CheckKind::Panel,
    }
}
