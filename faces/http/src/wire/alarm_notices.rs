//! Notices of alarms: what was told together, to whom, and how far each message is.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AlarmSeverity, NamedWord, NotificationChannel, Text, Time};

/// Which groups of alarms.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlarmNoticesQuery {
    /// True for those with an open alarm, false for those that are over.
    pub open: Option<bool>,
    /// Those that the caller was told of alone.
    #[serde(default)]
    pub mine: bool,
    /// `next` of the page before.
    pub before: Option<String>,
    /// How many, at most 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// A page of groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlarmNoticePage {
    /// Those with the newest notices first.
    pub items: Vec<AlarmGroupView>,
    /// Of how many groups the caller was told and has not looked.
    pub unread: u32,
    /// To be given as `before` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// Alarms that are told together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmGroupView {
    /// Its id.
    pub id: String,
    /// The route of the pack.
    pub route: NamedWord,
    /// What its alarms have in common.
    pub labels: Vec<AlarmGroupLabel>,
    /// The worst of the newest notice.
    pub severity: AlarmSeverity,
    /// Alarms that it told of, where the caller may see them.
    pub alarms: u32,
    /// Open ones.
    pub open: u32,
    /// Open ones that nobody took note of.
    pub waiting: u32,
    /// When somebody last took note of an open one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub acknowledged_at: Option<Time>,
    /// The newest notice.
    pub last: AlarmNoticeView,
    /// How many of its messages to the caller are not read.
    pub unread: u32,
    /// Whether the caller may take note of it now.
    pub may_acknowledge: bool,
}

/// Something that the alarms of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmGroupLabel {
    /// What it is.
    pub what: AlarmGroupBy,
    /// Its id; `*` where there were so many groups that the rest shares one.
    pub id: String,
    /// Its name.
    pub title: Text,
}

/// What alarms of a group may have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmGroupBy {
    /// The rule.
    Rule,
    /// The class of device.
    Class,
    /// What the devices hang on.
    Parent,
    /// The device.
    Device,
    /// The region.
    Region,
}

/// What was told of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmNoticeView {
    /// Its id.
    pub id: String,
    /// What it says.
    pub says: AlarmNoticeKind,
    /// The step of escalation, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub step: Option<u32>,
    /// The role that was told.
    pub role: Text,
    /// The office it is held for, where the route names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub office: Option<Text>,
    /// How many alarms were open.
    pub open: u32,
    /// How many had closed since the notice before.
    pub closed: u32,
    /// The worst of them.
    pub severity: AlarmSeverity,
    /// When.
    pub at: Time,
}

/// What a notice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmNoticeKind {
    /// Something is open.
    First,
    /// It has changed.
    Update,
    /// It is still open.
    Repeat,
    /// Nobody has taken note.
    Escalation,
    /// All is well again.
    Resolved,
}

/// A group with everything that was told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmGroupDetail {
    /// The group.
    pub group: AlarmGroupView,
    /// What was told, the newest first; at most 500.
    pub notices: Vec<AlarmNoticeDeliveries>,
}

/// A notice, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmNoticeDeliveries {
    /// The notice.
    pub notice: AlarmNoticeView,
    /// How many people were told; none where nobody holds the role there.
    pub told: u32,
    /// Who, by which channel, and how far it is: for whoever may handle alarms there.
    pub deliveries: Vec<AlarmDelivery>,
}

/// A message to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlarmDelivery {
    /// Who.
    pub name: String,
    /// By which channel.
    pub channel: NotificationChannel,
    /// How far it is.
    pub state: AlarmDeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it is in that state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
    /// When it is tried next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_at: Option<Time>,
    /// When its state last changed.
    pub changed_at: Time,
    /// When the person looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub read_at: Option<Time>,
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmDeliveryState {
    /// It waits to be sent.
    Queued,
    /// It waits for the end of quiet hours, or of a limit.
    Held,
    /// It is on its way.
    Sending,
    /// The channel took it.
    Delivered,
    /// The channel did not take it; it is tried again.
    Failed,
    /// It was tried as often as is sensible.
    GivenUp,
    /// It is told together with others.
    Merged,
    /// The person does not want it there.
    Suppressed,
}

/// What is done with a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmNoticeDeedInput {
    /// What.
    pub deed: AlarmNoticeDeed,
}

/// What is done with a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmNoticeDeed {
    /// The caller has looked at what they were told.
    Read,
    /// The caller takes note of its open alarms: nobody else is told that nobody did.
    Acknowledge,
}
