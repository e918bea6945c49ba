//! What an applicant gets besides a decision: visits at a window (预约) and licences (证照), as their case knows them.

use serde::{Deserialize, Serialize};

use crate::ids::FormId;
use crate::time::Instant;

/// A time at a window, held for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The place, a channel of the service.
    pub place: FormId,
    /// When it begins.
    pub starts_at: Instant,
    /// When it ends.
    pub ends_at: Instant,
    /// Which of the windows open at that time, 1 for the first: no two people hold one seat.
    pub seat: u16,
}

/// How a booking ended without a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitEnd {
    /// The applicant cancelled it, or the case ended before.
    Cancelled,
    /// The applicant took another time.
    Moved,
    /// Nobody came (爽约).
    Missed,
}

/// How far a booking is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VisitState {
    /// Held.
    Booked,
    /// The applicant is there.
    Arrived,
    /// Ended without a visit.
    Ended(VisitEnd),
}

impl VisitState {
    /// The word used in SQL, JSON and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Arrived => "arrived",
            Self::Ended(VisitEnd::Cancelled) => "cancelled",
            Self::Ended(VisitEnd::Moved) => "moved",
            Self::Ended(VisitEnd::Missed) => "missed",
        }
    }
}

/// A booking of a case, with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The time held.
    pub visit: Visit,
    /// How far it is.
    pub state: VisitState,
    /// The number drawn on arrival.
    pub ticket: Option<String>,
}

/// A licence as its case knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Its place in the status list.
    pub index: u32,
    /// When it was issued.
    pub issued_at: Instant,
    /// The last instant it is valid.
    pub expires_at: Option<Instant>,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
}
