//! Live changes, as server-sent events.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{EventKind, Time};

/// Data of `event: hello`, sent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StreamHello {
    /// The log's position; what follows comes after it.
    pub position: i64,
    /// True when changes were left out because there were too many of them: load again what is on the screen.
    pub missed: bool,
}

/// Data of `event: case`: a case that the caller may read changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StreamCase {
    /// The case.
    pub case_id: String,
    /// The number people see.
    pub case_no: String,
    /// How many events it has now.
    pub version: u32,
    /// What happened.
    pub kind: EventKind,
    /// The state now.
    pub state: String,
    /// The stage now.
    pub stage: String,
    /// The category.
    pub category: String,
    /// The region.
    pub region: String,
    /// The regions from the root down, each with a trailing `/`.
    pub region_path: String,
    /// Longitude, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lon: Option<f64>,
    /// Latitude, degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lat: Option<f64>,
    /// When the present task is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_at: Option<Time>,
    /// True while it has not ended.
    pub open: bool,
}
