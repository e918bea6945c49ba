//! Devices that send as fast as they are acknowledged, to a broker that runs: what `cargo xtask bench sensing` drives.
//!
//!     send ADDRESS FILE WINDOW SECONDS READINGS [PACE]
//!
//! FILE has a device a line, its name and its password. Each keeps WINDOW messages of READINGS readings of a street lamp's
//! power under way, and sends PACE messages a second at most, all devices together. Prints messages a second.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a tool: what fails ends it, and it has a clock")]

mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments[at].parse::<u64>().expect("a number");
    let pace = (arguments.len() > 5).then(|| number(5) as f64);
    let (address, window, seconds, readings) = (arguments[0].parse().unwrap(), number(2) as u16, number(3), number(4));
    let file = std::fs::read_to_string(&arguments[1]).unwrap();
    let clients: Vec<(String, String)> =
        file.lines().map(|line| line.split_once(' ').unwrap()).map(|(name, word)| (name.into(), word.into())).collect();
    // Of the last hour, a millisecond apart: no two readings of a device are of the same instant.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let clocks: Vec<AtomicI64> = clients.iter().map(|_| AtomicI64::new(now - 3_600_000)).collect();
    let topics: Vec<String> = clients.iter().map(|(name, _)| format!("devices/{name}/readings")).collect();
    let make = move |client: usize, pid: u16| {
        let one = |_| {
            let at = clocks[client].fetch_add(1, Ordering::Relaxed);
            format!("{{\"at\":{}.{:03},\"power\":{}}}", at / 1_000, at % 1_000, 90 + pid % 10)
        };
        let all: Vec<String> = (0..readings).map(one).collect();
        let payload = if readings == 1 { all.concat() } else { format!("[{}]", all.join(",")) };
        wire::message(&topics[client], pid, payload.as_bytes())
    };
    let speed = wire::Speed { window, pace: pace.map(|pace| pace / clients.len() as f64) };
    println!("{:.0}", wire::rate(address, &clients, speed, seconds, Arc::new(make)).await);
}
