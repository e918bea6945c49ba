//! A lake copied and checked from outside, while it grows.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;

use common::{Hand, noon, reading, small};
use dipper_lake::outside::{check, copy, list};
use dipper_lake::{Lake, LakeError, Order, Range};
use model::{Clock, Instant, SeriesNo};

fn count(lake: &Lake) -> i64 {
    let (from, to) = (Instant::from_micros(0), Instant::from_micros(i64::MAX));
    let question = Range { series: SeriesNo(1), from, to, order: Order::Ascending, limit: usize::MAX, after: None };
    i64::try_from(lake.range(&question).unwrap().len()).unwrap()
}

#[test]
fn a_copy_made_while_the_lake_grows_and_rolls_holds_everything_acknowledged_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hand::new();
    let lake = Lake::open(folder.path().join("lake"), small(), Arc::new(clock.clone())).unwrap();
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicI64::new(0));
    // Four rolls during each copy, however slow the disk is: a copy gives up when it meets twenty.
    let limit = AtomicI64::new(240);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                while limit.load(Ordering::Acquire) <= number && !stop.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                if stop.load(Ordering::Acquire) {
                    return;
                }
                lake.append_blocking(vec![reading(1, 0, noon() + number * 1_000_000, 1.0)]).unwrap();
                acknowledged.store(number + 1, Ordering::Release);
                if number % 60 == 59 {
                    lake.roll(clock.now()).unwrap();
                }
            }
        });
        for round in 0..10 {
            while acknowledged.load(Ordering::Acquire) < round * 40 {
                thread::yield_now();
            }
            let before = acknowledged.load(Ordering::Acquire);
            limit.store(before + 240, Ordering::Release);
            let to = folder.path().join(format!("copy-{round}"));
            copy(&folder.path().join("lake"), &to, None).unwrap();
            let after = acknowledged.load(Ordering::Acquire);
            // Files merged meanwhile may lie in the copy as well: opening sweeps them.
            let copied = Lake::open(&to, small(), Arc::new(clock.clone())).unwrap();
            let found = count(&copied);
            assert!(before <= found && found <= after + 1, "{before} <= {found} <= {after}");
            assert!(copied.verify().is_empty());
        }
        stop.store(true, Ordering::Release);
    });
}

#[test]
fn files_are_held_against_the_digests_of_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hand::new();
    let lake = Lake::open(folder.path(), small(), Arc::new(clock.clone())).unwrap();
    lake.append_blocking(vec![reading(1, 0, noon(), 1.0)]).unwrap();
    lake.roll(clock.now()).unwrap();
    let [named] = list(folder.path()).unwrap().try_into().unwrap();
    assert!(named.is_untold);
    check(folder.path(), &named, None).unwrap();
    lake.told_sealed(u64::MAX).unwrap();
    assert!(!list(folder.path()).unwrap()[0].is_untold);
    let path = folder.path().join(&named.file);
    let mut bytes = fs::read(&path).unwrap();
    bytes[10] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(check(folder.path(), &named, None), Err(LakeError::Damaged { .. })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(check(folder.path(), &named, None), Err(LakeError::Missing { .. })));
}

#[test]
fn a_folder_without_a_manifest_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = copy(folder.path(), &folder.path().join("copy"), None);
    assert!(matches!(outcome, Err(LakeError::Missing { .. })), "{outcome:?}");
}
