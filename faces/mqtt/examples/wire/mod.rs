//! As little of MQTT 3.1.1 as a load needs: a client that keeps a window of messages under way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A text with its length before it.
pub fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

/// A packet of a kind.
pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut left = body.len();
    loop {
        let more = left >= 128;
        bytes.push((left % 128) as u8 | if more { 0x80 } else { 0 });
        left /= 128;
        if !more {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

/// A message of QoS 1.
pub fn message(topic: &str, pid: u16, payload: &[u8]) -> Vec<u8> {
    packet(0x32, &[&text(topic)[..], &pid.to_be_bytes(), payload].concat())
}

/// Connects.
pub async fn enter(address: SocketAddr, name: &str, password: &str, clean: bool) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let flags = 0xc0 | u8::from(clean) << 1;
    let body = [&text("MQTT")[..], &[4, flags, 0, 0], &text(name), &text(name), &text(password)].concat();
    stream.write_all(&packet(0x10, &body)).await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    assert_eq!((answer[0], answer[3]), (0x20, 0), "let in");
    Ok(stream)
}

/// Makes the message of a client and a packet id.
pub type Make = Arc<dyn Fn(usize, u16) -> Vec<u8> + Send + Sync>;

/// How fast a client sends.
#[derive(Clone, Copy)]
pub struct Speed {
    /// Messages under way at most.
    pub window: u16,
    /// Messages a second at most; as fast as they are acknowledged when absent.
    pub pace: Option<f64>,
}

/// One client that has up to `window` messages under way.
async fn publish(
    mut stream: TcpStream,
    number: usize,
    speed: Speed,
    make: Make,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
) -> std::io::Result<()> {
    let (mut next, mut under_way, mut read, mut sent) = (1_u16, 0_usize, 0_usize, 0_u64);
    let mut acks = vec![0; 4 * usize::from(speed.window)];
    let (mut out, began) = (Vec::new(), Instant::now());
    while !stop.load(Ordering::Relaxed) || under_way > 0 {
        out.clear();
        let due = speed.pace.map_or(u64::MAX, |pace| (began.elapsed().as_secs_f64() * pace) as u64);
        while under_way < usize::from(speed.window) && sent < due && !stop.load(Ordering::Relaxed) {
            out.extend(make(number, next));
            next = if next == u16::MAX { 1 } else { next + 1 };
            under_way += 1;
            sent += 1;
        }
        if under_way == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
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

/// Messages a second that are acknowledged, all clients together, after a second to warm up.
pub async fn rate(address: SocketAddr, clients: &[(String, String)], speed: Speed, seconds: u64, make: Make) -> f64 {
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut tasks = JoinSet::new();
    for (number, (name, password)) in clients.iter().enumerate() {
        let stream = enter(address, name, password, true).await.expect("let in");
        tasks.spawn(publish(stream, number, speed, Arc::clone(&make), Arc::clone(&stop), Arc::clone(&count)));
    }
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
