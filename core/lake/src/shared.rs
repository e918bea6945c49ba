//! What the writer, the keeper and queries share.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

use model::Clock;

use crate::day::Zone;
use crate::file::{Rolled, Shelf};
use crate::hot::Table;
use crate::latest::Latest;
use crate::manifest::{Entry, Kind, Manifest};
use crate::options::Options;
use crate::queue::Queue;
use crate::stream::Shares;

/// The rolled files of a day, each kind by number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Day {
    pub raw: Vec<Arc<Rolled>>,
    pub hourly: Vec<Arc<Rolled>>,
}

impl Day {
    pub fn of(&self, kind: Kind) -> &[Arc<Rolled>] {
        match kind {
            Kind::Raw => &self.raw,
            Kind::Hourly => &self.hourly,
        }
    }

    pub fn of_mut(&mut self, kind: Kind) -> &mut Vec<Arc<Rolled>> {
        match kind {
            Kind::Raw => &mut self.raw,
            Kind::Hourly => &mut self.hourly,
        }
    }
}

/// All days with rolled files.
pub(crate) type Days = BTreeMap<i32, Day>;

/// What queries see, at once and whole.
pub(crate) struct State {
    /// What the growing segment holds.
    pub active: Table,
    /// What segments hold that wait to be rolled, the oldest first.
    pub ended: Vec<Arc<Table>>,
    pub days: Arc<Days>,
    pub latest: Latest,
    pub manifest: Arc<Manifest>,
}

impl State {
    /// With the files of a manifest, and nothing hot.
    pub fn new(manifest: &Manifest, latest: Latest, rolled: impl Fn(Entry) -> Arc<Rolled>) -> Self {
        let mut days = Days::new();
        for entry in &manifest.files {
            days.entry(entry.day).or_default().of_mut(entry.kind).push(rolled(entry.clone()));
        }
        Self {
            active: Table::new(manifest.rolled_through),
            ended: Vec::new(),
            days: Arc::new(days),
            latest,
            manifest: Arc::new(manifest.clone()),
        }
    }

    pub fn hot_readings(&self) -> usize {
        self.active.rows() + self.ended.iter().map(|table| table.rows()).sum::<usize>()
    }
}

/// Wakes the thread that tends the lake.
#[derive(Default)]
pub(crate) struct Bell {
    inner: Mutex<(bool, bool)>,
    rung: Condvar,
}

/// Why the thread that tends the lake was woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// A segment waits to be rolled.
    Rung,
    /// Time has passed.
    Time,
    /// The lake is being closed.
    Stop,
}

impl Bell {
    pub fn ring(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).0 = true;
        self.rung.notify_all();
    }

    pub fn stop(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.rung.notify_all();
    }

    pub fn wait(&self, patience: Duration) -> Call {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut inner, _) = self
            .rung
            .wait_timeout_while(inner, patience, |(rung, stop)| !*rung && !*stop)
            .unwrap_or_else(PoisonError::into_inner);
        match *inner {
            (_, true) => Call::Stop,
            (true, _) => {
                inner.0 = false;
                Call::Rung
            }
            _ => Call::Time,
        }
    }
}

/// A lake that is open.
pub(crate) struct Shared {
    pub folder: PathBuf,
    pub options: Options,
    pub clock: Arc<dyn Clock>,
    pub zone: Zone,
    pub shelf: Arc<Shelf>,
    pub state: RwLock<State>,
    pub queue: Queue,
    /// Held by who rolls, compacts or thins: one at a time.
    pub keeper: Mutex<Manifest>,
    pub bell: Bell,
    /// Wakes the thread that carries files to the object store.
    pub carrier: Bell,
    /// Ends the thread that watches what other lakes do.
    pub watcher: Bell,
    /// Whether the object store is known to be this lake's; held by who carries: one at a time.
    pub attached: Mutex<bool>,
    /// The latest instant retention was asked at: what it lets go is not taken any more.
    pub thinned_at: AtomicI64,
    /// Since when nothing can be carried to the object store, microseconds; `i64::MIN` while it can.
    pub away_since: AtomicI64,
    /// The stream that is the hot part, and the lakes that share it; the hot part lies in the folder when absent.
    pub shares: Option<Arc<Shares>>,
    /// The lock of the folder, let go with the last thread.
    pub _lock: File,
}

impl Shared {
    /// A lake as it was found, before its threads begin.
    pub fn new(
        (folder, lock): (PathBuf, File),
        options: Options,
        clock: Arc<dyn Clock>,
        (manifest, state, shelf): (Manifest, State, Arc<Shelf>),
        shares: Option<Arc<Shares>>,
    ) -> Self {
        let (hot, is_stuck) = (state.hot_readings(), options.tend_every.is_none());
        Self {
            queue: Queue::new(options.queue_readings, options.hot_readings, hot, is_stuck),
            zone: Zone::new(options.zone_offset_s),
            keeper: Mutex::new(manifest),
            bell: Bell::default(),
            carrier: Bell::default(),
            watcher: Bell::default(),
            attached: Mutex::new(false),
            thinned_at: AtomicI64::new(i64::MIN),
            away_since: AtomicI64::new(i64::MIN),
            state: RwLock::new(state),
            folder,
            options,
            clock,
            shelf,
            shares,
            _lock: lock,
        }
    }
}
