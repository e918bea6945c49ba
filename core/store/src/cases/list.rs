//! Pages of cases by key, never by offset; counts that stop counting.

use std::fmt;
use std::str::FromStr;

use model::{ActionId, CaseId, CaseNo, ClockName, Instant, OfficeId, PartyId, RoleId, StageId, StateId};

use super::filter::{CaseFilter, CaseSort, Where};
use super::row::{COLUMNS, CaseRow};
use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::Reader;

/// Where the next page begins: the place in the order of the last item, and its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) order: i64,
    pub(crate) key: i64,
}

/// The text is not a cursor of this platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one that a list gave")]
pub struct CursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.order, self.key)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (order, key) = text.split_once('_').ok_or(CursorError)?;
        Ok(Self { order: order.parse().map_err(|_| CursorError)?, key: key.parse().map_err(|_| CursorError)? })
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items in order.
    pub items: Vec<T>,
    /// Where the next page begins; absent at the end.
    pub next: Option<Cursor>,
}

/// How many there are, counted up to a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoundedCount {
    /// How many were counted.
    pub count: u32,
    /// True when there are more than that.
    pub more: bool,
}

/// One passage of a case through a state, as the indicators see it.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRow {
    /// 1 for the first, then 2, 3 …
    pub seq: u32,
    /// The state.
    pub state: StateId,
    /// Its stage.
    pub stage: StageId,
    /// The role that owed it; absent in a final state.
    pub role: Option<RoleId>,
    /// The office that owed it.
    pub office: Option<OfficeId>,
    /// The clock that limited it.
    pub clock: Option<ClockName>,
    /// The person who had it.
    pub assignee: Option<PartyId>,
    /// The person whose action ended it.
    pub done_by: Option<PartyId>,
    /// When it was entered.
    pub entered_at: Instant,
    /// When it was left.
    pub left_at: Option<Instant>,
    /// By which action.
    pub left_by: Option<ActionId>,
    /// When it was due.
    pub due_at: Option<Instant>,
    /// True when its clock counts for nobody.
    pub exempt: bool,
}

impl CaseSort {
    const fn column(self) -> &'static str {
        match self {
            Self::Due => "due_at_us",
            Self::Opened => "opened_at_us",
            Self::Updated => "updated_at_us",
        }
    }

    const fn is_descending(self) -> bool {
        matches!(self, Self::Opened | Self::Updated)
    }
}

impl Reader {
    /// A page of the cases that match, in that order, at most `limit` of them.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_cases(
        &mut self,
        filter: &CaseFilter,
        sort: CaseSort,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<CaseRow>, StoreError> {
        let (column, descending) = (sort.column(), sort.is_descending());
        let (comparison, direction) = if descending { ("<", " DESC") } else { (">", "") };
        let mut clause = filter.clause();
        if let Some(cursor) = cursor {
            let (order, key) = (clause.bind(cursor.order), clause.bind(cursor.key));
            clause.and(&format!("({column}, key) {comparison} ({order}, {key})"));
        }
        let one_more = clause.bind(limit.saturating_add(1));
        let tail = format!(" ORDER BY {column}{direction}, key{direction} LIMIT {one_more}");
        let mut keyed = self.select_ordered(&format!("{column}, key"), &clause, &tail)?;
        let has_more = keyed.len() > limit as usize;
        keyed.truncate(limit as usize);
        let next = keyed.last().filter(|_| has_more).map(|(cursor, _)| *cursor);
        Ok(Page { items: keyed.into_iter().map(|(_, row)| row).collect(), next })
    }

    fn select_ordered(
        &mut self,
        order: &str,
        clause: &Where,
        tail: &str,
    ) -> Result<Vec<(Cursor, CaseRow)>, StoreError> {
        let sql = format!("SELECT {order}, {} FROM cases{}{tail}", COLUMNS.join(", "), clause.sql());
        let read = |mut row: Row| {
            let cursor = Cursor { order: row.next("order of a case")?, key: row.next("cases.key")? };
            Ok((cursor, CaseRow::read(&mut row)?))
        };
        self.query(&sql, clause.values())?.into_iter().map(read).collect()
    }

    /// How many cases match; counts no further than `at_most`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_cases(&mut self, filter: &CaseFilter, at_most: u32) -> Result<BoundedCount, StoreError> {
        let mut clause = filter.clause();
        let one_more = clause.bind(at_most.saturating_add(1));
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM cases{} LIMIT {one_more}) AS bounded", clause.sql());
        let count: u32 = self.query_one(&sql, clause.values())?.next("count")?;
        Ok(BoundedCount { count: count.min(at_most), more: count > at_most })
    }

    /// The row of a case.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_case_row(&mut self, case: CaseId) -> Result<Option<CaseRow>, StoreError> {
        let filter = CaseFilter { ids: vec![case], ..CaseFilter::default() };
        Ok(self.list_cases(&filter, CaseSort::Opened, None, 1)?.items.into_iter().next())
    }

    /// The row of a case by its number.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_case_row_by_no(&mut self, no: &CaseNo) -> Result<Option<CaseRow>, StoreError> {
        let filter = CaseFilter { numbers: vec![no.clone()], ..CaseFilter::default() };
        Ok(self.list_cases(&filter, CaseSort::Opened, None, 1)?.items.into_iter().next())
    }

    /// Cases whose timer must be looked at: due at `now` or before and not yet recorded as passed, longest due first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_due(&mut self, now: Instant, limit: u32) -> Result<Vec<CaseId>, StoreError> {
        let rows = self.query(
            "SELECT id FROM cases WHERE next_due_at_us <= $1 ORDER BY next_due_at_us, key LIMIT $2",
            params![now, limit],
        )?;
        rows.into_iter().map(|mut row| row.next("cases.id")).collect()
    }

    /// As [`Reader::list_due`], after the page that `cursor` ended: a case that keeps failing holds up no other.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn page_due(&mut self, now: Instant, cursor: Option<Cursor>, limit: u32) -> Result<Page<CaseId>, StoreError> {
        let cursor = cursor.unwrap_or(Cursor { order: i64::MIN, key: i64::MIN });
        let rows = self.query(
            "SELECT next_due_at_us, key, id
             FROM cases
             WHERE next_due_at_us <= $1 AND (next_due_at_us, key) > ($2, $3)
             ORDER BY next_due_at_us, key
             LIMIT $4",
            params![now, cursor.order, cursor.key, limit],
        )?;
        let mut page = Page { items: Vec::new(), next: None };
        for mut row in rows {
            page.next = Some(Cursor { order: row.next("cases.next_due_at_us")?, key: row.next("cases.key")? });
            page.items.push(row.next("cases.id")?);
        }
        if page.items.len() < limit as usize {
            page.next = None;
        }
        Ok(page)
    }

    /// When the next timer is due; absent when none runs.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn next_due_at(&mut self) -> Result<Option<Instant>, StoreError> {
        self.query_one("SELECT MIN(next_due_at_us) FROM cases WHERE next_due_at_us IS NOT NULL", &[])?
            .next("cases.next_due_at_us")
    }

    /// The passages of a case through its states, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_case_steps(&mut self, case: CaseId) -> Result<Vec<StepRow>, StoreError> {
        let rows = self.query(
            "SELECT seq, state, stage, role, office, clock, assignee, done_by, entered_at_us, left_at_us, left_by, due_at_us, exempt
             FROM case_steps
             WHERE case_key = (SELECT key FROM cases WHERE id = $1)
             ORDER BY seq",
            params![case],
        )?;
        rows.into_iter().map(read_step).collect()
    }

    /// True when the account reported or joined the case.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn is_member(&mut self, case: CaseId, party: PartyId) -> Result<bool, StoreError> {
        let row = self.query_opt(
            "SELECT 1 FROM case_members WHERE party = $1 AND case_key = (SELECT key FROM cases WHERE id = $2) LIMIT 1",
            params![party, case],
        )?;
        Ok(row.is_some())
    }
}

fn read_step(mut row: Row) -> Result<StepRow, StoreError> {
    Ok(StepRow {
        seq: row.next("case_steps.seq")?,
        state: row.next("case_steps.state")?,
        stage: row.next("case_steps.stage")?,
        role: row.next("case_steps.role")?,
        office: row.next("case_steps.office")?,
        clock: row.next("case_steps.clock")?,
        assignee: row.next("case_steps.assignee")?,
        done_by: row.next("case_steps.done_by")?,
        entered_at: row.next("case_steps.entered_at_us")?,
        left_at: row.next("case_steps.left_at_us")?,
        left_by: row.next("case_steps.left_by")?,
        due_at: row.next("case_steps.due_at_us")?,
        exempt: row.next("case_steps.exempt")?,
    })
}
