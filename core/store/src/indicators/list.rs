//! The cases behind a count: the same rows, by the same definition.

use super::part::{Cohort, Measure};
use super::{GroupBy, IndicatorScope};
use crate::cases::{COLUMNS, CaseRow, Cursor, Page, Where, after_prefix};
use crate::error::StoreError;
use crate::tx::Reader;

/// One row that was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Behind {
    /// The case.
    pub case: CaseRow,
    /// Which of its steps, when steps were counted.
    pub step: Option<u32>,
}

impl Reader {
    /// The rows behind a count of [`Reader::count_parts`]: as many as were counted, latest case first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_part(
        &mut self,
        scope: &IndicatorScope,
        measure: &Measure,
        key: &str,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<Behind>, StoreError> {
        let cohort = measure.part.cohort();
        let mut page = Page { items: Vec::new(), next: None };
        let Some(group) = cohort.group(scope.by) else { return Ok(page) };
        let mut clause = cohort.clause(scope);
        clause.and(&format!("({})", measure.part.condition()));
        and_group(&mut clause, scope.by, group, key);
        let seq = if cohort == Cohort::Steps { "s.seq" } else { "0" };
        if let Some(stage) = measure.stage.as_ref().filter(|_| cohort == Cohort::Steps) {
            let place = clause.bind(stage);
            clause.and(&format!("s.stage = {place}"));
        }
        if let Some(cursor) = cursor {
            let (key, step) = (clause.bind(cursor.key), clause.bind(cursor.order));
            clause.and(&format!("(c.key < {key} OR (c.key = {key} AND {seq} < {step}))"));
        }
        let one_more = clause.bind(limit.saturating_add(1));
        let columns: Vec<String> = COLUMNS.iter().map(|column| format!("c.{column}")).collect();
        let sql = format!(
            "SELECT c.key, {seq} AS step, {} FROM {}{} ORDER BY c.key DESC, step DESC LIMIT {one_more}",
            columns.join(", "),
            cohort.tables(),
            clause.sql()
        );
        let mut last = None;
        for mut row in self.query(&sql, clause.values())? {
            if page.items.len() >= limit as usize {
                page.next = last;
                break;
            }
            let key = row.next("cases.key")?;
            let step: u32 = row.next("case_steps.seq")?;
            last = Some(Cursor { order: step.into(), key });
            page.items.push(Behind { case: CaseRow::read(&mut row)?, step: (step > 0).then_some(step) });
        }
        Ok(page)
    }
}

fn and_group(clause: &mut Where, by: GroupBy, group: &str, key: &str) {
    match by {
        GroupBy::All => {}
        // A path cut to its depth stands for everything below; a shorter one for itself alone.
        GroupBy::Region { depth } if key.matches('/').count() >= depth => {
            let (from, to) = (clause.bind(key), clause.bind(after_prefix(key)));
            clause.and(&format!("{group} >= {from} AND {group} < {to}"));
        }
        _ => {
            let place = clause.bind(key);
            clause.and(&format!("{group} = {place}"));
        }
    }
}
