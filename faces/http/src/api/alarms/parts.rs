//! What the endpoints of alarms share.

use pack::City;
use sense::telemetry::Intake;
use store::DeviceAlarmRow;

use crate::api::devices::parts::value_view;
use crate::convert::{plain, text, time};
use crate::wire::*;

/// How bad an alarm is.
pub fn severity_view(word: &str) -> AlarmSeverity {
    match word {
        "critical" => AlarmSeverity::Critical,
        "major" => AlarmSeverity::Major,
        "minor" => AlarmSeverity::Minor,
        _ => AlarmSeverity::Info,
    }
}

/// What keeps an alarm quiet.
fn quiet_view(why: &str) -> AlarmQuiet {
    match why.split_once('/') {
        Some(("silence", _)) => AlarmQuiet::Silence,
        Some(("alarm", _)) => AlarmQuiet::Alarm,
        _ => AlarmQuiet::Shelf,
    }
}

/// An alarm as staff see it.
pub fn alarm_view(intake: &Intake, city: &City, row: &DeviceAlarmRow) -> AlarmView {
    let member = intake.fleet.find(&row.device);
    let property = row.property.as_deref().and_then(|id| member.as_ref()?.class.property(id));
    AlarmView {
        id: row.id.to_string(),
        rule: row.rule.to_string(),
        title: city.alarm_rules.get(&row.rule).map_or_else(|| plain(row.rule.as_str()), |rule| text(&rule.title)),
        device: row.device.to_string(),
        device_title: member.as_ref().map_or_else(|| row.device.to_string(), |member| member.row.title.clone()),
        severity: severity_view(&row.severity),
        is_silence: row.part.starts_with("no_data"),
        reading: property.map(|property| value_view(property, row.value.map(|value| (value, row.since)))),
        since: time(row.since),
        raised_at: time(row.raised_at),
        cleared_at: row.cleared_at.map(time),
        acknowledged_at: row.acknowledged_at.map(time),
        is_quiet: row.quiet.is_some(),
        quiet_by: row.quiet.as_deref().map(quiet_view),
        case_id: row.case_id.map(|id| id.to_string()),
    }
}
