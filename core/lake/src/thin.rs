//! Letting go: readings past their time become hourly means, and those too end some day.
//!
//! What goes is a whole file, or the file is written anew without it. A series of a day is thinned once: what comes for
//! it later is not taken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use grid::Cell;
use model::{Instant, Reading, SeriesNo};

use crate::aggregate::{Aggregate, Hour};
use crate::columns::Row;
use crate::commit::Change;
use crate::day::{DAY_US, HOUR_US};
use crate::error::LakeError;
use crate::file::Rolled;
use crate::manifest::{Entry, Kind, Manifest};
use crate::query::{Want, each_reading};
use crate::roll::read_whole;
use crate::shared::Shared;

impl Shared {
    /// Lets go what is too old at `now`.
    pub fn thin(&self, manifest: &mut Manifest, now: Instant) -> Result<(), LakeError> {
        let days = Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner).days);
        for (day, files) in days.iter() {
            // Means that are due go before new ones are made, so that files are looked at once.
            self.thin_files::<Hour>(manifest, *day, Kind::Hourly, &files.hourly, now)?;
            self.thin_files::<Reading>(manifest, *day, Kind::Raw, &files.raw, now)?;
        }
        Ok(())
    }

    fn thin_files<R: Row>(
        &self,
        manifest: &mut Manifest,
        day: i32,
        kind: Kind,
        files: &[Arc<Rolled>],
        now: Instant,
    ) -> Result<(), LakeError> {
        let now_us = now.as_micros();
        if files.iter().all(|file| file.due_at.load(Ordering::Relaxed) > now_us) {
            return Ok(());
        }
        let mut all = BTreeSet::new();
        for file in files {
            all.extend(file.index()?.series());
        }
        let retention = |series: SeriesNo| (self.options.retention)(series);
        let until = |series: SeriesNo| match kind {
            Kind::Raw => self.zone.raw_until(day, retention(series)),
            Kind::Hourly => self.zone.hourly_until(day, retention(series)),
        };
        let is_due = |series: &SeriesNo| until(*series).is_some_and(|until| until <= now_us);
        let (gone, stays): (Vec<SeriesNo>, Vec<SeriesNo>) = all.into_iter().partition(is_due);
        if gone.is_empty() {
            // Looked at again when the first series is due; at the latest in a day, for packs change.
            let next = stays.iter().filter_map(|series| until(*series)).min().unwrap_or(i64::MAX);
            let next = next.min(now_us.saturating_add(DAY_US));
            files.iter().for_each(|file| file.due_at.store(next, Ordering::Relaxed));
            return Ok(());
        }
        let mut added = Vec::new();
        if kind == Kind::Raw {
            let keeps = |series: &SeriesNo| {
                let retention = retention(*series);
                let until = self.zone.hourly_until(day, retention);
                retention.keeps_hours() && until.is_none_or(|until| now_us < until)
            };
            let series: Vec<SeriesNo> = gone.iter().copied().filter(keeps).collect();
            let hours = hours(files, series)?;
            added.extend(self.write(manifest, day, Kind::Hourly, &hours, now)?);
        }
        added.extend(self.without::<R>(manifest, files, &gone, now)?);
        let removed = files.iter().map(|file| file.entry.number).collect();
        self.commit(manifest, Change { added, removed, ..Change::default() })
    }

    /// Writes files anew, without some series, in the same order: the later of two readings alike stays the later.
    fn without<R: Row>(
        &self,
        manifest: &mut Manifest,
        files: &[Arc<Rolled>],
        gone: &[SeriesNo],
        now: Instant,
    ) -> Result<Vec<Entry>, LakeError> {
        let mut added = Vec::new();
        for file in files {
            // A file of which nothing stays need not be read.
            let stays = file.index()?.series().any(|series| gone.binary_search(&series).is_err());
            if stays {
                let mut rows = read_whole::<R>(file)?;
                rows.retain(|row| gone.binary_search(&row.series()).is_err());
                added.extend(self.write(manifest, file.entry.day, file.entry.kind, &rows, now)?);
            }
        }
        Ok(added)
    }
}

/// The hours of some series of a day.
fn hours(files: &[Arc<Rolled>], series: Vec<SeriesNo>) -> Result<Vec<Hour>, LakeError> {
    if series.is_empty() {
        return Ok(Vec::new());
    }
    // Means are all that is left of these readings: they are not made of a damaged file.
    files.iter().try_for_each(|file| file.verify())?;
    let mut hours: BTreeMap<(Cell, SeriesNo, i64), Aggregate> = BTreeMap::new();
    let want = Want { series: Some(series), cells: None, from: i64::MIN, to: i64::MAX };
    each_reading(files, &[], &want, false, &mut |reading| {
        let hour = reading.at.as_micros().div_euclid(HOUR_US);
        hours.entry((reading.cell, reading.series, hour)).or_default().add(reading);
    })?;
    let hour =
        |((cell, series, hour), aggregate)| Hour { series, cell, at: Instant::from_micros(hour * HOUR_US), aggregate };
    Ok(hours.into_iter().map(hour).collect())
}
