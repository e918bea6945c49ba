//! What the lake's tests share: a clock moved by hand, cells, and a disk that fails when told to.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use dipper_lake::{Disk, Log, MachineDisk, Options};
use grid::{Cell, Level, LonLat};
use model::{Clock, Instant, Reading, SeriesNo};

pub const HOUR_US: i64 = 3_600_000_000;
pub const DAY_US: i64 = 24 * HOUR_US;

/// Noon of 23 November 2026 in China.
pub fn noon() -> i64 {
    "2026-11-23T12:00:00+08:00".parse::<Instant>().unwrap().as_micros()
}

/// A clock moved by hand.
#[derive(Debug, Clone)]
pub struct Hand(Arc<AtomicI64>);

impl Hand {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(noon())))
    }

    pub fn forward(&self, micros: i64) -> Instant {
        self.0.fetch_add(micros, Ordering::SeqCst);
        self.now()
    }
}

impl Clock for Hand {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// One of some cells in a row, from west to east.
pub fn cell(number: u32) -> Cell {
    Cell::encode(LonLat::new(116.3 + f64::from(number) * 0.01, 39.9).unwrap(), Level::L8).unwrap()
}

pub fn reading(series: u32, place: u32, at: i64, value: f64) -> Reading {
    let (series, at) = (SeriesNo(series), Instant::from_micros(at));
    Reading { series, cell: cell(place), at, received_at: at.plus_micros(250_000), value }
}

/// Options under which little data does all that much data would.
pub fn small() -> Options {
    Options {
        segment_bytes: 4_096,
        group_readings: 200,
        tend_every: None,
        day_files: 3,
        file_readings: 400,
        page_rows: 16,
        row_group_rows: 100,
        open_files: 2,
        disk: Arc::new(Quick),
        ..Options::default()
    }
}

/// A disk that refuses from its n-th change on, for so many changes.
#[derive(Debug, Clone)]
pub struct Faulty {
    pub left: Arc<AtomicI64>,
    pub refusals: Arc<AtomicI64>,
    /// Appends that no sync followed yet.
    pub unsynced: Arc<AtomicI64>,
    pub kind: io::ErrorKind,
}

impl Faulty {
    pub fn new(after: i64, refusals: i64, kind: io::ErrorKind) -> Self {
        let number = |number| Arc::new(AtomicI64::new(number));
        Self { left: number(after), refusals: number(refusals), unsynced: number(0), kind }
    }

    /// How many changes it has let through or refused.
    pub fn changes(&self, begun_with: i64) -> i64 {
        begun_with - self.left.load(Ordering::SeqCst)
    }

    fn pass(&self) -> io::Result<()> {
        if self.left.fetch_sub(1, Ordering::SeqCst) > 0 || self.refusals.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Ok(());
        }
        Err(io::Error::new(self.kind, "refused for a test"))
    }
}

#[derive(Debug)]
struct FaultyLog {
    disk: Faulty,
    log: Box<dyn Log>,
}

impl Log for FaultyLog {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.disk.pass() {
            // A full disk takes a part first.
            self.log.append(&bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        self.disk.unsynced.fetch_add(1, Ordering::SeqCst);
        self.log.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.pass()?;
        self.disk.unsynced.store(0, Ordering::SeqCst);
        self.log.sync()
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.disk.pass()?;
        self.log.cut(bytes)
    }
}

impl Disk for Faulty {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Quick.read(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.pass() {
            Quick.write(path, &bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        Quick.write(path, bytes)
    }

    fn log(&self, path: &Path) -> io::Result<Box<dyn Log>> {
        self.pass()?;
        Ok(Box::new(FaultyLog { disk: self.clone(), log: Quick.log(path)? }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.pass()?;
        Quick.rename(from, to)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        self.pass()?;
        Quick.make_folder(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.pass()?;
        Quick.sync_folder(folder)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.pass()?;
        Quick.remove(path)
    }
}

/// A disk that syncs nothing, for tests that never lose power.
#[derive(Debug, Clone, Copy)]
pub struct Quick;

#[derive(Debug)]
struct QuickLog(fs::File);

impl Log for QuickLog {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }
}

impl Disk for Quick {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        MachineDisk.read(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::write(path, bytes)
    }

    fn log(&self, path: &Path) -> io::Result<Box<dyn Log>> {
        Ok(Box::new(QuickLog(OpenOptions::new().append(true).open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        MachineDisk.rename(from, to)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        MachineDisk.make_folder(folder)
    }

    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        MachineDisk.remove(path)
    }
}
