//! Rules over readings, and silences.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AlarmSeverity, DeviceValue, Text, Time};

/// A rule over readings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmRuleView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// The classes of devices it watches; all where empty.
    pub classes: Vec<String>,
    /// The rule as the pack spells it (YAML).
    pub text: String,
}

/// A rule that is to be tried over the readings of a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RehearsalInput {
    /// The rule as the pack spells it (YAML).
    #[schema(max_length = 16384)]
    pub text: String,
    /// From this instant, RFC 3339.
    pub from: String,
    /// Up to this instant, at most 92 days later.
    pub to: String,
}

/// What a rule would have raised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsalView {
    /// Devices that it watches.
    pub devices: u64,
    /// Readings that it looked at.
    pub readings: u64,
    /// How many alarms there would have been.
    pub count: u64,
    /// The first 500 of them, in the order raised.
    pub alarms: Vec<RehearsedAlarm>,
}

/// An alarm as a rule would have raised it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedAlarm {
    /// The device.
    pub device: String,
    /// The device's name for people.
    pub device_title: String,
    /// The worst it was.
    pub severity: AlarmSeverity,
    /// True when nothing was heard, rather than something bad.
    pub is_silence: bool,
    /// What was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reading: Option<DeviceValue>,
    /// Since when its condition held.
    pub since: Time,
    /// When it would have been raised.
    pub raised_at: Time,
    /// When it would have cleared; open at the end without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cleared_at: Option<Time>,
}

/// A silence: alarms that are expected. Every list narrows; an empty one means all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SilenceView {
    /// Its id.
    pub id: String,
    /// Of these rules.
    pub rules: Vec<NamedWord>,
    /// Of devices of these classes.
    pub classes: Vec<NamedWord>,
    /// Of devices in these regions, with everything below.
    pub regions: Vec<NamedWord>,
    /// Of these devices.
    pub devices: Vec<String>,
    /// From when.
    pub from: Time,
    /// Until when, not included.
    pub until: Time,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub begun_by: String,
    /// When.
    pub begun_at: Time,
    /// Who ended it before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended_by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended_at: Option<Time>,
    /// Whether it is over.
    pub is_over: bool,
    /// Whether the caller may end it.
    pub may_end: bool,
}

/// An id of the pack with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NamedWord {
    /// The id.
    pub id: String,
    /// Its name.
    pub title: Text,
}

/// A silence that is to begin. One list at least says what is to be quiet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSilenceInput {
    /// Of these rules.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub rules: Vec<String>,
    /// Of devices of these classes.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub classes: Vec<String>,
    /// Of devices in these regions, with everything below.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub regions: Vec<String>,
    /// Of these devices.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub devices: Vec<String>,
    /// From this instant, RFC 3339; now when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub from: Option<String>,
    /// Until this instant, at most 92 days later.
    pub until: String,
    /// Why.
    #[schema(max_length = 200)]
    pub reason: String,
}
