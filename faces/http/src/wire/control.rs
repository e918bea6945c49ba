//! Commands to devices, and scenes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{DeviceValue, DeviceValueKind, Text, Time};

/// What devices of a class can be told to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceCommandKind {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// The values it takes, all of them.
    pub parameters: Vec<DeviceParameter>,
    /// Whether a second person confirms it.
    pub is_dangerous: bool,
    /// After so many seconds nobody does it any more.
    pub expires_seconds: u32,
}

/// A value that a command takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceParameter {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// What it is.
    pub kind: DeviceValueKind,
    /// The unit as people write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub symbol: Option<String>,
    /// The least it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub min: Option<f64>,
    /// The most it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max: Option<f64>,
}

/// Which commands to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeviceCommandsQuery {
    /// To this device.
    pub device: Option<String>,
    /// That stand so.
    pub state: Option<DeviceCommandState>,
    /// `next` of the page before.
    pub before: Option<String>,
    /// How many, at most 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// How far a command has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceCommandState {
    /// It is dangerous, and waits for a second person.
    Unconfirmed,
    /// It waits for the device.
    Queued,
    /// The device has it.
    Received,
    /// The device has done it.
    Done,
    /// The device could not do it.
    Failed,
    /// Nobody did it in time.
    Expired,
    /// Somebody took it back.
    Withdrawn,
}

/// A page of commands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceCommandPage {
    /// The newest first.
    pub items: Vec<DeviceCommandView>,
    /// To be given as `before` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// A command to a device, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceCommandView {
    /// Its id.
    pub id: String,
    /// The device.
    pub device: String,
    /// The device's name for people.
    pub device_title: String,
    /// What, a command of its class.
    pub command: String,
    /// Its name.
    pub title: Text,
    /// With which values.
    pub arguments: Vec<DeviceValue>,
    /// Whether a second person confirms it.
    pub is_dangerous: bool,
    /// Why.
    pub reason: String,
    /// Whether it belongs to a scene.
    pub is_of_scene: bool,
    /// How far it has come.
    pub state: DeviceCommandState,
    /// Who asked for it; absent where its scene was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub asked_by: Option<String>,
    /// When.
    pub asked_at: Time,
    /// Who confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub confirmed_by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub confirmed_at: Option<Time>,
    /// When it was last sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sent_at: Option<Time>,
    /// How often it was sent.
    pub sendings: u32,
    /// When the device had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub received_at: Option<Time>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended_at: Option<Time>,
    /// What the device said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<String>,
    /// After this nobody does it any more.
    pub expires_at: Time,
    /// What the caller may do with it now.
    pub may: Vec<DeviceCommandDeedWord>,
}

/// A command that is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeviceCommandInput {
    /// Which command of the device's class.
    pub command: String,
    /// The values it takes: numbers, true or false.
    #[serde(default)]
    pub arguments: BTreeMap<String, serde_json::Value>,
    /// Why.
    #[schema(max_length = 200)]
    pub reason: String,
}

/// What somebody does with a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceCommandDeedInput {
    /// What.
    pub deed: DeviceCommandDeedWord,
}

/// What may be done with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceCommandDeedWord {
    /// Confirm it, as somebody else than who asked.
    Confirm,
    /// Take it back, before the device has it.
    Withdraw,
}

/// A scene: one command to many devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SceneView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// The class of the devices.
    pub class: String,
    /// That class's name.
    pub class_title: Text,
    /// Where they stand; the whole city where empty.
    pub regions: Vec<Text>,
    /// What they are told.
    pub command_title: Text,
    /// With which values.
    pub arguments: Vec<DeviceValue>,
    /// When it is planned, as the pack spells it: `23:30`, `dusk-10m`; by hand alone where empty.
    pub at: Vec<String>,
    /// On these days of the week, 1 for Monday to 7; every day where empty.
    pub weekdays: Vec<u8>,
    /// When it is planned next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_at: Option<Time>,
    /// What it follows, instead of a plan.
    #[serde(default, rename = "while", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub condition: Option<SceneConditionView>,
    /// Its last runs, the newest first.
    pub runs: Vec<SceneRunView>,
    /// Whether the caller may run it.
    pub may_run: bool,
}

/// What is measured while a scene holds, and how it stands now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SceneConditionView {
    /// The condition over the readings of one counter, as the pack spells it: `passed > 12.0`.
    pub when: String,
    /// The properties that it names, with their names.
    pub properties: Vec<DeviceValue>,
    /// How long it must hold, such as `2m`.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hold_for: Option<String>,
    /// How far a value must come back behind its threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hysteresis: Option<f64>,
    /// How long the scene holds after the condition ended, such as `10m`.
    pub keep_firing: String,
    /// A counter that says nothing for so long governs nothing.
    pub no_data_after: String,
    /// The names of the classes of its counters.
    pub classes: Vec<Text>,
    /// A counter governs the devices at most so many metres away; those of its own smallest region where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub within_m: Option<f64>,
    /// From this moment, as the pack spells it; always where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub from: Option<String>,
    /// To this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub to: Option<String>,
    /// Whether it is looked at now.
    pub is_open: bool,
    /// Counters that are over, or silent, where the caller may see devices.
    pub counters: Vec<SceneCounterView>,
    /// How many devices are held by the scene now.
    pub held: u32,
}

/// A counter that is over the threshold of a scene, or silent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SceneCounterView {
    /// The counter.
    pub device: String,
    /// Its name.
    pub title: String,
    /// Since when it is over; absent where it is silent alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub over_since: Option<Time>,
    /// Since when nothing is heard of it: it governs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub silent_since: Option<Time>,
    /// With which value it went over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub value: Option<DeviceValue>,
}

/// What a scene that follows a measurement did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SceneTurnWord {
    /// Devices were told its values.
    Follow,
    /// Devices were told what is planned for them.
    FallBack,
}

/// A scene that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SceneRunView {
    /// Its id.
    pub id: String,
    /// When.
    pub run_at: Time,
    /// By whom; absent where it was planned, or followed a measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub run_by: Option<String>,
    /// What it did, where it follows a measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub turn: Option<SceneTurnWord>,
    /// Why; absent where it was planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
    /// How many devices were told.
    pub devices: u32,
    /// How many of them have done it.
    pub done: u64,
    /// How many could not.
    pub failed: u64,
    /// How many did not in time.
    pub expired: u64,
}

/// A scene that is to be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SceneRunInput {
    /// Why.
    #[schema(max_length = 200)]
    pub reason: String,
}
