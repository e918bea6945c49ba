//! Covers of mixed levels under a budget of cells: coarse inside, fine along the sides.
//!
//! Cells are divided level by level, those with the fewest parts first, as long as the budget lasts. Must never hold
//! more cells than the budget, but for a fixed number of times as many under way in an inner cover.

use alloc::rc::Rc;
use alloc::vec::Vec;

use super::cover::{CoverError, Part};
use super::scan::{Run, Scan, Want, Window};
use super::{MultiPolygon, Polygon, Side};
use crate::cell::Cell;
use crate::level::Level;
use crate::set::CellSet;

/// Which side of the polygon a cover errs on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bias {
    /// No point of the polygon is left out.
    Outer,
    /// No point outside is taken in.
    Inner,
}

/// Cells under way for one cell of the budget of an inner cover, which holds none of them yet.
const OPEN_PER_CELL: usize = 16;

/// A cell that the sides cut.
struct Open {
    part: usize,
    column: i64,
    row: i64,
    /// The sides that reach its rows, or those of a cell above it.
    sides: Rc<[Side]>,
}

/// What an open cell is divided into.
struct Division {
    sides: Rc<[Side]>,
    runs: Vec<Run>,
    whole: usize,
    cut: usize,
}

impl Polygon {
    /// Covers the polygon with at most `max_cells` cells down to level `finest`: no point of it is left out.
    ///
    /// Cells inside stay as coarse as they are; those on the sides are divided while the budget lasts, so that a
    /// greater budget fits closer. In code order, none within another, complete families merged. Points on the
    /// sides count as under [`super::CoverMode::Intersects`].
    ///
    /// # Errors
    /// [`CoverError::TooManyCells`] when the polygon touches more cells of level 1 than the budget.
    ///
    /// ```
    /// use dipper_grid::{Bounds, Level, Polygon};
    /// let city = Polygon::from_bounds(Bounds::new(113.75, 22.4, 114.62, 22.86)?)?;
    /// let (coarse, fine) = (city.outer_cover(Level::L7, 16)?, city.outer_cover(Level::L7, 2_000)?);
    /// assert!(coarse.len() <= 16 && fine.len() <= 2_000);
    /// let area = |cells: &[dipper_grid::Cell]| cells.iter().map(|cell| cell.area_m2()).sum::<f64>();
    /// assert!(area(&fine) < area(&coarse));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn outer_cover(&self, finest: Level, max_cells: usize) -> Result<Vec<Cell>, CoverError> {
        cover(&self.parts(), finest, max_cells, Bias::Outer)
    }

    /// Fills the polygon with at most `max_cells` cells down to level `finest`: no point outside it is taken in.
    ///
    /// # Errors
    /// [`CoverError::TooManyCells`] when the cells of level 1 inside it, or sixteen times as many that its sides cut,
    /// exceed the budget.
    pub fn inner_cover(&self, finest: Level, max_cells: usize) -> Result<Vec<Cell>, CoverError> {
        cover(&self.parts(), finest, max_cells, Bias::Inner)
    }
}

impl MultiPolygon {
    fn parts(&self) -> Vec<Part> {
        self.0.iter().flat_map(Polygon::parts).collect()
    }

    /// Covers all the polygons; see [`Polygon::outer_cover`].
    ///
    /// # Errors
    /// [`CoverError::TooManyCells`] when they touch more cells of level 1 than the budget.
    pub fn outer_cover(&self, finest: Level, max_cells: usize) -> Result<Vec<Cell>, CoverError> {
        cover(&self.parts(), finest, max_cells, Bias::Outer)
    }

    /// Fills the polygons; see [`Polygon::inner_cover`].
    ///
    /// # Errors
    /// [`CoverError::TooManyCells`] as there.
    pub fn inner_cover(&self, finest: Level, max_cells: usize) -> Result<Vec<Cell>, CoverError> {
        cover(&self.parts(), finest, max_cells, Bias::Inner)
    }
}

fn cover(parts: &[Part], finest: Level, max_cells: usize, bias: Bias) -> Result<Vec<Cell>, CoverError> {
    let most_open = match bias {
        Bias::Outer => max_cells,
        Bias::Inner => max_cells.saturating_mul(OPEN_PER_CELL),
    };
    let (mut done, mut open) = (Vec::new(), Vec::new());
    for (number, part) in parts.iter().enumerate() {
        let Some(window) = part.window(Level::L1) else { continue };
        let division = divide(part, &part.sides, window, Level::L1);
        take(parts, number, division, Level::L1, &mut done, &mut open);
    }
    let too_many = match bias {
        Bias::Outer => done.len() + open.len() > max_cells,
        Bias::Inner => done.len() > max_cells || open.len() > most_open,
    };
    if too_many {
        return Err(CoverError::TooManyCells { limit: max_cells });
    }
    let mut level = Level::L1;
    while let Some(finer) = level.finer().filter(|finer| *finer <= finest && !open.is_empty()) {
        let mut divisions: Vec<(Open, Division)> = open
            .drain(..)
            .map(|cell: Open| {
                let division = divide(&parts[cell.part], &cell.sides, children(&parts[cell.part], &cell, level), finer);
                (cell, division)
            })
            .collect();
        divisions.sort_by_key(|(_, division)| division.whole + division.cut);
        // Cells of this level that are kept as they are, unless they are divided.
        let mut waiting = divisions.len();
        for (cell, division) in divisions {
            waiting -= 1;
            let fits = match bias {
                Bias::Outer => done.len() + open.len() + waiting + division.whole + division.cut <= max_cells,
                Bias::Inner => done.len() + division.whole <= max_cells && open.len() + division.cut <= most_open,
            };
            if fits {
                take(parts, cell.part, division, finer, &mut done, &mut open);
            } else if bias == Bias::Outer {
                done.push(parts[cell.part].cell(level, cell.column, cell.row));
            }
        }
        level = finer;
    }
    if bias == Bias::Outer {
        done.extend(open.iter().map(|cell| parts[cell.part].cell(level, cell.column, cell.row)));
    }
    Ok(done.into_iter().collect::<CellSet>().cells().collect())
}

/// The cells of the next level in an open cell.
fn children(part: &Part, cell: &Open, level: Level) -> Window {
    let finer = level.finer().unwrap_or(level);
    let (frame, inner) = (part.frame(level), part.frame(finer));
    let (columns, rows) = (frame.width / inner.width, frame.height / inner.height);
    let span = |at: i64, count: i64| (at * count, (at + 1) * count - 1);
    Window { columns: span(cell.column, columns), rows: span(cell.row, rows) }
}

/// Tells the cells of `level` in a window that are inside from those that the sides cut.
fn divide(part: &Part, sides: &[Side], window: Window, level: Level) -> Division {
    let frame = part.frame(level);
    let (bottom, top) = (window.rows.0 * frame.height, (window.rows.1 + 1) * frame.height);
    let right = (window.columns.1 + 1) * frame.width;
    let near = |side: &&Side| bottom <= side.y1 && side.y0 <= top && side.x0.min(side.x1) <= right;
    let sides: Rc<[Side]> = sides.iter().filter(near).copied().collect();
    let mut scan = Scan::new(&sides, frame, window, Want::Both);
    let mut runs = Vec::new();
    while scan.next_row(&mut runs) {}
    let count = |whole: bool| {
        let runs = runs.iter().filter(|run| run.whole == whole);
        runs.map(|run| (run.columns.1 - run.columns.0 + 1) as usize).sum()
    };
    Division { whole: count(true), cut: count(false), sides, runs }
}

/// Adds the cells of a division to those done and those open.
fn take(parts: &[Part], part: usize, division: Division, level: Level, done: &mut Vec<Cell>, open: &mut Vec<Open>) {
    for run in division.runs {
        for column in run.columns.0..=run.columns.1 {
            if run.whole {
                done.push(parts[part].cell(level, column, run.row));
            } else {
                open.push(Open { part, column, row: run.row, sides: Rc::clone(&division.sides) });
            }
        }
    }
}
