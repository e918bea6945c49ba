//! The hot part as a stream of NATS JetStream, which several lakes share: each publishes what it takes, each sees all of it in
//! one order, and any of them rolls it.
//!
//! A message is a frame of a segment: a group of readings, whole or not at all, or a mark. A mark ends the table of every
//! lake at the same message, so that they agree on what is rolled; the lake that published it rolls it, and another one
//! when that takes too long. What is rolled is removed from the stream after the manifest says so.

mod feed;
mod open;
pub(crate) mod outside;
mod writer;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Reading;
use tokio::sync::mpsc;

pub(crate) use feed::Feed;
pub(crate) use open::{catch_up, follow, open, parse};
pub(crate) use writer::StreamWriter;

use crate::queue::Done;

/// A stream of JetStream, and what lakes that share it agree on.
#[derive(Clone)]
pub struct Sharing {
    /// Servers of NATS: `nats://HOST:4222`, `tls://USER:PASSWORD@HOST:4222`; several of one cluster apart by commas.
    pub servers: String,
    /// The name of the stream; a lake of another city has another one.
    pub stream: String,
    /// How many servers of the cluster keep each message; 1, 3 or 5.
    pub copies: usize,
    /// Bytes the stream may hold; a full one refuses and forgets nothing.
    pub max_bytes: i64,
    /// What tells this lake from the others that share the stream; different every time it is opened.
    pub replica: String,
    /// Where the manifest is.
    pub manifests: Arc<dyn Manifests>,
    /// Who is told of readings of all lakes once they are shown, in their order, from the opening on. While it is full the
    /// lake waits.
    pub heard: Option<mpsc::Sender<Vec<Reading>>>,
}

impl std::fmt::Debug for Sharing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The servers may have a password.
        f.debug_struct("Sharing").field("stream", &self.stream).field("replica", &self.replica).finish_non_exhaustive()
    }
}

/// Where lakes that share a stream keep their manifest, changed by comparing and setting.
pub trait Manifests: Send + Sync {
    /// The manifest and its version, if that is greater than the one known; `None` as well when there is none yet.
    ///
    /// # Errors
    /// When it cannot be asked now, in words.
    fn read(&self, known: u64) -> Result<Option<(u64, String)>, String>;

    /// Puts a manifest in the place of the one of this version (0 when there is none), as the next one. False when another
    /// lake was faster.
    ///
    /// # Errors
    /// When it cannot be asked now, in words. It may have been put.
    fn swap(&self, known: u64, text: &str) -> Result<bool, String>;
}

/// Who waits for a message to be shown.
#[derive(Default)]
pub(crate) struct Shown {
    inner: Mutex<Waiting>,
    moved: Condvar,
}

#[derive(Default)]
struct Waiting {
    through: u64,
    closed: bool,
    dones: BTreeMap<u64, Vec<Done>>,
}

impl Shown {
    /// The last message that queries see.
    pub fn through(&self) -> u64 {
        self.lock().through
    }

    /// Messages up to this one are seen: answers who waited for them.
    pub fn advance(&self, through: u64) -> Vec<Done> {
        let mut inner = self.lock();
        inner.through = inner.through.max(through);
        let later = inner.dones.split_off(&(through + 1));
        let told = std::mem::replace(&mut inner.dones, later);
        self.moved.notify_all();
        told.into_values().flatten().collect()
    }

    /// Keeps who waits for a message, or gives them back when it is seen already.
    pub fn wait_for(&self, sequence: u64, dones: Vec<Done>) -> Vec<Done> {
        let mut inner = self.lock();
        if sequence <= inner.through {
            return dones;
        }
        inner.dones.entry(sequence).or_default().extend(dones);
        Vec::new()
    }

    /// Waits on this thread until a message is seen; false when that takes too long or never will be.
    pub fn wait(&self, sequence: u64, patience: Duration) -> bool {
        let inner = self.lock();
        let is_not = |inner: &mut Waiting| inner.through < sequence && !inner.closed;
        let (inner, _) = self.moved.wait_timeout_while(inner, patience, is_not).unwrap_or_else(PoisonError::into_inner);
        inner.through >= sequence
    }

    /// Nothing will be seen any more: gives back who waits.
    pub fn close(&self) -> Vec<Done> {
        let mut inner = self.lock();
        inner.closed = true;
        self.moved.notify_all();
        std::mem::take(&mut inner.dones).into_values().flatten().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a lake knows of the others.
pub(crate) struct Shares {
    pub sharing: Sharing,
    pub feed: Feed,
    pub shown: Shown,
    /// The version of the manifest that is followed.
    pub version: AtomicU64,
    /// The last message that was there at the opening: whoever listens is told of later ones.
    pub tell_after: u64,
    /// When a mark was last seen, in microseconds.
    pub marked_at: AtomicI64,
    /// Numbers of files that no other lake takes.
    pub numbers: Mutex<std::ops::Range<u64>>,
}

impl Shares {
    /// A number of a file, if one is left of those reserved.
    pub fn number(&self) -> Option<u64> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    pub fn known(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// What tells a message of this lake from all others; the server forgets one that was sent again.
    pub fn message_id(&self, number: u64) -> String {
        format!("{}/{number}", self.sharing.replica)
    }
}
