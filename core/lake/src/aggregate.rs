//! What is counted over readings, and the hourly rows that stand for readings no longer kept.

use grid::Cell;
use model::{Instant, Reading, SeriesNo};

/// Count, least, greatest, mean and last of some readings. Of none while `count` is 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aggregate {
    /// How many readings.
    pub count: u64,
    /// The least value.
    pub min: f64,
    /// The greatest value.
    pub max: f64,
    /// Their sum; the mean times the count for hours.
    pub sum: f64,
    /// The value measured last.
    pub last: f64,
    /// When that was.
    pub last_at: Instant,
}

impl Default for Aggregate {
    fn default() -> Self {
        Self {
            count: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            sum: 0.0,
            last: f64::NAN,
            last_at: Instant::from_micros(i64::MIN),
        }
    }
}

impl Aggregate {
    /// The mean; of nothing it is no number.
    pub fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    /// Takes one reading in.
    pub fn add(&mut self, reading: &Reading) {
        let value = reading.value;
        self.merge(&Self { count: 1, min: value, max: value, sum: value, last: value, last_at: reading.at });
    }

    /// Takes others in. Of two last values of the same instant that of the smaller number stays, whatever the order.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let newer = self.last_at < other.last_at || (self.last_at == other.last_at && other.last < self.last);
        if self.count == 0 || newer {
            (self.last, self.last_at) = (other.last, other.last_at);
        }
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// An hour of a series in a cell, kept when its readings no longer are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hour {
    pub series: SeriesNo,
    pub cell: Cell,
    /// When the hour begins.
    pub at: Instant,
    pub aggregate: Aggregate,
}

/// Some readings of a span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// When the span begins.
    pub from: Instant,
    /// How many readings.
    pub count: u64,
    /// The least value.
    pub min: f64,
    /// The greatest value.
    pub max: f64,
    /// Their mean.
    pub mean: f64,
    /// The value measured last.
    pub last: f64,
}

impl Bucket {
    pub(crate) fn new(from: Instant, aggregate: &Aggregate) -> Self {
        let Aggregate { count, min, max, last, .. } = *aggregate;
        Self { from, count, min, max, mean: aggregate.mean(), last }
    }
}
