//! Sealed records and drafts: personal data that only the vault can open.

use model::{Instant, PartyId, SealedId, ServiceId};

use crate::db::params;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A sealed record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRow {
    /// Its id, as events name it.
    pub id: SealedId,
    /// The id of the person's key.
    pub key_id: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// When it was given.
    pub created_at: Instant,
}

/// What somebody has entered for a service and not yet handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// Who.
    pub party: PartyId,
    /// For which service.
    pub service: ServiceId,
    /// The id of the person's key.
    pub key_id: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// How often it was saved.
    pub version: u32,
    /// When it was saved last.
    pub updated_at: Instant,
}

impl Tx {
    /// Keeps a sealed record; its key must be kept first.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the id is taken.
    pub fn record_sealed(&mut self, record: &SealedRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO sealed_records (id, key_id, sealed, created_at_us) VALUES ($1, $2, $3, $4)",
            params![record.id, record.key_id, record.sealed, record.created_at],
        )?;
        Ok(())
    }

    /// Keeps a draft in the place of the one before, whose version must be one less. False when it is not: it was saved
    /// elsewhere since.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn save_draft(&mut self, draft: &DraftRow) -> Result<bool, StoreError> {
        const FIRST: &str = "INSERT INTO drafts (party, service, key_id, sealed, version, updated_at_us)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (party, service) DO NOTHING";
        const AGAIN: &str = "UPDATE drafts SET key_id = $3, sealed = $4, version = $5, updated_at_us = $6
             WHERE party = $1 AND service = $2 AND version = $5 - 1";
        let DraftRow { party, service, key_id, sealed, version, updated_at } = draft;
        let sql = if *version == 1 { FIRST } else { AGAIN };
        let changed = self.execute(sql, params![*party, service, key_id, sealed, *version, *updated_at])?;
        Ok(changed > 0)
    }

    /// Forgets a draft. True when there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn delete_draft(&mut self, party: PartyId, service: &ServiceId) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM drafts WHERE party = $1 AND service = $2", params![party, service])? > 0)
    }

    /// Forgets drafts that were last saved before an instant; how many.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn delete_drafts_before(&mut self, at: Instant) -> Result<u64, StoreError> {
        self.execute("DELETE FROM drafts WHERE updated_at_us < $1", params![at])
    }
}

impl Reader {
    /// A sealed record.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_sealed(&mut self, id: SealedId) -> Result<Option<SealedRow>, StoreError> {
        let sql = "SELECT id, key_id, sealed, created_at_us FROM sealed_records WHERE id = $1";
        let row = self.query_opt(sql, params![id])?;
        row.map(|mut row| {
            Ok(SealedRow {
                id: row.next("sealed_records.id")?,
                key_id: row.next("sealed_records.key_id")?,
                sealed: row.next("sealed_records.sealed")?,
                created_at: row.next("sealed_records.created_at_us")?,
            })
        })
        .transpose()
    }

    /// Somebody's draft for a service.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_draft(&mut self, party: PartyId, service: &ServiceId) -> Result<Option<DraftRow>, StoreError> {
        let sql = "SELECT party, service, key_id, sealed, version, updated_at_us FROM drafts WHERE party = $1 AND service = $2";
        self.query_opt(sql, params![party, service])?.map(read_draft).transpose()
    }

    /// Somebody's drafts, latest saved first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_drafts(&mut self, party: PartyId) -> Result<Vec<DraftRow>, StoreError> {
        let sql = "SELECT party, service, key_id, sealed, version, updated_at_us FROM drafts WHERE party = $1 ORDER BY updated_at_us DESC, service";
        self.query(sql, params![party])?.into_iter().map(read_draft).collect()
    }
}

fn read_draft(mut row: crate::db::Row) -> Result<DraftRow, StoreError> {
    Ok(DraftRow {
        party: row.next("drafts.party")?,
        service: row.next("drafts.service")?,
        key_id: row.next("drafts.key_id")?,
        sealed: row.next("drafts.sealed")?,
        version: row.next("drafts.version")?,
        updated_at: row.next("drafts.updated_at_us")?,
    })
}
