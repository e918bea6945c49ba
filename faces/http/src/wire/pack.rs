//! Processes and the rest of the pack, for the pack viewer and for names of states.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Face, Field, Named, Text};

/// A declared life-cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Process {
    /// Id.
    pub id: String,
    /// Name.
    pub title: Text,
    /// Stages in order.
    pub stages: Vec<Named>,
    /// The state a case begins in.
    pub first: String,
    /// Every state, in order of their stages.
    pub states: Vec<State>,
    /// Every action, in the order shown.
    pub actions: Vec<Action>,
}

/// A state of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct State {
    /// Id.
    pub id: String,
    /// Name for staff.
    pub title: Text,
    /// Name for the reporter.
    pub public_title: Text,
    /// Its stage.
    pub stage: String,
    /// How the case ends, in a final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<Outcome>,
    /// Who owes the next move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task: Option<TaskRule>,
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Handled and closed (结案).
    Resolved,
    /// Not filed (不予立案).
    Declined,
    /// The same as another case.
    Duplicate,
    /// Withdrawn by the reporter.
    Withdrawn,
}

/// Who owes the move out of a state, and by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskRule {
    /// The role that may act.
    pub role: String,
    /// Which office: `handler`, `kind:<kind>` or an office id.
    pub office: String,
    /// A fixed limit, such as `15 urgent_minute`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<String>,
    /// By which calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub calendar: Option<String>,
    /// True when the limit is that of the filing condition.
    pub limit_of_category: bool,
    /// Why there is no limit, when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub no_limit_because: Option<String>,
}

/// An action of a process, as declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// Id.
    pub id: String,
    /// Name on the button.
    pub title: Text,
    /// The states it may be taken in.
    pub from: Vec<String>,
    /// The state it leads to; absent when it stays or goes back to where the case came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub to: Option<String>,
    /// True when it leads to the state the case came from.
    pub to_previous: bool,
    /// Who may take it: `task`, `reporter` or `role:<role>`.
    pub by: Vec<String>,
    /// Actions whose doer may not take this one.
    pub separate_from: Vec<String>,
    /// What is asked.
    pub fields: Vec<Field>,
    /// What the reporter reads in the timeline; absent when the reporter does not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub public_title: Option<Text>,
    /// What it is counted as in indicators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tally: Option<String>,
    /// Look of the button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tone: Option<String>,
}

/// The whole pack, for the pack viewer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pack {
    /// Its hash.
    pub hash: String,
    /// Its own version.
    pub version: String,
    /// How many of each thing it declares.
    pub counts: PackCounts,
    /// Roles.
    pub roles: Vec<PackRole>,
    /// Who handles what where, most specific rule first.
    pub routing: Vec<PackRoute>,
    /// Working calendars.
    pub calendars: Vec<PackCalendar>,
    /// Processes.
    pub processes: Vec<Process>,
}

/// How many of each thing a pack declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackCounts {
    /// Regions.
    pub regions: usize,
    /// Offices.
    pub offices: usize,
    /// Roles.
    pub roles: usize,
    /// Categories.
    pub categories: usize,
    /// Filing conditions of all categories.
    pub conditions: usize,
    /// Processes.
    pub processes: usize,
    /// Calendars.
    pub calendars: usize,
    /// Forms.
    pub forms: usize,
}

/// What a kind of person may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackRole {
    /// Id.
    pub id: String,
    /// Name.
    pub title: Text,
    /// The face it works in.
    pub face: Face,
    /// Its permissions beyond the actions of processes.
    pub permissions: Vec<String>,
}

/// Sends a category in a region to an office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackRoute {
    /// A category id, or a prefix ending in `*`; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub category: Option<String>,
    /// A region with everything below; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub region: Option<String>,
    /// The office that handles it.
    pub office: String,
}

/// A working calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackCalendar {
    /// Id.
    pub id: String,
    /// Name.
    pub title: Text,
    /// IANA time zone.
    pub timezone: String,
    /// Opening hours by weekday (`mon` … `sun`), each a list of `["08:00", "12:00"]`.
    #[schema(value_type = BTreeMap<String, Vec<Vec<String>>>)]
    pub hours: BTreeMap<String, Vec<[String; 2]>>,
    /// Days on which it is closed.
    pub holidays: Vec<PackHoliday>,
    /// Days off worked instead (调休).
    pub swaps: Vec<PackSwap>,
}

/// A holiday, by date or by rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackHoliday {
    /// Name.
    pub title: Text,
    /// The rule in short, such as `2026-10-01..2026-10-07`, `07-04` or `nth mon 1 of 9`.
    pub rule: String,
    /// First year it applies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub from_year: Option<i16>,
    /// Last year it applies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub to_year: Option<i16>,
}

/// A day off worked in exchange for a holiday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackSwap {
    /// The day, `2026-10-10`.
    pub date: String,
    /// Whose hours it has, `mon` … `sun`.
    pub like: String,
}
