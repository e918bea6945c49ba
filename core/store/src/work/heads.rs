//! The lock store of the logs: the last signed head of each, changed only by whoever knows the one before.
//!
//! A log that signs without having swapped its head here could sign twice: two writers, or one restored from a backup.

use model::Instant;

use crate::db::params;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A signed head of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerHead {
    /// The log's origin.
    pub log: String,
    /// Entries in the tree.
    pub size: u64,
    /// Its root.
    pub root: [u8; 32],
    /// The checkpoint note, signed by the log.
    pub note: String,
    /// When it was locked, by the clock of the writer.
    pub locked_at: Instant,
}

impl Reader {
    /// The last locked head of a log.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_ledger_head(&mut self, log: &str) -> Result<Option<LedgerHead>, StoreError> {
        let sql = "SELECT log, size, root, note, locked_at_us FROM ledger_heads WHERE log = $1";
        let row = self.query_opt(sql, params![log])?;
        row.map(|mut row| {
            Ok(LedgerHead {
                log: row.next("ledger_heads.log")?,
                size: row.next("ledger_heads.size")?,
                root: row.next("ledger_heads.root")?,
                note: row.next("ledger_heads.note")?,
                locked_at: row.next("ledger_heads.locked_at_us")?,
            })
        })
        .transpose()
    }
}

impl Tx {
    /// Compare and swap: puts `next` in the place of the head with that size and root, or in the empty place where
    /// `previous` is `None`. False when another head is there; nothing is changed then.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn swap_ledger_head(
        &mut self,
        previous: Option<(u64, [u8; 32])>,
        next: &LedgerHead,
    ) -> Result<bool, StoreError> {
        let changed = match previous {
            None => self.execute(
                "INSERT INTO ledger_heads (log, size, root, note, locked_at_us)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (log) DO NOTHING",
                params![next.log, next.size, next.root, next.note, next.locked_at],
            )?,
            Some((size, root)) => self.execute(
                "UPDATE ledger_heads
                 SET size = $2, root = $3, note = $4, locked_at_us = $5
                 WHERE log = $1 AND size = $6 AND root = $7",
                params![next.log, next.size, next.root, next.note, next.locked_at, size, root],
            )?,
        };
        Ok(changed > 0)
    }
}
