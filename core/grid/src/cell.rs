//! The cell: one packed key and what can be asked of it.
//!
//! Must never hold a key that is not the key of exactly one cell: every constructor checks or computes.

use core::fmt;
use core::num::NonZeroI64;
use core::ops::RangeInclusive;

use crate::layout::{self, HALF_TURN, L1_STRIDE, L2_STRIDE, L5_SHIFT, LEAF, POLAR_FROM, RANK_SHIFT, RANKS, Spot};
use crate::level::{Level, UNITS_PER_DEG};
use crate::point::{Bounds, LonLat};
use crate::polar;

/// A cell of the BeiDou grid (GB/T 39409-2020, two-dimensional), of any of the ten levels.
///
/// Eight bytes, never zero and never negative, so it fits a signed `BIGINT` and `Option<Cell>` costs nothing.
/// Cells compare as their code strings do, at one level and between levels: an ancestor comes just before its
/// descendants, which fill the one range [`Cell::range`].
///
/// ```
/// use dipper_grid::{Cell, Level, LonLat};
/// let cell = Cell::encode(LonLat::new(116.3126, 39.9932)?, Level::L5)?;
/// assert_eq!(cell.to_string(), "N50J47539B8");
/// assert_eq!("N50J47539B8".parse(), Ok(cell));
/// assert_eq!(Cell::try_from(cell.get()), Ok(cell));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell(NonZeroI64);

impl Cell {
    /// Wraps a key known to be the key of a cell.
    #[inline]
    pub(crate) fn of_key(key: u64) -> Cell {
        Cell(NonZeroI64::new(key as i64).expect("the slot of a key is never zero"))
    }

    #[inline]
    pub(crate) fn key(self) -> u64 {
        self.0.get() as u64
    }

    /// The cell of `level` that holds the point.
    ///
    /// Cells are half-open away from the equator and the prime meridian; 0 belongs to north and to east; a point
    /// on ±180° falls in the last cell of its own side. A coordinate less than 10⁻⁶ unit (15 nanometres) below
    /// a cell edge is taken to lie on it, so that a decoded corner encodes to the cell it came from.
    ///
    /// # Errors
    /// [`GridError::PolarLevel`] at levels 3 to 10 when |latitude| is 88° or more: the standard does not say
    /// enough to number those cells.
    ///
    /// ```
    /// use dipper_grid::{Cell, GridError, Level, LonLat};
    /// let alert = LonLat::new(-62.3, 82.5)?;
    /// assert_eq!(Cell::encode(alert, Level::L2)?.to_string(), "N20U45");
    /// let pole = LonLat::new(0.0, 90.0)?;
    /// assert_eq!(Cell::encode(pole, Level::L2)?.to_string(), "N00000");
    /// assert_eq!(Cell::encode(pole, Level::L3), Err(GridError::PolarLevel { level: Level::L3 }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn encode(point: LonLat, level: Level) -> Result<Cell, GridError> {
        let ky = layout::units(point.lat_deg().abs());
        if ky >= POLAR_FROM {
            return polar::encode(point, ky, level);
        }
        let spot = Spot {
            west: point.lon_deg() < 0.0,
            south: point.lat_deg() < 0.0,
            kx: layout::units(point.lon_deg().abs()).min(HALF_TURN - 1),
            ky,
        };
        Ok(Cell::of_key(spot.key(level)))
    }

    /// The packed key: positive, ordered as the code strings are.
    #[inline]
    pub const fn get(self) -> i64 {
        self.0.get()
    }

    /// The level of the cell.
    #[inline]
    pub fn level(self) -> Level {
        layout::level_of(self.key())
    }

    /// Whether the cell lies in a polar cap, |latitude| 88° or more.
    pub fn is_polar(self) -> bool {
        layout::is_polar(self.key())
    }

    /// The cell one level coarser that holds this one, or `None` at level 1.
    #[inline]
    pub fn parent(self) -> Option<Cell> {
        self.level().coarser().map(|level| Cell::of_key(layout::at_level(self.key(), level)))
    }

    /// The cell of `level` that holds this one: itself at its own level, `None` at a finer one.
    #[inline]
    pub fn ancestor(self, level: Level) -> Option<Cell> {
        if self.level() == level {
            return Some(self);
        }
        (level < self.level()).then(|| Cell::of_key(layout::at_level(self.key(), level)))
    }

    /// How many children the cell has.
    ///
    /// By level 1 to 9: 96, 6, 150, 225, 4, 64, 64, 64, 64; none at level 10. A polar cell has 16 at level 1
    /// and none at level 2, below which the standard leaves polar cells open.
    pub fn child_count(self) -> u32 {
        match (self.level(), self.is_polar()) {
            (Level::L1, true) => polar::SECTORS,
            (_, true) => 0,
            (level, false) => [96, 6, 150, 225, 4, 64, 64, 64, 64, 0][level.get() as usize - 1],
        }
    }

    /// The child at `index` in code order, or `None` when there are not so many.
    pub fn child(self, index: u32) -> Option<Cell> {
        let level = self.level().finer()?;
        if index >= self.child_count() {
            return None;
        }
        let slot = if level == Level::L10 { LEAF } else { u64::from(level.get()) };
        let start = (self.key() & !63) + u64::from(index) * layout::span(level);
        Some(Cell::of_key(start | slot))
    }

    /// The place of the cell among its parent's children, or `None` at level 1.
    pub fn child_index(self) -> Option<u32> {
        let parent = self.parent()?;
        let start = if self.key() & LEAF != 0 { self.key() & !LEAF } else { self.key() & !63 };
        Some(((start - (parent.key() & !63)) / layout::span(self.level())) as u32)
    }

    /// The children of the cell, one level finer, in code order.
    ///
    /// ```
    /// use dipper_grid::Cell;
    /// let sheet: Cell = "N50J47".parse()?;
    /// let codes: Vec<String> = sheet.children().map(|child| child.to_string()).collect();
    /// assert_eq!(codes, ["N50J470", "N50J471", "N50J472", "N50J473", "N50J474", "N50J475"]);
    /// # Ok::<(), dipper_grid::CodeError>(())
    /// ```
    pub fn children(self) -> Children {
        Children { parent: self, next: 0, end: self.child_count() }
    }

    /// The keys of the cell and of all its descendants, and of nothing else.
    ///
    /// ```
    /// use dipper_grid::{Cell, Level};
    /// let block: Cell = "N50J47539B8".parse()?;
    /// let door: Cell = "N50J47539B8255346152".parse()?;
    /// assert!(block.range().contains(&door.get()));
    /// assert_eq!(*block.range().start(), block.get());
    /// # Ok::<(), dipper_grid::CodeError>(())
    /// ```
    #[inline]
    pub fn range(self) -> RangeInclusive<i64> {
        self.get()..=layout::last_of(self.key()) as i64
    }

    /// Whether `other` is this cell or one of its descendants.
    #[inline]
    pub fn contains(self, other: Cell) -> bool {
        self.range().contains(&other.get())
    }

    /// The edges of the cell, in degrees.
    ///
    /// West is greater than east for one cell and its like at the south pole: `N00002`, 120°E to 120°W
    /// across the 180° meridian.
    pub fn bounds(self) -> Bounds {
        if self.is_polar() {
            return polar::bounds(self);
        }
        let spot = Spot::of_key(self.key());
        let level = self.level();
        let (near_x, far_x) = (degrees(spot.kx), degrees(spot.kx + level.lon_units()));
        let (near_y, far_y) = (degrees(spot.ky), degrees(spot.ky + level.lat_units()));
        // 0.0 - x, not -x: an edge on the equator or the prime meridian is 0.0.
        let (west, east) = if spot.west { (0.0 - far_x, 0.0 - near_x) } else { (near_x, far_x) };
        let (south, north) = if spot.south { (0.0 - far_y, 0.0 - near_y) } else { (near_y, far_y) };
        Bounds { west, south, east, north }
    }

    /// The middle of the cell; it encodes to the cell again at its level.
    ///
    /// The middle of a cell around a pole is the pole.
    pub fn centre(self) -> LonLat {
        let (lon, lat) = if self.is_polar() {
            polar::centre(self)
        } else {
            let spot = Spot::of_key(self.key());
            let level = self.level();
            // In half units the middle is a whole number.
            let middle =
                |corner: u32, size: u32| (2.0 * f64::from(corner) + f64::from(size)) / (2.0 * f64::from(UNITS_PER_DEG));
            let (x, y) = (middle(spot.kx, level.lon_units()), middle(spot.ky, level.lat_units()));
            (if spot.west { -x } else { x }, if spot.south { -y } else { y })
        };
        LonLat::new(lon, lat).expect("the middle of a cell is on the globe")
    }

    /// The locating corner (定位角点): the corner nearest to (0, 0), the one the digits add up to.
    ///
    /// GB/T 39409-2020 annex B. A corner of a western or southern cell on the 0 meridian or the equator belongs,
    /// as a point, to the eastern or northern cell. Polar cells have no locating corner in the standard; theirs
    /// is the corner on the lower parallel and the meridian nearer to 0 (the eastern one of two).
    pub fn corner(self) -> LonLat {
        let Bounds { west, south, east, north } = self.bounds();
        let nearer = |low: f64, high: f64| if high.abs() < low.abs() { high } else { low };
        LonLat::new(nearer(west, east), nearer(south, north)).expect("the corner of a cell is on the globe")
    }
}

/// Whole units of 1/2048 second as degrees, correctly rounded.
#[inline]
pub(crate) fn degrees(units: u32) -> f64 {
    f64::from(units) / f64::from(UNITS_PER_DEG)
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cell({self})")
    }
}

impl From<Cell> for i64 {
    fn from(cell: Cell) -> i64 {
        cell.get()
    }
}

impl TryFrom<i64> for Cell {
    type Error = KeyError;

    /// Checks that a number is the key of a cell.
    fn try_from(number: i64) -> Result<Cell, KeyError> {
        let fault = KeyError { number };
        if number <= 0 {
            return Err(fault);
        }
        let key = number as u64;
        let slot_is_level = (1..=9).contains(&(key & 127));
        let rank = (key >> RANK_SHIFT) as u32;
        if (key & LEAF == 0 && !slot_is_level) || rank >= RANKS || key >> L5_SHIFT & 0xFF >= 225 {
            return Err(fault);
        }
        let level = layout::level_of(key);
        let canonical = layout::at_level(key, level);
        let polar_exists =
            !layout::is_polar(key) || (level <= Level::L2 && rank % L1_STRIDE / L2_STRIDE < polar::SECTORS);
        if canonical == key && polar_exists { Ok(Cell::of_key(key)) } else { Err(fault) }
    }
}

/// The children of a cell in code order; see [`Cell::children`].
#[derive(Clone, Debug)]
pub struct Children {
    parent: Cell,
    next: u32,
    end: u32,
}

impl Iterator for Children {
    type Item = Cell;

    fn next(&mut self) -> Option<Cell> {
        if self.next >= self.end {
            return None;
        }
        let child = self.parent.child(self.next);
        self.next += 1;
        child
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.end - self.next) as usize;
        (left, Some(left))
    }
}

impl DoubleEndedIterator for Children {
    fn next_back(&mut self) -> Option<Cell> {
        if self.next >= self.end {
            return None;
        }
        self.end -= 1;
        self.parent.child(self.end)
    }
}

impl ExactSizeIterator for Children {}

impl core::iter::FusedIterator for Children {}

/// Why a point has no cell of the level asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GridError {
    /// The point lies in a polar cap, where only levels 1 and 2 are defined.
    PolarLevel {
        /// The level asked for.
        level: Level,
    },
}

impl fmt::Display for GridError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GridError::PolarLevel { level } => write!(
                f,
                "no cell of level {level} at 88 degrees of latitude or more; polar cells have levels 1 and 2 only"
            ),
        }
    }
}

impl core::error::Error for GridError {}

/// A number that is not the packed key of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError {
    /// The number given.
    pub number: i64,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not the key of a grid cell", self.number)
    }
}

impl core::error::Error for KeyError {}
