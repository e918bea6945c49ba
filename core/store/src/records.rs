//! Records: facts that are no step of a case, in the log beside the events.

use model::{EventId, Instant, NewRecord, Record};

use crate::canonical::canonical_json;
use crate::db::{Row, params};
use crate::error::StoreError;
use crate::events::from_json;
use crate::tx::{Reader, Tx};

impl Tx {
    /// Adds a record to the log: the next position, an id, a salt for the ledger.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn append_record(&mut self, new: NewRecord, recorded_at: Instant) -> Result<Record, StoreError> {
        let position = self.last_position()? + 1;
        let NewRecord { at, actor, body } = new;
        let record = Record { position, id: self.new_event_id(recorded_at), at, recorded_at, actor, body };
        let salt = self.random_bytes::<32>();
        self.execute(
            "INSERT INTO records (position, id, kind, subject, at_us, recorded_at_us, actor, body, salt)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            params![
                record.position,
                record.id,
                record.body.kind(),
                record.body.subject(),
                record.at,
                record.recorded_at,
                canonical_json(&record.actor),
                canonical_json(&record.body),
                salt
            ],
        )?;
        self.set_position(Some(position));
        Ok(record)
    }
}

impl Reader {
    /// A record by its id.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it cannot be read.
    pub fn find_record(&mut self, id: EventId) -> Result<Option<Record>, StoreError> {
        let row = self.query_opt(
            "SELECT position, id, at_us, recorded_at_us, actor, body FROM records WHERE id = $1",
            params![id],
        )?;
        row.map(read_record).transpose()
    }

    /// The records about something, such as `device/lamp-0001`, the newest first: at most `limit` before a position.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when one cannot be read.
    pub fn list_records(&mut self, subject: &str, before: Option<i64>, limit: u32) -> Result<Vec<Record>, StoreError> {
        let rows = self.query(
            "SELECT position, id, at_us, recorded_at_us, actor, body
             FROM records
             WHERE subject = $1 AND position < $2
             ORDER BY position DESC
             LIMIT $3",
            params![subject, before.unwrap_or(i64::MAX), limit],
        )?;
        rows.into_iter().map(read_record).collect()
    }
}

fn read_record(mut row: Row) -> Result<Record, StoreError> {
    let position: i64 = row.next("records.position")?;
    let mut parse = || -> Result<Record, StoreError> {
        Ok(Record {
            position,
            id: row.next("records.id")?,
            at: row.next("records.at_us")?,
            recorded_at: row.next("records.recorded_at_us")?,
            actor: from_json(&row.next::<String>("records.actor")?)?,
            body: from_json(&row.next::<String>("records.body")?)?,
        })
    };
    parse().map_err(|error| StoreError::corrupt(format!("record at position {position} ({error})")))
}
