//! Sources that send their picture by themselves, and what `ffmpeg` is given of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use model::{DeviceId, Instant};
use sense::cameras::StreamFault;
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::{Notify, mpsc};

use crate::flv::{HEAD, Piece, tag};

/// Most bytes of a header: sets of parameters have some hundred.
const HEADER_MAX: usize = 64 << 10;

/// Most bytes that wait for one `ffmpeg`. One that is slower is begun anew.
const WAITING_MAX: usize = 8 << 20;

/// Who sends now.
#[derive(Debug, Default)]
pub(crate) struct Pushes {
    cameras: Mutex<HashMap<DeviceId, Pushed>>,
    /// Tells one sender of a camera from the next.
    next: AtomicU64,
    is_open: AtomicBool,
}

#[derive(Debug)]
struct Pushed {
    number: u64,
    since: Instant,
    header: Option<Bytes>,
    is_foreign: bool,
    tap: Option<Tap>,
    cut: Arc<Notify>,
}

/// What is handed to one `ffmpeg`.
#[derive(Debug)]
struct Tap {
    sender: mpsc::UnboundedSender<Bytes>,
    waiting: Arc<AtomicUsize>,
    /// It has the header, and pictures from a key frame on.
    is_flowing: bool,
}

/// Somebody sends; until it is dropped.
#[derive(Debug)]
pub(crate) struct Publication {
    pushes: Arc<Pushes>,
    camera: DeviceId,
    number: u64,
    cut: Arc<Notify>,
}

/// What is sent, for one `ffmpeg`.
#[derive(Debug)]
pub(crate) struct Feed {
    receiver: mpsc::UnboundedReceiver<Bytes>,
    waiting: Arc<AtomicUsize>,
}

impl Pushes {
    fn lock(&self) -> MutexGuard<'_, HashMap<DeviceId, Pushed>> {
        self.cameras.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There is a door by which sources come.
    pub fn open(&self) {
        self.is_open.store(true, Ordering::Relaxed);
    }

    /// Somebody begins to send the picture of a camera; `None` where somebody does already and is not to give way.
    pub fn begin(self: &Arc<Self>, camera: &DeviceId, now: Instant, is_new_key: bool) -> Option<Publication> {
        let mut cameras = self.lock();
        if let Some(former) = cameras.get(camera) {
            if !is_new_key {
                return None;
            }
            former.cut.notify_one();
        }
        let (number, cut) = (self.next.fetch_add(1, Ordering::Relaxed), Arc::<Notify>::default());
        let pushed = Pushed { number, since: now, header: None, is_foreign: false, tap: None, cut: Arc::clone(&cut) };
        cameras.insert(camera.clone(), pushed);
        Some(Publication { pushes: Arc::clone(self), camera: camera.clone(), number, cut })
    }

    /// Since when somebody sends the picture of a camera.
    pub fn since(&self, camera: &DeviceId) -> Option<Instant> {
        self.lock().get(camera).map(|pushed| pushed.since)
    }

    /// The cameras whose picture is sent.
    pub fn list(&self) -> Vec<DeviceId> {
        self.lock().keys().cloned().collect()
    }

    /// Whoever sends the picture of a camera is sent away.
    pub fn cut(&self, camera: &DeviceId) {
        if let Some(pushed) = self.lock().remove(camera) {
            pushed.cut.notify_one();
        }
    }

    /// What is sent from now on, for a new `ffmpeg`; the one before it gets nothing more.
    pub fn tap(&self, camera: &DeviceId) -> Result<Feed, StreamFault> {
        let mut cameras = self.lock();
        let is_open = self.is_open.load(Ordering::Relaxed);
        let none = if is_open { StreamFault::NotSending } else { StreamFault::NoAddress };
        let pushed = cameras.get_mut(camera).ok_or(none)?;
        if pushed.is_foreign {
            return Err(StreamFault::NotH264);
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let waiting = Arc::<AtomicUsize>::default();
        pushed.tap = Some(Tap { sender, waiting: Arc::clone(&waiting), is_flowing: false });
        Ok(Feed { receiver, waiting })
    }
}

impl Publication {
    /// Whose picture it is.
    pub fn camera(&self) -> &DeviceId {
        &self.camera
    }

    /// Takes a piece of the picture; false when the sender was sent away.
    pub fn put(&self, timestamp: u32, body: &[u8]) -> bool {
        let mut cameras = self.pushes.lock();
        let Some(pushed) = cameras.get_mut(&self.camera).filter(|pushed| pushed.number == self.number) else {
            return false;
        };
        pushed.take(timestamp, body);
        true
    }

    /// Whether somebody watches, or it is recorded.
    pub fn is_tapped(&self) -> bool {
        let cameras = self.pushes.lock();
        let pushed = cameras.get(&self.camera).filter(|pushed| pushed.number == self.number);
        pushed.is_some_and(|pushed| pushed.tap.is_some())
    }

    /// Waits until the sender is sent away.
    pub async fn cut(&self) {
        self.cut.notified().await;
    }
}

impl Drop for Publication {
    fn drop(&mut self) {
        let mut cameras = self.pushes.lock();
        if cameras.get(&self.camera).is_some_and(|pushed| pushed.number == self.number) {
            cameras.remove(&self.camera);
        }
    }
}

impl Pushed {
    fn take(&mut self, timestamp: u32, body: &[u8]) {
        let piece = Piece::of(body);
        match piece {
            Piece::Foreign => {
                self.is_foreign = true;
                self.tap = None;
            }
            Piece::Header if body.len() <= HEADER_MAX => {
                // Pictures of another size: ffmpeg is begun anew, with the header that fits.
                if self.header.as_deref().is_some_and(|known| known != body) {
                    self.tap = None;
                }
                self.header = Some(Bytes::copy_from_slice(body));
            }
            Piece::Header | Piece::Nothing => {}
            Piece::Key | Piece::Inter => self.pass(timestamp, body, piece == Piece::Key),
        }
    }

    fn pass(&mut self, timestamp: u32, body: &[u8], is_key: bool) {
        let Some(tap) = &mut self.tap else { return };
        if !is_key && !tap.is_flowing {
            return;
        }
        let mut parts = Vec::with_capacity(3);
        if !tap.is_flowing {
            parts.push(Bytes::from_static(HEAD));
            parts.extend(self.header.as_deref().map(|header| tag(timestamp, header)));
        }
        parts.push(tag(timestamp, body));
        let bytes: usize = parts.iter().map(Bytes::len).sum();
        let waiting = tap.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let is_taken = waiting <= WAITING_MAX && parts.into_iter().all(|part| tap.sender.send(part).is_ok());
        if !is_taken {
            // Too slow, or gone: it ends, and another begins at the next key frame.
            self.tap = None;
            return;
        }
        tap.is_flowing = true;
    }
}

impl Feed {
    /// Hands everything to `ffmpeg` until one of both ends; then its input is closed, so that it finishes what it writes.
    pub async fn pour(mut self, mut input: ChildStdin) {
        while let Some(part) = self.receiver.recv().await {
            if input.write_all(&part).await.is_err() {
                return;
            }
            self.waiting.fetch_sub(part.len(), Ordering::Relaxed);
        }
    }
}
