//! The hot part in memory: what the segments hold, by series and time.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use model::{Instant, Reading, SeriesNo};

/// What one segment holds.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The number of its segment; of a stream, that of the last message in it.
    pub segment: u64,
    /// Of a stream: whether this lake ended it, and when.
    pub ended_by: Option<(bool, Instant)>,
    lines: HashMap<u32, Line>,
    rows: usize,
}

/// One series. Readings mostly come in the order of their time; what does not is kept apart.
#[derive(Debug, Default)]
struct Line {
    ordered: Vec<Reading>,
    late: BTreeMap<i64, Reading>,
}

impl Line {
    /// True when it is one more, false when it took the place of another.
    fn put(&mut self, reading: Reading) -> bool {
        let at = reading.at;
        match self.ordered.last().map_or(Ordering::Greater, |last| at.cmp(&last.at)) {
            Ordering::Greater => self.ordered.push(reading),
            _ => match self.ordered.binary_search_by_key(&at, |held| held.at) {
                Ok(place) => {
                    self.ordered[place] = reading;
                    return false;
                }
                Err(_) => return self.late.insert(at.as_micros(), reading).is_none(),
            },
        }
        true
    }

    fn copy(&self, from: i64, to: i64, into: &mut Vec<Reading>) {
        let begin = self.ordered.partition_point(|held| held.at.as_micros() < from);
        let end = self.ordered.partition_point(|held| held.at.as_micros() < to);
        into.extend_from_slice(&self.ordered[begin..end.max(begin)]);
        if from < to {
            into.extend(self.late.range(from..to).map(|(_, reading)| *reading));
        }
    }
}

impl Table {
    /// An empty one.
    pub fn new(segment: u64) -> Self {
        Self { segment, ..Self::default() }
    }

    /// Takes a reading, in the place of one of the same instant.
    pub fn put(&mut self, reading: Reading) {
        if self.lines.entry(reading.series.0).or_default().put(reading) {
            self.rows += 1;
        }
    }

    /// How many readings it holds.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Copies readings of `[from, to)`, of these series or of all.
    pub fn copy(&self, series: Option<&[SeriesNo]>, from: i64, to: i64, into: &mut Vec<Reading>) {
        match series {
            Some(series) => {
                series.iter().filter_map(|no| self.lines.get(&no.0)).for_each(|line| line.copy(from, to, into));
            }
            None => self.lines.values().for_each(|line| line.copy(from, to, into)),
        }
    }
}

/// Sorts readings by series and time; of those alike in both the last stays.
pub(crate) fn settle(readings: &mut Vec<Reading>) {
    readings.sort_by_key(|reading| (reading.series, reading.at));
    // `dedup_by` keeps the first of a run: the later one is put in its place.
    readings.dedup_by(|later, kept| {
        let same = (later.series, later.at) == (kept.series, kept.at);
        if same {
            *kept = *later;
        }
        same
    });
}
