//! Migrations: numbered files per dialect, embedded, applied once, in order, in one transaction.

use sha2::{Digest, Sha256};

use crate::db::{Connection, params};
use crate::error::{OpenError, StoreError};
use crate::store::Migrated;
use crate::tx::Tx;

/// A migration of both dialects.
struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migration {
    ($version:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }
    };
}

/// Every migration, oldest first. Only ever added to.
const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_spine"),
    migration!(2, "0002_people"),
    migration!(3, "0003_ledger_heads"),
    migration!(4, "0004_services"),
    migration!(5, "0005_sign_in"),
    migration!(6, "0006_sources"),
    migration!(7, "0007_notifications"),
    migration!(8, "0008_openid"),
    migration!(9, "0009_accountability"),
    migration!(10, "0010_hospitals"),
    migration!(12, "0012_mandates"),
    migration!(14, "0014_kiosks"),
    migration!(15, "0015_children"),
    migration!(16, "0016_accounts"),
    migration!(17, "0017_devices"),
    migration!(18, "0018_device_commands"),
    migration!(19, "0019_client_regions"),
    migration!(20, "0020_alarm_silences"),
    migration!(21, "0021_records"),
    migration!(27, "0027_device_labels"),
    migration!(28, "0028_inspections"),
    migration!(29, "0029_resumable_uploads"),
    migration!(30, "0030_cameras"),
    migration!(31, "0031_flights"),
    migration!(34, "0034_waiting_commands"),
    migration!(36, "0036_alarm_notices"),
    migration!(37, "0037_scenes_by_traffic"),
    migration!(39, "0039_processes"),
];

const CREATE: &str = "
CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL
)";

/// Refuses a database that this program must not touch. One that was never migrated passes.
pub(crate) fn check(tx: &mut Tx) -> Result<i64, OpenError> {
    tx.connection().batch(CREATE)?;
    let rows = tx.query("SELECT version, checksum FROM schema_migrations ORDER BY version", &[])?;
    let known = MIGRATIONS.last().map_or(0, |migration| migration.version);
    let mut found = 0;
    for mut row in rows {
        found = row.next("schema_migrations.version")?;
        let checksum: String = row.next("schema_migrations.checksum")?;
        let Some(migration) = MIGRATIONS.iter().find(|migration| migration.version == found) else {
            return Err(OpenError::Newer { found, known });
        };
        if checksum != checksum_of(migration.text(tx)) {
            return Err(OpenError::Foreign { version: found });
        }
    }
    Ok(found)
}

/// Applies what is missing.
pub(crate) fn run(tx: &mut Tx) -> Result<Migrated, OpenError> {
    let from = check(tx)?;
    let mut to = from;
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > from) {
        let text = migration.text(tx);
        tx.connection().batch(text)?;
        tx.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
            params![migration.version, migration.name, checksum_of(text)],
        )?;
        to = migration.version;
    }
    Ok(Migrated { from, to })
}

impl Migration {
    fn text(&self, tx: &mut Tx) -> &'static str {
        match tx.connection() {
            Connection::Sqlite(_) => self.sqlite,
            Connection::Postgres(_) => self.postgres,
        }
    }
}

fn checksum_of(text: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes every byte");
        hex
    })
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Store(error) => error,
            other => Self::faulty(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::db::params;
    use crate::{DatabaseUrl, OpenError, Store, StoreError, Tx};

    fn open(url: &DatabaseUrl) -> Result<Store, OpenError> {
        Store::open(url, |bytes: &mut [u8]| bytes.fill(1))
    }

    #[test]
    fn a_newer_or_foreign_database_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(dir.path().join("city.db"));
        let store = open(&url).unwrap();
        assert_eq!(store.migrate().unwrap().from, 0);
        let change = |sql: &'static str| {
            store.write_blocking(move |tx: &mut Tx| tx.execute(sql, params![]).map(drop)).unwrap();
        };
        change("INSERT INTO schema_migrations (version, name, checksum) VALUES (999, 'later', 'x')");
        assert!(matches!(open(&url), Err(OpenError::Newer { found: 999, .. })));
        assert!(matches!(store.migrate(), Err(OpenError::Newer { .. })));
        change("DELETE FROM schema_migrations WHERE version = 999");
        change("UPDATE schema_migrations SET checksum = 'y' WHERE version = 1");
        assert!(matches!(open(&url), Err(OpenError::Foreign { version: 1 })));
    }

    #[test]
    fn a_migration_is_kept_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&DatabaseUrl::sqlite(dir.path().join("city.db"))).unwrap();
        let failed = store.write_blocking(|tx| {
            super::run(tx)?;
            Err::<(), OpenError>(StoreError::Closed.into())
        });
        assert!(failed.is_err());
        assert_eq!(store.migrate().unwrap().from, 0, "nothing of the first attempt is left");
    }
}
