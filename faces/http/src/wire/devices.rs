//! Devices, what they measure, and their alarms.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{DeviceCommandKind, DevicePropertyView, Text, Time};

/// Which devices to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DevicesQuery {
    /// A class.
    pub class: Option<String>,
    /// A region, with everything below.
    pub region: Option<String>,
    /// A label.
    pub label: Option<String>,
    /// A state.
    pub state: Option<DeviceStanding>,
    /// Words of the name or the title.
    #[param(max_length = 100)]
    pub q: Option<String>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// How many, at most 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// How a device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceStanding {
    /// It speaks.
    Active,
    /// It may speak and has not for three intervals, or never.
    Silent,
    /// It is shut out.
    Quarantined,
    /// It is gone for good.
    Retired,
}

/// A page of devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DevicePage {
    /// By name.
    pub items: Vec<DeviceView>,
    /// To be given as `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
    /// How many there are in all.
    pub total: u64,
}

/// A class of devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceClassView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// How often each property is expected, seconds.
    pub interval_seconds: u32,
    /// How they write down what they measured: `json`, `cbor` or `frame`.
    pub codec: String,
    /// What they measure.
    pub properties: Vec<DevicePropertyView>,
    /// For how many days after their own readings are kept; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub readings_days: Option<u32>,
    /// For how many days the means of each hour are; not at all when absent and `readings_days` is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hourly_days: Option<u32>,
    /// What they can be told to do.
    pub commands: Vec<DeviceCommandKind>,
    /// Whether they are cameras.
    pub is_camera: bool,
}

/// A device as staff see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceView {
    /// Its name in the field.
    pub id: String,
    /// Its class.
    pub class: DeviceClassView,
    /// Its name for people.
    pub title: String,
    /// The office that answers for it.
    pub office: String,
    /// That office's name.
    pub office_title: Text,
    /// The smallest region it stands in.
    pub region: String,
    /// Longitude, degrees, CGCS2000.
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// Height above the ground, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub height_m: Option<f64>,
    /// The BeiDou cell it stands in.
    pub cell: String,
    /// Words of those who run it.
    pub labels: Vec<String>,
    /// How it stands.
    pub standing: DeviceStanding,
    /// Why it is shut out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
    /// When it was registered.
    pub registered_at: Time,
    /// When its newest reading came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub heard_at: Option<Time>,
    /// How far its clock is ahead of ours, seconds, as its newest reading says; negative when it is behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub clock_ahead_seconds: Option<f64>,
    /// The charge of its battery, per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub battery: Option<f64>,
    /// What it measures, in the order of its class.
    pub values: Vec<DeviceValue>,
    /// The last message of it that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fault: Option<DeviceFault>,
}

/// What a device measures, and its newest value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceValue {
    /// The property.
    pub property: String,
    /// Its name.
    pub title: Text,
    /// What its values are.
    pub kind: DeviceValueKind,
    /// The unit's code (UCUM); absent for counts and truths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unit: Option<String>,
    /// The unit as people write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub symbol: Option<String>,
    /// The newest value; 1 and 0 for true and false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub value: Option<f64>,
    /// When it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub at: Option<Time>,
}

/// What values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceValueKind {
    /// Numbers in a unit.
    Measurement,
    /// Whole numbers of things.
    Count,
    /// True and false.
    Truth,
}

/// A message that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceFault {
    /// When it came.
    pub at: Time,
    /// What kind of fault it is.
    pub kind: DeviceFaultKind,
    /// What was wrong with it.
    pub message: String,
}

/// What is wrong with a message, or with who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceFaultKind {
    /// It cannot be read, or it holds nothing, or too much.
    Form,
    /// The class has no such property.
    Property,
    /// It is in another unit.
    Unit,
    /// The sensor cannot give such a value.
    Value,
    /// The device's clock is off.
    Clock,
    /// The password is wrong.
    Credentials,
    /// The answer to a command cannot be.
    Answer,
    /// It sends more than its class may.
    Flood,
}

/// What was measured, over which time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeviceSeriesQuery {
    /// From this instant, RFC 3339; a day ago when absent.
    pub from: Option<String>,
    /// Up to this instant; now when absent.
    pub to: Option<String>,
    /// How many steps the time is divided into, at most 2000; 240 when absent.
    #[param(minimum = 1, maximum = 2000)]
    pub steps: Option<u32>,
}

/// What a device measured over a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceSeries {
    /// The property.
    pub property: String,
    /// From when.
    pub from: Time,
    /// Up to when.
    pub to: Time,
    /// How long a step is, seconds.
    pub step_seconds: u32,
    /// Steps in which something was measured.
    pub steps: Vec<DeviceStep>,
}

/// What was measured in a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceStep {
    /// When it begins.
    pub from: Time,
    /// How many readings it holds.
    pub count: u64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Their mean.
    pub mean: f64,
}

/// A device to be registered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeviceInput {
    /// Its name in the field: letters, digits, `-`, `_`, `.` and `:`.
    #[schema(max_length = 64)]
    pub id: String,
    /// Its class.
    pub class: String,
    /// Its name for people; the class's when absent.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub title: String,
    /// Longitude, degrees, CGCS2000.
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// Height above the ground, metres.
    #[serde(default)]
    #[schema(nullable = false)]
    pub height_m: Option<f64>,
    /// The gateway it speaks through.
    #[serde(default)]
    #[schema(nullable = false)]
    pub parent: Option<String>,
    /// The office that answers for it; the class's when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub office: Option<String>,
}

/// A device with the password it speaks with, shown once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceSecret {
    /// The device.
    pub device: DeviceView,
    /// Its password.
    pub password: String,
    /// Where the city listens to MQTT in the clear, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mqtt_port: Option<u16>,
    /// Where a camera sends its picture by RTMP with it, where the city takes that in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rtmp_port: Option<u16>,
}

/// What becomes of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceChangeInput {
    /// What.
    pub change: DeviceChangeWord,
    /// Why; for quarantine.
    #[serde(default)]
    #[schema(nullable = false, max_length = 200)]
    pub reason: Option<String>,
}

/// What may be done to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChangeWord {
    /// It is shut out.
    Quarantine,
    /// It may speak again.
    Release,
    /// It is gone for good.
    Retire,
}

/// Readings that were taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadingsTaken {
    /// How many.
    pub readings: u64,
}

/// Which alarms to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AlarmsQuery {
    /// True for open ones alone, false for closed ones alone.
    pub open: Option<bool>,
    /// Of this device.
    pub device: Option<String>,
    /// Of devices with this label.
    pub label: Option<String>,
    /// Of this case.
    pub case: Option<String>,
    /// Of this group, which was told together.
    pub group: Option<String>,
    /// `next` of the page before.
    pub before: Option<String>,
    /// How many, at most 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// A page of alarms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlarmPage {
    /// The newest first.
    pub items: Vec<AlarmView>,
    /// To be given as `before` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// An alarm of a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlarmView {
    /// Its id.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// The rule's name.
    pub title: Text,
    /// The device.
    pub device: String,
    /// The device's name for people.
    pub device_title: String,
    /// How bad.
    pub severity: AlarmSeverity,
    /// True when nothing was heard, rather than something bad.
    pub is_silence: bool,
    /// What was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reading: Option<DeviceValue>,
    /// Since when its condition held.
    pub since: Time,
    /// When it was raised.
    pub raised_at: Time,
    /// When it cleared; open without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cleared_at: Option<Time>,
    /// When somebody took note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub acknowledged_at: Option<Time>,
    /// Whether something keeps it quiet.
    pub is_quiet: bool,
    /// What does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub quiet_by: Option<AlarmQuiet>,
    /// The case it opened or joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_id: Option<String>,
}

/// What keeps an alarm quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmQuiet {
    /// Somebody put it aside for a while.
    Shelf,
    /// It is expected.
    Silence,
    /// Another alarm explains it.
    Alarm,
}

/// How bad an alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmSeverity {
    /// Worth knowing.
    Info,
    /// The least that is a matter.
    Minor,
    /// Serious.
    Major,
    /// The worst.
    Critical,
}

/// What somebody does with an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmDeedInput {
    /// What.
    pub deed: AlarmDeedWord,
    /// Until when it is put aside, RFC 3339; for `shelve`.
    #[serde(default)]
    #[schema(nullable = false)]
    pub until: Option<String>,
}

/// What may be done with an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmDeedWord {
    /// Take note of it.
    Acknowledge,
    /// Close it.
    Clear,
    /// Put it aside for a while.
    Shelve,
}
