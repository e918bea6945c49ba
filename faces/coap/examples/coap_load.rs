//! Readings a second, one a message, confirmable, each answered after fdatasync; in the clear and over DTLS.
//!
//!     cargo run --release -p dipper-coap --example coap_load -- [clear|dtls|storm] [CLIENTS] [WINDOW] [SECONDS]
//!
//! Needs the example `coap_keeper` beside it. Every client has its own socket and keeps WINDOW requests unanswered; what is not
//! answered in half a second is sent again. `storm`: CLIENTS devices begin a DTLS session at once, post one reading each and
//! stay.

#![allow(clippy::unwrap_used, reason = "a tool: what fails ends it")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dimpl::{Config, Dtls, Output, PskResolver};
use dipper_coap::message::{Code, Kind, Message, Token, Writer, number};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// What is not answered by then is sent again.
const AGAIN: Duration = Duration::from_millis(500);

fn reading(name: &str, mid: u16, is_clear: bool) -> Vec<u8> {
    let mut writer = Writer::new(Kind::Confirmable, Code::POST, mid, &Token::new(&mid.to_be_bytes()).unwrap(), 64);
    for segment in ["devices", name, "readings"] {
        writer.option(number::URI_PATH, segment.as_bytes());
    }
    writer.uint(number::CONTENT_FORMAT, 50);
    if is_clear {
        writer.option(number::URI_QUERY, b"k=secret");
    }
    writer.end(format!("{{\"at\":\"2026-01-01T00:00:00.{mid:05}Z\",\"power\":21.5}}").as_bytes()).to_vec()
}

struct Secret;

impl PskResolver for Secret {
    fn resolve(&self, _identity: &[u8]) -> Option<Vec<u8>> {
        Some(b"secret".to_vec())
    }
}

/// One side of a conversation, encrypted or not.
struct Line {
    socket: UdpSocket,
    dtls: Option<Dtls>,
    due: Instant,
    is_connected: bool,
    heard: Vec<Vec<u8>>,
    buffer: Vec<u8>,
}

impl Line {
    async fn new(address: SocketAddr, config: Option<Arc<Config>>) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket.connect(address).await.unwrap();
        let now = Instant::now();
        let dtls = config.map(|config| {
            let mut dtls = Dtls::new_12_psk(config, now.into_std());
            dtls.set_active(true);
            dtls.handle_timeout(now.into_std()).unwrap();
            dtls
        });
        let is_connected = dtls.is_none();
        Self { socket, dtls, due: now, is_connected, heard: Vec::new(), buffer: vec![0; 4096] }
    }

    async fn send(&mut self, bytes: &[u8]) {
        match &mut self.dtls {
            None => drop(self.socket.send(bytes).await),
            Some(dtls) => {
                dtls.send_application_data(bytes).unwrap();
                self.drain().await;
            }
        }
    }

    async fn drain(&mut self) {
        let Some(dtls) = &mut self.dtls else { return };
        loop {
            match dtls.poll_output(&mut self.buffer) {
                Output::Packet(packet) => drop(self.socket.send(packet).await),
                Output::Connected => self.is_connected = true,
                Output::ApplicationData(bytes) => self.heard.push(bytes.to_vec()),
                Output::Timeout(at) => {
                    self.due = Instant::from_std(at);
                    return;
                }
                _ => {}
            }
        }
    }

    /// Waits for a datagram until then.
    async fn step(&mut self, until: Instant) {
        self.drain().await;
        let until = if self.dtls.is_some() { until.min(self.due) } else { until };
        let mut buffer = [0; 2048];
        let came = timeout_at(until, self.socket.recv(&mut buffer)).await;
        let Some(dtls) = &mut self.dtls else {
            return self.heard.extend(came.ok().and_then(Result::ok).map(|length| buffer[..length].to_vec()));
        };
        dtls.handle_timeout(Instant::now().into_std()).unwrap();
        if let Ok(Ok(length)) = came {
            dtls.handle_packet(&buffer[..length]).unwrap();
        }
        self.drain().await;
    }

    async fn connect(&mut self) {
        while !self.is_connected {
            self.step(Instant::now() + AGAIN).await;
        }
    }
}

async fn speak(mut line: Line, name: String, window: u16, until: Instant, answered: Arc<AtomicU64>) {
    let is_clear = line.dtls.is_none();
    line.connect().await;
    let mut waiting: HashMap<u16, Instant> = HashMap::new();
    let mut mid = 0_u16;
    while Instant::now() < until {
        while waiting.len() < usize::from(window) {
            mid = mid.wrapping_add(1);
            line.send(&reading(&name, mid, is_clear)).await;
            waiting.insert(mid, Instant::now());
        }
        line.step(until.min(Instant::now() + AGAIN)).await;
        for answer in std::mem::take(&mut line.heard) {
            let message = Message::read(&answer).unwrap();
            if message.kind == Kind::Confirmable {
                line.send(&[0x60, 0, (message.mid >> 8) as u8, message.mid as u8]).await;
            }
            if message.code == Code::CHANGED {
                let token = message.token.as_bytes();
                let was = waiting.remove(&u16::from_be_bytes([token[0], token[1]]));
                answered.fetch_add(u64::from(was.is_some()), Ordering::Relaxed);
            }
        }
        let now = Instant::now();
        let late: Vec<_> = waiting.iter().filter(|(_, at)| **at + AGAIN < now).map(|(mid, _)| *mid).collect();
        for mid in late {
            line.send(&reading(&name, mid, is_clear)).await;
            waiting.insert(mid, now);
        }
    }
}

async fn rate(address: SocketAddr, config: Option<Arc<Config>>, clients: usize, window: u16, seconds: u64) -> f64 {
    let answered = Arc::new(AtomicU64::new(0));
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut tasks = JoinSet::new();
    for number in 0..clients {
        let line = Line::new(address, config.clone()).await;
        tasks.spawn(speak(line, format!("lamp-{number}"), window, until, Arc::clone(&answered)));
    }
    tasks.join_all().await;
    answered.load(Ordering::Relaxed) as f64 / seconds as f64
}

/// Every client begins a session at once, and posts one reading.
async fn storm(address: SocketAddr, config: &Arc<Config>, clients: usize) -> (Duration, Vec<Line>) {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..clients {
        let config = Arc::clone(config);
        tasks.spawn(async move {
            let mut line = Line::new(address, Some(config)).await;
            line.connect().await;
            while line.heard.is_empty() {
                line.send(&reading(&format!("lamp-{number}"), 1, false)).await;
                line.step(Instant::now() + Duration::from_secs(2)).await;
            }
            line
        });
    }
    let lines = tasks.join_all().await;
    (start.elapsed(), lines)
}

fn keeper(file: &Path) -> (Child, Vec<SocketAddr>) {
    let program = std::env::current_exe().unwrap().with_file_name("coap_keeper");
    let mut child = Command::new(program).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines().take(2);
    let address = |line: String| SocketAddr::from((Ipv4Addr::LOCALHOST, line.trim().parse().unwrap()));
    let addresses = lines.map(|line| address(line.unwrap())).collect();
    (child, addresses)
}

/// Memory of a process, KiB.
fn resident_kib(child: &Child) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| arguments.get(at).map_or(default, |text| text.parse().expect("a number"));
    let kind = arguments.first().map_or("clear", String::as_str);
    let config = Config::builder()
        .with_crypto_provider(dimpl::crypto::rust_crypto::default_provider())
        .with_psk_client(b"lamp".to_vec(), Arc::new(Secret))
        .build()
        .unwrap();
    let config = Arc::new(config);
    let folder = tempfile::tempdir_in(".").unwrap();
    let (mut child, addresses) = keeper(&folder.path().join("journal"));
    if kind == "storm" {
        let clients = number(1, 1_000);
        let before = resident_kib(&child);
        let (time, lines) = storm(addresses[1], &config, clients).await;
        let after = resident_kib(&child);
        println!(
            "{clients} sessions at once, a reading each: {time:.2?}; {:.1} KiB each",
            (after - before) as f64 / clients as f64
        );
        drop(lines);
    } else {
        let (clients, window, seconds) = (number(1, 64), number(2, 8) as u16, number(3, 8) as u64);
        let secure = (kind == "dtls").then_some(config);
        let address = addresses[usize::from(secure.is_some())];
        let rate = rate(address, secure, clients, window, seconds).await;
        let lines = BufReader::new(std::fs::File::open(folder.path().join("journal")).unwrap()).lines().count();
        println!("{kind}, {clients} × {window}: {rate:.0}/s ({lines} in the file)");
    }
    drop(child.stdin.take());
    child.wait().unwrap();
}
