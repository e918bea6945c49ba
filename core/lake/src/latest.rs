//! The latest reading of every series, kept beside the manifest so that opening a lake scans nothing that is rolled.
//!
//! It is a segment of one frame: the same bytes, the same checks.

use std::collections::HashMap;

use model::{Instant, Reading};

use crate::segment::{self, Header};

/// By the number of the series.
pub(crate) type Latest = HashMap<u32, Reading>;

/// Takes a reading if it is not older than the one known.
pub(crate) fn take(latest: &mut Latest, reading: Reading) {
    latest
        .entry(reading.series.0)
        .and_modify(|known| {
            if known.at <= reading.at {
                *known = reading;
            }
        })
        .or_insert(reading);
}

/// The name of the file with this number.
pub(crate) fn name(number: u64) -> String {
    format!("latest-{number:010}")
}

pub(crate) fn to_bytes(latest: &Latest, number: u64, now: Instant) -> Vec<u8> {
    let header = Header { number, made_at: now };
    let mut bytes = header.to_bytes().to_vec();
    let mut readings: Vec<Reading> = latest.values().copied().collect();
    readings.sort_unstable_by_key(|reading| reading.series);
    segment::push_frame(&mut bytes, header, 0, readings.iter());
    bytes
}

/// Reads a file whose digest was right.
pub(crate) fn parse(bytes: &[u8]) -> Option<Latest> {
    let segment = segment::read(bytes).ok()?;
    (!segment.torn).then(|| segment.groups.into_iter().flatten().map(|reading| (reading.series.0, reading)).collect())
}
