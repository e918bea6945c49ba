//! What the ledger reads: events in order with their salts, as the bytes it commits to.

use model::{Actor, EventId, OfficeId};

use crate::canonical::{Parts, assemble};
use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::Reader;

/// Microseconds of a minute.
const MINUTE_US: i64 = 60_000_000;

const SEAL_COLUMNS: &str = "position, id, case_id, version, at_us, recorded_at_us, actor, body, salt";

/// An event as the ledger seals it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealRow {
    /// Its position: entry `position - 1` of the ledger.
    pub position: i64,
    /// Its id.
    pub event_id: EventId,
    /// The bytes committed to, see [`crate::canonical_event`].
    pub canonical: Vec<u8>,
    /// The salt of its commitment.
    pub salt: [u8; 32],
    /// The minute it happened in: minutes since 1970-01-01T00:00Z, rounded down.
    pub at_minute: i64,
    /// The minute it was written in.
    pub recorded_minute: i64,
    /// The office that the actor acted for; absent for residents, programs and the platform itself.
    pub office: Option<OfficeId>,
}

impl Reader {
    /// Events after a position in order, at most `limit`, ready to be sealed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when one cannot be read.
    pub fn list_unsealed(&mut self, after_position: i64, limit: u32) -> Result<Vec<SealRow>, StoreError> {
        let sql = format!("SELECT {SEAL_COLUMNS} FROM events WHERE position > $1 ORDER BY position LIMIT $2");
        self.query(&sql, params![after_position, limit])?.into_iter().map(read_seal).collect()
    }

    /// One event as it was or will be sealed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it cannot be read.
    pub fn find_seal_row(&mut self, event: EventId) -> Result<Option<SealRow>, StoreError> {
        let sql = format!("SELECT {SEAL_COLUMNS} FROM events WHERE id = $1");
        self.query_opt(&sql, params![event])?.map(read_seal).transpose()
    }
}

fn read_seal(mut row: Row) -> Result<SealRow, StoreError> {
    let position = row.next("events.position")?;
    let (id, case): (String, String) = (row.next("events.id")?, row.next("events.case_id")?);
    let version = row.next("events.version")?;
    let (at_us, recorded_at_us): (i64, i64) = (row.next("events.at_us")?, row.next("events.recorded_at_us")?);
    let (actor, body): (String, String) = (row.next("events.actor")?, row.next("events.body")?);
    let office = match serde_json::from_str(&actor).map_err(|_| StoreError::corrupt("events.actor"))? {
        Actor::Staff { office, .. } => Some(office),
        Actor::Resident { .. }
        | Actor::Agent { .. }
        | Actor::Anonymous
        | Actor::Client { .. }
        | Actor::System { .. } => None,
    };
    let parts = Parts { actor: &actor, body: &body, at_us, recorded_at_us, case: &case, id: &id, version };
    Ok(SealRow {
        position,
        event_id: id.parse().map_err(|_| StoreError::corrupt("events.id"))?,
        canonical: assemble(&parts),
        salt: row.next("events.salt")?,
        at_minute: at_us.div_euclid(MINUTE_US),
        recorded_minute: recorded_at_us.div_euclid(MINUTE_US),
        office,
    })
}
