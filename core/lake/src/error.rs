//! What can go wrong, named for what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};

use model::{Instant, SeriesNo};

/// Why a lake could not be opened, read or tended.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// Another process, or another part of this one, has it open.
    #[error("the lake in {} is open elsewhere; one process writes a lake, stop the other one first", folder.display())]
    Held {
        /// Its folder.
        folder: PathBuf,
    },
    /// What was acknowledged cannot be read back: a bit flipped, a part is gone.
    #[error("{} is damaged at byte {offset}: {what}; restore this file from a backup before the lake is opened", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where the first fault was found.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// A file that must be there is not.
    #[error("{} is missing; restore it from a backup before the lake is opened", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// The manifest is of a version this program does not know.
    #[error("{} is of format {found}; this program reads format {known}", file.display())]
    Format {
        /// The manifest.
        file: PathBuf,
        /// What it says.
        found: u32,
        /// What we read.
        known: u32,
    },
    /// Days are divided at another offset than when the lake was made.
    #[error("the lake divides its days at {kept_s} s from UTC and was asked for {asked_s} s; days keep their zone")]
    Zone {
        /// The lake's.
        kept_s: i32,
        /// The caller's.
        asked_s: i32,
    },
    /// The disk refused.
    #[error("{}: {source}", file.display())]
    Io {
        /// What was read or written.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A rolled file is whole, but is no Parquet of ours.
    #[error("{} cannot be read: {message}", file.display())]
    Parquet {
        /// The file.
        file: PathBuf,
        /// What its reader said.
        message: String,
    },
    /// The address of an object store cannot be used.
    #[error("{url} is no object store: {what}; give s3://BUCKET/PREFIX, or file:///FOLDER for a folder elsewhere")]
    StoreUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        what: String,
    },
    /// The object store does not answer.
    #[error(
        "{object} cannot be reached: {message}; readings that lie there are asked for in vain until the store answers"
    )]
    StoreAway {
        /// What was asked for.
        object: String,
        /// What the network or the store said.
        message: String,
    },
    /// The object store knows us not, or not for this.
    #[error(
        "{object} is refused by the store; see whether AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION are right, and the key may read, write, list and delete there"
    )]
    StoreRefused {
        /// What was asked for.
        object: String,
    },
    /// Another lake keeps its files there.
    #[error("{url} has the files of another lake; give this one a prefix of its own")]
    StoreTaken {
        /// The store.
        url: String,
    },
    /// Files lie in an object store, and none was named.
    #[error("{files} files of readings lie in {url}; name it by --lake-store")]
    StoreUnnamed {
        /// How many.
        files: usize,
        /// Where they were put.
        url: String,
    },
    /// The stream of the hot part does not answer, or is not as it has to be.
    #[error("the stream {stream} of NATS cannot be used: {message}")]
    StreamAway {
        /// Its name.
        stream: String,
        /// What the server said.
        message: String,
    },
    /// The addresses of NATS cannot be read.
    #[error(
        "the servers of NATS cannot be read; give nats://HOST:4222 or tls://USER:PASSWORD@HOST:4222, several apart by commas"
    )]
    StreamServers,
    /// The stream has fewer messages than files were made of: it was emptied, or is another one.
    #[error(
        "the stream {stream} ends at message {last}, and files hold messages up to {rolled}; it was emptied or replaced: restore it, or give a new one another name"
    )]
    StreamReplaced {
        /// Its name.
        stream: String,
        /// Its last message.
        last: u64,
        /// The last one that is in files.
        rolled: u64,
    },
    /// Lakes that share a stream share an object store as well.
    #[error("a stream that several programs share needs a store they share; name it by --lake-store")]
    StreamNeedsStore,
    /// The folder has a lake of its own, which is not the shared one.
    #[error("{} holds readings that no other program sees; `dipper lake share` gives them to all, once", folder.display())]
    NotShared {
        /// The folder.
        folder: PathBuf,
    },
    /// A lake that is to be shared, where there is one that is.
    #[error("this city shares {files} files of readings already; a second lake cannot be put beside them")]
    SharedAlready {
        /// How many.
        files: usize,
    },
    /// A stream that is to be begun with, and is not empty.
    #[error("the stream {stream} has messages up to {last} that no file has; remove it from NATS, or go on with it")]
    StreamInUse {
        /// Its name.
        stream: String,
        /// Its last message.
        last: u64,
    },
    /// The manifest that lakes share cannot be read or changed now.
    #[error("{message}")]
    Manifests {
        /// Why not.
        message: String,
    },
    /// Another lake was faster; what was to be done is looked at again.
    #[error("another program rolled the same readings first")]
    Overtaken,
    /// The lake is being closed.
    #[error("the lake is closed")]
    Closed,
}

impl LakeError {
    /// Whether it is the object store's, and may be over by itself or by other keys.
    pub fn is_of_store(&self) -> bool {
        matches!(self, Self::StoreAway { .. } | Self::StoreRefused { .. })
    }

    /// A refusal of the disk at a file.
    pub(crate) fn io(file: &Path) -> impl FnOnce(io::Error) -> LakeError + '_ {
        move |source| match source.kind() {
            io::ErrorKind::NotFound => LakeError::Missing { file: file.to_owned() },
            _ => LakeError::Io { file: file.to_owned(), source },
        }
    }

    /// A fault of Parquet at a file.
    pub(crate) fn parquet<E: std::fmt::Display>(file: &Path) -> impl FnOnce(E) -> LakeError + '_ {
        move |error| LakeError::Parquet { file: file.to_owned(), message: error.to_string() }
    }
}

/// Why a batch was not kept. Nothing of it was; it may be sent again when the reason is gone.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AppendError {
    /// A value is not a number.
    #[error("a reading of series {series} is not a finite number")]
    NotFinite {
        /// Whose.
        series: SeriesNo,
    },
    /// An instant that no calendar of ours holds.
    #[error("a reading of series {series} is at {} µs; readings are of the years 1970 to 9999", at.as_micros())]
    Time {
        /// Whose.
        series: SeriesNo,
        /// When it says it was.
        at: Instant,
    },
    /// More readings than one batch may have.
    #[error("a batch of {readings} readings; at most {max}: divide it")]
    TooLarge {
        /// How many came.
        readings: usize,
        /// How many may.
        max: usize,
    },
    /// The disk has no room.
    #[error("the disk of the lake is full; readings are taken again when there is room")]
    DiskFull,
    /// The disk refused for another reason.
    #[error("the disk of the lake refuses to write: {message}")]
    Disk {
        /// What it said.
        message: String,
    },
    /// The stream has no room.
    #[error("the stream of the readings is full; readings are taken again when there is room")]
    StreamFull,
    /// The stream gave no answer.
    #[error("the stream of the readings does not answer: {message}")]
    Stream {
        /// What was said last.
        message: String,
    },
    /// The hot part is as large as it may be and cannot be rolled.
    #[error("{readings} readings wait to be rolled into files, which does not succeed; see the log of the program")]
    Behind {
        /// How many wait.
        readings: usize,
    },
    /// The lake is being closed.
    #[error("the lake is closed")]
    Closed,
}

impl AppendError {
    pub(crate) fn of_disk(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Disk { message: error.to_string() },
        }
    }
}
