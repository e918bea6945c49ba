//! Who is told of alarms: from the file to the city.

use super::alarm_rules::value;
use super::notifications::lower_words;
use super::{index, values};
use crate::city::{AlarmNotices, AlarmRoute, NoticeStep, SeverityWords, Told};
use crate::faults::Report;
use crate::source::alarm_notices::{AlarmRouteEntry, ToldSource};
use crate::source::files::{Folder, Shelf};

/// The notices of the city; empty where the file is missing.
pub(super) fn lower_alarm_notices(folder: &Folder, report: &mut Report) -> AlarmNotices {
    let Some(file) = &folder.alarm_notices else { return AlarmNotices::default() };
    let routes = Shelf { items: file.routes.items.clone(), whole: file.routes.whole };
    let (severities, words) = (&file.severities, &file.words);
    AlarmNotices {
        severities: SeverityWords {
            info: severities.info.clone(),
            minor: severities.minor.clone(),
            major: severities.major.clone(),
            critical: severities.critical.clone(),
        },
        first: lower_words(&words.first),
        update: lower_words(&words.update),
        repeat: lower_words(&words.repeat),
        escalation: lower_words(&words.escalation),
        resolved: lower_words(&words.resolved),
        routes: index(&routes, "route of notices", report, |route, _| Some(lower_route(route))),
    }
}

fn lower_route(route: &AlarmRouteEntry) -> AlarmRoute {
    AlarmRoute {
        title: route.title.clone(),
        to: lower_told(&route.to),
        rules: values(&route.rules.0),
        classes: values(&route.classes.0),
        regions: values(&route.regions.0),
        at_least: value(&route.at_least),
        group_by: values(&route.group_by.0),
        group_wait: value(&route.group_wait),
        group_interval: value(&route.group_interval),
        repeat_interval: value(&route.repeat_interval),
        resolved: route.resolved.as_ref().is_none_or(|resolved| resolved.value),
        escalation: route
            .escalation
            .iter()
            .map(|step| NoticeStep { after: step.after.value.clone(), to: lower_told(&step.to) })
            .collect(),
    }
}

fn lower_told(told: &ToldSource) -> Told {
    Told { role: told.role.value.clone(), office: value(&told.office) }
}
