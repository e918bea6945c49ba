//! Cameras: who fetches their pictures, and what becomes of what was recorded.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, ensure};
use model::{DeviceId, Instant};
use sense::cameras::{
    CallAnswer, CallRefused, Caller, Later, Recorded, StreamState, Streams, list_expired, note_deleted, seal_recording,
    stream_of,
};
use sense::telemetry::{Intake, Member, Refused};
use store::{Entropy, RecordingRow, StoreError};
use tokio::sync::watch;
use tokio::task::JoinSet;
use video::whip::Whip;
use video::{Admitted, Archive, Denied, Door, Finished, Gate, Hello, Limits, Receiver, Settings, Source, Todo};

use super::Sensing;
use crate::runtime::Runtime;
use crate::system::SystemEntropy;

/// How often it is looked which cameras are recorded: the register may be changed from outside.
const RECORD_EVERY: Duration = Duration::from_secs(5);

/// How often files whose time is over are deleted, and how many at a time.
const EXPIRE_EVERY: Duration = Duration::from_secs(600);
const EXPIRED_AT_ONCE: u32 = 200;

/// The cameras of a city.
#[derive(Clone)]
pub struct Cameras {
    receiver: Receiver,
    keeper: Arc<Keeper>,
    /// Where they send their picture by themselves.
    rtmp: Option<SocketAddr>,
    at_once: usize,
    port: Arc<OnceLock<u16>>,
    whip: Option<Whip>,
}

/// Knows where pictures come from and keeps what was recorded.
struct Keeper {
    ctx: sense::Context,
    intake: Arc<Intake>,
    /// Recorded files, a folder for each camera.
    recordings: PathBuf,
}

impl Cameras {
    /// Makes ready to fetch cameras; `None` where no program is named that does, or this process has no devices.
    pub async fn open(runtime: &Runtime, sensing: Option<&Sensing>) -> anyhow::Result<Option<Self>> {
        let rtmp = runtime.config.rtmp;
        let needs_video = "rtmp and whip need video: the ffmpeg program that takes pictures in";
        ensure!((rtmp, runtime.config.whip) == (None, None) || runtime.config.video.is_some(), needs_video);
        let (Some(program), Some(sensing)) = (&runtime.config.video, sensing) else { return Ok(None) };
        let program = find_program(program);
        let folder = runtime.config.data.join("video");
        let recordings = folder.join("recordings");
        std::fs::create_dir_all(&recordings)
            .with_context(|| format!("the folder {} cannot be made", recordings.display()))?;
        let intake = Arc::clone(&sensing.intake);
        let keeper = Arc::new(Keeper { ctx: runtime.sense(), intake, recordings });
        // Programs run in folders of their own, so that ours is told in full.
        let work = std::path::absolute(folder.join("work"))?;
        let at_once = usize::try_from(runtime.config.video_at_once.get()).unwrap_or(usize::MAX);
        let settings = Settings::new(program, work, at_once);
        let archive = Arc::<Keeper>::clone(&keeper);
        let receiver = Receiver::open(settings, archive, Arc::clone(&runtime.clock)).await?;
        let whip = match runtime.config.whip {
            Some(address) => Some(open_whip(address, Limits::new(at_once), &receiver, &keeper).await?),
            None => None,
        };
        Ok(Some(Self { receiver, keeper, rtmp, at_once, port: Arc::default(), whip }))
    }

    /// Records what is to be recorded, and deletes what is no longer to be kept, until the program stops.
    pub async fn begin(self, tasks: &mut JoinSet<()>, stopping: &watch::Receiver<bool>) -> anyhow::Result<()> {
        let door = match self.rtmp {
            Some(address) => Some(self.open_door(address).await?),
            None => None,
        };
        tasks.spawn(self.clone().record(door, stopping.clone()));
        tasks.spawn(self.expire(stopping.clone()));
        Ok(())
    }

    async fn open_door(&self, address: SocketAddr) -> anyhow::Result<Door> {
        let (receiver, gate) = (self.receiver.clone(), Arc::<Keeper>::clone(&self.keeper));
        let door = Door::open(address, Limits::new(self.at_once), receiver, gate).await;
        let door = door.with_context(|| format!("{address} cannot be listened on for RTMP"))?;
        println!("  RTMP      {}", door.local_address());
        // Set once: this is called once.
        let _ = self.port.set(door.local_address().port());
        Ok(door)
    }

    async fn record(self, door: Option<Door>, mut stopping: watch::Receiver<bool>) {
        let mut former = BTreeSet::new();
        let mut recovered = false;
        loop {
            if !recovered {
                match self.receiver.recover().await {
                    Ok(files) => {
                        recovered = true;
                        if files > 0 {
                            tracing::info!(files, "recorded files of a run that was cut short are sealed");
                        }
                    }
                    Err(error) => tracing::error!(error, "recorded files of a former run cannot be sealed yet"),
                }
            }
            match self.recorded().await {
                Ok(now) => {
                    for camera in former.difference(&now) {
                        self.receiver.record(camera, false);
                    }
                    now.iter().for_each(|camera| self.receiver.record(camera, true));
                    former = now;
                }
                Err(error) => tracing::error!(%error, "the addresses of cameras cannot be listed"),
            }
            // Who was shut out is fetched no longer.
            for camera in self.receiver.fetched().into_iter().chain(self.receiver.sending()) {
                if self.keeper.find(&camera).is_none() {
                    self.renew(&camera);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(RECORD_EVERY) => {}
                _ = stopping.wait_for(|stop| *stop) => break,
            }
        }
        if let Some(door) = door {
            door.close().await;
        }
        if let Some(whip) = &self.whip {
            whip.close().await;
        }
        self.receiver.stop().await;
    }

    /// Cameras that are recorded: by their class, with an address or sending by themselves, and not shut out.
    async fn recorded(&self) -> Result<BTreeSet<DeviceId>, StoreError> {
        let rows = self.keeper.ctx.store.read(|reader| reader.list_camera_streams()).await?;
        let mut recorded = BTreeSet::new();
        for camera in rows.into_iter().map(|row| row.device).chain(self.receiver.sending()) {
            let member = self.keeper.find(&camera);
            if member.and_then(|member| member.class.video).is_some_and(|video| video.recording.is_some()) {
                recorded.insert(camera);
            }
        }
        Ok(recorded)
    }

    async fn expire(self, mut stopping: watch::Receiver<bool>) {
        loop {
            for member in self.keeper.intake.fleet.list() {
                if let Err(error) = self.keeper.expire(&member).await {
                    tracing::error!(camera = %member.row.id, %error, "recorded files could not be deleted; the next round tries again");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(EXPIRE_EVERY) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    }
}

impl Streams for Cameras {
    fn watch(&self, camera: &Arc<Member>) -> StreamState {
        self.receiver.watch(&camera.row.id)
    }

    fn state(&self, camera: &DeviceId) -> StreamState {
        self.receiver.state(camera)
    }

    fn live_file(&self, camera: &DeviceId, name: &str) -> Option<PathBuf> {
        self.receiver.live_file(camera, name)
    }

    fn recording_file(&self, recording: &RecordingRow) -> PathBuf {
        self.keeper.file_of(recording)
    }

    fn renew(&self, camera: &DeviceId) {
        // Who sends is sent away: where there is an address now, that is where pictures come from.
        self.receiver.cut(camera);
        self.receiver.renew(camera);
    }

    fn push_port(&self) -> Option<u16> {
        self.port.get().copied()
    }

    fn sends_since(&self, camera: &DeviceId) -> Option<Instant> {
        self.receiver.sends_since(camera)
    }

    fn takes_calls(&self) -> bool {
        self.whip.is_some()
    }

    fn answer_call<'a>(&'a self, caller: Caller<'a>, offer: &'a str) -> Later<'a, Result<CallAnswer, CallRefused>> {
        Box::pin(async move {
            let whip = self.whip.as_ref().ok_or(CallRefused::Nowhere)?;
            let hello = Hello { camera: caller.camera, key: caller.key };
            let answer = whip.answer(caller.peer, hello, offer).await.map_err(call_refused)?;
            Ok(CallAnswer { call: answer.call, sdp: answer.sdp })
        })
    }

    fn end_call<'a>(&'a self, caller: Caller<'a>, call: &'a str) -> Later<'a, Result<(), CallRefused>> {
        Box::pin(async move {
            let whip = self.whip.as_ref().ok_or(CallRefused::Nowhere)?;
            let hello = Hello { camera: caller.camera, key: caller.key };
            whip.hang_up(caller.peer, hello, call).await.map_err(call_refused)
        })
    }
}

async fn open_whip(
    address: SocketAddr,
    limits: Limits,
    receiver: &Receiver,
    keeper: &Arc<Keeper>,
) -> anyhow::Result<Whip> {
    let gate = Arc::<Keeper>::clone(keeper);
    let random = || {
        let mut bytes = [0; 32];
        SystemEntropy.fill(&mut bytes);
        bytes
    };
    let whip = Whip::open(address, limits, receiver.clone(), gate, random).await;
    let whip = whip.with_context(|| format!("{address} cannot be listened on for WebRTC"))?;
    println!("  WHIP      {} (UDP)", whip.local_address());
    Ok(whip)
}

/// Why a source may not send by WebRTC, for who asked.
fn call_refused(refused: video::whip::Refused) -> CallRefused {
    use video::whip::Refused;
    let words = refused.to_string();
    match refused {
        Refused::Denied(Denied::Key) => CallRefused::Key,
        Refused::Denied(Denied::ShutOut | Denied::NoCamera) => CallRefused::NotAllowed(words),
        Refused::Denied(Denied::Fetched | Denied::Busy) => CallRefused::Taken(words),
        Refused::Denied(Denied::Unavailable) | Refused::TooMany => CallRefused::Later(words),
        Refused::Offer(_) => CallRefused::Offer(words),
        Refused::NoCall => CallRefused::NoCall,
    }
}

impl Keeper {
    /// A camera that is not shut out.
    fn find(&self, camera: &DeviceId) -> Option<Arc<Member>> {
        self.intake.fleet.find(camera).filter(|member| member.may_speak())
    }

    async fn admit(&self, hello: Hello<'_>) -> Result<Admitted, Denied> {
        let (member, is_new_key) = self.intake.admit(hello.camera, hello.key).map_err(|refused| match refused {
            Refused::Credentials => Denied::Key,
            Refused::Quarantined | Refused::Retired => Denied::ShutOut,
        })?;
        let video = member.class.video.ok_or(Denied::NoCamera)?;
        let camera = member.row.id.clone();
        let unavailable = |error: String| {
            tracing::error!(%camera, error, "whether a camera may send cannot be decided");
            Denied::Unavailable
        };
        let id = camera.clone();
        let row = self.ctx.store.read(move |reader| reader.find_camera_stream(&id)).await;
        if row.map_err(|error| unavailable(error.to_string()))?.is_some() {
            return Err(Denied::Fetched);
        }
        if is_new_key {
            let taken = self.intake.take_over_secret(camera.clone()).await;
            taken.map_err(|error| unavailable(error.to_string()))?;
        }
        Ok(Admitted { camera, is_new_key, is_recorded: video.recording.is_some() })
    }

    fn file_of(&self, recording: &RecordingRow) -> PathBuf {
        self.recordings.join(recording.device.as_str()).join(format!("{}.mp4", recording.sha256))
    }

    async fn seal(&self, finished: Finished) -> anyhow::Result<()> {
        let Finished { camera, path, from, to, sha256, bytes } = finished;
        let row = seal_recording(&self.ctx, Recorded { camera, from, to, sha256, bytes }).await?;
        let place = self.file_of(&row);
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // Sealed first: a file that is moved and not sealed would be found by nobody.
        std::fs::rename(path, place)?;
        Ok(())
    }

    /// Deletes the files of a camera whose time is over, then says so in their rows.
    async fn expire(&self, member: &Member) -> anyhow::Result<()> {
        loop {
            let expired = list_expired(&self.ctx, member, EXPIRED_AT_ONCE).await?;
            if expired.is_empty() {
                return Ok(());
            }
            for row in &expired {
                match std::fs::remove_file(self.file_of(row)) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                }
            }
            note_deleted(&self.ctx, expired).await?;
        }
    }
}

impl Archive for Keeper {
    fn source<'a>(&'a self, camera: &'a DeviceId) -> Todo<'a, Result<Option<Source>, String>> {
        Box::pin(async move {
            let Some(video) = self.find(camera).and_then(|member| member.class.video) else { return Ok(None) };
            let address = stream_of(&self.ctx, camera.clone()).await.map_err(|error| error.to_string())?;
            Ok(Some(Source { address, video }))
        })
    }

    fn keep(&self, finished: Finished) -> Todo<'_, Result<(), String>> {
        Box::pin(async move { self.seal(finished).await.map_err(|error| format!("{error:#}")) })
    }
}

impl Gate for Keeper {
    fn admit<'a>(&'a self, hello: Hello<'a>) -> Todo<'a, Result<Admitted, Denied>> {
        Box::pin(self.admit(hello))
    }
}

/// The program itself: it is run without an environment, so that a bare name is looked for here.
#[allow(clippy::disallowed_methods, reason = "faces/dipper alone reads the environment")]
fn find_program(program: &Path) -> PathBuf {
    let is_bare = program.components().count() == 1;
    let path = is_bare.then(|| std::env::var_os("PATH")).flatten().unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file());
    found.unwrap_or_else(|| program.to_owned())
}
