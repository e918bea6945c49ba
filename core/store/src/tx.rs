//! What a command sees of the database: a reader, or a transaction that also writes.

use std::ops::{Deref, DerefMut};

use model::{CaseId, ContactId, EventId, Instant, LicenceId, PartyId, SealedId};

use crate::cases::RangeTable;
use crate::db::{Connection, Row, Value};
use crate::entropy::{Entropy, id_bits};
use crate::error::StoreError;

/// Reads from one unchanging state of the database.
pub struct Reader {
    connection: Connection,
    failure: Option<StoreError>,
}

impl Reader {
    pub(crate) const fn new(connection: Connection) -> Self {
        Self { connection, failure: None }
    }

    /// Transactions, savepoints, migrations. Statements of commands go through the methods below.
    pub(crate) const fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The first failure since the last call: after it the command cannot be kept, whatever it answered.
    pub(crate) const fn take_failure(&mut self) -> Option<StoreError> {
        self.failure.take()
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let result = self.connection.query(sql, params);
        self.noted(result)
    }

    pub(crate) fn query_points(&mut self, sql: &str, params: &[Value]) -> Result<Vec<(f64, f64)>, StoreError> {
        let result = self.connection.query_points(sql, params);
        self.noted(result)
    }

    /// How this database takes a table of ranges best.
    pub(crate) const fn range_table(&self) -> RangeTable {
        match self.connection {
            Connection::Sqlite(_) => RangeTable::Values,
            Connection::Postgres(_) => RangeTable::Arrays,
        }
    }

    pub(crate) fn query_opt(&mut self, sql: &str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        let result = self.connection.query_opt(sql, params);
        self.noted(result)
    }

    pub(crate) fn query_one(&mut self, sql: &str, params: &[Value]) -> Result<Row, StoreError> {
        let result = self.connection.query_one(sql, params);
        self.noted(result)
    }

    fn noted<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            self.failure.get_or_insert_with(|| error.clone());
        }
        result
    }
}

/// A transaction: everything a reader offers, and writes. Kept as a whole or not at all.
///
/// After a failed statement the command is dropped even when it answers `Ok`: what it saw is not sure.
pub struct Tx {
    reader: Reader,
    entropy: Box<dyn Entropy>,
    position: Option<i64>,
}

impl Tx {
    pub(crate) fn new(connection: Connection, entropy: Box<dyn Entropy>) -> Self {
        Self { reader: Reader::new(connection), entropy, position: None }
    }

    pub(crate) fn replace_connection(&mut self, connection: Connection) {
        self.reader = Reader::new(connection);
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let result = self.reader.connection.execute(sql, params);
        self.reader.noted(result)
    }

    /// Position of the last event or record written or read in this transaction; reads it once.
    pub(crate) fn last_position(&mut self) -> Result<i64, StoreError> {
        if let Some(position) = self.position {
            return Ok(position);
        }
        let position = self.reader.last_position()?;
        self.position = Some(position);
        Ok(position)
    }

    pub(crate) const fn position(&self) -> Option<i64> {
        self.position
    }

    pub(crate) const fn set_position(&mut self, position: Option<i64>) {
        self.position = position;
    }

    /// Fills the slice with random bytes, for tokens, secrets and keys.
    pub fn fill_random(&mut self, bytes: &mut [u8]) {
        self.entropy.fill(bytes);
    }

    /// Random bytes for tokens, secrets and keys.
    pub fn random_bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0_u8; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// Whether what is deleted or replaced is overwritten with zeros, so that nothing of it stays in free pages of the
    /// file. SQLite only; PostgreSQL leaves old rows to its vacuum.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn overwrite_deleted(&mut self, is_on: bool) -> Result<(), StoreError> {
        if let Connection::Sqlite(connection) = self.connection() {
            connection.batch(if is_on { "PRAGMA secure_delete = ON" } else { "PRAGMA secure_delete = OFF" })?;
        }
        Ok(())
    }

    /// A new case id that sorts by `at`.
    pub fn new_case_id(&mut self, at: Instant) -> CaseId {
        CaseId::new(at, id_bits(self.entropy.as_mut()))
    }

    /// A new event id that sorts by `at`.
    pub fn new_event_id(&mut self, at: Instant) -> EventId {
        EventId::new(at, id_bits(self.entropy.as_mut()))
    }

    /// A new party id that sorts by `at`.
    pub fn new_party_id(&mut self, at: Instant) -> PartyId {
        PartyId::new(at, id_bits(self.entropy.as_mut()))
    }

    /// A new contact id that sorts by `at`.
    pub fn new_contact_id(&mut self, at: Instant) -> ContactId {
        ContactId::new(at, id_bits(self.entropy.as_mut()))
    }

    /// A new licence id that sorts by `at`.
    pub fn new_licence_id(&mut self, at: Instant) -> LicenceId {
        LicenceId::new(at, id_bits(self.entropy.as_mut()))
    }

    /// A new id of a sealed record that sorts by `at`.
    pub fn new_sealed_id(&mut self, at: Instant) -> SealedId {
        SealedId::new(at, id_bits(self.entropy.as_mut()))
    }
}

impl Deref for Tx {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}
