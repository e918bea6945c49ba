//! Names of tiles: their coordinates, paths, and which of them a growing log writes.

use super::{LEVELS, TILE_WIDTH, hashes_at};
use std::fmt;
use std::str::FromStr;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of level `8 * this` of the tree; 0 to 63.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

/// The place of a tile: what it holds, its number and its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileCoord {
    kind: TileKind,
    index: u64,
    width: u16,
}

/// Why a path names no tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It is not `tile/<level>/<number>` or `tile/entries/<number>`.
    #[error("a tile path is tile/<level>/<number> or tile/entries/<number>, with .p/<width> if partial")]
    Form,
    /// The level is not a canonical number from 0 to 63.
    #[error("a tile level is a number from 0 to 63")]
    Level,
    /// The number is not in canonical groups of three digits, or above 2^55 - 1.
    #[error("a tile number is written in groups of three digits, all but the last with an x, as x001/x234/067")]
    Number,
    /// The width is not a canonical number from 1 to 255 (256 in code, for a full tile).
    #[error("a partial tile's width is a number from 1 to 255")]
    Width,
}

/// Tile numbers end here: entries end at 2^63 - 1 and a tile holds 2^8.
const MAX_INDEX: u64 = crate::MAX_SIZE >> 8;

impl TileCoord {
    /// Names a tile.
    ///
    /// # Errors
    /// [`PathError::Level`] above 63, [`PathError::Number`] above 2^55 - 1,
    /// [`PathError::Width`] outside 1 to 256.
    pub fn new(kind: TileKind, index: u64, width: u16) -> Result<TileCoord, PathError> {
        if matches!(kind, TileKind::Hashes(64..)) {
            return Err(PathError::Level);
        }
        if index > MAX_INDEX {
            return Err(PathError::Number);
        }
        if !(1..=TILE_WIDTH).contains(&width) {
            return Err(PathError::Width);
        }
        Ok(TileCoord { kind, index, width })
    }

    /// Names the tile that holds hash or entry `place` of a level in which `count` are complete.
    ///
    /// None where `place >= count`: that hash does not exist yet.
    pub fn find_holding(kind: TileKind, place: u64, count: u64) -> Option<TileCoord> {
        if place >= count {
            return None;
        }
        let index = place >> 8;
        let width = (count - (index << 8)).min(u64::from(TILE_WIDTH));
        TileCoord::new(kind, index, width as u16).ok()
    }

    /// What the tile holds.
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// Number of the tile within its level, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Hashes or entries in it, 1 to 256.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Whether it holds all 256, so that it never changes and may be cached for ever.
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The full tile at the same place; it replaces the partial ones.
    #[must_use]
    pub fn full(self) -> TileCoord {
        TileCoord { width: TILE_WIDTH, ..self }
    }
}

/// Writes the path below the log's prefix, as `tile/0/x001/x234/067.p/5`.
impl fmt::Display for TileCoord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for group in groups[1..].iter().rev() {
            write!(f, "x{group:03}/")?;
        }
        write!(f, "{:03}", groups[0])?;
        if !self.is_full() {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

/// Reads a path, only as it is written by `Display`.
impl FromStr for TileCoord {
    type Err = PathError;

    fn from_str(path: &str) -> Result<TileCoord, PathError> {
        let rest = path.strip_prefix("tile/").ok_or(PathError::Form)?;
        let (kind, rest) = rest.split_once('/').ok_or(PathError::Form)?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => {
                let level = crate::text::parse_number(level).ok_or(PathError::Level)?;
                TileKind::Hashes(u8::try_from(level).map_err(|_| PathError::Level)?)
            }
        };
        let (number, width) = match rest.split_once(".p/") {
            None => (rest, TILE_WIDTH),
            Some((number, width)) => {
                let width = crate::text::parse_number(width).filter(|w| *w < u64::from(TILE_WIDTH));
                (number, width.ok_or(PathError::Width)? as u16)
            }
        };
        TileCoord::new(kind, parse_index(number)?, width)
    }
}

fn parse_index(text: &str) -> Result<u64, PathError> {
    let mut index: u64 = 0;
    let mut groups = text.split('/').peekable();
    let mut first = true;
    while let Some(group) = groups.next() {
        let is_last = groups.peek().is_none();
        let digits = if is_last { group } else { group.strip_prefix('x').ok_or(PathError::Number)? };
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PathError::Number);
        }
        // A leading group of zeros would be a second name of the same tile.
        if first && !is_last && digits == "000" {
            return Err(PathError::Number);
        }
        let value: u64 = digits.parse().map_err(|_| PathError::Number)?;
        index = index
            .checked_mul(1000)
            .and_then(|n| n.checked_add(value))
            .filter(|n| *n <= MAX_INDEX)
            .ok_or(PathError::Number)?;
        first = false;
    }
    Ok(index)
}

/// Lists the hash tiles to write when a log grows from `from` to `to` entries,
/// level by level: those that became full, then the partial one if it changed.
///
/// Empty where the log does not grow or outgrows the limit. Each partial width a
/// published size needs is listed; it may be deleted once its full tile exists.
pub fn tiles_between(from: u64, to: u64) -> impl Iterator<Item = TileCoord> {
    let to = to_or_none(to);
    (0..LEVELS).flat_map(move |level| grown(TileKind::Hashes(level), hashes_at(from, level), hashes_at(to, level)))
}

/// Lists the entry bundles to write when a log grows from `from` to `to` entries.
pub fn bundles_between(from: u64, to: u64) -> impl Iterator<Item = TileCoord> {
    grown(TileKind::Entries, from, to_or_none(to))
}

/// Lists every hash tile of a log of `size` entries.
pub fn tiles_of_size(size: u64) -> impl Iterator<Item = TileCoord> {
    tiles_between(0, size)
}

/// Sizes beyond the limit have no tile names; they list nothing.
fn to_or_none(to: u64) -> u64 {
    if to <= crate::MAX_SIZE { to } else { 0 }
}

fn grown(kind: TileKind, from: u64, to: u64) -> impl Iterator<Item = TileCoord> {
    // Sizes beyond the limit have no tile names; they list nothing.
    let to = if from < to && to <= crate::MAX_SIZE { to } else { 0 };
    let full = (from >> 8)..(to >> 8);
    let width = (to & 0xff) as u16;
    let partial = (width > 0).then_some(TileCoord { kind, index: to >> 8, width });
    full.map(move |index| TileCoord { kind, index, width: TILE_WIDTH }).chain(partial)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(tiles: impl Iterator<Item = TileCoord>) -> Vec<String> {
        tiles.map(|tile| tile.to_string()).collect()
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        for (kind, index, width, path) in [
            (TileKind::Hashes(0), 0, 256, "tile/0/000"),
            (TileKind::Hashes(3), 1_234_067, 256, "tile/3/x001/x234/067"),
            (TileKind::Hashes(63), 999, 255, "tile/63/999.p/255"),
            (TileKind::Entries, 1000, 1, "tile/entries/x001/000.p/1"),
            (TileKind::Entries, 1_000_000, 256, "tile/entries/x001/x000/000"),
        ] {
            let tile = TileCoord::new(kind, index, width).unwrap();
            assert_eq!(tile.to_string(), path);
            assert_eq!(path.parse(), Ok(tile));
        }
    }

    #[test]
    fn a_second_name_of_a_tile_is_refused() {
        for (path, error) in [
            ("tile/0", PathError::Form),
            ("/tile/0/000", PathError::Form),
            ("tiles/0/000", PathError::Form),
            ("tile/00/000", PathError::Level),
            ("tile/64/000", PathError::Level),
            ("tile/256/000", PathError::Level),
            ("tile/-1/000", PathError::Level),
            ("tile/data/000", PathError::Level),
            ("tile/0/", PathError::Number),
            ("tile/0/0", PathError::Number),
            ("tile/0/0000", PathError::Number),
            ("tile/0/x000/001", PathError::Number),
            ("tile/0/001/001", PathError::Number),
            ("tile/0/x001/x001", PathError::Number),
            ("tile/0/x001//001", PathError::Number),
            ("tile/0/+01", PathError::Number),
            ("tile/0/x036/x028/x797/x018/x963/968", PathError::Number),
            ("tile/0/000.p/0", PathError::Width),
            ("tile/0/000.p/256", PathError::Width),
            ("tile/0/000.p/01", PathError::Width),
            ("tile/0/000.p/", PathError::Width),
            ("tile/0/000.p/1.p/1", PathError::Width),
            ("tile/0/000.p", PathError::Number),
        ] {
            assert_eq!(path.parse::<TileCoord>(), Err(error), "{path}");
        }
        let last = TileCoord::new(TileKind::Hashes(0), MAX_INDEX, 256).unwrap();
        assert_eq!(last.to_string(), "tile/0/x036/x028/x797/x018/x963/967");
    }

    #[test]
    fn tiles_of_a_size_are_those_of_the_specification() {
        assert_eq!(names(tiles_of_size(0)), [""; 0]);
        assert_eq!(names(tiles_of_size(256)), ["tile/0/000", "tile/1/000.p/1"]);
        let all = names(tiles_of_size(70_000));
        assert_eq!(all.len(), 273 + 1 + 1 + 1 + 1);
        assert_eq!(all[272..], ["tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]);
    }

    #[test]
    fn growth_writes_only_what_changed() {
        assert_eq!(names(tiles_between(5, 5)), [""; 0]);
        assert_eq!(names(tiles_between(6, 5)), [""; 0]);
        assert_eq!(names(tiles_between(5, 6)), ["tile/0/000.p/6"]);
        assert_eq!(names(tiles_between(255, 257)), ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]);
        assert_eq!(names(tiles_between(257, 300)), ["tile/0/001.p/44"]);
        assert_eq!(names(bundles_between(255, 257)), ["tile/entries/000", "tile/entries/001.p/1"]);
        assert_eq!(tiles_between(0, u64::MAX).count(), 0);
    }

    #[test]
    fn a_hash_not_yet_complete_has_no_tile() {
        assert_eq!(TileCoord::find_holding(TileKind::Hashes(0), 300, 300), None);
        let tile = TileCoord::find_holding(TileKind::Hashes(0), 299, 300).unwrap();
        assert_eq!(tile.to_string(), "tile/0/001.p/44");
        assert_eq!(tile.full().to_string(), "tile/0/001");
    }

    proptest! {
        #[test]
        fn any_coordinate_round_trips(level in 0u8..=64, index in 0..=MAX_INDEX, width in 1u16..=256) {
            let kind = if level == 64 { TileKind::Entries } else { TileKind::Hashes(level) };
            let tile = TileCoord::new(kind, index, width).unwrap();
            prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        }

        #[test]
        fn what_reads_as_a_path_writes_alike(path in "tile/(entries|[0-9]{1,2})/(x[0-9]{3}/){0,7}[0-9]{3}(\\.p/[0-9]{1,3})?") {
            if let Ok(tile) = path.parse::<TileCoord>() {
                prop_assert_eq!(tile.to_string(), path);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(path in ".{0,40}") {
            let _ = path.parse::<TileCoord>();
        }
    }
}
