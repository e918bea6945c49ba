//! How far each consumer of the log has come.

use crate::db::params;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

impl Reader {
    /// The last position a consumer has dealt with; 0 before its first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn consumer_position(&mut self, name: &str) -> Result<i64, StoreError> {
        let row = self.query_opt("SELECT position FROM consumers WHERE name = $1", params![name])?;
        row.map_or(Ok(0), |mut row| row.next("consumers.position"))
    }

    /// Every consumer with its position, by name.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_consumers(&mut self) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = self.query("SELECT name, position FROM consumers ORDER BY name", &[])?;
        rows.into_iter().map(|mut row| Ok((row.next("consumers.name")?, row.next("consumers.position")?))).collect()
    }
}

impl Tx {
    /// Notes how far a consumer has come. Never moves back: two workers of one consumer do no harm.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn set_consumer_position(&mut self, name: &str, position: i64) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO consumers (name, position) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET position = excluded.position WHERE consumers.position < excluded.position",
            params![name, position],
        )?;
        Ok(())
    }

    /// Sends a consumer back to a position, to read again from there.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn reset_consumer(&mut self, name: &str, position: i64) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO consumers (name, position) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET position = excluded.position",
            params![name, position],
        )?;
        Ok(())
    }
}
