//! The one thread that writes: takes what waits, writes it as one frame, syncs once, and only then answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use model::Reading;

use crate::disk::Log;
use crate::error::{AppendError, LakeError};
use crate::hot::Table;
use crate::latest;
use crate::queue::{Done, Job, Taken};
use crate::segment::{self, HEADER_BYTES, Header};
use crate::shared::Shared;

/// How long nothing comes before a mark is written.
const IDLE: Duration = Duration::from_millis(200);

/// The segment that grows.
#[derive(Debug)]
pub(crate) struct Growing {
    pub header: Header,
    pub log: Box<dyn Log>,
    /// Bytes that are durable and right.
    pub good_bytes: u64,
    /// The number of the next frame.
    pub next_frame: u64,
    /// True when a mark, or nothing, is last.
    pub marked: bool,
    /// True when something that was never acknowledged may follow the good bytes.
    pub torn: bool,
}

/// The name of a segment.
pub(crate) fn name(number: u64) -> String {
    format!("segment-{number:010}")
}

impl Growing {
    /// Makes a segment, durably.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn create(shared: &Shared, number: u64) -> Result<Self, LakeError> {
        let path = shared.folder.join(name(number));
        let header = Header { number, made_at: shared.clock.now() };
        let disk = &shared.options.disk;
        disk.write(&path, &header.to_bytes()).map_err(LakeError::io(&path))?;
        disk.sync_folder(&shared.folder).map_err(LakeError::io(&shared.folder))?;
        let log = disk.log(&path).map_err(LakeError::io(&path))?;
        Ok(Self { header, log, good_bytes: HEADER_BYTES as u64, next_frame: 0, marked: true, torn: false })
    }

    /// Writes a frame durably. After a failure the segment is as it was, or is so before the next frame.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.torn {
            self.log.cut(self.good_bytes)?;
            self.torn = false;
        }
        // Not to go on after a failed sync: what it left unsaid is cut off and written anew.
        if let Err(error) = self.log.append(bytes).and_then(|()| self.log.sync()) {
            self.torn = self.log.cut(self.good_bytes).is_err();
            return Err(error);
        }
        self.good_bytes += bytes.len() as u64;
        self.next_frame += 1;
        Ok(())
    }

    /// Writes that all before is acknowledged.
    fn mark(&mut self) -> std::io::Result<()> {
        if self.marked && !self.torn {
            return Ok(());
        }
        let mut bytes = Vec::new();
        segment::push_frame(&mut bytes, self.header, self.next_frame, [].iter());
        self.write(&bytes)?;
        self.marked = true;
        Ok(())
    }
}

/// What a writer does with what waits, whatever the hot part is.
pub(crate) trait Work {
    /// Commits a group, and tells who waits for it; there is somebody.
    fn commit(&mut self, group: &mut Vec<Reading>, waiting: &mut Vec<Done>);

    /// Ends what grows, so that it can be rolled.
    fn end(&mut self) -> Result<(), LakeError>;

    /// Whether what grows is to be ended by itself.
    fn is_full(&self) -> bool;

    /// Does all of it, in its order.
    fn work(&mut self, jobs: Vec<Job>) {
        let (mut group, mut waiting) = (Vec::new(), Vec::new());
        for job in jobs {
            match job {
                Job::Batch { readings, done } => {
                    group.extend(readings);
                    waiting.push(done);
                }
                Job::End { reply } => {
                    if !waiting.is_empty() {
                        self.commit(&mut group, &mut waiting);
                    }
                    // Who asked may have gone.
                    let _ = reply.send(self.end());
                }
            }
        }
        if !waiting.is_empty() {
            self.commit(&mut group, &mut waiting);
        }
        if self.is_full()
            && let Err(error) = self.end()
        {
            tracing::warn!(%error, "what is full could not be ended; it grows on");
        }
    }
}

/// The writer of a lake.
pub(crate) struct Writer {
    pub shared: Arc<Shared>,
    pub growing: Growing,
    buffer: Vec<u8>,
}

impl Writer {
    pub fn new(shared: Arc<Shared>, growing: Growing) -> Self {
        Self { shared, growing, buffer: Vec::new() }
    }

    /// Works until the lake is closed and nothing waits.
    pub fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let _closing = Closing(&shared);
        loop {
            let patience = (!self.growing.marked).then_some(IDLE);
            match self.shared.queue.take(self.shared.options.group_readings, patience) {
                Taken::Jobs(jobs) => self.work(jobs),
                Taken::Idle => self.mark(),
                Taken::Closed => return self.mark(),
            }
        }
    }

    fn write(&mut self, group: &[Reading]) -> Result<(), AppendError> {
        self.buffer.clear();
        segment::push_frame(&mut self.buffer, self.growing.header, self.growing.next_frame, group.iter());
        self.growing.write(&self.buffer).map_err(|error| {
            tracing::error!(%error, readings = group.len(), "a group could not be committed; nothing of it is kept");
            AppendError::of_disk(&error)
        })?;
        self.growing.marked = false;
        Ok(())
    }

    fn mark(&mut self) {
        if let Err(error) = self.growing.mark() {
            // The readings are durable without it; it is tried again.
            tracing::warn!(%error, "a mark could not be written");
        }
    }
}

impl Work for Writer {
    fn commit(&mut self, group: &mut Vec<Reading>, waiting: &mut Vec<Done>) {
        self.shared.drop_too_old(group);
        let written = if group.is_empty() { Ok(()) } else { self.write(group) };
        if written.is_ok() {
            self.shared.show(group, None);
        }
        group.clear();
        for done in waiting.drain(..) {
            tell(done, written.clone());
        }
    }

    /// Ends the segment and begins the next; one without readings goes on.
    fn end(&mut self) -> Result<(), LakeError> {
        if self.growing.next_frame == 0 {
            return Ok(());
        }
        let path: PathBuf = self.shared.folder.join(name(self.growing.header.number));
        self.growing.mark().map_err(LakeError::io(&path))?;
        let number = self.growing.header.number + 1;
        self.growing = Growing::create(&self.shared, number)?;
        let mut state = self.shared.state.write().unwrap_or_else(PoisonError::into_inner);
        let ended = std::mem::replace(&mut state.active, Table::new(number));
        state.ended.push(Arc::new(ended));
        drop(state);
        self.shared.bell.ring();
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.growing.good_bytes >= self.shared.options.segment_bytes
    }
}

/// Tells who waits for a commit; their panic is theirs.
pub(crate) fn tell(done: Done, result: Result<(), AppendError>) {
    if catch_unwind(AssertUnwindSafe(|| done(result))).is_err() {
        tracing::error!("who waited for a commit panicked when told of it");
    }
}

/// Whatever ends the writer, nobody waits for it afterwards.
pub(crate) struct Closing<'a>(pub &'a Shared);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        for job in self.0.queue.abandon() {
            if let Job::Batch { done, .. } = job {
                tell(done, Err(AppendError::Closed));
            }
        }
    }
}

impl Shared {
    /// Takes out what retention would let go at once: it is acknowledged, and not kept.
    pub fn drop_too_old(&self, group: &mut Vec<Reading>) {
        let now = self.clock.now().as_micros().max(self.thinned_at.load(std::sync::atomic::Ordering::Acquire));
        group.retain(|reading| !self.zone.is_too_old(reading.at, (self.options.retention)(reading.series), now));
    }

    /// Lets queries see what is durable; of a stream, that of a message.
    pub fn show(&self, group: &[Reading], message: Option<u64>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.active.segment = message.unwrap_or(state.active.segment);
        for reading in group {
            state.active.put(*reading);
            latest::take(&mut state.latest, *reading);
        }
        let hot = state.hot_readings();
        drop(state);
        self.queue.set_hot(hot);
    }
}
