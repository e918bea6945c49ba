//! Silences (静默): alarms that are expected. Works in a street, a test of sirens, a festival: nobody is told, and no case is
//! opened, until it is over.

use model::{AlarmRuleId, DeviceClassId, DeviceId, EventId, Instant, PartyId, RegionId};
use pack::City;
use store::SilenceRow;

/// Longest reason, in characters.
const REASON_MAX: usize = 200;

/// Most words of a list.
const LIST_MAX: usize = 100;

/// Longest silence, microseconds: 92 days. What is quiet for longer is a rule that is wrong.
const LONGEST_US: i64 = 92 * 86_400 * 1_000_000;

/// A silence that is asked for. Every list narrows; one of them does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSilence {
    /// Of these rules.
    pub rules: Vec<AlarmRuleId>,
    /// Of devices of these classes.
    pub classes: Vec<DeviceClassId>,
    /// Of devices in these regions, with everything below.
    pub regions: Vec<RegionId>,
    /// Of these devices. That they are there was asked before.
    pub devices: Vec<DeviceId>,
    /// From when; now where absent.
    pub from: Option<Instant>,
    /// Until when.
    pub until: Instant,
    /// Why.
    pub reason: String,
}

/// A part of a silence does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct SilenceFault {
    /// Which.
    pub field: &'static str,
    /// Why, and what would be right.
    pub message: String,
}

/// Checks a silence against the city.
///
/// # Errors
/// [`SilenceFault`].
pub fn check(city: &City, new: NewSilence, id: EventId, by: PartyId, now: Instant) -> Result<SilenceRow, SilenceFault> {
    let fault = |field, message: String| Err(SilenceFault { field, message });
    let lists = [new.rules.len(), new.classes.len(), new.regions.len(), new.devices.len()];
    if lists.iter().all(|length| *length == 0) {
        return fault("rules", "say which rules, classes, regions or devices are to be quiet".to_owned());
    }
    if lists.iter().any(|length| *length > LIST_MAX) {
        return fault("rules", format!("at most {LIST_MAX} of each"));
    }
    if let Some(rule) = new.rules.iter().find(|rule| !city.alarm_rules.contains_key(*rule)) {
        return fault("rules", format!("the city has no rule {rule}"));
    }
    if let Some(class) = new.classes.iter().find(|class| !city.devices.contains_key(*class)) {
        return fault("classes", format!("the city has no class {class}"));
    }
    if let Some(region) = new.regions.iter().find(|region| !city.regions.contains_key(*region)) {
        return fault("regions", format!("the city has no region {region}"));
    }
    let from = new.from.unwrap_or(now);
    if new.until <= from || new.until <= now {
        return fault("until", "a silence ends after it begins, and after now".to_owned());
    }
    if new.until.micros_since(from) > LONGEST_US {
        return fault("until", "a silence is at most 92 days long".to_owned());
    }
    let reason = new.reason.trim();
    let count = reason.chars().count();
    if !(1..=REASON_MAX).contains(&count) || reason.chars().any(char::is_control) {
        return fault("reason", format!("1 to {REASON_MAX} characters without control characters, got {count}"));
    }
    Ok(SilenceRow {
        id,
        rules: new.rules,
        classes: new.classes,
        regions: new.regions,
        devices: new.devices,
        from,
        until: new.until,
        reason: reason.to_owned(),
        begun_by: by,
        begun_at: now,
        ended_by: None,
        ended_at: None,
    })
}
