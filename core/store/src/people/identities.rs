//! Who somebody is and what departments answered about them: sealed, for the vault alone.

use model::{Instant, PartyId, ServiceId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// Who somebody is, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRow {
    /// Whose account.
    pub party: PartyId,
    /// How sure the city is, a word of the vault.
    pub level: String,
    /// The id of the person's key.
    pub key_id: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// Keyed digest of the identity number: the same number gives the same one.
    pub number_mac: [u8; 32],
    /// When it was proved.
    pub verified_at: Instant,
}

/// What departments answered for an application that is not handed in yet, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefillRow {
    /// Who.
    pub party: PartyId,
    /// For which service.
    pub service: ServiceId,
    /// The id of the person's key.
    pub key_id: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// When it was changed last.
    pub updated_at: Instant,
}

impl Tx {
    /// Keeps who somebody is, in place of what was kept before.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when another account has that number.
    pub fn record_identity(&mut self, identity: &IdentityRow) -> Result<(), StoreError> {
        let IdentityRow { party, level, key_id, sealed, number_mac, verified_at } = identity;
        self.execute(
            "INSERT INTO identities (party, level, key_id, sealed, number_mac, verified_at_us)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (party) DO UPDATE SET level = excluded.level, key_id = excluded.key_id, sealed = excluded.sealed,
             number_mac = excluded.number_mac, verified_at_us = excluded.verified_at_us",
            params![*party, level, key_id, sealed, *number_mac, *verified_at],
        )?;
        Ok(())
    }

    /// Forgets who somebody is. True when it was known.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn delete_identity(&mut self, party: PartyId) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM identities WHERE party = $1", params![party])? > 0)
    }

    /// Keeps what departments answered, in place of what was kept before.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn save_prefill(&mut self, prefill: &PrefillRow) -> Result<(), StoreError> {
        let PrefillRow { party, service, key_id, sealed, updated_at } = prefill;
        self.execute(
            "INSERT INTO prefills (party, service, key_id, sealed, updated_at_us) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (party, service) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed,
             updated_at_us = excluded.updated_at_us",
            params![*party, service, key_id, sealed, *updated_at],
        )?;
        Ok(())
    }

    /// Forgets what departments answered for a service. True when there was something.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn delete_prefill(&mut self, party: PartyId, service: &ServiceId) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM prefills WHERE party = $1 AND service = $2", params![party, service])? > 0)
    }

    /// Forgets everything departments answered about somebody that is not handed in; how much there was.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn delete_prefills_of(&mut self, party: PartyId) -> Result<u64, StoreError> {
        self.execute("DELETE FROM prefills WHERE party = $1", params![party])
    }

    /// Forgets what departments answered and was last changed before an instant; how much there was.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn delete_prefills_before(&mut self, at: Instant) -> Result<u64, StoreError> {
        self.execute("DELETE FROM prefills WHERE updated_at_us < $1", params![at])
    }
}

impl Reader {
    /// Who somebody is.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_identity(&mut self, party: PartyId) -> Result<Option<IdentityRow>, StoreError> {
        let sql = "SELECT party, level, key_id, sealed, number_mac, verified_at_us FROM identities WHERE party = $1";
        self.query_opt(sql, params![party])?.map(read_identity).transpose()
    }

    /// The account that has proved a number.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_party_of_number(&mut self, number_mac: &[u8; 32]) -> Result<Option<PartyId>, StoreError> {
        let row = self.query_opt("SELECT party FROM identities WHERE number_mac = $1", params![*number_mac])?;
        row.map(|mut row| row.next("identities.party")).transpose()
    }

    /// What departments answered for a service.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_prefill(&mut self, party: PartyId, service: &ServiceId) -> Result<Option<PrefillRow>, StoreError> {
        let sql = "SELECT party, service, key_id, sealed, updated_at_us FROM prefills
             WHERE party = $1 AND service = $2";
        self.query_opt(sql, params![party, service])?.map(read_prefill).transpose()
    }

    /// What departments answered about somebody and is not handed in yet, by service.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_prefills(&mut self, party: PartyId) -> Result<Vec<PrefillRow>, StoreError> {
        let sql =
            "SELECT party, service, key_id, sealed, updated_at_us FROM prefills WHERE party = $1 ORDER BY service";
        self.query(sql, params![party])?.into_iter().map(read_prefill).collect()
    }
}

fn read_identity(mut row: Row) -> Result<IdentityRow, StoreError> {
    Ok(IdentityRow {
        party: row.next("identities.party")?,
        level: row.next("identities.level")?,
        key_id: row.next("identities.key_id")?,
        sealed: row.next("identities.sealed")?,
        number_mac: row.next("identities.number_mac")?,
        verified_at: row.next("identities.verified_at_us")?,
    })
}

fn read_prefill(mut row: Row) -> Result<PrefillRow, StoreError> {
    Ok(PrefillRow {
        party: row.next("prefills.party")?,
        service: row.next("prefills.service")?,
        key_id: row.next("prefills.key_id")?,
        sealed: row.next("prefills.sealed")?,
        updated_at: row.next("prefills.updated_at_us")?,
    })
}
