//! Opening a lake whose hot part is a stream, and taking what comes from it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::{Clock, Instant, Reading};

use super::{Feed, Shares, Sharing, Shown};
use crate::error::LakeError;
use crate::file::{Rolled, Shelf};
use crate::hot::Table;
use crate::latest::{self, Latest};
use crate::manifest::{Manifest, digest};
use crate::open::{lock, sweep};
use crate::options::Options;
use crate::segment::{self, Header, READING_BYTES};
use crate::shared::{Shared, State};
use crate::writer::tell;

/// What frames of a stream are checked together with.
pub(crate) const FRAMES: Header = Header { number: 0, made_at: Instant::from_micros(0) };

/// The manifest may change so often while the latest values it names are fetched.
const TRIES: usize = 20;

/// What the database does not answer is asked again after this.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// What is in the stream at the opening is read for as long.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(600);

/// Opens a lake that shares its stream; it reads it from the first message that no file has.
pub(crate) fn open(
    folder: PathBuf,
    mut options: Options,
    sharing: Sharing,
    clock: Arc<dyn Clock>,
) -> Result<Shared, LakeError> {
    if options.objects.is_none() {
        return Err(LakeError::StreamNeedsStore);
    }
    options.disk.make_folder(&folder).map_err(LakeError::io(&folder))?;
    let lock = lock(&folder)?;
    if folder.join("manifest").exists() {
        return Err(LakeError::NotShared { folder });
    }
    let feed = Feed::connect(&sharing)?;
    options.group_readings = options.group_readings.min(feed.frame_bytes() / READING_BYTES - 1);
    let (version, manifest, latest) = read(&sharing, &options)?;
    sweep(&folder, &*options.disk, &manifest)?;
    let shelf = Shelf::new(options.open_files);
    let shown = Shown::default();
    shown.advance(manifest.rolled_through);
    let away = |message: String| LakeError::StreamAway { stream: sharing.stream.clone(), message };
    let tell_after = feed.last().map_err(away)?;
    if tell_after < manifest.rolled_through {
        let (stream, rolled) = (sharing.stream, manifest.rolled_through);
        return Err(LakeError::StreamReplaced { stream, last: tell_after, rolled });
    }
    let state = State::new(&manifest, latest, |entry| Rolled::new(entry, &folder, Arc::clone(&shelf), &options));
    let (version, marked_at) = (AtomicU64::new(version), AtomicI64::new(clock.now().as_micros()));
    let shares = Shares { sharing, feed, shown, version, tell_after, marked_at, numbers: Mutex::new(0..0) };
    Ok(Shared::new((folder, lock), options, clock, (manifest, state, shelf), Some(Arc::new(shares))))
}

/// The manifest with its version, and the latest values it names; one is made where there is none.
fn read(sharing: &Sharing, options: &Options) -> Result<(u64, Manifest, Latest), LakeError> {
    let mut fault = None;
    for _ in 0..TRIES {
        let found = sharing.manifests.read(0).map_err(|message| LakeError::Manifests { message })?;
        let Some((version, text)) = found else {
            let empty = Manifest::empty(options.zone_offset_s);
            // Another lake may be faster: then it is read.
            sharing.manifests.swap(0, &empty.to_text()).map_err(|message| LakeError::Manifests { message })?;
            continue;
        };
        let manifest = parse(&text)?;
        if manifest.zone_offset_s != options.zone_offset_s {
            return Err(LakeError::Zone { kept_s: manifest.zone_offset_s, asked_s: options.zone_offset_s });
        }
        match fetch_latest(&manifest, options) {
            Ok(latest) => return Ok((version, manifest, latest)),
            // It was rolled meanwhile.
            Err(error @ LakeError::Missing { .. }) => fault = Some(error),
            Err(error) => return Err(error),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(fault.unwrap_or(LakeError::Overtaken))
}

/// A manifest that lakes share.
pub(crate) fn parse(text: &str) -> Result<Manifest, LakeError> {
    Manifest::parse(text.as_bytes())
        .map_err(|fault| LakeError::Manifests { message: format!("the manifest of the readings: {fault}") })
}

fn fetch_latest(manifest: &Manifest, options: &Options) -> Result<Latest, LakeError> {
    let (Some(file), Some(objects)) = (&manifest.latest, &options.objects) else { return Ok(Latest::new()) };
    let name = latest::name(file.number);
    let bytes = objects.get(&name)?;
    let latest = (digest(&bytes) == file.sha256).then(|| latest::parse(&bytes)).flatten();
    let what = "it is not what the manifest names";
    latest.ok_or(LakeError::Damaged { file: objects.address(&name).into(), offset: 0, what })
}

/// Waits until what was in the stream at the opening is shown.
pub(crate) fn catch_up(shares: &Shares) -> Result<(), LakeError> {
    if shares.shown.wait(shares.tell_after, CAUGHT_UP_WITHIN) {
        return Ok(());
    }
    let message = "what it holds cannot be read".to_owned();
    Err(LakeError::StreamAway { stream: shares.sharing.stream.clone(), message })
}

/// The thread that reads the stream.
pub(crate) fn follow(shared: &Shared, shares: &Shares, from: u64) {
    shares.feed.read(from, async |sequence, id, payload| {
        if !shared.may_follow(shares, sequence) {
            return false;
        }
        match segment::frame(payload, FRAMES) {
            Some(readings) if readings.is_empty() => {
                shared.end_table(sequence, id.split('/').next() == Some(&*shares.sharing.replica));
            }
            Some(readings) => {
                shared.show_message(sequence, &readings);
                if let Some(heard) = shares.sharing.heard.as_ref().filter(|_| sequence > shares.tell_after) {
                    // Nobody listens any more when the program stops.
                    let _ = heard.send(readings).await;
                }
            }
            // Nothing of ours: somebody else writes there.
            None => tracing::error!(sequence, "a message of the stream of readings is not what a lake writes"),
        }
        for done in shares.shown.advance(sequence) {
            tell(done, Ok(()));
        }
        true
    });
    let why = if shared.queue.is_closed() { "the lake is closed" } else { "the stream cannot be read" };
    shared.queue.close();
    for done in shares.shown.close() {
        tracing::warn!(why, "who waited for readings is told that they are not kept, though they may be");
        tell(done, Err(crate::AppendError::Closed));
    }
}

impl Shared {
    /// Whether nothing between the last message and this one was lost: what is missing has to be in files.
    fn may_follow(&self, shares: &Shares, sequence: u64) -> bool {
        let last = shares.shown.through();
        if sequence == last + 1 {
            return true;
        }
        let rolled = loop {
            match shares.sharing.manifests.read(0) {
                Ok(Some((_, text))) => break parse(&text).map_or(0, |manifest| manifest.rolled_through),
                Ok(None) => break 0,
                Err(_) if self.queue.is_closed() => return false,
                Err(message) => tracing::error!(message, "the manifest of the readings cannot be read now"),
            }
            std::thread::sleep(AGAIN_AFTER);
        };
        let is_whole = rolled + 1 >= sequence;
        if !is_whole {
            tracing::error!(
                last,
                sequence,
                rolled,
                "messages of the stream of readings are missing; nothing is taken any more"
            );
        }
        is_whole
    }

    fn show_message(&self, sequence: u64, readings: &[Reading]) {
        self.show(readings, Some(sequence));
    }

    /// Ends the table at a mark; what is rolled already is let go.
    fn end_table(&self, sequence: u64, is_ours: bool) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut ended = std::mem::replace(&mut state.active, Table::new(sequence));
        ended.segment = sequence;
        ended.ended_by = Some((is_ours, self.clock.now()));
        if ended.rows() > 0 && sequence > state.manifest.rolled_through {
            state.ended.push(Arc::new(ended));
        }
        let hot = state.hot_readings();
        drop(state);
        self.queue.set_hot(hot);
        self.note_mark(self.clock.now());
        if is_ours {
            self.bell.ring();
        }
    }

    /// Tables end now; of a lake without others nothing is noted.
    pub fn note_mark(&self, now: Instant) {
        if let Some(shares) = &self.shares {
            shares.marked_at.store(now.as_micros(), Ordering::Release);
        }
    }

    /// Whether some lake ended the tables within this time; of a lake without others never.
    pub fn was_marked_within(&self, every: Duration, now: Instant) -> bool {
        let micros = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
        self.shares.as_ref().is_some_and(|shares| now.as_micros() - shares.marked_at.load(Ordering::Acquire) < micros)
    }

    pub fn active_rows(&self) -> usize {
        self.state.read().unwrap_or_else(PoisonError::into_inner).active.rows()
    }
}
