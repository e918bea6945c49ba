//! Counts day by day, for charts.

use std::collections::BTreeMap;

use model::Instant;

use super::part::{Cohort, Measure, Part};
use super::{GroupBy, IndicatorScope};
use crate::error::StoreError;
use crate::tx::Reader;

/// The counts of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayCounts {
    /// When the day begins, in the city's time zone.
    pub from: Instant,
    /// Reported that day.
    pub opened: u64,
    /// Closed that day as resolved.
    pub closed: u64,
    /// Promised for that day or closed in it, but not handled in time ([`Part::DueLate`]).
    pub late: u64,
}

impl Reader {
    /// Counts between each two neighbouring instants of `days` (the beginnings of civil days, in order, and the end
    /// of the last). Place, kind and present are those of the scope; its own period and grouping are not used.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_days(&mut self, scope: &IndicatorScope, days: &[Instant]) -> Result<Vec<DayCounts>, StoreError> {
        let mut counts = Vec::with_capacity(days.len());
        for (from, before) in days.iter().zip(days.iter().skip(1)) {
            let day = IndicatorScope { from: *from, before: *before, by: GroupBy::All, ..scope.clone() };
            let mut groups: BTreeMap<String, BTreeMap<Measure, u64>> = BTreeMap::new();
            for (cohort, part) in
                [(Cohort::Opened, Part::Opened), (Cohort::Closed, Part::Closed), (Cohort::Settled, Part::DueLate)]
            {
                self.count_cohort(&day, cohort, &[part], &mut groups)?;
            }
            let of =
                |part: Part| groups.get("").and_then(|counts| counts.get(&Measure::from(part))).copied().unwrap_or(0);
            counts.push(DayCounts {
                from: *from,
                opened: of(Part::Opened),
                closed: of(Part::Closed),
                late: of(Part::DueLate),
            });
        }
        Ok(counts)
    }
}
