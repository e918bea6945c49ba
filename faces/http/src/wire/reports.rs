//! Reports: what residents send and see.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ActionView, EvidenceLink, RegionLink, Text, Time, VisitView};

/// A report to file.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportInput {
    /// What kind of thing, a category id.
    pub category: String,
    /// Which filing condition, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// In the reporter's words, plain text, at most 4 000 characters.
    #[schema(max_length = 4000)]
    pub description: String,
    /// Longitude, degrees CGCS2000; given with `lat`, or both absent with an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Latitude, degrees CGCS2000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// The address in words, at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    pub address: Option<String>,
    /// Pictures uploaded before.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Answers to the category's form, by field id.
    #[serde(default)]
    pub answers: BTreeMap<String, serde_json::Value>,
    /// How to reach the reporter; kept sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// By which way in; `resident` when absent. `patrol` and `phone` need the permission `report.file`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
}

/// By which way a report comes in through this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By a resident.
    Resident,
    /// By a collector on patrol.
    Patrol,
    /// By somebody who calls the hotline.
    Phone,
}

/// How to reach somebody. Kept sealed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Name, at most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub name: Option<String>,
    /// Telephone, at most 32 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 32)]
    pub phone: Option<String>,
    /// E-mail, at most 254 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 254)]
    pub email: Option<String>,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact(..)")
    }
}

/// A report, filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportFiled {
    /// The case it became.
    pub case_id: String,
    /// The number people see.
    pub case_no: String,
    /// Shown once to somebody who is not signed in: with the number it opens the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub secret: Option<String>,
}

/// "Me too": how to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinInput {
    /// How to reach the person; kept sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

/// Joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportJoined {
    /// The number people see.
    pub case_no: String,
    /// How many have joined by now.
    pub joined_count: u32,
    /// Shown once to somebody who is not signed in: with the number it opens the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub secret: Option<String>,
}

/// Where and what somebody is about to report.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SimilarQuery {
    /// Longitude, degrees.
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// The category.
    pub category: String,
}

/// Open cases that may be the same thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimilarReports {
    /// The likeliest first.
    pub items: Vec<SimilarReport>,
}

/// An open case that may be the same thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimilarReport {
    /// The number people see.
    pub case_no: String,
    /// Its category.
    pub category: String,
    /// The category's name.
    pub title: Text,
    /// How far away, metres.
    pub distance_m: f64,
    /// When it was reported.
    pub opened_at: Time,
    /// What is being done.
    pub public_state: Text,
    /// How many have joined it.
    pub joined_count: u32,
    /// A picture, small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub thumb_url: Option<String>,
}

/// The secret of an anonymous report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SecretQuery {
    /// The secret given when the report was filed without signing in.
    pub secret: Option<String>,
}

/// A report in its reporter's list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportSummary {
    /// The number people see.
    pub case_no: String,
    /// Its category.
    pub category: String,
    /// The category's name.
    pub title: Text,
    /// The service applied for, when it is an application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub service: Option<String>,
    /// What is being done.
    pub public_state: Text,
    /// The stage of its process.
    pub stage: String,
    /// True while it has not ended.
    pub open: bool,
    /// When it was reported.
    pub opened_at: Time,
    /// When its last event happened.
    pub updated_at: Time,
    /// When the present step is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_at: Option<Time>,
    /// Longitude, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lon: Option<f64>,
    /// Latitude, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lat: Option<f64>,
    /// The address in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    /// A picture, small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub thumb_url: Option<String>,
    /// The reporter's rating, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rating: Option<u8>,
    /// What the reporter may do now, by action id (`rate`, `reopen`, `urge` …).
    pub can: Vec<String>,
}

/// A page of one's own reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportPage {
    /// The latest first.
    pub items: Vec<ReportSummary>,
    /// To be given as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// How many, at most 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// A report as its reporter sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// What its list shows.
    #[serde(flatten)]
    pub summary: ReportSummary,
    /// What they wrote.
    pub description: String,
    /// The regions that hold its place, the city first.
    pub region_chain: Vec<RegionLink>,
    /// The pictures they may see.
    pub evidence: Vec<EvidenceLink>,
    /// What happened, the first first.
    pub timeline: Vec<TimelineEntry>,
    /// The way through the stages.
    pub stages: Vec<StageMark>,
    /// What they may do now, with its questions.
    pub actions: Vec<ActionView>,
    /// Whether the applicant may still correct the answers: `PUT /reports/{case_no}/application`.
    pub correctable: bool,
    /// The time at a window booked last for an application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub visit: Option<VisitView>,
    /// How many have joined it.
    pub joined_count: u32,
    /// For an application: the promised limit and that of the law, as they stand.
    pub limits: Vec<super::ClockView>,
}

/// One thing that happened to a report, in words for its reporter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// When.
    pub at: Time,
    /// What.
    pub title: Text,
    /// A note meant for the reporter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub note: Option<String>,
    /// Which office did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub office_title: Option<Text>,
    /// Pictures of it.
    pub evidence: Vec<EvidenceLink>,
    /// The event.
    pub event_id: String,
    /// Where its receipt is.
    pub receipt_url: String,
}

/// A stage and how far the case is with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StageMark {
    /// The stage.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// How far.
    pub state: StageProgress,
}

/// How far a case is with a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageProgress {
    /// Behind it.
    Done,
    /// In it.
    Current,
    /// Not there yet.
    Todo,
}

/// Cases near by, for everybody.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PublicCasesQuery {
    /// Western longitude, degrees.
    pub west: f64,
    /// Southern latitude, degrees.
    pub south: f64,
    /// Eastern longitude, degrees.
    pub east: f64,
    /// Northern latitude, degrees.
    pub north: f64,
    /// True for open ones alone, false for closed ones alone.
    pub open: Option<bool>,
}

/// Cases near by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PublicCases {
    /// The latest first, at most 500.
    pub items: Vec<PublicCase>,
}

/// A case as everybody may see it; its place is rounded to about 10 m.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PublicCase {
    /// The number people see.
    pub case_no: String,
    /// Its category.
    pub category: String,
    /// The category's name.
    pub title: Text,
    /// Longitude, degrees, rounded.
    pub lon: f64,
    /// Latitude, degrees, rounded.
    pub lat: f64,
    /// What is being done.
    pub public_state: Text,
    /// True while it has not ended.
    pub open: bool,
    /// When it was reported.
    pub opened_at: Time,
    /// How many have joined it.
    pub joined_count: u32,
}
