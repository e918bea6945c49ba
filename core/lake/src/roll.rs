//! Rolling: from ended segments to sorted files by day, and from many small files of a day to one.
//!
//! Every step writes new files first, then the manifest, which makes them count. What a step leaves behind when it is
//! interrupted is removed when the lake is next opened.

use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, MutexGuard, PoisonError};

use model::{Instant, Reading};

use crate::aggregate::Hour;
use crate::columns::{self, Row};
use crate::commit::Change;
use crate::day::HOUR_US;
use crate::error::LakeError;
use crate::file::{Rolled, index_name, index_object, name};
use crate::hot::settle;
use crate::index::Index;
use crate::latest;
use crate::manifest::{Entry, Kind, LatestFile, Manifest, digest};
use crate::shared::Shared;
use crate::writer;

/// A day that is over is made one file when nothing came for it for so long.
const SETTLED_US: i64 = 6 * HOUR_US;

impl Shared {
    /// Ends the growing segment, rolls, compacts, and lets go what is too old.
    pub fn tend(&self, now: Instant) -> Result<(), LakeError> {
        let mut manifest = self.keep();
        self.note_mark(now);
        // From here on nothing is taken that is let go below.
        self.thinned_at.fetch_max(now.as_micros(), std::sync::atomic::Ordering::AcqRel);
        let (reply, ended) = sync_channel(1);
        if !self.queue.push_end(reply) {
            return Err(LakeError::Closed);
        }
        ended.recv().map_err(|_| LakeError::Closed)??;
        self.roll(&mut manifest, now)?;
        self.begin_numbers();
        let rest = self.compact(&mut manifest, now).and_then(|()| self.thin(&mut manifest, now));
        without_store(rest)
    }

    /// Rolls what was ended, and merges where files have become many.
    pub fn roll_ended(&self, now: Instant) -> Result<(), LakeError> {
        let mut manifest = self.keep();
        // Lakes that share their files leave merging to whoever rolled.
        if !self.roll(&mut manifest, now)? && self.shares.is_some() {
            return Ok(());
        }
        without_store(self.compact(&mut manifest, now))
    }

    pub fn keep(&self) -> MutexGuard<'_, Manifest> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rolls tables that ended; whether there were any.
    fn roll(&self, manifest: &mut Manifest, now: Instant) -> Result<bool, LakeError> {
        self.begin_numbers();
        let (tables, days, latest) = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            let tables = self.to_roll(&state.ended, now);
            let Some(last) = tables.last() else { return Ok(false) };
            let number = last.segment;
            (tables.to_vec(), Arc::clone(&state.days), latest::to_bytes(&state.latest, number, now))
        };
        let rolled_through = tables.last().map_or(0, |table| table.segment);
        let mut readings = Vec::with_capacity(tables.iter().map(|table| table.rows()).sum());
        tables.iter().for_each(|table| table.copy(None, i64::MIN, i64::MAX, &mut readings));
        settle(&mut readings);
        readings.sort_unstable_by_key(|reading| (self.zone.day(reading.at.as_micros()), reading.order()));
        let mut change = Change { rolled_through: Some(rolled_through), ..Change::default() };
        for rows in readings.chunk_by(|a, b| self.zone.day(a.at.as_micros()) == self.zone.day(b.at.as_micros())) {
            let day = self.zone.day(rows[0].at.as_micros());
            // Of a series that is hourly on this day already no reading is added: its hour counted it, or was closed.
            let mut hourly = Vec::new();
            for file in days.get(&day).map_or(&[][..], |day| &day.hourly) {
                hourly.extend(file.index()?.series());
            }
            if hourly.is_empty() {
                change.added.extend(self.write(manifest, day, Kind::Raw, rows, now)?);
            } else {
                hourly.sort_unstable();
                let is_raw = |row: &&Reading| hourly.binary_search(&row.series).is_err();
                let rows: Vec<Reading> = rows.iter().filter(is_raw).copied().collect();
                change.added.extend(self.write(manifest, day, Kind::Raw, &rows, now)?);
            }
        }
        self.keep_latest(rolled_through, &latest)?;
        change.latest = Some(LatestFile { number: rolled_through, sha256: digest(&latest) });
        let before = manifest.latest.clone();
        self.commit(manifest, change)?;
        let before = before.filter(|file| file.number != rolled_through).map(|file| latest::name(file.number));
        if !self.let_go_of_stream(rolled_through, before.as_deref()) {
            for name in tables.iter().map(|table| writer::name(table.segment)).chain(before) {
                // What stays is removed when the lake is next opened.
                let _ = self.options.disk.remove(&self.folder.join(name));
            }
        }
        let hot = self.state.read().unwrap_or_else(PoisonError::into_inner).hot_readings();
        self.queue.set_hot(hot);
        Ok(true)
    }

    /// Writes rows of a day, sorted, as files.
    pub fn write<R: Row>(
        &self,
        manifest: &mut Manifest,
        day: i32,
        kind: Kind,
        rows: &[R],
        now: Instant,
    ) -> Result<Vec<Entry>, LakeError> {
        rows.chunks(self.options.file_readings.max(1))
            .map(|rows| self.write_one(manifest, day, kind, rows, now))
            .collect()
    }

    fn write_one<R: Row>(
        &self,
        manifest: &mut Manifest,
        day: i32,
        kind: Kind,
        rows: &[R],
        now: Instant,
    ) -> Result<Entry, LakeError> {
        // A number is never used twice, not even after a failure: the disk may have kept more than it said.
        let number = self.next_number(manifest)?;
        let times = || rows.iter().map(|row| row.at().as_micros());
        let mut entry = Entry {
            number,
            day,
            kind,
            rows: rows.len() as u64,
            from_us: times().min().unwrap_or_default(),
            to_us: times().max().unwrap_or_default(),
            made_at_us: now.as_micros(),
            bytes: 0,
            sha256: String::new(),
            index_check: 0,
            in_store: false,
        };
        let path = self.folder.join(name(&entry));
        let file = columns::write(rows, self.options.page_rows, self.options.row_group_rows);
        let file = file.map_err(LakeError::parquet(&path))?;
        let index = Index::new(&file, rows.iter().map(Row::series)).to_bytes();
        entry.bytes = file.len() as u64;
        entry.sha256 = digest(&file);
        entry.index_check = crc32fast::hash(&index);
        let disk = &self.options.disk;
        let folder = path.parent().unwrap_or(Path::new(""));
        if !folder.is_dir() {
            disk.make_folder(folder).map_err(LakeError::io(folder))?;
            for above in folder.ancestors().skip(1).take_while(|above| above.starts_with(&self.folder)) {
                disk.sync_folder(above).map_err(LakeError::io(above))?;
            }
        }
        disk.write(&path, &file).map_err(LakeError::io(&path))?;
        let index_path = index_name(&path);
        disk.write(&index_path, &index).map_err(LakeError::io(&index_path))?;
        disk.sync_folder(folder).map_err(LakeError::io(folder))?;
        if let (Some(_), Some(objects)) = (&self.shares, &self.options.objects) {
            // Other lakes have to find it as soon as the manifest names it.
            objects.put(&index_object(&name(&entry)), index.into())?;
            objects.put(&name(&entry), file.into())?;
            entry.in_store = true;
        }
        Ok(entry)
    }

    fn compact(&self, manifest: &mut Manifest, now: Instant) -> Result<(), LakeError> {
        let days = Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner).days);
        for (day, files) in days.iter() {
            for kind in [Kind::Raw, Kind::Hourly] {
                let mut files = files.of(kind).to_vec();
                let mut changed = true;
                while changed {
                    let chosen = self.to_merge(*day, &files, now);
                    changed = chosen.len() > 1;
                    if changed {
                        match kind {
                            Kind::Raw => self.merge::<Reading>(manifest, *day, kind, chosen, settle, now)?,
                            Kind::Hourly => self.merge::<Hour>(manifest, *day, kind, chosen, |_| (), now)?,
                        }
                        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
                        files = state.days.get(day).map_or_else(Vec::new, |day| day.of(kind).to_vec());
                    }
                }
            }
        }
        Ok(())
    }

    /// Which files of a day to merge: the newest ones, so that of two readings alike the later still has the greater
    /// number. Files that are much larger than the rest are left alone, so that a reading is written again only some
    /// times (the logarithm of the day's readings), except once when the day is over.
    fn to_merge<'a>(&self, day: i32, files: &'a [Arc<Rolled>], now: Instant) -> &'a [Arc<Rolled>] {
        let is_over = self.zone.begin(day + 1) + SETTLED_US <= now.as_micros();
        let is_settled = is_over
            && files.last().is_some_and(|newest| newest.entry.made_at_us.saturating_add(SETTLED_US) <= now.as_micros());
        if files.len() < self.options.day_files && !is_settled {
            return &[];
        }
        let (mut begin, mut rows) = (files.len(), 0);
        while begin > 0 {
            let more = files[begin - 1].entry.rows;
            let is_small = is_settled || files.len() - begin < 2 || more <= 2 * rows;
            if !is_small || rows + more > self.options.file_readings as u64 {
                break;
            }
            rows += more;
            begin -= 1;
        }
        &files[begin..]
    }

    fn merge<R: Row>(
        &self,
        manifest: &mut Manifest,
        day: i32,
        kind: Kind,
        files: &[Arc<Rolled>],
        settle: impl Fn(&mut Vec<R>),
        now: Instant,
    ) -> Result<(), LakeError> {
        let mut rows = Vec::with_capacity(files.iter().map(|file| file.entry.rows as usize).sum());
        for file in files {
            rows.extend(read_whole::<R>(file)?);
        }
        settle(&mut rows);
        rows.sort_unstable_by_key(Row::order);
        let added = self.write(manifest, day, kind, &rows, now)?;
        let removed = files.iter().map(|file| file.entry.number).collect();
        self.commit(manifest, Change { added, removed, ..Change::default() })
    }
}

/// What has to wait for the object store waits; rolling does not.
fn without_store(done: Result<(), LakeError>) -> Result<(), LakeError> {
    match done {
        Err(error) if error.is_of_store() => {
            tracing::warn!(%error, "files of readings are not merged or thinned now; it is tried again");
            Ok(())
        }
        done => done,
    }
}

/// All rows of a file, once it is known to be what was sealed.
pub(crate) fn read_whole<R: Row>(file: &Arc<Rolled>) -> Result<Vec<R>, LakeError> {
    file.verify()?;
    let opened = file.open()?;
    let mut rows = Vec::with_capacity(file.entry.rows as usize);
    opened.read::<R>(&opened.all(), true, &mut |row| rows.push(*row))?;
    Ok(rows)
}

/// The folders rolled files are in, from the lake's.
pub(crate) const FOLDERS: [&str; 2] = ["raw", "hourly"];

impl Shared {
    /// Forgets sealed files that are in the ledger.
    pub fn told(&self, through: u64) -> Result<(), LakeError> {
        let mut manifest = self.keep();
        if manifest.sealed.first().is_none_or(|first| first.position > through) {
            return Ok(());
        }
        self.commit(&mut manifest, Change { told_through: through, ..Change::default() })
    }
}
