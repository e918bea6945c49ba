//! Neighbours: cells of one level that share an edge or a corner.
//!
//! Must never step by adding to a key or a code digit: the quadrants are mirrored, so a step is made on
//! signed columns and rows counted from (0, 0).

use alloc::vec::{self, Vec};

use crate::cell::Cell;
use crate::index::Index;
use crate::layout::POLAR_FROM;
use crate::level::Level;
use crate::polar;

impl Cell {
    /// The cells of the same level that share an edge or a corner with this one.
    ///
    /// Eight almost everywhere, across the equator, the prime meridian and ±180° alike, from the south-west
    /// row by row to the north-east. At the 88° parallel a cell of level 3 to 10 has five (no finer polar cells
    /// are defined) and one of level 1 or 2 has the polar cells it touches after the others. A polar cell has as
    /// many as touch it: 60 at level 1, up to 127 at level 2.
    ///
    /// ```
    /// use dipper_grid::Cell;
    /// let gulf_of_guinea: Cell = "N31A".parse()?;
    /// let codes: Vec<String> = gulf_of_guinea.neighbours().map(|cell| cell.to_string()).collect();
    /// assert_eq!(codes, ["S30A", "S31A", "S32A", "N30A", "N32A", "N30B", "N31B", "N32B"]);
    /// # Ok::<(), dipper_grid::CodeError>(())
    /// ```
    pub fn neighbours(self) -> Neighbours {
        let mut cells = Vec::with_capacity(8);
        if self.is_polar() {
            polar_neighbours(self, &mut cells);
        } else {
            let here = Index::of(self);
            for (up, right) in [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)] {
                cells.extend(here.step(right, up).cell());
            }
            if cells.len() < 8 {
                match here.level {
                    Level::L1 => cells.push(polar::cap(here.row < 0)),
                    Level::L2 => cells.extend(polar::above_column(here.row < 0, here.column)),
                    _ => {}
                }
            }
        }
        Neighbours(cells.into_iter())
    }
}

impl Cell {
    /// The neighbours that share an edge with the cell: four almost everywhere.
    ///
    /// South, west, east and north, across the equator, the prime meridian and ±180° alike. At the 88° parallel a
    /// cell of level 3 to 10 has three and one of level 1 or 2 has the polar cell above it.
    ///
    /// ```
    /// use dipper_grid::Cell;
    /// let gulf_of_guinea: Cell = "N31A".parse()?;
    /// let codes: Vec<String> = gulf_of_guinea.edge_neighbours().map(|cell| cell.to_string()).collect();
    /// assert_eq!(codes, ["S31A", "N30A", "N32A", "N31B"]);
    /// # Ok::<(), dipper_grid::CodeError>(())
    /// ```
    pub fn edge_neighbours(self) -> Neighbours {
        let mut cells: Vec<Cell> = self.neighbours().collect();
        cells.retain(|other| shares_edge(self, *other));
        Neighbours(cells.into_iter())
    }
}

/// Whether two neighbours share an edge, not only a corner.
fn shares_edge(a: Cell, b: Cell) -> bool {
    match (a.is_polar(), b.is_polar()) {
        (false, false) => {
            let (a, b) = (Index::of(a), Index::of(b));
            a.column == b.column || a.row == b.row
        }
        (true, true) => polar::share_edge(a, b),
        (false, true) => a.level() == Level::L1 || polar::stands_under(Index::of(a).column, b),
        (true, false) => a.level() == Level::L1 || polar::stands_under(Index::of(b).column, a),
    }
}

fn polar_neighbours(cell: Cell, cells: &mut Vec<Cell>) {
    let level = cell.level();
    let rows = i64::from(POLAR_FROM / level.lat_units());
    let row = if polar::is_south(cell) { -rows } else { rows - 1 };
    let below = |column: i64| Index { level, column, row }.cell();
    if level == Level::L1 {
        cells.extend((-30..30).filter_map(below));
    } else {
        cells.extend(polar::columns_below(cell).filter_map(below));
        cells.extend(polar::touching(cell));
    }
}

/// The neighbours of a cell; see [`Cell::neighbours`].
#[derive(Clone, Debug)]
pub struct Neighbours(vec::IntoIter<Cell>);

impl Iterator for Neighbours {
    type Item = Cell;

    fn next(&mut self) -> Option<Cell> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Neighbours {}

impl core::iter::FusedIterator for Neighbours {}
