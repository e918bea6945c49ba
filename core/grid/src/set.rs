//! Sets of cells of any mix of levels: what they hold, and union, intersection and difference.
//!
//! A set is a list of sorted, disjoint stretches of the code order, so that every question is a merge of two lists.
//! Must never forget that a cell and its descendants are one place.

use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;

use crate::cell::Cell;
use crate::layout::{self, L1_PER_HEMISPHERE, L1_STRIDE, L2_STRIDE, L3_STRIDE, L5_SHIFT, L6_SHIFT, LEAF, RANK_SHIFT};
use crate::level::Level;

/// A region made of cells of any levels.
///
/// Two sets of the same places are equal, whatever cells they were made of: duplicates, nested cells and complete
/// families are one. Sixteen bytes a stretch of neighbours in code order.
///
/// ```
/// use dipper_grid::{Cell, CellSet, Level};
/// let sheet: Cell = "N50J47".parse()?;
/// let children: CellSet = sheet.children().collect();
/// assert_eq!(children, CellSet::from_iter([sheet]));
/// let hole: Cell = "N50J47539B8".parse()?;
/// let rest = children.difference(&CellSet::from_iter([hole]));
/// assert!(!rest.intersects(hole) && rest.intersects(sheet) && !rest.contains(sheet));
/// // 5 of 6, then 149 of 150, then 224 of 225.
/// assert_eq!(rest.cells().count(), 5 + 149 + 224);
/// # Ok::<(), dipper_grid::CodeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CellSet {
    /// Places from the first to the one after the last; sorted, and none touches the next.
    spans: Vec<(u64, u64)>,
}

/// The places of a cell: from its first to the first beyond it.
fn span(cell: Cell) -> (u64, u64) {
    (layout::place_of(cell.key()), layout::next_used(layout::last_of(cell.key())))
}

impl FromIterator<Cell> for CellSet {
    fn from_iter<I: IntoIterator<Item = Cell>>(cells: I) -> CellSet {
        let mut spans: Vec<(u64, u64)> = cells.into_iter().map(span).collect();
        spans.sort_unstable();
        spans.dedup_by(|next, before| {
            let joins = next.0 <= before.1;
            if joins {
                before.1 = before.1.max(next.1);
            }
            joins
        });
        CellSet { spans }
    }
}

impl Extend<Cell> for CellSet {
    fn extend<I: IntoIterator<Item = Cell>>(&mut self, cells: I) {
        *self = self.union(&cells.into_iter().collect());
    }
}

impl CellSet {
    /// Whether the set holds nothing.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The stretch that ends after a place, if there is one.
    fn stretch_after(&self, place: u64) -> Option<(u64, u64)> {
        let at = self.spans.partition_point(|span| span.1 <= place);
        self.spans.get(at).copied()
    }

    /// Whether the cell and all its descendants are in the set.
    pub fn contains(&self, cell: Cell) -> bool {
        let (first, end) = span(cell);
        self.stretch_after(first).is_some_and(|stretch| stretch.0 <= first && end <= stretch.1)
    }

    /// Whether the cell or a descendant of it is in the set.
    pub fn intersects(&self, cell: Cell) -> bool {
        let (first, end) = span(cell);
        self.stretch_after(first).is_some_and(|stretch| stretch.0 < end)
    }

    /// Whether everything in the set is in the other.
    pub fn is_subset(&self, other: &CellSet) -> bool {
        self.spans.iter().all(|(first, end)| {
            other.stretch_after(*first).is_some_and(|stretch| stretch.0 <= *first && *end <= stretch.1)
        })
    }

    /// What is in one of two sets or in both.
    #[must_use]
    pub fn union(&self, other: &CellSet) -> CellSet {
        self.merge(other, |a, b| a || b)
    }

    /// What is in both of two sets.
    #[must_use]
    pub fn intersection(&self, other: &CellSet) -> CellSet {
        self.merge(other, |a, b| a && b)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn difference(&self, other: &CellSet) -> CellSet {
        self.merge(other, |a, b| a && !b)
    }

    /// What is in one of two sets and not in both.
    #[must_use]
    pub fn symmetric_difference(&self, other: &CellSet) -> CellSet {
        self.merge(other, |a, b| a != b)
    }

    /// Walks both lists of boundaries and keeps what a rule wants.
    fn merge(&self, other: &CellSet, keep: impl Fn(bool, bool) -> bool) -> CellSet {
        let boundaries = |set: &CellSet, at: usize| {
            set.spans.get(at / 2).map(|span| if at.is_multiple_of(2) { span.0 } else { span.1 })
        };
        let (mut a, mut b) = (0, 0);
        let mut spans: Vec<(u64, u64)> = Vec::new();
        let mut open = None;
        loop {
            let (next_a, next_b) = (boundaries(self, a), boundaries(other, b));
            let Some(place) = next_a.into_iter().chain(next_b).min() else { break };
            a += usize::from(next_a == Some(place));
            b += usize::from(next_b == Some(place));
            // An odd number of boundaries behind means inside.
            let inside = keep(!a.is_multiple_of(2), !b.is_multiple_of(2));
            match (open, inside) {
                (None, true) => open = Some(place),
                (Some(first), false) => {
                    spans.push((first, place));
                    open = None;
                }
                _ => {}
            }
        }
        CellSet { spans }
    }

    /// The fewest cells that make up the set, in code order: complete families are their parent.
    pub fn cells(&self) -> impl Iterator<Item = Cell> {
        self.spans.iter().flat_map(|(first, end)| Largest { place: *first, end: *end })
    }

    /// The ranges of keys of the set, sorted and disjoint: `WHERE cell BETWEEN start AND end`.
    ///
    /// They hold the key of every cell in the set. A coarser cell that begins within a range and ends outside the set
    /// has its key there too; where rows have cells of mixed levels, ask [`CellSet::contains`].
    ///
    /// ```
    /// use dipper_grid::{Cell, CellSet};
    /// let street: CellSet = ["N50J47539B8", "N50J47539B9", "N50J47539C0"].iter().map(|code| code.parse())
    ///     .collect::<Result<Vec<Cell>, _>>()?.into_iter().collect();
    /// assert_eq!(street.key_ranges().count(), 2);
    /// # Ok::<(), dipper_grid::CodeError>(())
    /// ```
    pub fn key_ranges(&self) -> impl Iterator<Item = RangeInclusive<i64>> {
        self.spans.iter().filter_map(|(first, end)| {
            let start = Largest { place: *first, end: *end }.next()?;
            // Keys are positive and places lie at or above the keys before them.
            Some(start.get()..=*end as i64 - 1)
        })
    }

    /// How many cells of `level` the set is; at once, however many.
    ///
    /// # Errors
    /// [`SetError::FinerThanLevel`] when a part of the set is smaller than a cell of the level, and
    /// [`SetError::PolarLevel`] below level 2 when it reaches the polar caps.
    pub fn count_at(&self, level: Level) -> Result<u64, SetError> {
        let mut count = 0;
        for (first, end) in &self.spans {
            if level > Level::L2 && reaches_cap(*first, *end) {
                return Err(SetError::PolarLevel { level });
            }
            count += ordinal(*end, level)? - ordinal(*first, level)?;
        }
        Ok(count)
    }

    /// The cells of `level` that make up the set, in code order, at most `limit`.
    ///
    /// # Errors
    /// [`SetError`] as [`CellSet::count_at`], and when there are more than `limit`.
    pub fn cells_at(&self, level: Level, limit: usize) -> Result<Vec<Cell>, SetError> {
        let count = self.count_at(level)?;
        if count > limit as u64 {
            return Err(SetError::TooManyCells { count, limit });
        }
        let mut cells = Vec::with_capacity(count as usize);
        for (first, end) in &self.spans {
            let mut place = *first;
            while place < *end {
                let cell = cell_at(place, level).ok_or(SetError::FinerThanLevel { level })?;
                place = span(cell).1;
                cells.push(cell);
            }
        }
        Ok(cells)
    }

    /// The area of the set on the ellipsoid of CGCS2000, in square metres.
    #[cfg(feature = "std")]
    pub fn area_m2(&self) -> f64 {
        self.cells().map(Cell::area_m2).sum()
    }
}

/// The cell of a level that begins at a place, if one does.
fn cell_at(place: u64, level: Level) -> Option<Cell> {
    if level == Level::L10 {
        return (!layout::is_polar(place)).then(|| Cell::of_key(place | LEAF));
    }
    let key = layout::at_level(place, level);
    let begins_here = place & 127 == 0 && key & !63 == place;
    (begins_here && (level <= Level::L2 || !layout::is_polar(place))).then(|| Cell::of_key(key))
}

/// The largest cells from a place to an end.
struct Largest {
    place: u64,
    end: u64,
}

impl Iterator for Largest {
    type Item = Cell;

    fn next(&mut self) -> Option<Cell> {
        if self.place >= self.end {
            return None;
        }
        let fits = |cell: &Cell| span(*cell).1 <= self.end;
        let cell = Level::ALL.into_iter().filter_map(|level| cell_at(self.place, level)).find(fits)?;
        self.place = span(cell).1;
        Some(cell)
    }
}

/// Whether a stretch holds a polar cell.
fn reaches_cap(first: u64, end: u64) -> bool {
    let stride = u64::from(L1_PER_HEMISPHERE * L1_STRIDE) << RANK_SHIFT;
    let next_cap = first.div_ceil(stride) * stride;
    layout::is_polar(first) || next_cap < end
}

/// How many cells of a level come before a place where one begins.
fn ordinal(place: u64, level: Level) -> Result<u64, SetError> {
    let rank = (place >> RANK_SHIFT) as u32;
    let (l1, below) = (rank / L1_STRIDE, rank % L1_STRIDE);
    let polar = l1.is_multiple_of(L1_PER_HEMISPHERE);
    let caps = u64::from(l1.div_ceil(L1_PER_HEMISPHERE));
    let bits = |shift: u32, mask: u64| place >> shift & mask;
    let leaf = if place & LEAF != 0 { place & 63 } else { 0 };
    let digits = [
        (96, u64::from(below / L2_STRIDE)),
        (6, u64::from(below % L2_STRIDE / L3_STRIDE)),
        (150, u64::from(below % L3_STRIDE)),
        (225, bits(L5_SHIFT, 0xFF)),
        (4, bits(L6_SHIFT, 3)),
        (64, bits(19, 63)),
        (64, bits(13, 63)),
        (64, bits(7, 63)),
        (64, leaf),
    ];
    let (above, rest) = digits.split_at(usize::from(level.get()) - 1);
    if rest.iter().any(|(_, digit)| *digit != 0) {
        return Err(SetError::FinerThanLevel { level });
    }
    let low = u64::from(l1) - caps;
    let (low, sectors) = match (polar, level) {
        // Before or within a cap: what lies below it, and its sectors.
        (true, _) => (above.iter().fold(low, |sum, (radix, _)| sum * radix), above.first().map_or(0, |(_, d)| *d)),
        (false, _) => (above.iter().fold(low, |sum, (radix, digit)| sum * radix + digit), 0),
    };
    Ok(low
        + match level {
            Level::L1 => caps,
            Level::L2 => caps * 16 + sectors,
            _ => 0,
        })
}

/// The fewest cells that hold the places of some cells: complete families merged, duplicates and nested cells dropped.
///
/// Cells may be of any mix of levels, unlike H3's. In code order.
///
/// ```
/// use dipper_grid::{Cell, Level, compact, uncompact};
/// let block: Cell = "N50J47539".parse()?;
/// assert_eq!(compact(block.children().chain([block])), [block]);
/// assert_eq!(uncompact([block], Level::L6, 1_000)?.len(), 225 * 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compact(cells: impl IntoIterator<Item = Cell>) -> Vec<Cell> {
    cells.into_iter().collect::<CellSet>().cells().collect()
}

/// The cells of `level` at the places of some cells, in code order, each once, at most `limit`.
///
/// # Errors
/// [`SetError`] when there are more, when a cell is finer than the level, or polar above it.
pub fn uncompact(cells: impl IntoIterator<Item = Cell>, level: Level, limit: usize) -> Result<Vec<Cell>, SetError> {
    cells.into_iter().collect::<CellSet>().cells_at(level, limit)
}

/// Why a set is not so many cells of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetError {
    /// The set is more cells than allowed.
    TooManyCells {
        /// How many it is.
        count: u64,
        /// The most allowed.
        limit: usize,
    },
    /// A part of the set is smaller than a cell of the level.
    FinerThanLevel {
        /// The level asked for.
        level: Level,
    },
    /// The set reaches a polar cap, which has levels 1 and 2 only.
    PolarLevel {
        /// The level asked for.
        level: Level,
    },
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetError::TooManyCells { count, limit } => write!(f, "set is {count} cells of the level; at most {limit}"),
            SetError::FinerThanLevel { level } => {
                write!(f, "set has parts smaller than a cell of level {level}; choose a finer level")
            }
            SetError::PolarLevel { level } => {
                write!(f, "set reaches a polar cap, which has no cells of level {level}, only of levels 1 and 2")
            }
        }
    }
}

impl core::error::Error for SetError {}
