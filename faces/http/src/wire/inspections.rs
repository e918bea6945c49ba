//! Inspections: what is looked at regularly, what was found, and the baselines that photographs are compared with.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{InspectionBaseline, InspectionPicture, PanelComparisonView, Text, Time};

/// Something that is looked at regularly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InspectionSummary {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// The region it lies in.
    pub region_title: Text,
    /// Due again after so many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub every_days: Option<u16>,
    /// Whether it is due today.
    pub is_due: bool,
    /// When it was last done to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_ended_at: Option<Time>,
    /// How many stops it has.
    pub stops: u32,
    /// How many checks it has.
    pub checks: u32,
    /// Whether the caller may do it.
    pub may_run: bool,
    /// Whether the caller may set its baselines.
    pub may_manage: bool,
}

/// The same, with everything to look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InspectionView {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: InspectionSummary,
    /// In the order they are walked.
    pub route: Vec<InspectionStop>,
}

/// A place where something is checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InspectionStop {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Longitude, degrees, CGCS2000.
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// What is checked, in order.
    pub checks: Vec<InspectionCheck>,
}

/// What an answer to a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InspectionCheckKind {
    /// `true` or `false`.
    YesNo,
    /// A number.
    Number,
    /// The id of an option.
    Choice,
    /// A picture, no value.
    Photo,
    /// A picture that is compared with the baseline; whether it is in order, or `null` to let the comparison say.
    Panel,
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InspectionCheck {
    /// Its id.
    pub id: String,
    /// The question, or what is measured.
    pub title: Text,
    /// How to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub help: Option<Text>,
    /// What an answer is.
    pub kind: InspectionCheckKind,
    /// Of yes or no: the answer that is no fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expected: Option<bool>,
    /// Of a number: the symbol of its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub symbol: Option<String>,
    /// Of a number: less is a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub min: Option<f64>,
    /// Of a number: more is a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max: Option<f64>,
    /// Of a choice: what there is to choose.
    pub options: Vec<InspectionOption>,
    /// What a fault opens a case of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub category_title: Option<Text>,
    /// Whether it may be left out.
    pub optional: bool,
    /// Of a panel: what photographs are compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub baseline: Option<InspectionBaseline>,
}

/// One of several answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InspectionOption {
    /// Its id.
    pub id: String,
    /// What people read.
    pub title: Text,
    /// Whether it is a fault.
    pub is_fault: bool,
}

/// An inspection that begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectionRunInput {
    /// What is inspected.
    pub inspection: String,
    /// When it began; within the last 7 days.
    pub started_at: Time,
}

/// An answer to a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectionAnswerInput {
    /// When; within the last 7 days.
    pub at: Time,
    /// The answer, by the kind of the check.
    #[serde(default)]
    pub value: serde_json::Value,
    /// What there is to say of it, at most 500 characters.
    #[serde(default)]
    pub note: String,
    /// The photograph, uploaded before.
    #[serde(default)]
    #[schema(nullable = false)]
    pub picture: Option<String>,
    /// Longitude where it was answered, degrees, CGCS2000.
    #[serde(default)]
    #[schema(nullable = false)]
    pub lon: Option<f64>,
    /// Latitude, degrees.
    #[serde(default)]
    #[schema(nullable = false)]
    pub lat: Option<f64>,
    /// How well the phone knew its place, metres.
    #[serde(default)]
    #[schema(nullable = false)]
    pub accuracy_m: Option<f64>,
}

/// What was answered at a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InspectionAnswer {
    /// Its id.
    pub id: String,
    /// In which run.
    pub run: String,
    /// Of which inspection.
    pub inspection: String,
    /// The inspection's name.
    pub inspection_title: Text,
    /// The stop's name.
    pub stop_title: Text,
    /// Which check.
    pub check: String,
    /// The check's name.
    pub check_title: Text,
    /// When.
    pub at: Time,
    /// The answer, by the kind of the check.
    pub value: serde_json::Value,
    /// The answer in words; absent where the picture is the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub answer: Option<Text>,
    /// What there was to say of it.
    pub note: String,
    /// The photograph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub picture: Option<InspectionPicture>,
    /// How far from the stop it was answered, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub distance_m: Option<f64>,
    /// The photograph beside the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub comparison: Option<PanelComparisonView>,
    /// Whether it is a fault.
    pub is_fault: bool,
    /// The case that the fault opened or joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_id: Option<String>,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_no: Option<String>,
}

/// An inspection being done, or done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InspectionRun {
    /// Its id.
    pub id: String,
    /// What is inspected.
    pub inspection: String,
    /// Its name.
    pub title: Text,
    /// Who does it.
    pub by: String,
    /// When it began.
    pub started_at: Time,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended_at: Option<Time>,
    /// Checks answered, once it ended.
    pub answers: u32,
    /// Faults among them, once it ended.
    pub faults: u32,
}

/// The same, with its answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InspectionRunView {
    /// What lists show of it.
    #[serde(flatten)]
    pub run: InspectionRun,
    /// What was answered, in the order of the route.
    pub answered: Vec<InspectionAnswer>,
}

/// Which runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InspectionRunsQuery {
    /// Of this inspection.
    pub inspection: Option<String>,
    /// `next` of the page before.
    pub before: Option<String>,
    /// How many, at most 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Runs, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InspectionRunPage {
    /// The runs.
    pub items: Vec<InspectionRun>,
    /// `before` of the next page; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}

/// Which answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InspectionAnswersQuery {
    /// Of this case.
    pub case: Option<String>,
    /// Of this inspection, with `check`.
    pub inspection: Option<String>,
    /// Of this check, with `inspection`.
    pub check: Option<String>,
    /// Faults alone.
    pub faults: Option<bool>,
    /// `next` of the page before.
    pub before: Option<String>,
    /// How many, at most 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Answers of any run, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InspectionAnswerPage {
    /// The answers.
    pub items: Vec<InspectionAnswer>,
    /// `before` of the next page; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
}
