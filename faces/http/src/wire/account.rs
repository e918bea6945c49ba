//! Indicators, trends and receipts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Text, Time};

/// Which indicators, over which time, by what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IndicatorsQuery {
    /// Beginning: a day of the city's time zone (`2026-10-01`) or an instant, RFC 3339; 30 days before `to` when absent.
    pub from: Option<String>,
    /// End, not included: a day (its end) or an instant; now when absent.
    pub to: Option<String>,
    /// By what; `none` when absent.
    pub by: Option<IndicatorGroup>,
    /// Only this region with everything below.
    pub region: Option<String>,
}

/// By what indicators are grouped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IndicatorGroup {
    /// By the regions directly below the one asked for.
    Region,
    /// By the department that handles.
    Department,
    /// By category.
    Category,
    /// By the person who did the task.
    Person,
    /// By stage.
    Stage,
    /// All together.
    #[default]
    None,
}

/// Indicators with what they are made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Indicators {
    /// Beginning, included.
    pub from: Time,
    /// End, not included.
    pub to: Time,
    /// By what.
    pub by: IndicatorGroup,
    /// What each means.
    pub definitions: Vec<IndicatorDefinition>,
    /// One row for each group.
    pub rows: Vec<IndicatorRow>,
}

/// What an indicator means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IndicatorDefinition {
    /// Id.
    pub id: String,
    /// Name.
    pub title: Text,
    /// `ratio` (0 to 1), `count` or `stars`.
    pub unit: String,
    /// What the city wants it to reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub target: Option<f64>,
    /// How it is computed, in words.
    pub formula: Text,
    /// True when `part=missing` lists what could have counted and did not.
    pub has_missing: bool,
}

/// The values of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IndicatorRow {
    /// The group, as `key` of the drill-down takes it: the path of a region, an office, category, person or stage; empty
    /// for what belongs to none; `all` without grouping.
    pub key: String,
    /// Its name.
    pub title: Text,
    /// The values, by indicator id.
    pub values: BTreeMap<String, IndicatorValue>,
}

/// One value with the numbers it was made of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IndicatorValue {
    /// The value; null when the denominator is 0.
    #[schema(required)]
    pub value: Option<f64>,
    /// How many count.
    pub numerator: i64,
    /// Out of how many.
    pub denominator: i64,
}

/// Which cases behind a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IndicatorCasesQuery {
    /// Which part; `numerator` when absent.
    pub part: Option<IndicatorPart>,
    /// The row's key; all rows when absent.
    pub key: Option<String>,
    /// As in `GET /indicators`.
    pub from: Option<String>,
    /// As in `GET /indicators`.
    pub to: Option<String>,
    /// As in `GET /indicators`.
    pub by: Option<IndicatorGroup>,
    /// As in `GET /indicators`.
    pub region: Option<String>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// How many, at most 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Which cases behind a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IndicatorPart {
    /// Those that count.
    #[default]
    Numerator,
    /// All that could.
    Denominator,
    /// Those that could and do not.
    Missing,
}

/// The cases behind a number, as many as were counted; a case counts once for each of its steps where steps are counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IndicatorCases {
    /// The latest first.
    pub items: Vec<super::CaseSummary>,
    /// To be given as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// How many days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TrendsQuery {
    /// 1 to 366; 30 when absent.
    #[param(minimum = 1, maximum = 366)]
    pub days: Option<u32>,
    /// Only this region with everything below.
    pub region: Option<String>,
}

/// Counts per day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trends {
    /// The earliest first; days without cases are there too.
    pub days: Vec<TrendDay>,
}

/// Counts of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrendDay {
    /// The day in the city's time zone, `2026-11-23`.
    pub date: String,
    /// Cases reported.
    pub opened: i64,
    /// Cases ended.
    pub closed: i64,
    /// Deadlines missed.
    pub late: i64,
}

/// What a receipt says, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptView {
    /// True once the event is in the ledger.
    pub sealed: bool,
    /// Its place in the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub index: Option<u64>,
    /// The ledger's size when the receipt was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub size: Option<u64>,
    /// The ledger's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub origin: Option<String>,
    /// The leaf's hash, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub leaf_hash: Option<String>,
    /// True when the leaf commits to this very event.
    pub opens: bool,
    /// What this proves, in words.
    pub words: Text,
}
