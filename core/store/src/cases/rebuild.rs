//! Folds every projection anew from the events.

use model::{Case, Event, RegionId};

use super::project;
use crate::error::StoreError;
use crate::events::read_event;
use crate::tx::Tx;

/// Events read at a time.
const EVENTS_PER_READ: u32 = 5_000;

const LIST_BY_CASE: &str = "
SELECT position, id, case_id, version, at_us, recorded_at_us, actor, body
FROM events
WHERE (case_id, version) > ($1, $2)
ORDER BY case_id, version
LIMIT $3";

impl Tx {
    /// Drops every projection of cases and folds it anew from the events; the rows are the same as before.
    ///
    /// `region_path` gives the path of a region in the present pack (it is not an event's business: a city may
    /// redraw its districts). Returns the number of cases.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a history does not fold; then nothing is changed.
    pub fn rebuild_projections(&mut self, mut region_path: impl FnMut(&RegionId) -> String) -> Result<u64, StoreError> {
        for sql in [
            "DELETE FROM visits",
            "DELETE FROM licences",
            "DELETE FROM payments",
            "DELETE FROM case_steps",
            "DELETE FROM case_members",
            "DELETE FROM case_evidence",
            "DELETE FROM cases",
        ] {
            self.execute(sql, &[])?;
        }
        let mut cases = 0;
        let mut history: Vec<Event> = Vec::new();
        let mut after = (String::new(), 0_u32);
        loop {
            let rows = self.query(LIST_BY_CASE, crate::db::params![after.0, after.1, EVENTS_PER_READ])?;
            let is_last = rows.len() < EVENTS_PER_READ as usize;
            for row in rows {
                let event = read_event(row)?;
                after = (event.case.to_string(), event.version);
                if history.last().is_some_and(|last| last.case != event.case) {
                    cases += self.rebuild_case(&history, &mut region_path)?;
                    history.clear();
                }
                history.push(event);
            }
            if is_last {
                return Ok(cases + self.rebuild_case(&history, &mut region_path)?);
            }
        }
    }

    fn rebuild_case(
        &mut self,
        history: &[Event],
        region_path: &mut impl FnMut(&RegionId) -> String,
    ) -> Result<u64, StoreError> {
        let Some(first) = history.first() else { return Ok(0) };
        let case = Case::fold(history)?;
        let path = region_path(&case.place.region);
        project::create(self, &case, first.position, &path)?;
        Ok(1)
    }
}
