//! Devices at a glance: tiles, what is near, labels, and putting devices up.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AlarmSeverity, AlarmView, DeviceStanding, DeviceValueKind, DeviceView, Text, Time};

/// What a class of devices measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DevicePropertyView {
    /// Its id.
    pub id: String,
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
    /// Whether it is the charge of a battery.
    pub is_battery: bool,
}

/// Which devices to show as tiles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeviceTilesQuery {
    /// A class.
    pub class: Option<String>,
    /// A region, with everything below.
    pub region: Option<String>,
    /// A label.
    pub label: Option<String>,
    /// Words of the name or the title.
    #[param(max_length = 100)]
    pub q: Option<String>,
    /// `at` of an earlier answer to the same question: only what has changed since.
    pub since: Option<String>,
}

/// Devices as tiles, or what has changed of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceTiles {
    /// When this was so; to be given as `since` next time.
    pub at: Time,
    /// How many devices there are in all that are not retired.
    pub total: u64,
    /// True when `tiles` are all of them, at most 5000, rather than what has changed.
    pub is_whole: bool,
    /// Tiles, by name.
    pub tiles: Vec<DeviceTile>,
    /// Devices that changed and are no longer among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// Every device with open alarms that nothing keeps quiet, whether its tile has changed or not.
    pub alarms: Vec<DeviceTileAlarms>,
}

/// A device as a tile. Names of its class and of what it measures are in the list of classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceTile {
    /// Its name in the field.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Its class.
    pub class: String,
    /// The smallest region it stands in.
    pub region: String,
    /// Longitude, degrees, CGCS2000.
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// How it stands.
    pub standing: DeviceStanding,
    /// When its newest reading came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub heard_at: Option<Time>,
    /// The newest values, in the order of the class; 1 and 0 for true and false.
    pub values: Vec<Option<f64>>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// Open alarms of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceTileAlarms {
    /// The device.
    pub device: String,
    /// The worst.
    pub severity: AlarmSeverity,
    /// How many.
    pub count: u64,
}

/// Whose trends to give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeviceTrendsQuery {
    /// Names of devices, at most 60, with commas between them.
    #[param(max_length = 4000)]
    pub devices: String,
    /// How many hours back, at most 24; 6 when absent.
    #[param(minimum = 1, maximum = 24)]
    pub hours: Option<u32>,
}

/// How the first thing that devices measure has gone, in 24 steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceTrends {
    /// From when.
    pub from: Time,
    /// How long a step is, seconds.
    pub step_seconds: u32,
    /// Those of the devices that are there, in the order asked for.
    pub items: Vec<DeviceTrend>,
}

/// How what a device measures has gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceTrend {
    /// The device.
    pub device: String,
    /// What it measures.
    pub property: String,
    /// The mean of each step; null where nothing was measured.
    pub means: Vec<Option<f64>>,
}

/// Around which place.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NearbyDevicesQuery {
    /// Longitude, degrees, CGCS2000.
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// How far, metres, at most 5000; 500 when absent.
    #[param(minimum = 1, maximum = 5000)]
    pub radius_m: Option<f64>,
    /// How many, at most 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Devices around a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NearbyDevices {
    /// The nearest first.
    pub items: Vec<NearbyDevice>,
    /// How many there are within the distance.
    pub total: u64,
}

/// A device near a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NearbyDevice {
    /// The device.
    pub device: DeviceView,
    /// How far it is, metres.
    pub distance_m: f64,
    /// Which way it is, degrees clockwise from north.
    pub bearing_deg: f64,
    /// Its open alarms, the newest first.
    pub alarms: Vec<AlarmView>,
}

/// A device that was put up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceInstallationInput {
    /// Its class, as whoever put it up confirmed it.
    pub class: String,
    /// Longitude, degrees, CGCS2000.
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// How well the phone knew its place, metres; absent where the place was not the phone's.
    #[serde(default)]
    #[schema(nullable = false)]
    pub accuracy_m: Option<f64>,
    /// Whether the place was moved by hand.
    #[serde(default)]
    pub is_adjusted: bool,
    /// A picture of it, the id of an uploaded one.
    #[serde(default)]
    #[schema(nullable = false)]
    pub picture: Option<String>,
}

/// When and where a device was put up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceInstallation {
    /// When.
    pub at: Time,
    /// By whom.
    pub by: String,
    /// Longitude, degrees, CGCS2000.
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// How well the phone knew its place, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub accuracy_m: Option<f64>,
    /// Whether the place was moved by hand.
    pub is_adjusted: bool,
    /// A picture of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub picture_url: Option<String>,
    /// The same, small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub thumb_url: Option<String>,
}

/// Labels for devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceLabelsInput {
    /// The devices, at most 200.
    pub devices: Vec<String>,
    /// Labels they are given: letters, digits, `-`, `_`, `.`, `·` and single spaces, at most 24 characters; at most 8 a device.
    #[serde(default)]
    pub add: Vec<String>,
    /// Labels that are taken from them.
    #[serde(default)]
    pub remove: Vec<String>,
}

/// Labels were given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceLabelsGiven {
    /// How many devices changed.
    pub changed: u64,
}

/// A label that devices have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceLabelView {
    /// The label.
    pub label: String,
    /// How many devices have it.
    pub count: u64,
}
