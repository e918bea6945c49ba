//! The cameras that are fetched now, and who asked for them.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::{Clock, DeviceId};
use sense::cameras::{StreamFault, StreamState};
use tokio::process::Command;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::command::Source;
use crate::door::Admitted;
use crate::files::{Finished, finish, list_recorded};
use crate::push::{Publication, Pushes};
use crate::run;

/// What can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The `ffmpeg` program, with its path: it is run without an environment.
    pub program: PathBuf,
    /// A folder of our own for what is being written.
    pub folder: PathBuf,
    /// Most cameras that are fetched at a time.
    pub at_once: usize,
    /// A camera that nobody has watched for so long, and that is not recorded, is no longer fetched.
    pub idle: Duration,
    /// A stream that brings nothing for so long is begun anew. Longer than the key frames of any camera are apart.
    pub silent: Duration,
    /// Shortest and longest pause before it is tried again; each is twice the one before.
    pub pause: (Duration, Duration),
}

impl Settings {
    /// As a city runs it.
    pub fn new(program: PathBuf, folder: PathBuf, at_once: usize) -> Self {
        let seconds = Duration::from_secs;
        Self { program, folder, at_once, idle: seconds(30), silent: seconds(20), pause: (seconds(1), seconds(30)) }
    }
}

/// Something that is done in its own time.
pub type Todo<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whoever knows where pictures come from, and keeps what is recorded. Errors are in words, for the log.
pub trait Archive: Send + Sync {
    /// Where the pictures of a camera come from; `None` where nobody has said so, or it is no camera.
    fn source<'a>(&'a self, camera: &'a DeviceId) -> Todo<'a, Result<Option<Source>, String>>;

    /// Keeps a recorded file: it is moved from where it lies. What fails is asked for again.
    fn keep(&self, finished: Finished) -> Todo<'_, Result<(), String>>;
}

/// Why cameras cannot be fetched at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The program does not run.
    #[error("{program} cannot be run ({reason}): install ffmpeg, or leave video out")]
    Program {
        /// Which.
        program: PathBuf,
        /// Why.
        reason: String,
    },
    /// The folder cannot be made or read.
    #[error("the folder {folder} cannot be used: {kind}")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// What went wrong.
        kind: io::ErrorKind,
    },
}

/// Fetches cameras.
#[derive(Clone)]
pub struct Receiver(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) archive: Arc<dyn Archive>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The folder of this run: a program of a former one that is left over writes nowhere near it.
    pub(crate) folder: PathBuf,
    former: Vec<PathBuf>,
    cameras: Mutex<HashMap<DeviceId, Camera>>,
    /// Cameras for which there was no room, and when they were asked for last.
    refused: Mutex<HashMap<DeviceId, Instant>>,
    tasks: Mutex<JoinSet<()>>,
    /// Those that are not fetched: they send.
    pub(crate) pushes: Arc<Pushes>,
}

/// A camera that is fetched.
struct Camera {
    state: StreamState,
    watched: Option<Instant>,
    is_recorded: bool,
    changed: Arc<Notify>,
}

impl Receiver {
    /// Makes ready: the program is run once, and what former runs left is found.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(settings: Settings, archive: Arc<dyn Archive>, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let program = |reason: String| OpenError::Program { program: settings.program.clone(), reason };
        let ran = Command::new(&settings.program).arg("-version").env_clear().kill_on_drop(true).output().await;
        let ran = ran.map_err(|error| program(error.kind().to_string()))?;
        if !ran.status.success() {
            return Err(program("it ended with an error".to_owned()));
        }
        let fault = |error: io::Error| OpenError::Folder { folder: settings.folder.clone(), kind: error.kind() };
        std::fs::create_dir_all(&settings.folder).map_err(fault)?;
        let entries = std::fs::read_dir(&settings.folder).map_err(fault)?;
        let former = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>().map_err(fault)?;
        let folder = settings.folder.join(clock.now().as_micros().to_string());
        std::fs::create_dir_all(&folder).map_err(fault)?;
        let (cameras, refused, tasks, pushes) = (Mutex::default(), Mutex::default(), Mutex::default(), Arc::default());
        Ok(Self(Arc::new(Shared { settings, archive, clock, folder, former, cameras, refused, tasks, pushes })))
    }

    /// Somebody watches a camera: it is fetched from now on. How it stands.
    pub fn watch(&self, camera: &DeviceId) -> StreamState {
        self.want(camera, Some(Instant::now()), None)
    }

    /// Says of a camera whether it is recorded; one that is, is fetched all the time.
    pub fn record(&self, camera: &DeviceId, is_recorded: bool) {
        let is_known = self.0.lock().contains_key(camera);
        if is_recorded || is_known {
            self.want(camera, None, Some(is_recorded));
        }
    }

    /// How the stream of a camera stands.
    pub fn state(&self, camera: &DeviceId) -> StreamState {
        if let Some(camera) = self.0.lock().get(camera) {
            return camera.state;
        }
        let refused = self.0.refused();
        let is_refused = refused.get(camera).is_some_and(|at| at.elapsed() < self.0.settings.idle);
        if is_refused { StreamState::Stalled(StreamFault::TooMany) } else { StreamState::Off }
    }

    /// The cameras that are fetched now.
    pub fn fetched(&self) -> Vec<DeviceId> {
        self.0.lock().keys().cloned().collect()
    }

    /// Since when a camera sends its picture by itself; `None` while it does not.
    pub fn sends_since(&self, camera: &DeviceId) -> Option<model::Instant> {
        self.0.pushes.since(camera)
    }

    /// The cameras that send their picture by themselves.
    pub fn sending(&self) -> Vec<DeviceId> {
        self.0.pushes.list()
    }

    /// Who sends the picture of a camera is sent away.
    pub fn cut(&self, camera: &DeviceId) {
        self.0.pushes.cut(camera);
    }

    /// A source begins to send; `None` where another does already.
    pub(crate) fn begin_push(&self, admitted: &Admitted) -> Option<Publication> {
        self.0.pushes.begin(&admitted.camera, self.0.clock.now(), admitted.is_new_key)
    }

    /// Its picture comes from now on: who waits for it is served, and it is recorded where that is so.
    pub(crate) fn pushed(&self, admitted: &Admitted) {
        self.renew(&admitted.camera);
        if admitted.is_recorded {
            self.record(&admitted.camera, true);
        }
    }

    /// What is fetched by a former address, or for a former class, is ended and begun anew.
    pub fn renew(&self, camera: &DeviceId) {
        if let Some(camera) = self.0.lock().get(camera) {
            camera.changed.notify_one();
        }
    }

    /// Where a file of the live stream is; `None` while there is none of that name.
    pub fn live_file(&self, camera: &DeviceId, name: &str) -> Option<PathBuf> {
        let is_segment = name.strip_suffix(".ts").is_some_and(|number| number.bytes().all(|one| one.is_ascii_digit()));
        if !(is_segment || name == "index.m3u8") || !matches!(self.state(camera), StreamState::Live(_)) {
            return None;
        }
        Some(self.0.folder_of(camera).join(run::LIVE).join(name)).filter(|path| path.is_file())
    }

    /// Hands over what former runs recorded and could not hand over; then nothing of them is left, and a program of one that
    /// still runs ends, because its folder is gone.
    ///
    /// # Errors
    /// In words; it may be asked for again.
    pub async fn recover(&self) -> Result<usize, String> {
        let mut recovered = 0;
        for former in &self.0.former {
            for (camera, path) in recorded_in(former).map_err(|error| format!("a former run: {}", error.kind()))? {
                // A copy: a program that was left over may write to the file itself.
                let copy = self.0.folder_of(&camera).join("recovered");
                let copied = copy_into(&path, &copy).and_then(|copy| finish(&camera, copy));
                if let Some(finished) = copied.map_err(|error| format!("{camera}: {}", error.kind()))? {
                    self.0.archive.keep(finished).await?;
                    recovered += 1;
                }
                let removed = std::fs::remove_file(&path);
                removed.map_err(|error| format!("{camera}: {}", error.kind()))?;
            }
            match std::fs::remove_dir_all(former) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.kind().to_string()),
                _ => {}
            }
        }
        Ok(recovered)
    }

    /// Ends everything and hands over what was recorded.
    pub async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for camera in self.0.lock().values_mut() {
            (camera.watched, camera.is_recorded) = (None, false);
            camera.changed.notify_one();
        }
        while tasks.join_next().await.is_some() {}
        // What could not be handed over stays for the next run.
        let _ = std::fs::remove_dir(&self.0.folder);
    }

    fn want(&self, id: &DeviceId, watched: Option<Instant>, is_recorded: Option<bool>) -> StreamState {
        let mut cameras = self.0.lock();
        if let Some(camera) = cameras.get_mut(id) {
            camera.watched = watched.or(camera.watched);
            camera.is_recorded = is_recorded.unwrap_or(camera.is_recorded);
            return camera.state;
        }
        let mut refused = self.0.refused();
        refused.remove(id);
        if cameras.len() >= self.0.settings.at_once {
            refused.retain(|_, at| at.elapsed() < self.0.settings.idle);
            refused.insert(id.clone(), Instant::now());
            return StreamState::Stalled(StreamFault::TooMany);
        }
        let (state, changed) = (StreamState::Connecting, Arc::new(Notify::new()));
        let camera =
            Camera { state, watched, is_recorded: is_recorded.unwrap_or(false), changed: Arc::clone(&changed) };
        cameras.insert(id.clone(), camera);
        drop((cameras, refused));
        let mut tasks = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(run::run(Arc::clone(&self.0), id.clone(), changed));
        state
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<DeviceId, Camera>> {
        self.cameras.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self) -> MutexGuard<'_, HashMap<DeviceId, Instant>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder of a camera in this run. The name of a device has no separator and begins with a letter or a digit.
    pub(crate) fn folder_of(&self, camera: &DeviceId) -> PathBuf {
        self.folder.join(camera.as_str())
    }

    pub(crate) fn set_state(&self, id: &DeviceId, state: StreamState) {
        if let Some(camera) = self.lock().get_mut(id) {
            camera.state = state;
        }
    }

    pub(crate) fn is_wanted(&self, id: &DeviceId) -> bool {
        self.lock().get(id).is_some_and(|camera| self.wants(camera))
    }

    /// Forgets a camera that nobody wants; false when somebody came at this very moment.
    pub(crate) fn forget(&self, id: &DeviceId) -> bool {
        let mut cameras = self.lock();
        let is_wanted = cameras.get(id).is_some_and(|camera| self.wants(camera));
        if !is_wanted {
            cameras.remove(id);
        }
        !is_wanted
    }

    fn wants(&self, camera: &Camera) -> bool {
        camera.is_recorded || camera.watched.is_some_and(|at| at.elapsed() < self.settings.idle)
    }
}

/// Recorded files of a former run, with their cameras.
fn recorded_in(run: &Path) -> io::Result<Vec<(DeviceId, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(run)? {
        let entry = entry?;
        let Some(camera) = entry.file_name().to_str().and_then(|name| DeviceId::new(name).ok()) else { continue };
        found.extend(list_recorded(&entry.path(), true)?.into_iter().map(|path| (camera.clone(), path)));
    }
    Ok(found)
}

fn copy_into(path: &Path, folder: &Path) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let copy = folder.join(path.file_name().unwrap_or_default());
    let modified = std::fs::metadata(path)?.modified()?;
    std::fs::copy(path, &copy)?;
    std::fs::File::options().write(true).open(&copy)?.set_modified(modified)?;
    Ok(copy)
}
