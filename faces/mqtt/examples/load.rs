//! Readings a second, one a message, QoS 1, each acknowledged after fdatasync; and Mosquitto beside it.
//!
//!     cargo run --release -p dipper-mqtt --example load -- [rate|storm] [CLIENTS] [WINDOW] [SECONDS]
//!
//! Needs the example `keeper` beside it, and for the comparison Debian's `mosquitto`. Every client has its own
//! connection and keeps WINDOW messages unacknowledged. Mosquitto keeps nothing on disk and has one subscriber of QoS 0,
//! which is what the readings would leave it by.

#![allow(clippy::unwrap_used, reason = "a tool: what fails ends it")]

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes = vec![first];
    if length < 128 {
        bytes.push(length as u8);
    } else {
        bytes.extend_from_slice(&[(length % 128) as u8 | 0x80, (length / 128) as u8]);
    }
    bytes.extend_from_slice(body);
    bytes
}

async fn enter(address: SocketAddr, name: &str, clean: bool) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let flags = 0xc0 | u8::from(clean) << 1;
    let body = [&text("MQTT")[..], &[4, flags, 0, 0], &text(name), &text(name), &text("secret")].concat();
    stream.write_all(&packet(0x10, &body)).await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    assert_eq!((answer[0], answer[3]), (0x20, 0), "let in");
    Ok(stream)
}

fn reading(name: usize, pid: u16) -> Vec<u8> {
    let topic = format!("v1.1/Datastreams({name})/Observations");
    let payload = format!("{{\"phenomenonTime\":\"2026-01-01T00:00:{:02}.{pid:05}Z\",\"result\":21.5}}", pid % 60);
    packet(0x32, &[&text(&topic)[..], &pid.to_be_bytes(), payload.as_bytes()].concat())
}

/// One client that always has `window` messages under way.
async fn publish(
    address: SocketAddr,
    number: usize,
    window: u16,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
) -> std::io::Result<()> {
    let mut stream = enter(address, &format!("lamp-{number}"), true).await?;
    let (mut next, mut under_way, mut read) = (1_u16, 0_usize, 0_usize);
    let mut acks = vec![0; 4 * usize::from(window)];
    let mut out = Vec::new();
    while !stop.load(Ordering::Relaxed) || under_way > 0 {
        out.clear();
        while under_way < usize::from(window) && !stop.load(Ordering::Relaxed) {
            out.extend(reading(number, next));
            next = if next == u16::MAX { 1 } else { next + 1 };
            under_way += 1;
        }
        stream.write_all(&out).await?;
        let length = stream.read(&mut acks).await?;
        assert!(length > 0, "the connection was ended");
        let done = (read + length) / 4;
        read = (read + length) % 4;
        under_way -= done;
        count.fetch_add(done as u64, Ordering::Relaxed);
    }
    Ok(())
}

async fn rate(address: SocketAddr, clients: usize, window: u16, seconds: u64) -> f64 {
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut tasks = JoinSet::new();
    for number in 0..clients {
        tasks.spawn(publish(address, number, window, Arc::clone(&stop), Arc::clone(&count)));
    }
    // A second to warm up.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, start) = (count.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let rate = (count.load(Ordering::Relaxed) - before) as f64 / start.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    for ended in tasks.join_all().await {
        ended.expect("no connection breaks");
    }
    rate
}

/// Every client connects at once, publishes one reading and waits for its acknowledgement; then all break off.
async fn storm(address: SocketAddr, clients: usize) -> Duration {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..clients {
        tasks.spawn(async move {
            let mut stream = enter(address, &format!("lamp-{number}"), false).await?;
            stream.write_all(&reading(number, 1)).await?;
            let mut ack = [0; 4];
            stream.read_exact(&mut ack).await?;
            assert_eq!(ack, [0x40, 2, 0, 1]);
            std::io::Result::Ok(stream)
        });
    }
    let streams: Vec<TcpStream> = tasks.join_all().await.into_iter().map(|ended| ended.expect("served")).collect();
    assert_eq!(streams.len(), clients);
    start.elapsed()
}

fn keeper(file: &Path) -> (Child, SocketAddr) {
    let program = std::env::current_exe().unwrap().with_file_name("keeper");
    let mut child = Command::new(program).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (child, SocketAddr::from((Ipv4Addr::LOCALHOST, line.trim().parse().unwrap())))
}

async fn mosquitto(folder: &Path) -> Option<(Child, SocketAddr)> {
    let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let settings = format!("listener {} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n", free.port());
    let file = folder.join("mosquitto.conf");
    std::fs::write(&file, settings).unwrap();
    let child = Command::new("mosquitto").arg("-c").arg(file).stderr(Stdio::null()).spawn().ok()?;
    while TcpStream::connect(free).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Some((child, free))
}

/// Somebody who reads all of it.
async fn subscribe(address: SocketAddr) -> std::io::Result<()> {
    let mut stream = enter(address, "reader", true).await?;
    stream.write_all(&packet(0x82, &[&[0, 1][..], &text("#"), &[0]].concat())).await?;
    let mut bytes = vec![0; 1 << 20];
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| arguments.get(at).map_or(default, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir_in(".").unwrap();
    let file = folder.path().join("journal");
    if arguments.first().is_some_and(|kind| kind == "storm") {
        let clients = number(1, 10_000);
        let (child, address) = keeper(&file);
        for round in 1..=3 {
            println!("{clients} clients at once, round {round}: {:.2?}", storm(address, clients).await);
        }
        return end(child);
    }
    let (clients, window, seconds) = (number(1, 128), number(2, 32) as u16, number(3, 8) as u64);
    println!("{clients} clients, {window} messages under way each, QoS 1, {seconds} s");
    let (child, address) = keeper(&file);
    let ours = rate(address, clients, window, seconds).await;
    end(child);
    let lines = BufReader::new(std::fs::File::open(&file).unwrap()).lines().count();
    println!("dipper-mqtt, fdatasync before each acknowledgement: {ours:.0}/s ({lines} in the file)");
    if let Some((child, address)) = mosquitto(folder.path()).await {
        let reader = tokio::spawn(subscribe(address));
        let theirs = rate(address, clients, window, seconds).await;
        println!("mosquitto, one subscriber, nothing on disk: {theirs:.0}/s");
        reader.abort();
        end(child);
    }
}
