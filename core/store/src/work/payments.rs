//! Payments that are not settled, for whoever asks the gateway about them.

use model::{CaseId, PaymentId};

use crate::db::params;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

impl Reader {
    /// The case of a payment.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_payment(&mut self, id: PaymentId) -> Result<Option<CaseId>, StoreError> {
        let row = self.query_opt("SELECT case_id FROM payments WHERE id = $1", params![id])?;
        row.map(|mut row| row.next("payments.case_id")).transpose()
    }

    /// Payments to ask the gateway about, the oldest first: those under way, and those whose money is here though their
    /// case ended without a grant.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_unsettled(
        &mut self,
        after: Option<PaymentId>,
        limit: u32,
    ) -> Result<Vec<(PaymentId, CaseId)>, StoreError> {
        let sql = "SELECT p.id, p.case_id
             FROM payments p
             JOIN cases c ON c.key = p.case_key
             WHERE p.id > $1
             AND p.state IN ('created', 'authorised', 'capture_retry', 'captured', 'refunding')
             AND (p.state <> 'captured' OR c.outcome IN ('declined', 'withdrawn'))
             ORDER BY p.id
             LIMIT $2";
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows = self.query(sql, params![after, limit])?;
        rows.into_iter().map(|mut row| Ok((row.next("payments.id")?, row.next("payments.case_id")?))).collect()
    }

    /// How many payments there are of each state, and how much money: for reconciliation.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn sum_payments(&mut self) -> Result<Vec<(String, u32, i64)>, StoreError> {
        let sql = "SELECT state, COUNT(*), CAST(SUM(amount) AS BIGINT) FROM payments GROUP BY state ORDER BY state";
        let rows = self.query(sql, &[])?;
        rows.into_iter()
            .map(|mut row| Ok((row.next("payments.state")?, row.next("count")?, row.next("sum")?)))
            .collect()
    }
}

impl Tx {
    /// A new payment id that sorts by `at`.
    pub fn new_payment_id(&mut self, at: model::Instant) -> PaymentId {
        let bytes: [u8; 16] = self.random_bytes();
        PaymentId::new(at, u128::from_le_bytes(bytes) >> 48)
    }
}
