//! What several processes of one city agree on: who does what one alone may do, which files the readings consist of, and
//! what one asks another to do.

use model::Instant;

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// Something that a process is asked and another one has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// Its id.
    pub id: String,
    /// What is to be done, as whoever does it reads it.
    pub body: String,
    /// Since when it waits.
    pub asked_at: Instant,
}

impl Tx {
    /// Takes a lease, or keeps it for longer; false while another holder has it.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn take_lease(&mut self, name: &str, holder: &str, now: Instant, until: Instant) -> Result<bool, StoreError> {
        let taken = self.execute(
            "INSERT INTO leases (name, holder, until_us) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_us = excluded.until_us
             WHERE leases.holder = excluded.holder OR leases.until_us <= $4",
            params![name, holder, until, now],
        )?;
        Ok(taken > 0)
    }

    /// Whether a lease is held, to the end of this transaction: nobody takes it over meanwhile.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn holds_lease(&mut self, name: &str, holder: &str) -> Result<bool, StoreError> {
        // Written to be held: whoever would take it waits.
        let sql = "UPDATE leases SET holder = holder WHERE name = $1 AND holder = $2";
        Ok(self.execute(sql, params![name, holder])? > 0)
    }

    /// Gives a lease back before its time.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn return_lease(&mut self, name: &str, holder: &str) -> Result<(), StoreError> {
        self.execute("DELETE FROM leases WHERE name = $1 AND holder = $2", params![name, holder])?;
        Ok(())
    }

    /// Puts a manifest of readings in the place of the one of this version (0 when there is none), as the next one; false
    /// when it is of another version.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn swap_lake_manifest(&mut self, name: &str, known: i64, body: &str) -> Result<bool, StoreError> {
        let changed = if known == 0 {
            let sql = "INSERT INTO lake_manifests (name, version, body) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING";
            self.execute(sql, params![name, body])?
        } else {
            let sql = "UPDATE lake_manifests SET version = version + 1, body = $3 WHERE name = $1 AND version = $2";
            self.execute(sql, params![name, known, body])?
        };
        Ok(changed > 0)
    }

    /// Asks for something to be done by whoever may; what nobody waits for any more is forgotten.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn ask_errand(&mut self, errand: &Errand, forget_before: Instant) -> Result<(), StoreError> {
        self.execute("DELETE FROM errands WHERE asked_at_us < $1", params![forget_before])?;
        let sql = "INSERT INTO errands (id, body, asked_at_us) VALUES ($1, $2, $3)";
        self.execute(sql, params![errand.id.as_str(), errand.body.as_str(), errand.asked_at])?;
        Ok(())
    }

    /// Says what became of an errand: empty when it was done, else why it was not.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn answer_errand(&mut self, id: &str, answer: &str) -> Result<(), StoreError> {
        self.execute("UPDATE errands SET answer = $2 WHERE id = $1 AND answer IS NULL", params![id, answer])?;
        Ok(())
    }
}

impl Reader {
    /// The manifest of readings and its version, if that is greater than the one known.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_lake_manifest(&mut self, name: &str, known: i64) -> Result<Option<(i64, String)>, StoreError> {
        let sql = "SELECT version, body FROM lake_manifests WHERE name = $1 AND version > $2";
        let row = self.query_opt(sql, params![name, known])?;
        row.map(|mut row| Ok((row.next("lake_manifests.version")?, row.next("lake_manifests.body")?))).transpose()
    }

    /// Errands that wait since an instant, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_errands(&mut self, since: Instant, limit: u32) -> Result<Vec<Errand>, StoreError> {
        let sql = "SELECT id, body, asked_at_us FROM errands WHERE answer IS NULL AND asked_at_us >= $1
                   ORDER BY asked_at_us, id LIMIT $2";
        let rows = self.query(sql, params![since, limit])?;
        rows.into_iter().map(read).collect()
    }

    /// What became of an errand; `None` while it waits.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_errand_answer(&mut self, id: &str) -> Result<Option<String>, StoreError> {
        let row = self.query_opt("SELECT answer FROM errands WHERE id = $1", params![id])?;
        row.map_or(Ok(None), |mut row| row.next("errands.answer"))
    }
}

fn read(mut row: Row) -> Result<Errand, StoreError> {
    Ok(Errand {
        id: row.next("errands.id")?,
        body: row.next("errands.body")?,
        asked_at: row.next("errands.asked_at_us")?,
    })
}
