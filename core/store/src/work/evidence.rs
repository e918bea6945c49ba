//! What is known about stored files. The bytes themselves lie beside the database, under their own hash.

use model::{EvidenceId, Instant, PartyId};

use crate::db::params;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A stored file.
#[derive(Debug, Clone, PartialEq)]
pub struct EvidenceRow {
    /// Its content address.
    pub id: EvidenceId,
    /// What its bytes are, as sniffed, such as `image/jpeg`.
    pub media_type: String,
    /// Its length in bytes.
    pub bytes: i64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// When it was taken, by its own record.
    pub taken_at: Option<Instant>,
    /// Longitude in degrees where it was taken, by its own record.
    pub lon: Option<f64>,
    /// Latitude in degrees where it was taken, by its own record.
    pub lat: Option<f64>,
    /// When it was stored.
    pub stored_at: Instant,
    /// The account that sent it.
    pub uploaded_by: Option<PartyId>,
}

impl Tx {
    /// Keeps what is known about a file; the first to send the same bytes stays its uploader. True when it is new.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_evidence(&mut self, evidence: &EvidenceRow) -> Result<bool, StoreError> {
        let added = self.execute(
            "INSERT INTO evidence (id, media_type, bytes, width, height, taken_at_us, lon, lat, stored_at_us, uploaded_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (id) DO NOTHING",
            params![
                evidence.id,
                evidence.media_type,
                evidence.bytes,
                evidence.width,
                evidence.height,
                evidence.taken_at,
                evidence.lon,
                evidence.lat,
                evidence.stored_at,
                evidence.uploaded_by
            ],
        )?;
        if let Some(party) = evidence.uploaded_by {
            let sql = "INSERT INTO uploads (evidence, party) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            self.execute(sql, params![evidence.id, party])?;
        }
        Ok(added > 0)
    }

    /// Forgets a file; events go on naming its hash.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn forget_evidence(&mut self, id: &EvidenceId) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM uploads WHERE evidence = $1",
            "UPDATE cases SET picture = NULL
             WHERE picture = $1 AND key IN (SELECT case_key FROM case_evidence WHERE evidence = $1)",
            "DELETE FROM case_evidence WHERE evidence = $1",
            "DELETE FROM evidence WHERE id = $1",
        ] {
            self.execute(sql, params![id])?;
        }
        Ok(())
    }
}

impl Reader {
    /// Files that somebody sent and nobody else did, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_uploads_of(&mut self, party: PartyId) -> Result<Vec<EvidenceId>, StoreError> {
        let sql = "SELECT u.evidence
             FROM uploads u
             WHERE u.party = $1
             AND NOT EXISTS (SELECT 1 FROM uploads o WHERE o.evidence = u.evidence AND o.party <> $1)
             ORDER BY u.evidence";
        self.query(sql, params![party])?.into_iter().map(|mut row| row.next("uploads.evidence")).collect()
    }

    /// Whether somebody sent these very bytes, first or not.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn has_uploaded(&mut self, id: &EvidenceId, party: PartyId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM uploads WHERE evidence = $1 AND party = $2";
        Ok(self.query_opt(sql, params![id, party])?.is_some())
    }

    /// What is known about a file.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_evidence(&mut self, id: &EvidenceId) -> Result<Option<EvidenceRow>, StoreError> {
        let row = self.query_opt(
            "SELECT id, media_type, bytes, width, height, taken_at_us, lon, lat, stored_at_us, uploaded_by
             FROM evidence
             WHERE id = $1",
            params![id],
        )?;
        row.map(|mut row| {
            Ok(EvidenceRow {
                id: row.next("evidence.id")?,
                media_type: row.next("evidence.media_type")?,
                bytes: row.next("evidence.bytes")?,
                width: row.next("evidence.width")?,
                height: row.next("evidence.height")?,
                taken_at: row.next("evidence.taken_at_us")?,
                lon: row.next("evidence.lon")?,
                lat: row.next("evidence.lat")?,
                stored_at: row.next("evidence.stored_at_us")?,
                uploaded_by: row.next("evidence.uploaded_by")?,
            })
        })
        .transpose()
    }
}
