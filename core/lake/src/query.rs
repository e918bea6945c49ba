//! Asking: what is hot and what is rolled are one, and of two readings alike the later one counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::{Arc, PoisonError};
use std::thread;

use model::{Instant, Reading, SeriesNo};

use crate::aggregate::{Aggregate, Bucket, Hour};
use crate::columns::Row;
use crate::error::LakeError;
use crate::file::{Rolled, holds};
use crate::hot::settle;
use crate::shared::{Days, Shared};

/// Rows that are compared in memory at a time where files of a day overlap.
const CHUNK_ROWS: usize = 1 << 20;

/// Days whose files are fetched from the object store at the same time.
const AHEAD_DAYS: usize = 8;

/// Which end of time comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The earliest.
    Ascending,
    /// The latest.
    Descending,
}

/// A question for readings of one series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Whose.
    pub series: SeriesNo,
    /// Measured at this instant or later.
    pub from: Instant,
    /// Measured before this one.
    pub to: Instant,
    /// In which order.
    pub order: Order,
    /// At most so many.
    pub limit: usize,
    /// The instant of the last reading of the page before, to go on behind it.
    pub after: Option<Instant>,
}

/// A question for spans of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    /// Of these series together.
    pub series: Vec<SeriesNo>,
    /// Measured at this instant or later.
    pub from: Instant,
    /// Measured before this one.
    pub to: Instant,
    /// Length of a span; of readings kept as hourly means an hour is the finest.
    pub step_us: std::num::NonZeroU64,
    /// Where spans begin: so many seconds from UTC, that a day of a zone may be one.
    pub zone_offset_s: i32,
}

/// A question for a number of readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Of these series together.
    pub series: Vec<SeriesNo>,
    /// Measured at this instant or later.
    pub from: Instant,
    /// Measured before this one.
    pub to: Instant,
    /// Counting ends with the day in which they are more than so many.
    pub most: u64,
}

/// A question for an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Ranges of packed cells, as `grid::CellSet::key_ranges` gives them.
    pub cells: Vec<RangeInclusive<i64>>,
    /// Of these series alone; of all when absent.
    pub series: Option<Vec<SeriesNo>>,
    /// Measured at this instant or later.
    pub from: Instant,
    /// Measured before this one.
    pub to: Instant,
}

/// What is wanted of files: sorted, each once, apart.
pub(crate) struct Want {
    pub series: Option<Vec<SeriesNo>>,
    pub cells: Option<Vec<RangeInclusive<i64>>>,
    pub from: i64,
    pub to: i64,
}

impl Want {
    fn new(series: Option<Vec<SeriesNo>>, cells: Option<Vec<RangeInclusive<i64>>>, from: Instant, to: Instant) -> Self {
        let sorted = |mut series: Vec<SeriesNo>| {
            series.sort_unstable();
            series.dedup();
            series
        };
        let apart = |mut cells: Vec<RangeInclusive<i64>>| {
            cells.retain(|range| !range.is_empty());
            cells.sort_unstable_by_key(|range| *range.start());
            cells.dedup_by(|next, range| {
                let overlaps = next.start() <= range.end();
                if overlaps {
                    *range = *range.start()..=*range.end().max(next.end());
                }
                overlaps
            });
            cells
        };
        Self { series: series.map(sorted), cells: cells.map(apart), from: from.as_micros(), to: to.as_micros() }
    }

    fn holds_cell(&self, key: i64) -> bool {
        self.cells.as_ref().is_none_or(|cells| holds(cells, key))
    }

    fn holds_time(&self, at: Instant) -> bool {
        self.from <= at.as_micros() && at.as_micros() < self.to
    }

    fn holds(&self, row: &impl Row) -> bool {
        let of_series = self.series.as_ref().is_none_or(|series| is_one(series, row.series()));
        of_series && self.holds_time(row.at()) && self.holds_cell(row.cell().get())
    }

    /// Whether a file may have what is wanted, by its times.
    fn may_be_in(&self, file: &Rolled) -> bool {
        file.entry.from_us < self.to && self.from <= file.entry.to_us
    }
}

/// Whether sorted series have one.
fn is_one(series: &[SeriesNo], no: SeriesNo) -> bool {
    match series {
        [only] => *only == no,
        _ => series.binary_search(&no).is_ok(),
    }
}

/// A lake at one moment: nothing that is acknowledged later is in it, nothing that is rolled later is gone from it.
pub(crate) struct View {
    days: Arc<Days>,
    /// What is hot of the time wanted, by day.
    hot: BTreeMap<i32, Vec<Reading>>,
    /// The days wanted of which anything is known.
    known: Vec<i32>,
}

impl Shared {
    pub fn view(&self, want: &Want) -> View {
        let series = want.series.as_deref();
        let mut readings = Vec::new();
        let (days, ended, newest) = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            let mut newest = Vec::new();
            state.active.copy(series, want.from, want.to, &mut newest);
            (Arc::clone(&state.days), state.ended.clone(), newest)
        };
        ended.iter().for_each(|table| table.copy(series, want.from, want.to, &mut readings));
        readings.extend(newest);
        settle(&mut readings);
        let mut hot: BTreeMap<i32, Vec<Reading>> = BTreeMap::new();
        for reading in readings {
            hot.entry(self.zone.day(reading.at.as_micros())).or_default().push(reading);
        }
        let mut known: BTreeSet<i32> = hot.keys().copied().collect();
        if want.from < want.to {
            let wanted = self.zone.day(want.from)..=self.zone.day(want.to - 1);
            known.extend(days.range(wanted).map(|(day, _)| *day));
        }
        View { days, hot, known: known.into_iter().collect() }
    }

    pub fn range(&self, question: &Range) -> Result<Vec<Reading>, LakeError> {
        let (mut from, mut to) = (question.from, question.to);
        match (question.after, question.order) {
            (Some(after), Order::Ascending) => from = from.max(after.plus_micros(1)),
            (Some(after), Order::Descending) => to = to.min(after),
            (None, _) => {}
        }
        let want = Want::new(Some(vec![question.series]), None, from, to);
        let view = self.view(&want);
        let mut found: Vec<Reading> = Vec::new();
        let mut of_day = Vec::new();
        let mut days = view.known.clone();
        if question.order == Order::Descending {
            days.reverse();
        }
        for (place, day) in days.iter().enumerate() {
            if found.len() >= question.limit {
                break;
            }
            view.fetch_ahead(&days, place, &want, true);
            view.each_reading(*day, &want, true, &mut |reading| of_day.push(*reading))?;
            of_day.sort_unstable_by_key(|reading| reading.at);
            match question.order {
                Order::Ascending => found.append(&mut of_day),
                Order::Descending => found.extend(of_day.drain(..).rev()),
            }
        }
        found.truncate(question.limit);
        Ok(found)
    }

    pub fn buckets(&self, question: &Buckets) -> Result<Vec<Bucket>, LakeError> {
        let (step, offset) = (i128::from(question.step_us.get()), i128::from(question.zone_offset_s) * 1_000_000);
        let number = |at: Instant| (i128::from(at.as_micros()) + offset).div_euclid(step);
        let want = Want::new(Some(question.series.clone()), None, question.from, question.to);
        let view = self.view(&want);
        let mut spans: BTreeMap<i128, Aggregate> = BTreeMap::new();
        for (place, day) in view.known.iter().enumerate() {
            view.fetch_ahead(&view.known, place, &want, false);
            view.each_reading(*day, &want, false, &mut |reading| {
                spans.entry(number(reading.at)).or_default().add(reading);
            })?;
            view.each_hour(*day, &want, &mut |hour| {
                spans.entry(number(hour.at)).or_default().merge(&hour.aggregate);
            })?;
        }
        let begin = |number: i128| (number * step - offset).clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
        Ok(spans.iter().map(|(at, span)| Bucket::new(Instant::from_micros(begin(*at)), span)).collect())
    }

    pub fn count(&self, question: &Count) -> Result<u64, LakeError> {
        let want = Want::new(Some(question.series.clone()), None, question.from, question.to);
        let view = self.view(&want);
        let mut count = 0;
        for (place, day) in view.known.iter().enumerate() {
            view.fetch_ahead(&view.known, place, &want, false);
            view.each_reading(*day, &want, false, &mut |_| count += 1)?;
            if count > question.most {
                break;
            }
        }
        Ok(count)
    }

    pub fn area(&self, question: &Area) -> Result<Vec<(SeriesNo, Aggregate)>, LakeError> {
        let want = Want::new(question.series.clone(), Some(question.cells.clone()), question.from, question.to);
        let view = self.view(&want);
        let mut series: HashMap<SeriesNo, Aggregate> = HashMap::new();
        for (place, day) in view.known.iter().enumerate() {
            view.fetch_ahead(&view.known, place, &want, false);
            view.each_reading(*day, &want, false, &mut |reading| {
                series.entry(reading.series).or_default().add(reading);
            })?;
            view.each_hour(*day, &want, &mut |hour| {
                series.entry(hour.series).or_default().merge(&hour.aggregate);
            })?;
        }
        let mut series: Vec<(SeriesNo, Aggregate)> = series.into_iter().collect();
        series.sort_unstable_by_key(|(series, _)| *series);
        Ok(series)
    }
}

impl View {
    /// Fetches what the next days have in the object store, several files at a time: one day before the first, two before the
    /// second, and so on, for who asks may stop. What cannot be had is told by who reads it.
    fn fetch_ahead(&self, days: &[i32], place: usize, want: &Want, whole: bool) {
        let (turn, ahead) = (place + 1, AHEAD_DAYS.min(place + 1));
        let is_turn = if turn < AHEAD_DAYS { turn.is_power_of_two() } else { turn.is_multiple_of(AHEAD_DAYS) };
        if !is_turn {
            return;
        }
        let next = days.iter().skip(place).take(ahead).filter_map(|day| self.days.get(day)).flat_map(|day| &day.raw);
        let away: Vec<&Arc<Rolled>> =
            next.filter(|file| want.may_be_in(file) && file.objects().is_some() && !file.is_local()).collect();
        if away.len() < 2 {
            return;
        }
        thread::scope(|scope| {
            for file in away {
                scope.spawn(move || {
                    if let Ok(opened) = file.open() {
                        opened.fetch::<Reading>(&opened.rows(want.series.as_deref(), want.cells.as_deref()), whole);
                    }
                });
            }
        });
    }

    fn each_reading(
        &self,
        day: i32,
        want: &Want,
        whole: bool,
        each: &mut dyn FnMut(&Reading),
    ) -> Result<(), LakeError> {
        let files = self.days.get(&day).map_or(&[][..], |day| &day.raw);
        let hot = self.hot.get(&day).map_or(&[][..], Vec::as_slice);
        each_reading(files, hot, want, whole, each)
    }

    fn each_hour(&self, day: i32, want: &Want, each: &mut dyn FnMut(&Hour)) -> Result<(), LakeError> {
        for file in self.days.get(&day).map_or(&[][..], |day| &day.hourly) {
            if want.may_be_in(file) {
                let opened = file.open()?;
                let rows = opened.rows(want.series.as_deref(), want.cells.as_deref());
                opened.read::<Hour>(&rows, true, &mut |hour| {
                    if want.holds(hour) {
                        each(hour);
                    }
                })?;
            }
        }
        Ok(())
    }
}

/// Hands out the readings wanted of one day, each once, from its files and what is hot of it.
pub(crate) fn each_reading(
    files: &[Arc<Rolled>],
    hot: &[Reading],
    want: &Want,
    whole: bool,
    each: &mut dyn FnMut(&Reading),
) -> Result<(), LakeError> {
    // Readings that are alike have the same instant: a file without the time wanted hides nothing.
    let files: Vec<&Arc<Rolled>> = files.iter().filter(|file| want.may_be_in(file)).collect();
    let mut chosen = |reading: &Reading| {
        if want.holds(reading) {
            each(reading);
        }
    };
    match (&files[..], hot) {
        ([], hot) => {
            hot.iter().for_each(chosen);
            Ok(())
        }
        ([file], []) => {
            let opened = file.open()?;
            opened.read(&opened.rows(want.series.as_deref(), want.cells.as_deref()), whole, &mut chosen)
        }
        (files, hot) => each_settled(files, hot, want, whole, &mut chosen),
    }
}

/// The same where several places may have readings alike: a part of the series at a time, compared in memory.
fn each_settled(
    files: &[&Arc<Rolled>],
    hot: &[Reading],
    want: &Want,
    whole: bool,
    each: &mut dyn FnMut(&Reading),
) -> Result<(), LakeError> {
    let series = candidates(files, hot, want)?;
    let mut rest = &series[..];
    while !rest.is_empty() {
        let (mut count, mut rows) = (0, 0);
        while count < rest.len() && (count == 0 || rows < CHUNK_ROWS) {
            for file in files {
                rows += file.open()?.index.count_of(rest[count]);
            }
            count += 1;
        }
        let (part, next) = rest.split_at(count);
        let mut readings: Vec<Reading> = Vec::new();
        for file in files {
            let opened = file.open()?;
            opened.read::<Reading>(&opened.index.rows_of(part), whole, &mut |reading| {
                if is_one(part, reading.series) && want.holds_time(reading.at) {
                    readings.push(*reading);
                }
            })?;
        }
        readings.extend(hot.iter().filter(|reading| is_one(part, reading.series)));
        settle(&mut readings);
        // By cell only now: a later reading may have moved an earlier one out of the area.
        readings.iter().for_each(&mut *each);
        rest = next;
    }
    Ok(())
}

/// The series that may have what is wanted.
fn candidates(files: &[&Arc<Rolled>], hot: &[Reading], want: &Want) -> Result<Vec<SeriesNo>, LakeError> {
    let mut series = BTreeSet::new();
    let mut note = |reading: &Reading| {
        if want.holds(reading) {
            series.insert(reading.series);
        }
    };
    match (&want.series, &want.cells) {
        (Some(series), None) => return Ok(series.clone()),
        (_, Some(_)) => {
            for file in files {
                let opened = file.open()?;
                opened.read(&opened.rows(want.series.as_deref(), want.cells.as_deref()), false, &mut note)?;
            }
            hot.iter().for_each(note);
        }
        (None, None) => {
            hot.iter().for_each(note);
            for file in files {
                series.extend(file.index()?.series());
            }
        }
    }
    Ok(series.into_iter().collect())
}
