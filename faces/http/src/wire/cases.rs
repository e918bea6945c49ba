//! Cases as staff see them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ActionView, CorrectionView, EvidenceLink, RegionLink, StageMark, Text, Time, VisitView};

/// Which cases to list.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CasesQuery {
    /// A queue of `GET /queues`.
    pub queue: Option<String>,
    /// A state.
    pub state: Option<String>,
    /// A stage.
    pub stage: Option<String>,
    /// A category.
    pub category: Option<String>,
    /// A region, with everything below.
    pub region: Option<String>,
    /// The office that owes the present task.
    pub office: Option<String>,
    /// The department that handles the case.
    pub handler: Option<String>,
    /// `me`: tasks taken by the caller.
    pub assignee: Option<String>,
    /// True for open cases alone, false for closed ones alone.
    pub open: Option<bool>,
    /// True for cases whose present task is late, false for the others.
    pub late: Option<bool>,
    /// Only tasks due before this instant, RFC 3339.
    pub due_before: Option<String>,
    /// Words of the number, the description or the address.
    #[param(max_length = 100)]
    pub q: Option<String>,
    /// Western longitude, degrees; the four edges are given together.
    pub west: Option<f64>,
    /// Southern latitude, degrees.
    pub south: Option<f64>,
    /// Eastern longitude, degrees.
    pub east: Option<f64>,
    /// Northern latitude, degrees.
    pub north: Option<f64>,
    /// The order; `updated` when absent.
    pub sort: Option<CaseSort>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// How many, at most 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// The order of a list of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseSort {
    /// The soonest deadline first; those without come last.
    Due,
    /// The latest report first.
    Opened,
    /// The latest event first.
    Updated,
}

/// A page of cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CasePage {
    /// In the order asked for.
    pub items: Vec<CaseSummary>,
    /// To be given as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
    /// How many there are in all, counted up to a bound.
    pub total: u64,
    /// True when there are more than `total`.
    pub total_is_bound: bool,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CaseSummary {
    /// Its id.
    pub id: String,
    /// The number people see.
    pub no: String,
    /// How many events it has.
    pub version: u32,
    /// Its category.
    pub category: String,
    /// Its filing condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub condition: Option<String>,
    /// The category's name.
    pub title: Text,
    /// What the reporter wrote; at most 120 characters of it.
    pub excerpt: String,
    /// By which way it came in.
    pub channel: String,
    /// The present state.
    pub state: String,
    /// Its name.
    pub state_title: Text,
    /// The stage of that state.
    pub stage: String,
    /// The region that answers for its place.
    pub region: String,
    /// Its name.
    pub region_title: Text,
    /// The address in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    /// Longitude, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lon: Option<f64>,
    /// Latitude, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lat: Option<f64>,
    /// The department that handles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub handler: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub handler_title: Option<Text>,
    /// Who owes the next move; absent once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task: Option<TaskView>,
    /// True while it has not ended.
    pub open: bool,
    /// When it was reported.
    pub opened_at: Time,
    /// When its last event happened.
    pub updated_at: Time,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_at: Option<Time>,
    /// When the present task is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_at: Option<Time>,
    /// How the deadline stands now.
    pub due_state: DueState,
    /// Escalation level: 0 at the task's own office.
    pub level: u8,
    /// How often each counted thing happened (`rework`, `returned`, `urged` …).
    pub tallies: BTreeMap<String, u32>,
    /// A picture, small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub thumb_url: Option<String>,
}

/// What one party must do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskView {
    /// The role that may do it.
    pub role: String,
    /// Its name.
    pub role_title: Text,
    /// The office that owes it.
    pub office: String,
    /// Its name.
    pub office_title: Text,
    /// The person who took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assignee: Option<String>,
    /// Their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assignee_name: Option<String>,
}

/// How a deadline stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueState {
    /// There is none.
    None,
    /// Time enough.
    Ok,
    /// Less than an hour is left.
    Soon,
    /// Passed.
    Late,
    /// The clock is paused.
    Paused,
    /// The clock counts for nobody.
    Exempt,
}

/// The queues of the caller's roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Queues {
    /// In the order to show.
    pub items: Vec<Queue>,
}

/// A queue of cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Queue {
    /// To be given as `queue` of `GET /cases`: `mine`, `role:<role>`, `supervised`, `late` or `all`.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// How many cases wait in it, counted up to a bound.
    pub count: u64,
    /// How many of them are late.
    pub late: u64,
    /// How many of them are due within an hour.
    pub soon: u64,
}

/// A case with everything its reader may see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CaseView {
    /// What its list shows.
    #[serde(flatten)]
    pub summary: CaseSummary,
    /// What the reporter wrote, whole.
    pub description: String,
    /// The process it follows.
    pub process: String,
    /// The service applied for, when it is an application: `GET /cases/{id}/application` opens its answers, for a purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub service: Option<String>,
    /// What is paid online for it, and how far that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fee: Option<super::FeeView>,
    /// Licences its applicant gave as materials, and how they stand now.
    pub licences: Vec<super::GivenLicence>,
    /// Every correction of the application by its applicant, the first first.
    pub corrections: Vec<CorrectionView>,
    /// The time at a window booked last for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub visit: Option<VisitView>,
    /// The way through the stages.
    pub stages: Vec<StageMark>,
    /// The regions that hold its place, the city first.
    pub region_chain: Vec<RegionLink>,
    /// The code of its level-10 cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cell: Option<String>,
    /// Who reported it.
    pub reporter: ReporterView,
    /// How many have joined it.
    pub joined_count: u32,
    /// Its clocks.
    pub clocks: Vec<ClockView>,
    /// Every picture.
    pub evidence: Vec<EvidenceLink>,
    /// The last answer given to each field, by field id.
    pub answers: BTreeMap<String, serde_json::Value>,
    /// What the caller may do now.
    pub actions: Vec<ActionView>,
    /// Every passage through a state.
    pub steps: Vec<StepView>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<super::Outcome>,
    /// The reporter's rating, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rating: Option<u8>,
    /// The office that watches it since the last escalation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub watcher: Option<String>,
    /// Its id in the system it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source_id: Option<String>,
}

/// Who reported a case, as far as its reader may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReporterView {
    /// What kind of reporter.
    pub kind: ReporterKind,
    /// The name of a member of staff who reported it; never that of a resident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// True when a sealed contact was left: `GET /cases/{id}/contact` opens it, for a purpose.
    pub has_contact: bool,
}

/// What kind of reporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReporterKind {
    /// A member of staff.
    Staff,
    /// A signed-in resident.
    Resident,
    /// A signed-in resident who acts for another person or an organisation.
    Agent,
    /// Somebody who did not sign in.
    Anonymous,
    /// A registered client program.
    Client,
    /// The platform itself, such as an import.
    System,
}

/// Which clock of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockName {
    /// The limit of the present task.
    Task,
    /// The limit of handling (处置时限).
    Disposal,
    /// The longest the law allows (法定时限).
    Legal,
}

/// One clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClockView {
    /// Which.
    pub clock: ClockName,
    /// What it counts, such as `4 working_hour`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<String>,
    /// When it began.
    pub began_at: Time,
    /// When it is due; means nothing while paused.
    pub due_at: Time,
    /// True while it is paused.
    pub paused: bool,
    /// True once it counts for nobody.
    pub exempt: bool,
    /// When it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stopped_at: Option<Time>,
    /// Whether it was met; absent while it is open and not late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub on_time: Option<bool>,
}

/// One passage through a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepView {
    /// 1 for the first.
    pub seq: u32,
    /// The state.
    pub state: String,
    /// Its name.
    pub state_title: Text,
    /// Its stage.
    pub stage: String,
    /// The office that owed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub office: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub office_title: Option<Text>,
    /// When it was entered.
    pub entered_at: Time,
    /// When it was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub left_at: Option<Time>,
    /// By which action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub left_by: Option<String>,
    /// The action's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub left_by_title: Option<Text>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub done_by_name: Option<String>,
    /// When it was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_at: Option<Time>,
    /// Whether it was done in time; absent while open and not late, or without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub on_time: Option<bool>,
    /// True when its clock counts for nobody.
    pub exempt: bool,
}

/// Why a contact is read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PurposeQuery {
    /// Why, in plain words, 4 to 200 characters; the reading is recorded with it.
    #[param(min_length = 4, max_length = 200)]
    pub purpose: String,
    /// The day from which on the person may know of the look; at once when absent. Investigators alone may give one, at most
    /// 180 days ahead.
    pub sealed_until: Option<String>,
    /// The ground of sealing, 4 to 200 characters; needed with `sealed_until`.
    #[param(max_length = 200)]
    pub ground: Option<String>,
}
