//! Checks of inspections: what they name is there, and every check can be answered.

use std::collections::BTreeSet;

use model::InspectionId;

use crate::city::{CategoryKind, CheckWord};
use crate::faults::{At, Report};
use crate::source::files::Folder;
use crate::source::inspections::{CheckEntry, InspectionEntry, StopEntry};

/// Most stops of an inspection, and most checks at one.
const STOPS_MAX: usize = 200;
const CHECKS_MAX: usize = 50;

pub(super) fn check_inspections(folder: &Folder, report: &mut Report) {
    for (id, one) in folder.inspections.iter() {
        check_inspection(id, one, folder, report);
    }
}

fn check_inspection(id: &At<InspectionId>, one: &InspectionEntry, folder: &Folder, report: &mut Report) {
    let name = format!("inspection {}", id.value);
    if !folder.regions.may_have(&one.region.value) {
        report.fault(one.region.at, format!("{name}: unknown region {}", one.region.value));
    }
    if let Some(days) = one.every_days.as_ref().filter(|days| !(1..=366).contains(&days.value)) {
        report.fault(days.at, format!("{name}: it is due again after 1 to 366 days, got {}", days.value));
    }
    if one.stops.items.is_empty() && one.stops.whole {
        report.fault(id.at, format!("{name} has no stop"));
    }
    if let Some((extra, _)) = one.stops.items.get(STOPS_MAX) {
        report.fault(extra.at, format!("{name} has more than {STOPS_MAX} stops"));
    }
    let mut seen = BTreeSet::new();
    for (stop_id, stop) in &one.stops.items {
        let Some(stop) = stop else { continue };
        check_stop(&format!("{name}: stop {}", stop_id.value), stop_id, stop, folder, report);
        for (check_id, _) in &stop.checks.items {
            if !seen.insert(&check_id.value) {
                report.fault(check_id.at, format!("{name}: check {} stands at two stops", check_id.value));
            }
        }
    }
}

fn check_stop(name: &str, id: &At<model::CheckId>, stop: &StopEntry, folder: &Folder, report: &mut Report) {
    let is_place = matches!(stop.point.as_slice(), [lon, lat]
        if (-180.0..=180.0).contains(&lon.value) && (-90.0..=90.0).contains(&lat.value));
    if !is_place {
        let at = stop.point.first().map_or(id.at, |lon| lon.at);
        report.fault(at, format!("{name}: a point is longitude and latitude in degrees"));
    }
    if stop.checks.items.is_empty() && stop.checks.whole {
        report.fault(id.at, format!("{name} has no check"));
    }
    if let Some((extra, _)) = stop.checks.items.get(CHECKS_MAX) {
        report.fault(extra.at, format!("{name} has more than {CHECKS_MAX} checks"));
    }
    for (id, check) in &stop.checks.items {
        if let Some(check) = check {
            check_check(&format!("{name}: check {}", id.value), id, check, folder, report);
        }
    }
}

fn check_check(name: &str, id: &At<model::CheckId>, check: &CheckEntry, folder: &Folder, report: &mut Report) {
    let kind = check.kind.value;
    let of = |of: CheckWord, word: &str, report: &mut Report| {
        if kind != of {
            report.fault(id.at, format!("{name}: \"{word}\" is not for a check of its kind"));
        }
    };
    if check.expected.is_some() {
        of(CheckWord::YesNo, "expected", report);
    }
    for (word, is_given) in [("unit", check.unit.is_some()), ("min", check.min.is_some()), ("max", check.max.is_some())]
    {
        if is_given {
            of(CheckWord::Number, word, report);
        }
    }
    if let (Some(min), Some(max)) = (&check.min, &check.max)
        && min.value >= max.value
    {
        report.fault(max.at, format!("{name}: max {} is not above min {}", max.value, min.value));
    }
    if !check.options.items.is_empty() || !check.faults.0.is_empty() {
        of(CheckWord::Choice, "options", report);
    }
    if kind == CheckWord::Choice && check.options.whole && check.options.items.len() < 2 {
        report.fault(id.at, format!("{name}: a choice has at least two options"));
    }
    for fault in &check.faults.0 {
        if check.options.whole && !check.options.items.iter().any(|(known, _)| known.value == fault.value) {
            report.fault(fault.at, format!("{name}: {} is not among its options", fault.value));
        }
    }
    check_category(name, check, folder, report);
}

fn check_category(name: &str, check: &CheckEntry, folder: &Folder, report: &mut Report) {
    let Some(category) = &check.category else { return };
    if !folder.categories.may_have(&category.value) {
        report.fault(category.at, format!("{name}: unknown category {}", category.value));
    }
    let found = folder.categories.iter().find(|(known, _)| known.value == category.value);
    if found.is_some_and(|(_, found)| !matches!(found.kind, CategoryKind::Component | CategoryKind::Event)) {
        report.fault(category.at, format!("{name}: {} is neither a component nor an event", category.value));
    }
    if check.kind.value == CheckWord::Photo {
        report.fault(category.at, format!("{name}: a photograph for the record is never a fault and opens no case"));
    }
}
