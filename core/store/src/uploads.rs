//! Uploads: large files on their way in, whose they are and until when they are kept.

use model::{EventId, Instant, PartyId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRow {
    /// Its id.
    pub id: EventId,
    /// Who sends it.
    pub party: PartyId,
    /// How long the whole file is, bytes.
    pub bytes: u64,
    /// What the sender says of it, as it was said.
    pub metadata: String,
    /// When it was begun.
    pub created_at: Instant,
    /// When it is removed unless something is made of it.
    pub expires_at: Instant,
    /// SHA-256 of the whole file, hexadecimal; absent while it is not whole.
    pub sha256: Option<String>,
}

/// What somebody has on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UploadSum {
    /// How many.
    pub uploads: u64,
    /// How long they are when whole, bytes.
    pub bytes: u64,
}

const COLUMNS: &str = "id, party, bytes, metadata, created_at_us, expires_at_us, sha256";

impl Tx {
    /// Writes an upload down, or keeps it as it is now: its digest and until when it is kept.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_upload(&mut self, row: &UploadRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO resumable_uploads ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO UPDATE SET expires_at_us = excluded.expires_at_us, sha256 = excluded.sha256"
        );
        let values = params![row.id, row.party, row.bytes, row.metadata, row.created_at, row.expires_at, row.sha256];
        self.execute(&sql, values)?;
        Ok(())
    }

    /// Forgets an upload; false when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_upload(&mut self, id: EventId) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM resumable_uploads WHERE id = $1", params![id])? > 0)
    }
}

impl Reader {
    /// An upload by its id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_upload(&mut self, id: EventId) -> Result<Option<UploadRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM resumable_uploads WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read).transpose()
    }

    /// What somebody has on its way.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn sum_uploads(&mut self, party: PartyId) -> Result<UploadSum, StoreError> {
        let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM resumable_uploads WHERE party = $1";
        let mut row = self.query_one(sql, params![party])?;
        Ok(UploadSum { uploads: row.next("count of uploads")?, bytes: row.next("sum of resumable_uploads.bytes")? })
    }

    /// Uploads whose time was over before an instant, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_expired_uploads(&mut self, before: Instant, limit: u32) -> Result<Vec<UploadRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM resumable_uploads WHERE expires_at_us < $1 ORDER BY expires_at_us, id LIMIT $2"
        );
        self.query(&sql, params![before, limit])?.into_iter().map(read).collect()
    }
}

fn read(mut row: Row) -> Result<UploadRow, StoreError> {
    Ok(UploadRow {
        id: row.next("resumable_uploads.id")?,
        party: row.next("resumable_uploads.party")?,
        bytes: row.next("resumable_uploads.bytes")?,
        metadata: row.next("resumable_uploads.metadata")?,
        created_at: row.next("resumable_uploads.created_at_us")?,
        expires_at: row.next("resumable_uploads.expires_at_us")?,
        sha256: row.next("resumable_uploads.sha256")?,
    })
}
