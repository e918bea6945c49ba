//! Who is told of alarms, how often, and in which words (告警通知). Spans are texts here: `assess` reads them.

use std::collections::BTreeMap;

use model::{AlarmRuleId, DeviceClassId, FormId, OfficeId, RegionId, RoleId, Text};
use serde::{Deserialize, Serialize};

use super::{MessageWords, RegionLevel};

/// Everything a city tells of its alarms by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmNotices {
    /// Names of the severities.
    pub severities: SeverityWords,
    /// What is said when something is open.
    pub first: MessageWords,
    /// What is said when it has changed.
    pub update: MessageWords,
    /// What is said when it is still open.
    pub repeat: MessageWords,
    /// What is said when nobody has taken note.
    pub escalation: MessageWords,
    /// What is said when all is well again.
    pub resolved: MessageWords,
    /// Routes by id.
    pub routes: BTreeMap<FormId, AlarmRoute>,
}

/// Placeholders of the words of a notice.
pub const NOTICE_PLACEHOLDERS: &[&str] = &["route", "about", "place", "open", "closed", "severity", "devices"];

impl AlarmNotices {
    /// True when the city tells nobody.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }
}

/// Names of the severities.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeverityWords {
    /// The least.
    pub info: Text,
    /// The second.
    pub minor: Text,
    /// The third.
    pub major: Text,
    /// The worst.
    pub critical: Text,
}

/// A way from alarms to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRoute {
    /// What people read.
    pub title: Text,
    /// Who is told.
    pub to: Told,
    /// Of which rules; all where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<AlarmRuleId>,
    /// Of devices of which classes; all where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<DeviceClassId>,
    /// Of devices in which regions; the whole city where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<RegionId>,
    /// The least severity; any without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<String>,
    /// What alarms that are told together have in common.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<NoticeGroupBy>,
    /// How long the first notice of a group waits for more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_wait: Option<String>,
    /// How long changes wait after a notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_interval: Option<String>,
    /// After how long what is still open is told again; never without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_interval: Option<String>,
    /// Whether the end is told.
    pub resolved: bool,
    /// Who is told when nobody takes note, in the order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalation: Vec<NoticeStep>,
}

/// Who is told: whoever holds the role where the alarms are, in that office where one is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The role.
    pub role: RoleId,
    /// The office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<OfficeId>,
}

/// A step of escalation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeStep {
    /// How long nobody took note.
    pub after: String,
    /// Who is told then.
    pub to: Told,
}

/// What alarms that are told together have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeGroupBy {
    /// The rule.
    Rule,
    /// The class of device.
    Class,
    /// What the devices hang on: a feeder, a gateway.
    Parent,
    /// The device.
    Device,
    /// The region of a level.
    Region(RegionLevel),
}
