//! What the ledger reads: events and records in order with their salts, as the bytes it commits to.

use model::{Actor, EventId, OfficeId};

use crate::canonical::{Parts, RecordParts, assemble, assemble_record};
use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::Reader;

/// Microseconds of a minute.
const MINUTE_US: i64 = 60_000_000;

/// Version 0 tells a record from an event, whose versions begin at 1. Both parts are cut off by themselves: each is read by
/// its key and stops, where one limit around the whole would have PostgreSQL sort what is left of the log.
const LIST_UNSEALED: &str = "
SELECT position, id, case_id, version, at_us, recorded_at_us, actor, body, salt
FROM (
    SELECT * FROM (
        SELECT position, id, case_id, version, at_us, recorded_at_us, actor, body, salt
        FROM events
        WHERE position > $1
        ORDER BY position
        LIMIT $2
    ) AS of_cases
    UNION ALL
    SELECT * FROM (
        SELECT position, id, '' AS case_id, 0 AS version, at_us, recorded_at_us, actor, body, salt
        FROM records
        WHERE position > $1
        ORDER BY position
        LIMIT $2
    ) AS of_others
) AS waiting
ORDER BY position
LIMIT $2";

const FIND_SEAL_ROW: &str = "
SELECT position, id, case_id, version, at_us, recorded_at_us, actor, body, salt
FROM events
WHERE id = $1
UNION ALL
SELECT position, id, '' AS case_id, 0 AS version, at_us, recorded_at_us, actor, body, salt
FROM records
WHERE id = $1";

/// An event or a record as the ledger seals it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealRow {
    /// Its position: entry `position - 1` of the ledger.
    pub position: i64,
    /// Its id.
    pub event_id: EventId,
    /// The bytes committed to, see [`crate::canonical_event`] and [`crate::canonical_record`].
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
    /// Events and records after a position in order, at most `limit`, ready to be sealed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when one cannot be read.
    pub fn list_unsealed(&mut self, after_position: i64, limit: u32) -> Result<Vec<SealRow>, StoreError> {
        self.query(LIST_UNSEALED, params![after_position, limit])?.into_iter().map(read_seal).collect()
    }

    /// One event, or record, as it was or will be sealed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it cannot be read.
    pub fn find_seal_row(&mut self, event: EventId) -> Result<Option<SealRow>, StoreError> {
        self.query_opt(FIND_SEAL_ROW, params![event])?.map(read_seal).transpose()
    }
}

fn read_seal(mut row: Row) -> Result<SealRow, StoreError> {
    let position = row.next("events.position")?;
    let (id, case): (String, String) = (row.next("events.id")?, row.next("events.case_id")?);
    let version: u32 = row.next("events.version")?;
    let (at_us, recorded_at_us): (i64, i64) = (row.next("events.at_us")?, row.next("events.recorded_at_us")?);
    let (actor, body): (String, String) = (row.next("events.actor")?, row.next("events.body")?);
    let office = office_of(&actor)?;
    let canonical = if version == 0 {
        assemble_record(&RecordParts { actor: &actor, body: &body, at_us, recorded_at_us, id: &id })
    } else {
        assemble(&Parts { actor: &actor, body: &body, at_us, recorded_at_us, case: &case, id: &id, version })
    };
    Ok(SealRow {
        position,
        event_id: id.parse().map_err(|_| StoreError::corrupt("events.id"))?,
        canonical,
        salt: row.next("events.salt")?,
        at_minute: at_us.div_euclid(MINUTE_US),
        recorded_minute: recorded_at_us.div_euclid(MINUTE_US),
        office,
    })
}

/// The office that staff acted for. Most actors of a busy log are others, told apart without reading them whole: an actor
/// is one object whose `as` is its kind.
fn office_of(actor: &str) -> Result<Option<OfficeId>, StoreError> {
    if !actor.contains(r#""as":"staff""#) {
        return Ok(None);
    }
    match serde_json::from_str(actor).map_err(|_| StoreError::corrupt("events.actor"))? {
        Actor::Staff { office, .. } => Ok(Some(office)),
        Actor::Resident { .. }
        | Actor::Agent { .. }
        | Actor::Anonymous
        | Actor::Client { .. }
        | Actor::System { .. } => Ok(None),
    }
}
