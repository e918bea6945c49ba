//! Lines of cells without leaks: every cell a segment passes, in order, each sharing an edge with the next.
//!
//! Integers throughout, so that no rounding can drop or invent a cell. Must never sample a segment.

use crate::cell::{Cell, GridError};
use crate::fixed::{self, FRACTION_BITS, ONE, TURN};
use crate::index::{self, Index};
use crate::level::Level;
use crate::point::LonLat;
use crate::traverse::{TraverseError, place, same_level};

/// One axis of a walk, in fixed point.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Axis {
    /// The cell the walk is in.
    at: i64,
    /// Cells still to enter.
    left: u64,
    /// -1 or 1.
    direction: i64,
    /// How far the segment goes, without sign.
    length: i64,
    /// From the start of the segment to the next boundary, in its direction; at most a hair below 0.
    boundary: i64,
    /// Size of a cell.
    size: i64,
}

impl Axis {
    /// An axis from cell `first` to cell `last`, the segment going from `from` to `to`.
    pub fn new(first: i64, last: i64, from: i64, to: i64, size: i64) -> Axis {
        let direction = if to < from { -1 } else { 1 };
        let edge = if direction > 0 { (first + 1) * size } else { first * size };
        // A segment that a rounding error turns round goes nowhere.
        let left = if (last - first) * direction > 0 { first.abs_diff(last) } else { 0 };
        Axis { at: first, left, direction, length: (to - from).abs(), boundary: (edge - from) * direction, size }
    }

    /// The boundary that the walk crosses next, counted in cells.
    fn crossing(&self) -> i64 {
        if self.direction > 0 { self.at + 1 } else { self.at }
    }

    fn advance(&mut self) {
        self.at += self.direction;
        self.left -= 1;
        self.boundary += self.size;
    }

    /// Whether the boundary of `self` is met before that of `other`, with it, or after: boundary / length compared.
    fn compare(&self, other: &Axis) -> core::cmp::Ordering {
        let time = |a: &Axis, b: &Axis| i128::from(a.boundary) * i128::from(b.length);
        time(self, other).cmp(&time(other, self))
    }
}

/// The cell along one axis that holds a boundary: indices count from 0 to both sides, and so do half-open cells.
pub(crate) fn holder(boundary: i64) -> i64 {
    if boundary < 0 { boundary - 1 } else { boundary }
}

/// A walk along a segment through cells of up to three axes: x, y, z.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    axes: [Axis; 3],
    /// Columns round the globe.
    columns: i64,
    started: bool,
}

impl Walk {
    pub fn new(x: Axis, y: Axis, z: Axis, columns: i64) -> Walk {
        Walk { axes: [x, y, z], columns, started: false }
    }

    /// Cells still to come.
    pub fn left(&self) -> u64 {
        self.axes.iter().map(|axis| axis.left).sum::<u64>() + u64::from(!self.started)
    }

    /// The axis along which the walk goes on.
    ///
    /// The one whose boundary comes first. Where several are met at once, in a corner, the cell that holds the corner
    /// itself is passed; before it and after it southern and lower cells come first whichever way the walk goes.
    fn next_axis(&self) -> Option<usize> {
        let open = |at: &usize| self.axes[*at].left > 0;
        let first = (0..3).filter(open).min_by(|a, b| self.axes[*a].compare(&self.axes[*b]))?;
        let met_now = |at: &usize| self.axes[*at].compare(&self.axes[first]).is_eq();
        (0..3).filter(open).filter(met_now).min_by_key(|at| self.turn(*at))
    }

    /// The order of axes in a corner.
    fn turn(&self, at: usize) -> (bool, i64) {
        let axis = &self.axes[at];
        let boundary = axis.crossing();
        // Columns are counted round the globe; the boundary they meet in is held as its degrees say.
        let shift = if at == 0 { (boundary + self.columns / 2).div_euclid(self.columns) * self.columns } else { 0 };
        let holds = holder(boundary - shift) + shift;
        let is_entered = holds == axis.at + axis.direction;
        let rank = [0, 2, 1][at] * axis.direction;
        (!is_entered, rank)
    }

    /// The next place: column, row and layer.
    pub fn next(&mut self) -> Option<[i64; 3]> {
        if self.started {
            let at = self.next_axis()?;
            self.axes[at].advance();
        }
        self.started = true;
        Some(self.axes.map(|axis| axis.at))
    }
}

/// Where a point of a line is: its cell and its position.
#[derive(Clone, Copy)]
pub(crate) struct End {
    pub index: Index,
    pub x: i64,
    pub y: i64,
}

impl End {
    pub fn of_point(point: LonLat, level: Level) -> Result<End, GridError> {
        let cell = Cell::encode(point, level)?;
        if cell.is_polar() {
            return Err(GridError::PolarLevel { level });
        }
        let (x, y) = (fixed::of_degrees(point.lon_deg()), fixed::of_degrees(point.lat_deg()));
        Ok(End { index: Index::of(cell), x, y })
    }

    pub fn of_cell(cell: Cell) -> Result<End, TraverseError> {
        let index = place(cell)?;
        let middle = |at: i64, size: u32| (2 * at + 1) * (i64::from(size) << (FRACTION_BITS - 1));
        let level = index.level;
        Ok(End { index, x: middle(index.column, level.lon_units()), y: middle(index.row, level.lat_units()) })
    }

    /// The axes x and y from here to there, the shorter way round the globe, and the columns of the level.
    pub fn axes_to(self, mut there: End) -> (Axis, Axis, i64) {
        let (level, columns) = (self.index.level, index::columns(self.index.level));
        let turns = i64::from(self.x - there.x > TURN / 2) - i64::from(there.x - self.x > TURN / 2);
        there.x += turns * TURN;
        there.index.column += turns * columns;
        let size = |units: u32| i64::from(units) * ONE;
        let x = Axis::new(self.index.column, there.index.column, self.x, there.x, size(level.lon_units()));
        let y = Axis::new(self.index.row, there.index.row, self.y, there.y, size(level.lat_units()));
        (x, y, columns)
    }
}

/// The cells of `level` that the segment between two points passes, in order.
///
/// The segment is straight in longitude and latitude (as a GeoJSON line), and takes the shorter way round the globe.
/// The walk begins in the cell of the first point and ends in that of the second; every point of the segment lies in
/// a cell of the walk; each cell shares an edge with the next. Where the segment passes exactly through a corner of
/// cells, the walk turns through the cell that holds the corner, or through the southern one when that cell is passed
/// anyway; so a line and its reverse have the same cells. Points are rounded to 2⁻²⁰ unit, 15 nanometres.
///
/// # Errors
/// [`GridError::PolarLevel`] when a point lies at 88° of latitude or more.
///
/// ```
/// use dipper_grid::{Level, LonLat, line};
/// let (west, east) = (LonLat::new(-0.01, -0.01)?, LonLat::new(0.01, 0.01)?);
/// let codes: Vec<String> = line(west, east, Level::L4)?.map(|cell| cell.to_string()).collect();
/// assert_eq!(codes, ["S30A00000", "S31A00000", "N31A00000"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn line(from: LonLat, to: LonLat, level: Level) -> Result<Line, GridError> {
    let (x, y, columns) = End::of_point(from, level)?.axes_to(End::of_point(to, level)?);
    Ok(Line { level, walk: Walk::new(x, y, Axis::default(), columns) })
}

impl Cell {
    /// The cells that the segment between the middles of two cells passes, both ends included; see [`line`].
    ///
    /// # Errors
    /// [`TraverseError`] when the levels differ or a cell is polar.
    ///
    /// ```
    /// use dipper_grid::Cell;
    /// let (from, to): (Cell, Cell) = ("N50J47539".parse()?, "N50J475C0".parse()?);
    /// let line: Vec<Cell> = from.line_to(to)?.collect();
    /// assert_eq!(line.len(), 1 + 9 + 9);
    /// assert!(line.windows(2).all(|pair| pair[0].edge_neighbours().any(|cell| cell == pair[1])));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn line_to(self, other: Cell) -> Result<Line, TraverseError> {
        same_level(self, other)?;
        let (x, y, columns) = End::of_cell(self)?.axes_to(End::of_cell(other)?);
        Ok(Line { level: self.level(), walk: Walk::new(x, y, Axis::default(), columns) })
    }
}

/// The cells along a segment; see [`line`].
#[derive(Clone, Debug)]
pub struct Line {
    level: Level,
    walk: Walk,
}

impl Line {
    /// How many cells are still to come; at once, however many.
    pub fn count_cells(&self) -> u64 {
        self.walk.left()
    }
}

impl Iterator for Line {
    type Item = Cell;

    fn next(&mut self) -> Option<Cell> {
        let [column, row, _] = self.walk.next()?;
        // Between two rows below 88° there is no other row.
        Index { level: self.level, column, row }.cell()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = usize::try_from(self.count_cells());
        (count.unwrap_or(usize::MAX), count.ok())
    }
}

impl core::iter::FusedIterator for Line {}
