//! The lake as callers hold it.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use model::{Clock, Instant, Reading, SeriesNo};

use crate::aggregate::{Aggregate, Bucket};
use crate::carry;
use crate::day::END_US;
use crate::error::{AppendError, LakeError};
use crate::manifest::{Kind, Sealed};
use crate::open;
use crate::options::Options;
use crate::query::{Area, Buckets, Count, Range};
use crate::queue::{Done, NoRoom};
use crate::shared::{Call, Shared};
use crate::stream::{self, StreamWriter};
use crate::writer::Writer;

/// How long to wait after rolling failed.
const RETRY: Duration = Duration::from_secs(5);

/// Lakes that share a stream look this often for what another one left.
const LOOK: Duration = Duration::from_secs(60);

/// And this often for what became of the manifest.
const WATCH: Duration = Duration::from_secs(1);

/// Readings of sensors, durable, by series, time and place. Clones are the same lake; it closes with the last of them.
///
/// Every call blocks its thread. What was acknowledged is in every answer from then on, survives a kill or a power
/// failure at any moment, and is there once, however often it was sent.
#[derive(Clone)]
pub struct Lake {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Why a batch was not taken at once; nothing of it is kept and nobody will be told of it.
#[derive(Debug)]
pub enum TryAppendError {
    /// The queue is full: here is the batch, for another time.
    Full(Vec<Reading>),
    /// It would not be taken at another time either, unless the reason is gone.
    Refused(AppendError),
}

/// How much a lake holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Readings in the hot part.
    pub hot_readings: u64,
    /// Rolled files.
    pub files: u64,
    /// Readings in them; of files of a day that are not merged yet, one sent again may be counted twice.
    pub rolled_readings: u64,
    /// Hours kept for readings that no longer are.
    pub hours: u64,
    /// Bytes of the rolled files.
    pub rolled_bytes: u64,
    /// Rolled files that the object store has.
    pub stored_files: u64,
}

impl Lake {
    /// Opens the lake in a folder, or makes one.
    ///
    /// A torn end of the last segment is cut off: it was not acknowledged.
    ///
    /// # Errors
    /// When another holds it, when something acknowledged is damaged or missing, or when the disk refuses; when the object
    /// store is another lake's, or is refused or away the first time it is used.
    pub fn open(folder: impl Into<PathBuf>, options: Options, clock: Arc<dyn Clock>) -> Result<Self, LakeError> {
        if let Some(sharing) = options.sharing.clone() {
            return Self::share(stream::open(folder.into(), options, sharing, clock)?);
        }
        let (shared, growing) = open::open(folder.into(), options, clock)?;
        shared.attach_first()?;
        let lake = Self::of(shared);
        let writer = Writer::new(Arc::clone(&lake.inner.shared), growing);
        lake.spawn("lake-writer", move |_| writer.run())?;
        lake.tend_itself()?;
        Ok(lake)
    }

    /// A lake whose hot part is a stream.
    fn share(shared: Shared) -> Result<Self, LakeError> {
        let Some(shares) = shared.shares.clone() else { return Err(LakeError::Closed) };
        shared.attach_first()?;
        let lake = Self::of(shared);
        let (from, of_stream) = (shares.shown.through() + 1, Arc::clone(&shares));
        lake.spawn("lake-reader", move |shared| stream::follow(shared, &of_stream, from))?;
        let caught_up = stream::catch_up(&shares);
        let writer = StreamWriter::new(Arc::clone(&lake.inner.shared), shares);
        // It ends the reader when the lake is dropped, as it is here if the stream could not be read.
        lake.spawn("lake-writer", move |_| writer.run())?;
        caught_up?;
        lake.inner.shared.refresh()?;
        lake.spawn("lake-watcher", watch)?;
        lake.tend_itself()?;
        Ok(lake)
    }

    fn of(shared: Shared) -> Self {
        Self { inner: Arc::new(Inner { shared: Arc::new(shared), threads: Mutex::default() }) }
    }

    /// Begins a thread, which ends with the lake.
    fn spawn(&self, name: &str, work: impl FnOnce(&Shared) + Send + 'static) -> Result<(), LakeError> {
        let shared = Arc::clone(&self.inner.shared);
        let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || work(&shared));
        let thread = spawned.map_err(LakeError::io(&self.inner.shared.folder))?;
        self.inner.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    fn tend_itself(&self) -> Result<(), LakeError> {
        let shared = &self.inner.shared;
        let Some(every) = shared.options.tend_every else { return Ok(()) };
        self.spawn("lake-keeper", move |shared| tend(shared, every))?;
        if shared.options.objects.is_some() {
            self.spawn("lake-carrier", move |shared| carry::run(shared, every))?;
        }
        Ok(())
    }

    /// Whether a lake in this folder is open, here or elsewhere.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn is_held(folder: &Path) -> Result<bool, LakeError> {
        match open::lock(folder) {
            Err(LakeError::Missing { .. }) => Ok(false),
            Err(LakeError::Held { .. }) => Ok(true),
            free => free.map(|_| false),
        }
    }

    /// Appends a batch, whole or not at all; waits while the queue is full.
    ///
    /// `done` is called on the writer's thread, once the batch is durable and queries see it, or when it is not kept:
    /// it should hand over and return. Readings that retention would let go at once are acknowledged and not kept.
    pub fn append(&self, batch: Vec<Reading>, done: impl FnOnce(Result<(), AppendError>) + Send + 'static) {
        if let Err((why, done)) = self.push(batch, Box::new(done), true) {
            match why {
                TryAppendError::Refused(error) => done(Err(error)),
                TryAppendError::Full(batch) => done(Err(AppendError::Behind { readings: batch.len() })),
            }
        }
    }

    /// Appends a batch if the queue has room for it now.
    ///
    /// # Errors
    /// When it has not: `done` is dropped then, and not called.
    pub fn try_append(
        &self,
        batch: Vec<Reading>,
        done: impl FnOnce(Result<(), AppendError>) + Send + 'static,
    ) -> Result<(), TryAppendError> {
        self.push(batch, Box::new(done), false).map_err(|(why, _)| why)
    }

    /// Appends a batch and waits until it is durable.
    ///
    /// # Errors
    /// When nothing of it is kept.
    pub fn append_blocking(&self, batch: Vec<Reading>) -> Result<(), AppendError> {
        let (done, answer) = sync_channel(1);
        self.append(batch, move |result| {
            // Who waits is the thread below.
            let _ = done.send(result);
        });
        answer.recv().unwrap_or(Err(AppendError::Closed))
    }

    fn push(&self, batch: Vec<Reading>, done: Done, wait: bool) -> Result<(), (TryAppendError, Done)> {
        let shared = &self.inner.shared;
        if let Err(error) = check(&batch, shared.options.group_readings) {
            return Err((TryAppendError::Refused(error), done));
        }
        if batch.is_empty() {
            done(Ok(()));
            return Ok(());
        }
        shared.queue.push(batch, done, wait).map_err(|(why, batch, done)| match why {
            NoRoom::Full => (TryAppendError::Full(batch), done),
            NoRoom::Behind(readings) => (TryAppendError::Refused(AppendError::Behind { readings }), done),
            NoRoom::Closed => (TryAppendError::Refused(AppendError::Closed), done),
        })
    }

    /// The reading of a series measured last; it outlives retention.
    pub fn latest(&self, series: SeriesNo) -> Option<Reading> {
        let state = self.inner.shared.state.read().unwrap_or_else(PoisonError::into_inner);
        state.latest.get(&series.0).copied()
    }

    /// Readings of a series by time. Those that retention has made hourly means are in [`Lake::buckets`] alone.
    ///
    /// # Errors
    /// When a file is damaged or missing.
    pub fn range(&self, question: &Range) -> Result<Vec<Reading>, LakeError> {
        self.asked(|shared| shared.range(question))
    }

    /// How many readings there are. Those that retention has made hourly means are not counted.
    ///
    /// # Errors
    /// When a file is damaged or missing.
    pub fn count(&self, question: &Count) -> Result<u64, LakeError> {
        self.asked(|shared| shared.count(question))
    }

    /// Spans of time with readings in them, in order; spans without any are left out.
    ///
    /// # Errors
    /// When a file is damaged or missing.
    pub fn buckets(&self, question: &Buckets) -> Result<Vec<Bucket>, LakeError> {
        self.asked(|shared| shared.buckets(question))
    }

    /// Each series that was measured within an area; [`Aggregate::merge`] makes them one.
    ///
    /// # Errors
    /// When a file is damaged or missing.
    pub fn area(&self, question: &Area) -> Result<Vec<(SeriesNo, Aggregate)>, LakeError> {
        self.asked(|shared| shared.area(question))
    }

    /// A file that another lake merged or let go a moment ago is in the manifest no more: then that is asked again.
    fn asked<T>(&self, ask: impl Fn(&Shared) -> Result<T, LakeError>) -> Result<T, LakeError> {
        let shared = &self.inner.shared;
        match ask(shared) {
            Err(LakeError::Missing { .. }) if shared.shares.is_some() => {
                shared.refresh()?;
                ask(shared)
            }
            answer => answer,
        }
    }

    /// Rolls, compacts and lets go by hand, as the lake does by itself from time to time.
    ///
    /// # Errors
    /// When the disk refuses, or a file to be rewritten is damaged; the lake is then as before.
    pub fn roll(&self, now: Instant) -> Result<(), LakeError> {
        self.inner.shared.tend(now)
    }

    /// Carries rolled files to the object store by hand, as the lake does by itself after each roll.
    ///
    /// # Errors
    /// When the store is away, refuses, or belongs to another lake; what is not carried stays in the folder.
    pub fn carry(&self) -> Result<(), LakeError> {
        self.inner.shared.carry()
    }

    /// Files sealed after a position, the oldest first, for the ledger. At least once: until they are said to be told,
    /// they are here, over restarts too.
    pub fn sealed_after(&self, position: u64, limit: usize) -> Vec<Sealed> {
        let state = self.inner.shared.state.read().unwrap_or_else(PoisonError::into_inner);
        let begin = state.manifest.sealed.partition_point(|sealed| sealed.position <= position);
        state.manifest.sealed[begin..].iter().take(limit).cloned().collect()
    }

    /// Says that sealed files up to a position are in the ledger, and need not be kept in mind.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn told_sealed(&self, through: u64) -> Result<(), LakeError> {
        self.inner.shared.told(through)
    }

    /// Reads every rolled file and compares its digest. Answers what is damaged or missing.
    pub fn verify(&self) -> Vec<LakeError> {
        let days = {
            let state = self.inner.shared.state.read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&state.days)
        };
        let files = days.values().flat_map(|day| day.raw.iter().chain(&day.hourly));
        files.filter_map(|file| file.verify().err()).collect()
    }

    /// How much it holds.
    pub fn stats(&self) -> Stats {
        let state = self.inner.shared.state.read().unwrap_or_else(PoisonError::into_inner);
        let mut stats = Stats { hot_readings: state.hot_readings() as u64, ..Stats::default() };
        for entry in &state.manifest.files {
            stats.files += 1;
            stats.rolled_bytes += entry.bytes;
            stats.stored_files += u64::from(entry.in_store);
            match entry.kind {
                Kind::Raw => stats.rolled_readings += entry.rows,
                Kind::Hourly => stats.hours += entry.rows,
            }
        }
        stats
    }
}

fn check(batch: &[Reading], max: usize) -> Result<(), AppendError> {
    if batch.len() > max {
        return Err(AppendError::TooLarge { readings: batch.len(), max });
    }
    for Reading { series, at, value, .. } in batch {
        if !value.is_finite() {
            return Err(AppendError::NotFinite { series: *series });
        }
        if !(0..END_US).contains(&at.as_micros()) {
            return Err(AppendError::Time { series: *series, at: *at });
        }
    }
    Ok(())
}

/// The thread that tends a lake.
fn tend(shared: &Shared, every: Duration) {
    let shares = shared.shares.is_some();
    // What another lake ended and does not roll is looked for more often.
    let every_look = if shares { every.min(LOOK) } else { every };
    let mut patience = every_look;
    loop {
        let call = shared.bell.wait(patience);
        let now = shared.clock.now();
        let result = match call {
            Call::Stop => return,
            Call::Time if !shared.was_marked_within(every, now) => shared.tend(now),
            Call::Rung | Call::Time => shared.roll_ended(now),
        };
        if let Err(LakeError::Overtaken) = &result {
            tracing::info!("another program rolled readings first; it is looked at again");
            patience = Duration::from_millis(200);
            continue;
        }
        if let Err(error) = &result {
            if matches!(error, LakeError::Closed) {
                return;
            }
            tracing::error!(%error, "the lake could not be tended; it is tried again");
        }
        shared.queue.set_stuck(result.is_err());
        patience = if result.is_ok() { every_look } else { RETRY.min(every) };
    }
}

/// The thread that follows what other lakes do with the manifest.
fn watch(shared: &Shared) {
    while shared.watcher.wait(WATCH) != Call::Stop {
        if let Err(error) = shared.refresh() {
            tracing::warn!(%error, "what other programs did with the readings cannot be seen now");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.queue.close();
        self.shared.bell.stop();
        self.shared.carrier.stop();
        self.shared.watcher.stop();
        let threads = std::mem::take(self.threads.get_mut().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // The last clone may have been held by who was told of a commit, on the writer's own thread.
            if thread.thread().id() != thread::current().id() && thread.join().is_err() {
                tracing::error!("a thread of the lake panicked");
            }
        }
    }
}

/// How the object store of a lake stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreStanding {
    /// Since when nothing can be carried there.
    pub away_since: Option<Instant>,
    /// Rolled files that it has not.
    pub waiting_files: usize,
}

impl std::fmt::Debug for Lake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lake").field("folder", &self.folder()).finish_non_exhaustive()
    }
}

impl Lake {
    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.inner.shared.folder
    }

    /// How the object store stands; `None` where there is none.
    pub fn store(&self) -> Option<StoreStanding> {
        let shared = &self.inner.shared;
        shared.options.objects.as_ref()?;
        let since = shared.away_since.load(Ordering::Acquire);
        let away_since = (since != i64::MIN).then(|| Instant::from_micros(since));
        Some(StoreStanding { away_since, waiting_files: shared.waiting_files() })
    }

    /// The latest instant retention was asked at, since it was opened; `None` before.
    pub fn thinned_at(&self) -> Option<Instant> {
        let at = self.inner.shared.thinned_at.load(Ordering::Acquire);
        (at != i64::MIN).then(|| Instant::from_micros(at))
    }
}
