//! Records: facts in the log that are no step of a case.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ActorView, Text, Time};

/// Which records to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecordsQuery {
    /// `next` of the page before.
    pub before: Option<i64>,
    /// How many, at most 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// A fact in the log that is no step of a case; its receipt is at `/receipts/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecordView {
    /// Its id.
    pub id: String,
    /// Place in the log, counted with the events.
    pub position: i64,
    /// The word of its kind.
    pub kind: String,
    /// Its name.
    pub title: Text,
    /// When it happened.
    pub at: Time,
    /// When it was written.
    pub recorded_at: Time,
    /// Who did it.
    pub actor: ActorView,
    /// What happened, as it is sealed.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
}

/// Records, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RecordPage {
    /// The records.
    pub items: Vec<RecordView>,
    /// `before` of the next page; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<i64>,
}
