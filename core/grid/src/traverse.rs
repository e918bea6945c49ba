//! Disks, rings and the distance between cells, in steps.
//!
//! Must never make a list: a disk can hold 10^18 cells, so callers count first and iterate lazily.

use core::fmt;

use crate::cell::Cell;
use crate::index::{self, Index};
use crate::level::Level;

impl Cell {
    /// Steps from this cell to another of its level, a step leading to any of the eight cells around.
    ///
    /// The shorter way round the globe. 0 for the cell itself, 1 for its neighbours.
    ///
    /// # Errors
    /// [`TraverseError`] when the levels differ or a cell is polar, where cells lie in no rows and columns.
    ///
    /// ```
    /// use dipper_grid::Cell;
    /// let (fiji, samoa): (Cell, Cell) = ("S60D".parse()?, "S02D".parse()?);
    /// assert_eq!(fiji.grid_distance(samoa), Ok(2));
    /// # Ok::<(), dipper_grid::CodeError>(())
    /// ```
    pub fn grid_distance(self, other: Cell) -> Result<u64, TraverseError> {
        let (here, there) = (place(self)?, place(other)?);
        same_level(self, other)?;
        let right = (here.column - there.column).abs();
        let across = right.min(index::columns(here.level) - right);
        Ok(across.max((here.row - there.row).abs()).unsigned_abs())
    }

    /// The cells at most `steps` from this one, itself among them, row by row from the south-west.
    ///
    /// As many as [`Steps::count_cells`] says: (2k + 1)² away from the caps, which the disk leaves out.
    ///
    /// # Errors
    /// [`TraverseError::PolarCell`] when this cell is polar.
    ///
    /// ```
    /// use dipper_grid::Cell;
    /// let cell: Cell = "N50J47539B8".parse()?;
    /// assert_eq!(cell.disk(2)?.count_cells(), 25);
    /// assert!(cell.disk(2)?.all(|other| cell.grid_distance(other).is_ok_and(|steps| steps <= 2)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn disk(self, steps: u32) -> Result<Steps, TraverseError> {
        Ok(Steps::new(place(self)?, steps, false))
    }

    /// The cells exactly `steps` from this one, row by row from the south-west.
    ///
    /// # Errors
    /// [`TraverseError::PolarCell`] when this cell is polar.
    pub fn ring(self, steps: u32) -> Result<Steps, TraverseError> {
        Ok(Steps::new(place(self)?, steps, true))
    }
}

/// Column and row of a cell.
pub(crate) fn place(cell: Cell) -> Result<Index, TraverseError> {
    if cell.is_polar() { Err(TraverseError::PolarCell { cell }) } else { Ok(Index::of(cell)) }
}

pub(crate) fn same_level(a: Cell, b: Cell) -> Result<(), TraverseError> {
    if a.level() == b.level() { Ok(()) } else { Err(TraverseError::LevelsDiffer { from: a.level(), to: b.level() }) }
}

/// The cells of a disk or a ring; see [`Cell::disk`].
#[derive(Clone, Debug)]
pub struct Steps {
    centre: Index,
    steps: i64,
    is_ring: bool,
    /// The last row.
    last_row: i64,
    /// The place that comes next, as an offset of columns; none when past the last row.
    row: i64,
    right: i64,
}

impl Steps {
    fn new(centre: Index, steps: u32, is_ring: bool) -> Steps {
        let (steps, rows) = (i64::from(steps), index::rows(centre.level));
        let mut cells = Steps {
            centre,
            steps,
            is_ring,
            last_row: (centre.row + steps).min(rows - 1),
            row: (centre.row - steps).max(-rows),
            right: 0,
        };
        cells.begin_row();
        cells
    }

    /// First and last offset of columns at most `steps` away, each column once.
    fn offsets(&self) -> (i64, i64) {
        let columns = index::columns(self.centre.level);
        if 2 * self.steps + 1 >= columns { (-(columns / 2), columns / 2 - 1) } else { (-self.steps, self.steps) }
    }

    /// Whether the row that comes next has its two ends only: it lies within the ring.
    fn is_hollow(&self, row: i64) -> bool {
        self.is_ring && (row - self.centre.row).abs() < self.steps
    }

    /// Columns of a hollow row: both ends, or the one opposite meridian, or none.
    fn ends(&self) -> u64 {
        let half = index::columns(self.centre.level) / 2;
        if self.steps < half { 2 } else { u64::from(self.steps == half) }
    }

    /// Sets the offset to the first of the row, leaving out hollow rows without ends.
    fn begin_row(&mut self) {
        self.right = self.offsets().0;
        if self.row <= self.last_row && self.is_hollow(self.row) && self.ends() == 0 {
            // From here to the row of the far side of the ring.
            self.row = self.centre.row + self.steps;
        }
    }

    /// How many cells are still to come; at once, however many.
    pub fn count_cells(&self) -> u64 {
        if self.row > self.last_row {
            return 0;
        }
        let (first, last) = self.offsets();
        let width = (last - first + 1) as u64;
        let of_row = |row: i64| if self.is_hollow(row) { self.ends() } else { width };
        // The row begun, then the rows after it: hollow ones, and one full row at most on a ring.
        let begun = match (self.is_hollow(self.row), self.right == first) {
            (_, true) => of_row(self.row),
            (true, false) => 1,
            (false, false) => (last - self.right + 1) as u64,
        };
        let rest = (self.last_row - self.row) as u64;
        if !self.is_ring || rest == 0 {
            return begun + rest * width;
        }
        let ends_full = !self.is_hollow(self.last_row);
        begun + if ends_full { (rest - 1) * self.ends() + width } else { rest * self.ends() }
    }
}

impl Iterator for Steps {
    type Item = Cell;

    fn next(&mut self) -> Option<Cell> {
        if self.row > self.last_row {
            return None;
        }
        let cell = Index { row: self.row, ..self.centre }.step(self.right, 0).cell();
        let (first, last) = self.offsets();
        let hollow = self.is_hollow(self.row);
        let next = if hollow && self.ends() == 2 { last } else { self.right + 1 };
        if (hollow && self.ends() == 1) || next > last || self.right == last {
            self.row += 1;
            self.begin_row();
        } else {
            self.right = next;
        }
        debug_assert!(first <= last && cell.is_some());
        cell
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = usize::try_from(self.count_cells());
        (count.unwrap_or(usize::MAX), count.ok())
    }
}

impl core::iter::FusedIterator for Steps {}

/// Why two cells cannot be joined by steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraverseError {
    /// A cell lies in a polar cap, which has no rows and columns.
    PolarCell {
        /// The cell.
        cell: Cell,
    },
    /// The two cells are of different levels.
    LevelsDiffer {
        /// Level of the first.
        from: Level,
        /// Level of the second.
        to: Level,
    },
}

impl fmt::Display for TraverseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TraverseError::PolarCell { cell } => write!(f, "{cell} is a polar cell, which lies in no row and column"),
            TraverseError::LevelsDiffer { from, to } => {
                write!(f, "cells are of levels {from} and {to}; steps join cells of one level")
            }
        }
    }
}

impl core::error::Error for TraverseError {}
