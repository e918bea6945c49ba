//! A process that is killed at any moment: what it acknowledged is there, once, and nothing else than what it sent.
//!
//! The test is its own child: the child appends, rolls and compacts in a small lake and says on its standard output what
//! was acknowledged; the parent kills it, opens the lake and compares.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/mod.rs"]
mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant as Stopwatch};

use common::{Hand, noon, reading, small};
use dipper_lake::{Lake, LakeError, MachineDisk, Options, Order, Range};
use model::{Instant, Reading, SeriesNo};

const SENDERS: u32 = 4;
const ROUNDS: u64 = 12;
/// Readings of a batch: all of one series, one after the other.
const BATCH: u64 = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match &arguments[1..] {
        [word, folder, begins @ ..] if word == "child" => {
            child(Path::new(folder), begins.iter().map(|begin| begin.parse().unwrap()).collect());
        }
        _ => {
            nothing_acknowledged_is_lost_or_doubled_by_a_kill();
            a_second_process_is_refused();
            println!("test result: ok. 2 passed");
        }
    }
}

/// The n-th reading of a sender: every third is late, by days.
fn nth(sender: u32, n: u64) -> Reading {
    let late = if n.is_multiple_of(3) { (n % 5) as i64 * common::DAY_US } else { 0 };
    reading(sender, (n / 50 % 5) as u32, noon() + n as i64 * 1_000 - late, n as f64)
}

fn child(folder: &Path, begins: Vec<u64>) {
    let options = Options { tend_every: Some(Duration::from_millis(40)), disk: Arc::new(MachineDisk), ..small() };
    let lake = Lake::open(folder, options, Arc::new(Hand::new())).unwrap();
    println!("open");
    thread::scope(|scope| {
        for (sender, begin) in begins.into_iter().enumerate() {
            let lake = &lake;
            scope.spawn(move || {
                for batch in begin.. {
                    let rows = (batch * BATCH..(batch + 1) * BATCH).map(|n| nth(sender as u32, n));
                    lake.append_blocking(rows.collect()).unwrap();
                    // One write of less than a pipe's page: it is there whole or not.
                    std::io::stdout().lock().write_all(format!("{sender} {batch}\n").as_bytes()).unwrap();
                }
            });
        }
    });
}

fn spawn(folder: &Path, begins: &[u64]) -> std::process::Child {
    let begins = begins.iter().map(u64::to_string);
    Command::new(std::env::current_exe().unwrap())
        .arg("child")
        .arg(folder)
        .args(begins)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn nothing_acknowledged_is_lost_or_doubled_by_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = vec![0_u64; SENDERS as usize];
    let mut at_most = acknowledged.clone();
    let mut rolled = 0;
    for round in 0..ROUNDS {
        // What was not acknowledged is sent again, as devices do.
        let mut child = spawn(folder.path(), &acknowledged);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "open");
        let watch = Stopwatch::now();
        let life = Duration::from_millis(30 + round * 67);
        let mut killed = false;
        for line in lines {
            let line = line.unwrap();
            let (sender, batch) = line.split_once(' ').unwrap();
            acknowledged[sender.parse::<usize>().unwrap()] = batch.parse::<u64>().unwrap() + 1;
            if !killed && watch.elapsed() > life {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        assert!(killed, "the child ended by itself");
        for (most, acknowledged) in at_most.iter_mut().zip(&acknowledged) {
            // One batch may be durable without its acknowledgement having come.
            *most = (*most).max(acknowledged + 1);
        }
        rolled = rolled.max(compare(folder.path(), &acknowledged, &at_most));
    }
    assert!(rolled > 0 && acknowledged.iter().all(|batches| *batches > 50), "{rolled} rolled, {acknowledged:?}");
}

/// Opens the lake and compares it with what was acknowledged; answers how much is rolled.
fn compare(folder: &Path, acknowledged: &[u64], at_most: &[u64]) -> u64 {
    let lake = Lake::open(folder, small(), Arc::new(Hand::new())).unwrap();
    for (sender, (least, most)) in acknowledged.iter().zip(at_most).enumerate() {
        let all = Range {
            series: SeriesNo(sender as u32),
            from: Instant::from_micros(0),
            to: Instant::from_micros(i64::MAX),
            order: Order::Ascending,
            limit: usize::MAX,
            after: None,
        };
        let mut found = lake.range(&all).unwrap();
        found.sort_by(|a, b| a.value.total_cmp(&b.value));
        let count = found.len() as u64;
        assert!(least * BATCH <= count && count <= most * BATCH, "{count} of {least} to {most} batches of {sender}");
        assert_eq!(count % BATCH, 0, "a batch is kept whole or not at all");
        for (n, reading) in found.iter().enumerate() {
            assert_eq!(*reading, nth(sender as u32, n as u64));
        }
        let latest = found.iter().max_by_key(|reading| reading.at).copied();
        assert_eq!(lake.latest(SeriesNo(sender as u32)), latest);
    }
    assert!(lake.verify().is_empty());
    lake.stats().rolled_readings
}

fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = spawn(folder.path(), &[0]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "open");
    let refused = Lake::open(folder.path(), small(), Arc::new(Hand::new())).unwrap_err();
    assert!(matches!(refused, LakeError::Held { .. }), "{refused}");
    child.kill().unwrap();
    child.wait().unwrap();
    Lake::open(folder.path(), small(), Arc::new(Hand::new())).unwrap();
}
