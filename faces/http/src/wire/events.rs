//! Events of a case as staff see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ReporterKind, Text, Time};

/// The whole history of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CaseEvents {
    /// The first first.
    pub items: Vec<CaseEvent>,
}

/// One event of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CaseEvent {
    /// Its place in the log of all events.
    pub position: i64,
    /// Its id.
    pub id: String,
    /// 1 for the first of the case.
    pub version: u32,
    /// When it happened.
    pub at: Time,
    /// When it was written.
    pub recorded_at: Time,
    /// What kind of event.
    pub kind: EventKind,
    /// Who did it.
    pub actor: ActorView,
    /// What happened, in words.
    pub title: Text,
    /// The event's own body.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
    /// Where its receipt is.
    pub receipt_url: String,
    /// True once it is in the ledger.
    pub sealed: bool,
}

/// What kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A case began.
    Reported,
    /// An action was taken.
    Moved,
    /// Somebody took the task.
    Claimed,
    /// A clock began.
    ClockStarted,
    /// A clock was paused.
    ClockPaused,
    /// A clock counts again.
    ClockResumed,
    /// A clock was given more time.
    ClockExtended,
    /// What a clock waited for was done.
    ClockStopped,
    /// A clock counts for nobody.
    ClockExempted,
    /// A deadline passed.
    DeadlinePassed,
    /// The case was raised to a higher office.
    Escalated,
    /// Somebody else reported the same thing.
    Joined,
    /// The category or condition was put right.
    Reclassified,
    /// The applicant holds a time at a window.
    Booked,
    /// The booking ended without a visit.
    VisitEnded,
    /// The applicant came and drew a number.
    Arrived,
    /// A payment was asked for, or its state changed.
    Paying,
    /// It was decided that a part of a payment goes back.
    RefundAsked,
    /// The part is back.
    RefundMade,
    /// Staff opened personal data of the case.
    Looked,
    /// Answers of many applications were taken at once.
    Extracted,
    /// The applicant corrected the answers of the application.
    Corrected,
    /// A licence was issued.
    Issued,
    /// A licence was revoked.
    Revoked,
    /// The reporter rated the outcome.
    Rated,
}

impl EventKind {
    /// True for what a clock does by itself, beside the action that moved it.
    pub const fn is_of_clock(self) -> bool {
        matches!(
            self,
            Self::ClockStarted
                | Self::ClockPaused
                | Self::ClockResumed
                | Self::ClockExtended
                | Self::ClockStopped
                | Self::ClockExempted
        )
    }
}

/// Who did something, as far as the reader may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActorView {
    /// What kind of actor.
    pub kind: ReporterKind,
    /// The name of a member of staff or of a part of the platform; never that of a resident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// For which office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub office_title: Option<Text>,
    /// In which role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role_title: Option<Text>,
}
