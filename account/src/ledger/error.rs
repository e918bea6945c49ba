//! Why a log is not written: each says what was found and what a person has to do.

use std::io;

use ledger::checkpoint::CheckpointError;
use ledger::hash::Hash;
use ledger::key::KeyError;
use ledger::note::NoteError;
use ledger::tile::{BundleError, EdgeError};
use model::Instant;
use store::StoreError;

use super::gather::Shortfall;

/// Why sealing stopped. Each of these needs a person, except those that [`SealError::may_pass`].
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The origin is not a key name.
    #[error("the log's origin is not usable as a key name: {0}")]
    Key(#[from] KeyError),
    /// The published checkpoint is not ours or is damaged.
    #[error("the published checkpoint does not open with this log's key: {0}; restore the ledger folder and its key")]
    Checkpoint(#[from] CheckpointError),
    /// The head locked in the database is not ours or is damaged.
    #[error(
        "the head that the database has locked for this log does not open with this log's key: {0}; restore the key it was signed with"
    )]
    Head(#[source] CheckpointError),
    /// The tiles do not give the signed root.
    #[error("the tiles of size {size} give root {found}, but {signed} was signed; restore the ledger folder")]
    Root {
        /// Entries at the signed checkpoint.
        size: u64,
        /// The root of the tiles.
        found: Hash,
        /// The root that was signed.
        signed: Hash,
    },
    /// A tile is missing or damaged.
    #[error("a tile is missing or damaged: {0}; restore the ledger folder")]
    Tile(String),
    /// The database holds an older head than the one published.
    #[error(
        "size {published} is published, but the database has locked size {locked} only: it was set back; restore a newer backup of the database or begin a new log"
    )]
    LockedBehind {
        /// Entries at the published checkpoint.
        published: u64,
        /// Entries at the locked head.
        locked: u64,
    },
    /// One size, two roots.
    #[error(
        "the published checkpoint and the locked head both have size {size} but different roots: two writers signed; keep both as evidence and begin a new log"
    )]
    Fork {
        /// The size of both.
        size: u64,
    },
    /// The database does not hold the event of the last entry.
    #[error(
        "{sealed} entries are signed but the database does not hold the event of the last one; it was set back: restore a newer backup or begin a new log"
    )]
    SetBack {
        /// Entries signed.
        sealed: u64,
    },
    /// A locked head cannot be rebuilt.
    #[error(
        "size {locked} is signed and locked, the ledger folder reaches {published} only, and neither its staging bundle nor the events give the signed root: restore the ledger folder that was written last"
    )]
    Lost {
        /// Entries at the locked head.
        locked: u64,
        /// Entries at the published checkpoint.
        published: u64,
    },
    /// Event positions are not 1, 2, 3 …
    #[error("event position {expected} is missing from the log of events")]
    Gap {
        /// The position expected.
        expected: u64,
    },
    /// Somebody else writes this log from the same folder.
    #[error("another process writes this log; there may be one only")]
    InUse,
    /// Somebody else moved the head.
    #[error(
        "the head of this log was moved from size {expected} to {found} by another writer on the same database; stop one of the two, this one has not signed anything that was locked"
    )]
    OtherWriter {
        /// Entries at the head this writer knows.
        expected: u64,
        /// Entries at the head found.
        found: u64,
    },
    /// The clock stands still or went back.
    #[error("the clock shows {now}, but the last head was locked at {locked_at}; set the clock right")]
    Clock {
        /// What the clock shows.
        now: Instant,
        /// When the last head was locked.
        locked_at: Instant,
    },
    /// Two computations of one tree differ.
    #[error(
        "the tree was computed twice with different results ({first} and {second}): memory or disk flipped a bit; nothing was signed, check the machine before it runs again"
    )]
    Flipped {
        /// The root computed first.
        first: Hash,
        /// The root computed from what was staged.
        second: Hash,
    },
    /// Too few witnesses cosigned.
    #[error("size {size} is signed but not published: {shortfall}")]
    NoQuorum {
        /// Entries at the locked head.
        size: u64,
        /// Who did not cosign, and why.
        shortfall: Shortfall,
    },
    /// The disk refused a file.
    #[error("the ledger folder cannot be read or written: {0}")]
    Disk(#[from] io::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A note or bundle grew beyond its format.
    #[error("an entry does not fit its format: {0}")]
    Format(String),
}

impl SealError {
    /// Whether it may end by itself: a full disk, a database away, a clock being set, a witness that is down.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Disk(_) | Self::Store(_) | Self::Clock { .. } | Self::NoQuorum { .. })
    }
}

impl From<NoteError> for SealError {
    fn from(error: NoteError) -> Self {
        Self::Format(error.to_string())
    }
}

impl From<BundleError> for SealError {
    fn from(error: BundleError) -> Self {
        Self::Tile(error.to_string())
    }
}

impl From<EdgeError<io::Error>> for SealError {
    fn from(error: EdgeError<io::Error>) -> Self {
        Self::Tile(match error {
            EdgeError::Read { coord, source } => format!("{coord}: {source}"),
            EdgeError::Length { coord, source } => format!("{coord}: {source}"),
            error @ EdgeError::Size { .. } => error.to_string(),
        })
    }
}
