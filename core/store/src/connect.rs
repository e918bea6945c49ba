//! Making connections, and making them again when they were lost.

use std::time::{Duration, Instant as Monotonic};

use crate::db::{Connection, PostgresConnection, SqliteConnection};
use crate::error::StoreError;
use crate::url::DatabaseUrl;

/// Longest time one read may take.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// First and longest pause between two attempts to connect; callers are refused at once meanwhile.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Opens connections to one database.
#[derive(Clone)]
pub(crate) struct Connector(pub(crate) DatabaseUrl);

impl Connector {
    pub(crate) fn open_writer(&self) -> Result<Connection, StoreError> {
        match &self.0 {
            DatabaseUrl::Sqlite(path) => SqliteConnection::open_writer(path).map(Connection::Sqlite),
            DatabaseUrl::Postgres(url) => {
                PostgresConnection::open_writer(url).map(|c| Connection::Postgres(Box::new(c)))
            }
        }
    }

    pub(crate) fn open_reader(&self) -> Result<Connection, StoreError> {
        match &self.0 {
            DatabaseUrl::Sqlite(path) => SqliteConnection::open_reader(path, READ_LIMIT).map(Connection::Sqlite),
            DatabaseUrl::Postgres(url) => {
                PostgresConnection::open_reader(url, READ_LIMIT).map(|c| Connection::Postgres(Box::new(c)))
            }
        }
    }

    /// A reader that may take as long as it needs, for backups.
    pub(crate) fn open_unlimited_reader(&self) -> Result<Connection, StoreError> {
        match &self.0 {
            DatabaseUrl::Sqlite(path) => SqliteConnection::open_reader(path, Duration::MAX).map(Connection::Sqlite),
            DatabaseUrl::Postgres(_) => self.open_reader(),
        }
    }

    /// The connection that checkpoints SQLite and looks for events of other processes.
    pub(crate) fn open_keeper(&self) -> Result<Connection, StoreError> {
        match &self.0 {
            DatabaseUrl::Sqlite(path) => SqliteConnection::open_checkpointer(path).map(Connection::Sqlite),
            DatabaseUrl::Postgres(_) => self.open_reader(),
        }
    }
}

/// A connection that may be lost, with growing pauses between attempts to make it again.
pub(crate) struct Link {
    connector: Connector,
    broken: bool,
    failed_at: Option<Monotonic>,
    pause: Duration,
}

impl Link {
    pub(crate) const fn new(connector: Connector, broken: bool) -> Self {
        Self { connector, broken, failed_at: None, pause: PAUSE.0 }
    }

    pub(crate) const fn is_broken(&self) -> bool {
        self.broken
    }

    pub(crate) const fn set_broken(&mut self) {
        self.broken = true;
    }

    /// A new connection; refuses at once while the pause after a failed attempt lasts.
    pub(crate) fn reconnect(
        &mut self,
        open: impl FnOnce(&Connector) -> Result<Connection, StoreError>,
    ) -> Result<Connection, StoreError> {
        if self.failed_at.is_some_and(|at| at.elapsed() < self.pause) {
            return Err(StoreError::unavailable("waiting before the next attempt to connect"));
        }
        match open(&self.connector) {
            Ok(connection) => {
                *self = Self::new(self.connector.clone(), false);
                Ok(connection)
            }
            Err(error) => {
                self.failed_at = Some(Monotonic::now());
                self.pause = (self.pause * 2).min(PAUSE.1);
                Err(error)
            }
        }
    }
}
