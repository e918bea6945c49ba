//! Rules that make alarms of readings (告警规则). Their conditions are texts here: `assess` reads them, and whoever loads a pack
//! has it judge them.

use std::collections::BTreeMap;

use model::{AlarmRuleId, CategoryId, DeviceClassId, PropertyId, RegionId, Text};
use serde::{Deserialize, Serialize};

/// Rules by id.
pub type AlarmRules = BTreeMap<AlarmRuleId, AlarmRule>;

/// A rule over readings. Spans are written as `90s`, `10m`, `1h30m`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlarmRule {
    /// What people read.
    pub title: Text,
    /// The category of the cases that its alarms open; without one they open none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<CategoryId>,
    /// Rules whose alarms are kept quiet while this one is open, on devices that speak through its device: a gateway that is
    /// down explains the silence of its children.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explains: Vec<AlarmRuleId>,
    /// Which devices.
    #[serde(default)]
    pub selector: AlarmSelector,
    /// The condition (CEL), when there is one level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// How bad, with `when`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Levels, from the least to the worst.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<AlarmLevel>,
    /// How long a condition must hold.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub hold_for: Option<String>,
    /// How often readings must meet it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<AlarmRepeat>,
    /// The condition under which an open alarm may clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear: Option<String>,
    /// How far a value must come back behind its threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hysteresis: Option<f64>,
    /// How long an alarm stays open after its condition ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_firing: Option<String>,
    /// An alarm of its own when nothing was heard for so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_data_after: Option<String>,
    /// How bad silence is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_data_severity: Option<String>,
    /// Who is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours: Option<AlarmNeighbours>,
    /// When it watches; always without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<AlarmSchedule>,
    /// Damping of what comes and goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flap: Option<AlarmFlap>,
    /// How long readings wait for those that were measured before them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lateness: Option<String>,
}

/// Which devices: all that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmSelector {
    /// Classes of devices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<DeviceClassId>,
    /// Properties; a rule over `value` watches each of them by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<PropertyId>,
    /// Regions they stand in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<RegionId>,
}

/// One level of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmLevel {
    /// How bad.
    pub severity: String,
    /// The condition.
    pub when: String,
    /// How long it must hold; the rule's own `for` without one.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub hold_for: Option<String>,
}

/// So many readings within a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRepeat {
    /// How many.
    pub count: u16,
    /// Within which span.
    pub within: String,
}

/// Who the neighbours of a device are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmNeighbours {
    /// Those at most so many metres away.
    pub within_m: f64,
    /// How many must have a value.
    pub at_least: u16,
    /// How old a value may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh: Option<String>,
}

/// Weekdays and hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmSchedule {
    /// `mon` to `sun`; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<String>,
    /// Beginning, `HH:MM`.
    pub from: String,
    /// End, `HH:MM`, not included; of the next day where it is before the beginning.
    pub to: String,
}

/// An alarm that comes and goes stays open until it was quiet for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmFlap {
    /// How often it was raised.
    pub raises: u16,
    /// Within which span.
    pub within: String,
    /// How long it must then be quiet.
    pub quiet: String,
}
