//! The bytes of a hot segment: a header, then frames. One frame is one group commit: it is there whole or not at all.
//!
//! Frames are numbered through the life of a segment. A frame without readings is a mark: the lake writes one when it
//! falls idle and when a segment ends, so that a fault before it is known to lie in what was acknowledged. A fault with
//! nothing valid behind it is a torn tail: a group whose commit had not ended.
//!
//! Must never do I/O.

use grid::Cell;
use model::{Instant, Reading, SeriesNo};

/// What a segment begins with; the last byte is the version.
const MAGIC: [u8; 8] = *b"DIPLAKE\x01";
/// Magic, number, when it was made, check.
pub const HEADER_BYTES: usize = 8 + 8 + 8 + 4;
/// What a frame begins with.
const FRAME_MAGIC: [u8; 4] = *b"LKFR";
/// Magic, how many readings, number of the frame, check.
pub const FRAME_BYTES: usize = 4 + 4 + 8 + 4;
/// Series, cell, measured, received, value.
pub const READING_BYTES: usize = 4 + 8 + 8 + 8 + 8;

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Its number, counted from 1.
    pub number: u64,
    /// When it was made.
    pub made_at: Instant,
}

/// A segment as read.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Its header; absent when not even that was written whole, which is before anything was acknowledged.
    pub header: Option<Header>,
    /// Its groups, in order; marks are left out.
    pub groups: Vec<Vec<Reading>>,
    /// How many bytes are good.
    pub good_bytes: usize,
    /// True when something follows the good bytes that was never acknowledged.
    pub torn: bool,
    /// The number of the next frame.
    pub next_frame: u64,
    /// True when the last good frame is a mark.
    pub marked: bool,
}

/// Why a segment is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("damaged at byte {offset}: {what}")]
pub struct Fault {
    /// Where the first fault is.
    pub offset: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl Header {
    /// The bytes a segment begins with.
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.made_at.as_micros().to_le_bytes());
        let check = crc32fast::hash(&bytes[..24]);
        bytes[24..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let whole = bytes.get(..HEADER_BYTES)?;
        let good = whole[..8] == MAGIC && crc32fast::hash(&whole[..24]) == u32_at(whole, 24);
        good.then(|| Self { number: u64_at(whole, 8), made_at: Instant::from_micros(u64_at(whole, 16) as i64) })
    }

    /// Every frame is checked together with its segment: a frame of another segment is none of this one.
    fn check(self) -> crc32fast::Hasher {
        let mut check = crc32fast::Hasher::new();
        // Without the header's own check: the CRC of bytes and their CRC is the same for all bytes.
        check.update(&self.to_bytes()[..HEADER_BYTES - 4]);
        check
    }
}

/// Adds a frame to bytes to be written. Without readings it is a mark.
pub fn push_frame<'a>(
    bytes: &mut Vec<u8>,
    header: Header,
    frame: u64,
    readings: impl ExactSizeIterator<Item = &'a Reading>,
) {
    let begin = bytes.len();
    bytes.reserve(FRAME_BYTES + readings.len() * READING_BYTES);
    bytes.extend(FRAME_MAGIC);
    bytes.extend((readings.len() as u32).to_le_bytes());
    bytes.extend(frame.to_le_bytes());
    bytes.extend([0; 4]);
    for reading in readings {
        let mut row = [0; READING_BYTES];
        row[..4].copy_from_slice(&reading.series.0.to_le_bytes());
        row[4..12].copy_from_slice(&reading.cell.get().to_le_bytes());
        row[12..20].copy_from_slice(&reading.at.as_micros().to_le_bytes());
        row[20..28].copy_from_slice(&reading.received_at.as_micros().to_le_bytes());
        row[28..].copy_from_slice(&reading.value.to_bits().to_le_bytes());
        bytes.extend_from_slice(&row);
    }
    let check = frame_check(header, &bytes[begin..]);
    bytes[begin + 16..begin + FRAME_BYTES].copy_from_slice(&check.to_le_bytes());
}

/// Reads one frame that stands alone; without readings it is a mark. `None` when it is not what was written.
pub fn frame(bytes: &[u8], header: Header) -> Option<Vec<Reading>> {
    let payload = frame_at(bytes, header, 0..=u64::MAX)?;
    if FRAME_BYTES + payload.len() != bytes.len() {
        return None;
    }
    payload.chunks_exact(READING_BYTES).map(reading).collect()
}

/// Reads a segment.
///
/// # Errors
/// [`Fault`] when a byte of what was acknowledged is not what was written.
pub fn read(bytes: &[u8]) -> Result<Segment, Fault> {
    let Some(header) = Header::parse(bytes) else {
        // A header is synced before its segment takes a frame: a bad one with something behind it was good once.
        if bytes.len() > HEADER_BYTES {
            return Err(Fault { offset: 0, what: "the header of the segment is not what was written" });
        }
        let torn = !bytes.is_empty();
        return Ok(Segment { header: None, groups: Vec::new(), good_bytes: 0, torn, next_frame: 0, marked: false });
    };
    let mut segment = Segment {
        header: Some(header),
        groups: Vec::new(),
        good_bytes: HEADER_BYTES,
        torn: false,
        next_frame: 0,
        marked: false,
    };
    while segment.good_bytes < bytes.len() {
        let offset = segment.good_bytes;
        let Some(payload) = frame_at(&bytes[offset..], header, segment.next_frame..=segment.next_frame) else {
            if is_frame_behind(bytes, offset, header, segment.next_frame) {
                return Err(Fault { offset, what: "a group that was acknowledged is not what was written" });
            }
            segment.torn = true;
            break;
        };
        let group = payload.chunks_exact(READING_BYTES).map(reading).collect::<Option<Vec<_>>>();
        let what = "a reading names no cell of the grid";
        let group = group.ok_or(Fault { offset, what })?;
        segment.marked = group.is_empty();
        segment.good_bytes += FRAME_BYTES + payload.len();
        segment.next_frame += 1;
        if !group.is_empty() {
            segment.groups.push(group);
        }
    }
    Ok(segment)
}

fn frame_check(header: Header, frame: &[u8]) -> u32 {
    let mut check = header.check();
    check.update(&frame[..16]);
    check.update(&frame[FRAME_BYTES..]);
    check.finalize()
}

/// The payload of the frame the bytes begin with, if it is whole, right and of one of these numbers.
fn frame_at(bytes: &[u8], header: Header, numbers: std::ops::RangeInclusive<u64>) -> Option<&[u8]> {
    let head = bytes.get(..FRAME_BYTES)?;
    if head[..4] != FRAME_MAGIC || !numbers.contains(&u64_at(head, 8)) {
        return None;
    }
    let whole = bytes.get(..FRAME_BYTES + u32_at(head, 4) as usize * READING_BYTES)?;
    (frame_check(header, whole) == u32_at(head, 16)).then(|| &whole[FRAME_BYTES..])
}

/// Whether a later frame of this segment is whole behind a fault: then the fault is no torn tail.
fn is_frame_behind(bytes: &[u8], fault: usize, header: Header, expected: u64) -> bool {
    // As many frames as could lie between, and no more: bytes that look like a frame are mostly not one.
    let last = expected + ((bytes.len() - fault) / FRAME_BYTES) as u64;
    let rest = fault + 1..bytes.len().saturating_sub(FRAME_BYTES - 1);
    rest.into_iter().any(|at| frame_at(&bytes[at..], header, expected + 1..=last).is_some())
}

fn reading(row: &[u8]) -> Option<Reading> {
    Some(Reading {
        series: SeriesNo(u32_at(row, 0)),
        cell: Cell::try_from(u64_at(row, 4) as i64).ok()?,
        at: Instant::from_micros(u64_at(row, 12) as i64),
        received_at: Instant::from_micros(u64_at(row, 20) as i64),
        value: f64::from_bits(u64_at(row, 28)),
    })
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
