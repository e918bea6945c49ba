//! Cases filed a second, beside plain one-row transactions of the same drivers on the same disk in the same run.
//!
//! Prints one JSON object a line. Not criterion: what is measured is many threads sharing one fsync, not one call.
//! `cargo bench -p dipper-store --bench append [-- --postgres URL]`

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement, not part of the product"
)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dipper_store as store;
use store::{Store, StoreError, Tx};
use testkit::{SeededEntropy, Story};

/// How long each line is measured.
const LASTING: Duration = Duration::from_secs(5);
/// Bytes of a peer's row: about one event of ours.
const ROW_BYTES: usize = 400;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let postgres = arguments.iter().position(|word| word == "--postgres").and_then(|at| arguments.get(at + 1));
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite:{}", folder.path().join("dipper.db").display());
    for threads in [1, 32] {
        ours("SQLite", &sqlite, threads);
    }
    plain_sqlite(&folder.path().join("plain.db"));
    if let Some(url) = postgres {
        for threads in [1, 32] {
            ours("PostgreSQL", url, threads);
        }
        plain_postgres(url);
    }
}

fn report(name: &str, count: u64, took: Duration) {
    println!(r#"{{"name": "{name}", "per_second": {:.1}}}"#, count as f64 / took.as_secs_f64());
}

/// Files cases: two events each, with read models, ids, salts and the version check.
fn ours(kind: &str, url: &str, threads: usize) {
    let store = Store::open(&url.parse().unwrap(), SeededEntropy::new(threads as u64)).unwrap();
    store.migrate().unwrap();
    let at: model::Instant = "2026-11-23T12:00:00Z".parse().unwrap();
    let (stop, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    store.write_blocking(move |tx: &mut Tx| Story::default().file(tx, at)).unwrap();
                    count.fetch_add(2, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(LASTING);
        stop.store(true, Ordering::Relaxed);
    });
    report(&format!("{kind}: cases filed, {threads} at a time, two events each"), count.into_inner(), began.elapsed());
    let last = store.read_blocking(|reader| reader.last_position());
    assert!(last.is_ok_and(|position| position > 0), "{:?}", StoreError::Closed);
    store.close();
}

fn plain_sqlite(path: &std::path::Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.execute_batch("CREATE TABLE plain (id INTEGER PRIMARY KEY, body TEXT NOT NULL)").unwrap();
    let body = "x".repeat(ROW_BYTES);
    let mut insert = connection.prepare("INSERT INTO plain (body) VALUES ($1)").unwrap();
    let (mut count, began) = (0, Instant::now());
    while began.elapsed() < LASTING {
        insert.execute([&body]).unwrap();
        count += 1;
    }
    report("peer: rusqlite, one INSERT a transaction", count, began.elapsed());
}

fn plain_postgres(url: &str) {
    let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
    client
        .batch_execute("CREATE TABLE IF NOT EXISTS plain_row (id BIGSERIAL PRIMARY KEY, body TEXT NOT NULL)")
        .unwrap();
    let body = "x".repeat(ROW_BYTES);
    let insert = client.prepare("INSERT INTO plain_row (body) VALUES ($1)").unwrap();
    let (mut count, began) = (0, Instant::now());
    while began.elapsed() < LASTING {
        client.execute(&insert, &[&body]).unwrap();
        count += 1;
    }
    report("peer: postgres, one INSERT a transaction", count, began.elapsed());
}
