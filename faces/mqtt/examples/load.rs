//! Readings a second, one a message, QoS 1, each acknowledged after fdatasync; and Mosquitto beside it.
//!
//!     cargo run --release -p dipper-mqtt --example load -- [rate|storm] [CLIENTS] [WINDOW] [SECONDS]
//!
//! Needs the example `keeper` beside it, and for the comparison Debian's `mosquitto`. Every client has its own
//! connection and keeps WINDOW messages unacknowledged. Mosquitto keeps nothing on disk and has one subscriber of QoS 0,
//! which is what the readings would leave it by.

#![allow(clippy::unwrap_used, reason = "a tool: what fails ends it")]

mod wire;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use wire::{enter, message, packet, text};

fn reading(name: usize, pid: u16) -> Vec<u8> {
    let topic = format!("v1.1/Datastreams({name})/Observations");
    let payload = format!("{{\"phenomenonTime\":\"2026-01-01T00:00:{:02}.{pid:05}Z\",\"result\":21.5}}", pid % 60);
    message(&topic, pid, payload.as_bytes())
}

async fn rate(address: SocketAddr, clients: usize, window: u16, seconds: u64) -> f64 {
    let clients: Vec<_> = (0..clients).map(|number| (format!("lamp-{number}"), "secret".to_owned())).collect();
    wire::rate(address, &clients, wire::Speed { window, pace: None }, seconds, Arc::new(reading)).await
}

/// Every client connects at once, publishes one reading and waits for its acknowledgement; then all break off.
async fn storm(address: SocketAddr, clients: usize) -> Duration {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..clients {
        tasks.spawn(async move {
            let mut stream = enter(address, &format!("lamp-{number}"), "secret", false).await?;
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
    let mut stream = enter(address, "reader", "secret", true).await?;
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
