//! One camera, from the first who watches it to the last.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use model::DeviceId;
use pack::Video;
use sense::cameras::{StreamFault, StreamState};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::command::{Source, arguments, script};
use crate::fault::fault_of;
use crate::files::{RECORDED, finish, list_recorded};
use crate::push::Feed;
use crate::receiver::Shared;

/// The folder of the live stream within that of a camera.
pub(crate) const LIVE: &str = "live";

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How a fetching ended.
enum End {
    /// Nobody wants it any more.
    Unwanted,
    /// Its address, or its class, may be another.
    Changed,
    /// No more pictures come; whether some came.
    Fault(StreamFault, bool),
}

/// Fetches a camera for as long as it is wanted.
pub async fn run(shared: Arc<Shared>, camera: DeviceId, changed: Arc<Notify>) {
    let (shortest, longest) = shared.settings.pause;
    let mut pause = shortest;
    loop {
        if !shared.is_wanted(&camera) && shared.forget(&camera) {
            // What could not be handed over stays; a folder without it goes.
            let folder = shared.folder_of(&camera);
            let _ = std::fs::remove_dir(folder.join(RECORDED)).and_then(|()| std::fs::remove_dir(folder));
            return;
        }
        let end = match shared.archive.source(&camera).await {
            Ok(Some(source)) => {
                shared.set_state(&camera, StreamState::Connecting);
                let end = match input_of(&shared, &camera, &source) {
                    Ok(input) => fetch(&shared, &camera, (source.video, input), &changed).await,
                    Err(fault) => End::Fault(fault, false),
                };
                hand_over(&shared, &camera, true).await;
                let is_sent = source.address.is_none() && shared.pushes.since(&camera).is_some();
                match end {
                    // Pictures of another size, which need another header: the source goes on.
                    End::Fault(StreamFault::Ended, true) if is_sent => End::Changed,
                    end => end,
                }
            }
            Ok(None) => End::Fault(StreamFault::NoAddress, false),
            Err(error) => {
                tracing::error!(%camera, error, "the address of a camera cannot be read");
                End::Fault(StreamFault::Failed, false)
            }
        };
        let End::Fault(fault, was_live) = end else {
            pause = shortest;
            continue;
        };
        shared.set_state(&camera, StreamState::Stalled(fault));
        if was_live {
            pause = shortest;
        }
        tracing::info!(%camera, fault = fault.as_str(), pause_s = pause.as_secs(), "a camera brings no pictures; it is tried again");
        wait(&shared, &camera, &changed, pause).await;
        pause = (pause * 2).min(longest);
    }
}

/// Waits, but no longer than the camera is wanted or its address is the same.
async fn wait(shared: &Shared, camera: &DeviceId, changed: &Notify, pause: Duration) {
    let until = Instant::now() + pause;
    while Instant::now() < until && shared.is_wanted(camera) {
        tokio::select! {
            () = changed.notified() => return,
            () = tokio::time::sleep(LOOK_EVERY.min(pause)) => {}
        }
    }
}

/// What the program reads: a script that says from where, or the pictures themselves.
enum Input {
    Script(String),
    Feed(Feed),
}

/// Where its pictures come from; the fault where they come from nowhere.
fn input_of(shared: &Shared, camera: &DeviceId, source: &Source) -> Result<Input, StreamFault> {
    match &source.address {
        Some(address) => Ok(Input::Script(script(address))),
        None => shared.pushes.tap(camera).map(Input::Feed),
    }
}

async fn fetch(shared: &Shared, camera: &DeviceId, (video, input): (Video, Input), changed: &Notify) -> End {
    let folder = shared.folder_of(camera);
    let complaint = Arc::new(Mutex::new(None));
    let (mut child, _pouring) = match begin(shared, &folder, video, input).await {
        Ok(begun) => begun,
        Err(error) => {
            tracing::error!(%camera, kind = %error.kind(), "the program that fetches cameras cannot be run");
            return End::Fault(StreamFault::Failed, false);
        }
    };
    let listening =
        child.stderr.take().map(|lines| tokio::spawn(listen(lines, video.transcode, Arc::clone(&complaint))));
    let heard = || *complaint.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut newest, mut moved) = (None::<SystemTime>, Instant::now());
    let end = loop {
        tokio::select! {
            _ = child.wait() => {
                if let Some(listening) = listening {
                    // Its last words say why.
                    let _ = listening.await;
                }
                break End::Fault(heard().unwrap_or(StreamFault::Ended), newest.is_some());
            }
            () = changed.notified() => break End::Changed,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        if !shared.is_wanted(camera) {
            break End::Unwanted;
        }
        if heard() == Some(StreamFault::NotH264) {
            break End::Fault(StreamFault::NotH264, false);
        }
        let listed = std::fs::metadata(folder.join(LIVE).join("index.m3u8")).and_then(|about| about.modified()).ok();
        if listed.is_some() && listed != newest {
            if newest.is_none() {
                shared.set_state(camera, StreamState::Live(shared.clock.now()));
            }
            (newest, moved) = (listed, Instant::now());
        }
        if moved.elapsed() > shared.settings.silent {
            break End::Fault(StreamFault::Silent, newest.is_some());
        }
        hand_over(shared, camera, false).await;
    };
    // Whether it had ended already does not matter.
    let _ = child.kill().await;
    end
}

/// Begins to fetch into fresh folders. Pictures are poured in until what is answered is dropped.
async fn begin(shared: &Shared, folder: &Path, video: Video, input: Input) -> std::io::Result<(Child, JoinSet<()>)> {
    match std::fs::remove_dir_all(folder.join(LIVE)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::create_dir_all(folder.join(LIVE))?;
    std::fs::create_dir_all(folder.join(RECORDED))?;
    let mut child = Command::new(&shared.settings.program)
        .args(arguments(video, matches!(input, Input::Feed(_))))
        .current_dir(folder)
        // It needs none, and ours may hold secrets.
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut pouring = JoinSet::new();
    match (child.stdin.take(), input) {
        (Some(mut into), Input::Script(script)) => into.write_all(script.as_bytes()).await?,
        (Some(into), Input::Feed(feed)) => drop(pouring.spawn(feed.pour(into))),
        (None, _) => {}
    }
    Ok((child, pouring))
}

/// Hears what it complains of; the first is the cause, what follows are consequences.
async fn listen(lines: ChildStderr, transcode: bool, complaint: Arc<Mutex<Option<StreamFault>>>) {
    let mut lines = BufReader::new(lines).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let fault = fault_of(&String::from_utf8_lossy(&line), transcode);
        let mut known = complaint.lock().unwrap_or_else(PoisonError::into_inner);
        *known = known.or(fault);
    }
}

/// Hands over recorded files that are finished; all of them when the program has ended.
async fn hand_over(shared: &Shared, camera: &DeviceId, is_over: bool) {
    let folder = shared.folder_of(camera);
    let paths = match list_recorded(&folder, is_over) {
        Ok(paths) => paths,
        Err(error) => {
            tracing::error!(%camera, kind = %error.kind(), "recorded files cannot be listed");
            return;
        }
    };
    for path in paths {
        let of = camera.clone();
        let finished = tokio::task::spawn_blocking(move || finish(&of, path)).await;
        let outcome = match finished {
            Ok(Ok(Some(finished))) => shared.archive.keep(finished).await,
            Ok(Ok(None)) => Ok(()),
            Ok(Err(error)) => Err(error.kind().to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = outcome {
            tracing::error!(%camera, error, "a recorded file could not be sealed; it is tried again");
            return;
        }
    }
}
