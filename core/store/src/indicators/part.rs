//! The definitions: what each count counts, as a condition over one cohort.

use model::StageId;

use super::{GroupBy, IndicatorScope};
use crate::cases::Where;

/// The clock counts for nobody, or more time was granted and kept. A macro: conditions are built of literals.
macro_rules! excused {
    () => {
        "(c.excused OR (c.extended > 0 AND COALESCE(c.on_time, FALSE)))"
    };
}

/// Which rows a part looks at, and by which instant they belong to the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Cohort {
    /// Cases reported in the period.
    Opened,
    /// Cases closed in the period as resolved.
    Closed,
    /// Cases with a promised time that settled in the period: closed then, else promised for then.
    Settled,
    /// Steps somebody owed that settled in the period: left then, else due then.
    Steps,
}

/// What is counted. Those of one cohort are subsets of its first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Reported in the period (上报).
    Opened,
    /// Of the reported: filed and owed on the disposal clock since (立案).
    Filed,
    /// Of the reported: not filed (不予立案).
    Declined,
    /// Of the reported: found on patrol.
    Patrol,
    /// Of the reported: under supervision at least once (督办).
    Supervised,
    /// Of the reported: suspended at least once (挂账).
    Suspended,
    /// Of the reported: given more time at least once (延期).
    Extended,
    /// Of the reported: appealed at least once (申诉).
    Appealed,
    /// Of the reported: urged at least once (催办).
    Urged,
    /// Closed in the period as resolved (结案).
    Closed,
    /// Of the closed: sent back after a check at least once (返工).
    Reworked,
    /// Of the closed: sent back after a check more than once (多次返工).
    ReworkedOften,
    /// Of the closed: returned by a department at least once (回退).
    Returned,
    /// Of the closed: opened again at least once.
    Reopened,
    /// Of the closed: rated by the reporter.
    Rated,
    /// Of the closed: rated 4 or 5.
    Satisfied,
    /// Of the rated: the sum of their stars.
    RatingSum,
    /// Of the closed with both instants known: microseconds from filing to done, summed.
    HandlingUs,
    /// Promised for the period or closed in it, not excused, and that time has come (应结案).
    ///
    /// Excused are 挂账 and upheld 申诉, which exempt the clock, and a 延期 that was approved and kept: it is taken out
    /// of what is due, as 缓办 is. One that was not kept is late like any other.
    Due,
    /// Of the due: closed.
    DueClosed,
    /// Of the due: closed, and handled in time (按期结案).
    DueClosedOnTime,
    /// Of the due: not (closed and handled in time).
    DueLate,
    /// Promised for the period or closed in it, but excused (挂账, upheld 申诉, kept 延期): not among the due.
    Excused,
    /// Steps with a deadline, not exempt, left in the period or due in it and that time has come (应…数).
    StepsDue,
    /// Of those steps: done.
    StepsDone,
    /// Of those steps: done in time (按时…数).
    StepsOnTime,
    /// Of those steps: not done in time.
    StepsLate,
    /// Of the done steps: microseconds from entered to left, summed.
    StepsUs,
    /// Steps that would be due, but whose clock counts for nobody.
    StepsExempt,
    /// Every step left in the period, with a deadline or without: work done.
    StepsLeft,
}

/// A part, of one stage when it counts steps; without a stage it counts those of all stages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Measure {
    /// What is counted.
    pub part: Part,
    /// Which stage; only for parts that count steps.
    pub stage: Option<StageId>,
}

impl From<Part> for Measure {
    fn from(part: Part) -> Self {
        Self { part, stage: None }
    }
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 30] = [
        Self::Opened,
        Self::Filed,
        Self::Declined,
        Self::Patrol,
        Self::Supervised,
        Self::Suspended,
        Self::Extended,
        Self::Appealed,
        Self::Urged,
        Self::Closed,
        Self::Reworked,
        Self::ReworkedOften,
        Self::Returned,
        Self::Reopened,
        Self::Rated,
        Self::Satisfied,
        Self::RatingSum,
        Self::HandlingUs,
        Self::Due,
        Self::DueClosed,
        Self::DueClosedOnTime,
        Self::DueLate,
        Self::Excused,
        Self::StepsDue,
        Self::StepsDone,
        Self::StepsOnTime,
        Self::StepsLate,
        Self::StepsUs,
        Self::StepsExempt,
        Self::StepsLeft,
    ];

    /// True when it counts steps, not cases.
    pub fn counts_steps(self) -> bool {
        self.cohort() == Cohort::Steps
    }

    pub(super) const fn cohort(self) -> Cohort {
        match self {
            Self::Opened
            | Self::Filed
            | Self::Declined
            | Self::Patrol
            | Self::Supervised
            | Self::Suspended
            | Self::Extended
            | Self::Appealed
            | Self::Urged => Cohort::Opened,
            Self::Closed
            | Self::Reworked
            | Self::ReworkedOften
            | Self::Returned
            | Self::Reopened
            | Self::Rated
            | Self::Satisfied
            | Self::RatingSum
            | Self::HandlingUs => Cohort::Closed,
            Self::Due | Self::DueClosed | Self::DueClosedOnTime | Self::DueLate | Self::Excused => Cohort::Settled,
            Self::StepsDue
            | Self::StepsDone
            | Self::StepsOnTime
            | Self::StepsLate
            | Self::StepsUs
            | Self::StepsExempt
            | Self::StepsLeft => Cohort::Steps,
        }
    }

    /// The condition of the part within its cohort.
    pub(super) const fn condition(self) -> &'static str {
        match self {
            Self::Opened | Self::Closed => "TRUE",
            Self::Filed => "c.filed_at_us IS NOT NULL",
            Self::Declined => "COALESCE(c.outcome, '') = 'declined'",
            Self::Patrol => "c.channel = 'patrol'",
            Self::Supervised => "c.supervised > 0",
            Self::Suspended => "c.suspended > 0",
            Self::Extended => "c.extended > 0",
            Self::Appealed => "c.appealed > 0",
            Self::Urged => "c.urged > 0",
            Self::Reworked => "c.rework > 0",
            Self::ReworkedOften => "c.rework > 1",
            Self::Returned => "c.returned > 0",
            Self::Reopened => "c.reopened > 0",
            Self::Rated | Self::RatingSum => "c.rating IS NOT NULL",
            Self::Satisfied => "COALESCE(c.rating, 0) >= 4",
            Self::HandlingUs => "c.filed_at_us IS NOT NULL AND c.handled_at_us IS NOT NULL",
            Self::Due => concat!("NOT ", excused!()),
            Self::DueClosed => concat!("NOT ", excused!(), " AND c.outcome IS NOT NULL"),
            Self::DueClosedOnTime => {
                concat!("NOT ", excused!(), " AND c.outcome IS NOT NULL AND COALESCE(c.on_time, FALSE)")
            }
            Self::DueLate => {
                concat!("NOT ", excused!(), " AND NOT (c.outcome IS NOT NULL AND COALESCE(c.on_time, FALSE))")
            }
            Self::Excused => excused!(),
            Self::StepsDue => "s.due_at_us IS NOT NULL AND NOT s.exempt",
            Self::StepsDone | Self::StepsUs => "s.due_at_us IS NOT NULL AND NOT s.exempt AND s.left_at_us IS NOT NULL",
            Self::StepsOnTime => {
                "s.due_at_us IS NOT NULL AND NOT s.exempt AND COALESCE(s.left_at_us <= s.due_at_us, FALSE)"
            }
            Self::StepsLate => {
                "s.due_at_us IS NOT NULL AND NOT s.exempt AND NOT COALESCE(s.left_at_us <= s.due_at_us, FALSE)"
            }
            Self::StepsExempt => "s.due_at_us IS NOT NULL AND s.exempt",
            Self::StepsLeft => "s.left_at_us IS NOT NULL",
        }
    }

    /// What is summed over the rows of the part; absent when they are only counted.
    pub(super) const fn summed(self) -> Option<&'static str> {
        match self {
            Self::RatingSum => Some("c.rating"),
            Self::HandlingUs => Some("c.handled_at_us - c.filed_at_us"),
            Self::StepsUs => Some("s.left_at_us - s.entered_at_us"),
            _ => None,
        }
    }
}

impl Cohort {
    pub(super) const ALL: [Self; 4] = [Self::Opened, Self::Closed, Self::Settled, Self::Steps];

    pub(super) const fn tables(self) -> &'static str {
        match self {
            Self::Opened | Self::Closed | Self::Settled => "cases AS c",
            Self::Steps => "case_steps AS s JOIN cases AS c ON c.key = s.case_key",
        }
    }

    /// What the cohort's rows have in common, the period included.
    pub(super) fn clause(self, scope: &IndicatorScope) -> Where {
        let mut clause = scope.clause();
        let column = match self {
            Self::Opened => "c.opened_at_us",
            Self::Closed => "c.closed_at_us",
            Self::Settled => "c.settles_at_us",
            Self::Steps => "s.settles_at_us",
        };
        let (from, before) = (clause.bind(scope.from), clause.bind(scope.before));
        clause.and(&format!("{column} >= {from} AND {column} < {before}"));
        match self {
            Self::Opened => {}
            Self::Closed => clause.and("c.outcome = 'resolved'"),
            Self::Settled => {
                let now = clause.bind(scope.now);
                clause.and(&format!(
                    "c.promised_at_us IS NOT NULL AND (c.outcome IS NOT NULL OR c.settles_at_us < {now})"
                ));
            }
            Self::Steps => {
                let now = clause.bind(scope.now);
                clause.and(&format!("s.role IS NOT NULL AND (s.left_at_us IS NOT NULL OR s.settles_at_us < {now})"));
            }
        }
        clause
    }

    /// The expression that groups; absent where the cohort cannot be grouped that way.
    pub(super) const fn group(self, by: GroupBy) -> Option<&'static str> {
        match (by, self) {
            (GroupBy::All, _) => Some("''"),
            (GroupBy::Region { .. }, _) => Some("c.region_path"),
            (GroupBy::Department, Self::Steps) => Some("COALESCE(s.office, '')"),
            (GroupBy::Department, _) => Some("COALESCE(c.handler, '')"),
            (GroupBy::Category, _) => Some("c.category"),
            (GroupBy::Person, Self::Steps) => Some("COALESCE(s.done_by, s.assignee, '')"),
            (GroupBy::Stage, Self::Steps) => Some("s.stage"),
            (GroupBy::Person | GroupBy::Stage, _) => None,
        }
    }
}
