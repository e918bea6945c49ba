//! The broker is killed with -9 while devices publish: what was acknowledged is there, and the rest comes again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::{Connect, Raw};

const DEVICES: usize = 8;
const WINDOW: u32 = 16;

/// The example `keeper`, which cargo builds for the tests.
fn keeper(file: &Path) -> (Child, SocketAddr) {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().and_then(Path::parent).unwrap().join("examples/keeper");
    assert!(program.exists(), "{}: built by `cargo build -p dipper-mqtt --examples`", program.display());
    let mut child = Command::new(program).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (child, SocketAddr::from((Ipv4Addr::LOCALHOST, line.trim().parse().unwrap())))
}

/// What one device knows: numbers below `sent` were sent, those in `acknowledged` were taken.
#[derive(Debug, Default)]
struct Device {
    sent: u32,
    acknowledged: HashSet<u32>,
}

impl Device {
    /// Sends again what was not acknowledged, then new readings, until the connection breaks or `most` are through.
    async fn publish(&mut self, name: &str, address: SocketAddr, most: usize) {
        let Ok(stream) = tokio::net::TcpStream::connect(address).await else { return };
        let mut raw = Raw { stream, level: 4 };
        let connect = Connect { level: 4, name, clean: false, ..Connect::default() };
        if tokio::io::AsyncWriteExt::write_all(&mut raw.stream, &connect.bytes()).await.is_err()
            || raw.receive().await.is_none()
        {
            return;
        }
        let mut open: Vec<u32> = (0..self.sent).filter(|number| !self.acknowledged.contains(number)).collect();
        let mut again = open.clone();
        again.reverse();
        while self.acknowledged.len() < most {
            while !again.is_empty() || open.len() < WINDOW as usize {
                let (number, dup) = match again.pop() {
                    Some(number) => (number, 8),
                    None => {
                        open.push(self.sent);
                        self.sent += 1;
                        (self.sent - 1, 0)
                    }
                };
                // A window of numbers never holds two that share an identifier.
                let pid = (number % 1_000) as u16 + 1;
                let bytes = raw.publish_bytes(&format!("devices/{name}/t"), number.to_string().as_bytes(), 1, pid, dup);
                if tokio::io::AsyncWriteExt::write_all(&mut raw.stream, &bytes).await.is_err() {
                    return;
                }
            }
            let Some((0x40, body)) = raw.receive().await else { return };
            let pid = u16::from_be_bytes([body[0], body[1]]);
            let at = open.iter().position(|number| (number % 1_000) as u16 + 1 == pid).expect("it was sent");
            self.acknowledged.insert(open.remove(at));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal");
    let mut devices: Vec<Device> = (0..DEVICES).map(|_| Device::default()).collect();
    for round in 1..=6_usize {
        let (mut child, address) = keeper(&file);
        let last = round == 6;
        let most = if last { round * 400 } else { usize::MAX };
        let mut tasks = tokio::task::JoinSet::new();
        for (number, mut device) in devices.drain(..).enumerate() {
            tasks.spawn(async move {
                device.publish(&format!("lamp-{number}"), address, most).await;
                (number, device)
            });
        }
        if !last {
            // Killed in the middle of the work: once the file has grown by some hundreds of readings.
            let before = std::fs::metadata(&file).unwrap().len();
            while std::fs::metadata(&file).unwrap().len() < before + 3_000 * round as u64 {
                tokio::task::yield_now().await;
            }
            child.kill().unwrap();
        }
        let mut back = tasks.join_all().await;
        child.kill().unwrap();
        child.wait().unwrap();
        back.sort_by_key(|(number, _)| *number);
        devices = back.into_iter().map(|(_, device)| device).collect();
        let text = std::fs::read_to_string(&file).unwrap();
        let kept: HashSet<&str> = text.lines().collect();
        for (number, device) in devices.iter().enumerate() {
            assert!(!device.acknowledged.is_empty());
            for reading in &device.acknowledged {
                let line = format!("devices/lamp-{number}/t {reading}");
                assert!(kept.contains(&*line), "round {round}: acknowledged and lost: {line}");
            }
            if last {
                // All that was sent before the last kills has come again.
                let below = *device.acknowledged.iter().max().unwrap();
                let missing = (0..below.saturating_sub(WINDOW)).find(|reading| !device.acknowledged.contains(reading));
                assert_eq!(missing, None);
            }
        }
    }
}
