//! What kills transparency logs: a crash between any two steps, a full disk, a flipped bit, an old backup, a second
//! writer, a clock that stands. Each is mended exactly or refused with its reason, on both databases.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use dipper_account::ledger::{Disk, LogPlan, MachineDisk, SealError, Sealer};
use ledger::SigningKey;
use ledger::checkpoint::Checkpoint;
use ledger::hash::leaf_hash;
use ledger::key::KeyName;
use ledger::tile::{RightEdge, bundles_between, decode_bundle, tiles_of_size};
use testkit::{Database, on_both_databases};

use crate::common::{Log, ORIGIN, record, write_back};

/// What happens at the operation the count reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process ends: half a file is written, nothing works any more.
    Crash,
    /// As a crash, and every name not yet synced into its folder is lost.
    PowerLoss,
    /// The disk is full for this one operation.
    Full,
    /// One bit of the file written is another.
    Flip,
}

/// A disk that fails at the operation told.
#[derive(Debug)]
pub struct FaultyDisk {
    fault: Fault,
    /// Operations that still succeed; below nought the fault has happened.
    left: AtomicI64,
    /// Names changed and not synced, with what was there before.
    names: Mutex<Vec<(PathBuf, Option<Vec<u8>>)>>,
}

impl FaultyDisk {
    pub fn new(fault: Fault) -> Arc<Self> {
        Arc::new(Self { fault, left: AtomicI64::new(i64::MAX), names: Mutex::default() })
    }

    /// From now on `count` operations succeed.
    pub fn arm(&self, count: i64) {
        self.left.store(count, Ordering::SeqCst);
    }

    pub fn has_happened(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }

    /// What a power failure leaves.
    pub fn lose_power(&self) {
        if self.fault != Fault::PowerLoss {
            return;
        }
        for (path, before) in self.names.lock().unwrap().drain(..).rev() {
            match before {
                Some(bytes) => fs::write(path, bytes).unwrap(),
                None => drop(fs::remove_file(path)),
            }
        }
    }

    fn step(&self) -> io::Result<()> {
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        match self.fault {
            Fault::Crash | Fault::PowerLoss if left <= 0 => Err(io::Error::other("the process is dead")),
            Fault::Full if left == 0 => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

impl Disk for FaultyDisk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        MachineDisk.read(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let is_now = self.left.load(Ordering::SeqCst) == 0;
        if let Err(error) = self.step() {
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
            return Err(error);
        }
        if self.fault == Fault::Flip && is_now {
            let mut bytes = bytes.to_vec();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            return MachineDisk.write(path, &bytes);
        }
        MachineDisk.write(path, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        self.names.lock().unwrap().push((to.to_owned(), fs::read(to).ok()));
        MachineDisk.rename(from, to)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        self.step()?;
        MachineDisk.make_folder(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step()?;
        self.names.lock().unwrap().retain(|(path, _)| path.parent() != Some(folder));
        MachineDisk.sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        MachineDisk.remove(path)
    }
}

fn on(log: &Log, disk: &Arc<FaultyDisk>) -> LogPlan {
    log.plan(Arc::clone(disk) as Arc<dyn Disk>)
}

/// The log holds every event, is signed over exactly these, and nothing of a fault is left in its folder.
fn is_exact(log: &Log, database: &Database, what: &str) {
    let size = log.audit(Some(database)).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(size, database.read_blocking(|db| db.last_position()).unwrap().unsigned_abs(), "{what}");
    let files = log.read_all();
    let mut edge = RightEdge::new();
    for coord in bundles_between(0, size) {
        for entry in decode_bundle(&files[&coord.to_string()], coord.width()).unwrap() {
            edge.push(leaf_hash(entry), |_| {}).unwrap();
        }
    }
    let (name, key) = (KeyName::new(ORIGIN).unwrap(), SigningKey::from_bytes(&[5; 32]));
    let note = Checkpoint::new(ORIGIN, size, edge.root()).unwrap().sign(&name, &key).unwrap().to_string();
    assert_eq!(String::from_utf8_lossy(&files["checkpoint"]), note, "{what}");
    let head = database.read_blocking(|db| db.find_ledger_head(ORIGIN)).unwrap().unwrap();
    assert_eq!((head.size, head.root, head.note), (size, edge.root().0, note), "{what}");
    assert!(!files.contains_key("staging"), "{what}: staging is dropped");
    let full: Vec<String> = tiles_of_size(size)
        .chain(bundles_between(0, size))
        .filter(|coord| coord.is_full())
        .map(|coord| format!("{coord}.p/"))
        .collect();
    for name in files.keys().filter(|name| name.starts_with("tile/")) {
        assert!(!full.iter().any(|full| name.starts_with(full)), "{what}: {name} is left");
    }
}

/// Half-written files beside their places are overwritten when their time comes; nothing reads them.
fn sweep_parts(log: &Log) {
    let files: BTreeMap<_, _> = log.read_all().into_iter().filter(|(name, _)| !name.ends_with(".part")).collect();
    write_back(log.folder(), &files);
}

fn every_step_of_a_round(database: &Database, fault: Fault) {
    let log = Log::new();
    record(database, 200);
    log.seal(database);
    let mut step = 0;
    loop {
        // 37 more each time: within a bundle, across one, filling one.
        record(database, 37);
        let published = log.audit(Some(database)).unwrap();
        let disk = FaultyDisk::new(fault);
        let mut sealer = log.start(database, on(&log, &disk)).unwrap();
        disk.arm(step);
        let outcome = sealer.seal();
        let what = format!("{fault:?} at step {step}");
        if !disk.has_happened() {
            outcome.unwrap();
            drop(sealer);
            is_exact(&log, database, &what);
            assert!(step >= 12, "a round has at least a dozen operations, not {step}");
            return;
        }
        let error = outcome.unwrap_err();
        assert!(error.may_pass(), "{what}: {error}");
        if fault == Fault::Full {
            // The same process goes on once there is room.
            while sealer.seal().unwrap().is_some() {}
        }
        drop(sealer);
        disk.lose_power();
        let stands = log.audit(Some(database)).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(stands >= published, "{what}: what was published stands");
        log.seal(database);
        sweep_parts(&log);
        is_exact(&log, database, &what);
        step += 1;
    }
}

on_both_databases!(a_crash_at_any_step_is_mended_exactly, |database| {
    every_step_of_a_round(database, Fault::Crash);
});

on_both_databases!(a_power_failure_at_any_step_is_mended_exactly, |database| {
    every_step_of_a_round(database, Fault::PowerLoss);
});

on_both_databases!(a_full_disk_at_any_step_is_waited_out, |database| {
    every_step_of_a_round(database, Fault::Full);
});

on_both_databases!(a_crash_at_any_step_of_the_mending_is_mended_too, |database| {
    let log = Log::new();
    record(database, 200);
    log.seal(database);
    for step in 0.. {
        record(database, 61);
        // Dead right after the lock: the staging bundle and the locked head are all there is.
        let disk = FaultyDisk::new(Fault::Crash);
        let mut sealer = log.start(database, on(&log, &disk)).unwrap();
        let locked = |log: &Log| {
            let head = database.read_blocking(|db| db.find_ledger_head(ORIGIN)).unwrap().unwrap();
            head.size > log.audit(None).unwrap()
        };
        // The folder made sure of, the bundle written, renamed and its name synced.
        disk.arm(4);
        sealer.seal().unwrap_err();
        drop(sealer);
        assert!(locked(&log), "locked and not published");
        let disk = FaultyDisk::new(Fault::Crash);
        let plan = on(&log, &disk);
        disk.arm(step);
        let again = log.start(database, plan).and_then(|mut sealer| sealer.seal());
        let is_last = !disk.has_happened();
        assert_eq!(again.is_ok(), is_last, "step {step}");
        log.seal(database);
        sweep_parts(&log);
        is_exact(&log, database, &format!("mending cut at step {step}"));
        if is_last {
            return;
        }
    }
});

on_both_databases!(a_locked_head_whose_staging_bundle_is_lost_is_rebuilt_from_the_events, |database| {
    let log = Log::new();
    record(database, 300);
    log.seal(database);
    let backup = log.read_all();
    record(database, 5_000);
    log.seal(database);
    // What a backup gives: the ledger was copied first, the database later.
    write_back(log.folder(), &backup);
    log.seal(database);
    is_exact(&log, database, "an older ledger folder");
    write_back(log.folder(), &BTreeMap::new());
    log.seal(database);
    is_exact(&log, database, "no ledger folder at all");
});

on_both_databases!(a_bit_flipped_before_signing_is_found_and_nothing_is_signed, |database| {
    let log = Log::new();
    record(database, 100);
    log.seal(database);
    let before = log.read_all();
    record(database, 50);
    let disk = FaultyDisk::new(Fault::Flip);
    let mut sealer = log.start(database, on(&log, &disk)).unwrap();
    // The first thing done is the staging bundle, straight into its place.
    disk.arm(0);
    let refused = sealer.seal().unwrap_err();
    assert!(matches!(refused, SealError::Flipped { .. }) && !refused.may_pass(), "{refused}");
    drop(sealer);
    assert_eq!(database.read_blocking(|db| db.find_ledger_head(ORIGIN)).unwrap().unwrap().size, 100);
    assert_eq!(log.read_all()["checkpoint"], before["checkpoint"]);
    log.seal(database);
    is_exact(&log, database, "on a sound disk");
});

on_both_databases!(two_writers_on_one_database_do_not_both_sign, |database| {
    let (here, there) = (Log::new(), Log::new());
    record(database, 40);
    let (mut first, mut second) = (here.open(database), there.open(database));
    assert!(first.seal().unwrap().is_some());
    let refused = second.seal().unwrap_err();
    assert!(matches!(refused, SealError::OtherWriter { expected: 0, found: 40 }), "{refused}");
    assert!(!refused.may_pass() && refused.to_string().contains("another writer"));
    assert_eq!(there.files().read_checkpoint().unwrap(), None, "nothing of it was published");
    record(database, 10);
    first.seal().unwrap();
    assert!(matches!(second.seal(), Err(SealError::OtherWriter { .. })));
    drop((first, second));
    is_exact(&here, database, "the one that was first");
});

on_both_databases!(a_clock_that_does_not_advance_stops_the_log_until_it_does, |database| {
    let log = Log::new();
    record(database, 10);
    log.clock.advance_minutes(10);
    let mut sealer = log.open(database);
    sealer.seal().unwrap();
    record(database, 10);
    log.clock.advance_minutes(-5);
    let waiting = sealer.seal().unwrap_err();
    assert!(matches!(waiting, SealError::Clock { .. }) && waiting.may_pass(), "{waiting}");
    drop(sealer);
    assert!(matches!(log.try_open(database), Err(SealError::Clock { .. })), "nor does it start");
    log.clock.advance_minutes(6);
    log.seal(database);
    is_exact(&log, database, "the clock goes on");
});

on_both_databases!(a_fork_of_what_is_published_and_what_is_locked_is_named, |database| {
    let log = Log::new();
    record(database, 10);
    log.seal(database);
    // The same key signed another tree of this size, and it was published here.
    let other = (Log::new(), Database::sqlite());
    record(&other.1, 4);
    record(&other.1, 6);
    other.0.seal(&other.1);
    write_back(log.folder(), &other.0.read_all());
    let refused = log.try_open(database).err().unwrap();
    assert!(matches!(refused, SealError::Fork { size: 10 }), "{refused}");
});

#[test]
fn a_connection_cut_at_the_lock_leaves_no_doubt() {
    let Some(database) = Database::postgres() else { return };
    let log = Log::new();
    record(&database, 10);
    let mut sealer: Sealer = log.open(&database);
    for _ in 0..5 {
        record(&database, 10);
        database.cut_connections();
        for _ in 0..20 {
            match sealer.seal() {
                Ok(None) => break,
                Ok(Some(_)) => {}
                Err(error) => assert!(error.may_pass(), "{error}"),
            }
        }
    }
    drop(sealer);
    is_exact(&log, &database, "after five cuts");
}
