//! Checks of classes of devices.

use std::collections::BTreeMap;

use model::{DeviceClassId, PropertyId};

use super::frames::check_codec;
use crate::city::PropertyKind;
use crate::faults::{Pos, Report};
use crate::source::files::Folder;
use crate::source::types::{DeviceClassEntry, PropertyEntry, RetentionEntry, VideoEntry};

/// Longest expected interval, seconds: a week.
const INTERVAL_MAX_S: i64 = 604_800;

/// Most properties of a class.
const PROPERTIES_MAX: usize = 32;

/// Most commands of a class, and the longest that one waits, seconds.
const COMMANDS_MAX: usize = 16;
const EXPIRES_MAX_S: i64 = 86_400;

/// Longest time that readings are kept, days: a hundred years.
const DAYS_MAX: i64 = 36_500;

/// Length of a recorded file, seconds: short enough to be sealed soon, long enough not to be a million files.
const SEGMENT_S: std::ops::RangeInclusive<i64> = 10..=600;

/// Longest time that a recorded file is kept, days: ten years.
const RECORDED_DAYS_MAX: i64 = 3_650;

/// The unit of a battery's charge.
const PER_CENT: &str = "%";

/// Most messages of one device within a minute: what the broker reads of it, 2,000 packets a second, is about that.
const MESSAGES_MAX: i64 = 100_000;

pub(super) fn check_devices(folder: &Folder, report: &mut Report) {
    for (id, class) in folder.devices.iter() {
        check_class(&id.value, id.at, class, folder, report);
    }
}

fn check_class(id: &DeviceClassId, at: Pos, class: &DeviceClassEntry, folder: &Folder, report: &mut Report) {
    if !folder.offices.may_have(&class.office.value) {
        report.fault(class.office.at, format!("class {id}: unknown office {}", class.office.value));
    }
    let measures = !class.properties.is_empty();
    match &class.interval_seconds {
        Some(interval) if !(1..=INTERVAL_MAX_S).contains(&interval.value) => {
            report.fault(interval.at, format!("class {id}: an interval is 1 to {INTERVAL_MAX_S} seconds"));
        }
        None if measures => {
            report.fault(at, format!("class {id}: say with interval_seconds how often its properties are expected"));
        }
        _ => {}
    }
    if let Some(most) = class.messages_per_minute.as_ref().filter(|most| !(1..=MESSAGES_MAX).contains(&most.value)) {
        report.fault(most.at, format!("class {id}: messages_per_minute is 1 to {MESSAGES_MAX}"));
    }
    if class.properties.len() > PROPERTIES_MAX || !(measures || class.video.is_some()) {
        report.fault(at, format!("class {id}: it has 1 to {PROPERTIES_MAX} properties"));
    }
    if let Some(video) = &class.video {
        check_video(id, at, video, report);
    }
    check_commands(id, class, report);
    check_codec(id, class, report);
    if let Some(retention) = &class.retention {
        check_retention(id, retention, report);
    }
    let (mut seen, mut battery) = (BTreeMap::<&PropertyId, Pos>::new(), None::<Pos>);
    for property in &class.properties {
        if let Some(first) = seen.insert(&property.id.value, property.id.at) {
            let first = report.show(first);
            report.fault(property.id.at, format!("property {} stands twice, first at {first}", property.id.value));
        }
        check_property(property, report);
        let Some(means) = &property.means else { continue };
        if let Some(first) = battery.replace(means.at) {
            let first = report.show(first);
            report.fault(means.at, format!("class {id}: two properties are its battery, the first at {first}"));
        }
    }
}

fn check_retention(id: &DeviceClassId, retention: &RetentionEntry, report: &mut Report) {
    let RetentionEntry { readings_days, hourly_days, .. } = retention;
    for days in hourly_days.iter().chain([readings_days]).filter(|at| !(1..=DAYS_MAX).contains(&at.value)) {
        report.fault(days.at, format!("class {id}: what it measured is kept for 1 to {DAYS_MAX} days"));
    }
    if let Some(hourly) = hourly_days.as_ref().filter(|hourly| hourly.value <= readings_days.value) {
        report.fault(hourly.at, format!("class {id}: hourly means outlive the readings, or are left out"));
    }
}

fn check_video(id: &DeviceClassId, at: Pos, video: &VideoEntry, report: &mut Report) {
    if let Some(seconds) = video.segment_seconds.as_ref().filter(|at| !SEGMENT_S.contains(&at.value)) {
        let (min, max) = (SEGMENT_S.start(), SEGMENT_S.end());
        report.fault(seconds.at, format!("class {id}: a recorded file is {min} to {max} seconds long"));
    }
    match &video.retention_days {
        Some(days) if !(1..=RECORDED_DAYS_MAX).contains(&days.value) => {
            report.fault(days.at, format!("class {id}: a recorded file is kept for 1 to {RECORDED_DAYS_MAX} days"));
        }
        None if video.record => {
            report.fault(at, format!("class {id}: say with retention_days for how long what is recorded is kept"));
        }
        _ => {}
    }
    for kept in video.segment_seconds.iter().chain(&video.retention_days).filter(|_| !video.record) {
        report.fault(kept.at, format!("class {id}: nothing is kept without record: true"));
    }
}

fn check_commands(id: &DeviceClassId, class: &DeviceClassEntry, report: &mut Report) {
    let mut seen = BTreeMap::<&PropertyId, Pos>::new();
    for command in &class.commands {
        if let Some(first) = seen.insert(&command.id.value, command.id.at) {
            let first = report.show(first);
            report.fault(command.id.at, format!("command {} stands twice, first at {first}", command.id.value));
        }
        for parameter in &command.parameters {
            check_property(parameter, report);
            if let Some(means) = &parameter.means {
                report.fault(means.at, format!("command {}: a value it takes is no battery", command.id.value));
            }
        }
        if let Some(expires) = command.expires_seconds.as_ref().filter(|at| !(1..=EXPIRES_MAX_S).contains(&at.value)) {
            report
                .fault(expires.at, format!("command {}: it expires in 1 to {EXPIRES_MAX_S} seconds", command.id.value));
        }
    }
    if let Some(last) = class.commands.get(COMMANDS_MAX) {
        report.fault(last.id.at, format!("class {id}: it has at most {COMMANDS_MAX} commands"));
    }
}

fn check_property(property: &PropertyEntry, report: &mut Report) {
    let id = &property.id.value;
    if id.as_str().contains('/') {
        report.fault(property.id.at, format!("property {id}: its id stands in topics and addresses, so it has no '/'"));
    }
    let kind = property.kind.as_ref().map_or(PropertyKind::Measurement, |kind| kind.value);
    match (kind, &property.unit) {
        (PropertyKind::Measurement, None) => {
            report.fault(property.id.at, format!("property {id}: a measurement has a unit; \"1\" for a plain number"));
        }
        (PropertyKind::Count | PropertyKind::Truth, Some(unit)) => {
            report.fault(unit.at, format!("property {id}: counts and truths have no unit"));
        }
        _ => {}
    }
    if let (Some(min), Some(max)) = (&property.min, &property.max)
        && min.value >= max.value
    {
        report.fault(max.at, format!("property {id}: its greatest value is above its least"));
    }
    if kind == PropertyKind::Truth
        && let Some(at) = property.min.as_ref().or(property.max.as_ref())
    {
        report.fault(at.at, format!("property {id}: a truth has no least or greatest value"));
    }
    if let Some(definition) = property.definition.as_ref().filter(|uri| !is_uri(&uri.value)) {
        report.fault(definition.at, format!("property {id}: a definition is an http, https or urn address"));
    }
    let Some(means) = &property.means else { return };
    if means.value != "battery" {
        report.fault(means.at, format!("property {id}: it may mean battery, got {:?}", means.value));
    } else if property.unit.as_ref().is_none_or(|unit| unit.value.ucum() != PER_CENT) {
        report.fault(means.at, format!("property {id}: the charge of a battery is in {PER_CENT}"));
    }
}

fn is_uri(text: &str) -> bool {
    let begins = ["http://", "https://", "urn:"].iter().any(|scheme| text.starts_with(scheme));
    begins && text.len() <= 256 && text.bytes().all(|byte| byte.is_ascii_graphic())
}
