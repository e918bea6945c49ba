//! Cameras: where their pictures come from, who may watch them and why, and what was recorded.
//!
//! Pictures are fetched by whoever implements [`Streams`]; nothing here touches them.

use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use identity::{StreamAddress, StreamAddressError, VaultError, stated};
use model::{Actor, DeviceId, Instant, NewRecord, PartyId, RecordBody, RecordingSealed};
use store::{DeviceChangeRow, DeviceState, RecordingRow, StoreError, Tx};

use crate::Context;
use crate::telemetry::Member;

/// How long somebody watches without saying again why: a shift.
pub const VIEWING_US: i64 = 8 * 3_600 * 1_000_000;

/// Most cameras that somebody begins to watch at a time: the greatest wall has nine pictures, and changes them.
pub const VIEWED_MAX: usize = 64;

/// How the stream of a camera stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamState {
    /// Nobody watches, and it is not recorded.
    Off,
    /// Pictures are being asked for.
    Connecting,
    /// Pictures come, since then.
    Live(Instant),
    /// They do not come, or no longer; it is tried again.
    Stalled(StreamFault),
}

/// Why no pictures come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamFault {
    /// Nobody has said where they come from.
    NoAddress,
    /// Nobody has said so, and the camera does not send them by itself.
    NotSending,
    /// The address does not answer.
    Unreachable,
    /// Name or password is wrong.
    Unauthorised,
    /// There is no such stream at the address.
    NotFound,
    /// It is connected and sends nothing.
    Silent,
    /// It sends something that browsers do not show, and the class does not have it written anew.
    NotH264,
    /// The camera ended it.
    Ended,
    /// As many cameras are fetched as may be at a time.
    TooMany,
    /// This machine cannot fetch it: the program is missing, or the disk is full.
    Failed,
}

impl StreamFault {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAddress => "no_address",
            Self::NotSending => "not_sending",
            Self::Unreachable => "unreachable",
            Self::Unauthorised => "unauthorised",
            Self::NotFound => "not_found",
            Self::Silent => "silent",
            Self::NotH264 => "not_h264",
            Self::Ended => "ended",
            Self::TooMany => "too_many",
            Self::Failed => "failed",
        }
    }
}

/// A source that wants to send the picture of a camera by WebRTC.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The camera's name.
    pub camera: &'a str,
    /// Its password as a device.
    pub key: &'a str,
    /// Where it asks from.
    pub peer: IpAddr,
}

/// How a source is to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAnswer {
    /// The name of its call, by which it is ended.
    pub call: String,
    /// Where to and how (SDP).
    pub sdp: String,
}

/// Why a source may not send. Words are for whoever set it up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallRefused {
    /// Nobody takes pictures by WebRTC here.
    #[error("no camera sends by WebRTC here")]
    Nowhere,
    /// Name or key is wrong.
    #[error("name or key of the camera is wrong")]
    Key,
    /// It is shut out, or no camera.
    #[error("{0}")]
    NotAllowed(String),
    /// Its picture comes from elsewhere.
    #[error("{0}")]
    Taken(String),
    /// The offer cannot be answered.
    #[error("{0}")]
    Offer(String),
    /// There is no such call.
    #[error("there is no such call")]
    NoCall,
    /// Not now.
    #[error("{0}")]
    Later(String),
}

/// What is known in its own time.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whoever fetches pictures.
pub trait Streams: Send + Sync {
    /// Somebody watches a camera: begins to fetch where nobody does, and goes on where somebody does. How it stands.
    fn watch(&self, camera: &Arc<Member>) -> StreamState;

    /// How the stream of a camera stands.
    fn state(&self, camera: &DeviceId) -> StreamState;

    /// Where a file of its live stream is, `index.m3u8` or a segment; `None` while there is none of that name.
    fn live_file(&self, camera: &DeviceId, name: &str) -> Option<PathBuf>;

    /// Where a recorded file is.
    fn recording_file(&self, recording: &RecordingRow) -> PathBuf;

    /// The address of a camera changed, or its class: what is fetched by the former is ended.
    fn renew(&self, camera: &DeviceId);

    /// The port at which cameras send their picture by themselves (RTMP); `None` where they do not.
    fn push_port(&self) -> Option<u16>;

    /// Since when a camera sends its picture by itself; `None` while it does not.
    fn sends_since(&self, camera: &DeviceId) -> Option<Instant>;

    /// Whether cameras may send their picture by WebRTC.
    fn takes_calls(&self) -> bool;

    /// Answers the offer of a source that wants to send by WebRTC.
    fn answer_call<'a>(&'a self, caller: Caller<'a>, offer: &'a str) -> Later<'a, Result<CallAnswer, CallRefused>>;

    /// Ends the call of a source.
    fn end_call<'a>(&'a self, caller: Caller<'a>, call: &'a str) -> Later<'a, Result<(), CallRefused>>;
}

/// Why something of a camera was refused.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// The device is no camera.
    #[error("device {0} is no camera: its class has no video")]
    NoCamera(DeviceId),
    /// It is gone for good.
    #[error("camera {0} is retired")]
    Retired(DeviceId),
    /// The address does not fit.
    #[error(transparent)]
    Address(#[from] StreamAddressError),
    /// Why is not said.
    #[error("a purpose of 4 to 200 characters must be stated")]
    Purpose,
    /// None, or too many.
    #[error("1 to {VIEWED_MAX} cameras at a time, got {0}")]
    Count(usize),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Says where the pictures of a camera come from, or that they come from nowhere any more.
///
/// # Errors
/// [`CameraError`].
pub async fn set_stream(
    ctx: &Context,
    by: Option<PartyId>,
    camera: &Member,
    address: Option<&str>,
) -> Result<(), CameraError> {
    let (id, now) = (camera.row.id.clone(), ctx.clock.now());
    if camera.class.video.is_none() {
        return Err(CameraError::NoCamera(id));
    }
    if camera.row.state == DeviceState::Retired {
        return Err(CameraError::Retired(id));
    }
    let address = address.map(StreamAddress::parse).transpose()?;
    let vault = Arc::clone(&ctx.vault);
    ctx.store
        .write(move |tx: &mut Tx| {
            let (kind, reason) = match &address {
                Some(address) => {
                    vault.seal_stream(tx, &id, address, now)?;
                    ("stream_set", Some(address.shown().to_owned()))
                }
                None if tx.remove_camera_stream(&id)? => ("stream_removed", None),
                None => return Ok(()),
            };
            let change = tx.new_event_id(now);
            let kind = kind.to_owned();
            tx.record_device_change(&DeviceChangeRow { id: change, device: id, at: now, party: by, kind, reason })?;
            Ok(())
        })
        .await
}

/// The address of a camera, for who fetches its pictures.
///
/// # Errors
/// [`VaultError`] when it does not open.
pub async fn stream_of(ctx: &Context, camera: DeviceId) -> Result<Option<StreamAddress>, VaultError> {
    let vault = Arc::clone(&ctx.vault);
    ctx.store.read(move |reader| vault.open_stream(reader, &camera)).await
}

/// Somebody begins to watch cameras and says why: one record of the log for each. Until when they may.
///
/// # Errors
/// [`CameraError`].
pub async fn begin_viewing(
    ctx: &Context,
    (party, actor): (PartyId, Vec<(DeviceId, Actor)>),
    purpose: &str,
) -> Result<Instant, CameraError> {
    let purpose = stated(purpose).map_err(|_| CameraError::Purpose)?.to_owned();
    if !(1..=VIEWED_MAX).contains(&actor.len()) {
        return Err(CameraError::Count(actor.len()));
    }
    let now = ctx.clock.now();
    let until = now.plus_micros(VIEWING_US);
    ctx.store
        .write(move |tx: &mut Tx| {
            for (camera, actor) in actor {
                tx.record_viewing(&camera, party, until)?;
                let body = RecordBody::CameraViewed { camera, purpose: purpose.clone(), until };
                tx.append_record(NewRecord { at: now, actor, body }, now)?;
            }
            Ok(until)
        })
        .await
}

/// A recorded file that is finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The camera.
    pub camera: DeviceId,
    /// When it begins.
    pub from: Instant,
    /// When it ends.
    pub to: Instant,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// Seals a recorded file: a row, and a record of the log. One that is sealed already is answered as it was.
///
/// # Errors
/// [`StoreError`].
pub async fn seal_recording(ctx: &Context, recorded: Recorded) -> Result<RecordingRow, StoreError> {
    let now = ctx.clock.now();
    ctx.store
        .write(move |tx: &mut Tx| {
            // The program may have ended between this transaction and moving the file to its place.
            if let Some(known) = tx.find_recording_of(&recorded.sha256)? {
                return Ok(known);
            }
            let Recorded { camera, from, to, sha256, bytes } = recorded;
            let sealed = RecordingSealed { camera: camera.clone(), from, to, sha256: sha256.clone(), bytes };
            let body = RecordBody::RecordingSealed(Box::new(sealed));
            let id = tx.append_record(NewRecord { at: to, actor: Actor::system("video"), body }, now)?.id;
            let row = RecordingRow { id, device: camera, from, to, sha256, bytes, deleted_at: None };
            tx.record_recording(&row)?;
            Ok(row)
        })
        .await
}

/// Files of a camera whose time is over, at most `limit`: they are deleted, then [`note_deleted`].
///
/// # Errors
/// [`StoreError`].
pub async fn list_expired(ctx: &Context, camera: &Member, limit: u32) -> Result<Vec<RecordingRow>, StoreError> {
    let Some(recording) = camera.class.video.and_then(|video| video.recording) else { return Ok(Vec::new()) };
    let before = ctx.clock.now().plus_micros(-i64::from(recording.retention_days) * 86_400_000_000);
    let camera = camera.row.id.clone();
    ctx.store.read(move |reader| reader.list_recordings_kept(&camera, before, limit)).await
}

/// Notes that files were deleted. Their rows and records stay.
///
/// # Errors
/// [`StoreError`].
pub async fn note_deleted(ctx: &Context, deleted: Vec<RecordingRow>) -> Result<(), StoreError> {
    let now = ctx.clock.now();
    ctx.store
        .write(move |tx: &mut Tx| deleted.iter().try_for_each(|row| tx.record_recording_deleted(row.id, now)))
        .await
}
