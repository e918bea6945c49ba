//! What indicators are made of: counts over cases and steps in a period, and the very cases behind each count.
//!
//! A count and its list come from one definition ([`Part`]): they cannot disagree. Rates, targets and titles are
//! the business of others.

mod count;
mod list;
mod part;
mod trend;

pub use count::GroupCounts;
pub use list::Behind;
pub use part::{Measure, Part};
pub use trend::DayCounts;

use model::{CategoryId, Instant, OfficeId, ProcessId};

use crate::cases::{CaseFilter, CaseScope, Where};

/// How counts are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// Not at all: one row with the key `""`.
    All,
    /// By the first so many segments of the region path; the key is that path. A case known to a larger region
    /// only is counted under its own, shorter path.
    Region {
        /// Segments: 1 = the city, 2 = its districts …
        depth: usize,
    },
    /// By the department that handles the case; steps by the office that owed them. The key of none is `""`.
    Department,
    /// By category.
    Category,
    /// By the person who did the step, else the one who has it. Steps only. The key of none is `""`.
    Person,
    /// By stage. Steps only.
    Stage,
}

/// Which period, which cases, how grouped.
#[derive(Debug, Clone, PartialEq)]
pub struct IndicatorScope {
    /// First instant of the period.
    pub from: Instant,
    /// The instant after its last.
    pub before: Instant,
    /// The present: what falls due later has not been missed yet.
    pub now: Instant,
    /// How counts are grouped.
    pub by: GroupBy,
    /// Only in this region (a path, root first, each followed by `/`).
    pub region_path: Option<String>,
    /// Only of these categories; empty = all.
    pub categories: Vec<CategoryId>,
    /// Of none of these processes.
    pub without_processes: Vec<ProcessId>,
    /// Only handled by this department.
    pub handler: Option<OfficeId>,
    /// Any of these parts; empty = everywhere. For authorisation.
    pub within: Vec<CaseScope>,
}

impl IndicatorScope {
    /// Everything in a period, not grouped.
    pub const fn whole(from: Instant, before: Instant, now: Instant) -> Self {
        Self {
            from,
            before,
            now,
            by: GroupBy::All,
            region_path: None,
            categories: Vec::new(),
            without_processes: Vec::new(),
            handler: None,
            within: Vec::new(),
        }
    }

    /// The place and kind of the cases, as terms over the columns of `cases`.
    fn clause(&self) -> Where {
        CaseFilter {
            region_path: self.region_path.clone(),
            categories: self.categories.clone(),
            without_processes: self.without_processes.clone(),
            handler: self.handler.clone(),
            within: self.within.clone(),
            ..CaseFilter::default()
        }
        .clause()
    }
}
