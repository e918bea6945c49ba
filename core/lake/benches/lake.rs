//! Figures of the lake, one JSON object a line: readings a second acknowledged beside the raw write and sync of the same
//! disk, bytes a reading, queries, cost of a reading as the lake grows; the same queries of a lake whose files lie in a store
//! that speaks S3 over loopback. `cargo bench -p dipper-lake --bench lake -- [--folder DIR] [--days N] [--store]`; with
//! `--store` that last part alone.
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on fails")]

#[path = "../tests/common/s3.rs"]
mod s3;

use std::fs::{self, File};
use std::io::Write;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant as Stopwatch};

use dipper_lake::{Aggregate, Area, Buckets, Lake, Options, Order, Range};
use grid::{Cell, Level, LonLat};
use model::{Clock, Instant, Reading, SeriesNo};

const BEGIN: &str = "2026-01-01T00:00:00+08:00";
const DEVICES: u32 = 2_000;
const TICK_US: i64 = 300_000_000;
const TICKS_A_DAY: i64 = 288;
const DAY_US: i64 = TICK_US * TICKS_A_DAY;
/// Bytes of a reading in a segment.
const READING_BYTES: usize = 36;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().position(|argument| argument == name).map(|at| arguments[at + 1].clone());
    let folder = value("--folder").map_or_else(std::env::temp_dir, PathBuf::from);
    let days: i64 = value("--days").map_or(35, |days| days.parse().unwrap());
    let folder = folder.join(format!("lake-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    if !arguments.iter().any(|argument| argument == "--store") {
        for (batch, window) in [(1, 2_048), (100, 64), (1_000, 16)] {
            append(&folder, batch, window);
        }
    }
    let lake = folder.join("year");
    grown(&lake, days);
    stored(&lake, &folder.join("s3"), days);
    fs::remove_dir_all(&folder).unwrap();
}

fn say(section: &str, name: &str, values: &[(&str, f64)]) {
    let values: String = values.iter().map(|(key, value)| format!(", \"{key}\": {value}")).collect();
    println!("{{\"section\": \"{section}\", \"name\": \"{name}\"{values}}}");
}

fn median(mut took: Vec<Duration>) -> f64 {
    took.sort_unstable();
    took[took.len() / 2].as_secs_f64() * 1e3
}

fn begin() -> i64 {
    BEGIN.parse::<Instant>().unwrap().as_micros()
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Instant {
        Instant::from_micros(begin())
    }
}

/// Numbers that look random and are the same in every run.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number from 0 to 1.
fn unit(seed: u64) -> f64 {
    (mix(seed) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Where a device hangs: within 20 km, numbered as they were bought and not as they lie.
fn place(device: u32) -> Cell {
    let at = |salt: u64| unit(u64::from(device) * 2 + salt) * 0.2;
    Cell::encode(LonLat::new(116.3 + at(0), 39.8 + at(1)).unwrap(), Level::L8).unwrap()
}

/// What a device says at a tick: a daily curve with noise, to a tenth; its own clock in milliseconds, and up to two
/// seconds to arrive.
fn sample(device: u32, cell: Cell, tick: i64) -> Reading {
    let seed = u64::from(device) << 32 | tick as u64;
    let jitter_ms = (unit(seed) * 2_000.0) as i64;
    let phase_us = (unit(u64::from(device)) * 300.0) as i64 * 1_000_000;
    let at = begin() + tick * TICK_US + phase_us + jitter_ms * 1_000;
    let of_day = (tick % TICKS_A_DAY) as f64 / TICKS_A_DAY as f64 * std::f64::consts::TAU;
    let season = (tick as f64 / 5_000.0 + f64::from(device)).sin();
    let value = 15.0 + f64::from(device % 7) + 6.0 * of_day.sin() + 4.0 * season + unit(seed ^ 1) - 0.5;
    Reading {
        series: SeriesNo(device + 1),
        cell,
        at: Instant::from_micros(at),
        received_at: Instant::from_micros(at + 80_000 + (unit(seed ^ 2) * 1_920_000.0) as i64),
        value: (value * 10.0).round() / 10.0,
    }
}

/// Sixteen senders, each with so many batches under way, and in turn with them the raw disk: the same bytes in groups of
/// the same size, each with its sync.
fn append(folder: &Path, batch: usize, window: usize) {
    const SENDERS: usize = 16;
    let total = if batch == 1 { 1_000_000 } else { 6_000_000 };
    let (mut lake_s, mut raw_s) = (Vec::new(), Vec::new());
    let groups = total / (SENDERS * window * batch).min(65_536);
    for round in 0..3 {
        let home = folder.join(format!("append-{batch}-{round}"));
        let lake = Lake::open(&home, Options::default(), Arc::new(Fixed)).unwrap();
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let watch = Stopwatch::now();
        thread::scope(|scope| {
            for sender in 0..SENDERS {
                let (lake, acknowledged) = (&lake, Arc::clone(&acknowledged));
                scope.spawn(move || send(lake, sender as u32, batch, window, total / SENDERS, &acknowledged));
            }
        });
        lake_s.push(watch.elapsed());
        assert!(acknowledged.load(Ordering::SeqCst) >= total / SENDERS / batch * batch * SENDERS);
        drop(lake);
        fs::remove_dir_all(&home).unwrap();
        raw_s.push(raw(folder, total, groups));
    }
    let (lake_ms, raw_ms) = (median(lake_s), median(raw_s));
    let per_second = |ms: f64| total as f64 / ms * 1e3;
    let values =
        [("per_second", per_second(lake_ms)), ("raw_per_second", per_second(raw_ms)), ("part", raw_ms / lake_ms)];
    say("append", &format!("{batch} a batch, {SENDERS} senders with {window} batches under way"), &values);
}

fn send(lake: &Lake, sender: u32, batch: usize, window: usize, total: usize, acknowledged: &Arc<AtomicUsize>) {
    let under_way = Arc::new((Mutex::new(0), Condvar::new()));
    let cell = place(sender);
    for number in 0..total / batch {
        let readings = (0..batch).map(|row| {
            let device = sender * 125 + (row % 125) as u32;
            sample(device, cell, (number * batch.div_ceil(125) + row / 125) as i64)
        });
        let readings: Vec<Reading> = readings.collect();
        let mut count = under_way.1.wait_while(under_way.0.lock().unwrap(), |count| *count >= window).unwrap();
        *count += 1;
        drop(count);
        let (under_way, acknowledged) = (Arc::clone(&under_way), Arc::clone(acknowledged));
        lake.append(readings, move |result| {
            result.unwrap();
            acknowledged.fetch_add(batch, Ordering::SeqCst);
            *under_way.0.lock().unwrap() -= 1;
            under_way.1.notify_one();
        });
    }
    let count = under_way.1.wait_while(under_way.0.lock().unwrap(), |count| *count > 0).unwrap();
    drop(count);
}

fn raw(folder: &Path, readings: usize, groups: usize) -> Duration {
    let path = folder.join("raw");
    let mut file = File::create(&path).unwrap();
    let bytes = vec![7; readings * READING_BYTES / groups];
    let watch = Stopwatch::now();
    for _ in 0..groups {
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
    }
    let took = watch.elapsed();
    fs::remove_file(&path).unwrap();
    took
}

/// Fills a lake as a city would, a tick of all devices at a time, and asks it.
fn grown(folder: &Path, days: i64) {
    let options = Options { segment_bytes: 64 << 20, ..Options::default() };
    let lake = Lake::open(folder, options.clone(), Arc::new(Fixed)).unwrap();
    let cells: Vec<Cell> = (0..DEVICES).map(place).collect();
    let (mut readings, mut milestone, mut spent) = (0, 1_000_000, Duration::ZERO);
    let (mut before, mut before_spent) = (0, Duration::ZERO);
    for day in 0..days {
        for tick in day * TICKS_A_DAY..(day + 1) * TICKS_A_DAY {
            let batch: Vec<Reading> = (0..DEVICES).map(|device| sample(device, cells[device as usize], tick)).collect();
            let watch = Stopwatch::now();
            lake.append_blocking(batch).unwrap();
            spent += watch.elapsed();
            readings += u64::from(DEVICES);
        }
        let watch = Stopwatch::now();
        lake.roll(Instant::from_micros(begin() + (day + 1) * DAY_US)).unwrap();
        spent += watch.elapsed();
        if readings >= milestone || day + 1 == days {
            let ns = (spent - before_spent).as_nanos() as f64 / (readings - before) as f64;
            say("grow", &format!("up to {readings}"), &[("ns", ns)]);
            (before, before_spent) = (readings, spent);
            milestone = (milestone * 2).max(readings + 1);
        }
    }
    let late = Instant::from_micros(begin() + (days + 2) * DAY_US);
    lake.roll(late).unwrap();
    let stats = lake.stats();
    assert_eq!(stats.rolled_readings, readings);
    let on_disk = size(&folder.join("raw")) as f64;
    let values = [("readings", readings as f64), ("bytes", on_disk / readings as f64), ("files", stats.files as f64)];
    say("storage", "rolled, with indexes", &values);
    drop(lake);
    let watch = Stopwatch::now();
    let lake = Lake::open(folder, options, Arc::new(Fixed)).unwrap();
    let ms = watch.elapsed().as_secs_f64() * 1e3;
    say("query", "opening", &[("ms", ms), ("worst_ms", ms), ("rows", readings as f64)]);
    ask(&lake, days);
}

/// Carries the same lake to a store, leaves nothing on the disk, and asks it again.
fn stored(folder: &Path, root: &Path, days: i64) {
    let server = s3::S3::start(root);
    let options = Options { objects: Some(server.objects(s3::SECRET)), local_bytes: 0, ..Options::default() };
    let lake = Lake::open(folder, options, Arc::new(Fixed)).unwrap();
    let watch = Stopwatch::now();
    lake.carry().unwrap();
    let (took, stats) = (watch.elapsed().as_secs_f64(), lake.stats());
    assert_eq!(stats.stored_files, stats.files);
    say(
        "store",
        "carried",
        &[("mb_per_second", stats.rolled_bytes as f64 / took / 1e6), ("files", stats.files as f64)],
    );
    ask(&lake, days);
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| if entry.path().is_dir() { size(&entry.path()) } else { entry.metadata().unwrap().len() }).sum()
}

fn ask(lake: &Lake, days: i64) {
    let month = days.min(30);
    let at = |day: i64| Instant::from_micros(begin() + day * DAY_US);
    let device_month = |device: u32| Range {
        series: SeriesNo(device + 1),
        from: at(days - month),
        to: at(days),
        order: Order::Ascending,
        limit: usize::MAX,
        after: None,
    };
    let timed = |name: &str, rounds: u32, work: &mut dyn FnMut(u32) -> usize| {
        let (mut took, mut rows) = (Vec::new(), 0);
        for round in 0..rounds {
            let watch = Stopwatch::now();
            rows = work(round);
            took.push(watch.elapsed());
        }
        let worst = took.iter().max().unwrap().as_secs_f64() * 1e3;
        say("query", name, &[("ms", median(took)), ("worst_ms", worst), ("rows", rows as f64)]);
    };
    let of = |round: u32| (round * 7_919) % DEVICES;
    timed("device-month, first of the process", 1, &mut |_| lake.range(&device_month(13)).unwrap().len());
    timed("device-month", 50, &mut |round| lake.range(&device_month(of(round))).unwrap().len());
    timed("device-month in hours", 50, &mut |round| {
        let step_us = NonZeroU64::new(3_600_000_000).unwrap();
        let Range { series, from, to, .. } = device_month(of(round));
        lake.buckets(&Buckets { series: vec![series], from, to, step_us, zone_offset_s: 28_800 }).unwrap().len()
    });
    // A district: a square of a quarter of the city, as the cover of an area gives it; and all of it.
    let cells = |part: f64| {
        let (low, high) = (116.3, 116.3 + 0.2 * part);
        let inside = |cell: &Cell| {
            let centre = cell.centre();
            low <= centre.lon_deg() && centre.lon_deg() < high && centre.lat_deg() < 39.8 + 0.2 * part
        };
        let cover: grid::CellSet =
            (0..DEVICES).map(place).filter(inside).filter_map(|cell| cell.ancestor(Level::L6)).collect();
        cover.key_ranges().collect::<Vec<_>>()
    };
    for (name, cells) in [("district-day average, a quarter", cells(0.5)), ("district-day average, all", cells(1.0))] {
        timed(name, 10, &mut |round| {
            let day = i64::from(round) % days;
            let area = Area { cells: cells.clone(), series: None, from: at(day), to: at(day + 1) };
            let mut all = Aggregate::default();
            lake.area(&area).unwrap().iter().for_each(|(_, of)| all.merge(of));
            all.count as usize
        });
    }
}
