//! Visits at windows: times offered, booked, begun.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Text, Time};

/// Which times to list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SlotsQuery {
    /// The window, of `booking_places` of the guide.
    pub place: String,
}

/// Times offered at a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SlotList {
    /// The window.
    pub place: VisitPlace,
    /// From the first that can still be booked, in order.
    pub items: Vec<SlotView>,
}

/// A window where times are booked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VisitPlace {
    /// Its id within the service.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Street and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<Text>,
}

/// A time at a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotView {
    /// When it begins.
    pub starts_at: Time,
    /// When it ends.
    pub ends_at: Time,
    /// Windows still free; 0 when all are taken.
    pub free: u16,
}

/// A time to book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitInput {
    /// The window.
    pub place: String,
    /// When it begins, as offered; RFC 3339.
    pub starts_at: String,
}

/// A booked visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VisitView {
    /// Where.
    pub place: VisitPlace,
    /// When it begins.
    pub starts_at: Time,
    /// When it ends.
    pub ends_at: Time,
    /// How far it is.
    pub state: VisitState,
    /// The number drawn on arrival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ticket: Option<String>,
    /// Until when it can be given back or moved.
    pub changeable_until: Time,
}

/// How far a visit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisitState {
    /// Held.
    Booked,
    /// The applicant is there.
    Arrived,
    /// Given back.
    Cancelled,
    /// Another time was taken.
    Moved,
    /// Nobody came.
    Missed,
}
