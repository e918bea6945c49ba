//! The archive of packs: a case is judged by the pack it began under, for ever.

use model::{Instant, PackHash};

use crate::db::params;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

impl Tx {
    /// Keeps a pack; true when it is new.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_pack(&mut self, hash: &PackHash, json: &str, at: Instant) -> Result<bool, StoreError> {
        let added = self.execute(
            "INSERT INTO packs (hash, json, first_used_at_us) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING",
            params![hash, json, at],
        )?;
        Ok(added > 0)
    }
}

impl Reader {
    /// The JSON of a pack.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_pack(&mut self, hash: &PackHash) -> Result<Option<String>, StoreError> {
        let row = self.query_opt("SELECT json FROM packs WHERE hash = $1", params![hash])?;
        row.map(|mut row| row.next("packs.json")).transpose()
    }

    /// Every pack kept, in order of first use.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_packs(&mut self) -> Result<Vec<(PackHash, Instant)>, StoreError> {
        let rows = self.query("SELECT hash, first_used_at_us FROM packs ORDER BY first_used_at_us, hash", &[])?;
        rows.into_iter().map(|mut row| Ok((row.next("packs.hash")?, row.next("packs.first_used_at_us")?))).collect()
    }
}
