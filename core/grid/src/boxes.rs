//! The cells of one level that a box touches: how many, and which.
//!
//! Must never make a list: the number can be 3.4 x 10^18, so callers count first and iterate lazily.

use alloc::vec::{self, Vec};

use crate::cell::Cell;
use crate::layout::{self, HALF_TURN, POLAR_FROM, Spot};
use crate::level::Level;
use crate::point::Bounds;
use crate::polar;

/// The part of a box in one quadrant, in whole cells of a level counted away from (0, 0), ends included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quarter {
    pub west: bool,
    pub south: bool,
    pub columns: (u32, u32),
    pub rows: (u32, u32),
}

impl Quarter {
    fn count(&self) -> u64 {
        u64::from(self.columns.1 - self.columns.0 + 1) * u64::from(self.rows.1 - self.rows.0 + 1)
    }

    /// The cell at a column and row of `level`.
    fn cell(&self, level: Level, column: u32, row: u32) -> Cell {
        let spot =
            Spot { west: self.west, south: self.south, kx: column * level.lon_units(), ky: row * level.lat_units() };
        Cell::of_key(spot.key(level))
    }
}

/// The distances from 0 of the part of [`low`, `high`] on one side, in units, or `None`.
fn side(low: f64, high: f64, negative: bool) -> Option<(u32, u32)> {
    let distances = if negative {
        (low < 0.0).then(|| (if high < 0.0 { -high } else { 0.0 }, -low))
    } else {
        (high >= 0.0).then(|| (if low < 0.0 { 0.0 } else { low.abs() }, high.abs()))
    };
    distances.map(|(near, far)| (layout::units(near), layout::units(far)))
}

/// Splits a box by quadrant into whole cells of `level`, polar caps left out. No cell is in two parts.
pub(crate) fn quarters(bounds: &Bounds, level: Level) -> Vec<Quarter> {
    let mut parts = Vec::with_capacity(4);
    for west in [false, true] {
        let size = level.lon_units();
        let mut spans: Vec<(u32, u32)> = bounds
            .lon_intervals()
            .filter_map(|(low, high)| side(low, high, west))
            .map(|(near, far)| (near.min(HALF_TURN - 1) / size, far.min(HALF_TURN - 1) / size))
            .collect();
        // A box round the whole globe can begin and end in one column.
        spans.sort_unstable();
        if let [first, second] = spans[..]
            && second.0 <= first.1
        {
            spans = alloc::vec![(first.0, first.1.max(second.1))];
        }
        for south in [false, true] {
            let Some((near, far)) = side(bounds.south, bounds.north, south) else {
                continue;
            };
            if near >= POLAR_FROM {
                continue;
            }
            let rows = (near / level.lat_units(), far.min(POLAR_FROM - 1) / level.lat_units());
            parts.extend(spans.iter().map(|columns| Quarter { west, south, columns: *columns, rows }));
        }
    }
    parts
}

/// How many cells of `level` the box touches: those [`cells_in_bounds`] yields.
///
/// Costs the same for a room and for the globe, so that a caller can refuse too many.
pub fn count_in_bounds(bounds: Bounds, level: Level) -> u64 {
    let polar = polar::cells_in(&bounds, level).len() as u64;
    polar + quarters(&bounds, level).iter().map(Quarter::count).sum::<u64>()
}

/// The cells of `level` that touch the box, edges included, each once.
///
/// In no order to rely on. Polar cells appear at levels 1 and 2 and are left out below, where none are defined.
/// As the edges of a box belong to it, the bounds of a cell also touch cells beside it; for the cells inside a
/// cell use [`Cell::children`].
///
/// ```
/// use dipper_grid::{Bounds, Level, cells_in_bounds, count_in_bounds};
/// let view = Bounds::new(113.9, 22.5, 114.1, 22.6)?;
/// assert_eq!(count_in_bounds(view, Level::L4), 13 * 7);
/// assert_eq!(cells_in_bounds(view, Level::L4).count(), 13 * 7);
/// # Ok::<(), dipper_grid::BoundsError>(())
/// ```
pub fn cells_in_bounds(bounds: Bounds, level: Level) -> CellsInBounds {
    CellsInBounds {
        level,
        polar: polar::cells_in(&bounds, level).into_iter(),
        parts: quarters(&bounds, level).into_iter(),
        part: None,
    }
}

/// The cells of a level that touch a box; see [`cells_in_bounds`].
#[derive(Clone, Debug)]
pub struct CellsInBounds {
    level: Level,
    polar: vec::IntoIter<Cell>,
    parts: vec::IntoIter<Quarter>,
    /// The part being walked and the column and row that come next.
    part: Option<(Quarter, u32, u32)>,
}

impl Iterator for CellsInBounds {
    type Item = Cell;

    fn next(&mut self) -> Option<Cell> {
        if let Some(cell) = self.polar.next() {
            return Some(cell);
        }
        let (part, column, row) = match self.part {
            Some(walk) => walk,
            None => {
                let part = self.parts.next()?;
                (part, part.columns.0, part.rows.0)
            }
        };
        self.part = if row < part.rows.1 {
            Some((part, column, row + 1))
        } else if column < part.columns.1 {
            Some((part, column + 1, part.rows.0))
        } else {
            None
        };
        Some(part.cell(self.level, column, row))
    }
}

impl core::iter::FusedIterator for CellsInBounds {}
