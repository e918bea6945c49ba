//! SQLite: how it is opened, and how statements run.

use std::path::Path;
use std::time::{Duration, Instant as Monotonic};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, OpenFlags};

use super::value::{Row, Value};
use crate::error::{Cause, StoreError};

/// Statements kept prepared: filters make many texts.
const STATEMENTS: usize = 512;

/// How long a statement waits for another program that holds the file (an import beside the server).
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// Page cache of the writer, KiB. It holds the inner pages of the indices at a million cases.
const WRITER_CACHE_KIB: i64 = 48 * 1024;
/// Page cache of a reader, KiB; the operating system caches the rest.
const READER_CACHE_KIB: i64 = 8 * 1024;

/// The write-ahead log is cut back to this size when it begins anew.
const JOURNAL_LIMIT_BYTES: i64 = 64 * 1024 * 1024;

/// Virtual machine steps between two looks at the clock of a read.
const STEPS_PER_LOOK: i32 = 100_000;

/// A connection to a file.
pub(crate) struct SqliteConnection {
    inner: rusqlite::Connection,
    deadline: std::sync::Arc<std::sync::Mutex<Option<Monotonic>>>,
    limit: Duration,
}

impl SqliteConnection {
    /// Opens the file to write, making it when it is not there.
    pub(crate) fn open_writer(path: &Path) -> Result<Self, StoreError> {
        let connection = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        // WAL with FULL: every commit waits for fsync of the log (sqlite.org/pragma.html#pragma_synchronous).
        // temp_store: savepoints keep their undo pages in memory, not in a file.
        connection.batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
             PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = {JOURNAL_LIMIT_BYTES}; PRAGMA cache_size = -{WRITER_CACHE_KIB};"
        ))?;
        Ok(connection)
    }

    /// Opens the file to read only; no statement may run longer than `limit`.
    pub(crate) fn open_reader(path: &Path, limit: Duration) -> Result<Self, StoreError> {
        let mut connection = Self::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.batch(&format!(
            "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{READER_CACHE_KIB};"
        ))?;
        connection.limit = limit;
        let deadline = std::sync::Arc::clone(&connection.deadline);
        let is_over =
            move || deadline.lock().is_ok_and(|deadline| deadline.is_some_and(|deadline| deadline < Monotonic::now()));
        connection.inner.progress_handler(STEPS_PER_LOOK, Some(is_over)).map_err(|error| classify(&error))?;
        Ok(connection)
    }

    /// Opens the file for checkpoints only.
    pub(crate) fn open_checkpointer(path: &Path) -> Result<Self, StoreError> {
        let connection = Self::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -1024;")?;
        Ok(connection)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let inner = rusqlite::Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| classify(&error))?;
        inner.busy_timeout(BUSY_WAIT).map_err(|error| classify(&error))?;
        inner.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self { inner, deadline: std::sync::Arc::default(), limit: Duration::MAX })
    }

    /// Starts the time a read may take; every statement of it shares that time.
    pub(crate) fn start_limit(&self) {
        if let Ok(mut deadline) = self.deadline.lock() {
            *deadline = Monotonic::now().checked_add(self.limit);
        }
    }

    /// The driver's own connection, for backups.
    pub(crate) const fn inner(&self) -> &rusqlite::Connection {
        &self.inner
    }

    /// The driver's own connection, to set hooks.
    pub(crate) const fn inner_mut(&mut self) -> &mut rusqlite::Connection {
        &mut self.inner
    }

    pub(crate) fn in_transaction(&self) -> bool {
        !self.inner.is_autocommit()
    }

    pub(crate) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.inner.execute_batch(sql).map_err(|error| self.classify(&error))
    }

    pub(crate) fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.run(sql, params, |statement| {
            // Not raw_execute: it refuses statements with RETURNING.
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
            Ok(())
        })?;
        Ok(self.inner.changes())
    }

    pub(crate) fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.run(sql, params, |statement| {
            let columns = statement.column_count();
            let mut rows = statement.raw_query();
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let mut values = Vec::with_capacity(columns);
                for column in 0..columns {
                    values.push(owned(row.get_ref(column)?));
                }
                all.push(Row::new(values));
            }
            Ok(all)
        })
    }

    pub(crate) fn query_points(&self, sql: &str, params: &[Value]) -> Result<Vec<(f64, f64)>, StoreError> {
        self.run(sql, params, |statement| {
            let mut rows = statement.raw_query();
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push((row.get(0)?, row.get(1)?));
            }
            Ok(all)
        })
    }

    fn run<T>(
        &self,
        sql: &str,
        params: &[Value],
        run: impl FnOnce(&mut rusqlite::Statement<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        // SQLite numbers `$1` by first appearance, `?1` by the number itself.
        let prepared = self.inner.prepare_cached(&sql.replace('$', "?"));
        let run = || {
            let mut statement = prepared?;
            for (index, value) in params.iter().enumerate() {
                statement.raw_bind_parameter(index + 1, value)?;
            }
            run(&mut statement)
        };
        run().map_err(|error| self.classify(&error))
    }

    fn classify(&self, error: &rusqlite::Error) -> StoreError {
        if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
            return StoreError::TooSlow { limit_s: self.limit.as_secs() };
        }
        classify(error)
    }
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Real(value) => Value::Real(value),
        // A text that is not UTF-8 was not written by us; its reader refuses the replacement characters.
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Bool(value) => ValueRef::Integer(i64::from(*value)),
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Ints(_) => {
                return Err(rusqlite::Error::ToSqlConversionFailure("SQLite has no arrays of numbers".into()));
            }
        }))
    }
}

/// What an error of SQLite means to the caller.
pub(crate) fn classify(error: &rusqlite::Error) -> StoreError {
    let cause = Cause::new(error);
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full { cause },
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OutOfMemory
            | ErrorCode::FileLockingProtocolFailed,
        ) => StoreError::Unavailable { cause },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::corrupt("database file"),
        Some(ErrorCode::ConstraintViolation) if is_unique(error) => {
            StoreError::Exists { what: what_exists(&error.to_string()) }
        }
        _ => StoreError::Faulty { cause },
    }
}

fn is_unique(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY))
}

/// The table of "UNIQUE constraint failed: parties.login", as a word for the caller.
fn what_exists(message: &str) -> String {
    let table = message.rsplit(": ").next().and_then(|columns| columns.split('.').next());
    table.map_or_else(|| "it".to_owned(), super::value_word)
}
