//! Keys of requests already done, so that a request sent twice is done once.

use model::{CaseId, Instant};

use crate::db::params;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

impl Reader {
    /// The case that an earlier request with this key made; `scope` says whose keys these are.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_idempotency(&mut self, scope: &str, key: &str) -> Result<Option<CaseId>, StoreError> {
        let row =
            self.query_opt("SELECT case_id FROM idempotency WHERE scope = $1 AND key = $2", params![scope, key])?;
        row.map(|mut row| row.next("idempotency.case_id")).transpose()
    }
}

impl Tx {
    /// Remembers what a key made. Call it in the same command that makes it.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the key has been used meanwhile.
    pub fn record_idempotency(&mut self, scope: &str, key: &str, case: CaseId, at: Instant) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO idempotency (scope, key, case_id, at_us) VALUES ($1, $2, $3, $4)",
            params![scope, key, case, at],
        )?;
        Ok(())
    }

    /// Forgets keys used before an instant; how many there were.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_idempotency_before(&mut self, at: Instant) -> Result<u64, StoreError> {
        self.execute("DELETE FROM idempotency WHERE at_us < $1", params![at])
    }
}
