//! The log: appending events with everything folded from them, and reading them back.

use model::{Case, CaseId, CaseNo, Event, EventId, Instant, NewEvent};

use crate::canonical::canonical_json;
use crate::cases;
use crate::cases::push_tuples;
use crate::db::{Row, ToValue, Value, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// Events per statement; an event binds 10 values.
const EVENTS_PER_INSERT: usize = 50;

const EVENT_COLUMNS: usize = 10;
const INSERT_EVENTS: &str =
    "INSERT INTO events (position, id, case_id, version, at_us, recorded_at_us, kind, actor, body, salt) VALUES ";

/// Events and records have positions of one count.
pub(crate) const LAST_POSITION: &str = "
SELECT MAX(position)
FROM (
    SELECT MAX(position) AS position FROM events
    UNION ALL
    SELECT MAX(position) AS position FROM records
) AS logs";

/// What one command adds to the log.
#[derive(Debug)]
pub struct Append<'a> {
    /// The case; a new id when it begins.
    pub case_id: CaseId,
    /// The case the decision was made on; absent when it begins.
    pub before: Option<&'a Case>,
    /// What happened, in order; at least one.
    pub events: Vec<NewEvent>,
    /// When it is written.
    pub recorded_at: Instant,
    /// The path of the case's region, root first, each followed by `/`.
    pub region_path: &'a str,
}

impl Tx {
    /// Adds events to a case: positions and versions without gaps, ids, salts for the ledger, and every projection.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the case has moved on since `before`, [`StoreError::Exists`] when its number or
    /// its id in the source system is taken, [`StoreError::Corrupt`] when the events do not fold.
    pub fn append(&mut self, append: Append<'_>) -> Result<(Case, Vec<Event>), StoreError> {
        let last = self.last_position()?;
        let version = append.before.map_or(0, |case| case.version);
        let mut events = Vec::with_capacity(append.events.len());
        for (index, new) in (1_u32..).zip(append.events) {
            events.push(Event {
                position: last + i64::from(index),
                id: self.new_event_id(append.recorded_at),
                case: append.case_id,
                version: version + index,
                at: new.at,
                recorded_at: append.recorded_at,
                actor: new.actor,
                body: new.body,
            });
        }
        let case = match append.before {
            Some(before) => {
                let mut case = before.clone();
                events.iter().try_for_each(|event| case.apply(event))?;
                case
            }
            None => Case::fold(&events)?,
        };
        // The projection first: its version check makes a stale command fail before it writes anything else.
        match (append.before, events.first()) {
            (Some(before), Some(_)) => cases::update(self, before, &case, append.region_path)?,
            (None, Some(first)) => cases::create(self, &case, first.position, append.region_path)?,
            (_, None) => return Ok((case, events)),
        }
        self.insert_events(&events)?;
        self.record_acts_of(&case, &events)?;
        self.set_position(events.last().map(|event| event.position));
        Ok((case, events))
    }

    fn insert_events(&mut self, events: &[Event]) -> Result<(), StoreError> {
        for events in events.chunks(EVENTS_PER_INSERT) {
            let mut sql = String::from(INSERT_EVENTS);
            push_tuples(&mut sql, events.len(), EVENT_COLUMNS);
            let mut values: Vec<Value> = Vec::with_capacity(events.len() * EVENT_COLUMNS);
            for event in events {
                values.extend([
                    event.position.to_value(),
                    event.id.to_value(),
                    event.case.to_value(),
                    event.version.to_value(),
                    event.at.to_value(),
                    event.recorded_at.to_value(),
                    event.body.kind().to_value(),
                    Value::Text(canonical_json(&event.actor)),
                    Value::Text(canonical_json(&event.body)),
                    self.random_bytes::<32>().to_value(),
                ]);
            }
            self.execute(&sql, &values)?;
        }
        Ok(())
    }

    /// The next case number of a prefix and civil day (`yyyymmdd`): serials 1, 2, 3 … without gaps in what is kept.
    ///
    /// # Errors
    /// [`StoreError::Faulty`] when the prefix is not A-Z and 0-9.
    pub fn next_case_no(&mut self, prefix: &str, yyyymmdd: u32) -> Result<CaseNo, StoreError> {
        let serial = self.next_serial(prefix, yyyymmdd)?;
        CaseNo::from_parts(prefix, yyyymmdd, serial).map_err(StoreError::faulty)
    }

    /// The next number of a series and civil day.
    pub(crate) fn next_serial(&mut self, series: &str, yyyymmdd: u32) -> Result<u32, StoreError> {
        self.query_one(
            "INSERT INTO case_serials (prefix, day, last) VALUES ($1, $2, 1)
                 ON CONFLICT (prefix, day) DO UPDATE SET last = case_serials.last + 1
                 RETURNING last",
            params![series, yyyymmdd],
        )?
        .next("case_serials.last")
    }
}

impl Reader {
    /// Position of the last event or record; 0 when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn last_position(&mut self) -> Result<i64, StoreError> {
        let position: Option<i64> = self.query_one(LAST_POSITION, &[])?.next("events.position")?;
        Ok(position.unwrap_or(0))
    }

    /// Position of the last event, which is what followers of cases can reach; 0 when there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn last_event_position(&mut self) -> Result<i64, StoreError> {
        let position: Option<i64> = self.query_one("SELECT MAX(position) FROM events", &[])?.next("events.position")?;
        Ok(position.unwrap_or(0))
    }

    /// Every event of a case in order; empty when there is no such case.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when an event cannot be read.
    pub fn load_events(&mut self, case: CaseId) -> Result<Vec<Event>, StoreError> {
        let rows = self.query(
            "SELECT position, id, case_id, version, at_us, recorded_at_us, actor, body
             FROM events
             WHERE case_id = $1
             ORDER BY version",
            params![case],
        )?;
        rows.into_iter().map(read_event).collect()
    }

    /// A case folded from its events; absent when there is no such case.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when its history cannot be read or does not fold.
    pub fn load_case(&mut self, case: CaseId) -> Result<Option<Case>, StoreError> {
        let events = self.load_events(case)?;
        if events.is_empty() { Ok(None) } else { Ok(Some(Case::fold(&events)?)) }
    }

    /// A case that must be there.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not, else as [`Reader::load_case`].
    pub fn get_case(&mut self, case: CaseId) -> Result<Case, StoreError> {
        self.load_case(case)?.ok_or_else(|| StoreError::not_found("case", case))
    }

    /// The id of the case with that number.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_case_id(&mut self, no: &CaseNo) -> Result<Option<CaseId>, StoreError> {
        let row = self.query_opt("SELECT id FROM cases WHERE no = $1", params![no])?;
        row.map(|mut row| row.next("cases.id")).transpose()
    }

    /// The case with that id in the system it came from; `source` is the client program, else the channel.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_case_by_source(&mut self, source: &str, source_id: &str) -> Result<Option<CaseId>, StoreError> {
        let row =
            self.query_opt("SELECT id FROM cases WHERE source = $1 AND source_id = $2", params![source, source_id])?;
        row.map(|mut row| row.next("cases.id")).transpose()
    }

    /// An event by its id.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it cannot be read.
    pub fn find_event(&mut self, id: EventId) -> Result<Option<Event>, StoreError> {
        let row = self.query_opt(
            "SELECT position, id, case_id, version, at_us, recorded_at_us, actor, body FROM events WHERE id = $1",
            params![id],
        )?;
        row.map(read_event).transpose()
    }

    /// Events after a position, in order, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when one cannot be read.
    pub fn list_events_after(&mut self, position: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
        let rows = self.query(
            "SELECT position, id, case_id, version, at_us, recorded_at_us, actor, body
             FROM events
             WHERE position > $1
             ORDER BY position
             LIMIT $2",
            params![position, limit],
        )?;
        rows.into_iter().map(read_event).collect()
    }
}

/// Reads `position, id, case_id, version, at_us, recorded_at_us, actor, body`.
pub(crate) fn read_event(mut row: Row) -> Result<Event, StoreError> {
    let position: i64 = row.next("events.position")?;
    let mut parse = || -> Result<Event, StoreError> {
        Ok(Event {
            position,
            id: row.next("events.id")?,
            case: row.next("events.case_id")?,
            version: row.next("events.version")?,
            at: row.next("events.at_us")?,
            recorded_at: row.next("events.recorded_at_us")?,
            actor: from_json(&row.next::<String>("events.actor")?)?,
            body: from_json(&row.next::<String>("events.body")?)?,
        })
    };
    parse().map_err(|error| StoreError::corrupt(format!("event at position {position} ({error})")))
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    // Not the parser's words: they quote what is stored.
    serde_json::from_str(text)
        .map_err(|error| StoreError::corrupt(format!("JSON, {:?} at column {}", error.classify(), error.column())))
}
