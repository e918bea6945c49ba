//! Files carried to an object store: a folder elsewhere, and a server that speaks S3.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;
#[path = "common/s3.rs"]
mod s3;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::{DAY_US, Faulty, HOUR_US, Hand, noon, reading, small};
use dipper_lake::{Area, Buckets, Lake, LakeError, Objects, Options, Order, Range, Retention, outside};
use model::{Clock, Instant, Reading, SeriesNo};
use s3::{S3, SECRET};

/// A store, and where its objects are files.
struct Place {
    objects: Objects,
    folder: PathBuf,
    _server: Option<S3>,
}

/// One of each kind.
fn places(root: &Path) -> [Place; 2] {
    let folder = root.join("elsewhere");
    let objects = Objects::new(&format!("file://{}", folder.display()), []).unwrap();
    let server = S3::start(&root.join("s3"));
    [
        Place { objects, folder, _server: None },
        Place { objects: server.objects(SECRET), folder: server.folder(), _server: Some(server) },
    ]
}

fn with(objects: &Objects) -> Options {
    Options { objects: Some(objects.clone()), local_bytes: 0, ..small() }
}

fn open(folder: &Path, options: Options, clock: &Hand) -> Result<Lake, LakeError> {
    Lake::open(folder, options, Arc::new(clock.clone()))
}

fn all(lake: &Lake) -> Result<Vec<Reading>, LakeError> {
    let mut found = Vec::new();
    for series in [0, 2, 4] {
        found.extend(lake.range(&Range {
            series: SeriesNo(series),
            from: Instant::from_micros(0),
            to: Instant::from_micros(i64::MAX),
            order: Order::Ascending,
            limit: usize::MAX,
            after: None,
        })?);
    }
    Ok(found)
}

/// One round of readings, those of yesterday among them.
fn round(number: i64) -> Vec<Reading> {
    let row = |n: i64| {
        let late = if n % 4 == 0 { DAY_US } else { 0 };
        reading((n % 3) as u32 * 2, (n % 5) as u32, noon() + (number * 20 + n) * 1_000_000 - late, (n * number) as f64)
    };
    (0..30).map(row).collect()
}

/// Rounds of readings, each rolled and carried.
fn live(lake: &Lake, clock: &Hand, rounds: std::ops::Range<i64>) -> BTreeMap<(SeriesNo, Instant), Reading> {
    let mut kept = BTreeMap::new();
    for number in rounds {
        let batch = round(number);
        lake.append_blocking(batch.clone()).unwrap();
        kept.extend(batch.into_iter().map(|reading| ((reading.series, reading.at), reading)));
        lake.roll(clock.forward(HOUR_US)).unwrap();
        lake.carry().unwrap();
    }
    kept
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else if !name.starts_with('.') {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// Files of a folder that end so, and where.
fn parquet(folder: &Path) -> Vec<String> {
    files(folder).into_iter().filter(|name| name.ends_with(".parquet")).collect()
}

/// Parquet files that the manifest names.
fn named(lake: &Lake) -> Vec<String> {
    let mut named: Vec<String> = outside::list(lake.folder()).unwrap().into_iter().map(|named| named.file).collect();
    named.sort();
    named
}

#[test]
fn readings_in_a_store_are_found_as_those_of_the_disk() {
    let root = tempfile::tempdir().unwrap();
    for (number, place) in places(root.path()).into_iter().enumerate() {
        let (folder, clock) = (root.path().join(format!("lake-{number}")), Hand::new());
        let plain = root.path().join(format!("plain-{number}"));
        let lake = open(&folder, with(&place.objects), &clock).unwrap();
        let kept = live(&lake, &clock, 0..7);
        let expected: Vec<Reading> = kept.values().copied().collect();
        let beside = open(&plain, small(), &clock).unwrap();
        beside.append_blocking(expected[..100].to_vec()).unwrap();
        beside.append_blocking(expected[100..].to_vec()).unwrap();
        beside.roll(clock.now()).unwrap();

        assert_eq!(parquet(&folder), [] as [&str; 0], "nothing stays on the disk");
        assert_eq!(parquet(&place.folder), named(&lake), "the store has what counts, and nothing else");
        let (from, to) = (Instant::from_micros(0), Instant::from_micros(i64::MAX));
        let area = Area { cells: std::iter::once(1..=i64::MAX).collect(), series: None, from, to };
        let spans = Buckets {
            series: vec![SeriesNo(0), SeriesNo(4)],
            from,
            to,
            step_us: NonZeroU64::new(60_000_000).unwrap(),
            zone_offset_s: 28_800,
        };
        let check = |lake: &Lake| {
            assert_eq!(all(lake).unwrap(), expected);
            assert_eq!(lake.area(&area).unwrap(), beside.area(&area).unwrap());
            assert_eq!(lake.buckets(&spans).unwrap(), beside.buckets(&spans).unwrap());
            assert!(lake.verify().is_empty());
        };
        check(&lake);
        drop(lake);
        let lake = open(&folder, with(&place.objects), &clock).unwrap();
        check(&lake);
        // An index that is gone from the disk is fetched.
        for index in files(&folder).iter().filter(|name| name.ends_with(".index")) {
            fs::remove_file(folder.join(index)).unwrap();
        }
        drop(lake);
        check(&open(&folder, with(&place.objects), &clock).unwrap());
    }
}

#[test]
fn a_lake_of_the_disk_moves_to_a_store_and_the_newest_days_stay_on_both() {
    let (root, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let folder = root.path().join("lake");
    let lake = open(&folder, small(), &clock).unwrap();
    let kept = live(&lake, &clock, 0..4);
    let before = parquet(&folder);
    drop(lake);
    let [place, _] = places(root.path());
    let options = Options { local_bytes: 1 << 30, ..with(&place.objects) };
    let lake = open(&folder, options, &clock).unwrap();
    lake.carry().unwrap();
    assert_eq!((parquet(&folder), parquet(&place.folder)), (before.clone(), before.clone()));
    assert_eq!(lake.stats().stored_files, before.len() as u64);
    drop(lake);
    let newest = fs::metadata(folder.join(before.last().unwrap())).unwrap().len();
    let lake = open(&folder, Options { local_bytes: newest, ..with(&place.objects) }, &clock).unwrap();
    lake.carry().unwrap();
    assert_eq!(parquet(&folder), before[before.len() - 1..]);
    assert_eq!(all(&lake).unwrap(), kept.values().copied().collect::<Vec<_>>());
    drop(lake);
    let unnamed = open(&folder, small(), &clock).unwrap_err();
    assert!(matches!(&unnamed, LakeError::StoreUnnamed { .. }), "{unnamed}");
    assert!(unnamed.to_string().contains("--lake-store"), "{unnamed}");
}

#[test]
fn what_a_crash_left_in_the_store_is_removed() {
    let root = tempfile::tempdir().unwrap();
    for (number, place) in places(root.path()).into_iter().enumerate() {
        let (folder, clock) = (root.path().join(format!("lake-{number}")), Hand::new());
        let disk = Faulty::new(i64::MAX, 0, ErrorKind::StorageFull);
        let options = Options { disk: Arc::new(disk.clone()), ..with(&place.objects) };
        let lake = open(&folder, options, &clock).unwrap();
        // One round, so that nothing is merged: what is merged away is an orphan too.
        let mut kept = live(&lake, &clock, 0..1);
        let batch = round(9);
        lake.append_blocking(batch.clone()).unwrap();
        kept.extend(batch.into_iter().map(|reading| ((reading.series, reading.at), reading)));
        lake.roll(clock.now()).unwrap();
        // The object is put; from here on nothing reaches the disk, and not the manifest either.
        disk.left.store(0, Ordering::SeqCst);
        disk.refusals.store(i64::MAX, Ordering::SeqCst);
        let before = parquet(&place.folder).len();
        lake.carry().unwrap_err();
        assert_eq!(parquet(&place.folder).len(), before + 1);
        drop(lake);
        let lake = open(&folder, with(&place.objects), &clock).unwrap();
        assert_eq!(parquet(&place.folder).len(), before, "the orphan is gone");
        assert!(before > 0);
        lake.carry().unwrap();
        assert_eq!(parquet(&place.folder), named(&lake));
        assert_eq!(all(&lake).unwrap(), kept.values().copied().collect::<Vec<_>>());
    }
}

#[test]
fn a_process_that_stops_between_any_two_steps_loses_nothing_that_a_store_has() {
    let root = tempfile::tempdir().unwrap();
    for step in (4..240).step_by(3) {
        let clock = Hand::new();
        let (folder, elsewhere) = (root.path().join(format!("lake-{step}")), root.path().join(format!("store-{step}")));
        let objects = Objects::new(&format!("file://{}", elsewhere.display()), []).unwrap();
        let disk = Faulty::new(step, i64::MAX, ErrorKind::StorageFull);
        let mut kept = BTreeMap::new();
        if let Ok(lake) = open(&folder, Options { disk: Arc::new(disk), ..with(&objects) }, &clock) {
            for number in 0..8 {
                if lake.append_blocking(round(number)).is_ok() {
                    kept.extend(round(number).into_iter().map(|reading| ((reading.series, reading.at), reading.value)));
                }
                let _ = lake.roll(clock.forward(HOUR_US));
                let _ = lake.carry();
            }
        }
        let lake = open(&folder, with(&objects), &clock).unwrap();
        let found: BTreeMap<_, _> =
            all(&lake).unwrap().into_iter().map(|reading| ((reading.series, reading.at), reading.value)).collect();
        for (key, value) in &kept {
            // A later round that was written and not acknowledged may stand in its place.
            assert!(found.contains_key(key), "{key:?} ({value}) after step {step}");
        }
        lake.roll(clock.forward(HOUR_US)).unwrap();
        lake.carry().unwrap();
        assert_eq!(parquet(&elsewhere), named(&lake), "step {step}");
        assert!(lake.verify().is_empty());
    }
}

#[test]
fn a_store_that_is_away_holds_up_nothing_and_is_named() {
    let (root, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let mut server = S3::start(&root.path().join("s3"));
    let folder = root.path().join("lake");
    let lake = open(&folder, with(&server.objects(SECRET)), &clock).unwrap();
    let mut kept = live(&lake, &clock, 0..3);
    server.stop();
    drop(lake);
    // Also a lake that is opened meanwhile takes readings and rolls them.
    let lake = open(&folder, with(&server.objects(SECRET)), &clock).unwrap();
    for number in 3..6 {
        let batch = round(number * 10_000);
        lake.append_blocking(batch.clone()).unwrap();
        kept.extend(batch.into_iter().map(|reading| ((reading.series, reading.at), reading)));
        lake.roll(clock.forward(HOUR_US)).unwrap();
        let away = lake.carry().unwrap_err();
        assert!(matches!(&away, LakeError::StoreAway { .. }), "{away}");
    }
    let away = all(&lake).unwrap_err();
    assert!(matches!(&away, LakeError::StoreAway { object, .. } if object.contains("day=2026-11-2")), "{away}");
    // What the disk has is answered.
    let day = noon() + 2 * DAY_US;
    let recent = Range {
        series: SeriesNo(2),
        from: Instant::from_micros(day),
        to: Instant::from_micros(i64::MAX),
        order: Order::Ascending,
        limit: usize::MAX,
        after: None,
    };
    let expected: Vec<Reading> = kept
        .values()
        .filter(|reading| reading.series == SeriesNo(2) && day <= reading.at.as_micros())
        .copied()
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(lake.range(&recent).unwrap(), expected);
    server.go_on();
    lake.carry().unwrap();
    assert_eq!(all(&lake).unwrap(), kept.values().copied().collect::<Vec<_>>());
    assert_eq!(parquet(&server.folder()), named(&lake));
    assert_eq!(parquet(&folder), [] as [&str; 0]);
}

#[test]
fn a_lake_carries_by_itself_once_the_store_is_back() {
    let (root, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let mut server = S3::start(&root.path().join("s3"));
    let options = Options { tend_every: Some(Duration::from_millis(20)), ..with(&server.objects(SECRET)) };
    let lake = open(&root.path().join("lake"), options, &clock).unwrap();
    lake.append_blocking(round(0)).unwrap();
    let until = |what: &dyn Fn() -> bool| {
        (0..1_000).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            what()
        })
    };
    let is_carried = || {
        let stats = lake.stats();
        stats.files > 0 && stats.stored_files == stats.files
    };
    assert!(until(&is_carried));
    server.stop();
    lake.append_blocking(round(1)).unwrap();
    assert!(until(&|| lake.stats().files > lake.stats().stored_files));
    server.go_on();
    assert!(until(&is_carried), "{:?}", lake.stats());
}

#[test]
fn keys_that_are_refused_are_named_and_not_shown() {
    let (root, clock) = (tempfile::tempdir().unwrap(), Hand::new());
    let server = S3::start(&root.path().join("s3"));
    let folder = root.path().join("lake");
    let wrong = server.objects("another-secret");
    server.objects(SECRET).probe().unwrap();
    assert!(matches!(wrong.probe(), Err(LakeError::StoreRefused { .. })));
    let refused = open(&folder, with(&wrong), &clock).unwrap_err();
    assert!(matches!(&refused, LakeError::StoreRefused { .. }), "{refused}");
    let words = format!("{refused} {refused:?} {wrong:?} {:?}", with(&wrong));
    assert!(words.contains("AWS_SECRET_ACCESS_KEY") && !words.contains("another-secret"), "{words}");
    let mut kept = live(&open(&folder, with(&server.objects(SECRET)), &clock).unwrap(), &clock, 0..2);
    // Keys that are withdrawn later do not keep the city from taking readings.
    let lake = open(&folder, with(&wrong), &clock).unwrap();
    lake.append_blocking(round(7)).unwrap();
    kept.extend(round(7).into_iter().map(|reading| ((reading.series, reading.at), reading)));
    lake.roll(clock.now()).unwrap();
    assert!(matches!(lake.carry(), Err(LakeError::StoreRefused { .. })));
    assert!(matches!(all(&lake), Err(LakeError::StoreRefused { .. })));
    drop(lake);
    let lake = open(&folder, with(&server.objects(SECRET)), &clock).unwrap();
    assert_eq!(all(&lake).unwrap(), kept.values().copied().collect::<Vec<_>>());
}

#[test]
fn a_store_of_another_lake_or_an_emptied_one_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for (number, place) in places(root.path()).into_iter().enumerate() {
        let (folder, clock) = (root.path().join(format!("lake-{number}")), Hand::new());
        live(&open(&folder, with(&place.objects), &clock).unwrap(), &clock, 0..2);
        let before = files(&place.folder);
        let other = open(&root.path().join(format!("other-{number}")), with(&place.objects), &clock).unwrap_err();
        assert!(matches!(&other, LakeError::StoreTaken { .. }), "{other}");
        assert_eq!(files(&place.folder), before);
        fs::remove_file(place.folder.join("lake")).unwrap();
        let emptied = open(&folder, with(&place.objects), &clock).unwrap_err();
        assert!(matches!(&emptied, LakeError::Missing { .. }), "{emptied}");
    }
}

#[test]
fn a_flipped_byte_in_a_store_is_named() {
    let root = tempfile::tempdir().unwrap();
    for (number, place) in places(root.path()).into_iter().enumerate() {
        let (folder, clock) = (root.path().join(format!("lake-{number}")), Hand::new());
        live(&open(&folder, with(&place.objects), &clock).unwrap(), &clock, 0..2);
        let name = parquet(&place.folder).remove(0);
        let path = place.folder.join(&name);
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 10) {
            let mut other = whole.clone();
            other[at] ^= 0x10;
            fs::write(&path, &other).unwrap();
            // A store of its own: nothing of it is in memory.
            let objects = Objects::clone(&place.objects);
            let lake = open(&folder, with(&fresh(&objects, &place)), &clock).unwrap();
            assert_eq!(lake.verify().len(), 1);
            let damaged = all(&lake).unwrap_err();
            let is_named =
                matches!(&damaged, LakeError::Damaged { file, .. } if file.to_string_lossy().ends_with(&name));
            assert!(is_named && damaged.to_string().contains("://"), "{damaged}");
        }
    }
}

/// The same store, with nothing of it in memory.
fn fresh(objects: &Objects, place: &Place) -> Objects {
    match &place._server {
        Some(server) => server.objects(SECRET),
        None => Objects::new(objects.url(), []).unwrap(),
    }
}

#[test]
fn retention_and_merging_remove_objects() {
    let root = tempfile::tempdir().unwrap();
    for (number, place) in places(root.path()).into_iter().enumerate() {
        let (folder, clock) = (root.path().join(format!("lake-{number}")), Hand::new());
        let retention = Retention { raw_days: Some(2), hourly_days: Some(10) };
        let options = Options { retention: Arc::new(move |_| retention), ..with(&place.objects) };
        let lake = open(&folder, options, &clock).unwrap();
        live(&lake, &clock, 0..9);
        assert_eq!(parquet(&place.folder), named(&lake), "merged files are gone");
        lake.roll(clock.forward(4 * DAY_US)).unwrap();
        lake.carry().unwrap();
        assert!(named(&lake).iter().all(|name| name.starts_with("hourly/")) && !named(&lake).is_empty());
        assert_eq!(parquet(&place.folder), named(&lake));
        lake.roll(clock.forward(10 * DAY_US)).unwrap();
        lake.carry().unwrap();
        assert_eq!(files(&place.folder), ["lake"]);
    }
}

#[test]
fn a_copy_needs_no_store() {
    let root = tempfile::tempdir().unwrap();
    for (number, place) in places(root.path()).into_iter().enumerate() {
        let (folder, clock) = (root.path().join(format!("lake-{number}")), Hand::new());
        let lake = open(&folder, with(&place.objects), &clock).unwrap();
        let kept = live(&lake, &clock, 0..4);
        let copy = root.path().join(format!("copy-{number}"));
        let unnamed = outside::copy(&folder, &copy, None).unwrap_err();
        assert!(matches!(unnamed, LakeError::StoreUnnamed { .. }), "{unnamed}");
        outside::copy(&folder, &copy, Some(&place.objects)).unwrap();
        for named in outside::list(&folder).unwrap() {
            outside::check(&folder, &named, Some(&place.objects)).unwrap();
            assert!(matches!(outside::check(&folder, &named, None), Err(LakeError::StoreUnnamed { .. })));
        }
        drop(lake);
        let copied = open(&copy, small(), &clock).unwrap();
        assert_eq!(all(&copied).unwrap(), kept.values().copied().collect::<Vec<_>>());
        assert!(copied.verify().is_empty());
        drop(copied);
        // It is another lake to the store, so that trying a backup out harms nobody.
        assert!(matches!(open(&copy, with(&place.objects), &clock), Err(LakeError::StoreTaken { .. })));
    }
}

#[test]
fn an_address_that_is_none_is_named() {
    for (url, word) in
        [("s3:/bucket", "kind"), ("s3:///city", "bucket"), ("gs://bucket", "kind"), ("file://here", "kind")]
    {
        let refused = Objects::new(url, []).unwrap_err().to_string();
        assert!(refused.contains(word) && refused.contains("s3://BUCKET/PREFIX"), "{refused}");
    }
}
