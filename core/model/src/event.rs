//! Events (事件): immutable facts, the only way anything changes. This is the persisted language.
//!
//! Bodies never hold names, phone numbers or other contact data: those are sealed records named by id.
//! Every instant and every party a later reader needs is written into the event, so that the fold needs no pack.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::actor::{Actor, Reporter};
use crate::clock::ClockName;
use crate::ids::*;
use crate::limit::Limit;
use crate::payment::{FeeLine, PaymentState};
use crate::place::Place;
use crate::time::Instant;
use crate::visit::{Visit, VisitEnd};

/// An event as it stands in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Place in the log: 1, 2, 3 … in commit order over all cases.
    pub position: i64,
    /// The event's own id.
    pub id: EventId,
    /// The case it belongs to.
    pub case: CaseId,
    /// 1 for the first event of the case, then 2, 3 …
    pub version: u32,
    /// When it happened (an imported event: its own time).
    pub at: Instant,
    /// When it was written.
    pub recorded_at: Instant,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub body: EventBody,
}

/// An event decided but not yet written: it has no position, version or id.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// When it happened.
    pub at: Instant,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub body: EventBody,
}

/// What happened. Variants and fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventBody {
    /// A case began.
    Reported(Box<Reported>),
    /// An action moved the case, or was taken without leaving its state.
    Moved(Box<Moved>),
    /// The actor took the present task for themselves.
    Claimed,
    /// A clock began.
    ClockStarted {
        /// Which clock.
        clock: ClockName,
        /// What it counts; absent when only the due instant is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<Limit>,
        /// By which calendar.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        calendar: Option<CalendarId>,
        /// When it is due.
        due_at: Instant,
    },
    /// A clock stopped counting for a while.
    ClockPaused {
        /// Which clock.
        clock: ClockName,
        /// Time left, in microseconds of the limit's own kind of time; negative when already late.
        left_us: i64,
    },
    /// A paused clock counts again.
    ClockResumed {
        /// Which clock.
        clock: ClockName,
        /// When it is due now.
        due_at: Instant,
    },
    /// A clock was given more time.
    ClockExtended {
        /// Which clock.
        clock: ClockName,
        /// By how much.
        by: Limit,
        /// When it is due now.
        due_at: Instant,
    },
    /// What the clock waited for was done.
    ClockStopped {
        /// Which clock.
        clock: ClockName,
    },
    /// The clock counts for nobody from here on (挂账, upheld 申诉).
    ClockExempted {
        /// Which clock.
        clock: ClockName,
    },
    /// The due instant passed with the clock still counting.
    DeadlinePassed {
        /// Which clock.
        clock: ClockName,
        /// The instant that passed.
        due_at: Instant,
        /// When the case climbs a step if nothing happens; absent where the process does not escalate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_at: Option<Instant>,
    },
    /// The case was raised to a higher office (逐级上报).
    Escalated {
        /// 1 for the first step up, then 2, 3 …
        level: u8,
        /// The office that now watches it.
        office: OfficeId,
        /// The clock that was missed.
        clock: ClockName,
        /// When it climbs another step if nothing happens; absent at the top.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_at: Option<Instant>,
    },
    /// Somebody else reported the same thing (我也遇到).
    Joined {
        /// Who.
        reporter: Reporter,
    },
    /// The category or the filing condition was put right.
    Reclassified {
        /// The category now.
        category: CategoryId,
        /// The filing condition now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<ConditionId>,
    },
    /// The applicant holds a time at a window.
    Booked {
        /// Which.
        visit: Visit,
    },
    /// The booking ended without a visit.
    VisitEnded {
        /// How.
        how: VisitEnd,
    },
    /// The applicant came and drew a number (取号).
    Arrived {
        /// The number called at the window.
        ticket: String,
    },
    /// A payment was asked for, or its state changed.
    Paying {
        /// Which.
        payment: PaymentId,
        /// Its state now.
        state: PaymentState,
        /// How much, in the smallest unit of the currency.
        amount: i64,
        /// The gateway's own number for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// What is paid together, when it is asked for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fees: Vec<FeeLine>,
    },
    /// It was decided that a part of a payment goes back; the action that decided it says why.
    RefundAsked {
        /// Of which payment.
        payment: PaymentId,
        /// 1 for its first part, then 2, 3 …
        part: u32,
        /// How much, in the smallest unit of the currency.
        amount: i64,
    },
    /// The gateway told that the part is back.
    RefundMade {
        /// Of which payment.
        payment: PaymentId,
        /// Which part.
        part: u32,
    },
    /// Staff opened personal data of the case (查阅). It changes nothing about the case.
    Looked {
        /// What kind of data.
        data: DataClass,
        /// Why, in the words of who looked.
        purpose: String,
        /// The law it rests on.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        basis: String,
        /// Why and until when its subject may not know of it; absent when they may at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sealed: Option<Sealing>,
    },
    /// Answers of many applications were taken at once (批量用数). It names nobody: the root commits to everybody in it.
    Extracted(Box<Extracted>),
    /// The applicant put the answers of an application right (更正). The record they were in is kept, and frozen.
    Corrected {
        /// The sealed answers now.
        answers: SealedId,
        /// SHA-256 of salt and answers as sealed.
        commitment: Commitment,
        /// The questions whose answers differ.
        fields: Vec<FormId>,
        /// Every file the answers name now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<EvidenceId>,
    },
    /// A licence was issued to the applicant (制证).
    Issued {
        /// Which.
        licence: LicenceId,
        /// Its place in the status list.
        index: u32,
        /// The last day it is valid.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Instant>,
    },
    /// A licence was revoked (吊销、注销).
    Revoked {
        /// Which.
        licence: LicenceId,
    },
    /// The reporter rated the outcome.
    Rated {
        /// 1 (very bad) to 5 (very good).
        stars: u8,
        /// In their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
}

impl EventBody {
    /// The word of the kind, as in JSON and SQL.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Reported(_) => "reported",
            Self::Moved(_) => "moved",
            Self::Claimed => "claimed",
            Self::ClockStarted { .. } => "clock_started",
            Self::ClockPaused { .. } => "clock_paused",
            Self::ClockResumed { .. } => "clock_resumed",
            Self::ClockExtended { .. } => "clock_extended",
            Self::ClockStopped { .. } => "clock_stopped",
            Self::ClockExempted { .. } => "clock_exempted",
            Self::DeadlinePassed { .. } => "deadline_passed",
            Self::Escalated { .. } => "escalated",
            Self::Joined { .. } => "joined",
            Self::Reclassified { .. } => "reclassified",
            Self::Booked { .. } => "booked",
            Self::VisitEnded { .. } => "visit_ended",
            Self::Arrived { .. } => "arrived",
            Self::Paying { .. } => "paying",
            Self::RefundAsked { .. } => "refund_asked",
            Self::RefundMade { .. } => "refund_made",
            Self::Looked { .. } => "looked",
            Self::Extracted(_) => "extracted",
            Self::Corrected { .. } => "corrected",
            Self::Issued { .. } => "issued",
            Self::Revoked { .. } => "revoked",
            Self::Rated { .. } => "rated",
        }
    }
}

/// Answers of many applications, taken at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    /// Its id.
    pub extract: RequestId,
    /// The service whose applications they are of.
    pub service: ServiceId,
    /// Which answers.
    pub fields: Vec<FormId>,
    /// How many applications.
    pub count: u32,
    /// The root of the tree of one leaf for each (RFC 6962 §2.1).
    pub root: Commitment,
    /// Why.
    pub purpose: String,
    /// The law it rests on.
    pub basis: String,
}

/// Why somebody may not know yet that their data was looked at: an investigation would fail (个人信息保护法 art. 18, 35).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealing {
    /// From when on they may.
    pub until: Instant,
    /// The ground, in the words of who sealed it.
    pub ground: String,
}

/// A class of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataClass {
    /// Name, telephone, e-mail.
    Contact,
    /// The answers of an application.
    Application,
}

/// How a case began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// The number people see.
    pub no: CaseNo,
    /// The pack it began under; it is judged by that pack to its end.
    pub pack: PackHash,
    /// The process it follows.
    pub process: ProcessId,
    /// What kind of thing.
    pub category: CategoryId,
    /// Which filing condition, when the reporter or the pack knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionId>,
    /// What the reporter said, plain text.
    pub description: String,
    /// Where.
    pub place: Place,
    /// By which way in: `resident`, `patrol`, `phone`, `open311`, `import` …
    pub channel: String,
    /// Who reported it.
    pub reporter: Reporter,
    /// Pictures and other files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceId>,
    /// Answers to the category's form, by field id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, serde_json::Value>,
    /// What was applied for, when the case is an application for a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<Application>,
    /// The id in the system it came from, unique per source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// The state it begins in.
    pub state: StateId,
    /// The stage of that state.
    pub stage: StageId,
    /// The first task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
}

/// An application (申办): the service, and where its answers are. The answers themselves are sealed: an event names no
/// person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// The service applied for.
    pub service: ServiceId,
    /// The sealed answers.
    pub answers: SealedId,
    /// SHA-256 of salt and answers as sealed, so that a receipt proves which answers were handed in.
    pub commitment: Commitment,
    /// The questions to departments that answers came from: each stands in the log of the department too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<RequestId>,
    /// Licences given as materials; what was disclosed of them is among the sealed answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<LicenceId>,
    /// What is to be paid for it online, as the answers leave it; for older ones the service says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fees: Vec<FeeLine>,
    /// The terminal of a service hall at which it was handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kiosk: Option<KioskId>,
}

/// What one party must do next. Its deadline is the clock it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The role that may do it.
    pub role: RoleId,
    /// The office that owes it.
    pub office: OfficeId,
    /// The clock that limits it.
    pub clock: ClockName,
    /// The one person it was given to, when it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PartyId>,
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

impl Outcome {
    /// The word used in SQL, JSON and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Declined => "declined",
            Self::Duplicate => "duplicate",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What an action is counted as in indicators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tally {
    /// 返工: the check failed, the work goes back.
    Rework,
    /// 回退: a department returned the task upstream.
    Returned,
    /// 挂账: cannot be solved now.
    Suspended,
    /// 延期 asked for.
    ExtensionAsked,
    /// 延期 approved.
    Extended,
    /// 申诉 made.
    Appealed,
    /// 申诉 upheld.
    AppealUpheld,
    /// 督办.
    Supervised,
    /// 催办.
    Urged,
    /// Opened again by its reporter.
    Reopened,
}

impl Tally {
    /// The word used in SQL, JSON and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rework => "rework",
            Self::Returned => "returned",
            Self::Suspended => "suspended",
            Self::ExtensionAsked => "extension_asked",
            Self::Extended => "extended",
            Self::Appealed => "appealed",
            Self::AppealUpheld => "appeal_upheld",
            Self::Supervised => "supervised",
            Self::Urged => "urged",
            Self::Reopened => "reopened",
        }
    }
}

/// An action of the process, taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// Which action.
    pub action: ActionId,
    /// The state before.
    pub from: StateId,
    /// The state after; equal to `from` when the action does not move the case.
    pub to: StateId,
    /// The stage of the state after.
    pub stage: StageId,
    /// The task after, absent in a final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// The department that handles the case (处置单位), when this action named or changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<OfficeId>,
    /// How the case ended, in a final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What it counts as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tally: Option<Tally>,
    /// The reason chosen from the process's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// In the actor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the reporter may read the note.
    #[serde(default)]
    pub public: bool,
    /// Evidence by purpose: `before`, `after`, `scene` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, Vec<EvidenceId>>,
    /// Other answers to the action's fields, by field id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, serde_json::Value>,
}
