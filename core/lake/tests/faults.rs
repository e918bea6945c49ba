//! Disks that refuse and disks that lie.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{DAY_US, Faulty, Hand, noon, reading, small};
use dipper_lake::{AppendError, Area, Lake, LakeError, Options, Order, Range, Retention, TryAppendError};
use model::{Clock, Instant, Reading, SeriesNo};

fn all_of(series: u32) -> Range {
    Range {
        series: SeriesNo(series),
        from: Instant::from_micros(0),
        to: Instant::from_micros(i64::MAX),
        order: Order::Ascending,
        limit: usize::MAX,
        after: None,
    }
}

fn all(lake: &Lake, series: impl IntoIterator<Item = u32>) -> Result<Vec<Reading>, LakeError> {
    let mut found = Vec::new();
    for series in series {
        found.extend(lake.range(&all_of(series))?);
    }
    Ok(found)
}

/// Appends, rolls, compacts and thins; what was acknowledged and what was refused.
fn live(lake: &Lake, clock: &Hand) -> (BTreeMap<(SeriesNo, Instant), Reading>, Vec<Reading>) {
    let (mut kept, mut refused) = (BTreeMap::new(), Vec::new());
    for round in 0..12_i64 {
        let row = |n: i64| {
            let late = if n % 4 == 0 { DAY_US } else { 0 };
            reading(
                (n % 3) as u32 * 2,
                (n % 5) as u32,
                noon() + (round * 20 + n) * 1_000_000 - late,
                (n * round) as f64,
            )
        };
        let batch: Vec<Reading> = (0..30).map(row).collect();
        match lake.append_blocking(batch.clone()) {
            Ok(()) => kept.extend(batch.into_iter().map(|reading| ((reading.series, reading.at), reading))),
            Err(error) => {
                assert!(matches!(error, AppendError::DiskFull), "{error}");
                refused.extend(batch);
            }
        }
        if round % 3 == 2 {
            // What could not be rolled is rolled the next time.
            let _ = lake.roll(clock.forward(HOUR));
        }
    }
    (kept, refused)
}

const HOUR: i64 = common::HOUR_US;

#[test]
fn a_disk_that_is_full_at_any_step_loses_nothing_and_heals() {
    let begun = 1_000_000;
    let counted = Faulty::new(begun, 0, ErrorKind::StorageFull);
    let steps = {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
        let options = Options { disk: Arc::new(counted.clone()), ..small() };
        let lake = Lake::open(folder.path(), options, Arc::new(clock.clone())).unwrap();
        live(&lake, &clock);
        counted.changes(begun)
    };
    assert!(steps > 100, "{steps} changes of the disk");
    let mut refusals = 0;
    for step in (0..steps).step_by(3) {
        for length in [1, 4] {
            let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
            let disk = Faulty::new(step, length, ErrorKind::StorageFull);
            let options = Options { disk: Arc::new(disk), ..small() };
            let Ok(lake) = Lake::open(folder.path(), options, Arc::new(clock.clone())) else { continue };
            let (kept, refused) = live(&lake, &clock);
            refusals += usize::from(!refused.is_empty());
            let expected: Vec<Reading> = kept.values().copied().collect();
            assert_eq!(all(&lake, [0, 2, 4]).unwrap(), expected, "refused {length} times from step {step}");
            // It goes on where it was, once there is room.
            let more = || lake.append_blocking(vec![reading(9, 0, noon(), 1.0)]);
            assert!((0..=length).any(|_| more().is_ok()));
            // Half of the times what is hot is read from its segments again, half from rolled files.
            if step % 2 == 0 {
                assert!((0..=length).any(|_| lake.roll(clock.now()).is_ok()));
            }
            drop(lake);
            let lake = Lake::open(folder.path(), small(), Arc::new(clock)).unwrap();
            assert_eq!(all(&lake, [0, 2, 4]).unwrap(), expected, "opened again after step {step}");
            assert!(lake.verify().is_empty());
        }
    }
    assert!(refusals > 20, "{refusals} runs were refused anything");
}

#[test]
fn a_process_that_stops_between_any_two_steps_loses_nothing() {
    for step in (0..400).step_by(2) {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
        // From a step on nothing reaches the disk any more, as after a kill.
        let disk = Faulty::new(step, i64::MAX, ErrorKind::StorageFull);
        let options = Options { disk: Arc::new(disk), ..small() };
        let (kept, refused) = match Lake::open(folder.path(), options, Arc::new(clock.clone())) {
            Ok(lake) => live(&lake, &clock),
            Err(_) => (BTreeMap::new(), Vec::new()),
        };
        let lake = Lake::open(folder.path(), small(), Arc::new(clock)).unwrap();
        let found = all(&lake, [0, 2, 4]).unwrap();
        for reading in kept.values() {
            // In its place may be what was sent later and not acknowledged: it was written, and not synced.
            let alike = |other: &&Reading| (other.series, other.at) == (reading.series, reading.at);
            let held: Vec<&Reading> = found.iter().filter(alike).collect();
            assert!(held.len() == 1 && (held == [reading] || refused.contains(held[0])), "stopped at step {step}");
        }
        for reading in &found {
            let sent = kept.get(&(reading.series, reading.at)) == Some(reading) || refused.contains(reading);
            assert!(sent, "{reading:?} after step {step}");
        }
        assert!(lake.verify().is_empty());
        lake.append_blocking(vec![reading(9, 0, noon(), 1.0)]).unwrap();
    }
}

#[test]
fn nothing_is_acknowledged_before_it_is_synced() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let disk = Faulty::new(i64::MAX, 0, ErrorKind::StorageFull);
    let options = Options { disk: Arc::new(disk.clone()), ..small() };
    let lake = Lake::open(folder.path(), options, Arc::new(clock)).unwrap();
    let (done, answers) = channel();
    for n in 0..300 {
        let (done, unsynced) = (done.clone(), Arc::clone(&disk.unsynced));
        lake.append(vec![reading(1, 1, noon() + n, 1.0)], move |result| {
            done.send((result, unsynced.load(Ordering::SeqCst))).unwrap();
        });
    }
    assert!((0..300).all(|_| answers.recv().unwrap() == (Ok(()), 0)));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn a_flipped_byte_anywhere_is_named_or_changes_nothing() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let options = Options { retention: Arc::new(|_| Retention::ALWAYS), ..small() };
    let lake = Lake::open(folder.path(), options.clone(), Arc::new(clock.clone())).unwrap();
    let (kept, _) = live(&lake, &clock);
    drop(lake);
    let expected: Vec<Reading> = kept.values().copied().collect();
    let area = Area {
        cells: std::iter::once(1..=i64::MAX).collect(),
        series: None,
        from: Instant::from_micros(0),
        to: Instant::from_micros(i64::MAX),
    };
    let (mut named, mut unseen) = (0, 0);
    for path in files(folder.path()) {
        if path.file_name().is_some_and(|name| name == "lock") {
            continue;
        }
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by((whole.len() / 25).max(1)) {
            let mut other = whole.clone();
            other[at] ^= 0x10;
            fs::write(&path, &other).unwrap();
            let asked = Lake::open(folder.path(), options.clone(), Arc::new(clock.clone())).and_then(|lake| {
                let found = all(&lake, [0, 2, 4])?;
                let counted: u64 = lake.area(&area)?.iter().map(|(_, of)| of.count).sum();
                assert_eq!(counted as usize, found.len());
                Ok((found, lake.verify().len()))
            });
            match asked {
                Ok((found, damaged)) => {
                    assert_eq!(found, expected, "byte {at} of {}", path.display());
                    unseen += usize::from(damaged == 0);
                }
                Err(LakeError::Damaged { file, .. }) => {
                    assert_eq!(file, path);
                    named += 1;
                }
                Err(other) => panic!("byte {at} of {}: {other}", path.display()),
            }
            fs::write(&path, &whole).unwrap();
        }
    }
    assert!(named > 100, "{named} named, {unseen} unseen");
}

#[test]
fn what_is_missing_is_named() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let lake = Lake::open(folder.path(), small(), Arc::new(clock.clone())).unwrap();
    live(&lake, &clock);
    drop(lake);
    for path in files(folder.path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // A last segment that is gone whole leaves no trace.
        if name == "lock" || name.starts_with("segment-") {
            continue;
        }
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let asked = Lake::open(folder.path(), small(), Arc::new(clock.clone())).and_then(|lake| all(&lake, [0, 2, 4]));
        assert!(matches!(asked, Err(LakeError::Missing { .. })), "{name}: {:?}", asked.map(|found| found.len()));
        fs::write(&path, whole).unwrap();
    }
}

#[test]
fn a_lake_keeps_its_zone() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    drop(Lake::open(folder.path(), small(), Arc::new(clock.clone())).unwrap());
    let other = Options { zone_offset_s: 0, ..small() };
    let refused = Lake::open(folder.path(), other, Arc::new(clock)).unwrap_err();
    assert!(matches!(refused, LakeError::Zone { kept_s: 28_800, asked_s: 0 }));
}

#[test]
fn what_cannot_be_kept_is_refused_whole() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let lake = Lake::open(folder.path(), small(), Arc::new(clock)).unwrap();
    let good = reading(1, 1, noon(), 1.0);
    for (bad, error) in [
        (Reading { value: f64::NAN, ..good }, AppendError::NotFinite { series: SeriesNo(1) }),
        (Reading { value: f64::INFINITY, ..good }, AppendError::NotFinite { series: SeriesNo(1) }),
        (reading(1, 1, -1, 1.0), AppendError::Time { series: SeriesNo(1), at: Instant::from_micros(-1) }),
        (reading(1, 1, i64::MAX, 1.0), AppendError::Time { series: SeriesNo(1), at: Instant::from_micros(i64::MAX) }),
    ] {
        assert_eq!(lake.append_blocking(vec![good, bad]), Err(error));
    }
    let many = vec![good; 201];
    assert_eq!(lake.append_blocking(many), Err(AppendError::TooLarge { readings: 201, max: 200 }));
    assert_eq!(lake.latest(SeriesNo(1)), None);
    assert_eq!(lake.append_blocking(Vec::new()), Ok(()));
}

#[test]
fn a_full_queue_gives_the_batch_back() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let options = Options { queue_readings: 10, ..small() };
    let lake = Lake::open(folder.path(), options, Arc::new(clock)).unwrap();
    // The writer is held by whom it tells.
    let (begun, has_begun) = channel();
    let (go_on, may_go_on) = sync_channel::<()>(0);
    let may_go_on = Mutex::new(may_go_on);
    lake.append(vec![reading(1, 1, noon(), 1.0)], move |_| {
        begun.send(()).unwrap();
        let _ = may_go_on.lock().unwrap().recv();
    });
    has_begun.recv().unwrap();
    let batch = |n| (0..n).map(|n| reading(2, 1, noon() + n, 1.0)).collect::<Vec<_>>();
    lake.try_append(batch(10), |_| ()).unwrap();
    match lake.try_append(batch(1), |_| panic!("it was given back")) {
        Err(TryAppendError::Full(back)) => assert_eq!(back, batch(1)),
        other => panic!("{other:?}"),
    }
    go_on.send(()).unwrap();
    lake.append_blocking(batch(3)).unwrap();
    assert_eq!(all(&lake, [1, 2]).unwrap().len(), 11);
}

#[test]
fn a_hot_part_that_nobody_rolls_ends_in_a_refusal() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let options = Options { hot_readings: 20, ..small() };
    let lake = Lake::open(folder.path(), options, Arc::new(clock.clone())).unwrap();
    let batch = |from: i64| (from..from + 20).map(|n| reading(2, 1, noon() + n, 1.0)).collect::<Vec<_>>();
    lake.append_blocking(batch(0)).unwrap();
    assert_eq!(lake.append_blocking(batch(20)), Err(AppendError::Behind { readings: 20 }));
    lake.roll(clock.now()).unwrap();
    lake.append_blocking(batch(20)).unwrap();
}

#[test]
fn a_lake_tends_itself() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let options = Options { tend_every: Some(Duration::from_millis(5)), hot_readings: 300, ..small() };
    let lake = Lake::open(folder.path(), options, Arc::new(clock)).unwrap();
    // More than the hot part may hold: appends wait until it was rolled.
    for n in 0..40 {
        lake.append_blocking((0..50).map(|row| reading(row, 1, noon() + n, 1.0)).collect()).unwrap();
    }
    assert!(lake.stats().rolled_readings > 1_000);
    assert_eq!(all(&lake, 0..50).unwrap().len(), 2_000);
}

#[test]
fn the_last_clone_may_be_let_go_by_the_writer() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let lake = Lake::open(folder.path(), small(), Arc::new(clock)).unwrap();
    let (done, answer) = channel();
    let clone = lake.clone();
    lake.append(vec![reading(1, 1, noon(), 1.0)], move |result| {
        drop(clone);
        done.send(result).unwrap();
    });
    drop(lake);
    assert_eq!(answer.recv().unwrap(), Ok(()));
}

#[test]
fn a_panic_of_who_is_told_stops_nobody() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let lake = Lake::open(folder.path(), small(), Arc::new(clock)).unwrap();
    lake.append(vec![reading(1, 1, noon(), 1.0)], |_| panic!("for a test"));
    lake.append_blocking(vec![reading(1, 1, noon() + 1, 1.0)]).unwrap();
    assert_eq!(all(&lake, [1]).unwrap().len(), 2);
}
