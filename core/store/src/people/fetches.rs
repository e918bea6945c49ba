//! Questions to departments about somebody: the requester's side of the log, written before anything is asked.

use model::{FormId, Instant, OfficeId, PartyId, RequestId, ServiceId, SourceId};

use crate::db::{FromValue, Row, ToValue, Value, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FetchOutcome {
    /// The department answered, and the answer was taken.
    Answered,
    /// The department has nobody of that name and number.
    NoRecord,
    /// No answer came in time.
    Away,
    /// An answer came that cannot be believed, and was thrown away.
    Refused,
}

impl FetchOutcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Answered, Self::NoRecord, Self::Away, Self::Refused];

    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoRecord => "no_record",
            Self::Away => "away",
            Self::Refused => "refused",
        }
    }
}

impl ToValue for FetchOutcome {
    fn to_value(&self) -> Value {
        self.as_str().to_value()
    }
}

impl FromValue for FetchOutcome {
    fn from_value(value: Value) -> Option<Self> {
        let word = String::from_value(value)?;
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// A question to a department. What was answered is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchRow {
    /// Its id, the same in the department's log.
    pub id: RequestId,
    /// When it was written down, just before it was asked.
    pub at: Instant,
    /// About whom.
    pub party: PartyId,
    /// Who asked, where it was not the person it is about: their agent, or the official at a window.
    pub asked_by: Option<PartyId>,
    /// Which register.
    pub source: SourceId,
    /// The office that keeps it.
    pub office: OfficeId,
    /// For which service; absent where somebody proves who they are.
    pub service: Option<ServiceId>,
    /// What was asked, by the source's own field ids; nothing beyond "is there such a person" when empty.
    pub fields: Vec<FormId>,
    /// Why, as the person read it.
    pub purpose: String,
    /// The law it rests on.
    pub basis: String,
    /// The consent it rests on; questions that were agreed to together share it.
    pub consent: RequestId,
    /// What became of it; absent while nobody knows.
    pub outcome: Option<FetchOutcome>,
    /// When that was known.
    pub answered_at: Option<Instant>,
}

/// The longest that a question may be asked until it is answered, microseconds: a month and a few days.
const INSISTED_US: i64 = 35 * 86_400_000_000;

const COLUMNS: &str =
    "id, at_us, party, source, office, service, fields, purpose, basis, consent, outcome, answered_at_us,
    asked_by";

impl Tx {
    /// A new request id that sorts by `at`.
    pub fn new_request_id(&mut self, at: Instant) -> RequestId {
        let bytes: [u8; 16] = self.random_bytes();
        RequestId::new(at, u128::from_le_bytes(bytes) >> 48)
    }

    /// Writes a question down. Nothing may be asked before this is durable.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the id is taken.
    pub fn record_fetch(&mut self, fetch: &FetchRow) -> Result<(), StoreError> {
        let sql =
            format!("INSERT INTO fetches ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)");
        let FetchRow { id, at, party, source, office, service, purpose, basis, consent, outcome, .. } = fetch;
        let fields = fetch.fields.iter().map(FormId::as_str).collect::<Vec<_>>().join(",");
        self.execute(
            &sql,
            params![
                *id,
                *at,
                *party,
                source,
                office,
                service,
                fields,
                purpose,
                basis,
                *consent,
                *outcome,
                fetch.answered_at,
                fetch.asked_by
            ],
        )?;
        Ok(())
    }

    /// Notes what became of a question.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn end_fetch(&mut self, id: RequestId, outcome: FetchOutcome, at: Instant) -> Result<(), StoreError> {
        self.execute(
            "UPDATE fetches SET outcome = $2, answered_at_us = $3 WHERE id = $1 AND outcome IS NULL",
            params![id, outcome, at],
        )?;
        Ok(())
    }
}

impl Reader {
    /// Questions about a person, latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_fetches_about(&mut self, party: PartyId, limit: u32) -> Result<Vec<FetchRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM fetches WHERE party = $1 ORDER BY id DESC LIMIT $2");
        self.query(&sql, params![party, limit])?.into_iter().map(read_fetch).collect()
    }

    /// Whether a question is written down.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn has_fetch(&mut self, id: RequestId) -> Result<bool, StoreError> {
        Ok(self.query_opt("SELECT id FROM fetches WHERE id = $1", params![id])?.is_some())
    }

    /// How often a person tried to prove who they are with a source since an instant.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_identity_tries(
        &mut self,
        party: PartyId,
        source: &SourceId,
        since: Instant,
    ) -> Result<u32, StoreError> {
        let sql = "SELECT COUNT(*) FROM fetches
             WHERE party = $1 AND source = $2 AND service IS NULL AND at_us >= $3";
        self.query_one(sql, params![party, source, since])?.next("count")
    }

    /// A question.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_fetch(&mut self, id: RequestId) -> Result<Option<FetchRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM fetches WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read_fetch).transpose()
    }

    /// Questions to a source that were answered from an instant on and before another, or written down then where nobody
    /// knows of an answer; oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_fetches_of(
        &mut self,
        source: &SourceId,
        from: Instant,
        to: Instant,
    ) -> Result<Vec<FetchRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM fetches
             WHERE source = $1 AND at_us >= $4 AND at_us < $3
             AND COALESCE(answered_at_us, at_us) >= $2 AND COALESCE(answered_at_us, at_us) < $3
             ORDER BY at_us, id"
        );
        self.query(&sql, params![source, from, to, from.plus_micros(-INSISTED_US)])?
            .into_iter()
            .map(read_fetch)
            .collect()
    }
}

fn read_fetch(mut row: Row) -> Result<FetchRow, StoreError> {
    let (id, at, party) = (row.next("fetches.id")?, row.next("fetches.at_us")?, row.next("fetches.party")?);
    let (source, office) = (row.next("fetches.source")?, row.next("fetches.office")?);
    let service = row.next("fetches.service")?;
    let fields: String = row.next("fetches.fields")?;
    let words = fields.split(',').filter(|word| !word.is_empty());
    let fields = words.map(FormId::new).collect::<Result<Vec<_>, _>>();
    Ok(FetchRow {
        id,
        at,
        party,
        source,
        office,
        service,
        fields: fields.map_err(|_| StoreError::corrupt("fetches.fields"))?,
        purpose: row.next("fetches.purpose")?,
        basis: row.next("fetches.basis")?,
        consent: row.next("fetches.consent")?,
        outcome: row.next("fetches.outcome")?,
        answered_at: row.next("fetches.answered_at_us")?,
        asked_by: row.next("fetches.asked_by")?,
    })
}
