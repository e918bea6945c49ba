//! A cell as column and row of its level: where steps, lines and covers are reckoned.
//!
//! Must never name a polar cell: those lie in no column.

use crate::cell::Cell;
use crate::layout::{HALF_TURN, POLAR_FROM, Spot};
use crate::level::Level;

/// Column and row of a non-polar cell at its level, counted from (0, 0), negative to the west and the south.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    pub level: Level,
    pub column: i64,
    pub row: i64,
}

/// A distance from 0 in whole cells as a signed index: 0, 1, 2 and so on one way, -1, -2 the other.
#[inline]
pub(crate) fn signed(away: i64, negative: bool) -> i64 {
    if negative { -1 - away } else { away }
}

/// Undoes [`signed`].
#[inline]
pub(crate) fn away(index: i64) -> i64 {
    if index < 0 { -1 - index } else { index }
}

/// Columns once round the globe at a level.
#[inline]
pub(crate) fn columns(level: Level) -> i64 {
    i64::from(2 * (HALF_TURN / level.lon_units()))
}

/// Rows from the equator to 88° at a level.
#[inline]
pub(crate) fn rows(level: Level) -> i64 {
    i64::from(POLAR_FROM / level.lat_units())
}

impl Index {
    /// Where a non-polar cell is.
    pub fn of(cell: Cell) -> Index {
        let (spot, level) = (Spot::of_key(cell.key()), cell.level());
        Index {
            level,
            column: signed(i64::from(spot.kx / level.lon_units()), spot.west),
            row: signed(i64::from(spot.ky / level.lat_units()), spot.south),
        }
    }

    /// The cell here, round the globe in longitude; `None` at 88° and beyond.
    #[inline]
    pub fn cell(self) -> Option<Cell> {
        let half = columns(self.level) / 2;
        let column = (self.column + half).rem_euclid(2 * half) - half;
        if away(self.row) >= rows(self.level) {
            return None;
        }
        let spot = Spot {
            west: column < 0,
            south: self.row < 0,
            kx: away(column) as u32 * self.level.lon_units(),
            ky: away(self.row) as u32 * self.level.lat_units(),
        };
        Some(Cell::of_key(spot.key(self.level)))
    }

    /// The place `right` columns east and `up` rows north.
    #[inline]
    pub fn step(self, right: i64, up: i64) -> Index {
        Index { column: self.column + right, row: self.row + up, ..self }
    }
}
