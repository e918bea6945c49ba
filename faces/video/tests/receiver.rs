//! The receiver with the real program where it is installed: pictures come, files are handed over, faults are named.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dipper_video::{Archive, Finished, OpenError, Receiver, Settings, Source, Todo, whole_length};
use identity::StreamAddress;
use model::DeviceId;
use pack::{Recording, Video};
use sense::cameras::{StreamFault, StreamState};
use testkit::FixedClock;
use tokio::process::{Child, Command};

/// Knows one address for every camera, and keeps what it is given.
struct Shelf {
    address: Option<String>,
    video: Video,
    kept: Mutex<Vec<Finished>>,
}

impl Archive for Shelf {
    fn source<'a>(&'a self, _: &'a DeviceId) -> Todo<'a, Result<Option<Source>, String>> {
        let address = self.address.as_deref().map(|text| StreamAddress::parse(text).unwrap());
        Box::pin(async move { Ok(Some(Source { address, video: self.video })) })
    }

    fn keep(&self, finished: Finished) -> Todo<'_, Result<(), String>> {
        Box::pin(async move {
            std::fs::rename(&finished.path, finished.path.with_extension("kept")).unwrap();
            self.kept.lock().unwrap().push(finished);
            Ok(())
        })
    }
}

fn ffmpeg() -> Option<PathBuf> {
    let found = ["/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg"].into_iter().map(PathBuf::from).find(|path| path.is_file());
    if found.is_none() {
        eprintln!("skipped: no ffmpeg");
    }
    found
}

fn camera(number: u32) -> DeviceId {
    DeviceId::new(&format!("camera-{number}")).unwrap()
}

/// A port of this machine that nobody listens on.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn open(
    program: &Path,
    folder: &Path,
    at_once: usize,
    address: Option<String>,
    recording: Option<Recording>,
) -> (Receiver, Arc<Shelf>) {
    let video = Video { recording, transcode: false };
    let shelf = Arc::new(Shelf { address, video, kept: Mutex::default() });
    let pause = (Duration::from_millis(100), Duration::from_millis(200));
    let settings = Settings { pause, ..Settings::new(program.to_owned(), folder.to_owned(), at_once) };
    let clock = Arc::new(FixedClock::at("2026-11-28T09:00:00+08:00"));
    let archive = Arc::<Shelf>::clone(&shelf);
    (Receiver::open(settings, archive, clock).await.unwrap(), shelf)
}

/// Waits until it is so; 30 s at most.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..300 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not within 30 s: {what}");
}

/// A camera that gives moving pictures to one reader.
fn give(program: &Path, port: u16, codec: &str) -> Child {
    let words = format!(
        "-nostdin -loglevel quiet -re -f lavfi -i testsrc2=size=320x180:rate=10 -c:v {codec} -g 10 -pix_fmt yuv420p -f flv \
         -listen 1 rtmp://127.0.0.1:{port}/live/a"
    );
    let mut command = Command::new(program);
    command.args(words.split_whitespace()).kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().unwrap()
}

#[tokio::test]
async fn a_program_that_cannot_be_run_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let shelf =
        Arc::new(Shelf { address: None, video: Video { recording: None, transcode: false }, kept: Mutex::default() });
    let settings = Settings::new("/nowhere/ffmpeg".into(), folder.path().to_owned(), 1);
    let clock = Arc::new(FixedClock::at("2026-11-28T09:00:00+08:00"));
    let error = Receiver::open(settings, shelf, clock).await.err().unwrap();
    assert!(matches!(error, OpenError::Program { .. }), "{error}");
    assert!(error.to_string().contains("/nowhere/ffmpeg") && error.to_string().contains("install ffmpeg"), "{error}");
}

#[tokio::test]
async fn faults_are_named_and_there_is_room_for_so_many() {
    let Some(program) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let address = format!("rtmp://127.0.0.1:{}/live/a", free_port());
    let (receiver, _) = open(&program, folder.path(), 1, Some(address), None).await;
    assert_eq!(receiver.state(&camera(1)), StreamState::Off);
    assert_eq!(receiver.watch(&camera(1)), StreamState::Connecting);
    until("nobody listens", || receiver.watch(&camera(1)) == StreamState::Stalled(StreamFault::Unreachable)).await;
    assert_eq!(receiver.watch(&camera(2)), StreamState::Stalled(StreamFault::TooMany));
    assert_eq!(receiver.state(&camera(2)), StreamState::Stalled(StreamFault::TooMany));
    assert_eq!(receiver.fetched(), [camera(1)]);
    receiver.stop().await;
    assert_eq!(receiver.fetched(), []);
    let (receiver, _) = open(&program, folder.path(), 1, None, None).await;
    receiver.watch(&camera(1));
    until("no address", || receiver.state(&camera(1)) == StreamState::Stalled(StreamFault::NoAddress)).await;
    receiver.stop().await;
}

#[tokio::test]
async fn what_browsers_do_not_show_is_said() {
    let Some(program) = ffmpeg() else { return };
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    // The only other pictures that RTMP carries without extensions.
    let _given = give(&program, port, "flv1");
    let (receiver, _) = open(&program, folder.path(), 1, Some(format!("rtmp://127.0.0.1:{port}/live/a")), None).await;
    until("not H.264", || receiver.watch(&camera(1)) == StreamState::Stalled(StreamFault::NotH264)).await;
    receiver.stop().await;
}

#[tokio::test]
async fn pictures_come_and_what_is_recorded_is_handed_over_at_the_end() {
    let Some(program) = ffmpeg() else { return };
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let _given = give(&program, port, "libx264");
    let recording = Some(Recording { segment_seconds: 600, retention_days: 1 });
    let address = format!("rtmp://127.0.0.1:{port}/live/a");
    let (receiver, shelf) = open(&program, folder.path(), 1, Some(address), recording).await;
    receiver.record(&camera(1), true);
    until("pictures", || matches!(receiver.state(&camera(1)), StreamState::Live(_))).await;
    assert!(receiver.live_file(&camera(1), "index.m3u8").is_some());
    for name in ["../index.m3u8", "live/index.m3u8", "index.m3u8.tmp", ".ts", "", "1/2.ts"] {
        assert_eq!(receiver.live_file(&camera(1), name), None, "{name}");
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    receiver.stop().await;
    let kept = shelf.kept.lock().unwrap().clone();
    assert_eq!(kept.len(), 1, "the file that was being written");
    assert!(kept[0].from < kept[0].to && kept[0].camera == camera(1));
    let path = kept[0].path.with_extension("kept");
    let mut file = std::fs::File::open(path).unwrap();
    assert_eq!(whole_length(&mut file, kept[0].bytes).unwrap(), kept[0].bytes);
}

#[tokio::test]
async fn what_a_former_run_left_is_handed_over_and_gone() {
    let Some(program) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join("17/camera-1/recorded");
    std::fs::create_dir_all(&left).unwrap();
    let boxes: [&[u8]; 4] =
        [b"\0\0\0\x0cmoof\0\0\0\0", b"\0\0\0\x0cmdat\0\0\0\0", b"\0\0\0\x0cmoof\0\0\0\0", b"\0\0\0\x20mdat"];
    std::fs::write(left.join("1795857360.mp4"), boxes.concat()).unwrap();
    std::fs::write(left.join("1795857420.mp4"), b"torn").unwrap();
    let (receiver, shelf) = open(&program, folder.path(), 1, None, None).await;
    assert_eq!(receiver.recover().await, Ok(1));
    let kept = shelf.kept.lock().unwrap().clone();
    assert_eq!((kept[0].bytes, kept[0].from.as_micros()), (24, 1_795_857_360_000_000), "its torn end is cut off");
    assert!(!folder.path().join("17").exists());
    receiver.stop().await;
}
