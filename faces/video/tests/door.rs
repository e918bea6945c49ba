//! The door with the real program on both sides where it is installed: pictures that are sent are seen and recorded, and
//! whoever has no business here disturbs nobody.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dipper_video::{
    Admitted, Archive, Denied, Door, Finished, Gate, Hello, Limits, Receiver, Settings, Source, Todo, whole_length,
};
use model::DeviceId;
use pack::{Recording, Video};
use sense::cameras::{StreamFault, StreamState};
use testkit::FixedClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Cameras of which none has an address; those whose key is `right`, or `new`, may send.
#[derive(Default)]
struct Shelf {
    is_recorded: bool,
    transcode: bool,
    kept: Mutex<Vec<Finished>>,
}

impl Archive for Shelf {
    fn source<'a>(&'a self, _: &'a DeviceId) -> Todo<'a, Result<Option<Source>, String>> {
        let recording = self.is_recorded.then_some(Recording { segment_seconds: 600, retention_days: 1 });
        let video = Video { recording, transcode: self.transcode };
        Box::pin(async move { Ok(Some(Source { address: None, video })) })
    }

    fn keep(&self, finished: Finished) -> Todo<'_, Result<(), String>> {
        Box::pin(async move {
            std::fs::rename(&finished.path, finished.path.with_extension("kept")).unwrap();
            self.kept.lock().unwrap().push(finished);
            Ok(())
        })
    }
}

impl Gate for Shelf {
    fn admit<'a>(&'a self, hello: Hello<'a>) -> Todo<'a, Result<Admitted, Denied>> {
        let is_known = ["right", "new"].contains(&hello.key);
        let admitted = DeviceId::new(hello.camera)
            .ok()
            .filter(|_| is_known)
            .ok_or(Denied::Key)
            .map(|camera| Admitted { camera, is_new_key: hello.key == "new", is_recorded: self.is_recorded });
        Box::pin(async move { admitted })
    }
}

struct Stage {
    program: PathBuf,
    folder: tempfile::TempDir,
    receiver: Receiver,
    door: Door,
    shelf: Arc<Shelf>,
}

async fn stage(shelf: Shelf, limits: Limits) -> Option<Stage> {
    let found = ["/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg"].into_iter().map(PathBuf::from).find(|path| path.is_file());
    let Some(program) = found else {
        eprintln!("skipped: no ffmpeg");
        return None;
    };
    let (folder, shelf) = (tempfile::tempdir().unwrap(), Arc::new(shelf));
    let pause = (Duration::from_millis(100), Duration::from_millis(200));
    let settings = Settings { pause, ..Settings::new(program.clone(), folder.path().to_owned(), 4) };
    let clock = Arc::new(FixedClock::at("2026-11-28T09:00:00+08:00"));
    let receiver = Receiver::open(settings, Arc::<Shelf>::clone(&shelf), clock).await.unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let door = Door::open(address, limits, receiver.clone(), Arc::<Shelf>::clone(&shelf)).await.unwrap();
    Some(Stage { program, folder, receiver, door, shelf })
}

fn limits() -> Limits {
    Limits { pause: Duration::from_millis(50), ..Limits::new(4) }
}

fn camera(number: u32) -> DeviceId {
    DeviceId::new(&format!("camera-{number}")).unwrap()
}

/// Waits until it is so; 40 s at most.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..400 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not within 40 s: {what}");
}

impl Stage {
    /// A source with moving pictures and sound.
    fn send(&self, name: &str, codec: &str) -> Child {
        send(&self.program, &format!("rtmp://{}/live/{name}", self.door.local_address()), codec)
    }

    fn is_live(&self, number: u32) -> bool {
        matches!(self.receiver.watch(&camera(number)), StreamState::Live(_))
    }

    async fn stop(self) {
        self.door.close().await;
        self.receiver.stop().await;
    }
}

fn send(program: &Path, address: &str, codec: &str) -> Child {
    let words = format!(
        "-nostdin -loglevel error -re -f lavfi -i testsrc2=size=320x180:rate=10 -f lavfi -i sine -c:v {codec} -g 10 \
         -pix_fmt yuv420p -c:a aac -f flv {address}"
    );
    let mut command = Command::new(program);
    command.args(words.split_whitespace()).kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::piped()).spawn().unwrap()
}

/// What a source says that was refused.
async fn words_of(source: Child) -> String {
    let output = tokio::time::timeout(Duration::from_secs(20), source.wait_with_output()).await.unwrap().unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn what_is_sent_is_seen_and_recorded_until_the_source_vanishes() {
    let Some(stage) = stage(Shelf { is_recorded: true, ..Shelf::default() }, limits()).await else { return };
    assert_eq!(stage.receiver.sends_since(&camera(1)), None);
    stage.receiver.watch(&camera(1));
    until("nobody sends", || stage.receiver.watch(&camera(1)) == StreamState::Stalled(StreamFault::NotSending)).await;
    let mut source = stage.send("camera-1?key=right", "libx264");
    until("pictures", || stage.is_live(1)).await;
    assert!(stage.receiver.sends_since(&camera(1)).is_some() && stage.receiver.sending() == [camera(1)]);
    assert!(stage.receiver.live_file(&camera(1), "index.m3u8").is_some());
    tokio::time::sleep(Duration::from_secs(2)).await;
    // As when the network goes: nothing is said.
    source.kill().await.unwrap();
    until("it is noticed", || stage.receiver.sends_since(&camera(1)).is_none()).await;
    until("what was recorded is handed over", || !stage.shelf.kept.lock().unwrap().is_empty()).await;
    let kept = stage.shelf.kept.lock().unwrap().clone();
    assert_eq!(kept.len(), 1);
    let path = kept[0].path.with_extension("kept");
    assert_eq!(whole_length(&mut std::fs::File::open(&path).unwrap(), kept[0].bytes).unwrap(), kept[0].bytes);
    let probe = Command::new(stage.program.with_file_name("ffprobe"))
        .args(["-v", "error", "-show_entries", "stream=codec_name:format=duration", "-of", "csv=p=0"])
        .arg(&path)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&probe.stdout).into_owned();
    let seconds: f64 = said.lines().last().unwrap().parse().unwrap();
    assert!(said.starts_with("h264\n") && !said.contains("aac") && (2.0..30.0).contains(&seconds), "{said}");
    let _again = stage.send("camera-1?key=right", "libx264");
    until("it is seen again", || stage.is_live(1)).await;
    stage.stop().await;
}

#[tokio::test]
async fn who_has_no_business_here_is_told_so() {
    let Some(stage) = stage(Shelf::default(), limits()).await else { return };
    let first = stage.send("camera-1?key=right", "libx264");
    until("somebody sends", || stage.receiver.sends_since(&camera(1)).is_some()).await;
    assert_eq!(stage.receiver.state(&camera(1)), StreamState::Off, "nobody watches: no program runs");
    for name in ["camera-1?key=wrong", "camera-1", "?key=right"] {
        let words = words_of(stage.send(name, "libx264")).await;
        assert!(words.contains("the stream key is wrong"), "{name}: {words}");
    }
    let words = words_of(stage.send("camera-1?key=right", "libx264")).await;
    assert!(words.contains("somebody sends the picture of this camera already"), "{words}");
    // The new key ends the former, and who sends by it.
    let second = stage.send("camera-1?key=new", "libx264");
    words_of(first).await;
    until("the second is seen", || stage.is_live(1)).await;
    stage.receiver.cut(&camera(1));
    words_of(second).await;
    stage.stop().await;
}

#[tokio::test]
async fn garbage_stalls_and_floods_disturb_nobody() {
    let quick = Limits { greeting: Duration::from_millis(500), connections: 24, strangers_per_address: 6, ..limits() };
    let Some(stage) = stage(Shelf::default(), quick).await else { return };
    let _source = stage.send("camera-1?key=right", "libx264");
    until("pictures", || stage.is_live(1)).await;
    let address = stage.door.local_address();
    let mut noise = 7_u32;
    for round in 0..200_u32 {
        let Ok(mut stranger) = TcpStream::connect(address).await else { continue };
        let hello = [vec![3], vec![round as u8; 3_072]].concat();
        let garbage: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        })
        .take(4_096)
        .collect();
        let bytes = if round % 2 == 0 { garbage } else { [hello, garbage].concat() };
        // It may be closed before all of it went.
        let _ = stranger.write_all(&bytes).await;
    }
    // They say nothing, or half of a hello: each is closed in its time.
    let mut silent = Vec::new();
    for _ in 0..12 {
        let mut stranger = TcpStream::connect(address).await.unwrap();
        let _ = stranger.write_all(&[3; 100]).await;
        silent.push(stranger);
    }
    for mut stranger in silent {
        let closed = tokio::time::timeout(Duration::from_secs(5), stranger.read(&mut [0; 8])).await.unwrap();
        assert!(matches!(closed, Ok(0) | Err(_)));
    }
    assert!(stage.is_live(1), "{:?}", stage.receiver.state(&camera(1)));
    let _other = stage.send("camera-2?key=right", "libx264");
    until("another comes in", || stage.is_live(2)).await;
    stage.stop().await;
}

#[tokio::test]
async fn wrong_keys_in_a_row_are_not_listened_to_for_a_while() {
    let quick = Limits { wrong_keys: 3, shut: Duration::from_secs(4), ..limits() };
    let Some(stage) = stage(Shelf::default(), quick).await else { return };
    for _ in 0..3 {
        words_of(stage.send("camera-1?key=wrong", "libx264")).await;
    }
    let words = words_of(stage.send("camera-1?key=right", "libx264")).await;
    assert!(!words.contains("stream key") && words.contains("handshake"), "not even listened to: {words}");
    tokio::time::sleep(Duration::from_secs(4)).await;
    let _source = stage.send("camera-1?key=right", "libx264");
    until("listened to again", || stage.receiver.sends_since(&camera(1)).is_some()).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_program_that_dies_is_begun_anew_and_the_source_goes_on() {
    let Some(stage) = stage(Shelf::default(), limits()).await else { return };
    let _source = stage.send("camera-1?key=right", "libx264");
    until("pictures", || stage.is_live(1)).await;
    let since = stage.receiver.sends_since(&camera(1));
    let folder = stage.folder.path().to_owned();
    let mut killed = 0;
    for entry in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let within = std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&folder));
        if within {
            let pid = entry.file_name().into_string().unwrap();
            assert!(Command::new("kill").args(["-9", &pid]).status().await.unwrap().success());
            killed += 1;
        }
    }
    assert_eq!(killed, 1);
    until("it is noticed", || !stage.is_live(1)).await;
    until("pictures again", || stage.is_live(1)).await;
    assert_eq!(stage.receiver.sends_since(&camera(1)), since, "the source noticed nothing");
    stage.stop().await;
}

/// A message in one chunk.
fn message(stream: u8, kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![stream, 0, 0, 0, 0, 0, u8::try_from(body.len()).unwrap(), kind, 1, 0, 0, 0];
    bytes.extend(body);
    bytes
}

/// A source of our own, which was let in.
async fn let_in(stage: &Stage, name: &str) -> TcpStream {
    let text = |text: &str| [&[2, 0, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let number = |number: f64| [&[0][..], &number.to_be_bytes()].concat();
    let app = [&[3, 0, 3][..], b"app", &text("live"), &[0, 0, 9]].concat();
    let connect = [text("connect"), number(1.0), app].concat();
    let publish = [text("publish"), number(2.0), vec![5], text(name), text("live")].concat();
    let mut source = TcpStream::connect(stage.door.local_address()).await.unwrap();
    let hello = [vec![3], vec![0; 3_072]].concat();
    source.write_all(&[hello, message(3, 20, &connect), message(8, 20, &publish)].concat()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(23).any(|part| part == b"NetStream.Publish.Start") {
        assert!(source.read_buf(&mut answer).await.unwrap() > 0, "it was not let in");
    }
    source
}

#[tokio::test]
async fn pictures_that_ffmpeg_does_not_read_are_said_and_silence_is_ended() {
    let quick = Limits { silence: Duration::from_secs(3), ..limits() };
    let Some(stage) = stage(Shelf::default(), quick).await else { return };
    stage.receiver.watch(&camera(1));
    let mut source = let_in(&stage, "camera-1?key=right").await;
    // H.265 of Enhanced RTMP.
    source.write_all(&message(6, 9, b"\x90hvc1 and so on")).await.unwrap();
    until("not H.264", || stage.receiver.watch(&camera(1)) == StreamState::Stalled(StreamFault::NotH264)).await;
    // It stays connected and sends pings alone.
    let mut closed = false;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let said = source.write_all(&message(2, 4, &[0, 6, 0, 0, 0, 0])).await;
        closed = said.is_err() || !stage.receiver.sending().contains(&camera(1));
        if closed {
            break;
        }
    }
    assert!(closed, "no picture comes");
    stage.stop().await;
}

#[tokio::test]
async fn what_browsers_do_not_show_is_said_or_written_anew() {
    let Some(stage) = stage(Shelf::default(), limits()).await else { return };
    let _source = stage.send("camera-1?key=right", "flv1");
    until("not H.264", || stage.receiver.watch(&camera(1)) == StreamState::Stalled(StreamFault::NotH264)).await;
    stage.stop().await;
    let Some(stage) = self::stage(Shelf { transcode: true, ..Shelf::default() }, limits()).await else { return };
    let _source = stage.send("camera-1?key=right", "flv1");
    until("written anew", || stage.is_live(1)).await;
    stage.stop().await;
}
