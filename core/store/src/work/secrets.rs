//! Secrets of those who reported or joined without an account, known by their hash only.

use model::CaseId;

use crate::db::params;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

impl Tx {
    /// Keeps the hash of a secret that opens a case to its reporter.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the hash is kept already.
    pub fn record_report_secret(&mut self, case: CaseId, secret_hash: &str) -> Result<(), StoreError> {
        self.execute("INSERT INTO report_secrets (secret_hash, case_id) VALUES ($1, $2)", params![secret_hash, case])?;
        Ok(())
    }
}

impl Reader {
    /// The case that a secret opens.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_case_by_secret(&mut self, secret_hash: &str) -> Result<Option<CaseId>, StoreError> {
        let row = self.query_opt("SELECT case_id FROM report_secrets WHERE secret_hash = $1", params![secret_hash])?;
        row.map(|mut row| row.next("report_secrets.case_id")).transpose()
    }
}
