//! Covers of one level.
//!
//! Must never allocate more than the caller's limit allows; the iterator makes no list at all.

use alloc::vec::Vec;
use core::fmt;

use super::scan::{Frame, Run, Scan, Want, Window};
use super::{MultiPolygon, Polygon, Side};
use crate::cell::Cell;
use crate::fixed::{ONE, TURN};
use crate::index;
use crate::layout::Spot;
use crate::level::Level;

/// Which cells cover a polygon. Within ⊆ centre ⊆ intersects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CoverMode {
    /// The cell's middle is inside. Polygons that share a side share no cell and leave none out: a middle on a side
    /// belongs to the polygon beyond it, as seen from the prime meridian, or from the equator where the side is level.
    Centre,
    /// The cell holds a point of the polygon, sides included: exactly the cells that points of the polygon encode to.
    /// As cells are half-open, a polygon made of cells touches the cells beyond its far sides too.
    Intersects,
    /// The cell, edges included, lies inside the polygon, sides included.
    Within,
}

impl CoverMode {
    fn want(self) -> Want {
        match self {
            CoverMode::Centre => Want::Centre,
            CoverMode::Intersects => Want::Intersects,
            CoverMode::Within => Want::Within,
        }
    }
}

/// A polygon in one quadrant, mirrored to the north-east, on the copy of the globe that lies there.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub west: bool,
    pub south: bool,
    pub sides: Vec<Side>,
    pub x: (i64, i64),
    pub y: (i64, i64),
}

impl Part {
    /// The quadrant with cells of a level.
    pub fn frame(&self, level: Level) -> Frame {
        let size = |units: u32| i64::from(units) * ONE;
        Frame { west: self.west, south: self.south, width: size(level.lon_units()), height: size(level.lat_units()) }
    }

    /// The cells of a level that the box round the part meets; none beyond ±180° and 88°.
    pub fn window(&self, level: Level) -> Option<Window> {
        let frame = self.frame(level);
        let span = |(low, high): (i64, i64), size: i64, count: i64| {
            let last = count - 1;
            let span = ((low.max(0) / size).min(last), high.div_euclid(size).min(last));
            (span.0 <= span.1).then_some(span)
        };
        let columns = span(self.x, frame.width, index::columns(level) / 2)?;
        Some(Window { columns, rows: span(self.y, frame.height, index::rows(level))? })
    }

    /// The cell at a column and row.
    #[inline]
    pub fn cell(&self, level: Level, column: i64, row: i64) -> Cell {
        let spot = Spot {
            west: self.west,
            south: self.south,
            kx: column as u32 * level.lon_units(),
            ky: row as u32 * level.lat_units(),
        };
        Cell::of_key(spot.key(level))
    }
}

/// What each column adds to the key of the first cell of a row: within a quadrant a key is the sum of a part of the
/// column and a part of the row, as no digit is shared and none carries.
struct RowKeys {
    first: i64,
    added: Vec<u64>,
}

impl RowKeys {
    /// Columns beyond which keys are made one by one: half a megabyte.
    const MOST: i64 = 1 << 16;

    fn new(part: &Part, level: Level) -> RowKeys {
        let (first, last) = part.window(level).map_or((0, -1), |window| window.columns);
        let from = part.cell(level, 0, 0).key();
        let count = if last - first < RowKeys::MOST { last - first + 1 } else { 0 };
        // A western column has a smaller key than the one before it.
        let added = (first..first + count).map(|column| part.cell(level, column, 0).key().wrapping_sub(from)).collect();
        RowKeys { first, added }
    }

    fn extend(&self, part: &Part, level: Level, run: Run, out: &mut Vec<Cell>) {
        let (from, to) = ((run.columns.0 - self.first) as usize, (run.columns.1 - self.first) as usize);
        let Some(added) = self.added.get(from..=to) else {
            out.extend((run.columns.0..=run.columns.1).map(|column| part.cell(level, column, run.row)));
            return;
        };
        let row = part.cell(level, 0, run.row).key();
        out.extend(added.iter().map(|added| Cell::of_key(row.wrapping_add(*added))));
    }
}

impl Polygon {
    /// The polygon in each quadrant it reaches.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        for (west, south) in [(false, false), (true, false), (false, true), (true, true)] {
            let turns: &[i64] = if self.wraps { &[0, TURN, -TURN] } else { &[0] };
            for turn in turns {
                let along = |x: i64| if west { -(x + *turn) } else { x + *turn };
                let up = |y: i64| if south { -y } else { y };
                let order = |a: i64, b: i64| (a.min(b), a.max(b));
                let (x, y) = (order(along(self.x.0), along(self.x.1)), order(up(self.y.0), up(self.y.1)));
                // 0 belongs to the east and the north.
                let reaches = x.1 >= i64::from(west) && y.1 >= i64::from(south) && x.0 <= TURN / 2;
                if reaches {
                    let mirror = |side: &Side| Side::new((along(side.x0), up(side.y0)), (along(side.x1), up(side.y1)));
                    parts.push(Part { west, south, sides: self.sides.iter().map(mirror).collect(), x, y });
                }
            }
        }
        parts
    }

    /// The cells of `level` that cover the polygon, each once, lazily and in no order to rely on.
    pub fn cells(&self, level: Level, mode: CoverMode) -> PolygonCells {
        PolygonCells {
            level,
            want: mode.want(),
            parts: self.parts(),
            scan: None,
            runs: Vec::new(),
            open: None,
            steps: 0,
            most_steps: u64::MAX,
        }
    }

    /// The cells of `level` that cover the polygon, in code order, at most `limit` of them.
    ///
    /// # Errors
    /// [`CoverError::TooManyCells`] when there are more, or when the sides pass more than eight times as many rows of
    /// cells (a long sliver can pass a billion rows and hold no middle).
    pub fn cover(&self, level: Level, mode: CoverMode, limit: usize) -> Result<Vec<Cell>, CoverError> {
        let mut cells = Vec::new();
        self.collect(level, mode, limit, &mut cells)?;
        cells.sort_unstable();
        Ok(cells)
    }

    fn collect(&self, level: Level, mode: CoverMode, limit: usize, out: &mut Vec<Cell>) -> Result<(), CoverError> {
        let enough = 8 * (limit as u64).saturating_add(self.sides.len() as u64);
        let mut walk = self.cells(level, mode);
        let start = out.len();
        walk.most_steps = enough;
        let mut keys: Option<(usize, RowKeys)> = None;
        while let Some((part, run)) = walk.next_run() {
            let count = (run.columns.1 - run.columns.0 + 1) as u64;
            if (out.len() - start) as u64 + count > limit as u64 {
                return Err(CoverError::TooManyCells { limit });
            }
            if keys.as_ref().is_none_or(|(of, _)| *of != part) {
                keys = Some((part, RowKeys::new(&walk.parts[part], level)));
            }
            if let Some((_, keys)) = &keys {
                keys.extend(&walk.parts[part], level, run, out);
            }
        }
        if walk.steps > enough { Err(CoverError::TooManyCells { limit }) } else { Ok(()) }
    }
}

impl MultiPolygon {
    /// The cells of `level` that cover one of the polygons or more, in code order, each once; see [`Polygon::cover`].
    ///
    /// # Errors
    /// [`CoverError::TooManyCells`] when there are more than `limit`, those that several polygons share counted as
    /// often.
    pub fn cover(&self, level: Level, mode: CoverMode, limit: usize) -> Result<Vec<Cell>, CoverError> {
        let mut cells = Vec::new();
        for polygon in &self.0 {
            let left = limit - cells.len();
            let found = polygon.collect(level, mode, left, &mut cells);
            found.map_err(|_| CoverError::TooManyCells { limit })?;
        }
        cells.sort_unstable();
        cells.dedup();
        Ok(cells)
    }
}

/// The cells that cover a polygon; see [`Polygon::cells`].
pub struct PolygonCells {
    level: Level,
    want: Want,
    /// Parts still to be scanned; the last is the one under way.
    parts: Vec<Part>,
    scan: Option<Scan>,
    runs: Vec<Run>,
    /// The run being given and the column that comes next.
    open: Option<(Run, i64)>,
    /// Steps made along sides, and how many may be made before the walk ends.
    steps: u64,
    most_steps: u64,
}

impl PolygonCells {
    /// The next run of cells in one row, and the number of its part.
    fn next_run(&mut self) -> Option<(usize, Run)> {
        while self.steps <= self.most_steps {
            if let Some(run) = self.runs.pop() {
                return Some((self.parts.len() - 1, run));
            }
            if let Some(scan) = &mut self.scan {
                let before = scan.steps;
                let goes_on = scan.next_row(&mut self.runs);
                self.steps += scan.steps - before;
                if goes_on {
                    continue;
                }
                self.scan = None;
                self.parts.pop();
            }
            let part = self.parts.last()?;
            match part.window(self.level) {
                Some(window) => {
                    self.scan = Some(Scan::new(&part.sides, part.frame(self.level), window, self.want));
                }
                None => {
                    self.parts.pop();
                }
            }
        }
        None
    }
}

impl Iterator for PolygonCells {
    type Item = Cell;

    #[inline]
    fn next(&mut self) -> Option<Cell> {
        let (run, column) = match self.open {
            Some(open) => open,
            None => {
                let (_, run) = self.next_run()?;
                (run, run.columns.0)
            }
        };
        self.open = (column < run.columns.1).then_some((run, column + 1));
        self.parts.last().map(|part| part.cell(self.level, column, run.row))
    }
}

impl fmt::Debug for PolygonCells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolygonCells").field("level", &self.level).finish_non_exhaustive()
    }
}

impl core::iter::FusedIterator for PolygonCells {}

/// Why a cover was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CoverError {
    /// The cover, or the way along the sides to it, is longer than allowed.
    TooManyCells {
        /// The most cells allowed.
        limit: usize,
    },
}

impl fmt::Display for CoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CoverError::TooManyCells { limit } => {
                write!(f, "cover has more than {limit} cells; choose a coarser level or a greater limit")
            }
        }
    }
}

impl core::error::Error for CoverError {}
