//! Backups and what an operator asks of a database: is it durable, is it whole.

use std::path::Path;

use crate::connect::Connector;
use crate::db::{Connection, Value};
use crate::error::StoreError;
use crate::store::Store;
use crate::tx::{Reader, Tx};

/// Why a backup was not made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// PostgreSQL has its own tools.
    #[error("a PostgreSQL database is backed up with pg_dump")]
    NotSqlite,
    /// There is a file already.
    #[error("the file of the backup is there already")]
    FileExists,
    /// The file could not be written.
    #[error("the backup could not be written")]
    Write(#[source] std::io::Error),
    /// The database could not be read.
    #[error("the database could not be copied")]
    Store(#[from] StoreError),
}

/// How a database keeps what it acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durability {
    /// `sqlite` or `postgres`.
    pub engine: &'static str,
    /// The settings that matter, as the writing connection reports them, such as `journal_mode=wal synchronous=2`.
    pub settings: String,
    /// True when every commit waits for fsync.
    pub is_durable: bool,
}

impl Store {
    /// Copies the whole database as it stands into a new file, while reads and writes go on (SQLite only).
    ///
    /// The copy is complete and on the disk when this returns; until then it lies beside, as `…​.partial`.
    ///
    /// # Errors
    /// [`BackupError`] when the file is there already, cannot be written, or this is PostgreSQL.
    pub fn backup_to(&self, path: &Path) -> Result<(), BackupError> {
        if self.url().path().is_none() {
            return Err(BackupError::NotSqlite);
        }
        if path.exists() {
            return Err(BackupError::FileExists);
        }
        let partial = path.with_extension("partial");
        if partial.exists() {
            // Left by a backup that was interrupted.
            std::fs::remove_file(&partial).map_err(BackupError::Write)?;
        }
        let Connection::Sqlite(from) = Connector(self.url().clone()).open_unlimited_reader()? else {
            return Err(BackupError::NotSqlite);
        };
        copy(from.inner(), &partial).map_err(|error| crate::db::classify(&error))?;
        let settle = || {
            std::fs::File::open(&partial)?.sync_all()?;
            std::fs::rename(&partial, path)?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            std::fs::File::open(folder)?.sync_all()
        };
        settle().map_err(BackupError::Write)
    }

    /// How the writing connection keeps what it acknowledges.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn durability(&self) -> Result<Durability, StoreError> {
        self.write_blocking(read_durability)
    }
}

/// One step takes one snapshot: in WAL mode that holds up nobody, and a busy writer cannot make it begin again.
fn copy(from: &rusqlite::Connection, path: &Path) -> rusqlite::Result<()> {
    let mut to = rusqlite::Connection::open(path)?;
    rusqlite::backup::Backup::new(from, &mut to)?.step(-1)?;
    // The copy carries the WAL mark of its source; as a plain file it is whole without a second one.
    to.execute_batch("PRAGMA journal_mode = DELETE")?;
    to.close().map_err(|(_, error)| error)
}

fn read_durability(tx: &mut Tx) -> Result<Durability, StoreError> {
    let is_sqlite = matches!(tx.connection(), Connection::Sqlite(_));
    let mut setting = |sql: &str| -> Result<String, StoreError> {
        Ok(match tx.query_one(sql, &[])?.into_values().into_iter().next() {
            Some(Value::Text(text)) => text,
            Some(Value::Int(number)) => number.to_string(),
            other => format!("{other:?}"),
        })
    };
    if is_sqlite {
        let (journal, synchronous) = (setting("PRAGMA journal_mode")?, setting("PRAGMA synchronous")?);
        return Ok(Durability {
            engine: "sqlite",
            // synchronous 2 = FULL: fsync of the log at every commit (sqlite.org/pragma.html#pragma_synchronous).
            is_durable: journal == "wal" && synchronous == "2",
            settings: format!("journal_mode={journal} synchronous={synchronous}"),
        });
    }
    let (commit, fsync) = (setting("SHOW synchronous_commit")?, setting("SHOW fsync")?);
    Ok(Durability {
        engine: "postgres",
        is_durable: commit == "on" && fsync == "on",
        settings: format!("synchronous_commit={commit} fsync={fsync}"),
    })
}

/// The tables that are folded from events, with the order that makes two dumps comparable.
const PROJECTIONS: [(&str, &str); 4] = [
    ("cases", "key"),
    ("case_steps", "case_key, seq"),
    ("case_members", "party, case_key, kind"),
    ("case_evidence", "evidence, case_key, purpose"),
];

impl Reader {
    /// Every row of every projection as text, one a line: two dumps are equal when nothing differs.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn dump_projections(&mut self) -> Result<String, StoreError> {
        use std::fmt::Write;
        let mut dump = String::new();
        for (table, order) in PROJECTIONS {
            for row in self.query(&format!("SELECT * FROM {table} ORDER BY {order}"), &[])? {
                writeln!(dump, "{table} {:?}", row.into_values()).map_err(StoreError::faulty)?;
            }
        }
        Ok(dump)
    }

    /// Checks that the file is whole (SQLite's own check; PostgreSQL checks pages as it reads them).
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when it is not.
    pub fn check_integrity(&mut self) -> Result<(), StoreError> {
        if matches!(self.connection(), Connection::Postgres(_)) {
            return Ok(());
        }
        let words: String = self.query_one("PRAGMA quick_check", &[])?.next("quick_check")?;
        if words == "ok" { Ok(()) } else { Err(StoreError::corrupt("database file")) }
    }
}
