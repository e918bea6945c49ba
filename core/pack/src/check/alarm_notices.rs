//! Checks of who is told of alarms: what routes name is there, who is told may look, and words have values.

use model::FormId;

use super::notifications::{BODY_MAX, TITLE_MAX, check_words};
use crate::city::{City, NOTICE_PLACEHOLDERS, NoticeGroupBy};
use crate::faults::{At, Report};
use crate::load::{Judge, Judged};
use crate::source::alarm_notices::{AlarmRouteEntry, ToldSource};
use crate::source::files::Folder;

/// What whoever is told must be allowed: a notice leads to devices.
const SEES: &str = "device.read";

pub(super) fn check_alarm_notices(folder: &Folder, city: Option<&City>, judge: Judge<'_>, report: &mut Report) {
    let Some(file) = &folder.alarm_notices else { return };
    let words = &file.words;
    for (name, words) in [
        ("first", &words.first),
        ("update", &words.update),
        ("repeat", &words.repeat),
        ("escalation", &words.escalation),
        ("resolved", &words.resolved),
    ] {
        check_words(name, "title", &words.title, TITLE_MAX, NOTICE_PLACEHOLDERS, report);
        check_words(name, "body", &words.body, BODY_MAX, NOTICE_PLACEHOLDERS, report);
    }
    for (id, route) in &file.routes.items {
        let Some(route) = route else { continue };
        check_names(id, route, folder, report);
        let tolds = std::iter::once(&route.to).chain(route.escalation.iter().map(|step| &step.to));
        tolds.for_each(|told| check_told(id, told, folder, report));
        let lowered = city.and_then(|city| Some((city, city.alarm_notices.routes.get(&id.value)?)));
        if let Some(Err(fault)) = lowered.map(|(city, route)| judge(city, Judged::Route(&id.value, route))) {
            report.fault(id.at, fault);
        }
    }
}

fn check_names(id: &At<FormId>, route: &AlarmRouteEntry, folder: &Folder, report: &mut Report) {
    let id = &id.value;
    for rule in &route.rules.0 {
        if !folder.alarm_rules.may_have(&rule.value) {
            report.fault(rule.at, format!("route {id}: unknown alarm rule {}", rule.value));
        }
    }
    for class in &route.classes.0 {
        if !folder.devices.may_have(&class.value) {
            report.fault(class.at, format!("route {id}: unknown class of devices {}", class.value));
        }
    }
    for region in &route.regions.0 {
        if !folder.regions.may_have(&region.value) {
            report.fault(region.at, format!("route {id}: unknown region {}", region.value));
        }
    }
    let levels = route.group_by.0.iter().filter(|by| matches!(by.value, NoticeGroupBy::Region(_)));
    if let Some(second) = levels.skip(1).last() {
        report.fault(second.at, format!("route {id}: \"group_by\" names at most one level of regions"));
    }
}

fn check_told(id: &At<FormId>, told: &ToldSource, folder: &Folder, report: &mut Report) {
    let (id, role) = (&id.value, &told.role);
    if !folder.roles.may_have(&role.value) {
        report.fault(role.at, format!("route {id}: unknown role {}", role.value));
    }
    let found = folder.roles.iter().find(|(known, _)| known.value == role.value);
    if found.is_some_and(|(_, found)| !found.permissions.iter().any(|permission| permission.value == SEES)) {
        report.fault(
            role.at,
            format!("route {id}: {} is told of devices and may not see them: it lacks {SEES}", role.value),
        );
    }
    if let Some(office) = told.office.as_ref().filter(|office| !folder.offices.may_have(&office.value)) {
        report.fault(office.at, format!("route {id}: unknown office {}", office.value));
    }
}
