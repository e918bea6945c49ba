//! One connection over SQLite and PostgreSQL: values, rows, statements.
//!
//! SQL text is the same for both: parameters are `$1`, `$2` … bound by number, and the text holds no other `$`.
//! Statements are prepared once and kept. Must never leak out of this crate.

mod postgres;
mod sqlite;
mod value;

pub(crate) use self::postgres::PostgresConnection;
pub(crate) use self::sqlite::{SqliteConnection, classify};
pub(crate) use self::value::{FromValue, Row, ToValue, Value, params};

use crate::error::StoreError;

/// A connection to either database.
pub(crate) enum Connection {
    /// SQLite.
    Sqlite(SqliteConnection),
    /// PostgreSQL.
    Postgres(Box<PostgresConnection>),
}

impl Connection {
    /// Every row of a query.
    pub(crate) fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(connection) => connection.query(sql, params),
            Self::Postgres(connection) => connection.query(sql, params),
        }
    }

    /// Every row of a query for two numbers, without a row of values in between: there may be thousands.
    pub(crate) fn query_points(&mut self, sql: &str, params: &[Value]) -> Result<Vec<(f64, f64)>, StoreError> {
        match self {
            Self::Sqlite(connection) => connection.query_points(sql, params),
            Self::Postgres(connection) => connection.query_points(sql, params),
        }
    }

    /// The first row, when there is one.
    pub(crate) fn query_opt(&mut self, sql: &str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, params)?.into_iter().next())
    }

    /// The first row of a query that always has one.
    pub(crate) fn query_one(&mut self, sql: &str, params: &[Value]) -> Result<Row, StoreError> {
        self.query_opt(sql, params)?.ok_or_else(|| StoreError::faulty("a query that always has a row had none"))
    }

    /// Runs a statement; the number of rows it changed.
    pub(crate) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(connection) => connection.execute(sql, params),
            Self::Postgres(connection) => connection.execute(sql, params),
        }
    }

    /// Runs several statements without parameters, such as a migration.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => connection.batch(sql),
            Self::Postgres(connection) => connection.batch(sql),
        }
    }

    /// Begins the writing transaction: the only one on this database until it ends.
    pub(crate) fn begin_write(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => connection.execute("BEGIN IMMEDIATE", &[]).map(drop),
            Self::Postgres(connection) => connection.batch(postgres::BEGIN_WRITE),
        }
    }

    /// Begins a transaction that sees one state of the database to its end.
    pub(crate) fn begin_read(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => connection.execute("BEGIN DEFERRED", &[]).map(drop),
            Self::Postgres(connection) => connection.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        }
    }

    /// Ends a transaction and keeps it: on return it survives power loss.
    pub(crate) fn commit(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => connection.execute("COMMIT", &[]).map(drop),
            Self::Postgres(connection) => connection.batch("COMMIT"),
        }
    }

    /// Ends a transaction and drops it; false when the connection is of no use any more.
    pub(crate) fn rollback(&mut self) -> bool {
        match self {
            Self::Sqlite(connection) => !connection.in_transaction() || connection.execute("ROLLBACK", &[]).is_ok(),
            Self::Postgres(connection) => connection.batch("ROLLBACK").is_ok() && !connection.is_closed(),
        }
    }

    /// Opens a savepoint for one command.
    pub(crate) fn savepoint(&mut self) -> Result<(), StoreError> {
        self.simple("SAVEPOINT command")
    }

    /// Keeps what was done since the savepoint.
    pub(crate) fn release(&mut self) -> Result<(), StoreError> {
        self.simple("RELEASE SAVEPOINT command")
    }

    /// Drops what was done since the savepoint, and the savepoint.
    pub(crate) fn rollback_to_savepoint(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => {
                connection.execute("ROLLBACK TO SAVEPOINT command", &[])?;
                connection.execute("RELEASE SAVEPOINT command", &[]).map(drop)
            }
            Self::Postgres(connection) => connection.batch("ROLLBACK TO SAVEPOINT command; RELEASE SAVEPOINT command"),
        }
    }

    fn simple(&mut self, sql: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => connection.execute(sql, &[]).map(drop),
            Self::Postgres(connection) => connection.batch(sql),
        }
    }

    /// False once the transaction is gone: SQLite drops it by itself when the disk is full.
    pub(crate) fn in_transaction(&self) -> bool {
        match self {
            Self::Sqlite(connection) => connection.in_transaction(),
            Self::Postgres(connection) => !connection.is_closed(),
        }
    }
}

/// The word for a row of a table, as in "{word} is there already".
fn value_word(table: &str) -> String {
    match table {
        "cases" => "the case",
        "events" => "the event",
        "parties" => "the login",
        "evidence" => "the evidence",
        "idempotency" => "the idempotency key",
        other => other,
    }
    .to_owned()
}
