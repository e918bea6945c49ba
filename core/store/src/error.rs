//! What can go wrong with the store, in words for the caller. Display never shows SQL, paths or values.

use std::fmt;
use std::sync::Arc;

use model::{CaseId, FoldError};

/// What the database driver said; for logs only, reached through [`std::error::Error::source`].
#[derive(Debug, Clone)]
pub struct Cause(Arc<str>);

impl Cause {
    /// Keeps the words of a driver.
    pub(crate) fn new(words: impl fmt::Display) -> Self {
        Self(words.to_string().into())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

/// Why the store did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed the case first: load it again and decide again.
    #[error("case {case} has version {found}, version {expected} was expected")]
    Conflict {
        /// The case.
        case: CaseId,
        /// The version the command was decided on; 0 when the case was to begin.
        expected: u32,
        /// The version it has now.
        found: u32,
    },
    /// There is no such thing.
    #[error("{what} {id} was not found")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// Its id or name.
        id: String,
    },
    /// Something with that unique id, name or number is there already.
    #[error("{what} is there already")]
    Exists {
        /// What.
        what: String,
    },
    /// The disk or the database is full; nothing was written, reads go on.
    #[error("there is no room left to store anything: nothing was written")]
    Full {
        /// The driver's words.
        #[source]
        cause: Cause,
    },
    /// The database cannot be reached or written at present. Nothing was acknowledged; when the connection was
    /// lost during a commit the write may have been kept, so a retry must carry a version or an idempotency key.
    #[error("the database is not available at present: the write was not acknowledged")]
    Unavailable {
        /// The driver's words.
        #[source]
        cause: Cause,
    },
    /// More commands wait than the queue holds.
    #[error("too many commands are waiting at present, at most {limit}")]
    Busy {
        /// How many may wait.
        limit: usize,
    },
    /// The query took longer than a read may.
    #[error("the query took longer than {limit_s} seconds")]
    TooSlow {
        /// The limit in seconds.
        limit_s: u64,
    },
    /// What is stored cannot be read back: the database is damaged or was changed by hand.
    #[error("the stored {what} cannot be read")]
    Corrupt {
        /// What could not be read.
        what: String,
    },
    /// The store itself is at fault (a refused statement, a panic in a command); nothing was written.
    #[error("the store failed; nothing was written")]
    Faulty {
        /// The driver's words.
        #[source]
        cause: Cause,
    },
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// A [`StoreError::NotFound`] of the thing with that id.
    pub(crate) fn not_found(what: &'static str, id: impl fmt::Display) -> Self {
        Self::NotFound { what, id: id.to_string() }
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    pub(crate) fn faulty(words: impl fmt::Display) -> Self {
        Self::Faulty { cause: Cause::new(words) }
    }

    pub(crate) fn unavailable(words: impl fmt::Display) -> Self {
        Self::Unavailable { cause: Cause::new(words) }
    }

    /// True when the same command may succeed later without being changed.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Unavailable { .. } | Self::Busy { .. } | Self::TooSlow { .. })
    }
}

impl From<FoldError> for StoreError {
    fn from(error: FoldError) -> Self {
        Self::corrupt(format!("history ({error})"))
    }
}

/// Why a database could not be opened or migrated.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one of a database.
    #[error("a database is sqlite:/path/file.db or postgres://user@host/name, got {0:?}")]
    Url(String),
    /// A newer program wrote this database.
    #[error("the database has version {found}, this program knows versions up to {known}: use the newer program")]
    Newer {
        /// Version of the database.
        found: i64,
        /// Newest version this program knows.
        known: i64,
    },
    /// A migration that was applied is not the one this program has.
    #[error(
        "migration {version} of the database is not the one of this program: the database comes from another build"
    )]
    Foreign {
        /// Version of the migration.
        version: i64,
    },
    /// The database did not answer.
    #[error("the database could not be opened")]
    Store(#[from] StoreError),
}
