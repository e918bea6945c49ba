//! Whether the logs agree: what daily reconciliation found, canary residents, and how much was looked at by whom.

use model::{CaseNo, CategoryId, Instant, PackHash, PartyId, ProcessId, SourceId, StateId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// What the comparison of one register's log with the city's found for one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconciliationRow {
    /// Which register.
    pub source: SourceId,
    /// The day of the city, `YYYY-MM-DD`.
    pub day: String,
    /// Questions that stand on both sides alike.
    pub matched: u32,
    /// Questions that nobody answered.
    pub unanswered: u32,
    /// Questions that the department saw and the city has no record of.
    pub not_recorded: u32,
    /// Answers that the city has and the department has no record of.
    pub not_seen: u32,
    /// Questions for other fields than were written down.
    pub other_fields: u32,
    /// When it was found.
    pub at: Instant,
}

/// How often personal data was told or looked at in a span of time, by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseCount {
    /// The office or program.
    pub by: String,
    /// How often.
    pub count: u32,
}

/// A case that an alarm opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRow {
    /// The number people see.
    pub no: CaseNo,
    /// Its category.
    pub category: CategoryId,
    /// What it is about and when: `kind/what/day`.
    pub source_id: String,
    /// The pack it began under.
    pub pack: PackHash,
    /// The process it follows.
    pub process: ProcessId,
    /// Its state.
    pub state: StateId,
    /// When it was raised.
    pub opened_at: Instant,
    /// When it ended.
    pub closed_at: Option<Instant>,
}

const COLUMNS: &str = "source, day, matched, unanswered, not_recorded, not_seen, other_fields, at_us";

impl Tx {
    /// Keeps what a comparison found, in the place of an earlier one of the same day.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_reconciliation(&mut self, row: &ReconciliationRow) -> Result<(), StoreError> {
        self.execute(
            &format!(
                "INSERT INTO reconciliations ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (source, day) DO UPDATE SET matched = excluded.matched, unanswered = excluded.unanswered,
                     not_recorded = excluded.not_recorded, not_seen = excluded.not_seen,
                     other_fields = excluded.other_fields, at_us = excluded.at_us"
            ),
            params![
                row.source,
                row.day,
                row.matched,
                row.unanswered,
                row.not_recorded,
                row.not_seen,
                row.other_fields,
                row.at
            ],
        )?;
        Ok(())
    }

    /// Makes a resident a canary: nobody has a reason to ask about them.
    ///
    /// # Errors
    /// [`StoreError`] when there is no such account or the database does not answer.
    pub fn record_canary(&mut self, party: PartyId, now: Instant) -> Result<(), StoreError> {
        let sql = "INSERT INTO canaries (party, created_at_us) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.execute(sql, params![party, now])?;
        Ok(())
    }

    /// Makes a canary a resident like any other; true when they were one.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_canary(&mut self, party: PartyId) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM canaries WHERE party = $1", params![party])? > 0)
    }
}

impl Reader {
    /// What comparisons found from a day on, by register and day.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_reconciliations(&mut self, from_day: &str) -> Result<Vec<ReconciliationRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM reconciliations WHERE day >= $1 ORDER BY source, day");
        self.query(&sql, params![from_day])?.into_iter().map(read_reconciliation).collect()
    }

    /// Every canary.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_canaries(&mut self) -> Result<Vec<PartyId>, StoreError> {
        let rows = self.query("SELECT party FROM canaries ORDER BY party", &[])?;
        rows.into_iter().map(|mut row| row.next("canaries.party")).collect()
    }

    /// By which offices, registers and programs canaries were looked at or asked about, from an instant on and before
    /// another.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_canary_uses(&mut self, from: Instant, to: Instant) -> Result<Vec<UseCount>, StoreError> {
        let sql = "SELECT place, COUNT(*) FROM (
                SELECT a.office AS place FROM access_log a JOIN canaries c ON c.party = a.subject
                    WHERE a.at_us >= $1 AND a.at_us < $2
                UNION ALL SELECT f.source FROM fetches f JOIN canaries c ON c.party = f.party
                    WHERE f.at_us >= $1 AND f.at_us < $2
                UNION ALL SELECT d.client FROM openid_disclosures d JOIN canaries c ON c.party = d.party
                    WHERE d.at_us >= $1 AND d.at_us < $2
            ) AS uses GROUP BY place ORDER BY place";
        self.query(sql, params![from, to])?.into_iter().map(read_count).collect()
    }

    /// Looks at personal data since an instant, by office.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_looks(&mut self, since: Instant) -> Result<Vec<UseCount>, StoreError> {
        self.count_uses("access_log", "office", since)
    }

    /// Questions to departments since an instant, by the office that keeps the register.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_fetches(&mut self, since: Instant) -> Result<Vec<UseCount>, StoreError> {
        self.count_uses("fetches", "office", since)
    }

    /// What programs were told since an instant, by program.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_disclosures(&mut self, since: Instant) -> Result<Vec<UseCount>, StoreError> {
        self.count_uses("openid_disclosures", "client", since)
    }

    fn count_uses(&mut self, table: &str, column: &str, since: Instant) -> Result<Vec<UseCount>, StoreError> {
        let sql =
            format!("SELECT {column}, COUNT(*) FROM {table} WHERE at_us >= $1 GROUP BY {column} ORDER BY 2 DESC, 1");
        self.query(&sql, params![since])?.into_iter().map(read_count).collect()
    }

    /// Cases that alarms opened, latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_alarms(&mut self, limit: u32) -> Result<Vec<AlarmRow>, StoreError> {
        let sql = "SELECT no, category, source_id, pack, process, state, opened_at_us, closed_at_us FROM cases
                   WHERE source = 'alarm' AND source_id IS NOT NULL ORDER BY opened_at_us DESC, key DESC LIMIT $1";
        self.query(sql, params![limit])?.into_iter().map(read_alarm).collect()
    }
}

fn read_reconciliation(mut row: Row) -> Result<ReconciliationRow, StoreError> {
    Ok(ReconciliationRow {
        source: row.next("reconciliations.source")?,
        day: row.next("reconciliations.day")?,
        matched: row.next("reconciliations.matched")?,
        unanswered: row.next("reconciliations.unanswered")?,
        not_recorded: row.next("reconciliations.not_recorded")?,
        not_seen: row.next("reconciliations.not_seen")?,
        other_fields: row.next("reconciliations.other_fields")?,
        at: row.next("reconciliations.at_us")?,
    })
}

fn read_count(mut row: Row) -> Result<UseCount, StoreError> {
    Ok(UseCount { by: row.next("by")?, count: row.next("COUNT(*)")? })
}

fn read_alarm(mut row: Row) -> Result<AlarmRow, StoreError> {
    Ok(AlarmRow {
        no: row.next("cases.no")?,
        category: row.next("cases.category")?,
        source_id: row.next("cases.source_id")?,
        pack: row.next("cases.pack")?,
        process: row.next("cases.process")?,
        state: row.next("cases.state")?,
        opened_at: row.next("cases.opened_at_us")?,
        closed_at: row.next("cases.closed_at_us")?,
    })
}
