//! What lies beside a rolled file: a check for each of its blocks, and where each series is.
//!
//! Parquet's page index finds cells, which the file is sorted by; the number of a series says nothing about its cell, so
//! that least and greatest of a page prune none. Must never do I/O.

use std::ops::Range;

use model::SeriesNo;

/// Bytes that are checked together: the least that is read of a file.
pub(crate) const BLOCK_BYTES: usize = 16 << 10;
/// What an index begins with; the last byte is the version.
const MAGIC: [u8; 8] = *b"DIPLKIX\x01";
/// Parts of a series nearer to each other than this are taken as one: a moving device has a part in every cell.
const GAP_ROWS: u32 = 1_024;

/// A part of a series: rows one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    series: u32,
    begin: u32,
    end: u32,
}

/// The index of a rolled file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Index {
    blocks: Vec<u32>,
    parts: Vec<Part>,
}

impl Index {
    /// Of a file and the series of its rows.
    pub fn new(file: &[u8], series: impl Iterator<Item = SeriesNo>) -> Self {
        let blocks = file.chunks(BLOCK_BYTES).map(crc32fast::hash).collect();
        let mut runs: Vec<Part> = Vec::new();
        for (row, SeriesNo(series)) in series.enumerate() {
            let row = row as u32;
            match runs.last_mut() {
                Some(part) if part.series == series => part.end = row + 1,
                _ => runs.push(Part { series, begin: row, end: row + 1 }),
            }
        }
        runs.sort_by_key(|part| (part.series, part.begin));
        runs.dedup_by(|next, part| {
            let near = next.series == part.series && next.begin - part.end < GAP_ROWS;
            if near {
                part.end = next.end;
            }
            near
        });
        Self { blocks, parts: runs }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend((self.blocks.len() as u32).to_le_bytes());
        bytes.extend((self.parts.len() as u32).to_le_bytes());
        bytes.extend(self.blocks.iter().flat_map(|check| check.to_le_bytes()));
        for part in &self.parts {
            bytes.extend([part.series, part.begin, part.end].iter().flat_map(|number| number.to_le_bytes()));
        }
        bytes
    }

    /// Reads one whose check was right.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        if rest.len() % 4 != 0 {
            return None;
        }
        let mut numbers = rest.chunks_exact(4).map(|four| u32::from_le_bytes(four.try_into().expect("four bytes")));
        let (blocks, parts) = (numbers.next()? as usize, numbers.next()? as usize);
        if rest.len() / 4 != 2 + blocks + 3 * parts {
            return None;
        }
        let blocks = numbers.by_ref().take(blocks).collect();
        let rest: Vec<u32> = numbers.collect();
        let parts = rest.chunks_exact(3).map(|part| Part { series: part[0], begin: part[1], end: part[2] });
        Some(Self { blocks, parts: parts.collect() })
    }

    /// The check of a block.
    pub fn block(&self, number: usize) -> Option<u32> {
        self.blocks.get(number).copied()
    }

    /// The series in the file, each once.
    pub fn series(&self) -> impl Iterator<Item = SeriesNo> + '_ {
        self.parts.chunk_by(|a, b| a.series == b.series).map(|parts| SeriesNo(parts[0].series))
    }

    /// Rows among which those of these series are, in order and apart. The series are sorted.
    pub fn rows_of(&self, series: &[SeriesNo]) -> Vec<Range<usize>> {
        let mut rows: Vec<Range<usize>> = Vec::new();
        for no in series {
            let begin = self.parts.partition_point(|part| part.series < no.0);
            let parts = self.parts[begin..].iter().take_while(|part| part.series == no.0);
            rows.extend(parts.map(|part| part.begin as usize..part.end as usize));
        }
        join(rows)
    }

    /// How many rows are read for a series.
    pub fn count_of(&self, series: SeriesNo) -> usize {
        self.rows_of(&[series]).iter().map(ExactSizeIterator::len).sum()
    }
}

/// Ranges in order, those that touch or overlap made one.
pub(crate) fn join(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|next, range| {
        let touches = next.start <= range.end;
        if touches {
            range.end = range.end.max(next.end);
        }
        touches
    });
    ranges
}

/// What two lists of ranges have in common.
pub(crate) fn common(a: &[Range<usize>], b: &[Range<usize>]) -> Vec<Range<usize>> {
    let (mut i, mut j, mut both) = (0, 0, Vec::new());
    while let (Some(one), Some(other)) = (a.get(i), b.get(j)) {
        let range = one.start.max(other.start)..one.end.min(other.end);
        if !range.is_empty() {
            both.push(range);
        }
        if one.end < other.end { i += 1 } else { j += 1 }
    }
    both
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "lists of one range are meant")]
mod tests {
    use super::*;

    #[test]
    fn an_index_finds_every_row_of_a_series() {
        let series: Vec<SeriesNo> = (0..10_000).map(|row| SeriesNo([7, 3, 3, 9][row / 2_500])).collect();
        let index = Index::new(&[1; 40_000], series.iter().copied());
        assert_eq!(index.rows_of(&[SeriesNo(3)]), [2_500..7_500]);
        assert_eq!(index.rows_of(&[SeriesNo(3), SeriesNo(7)]), [0..7_500], "what touches is one");
        assert!(index.rows_of(&[SeriesNo(4)]).is_empty());
        assert_eq!(index.series().collect::<Vec<_>>(), [3, 7, 9].map(SeriesNo));
        assert_eq!(Index::parse(&index.to_bytes()), Some(index));
    }

    #[test]
    fn parts_of_a_moving_device_are_few() {
        let index = Index::new(&[], (0..100_000).map(|row| SeriesNo(row % 50)));
        assert_eq!(index.rows_of(&[SeriesNo(3)]).len(), 1);
        assert!(index.to_bytes().len() < 1_000);
    }

    #[test]
    fn ranges_in_common() {
        assert_eq!(common(&[0..10, 20..30], &[5..25, 29..40]), [5..10, 20..25, 29..30]);
        assert!(common(&[0..10], &[10..20]).is_empty());
    }
}
