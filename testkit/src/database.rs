//! Fresh databases of both kinds.

use std::ops::Deref;

use store::{DatabaseUrl, Store};

use crate::postgres;
use crate::time::SeededEntropy;

/// A migrated, empty database of its own; a [`Store`] to its methods.
pub struct Database {
    store: Store,
    name: &'static str,
    // Removed when dropped, after the store.
    _dir: Option<tempfile::TempDir>,
}

impl Database {
    /// SQLite in a temporary file.
    ///
    /// # Panics
    /// When the temporary folder cannot be written.
    pub fn sqlite() -> Self {
        let dir = tempfile::tempdir().expect("the temporary folder can be written");
        let url = DatabaseUrl::sqlite(dir.path().join("test.db"));
        Self { store: open(&url), name: "sqlite", _dir: Some(dir) }
    }

    /// PostgreSQL on a server of this test process; absent, with a printed word, where it is not installed.
    ///
    /// # Panics
    /// When it is installed but does not start.
    pub fn postgres() -> Option<Self> {
        let Some(url) = postgres::new_database() else {
            println!("skipped: no postgresql");
            return None;
        };
        let url: DatabaseUrl = url.parse().expect("the server's own address is one");
        Some(Self { store: open(&url), name: "postgres", _dir: None })
    }

    /// Cuts every connection to the database, as a network or a restarted server would (PostgreSQL only).
    ///
    /// # Panics
    /// When it is SQLite.
    pub fn cut_connections(&self) {
        let DatabaseUrl::Postgres(url) = self.store.url() else { panic!("SQLite has no connections to cut") };
        postgres::cut_connections(url);
    }

    /// `sqlite` or `postgres`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The store, to clone.
    pub const fn store(&self) -> &Store {
        &self.store
    }
}

impl Deref for Database {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// One fresh database of each kind that is installed.
pub fn databases() -> Vec<Database> {
    [Some(Database::sqlite()), Database::postgres()].into_iter().flatten().collect()
}

fn open(url: &DatabaseUrl) -> Store {
    let store = Store::open(url, SeededEntropy::new(7)).expect("a fresh database opens");
    store.migrate().expect("a fresh database migrates");
    store
}
