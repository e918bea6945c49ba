//! Polygons with holes, and the cells that cover them.
//!
//! Vertices are rounded once to 2^-20 grid unit (15 nanometres); all that follows is exact in integers. Must never
//! test a cell by sampling points of it.

mod cover;
mod inside;
mod mixed;
mod scan;

use alloc::vec::Vec;
use core::fmt;

pub use cover::{CoverError, CoverMode, PolygonCells};

use crate::fixed::{self, ONE, TURN};
use crate::layout::POLAR_FROM;
use crate::point::{Bounds, LonLat};

/// A side of a polygon in fixed point, `y0 <= y1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Side {
    pub y0: i64,
    pub x0: i64,
    pub y1: i64,
    pub x1: i64,
}

impl Side {
    fn new((xa, ya): (i64, i64), (xb, yb): (i64, i64)) -> Side {
        if (ya, xa) <= (yb, xb) {
            Side { y0: ya, x0: xa, y1: yb, x1: xb }
        } else {
            Side { y0: yb, x0: xb, y1: ya, x1: xa }
        }
    }
}

/// A polygon with holes on the plane of longitude and latitude, CGCS2000 degrees.
///
/// Sides are straight in longitude and latitude, as in GeoJSON (RFC 7946 §3.1.1). A point is inside when a ray from it
/// meets an odd number of sides, so rings may turn either way and a ring within a hole is land again.
///
/// ```
/// use dipper_grid::{CoverMode, Level, LonLat, Polygon};
/// let point = |lon, lat| LonLat::new(lon, lat);
/// let park = [point(114.050, 22.540)?, point(114.060, 22.538)?, point(114.062, 22.548)?, point(114.049, 22.551)?];
/// let lake = [point(114.053, 22.542)?, point(114.057, 22.542)?, point(114.055, 22.546)?];
/// let polygon = Polygon::new([&park[..], &lake[..]])?;
/// let cells = polygon.cover(Level::L6, CoverMode::Centre, 10_000)?;
/// assert!(cells.is_sorted());
/// assert_eq!(polygon.cells(Level::L6, CoverMode::Centre).count(), cells.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Polygon {
    /// Whether it may reach beyond ±180°, onto another copy of the globe.
    wraps: bool,
    sides: Vec<Side>,
    /// Smallest and greatest x and y.
    x: (i64, i64),
    y: (i64, i64),
}

impl Polygon {
    /// Makes a polygon of rings: the outline first, then holes. A ring may repeat its first point at the end.
    ///
    /// A side from 170°E to 170°W goes the long way, through 0°, as RFC 7946 has it; see [`Polygon::wrapping`].
    ///
    /// # Errors
    /// [`PolygonError`]: no ring, a ring of fewer than three points, or a point beyond 88° of latitude, where there
    /// are no cells to cover it with.
    pub fn new<'a>(rings: impl IntoIterator<Item = &'a [LonLat]>) -> Result<Polygon, PolygonError> {
        let mut polygon = Polygon::empty(false);
        for (number, ring) in rings.into_iter().enumerate() {
            polygon.add(fixed_ring(number, ring)?);
        }
        polygon.finish()
    }

    /// Makes a polygon whose sides take the shorter way round the globe, so that it may lie across ±180°.
    ///
    /// # Errors
    /// As [`Polygon::new`], and [`PolygonError::RoundThePole`] when a ring goes once round the globe.
    ///
    /// ```
    /// use dipper_grid::{CoverMode, Level, LonLat, Polygon};
    /// let box_of = |w, s, e, n| [(w, s), (e, s), (e, n), (w, n)].map(|(x, y)| LonLat::new(x, y).expect("a point"));
    /// let fiji = box_of(177.1, -19.9, -178.1, -16.1);
    /// assert_eq!(Polygon::wrapping([&fiji[..]])?.cells(Level::L1, CoverMode::Intersects).count(), 2);
    /// assert_eq!(Polygon::new([&fiji[..]])?.cells(Level::L1, CoverMode::Intersects).count(), 60);
    /// # Ok::<(), dipper_grid::PolygonError>(())
    /// ```
    pub fn wrapping<'a>(rings: impl IntoIterator<Item = &'a [LonLat]>) -> Result<Polygon, PolygonError> {
        let mut polygon = Polygon::empty(true);
        for (number, ring) in rings.into_iter().enumerate() {
            let mut points = fixed_ring(number, ring)?;
            let first = points[0].0;
            let mut before = first;
            for (x, _) in &mut points {
                *x = near(*x, before);
                before = *x;
            }
            if near(first, before) != first {
                return Err(PolygonError::RoundThePole { ring: number });
            }
            let east = points.iter().map(|(x, _)| *x).max().unwrap_or_default();
            // A hole goes to the copy of the globe the outline is on.
            let west = points.iter().map(|(x, _)| *x).min().unwrap_or_default();
            if east - west > TURN {
                return Err(PolygonError::RoundThePole { ring: number });
            }
            let turns = [0, TURN, -TURN];
            let inside =
                turns.into_iter().find(|turn| number > 0 && (polygon.x.0..polygon.x.1).contains(&(west + turn)));
            points.iter_mut().for_each(|(x, _)| *x += inside.unwrap_or(0));
            polygon.add(points);
        }
        polygon.finish()
    }

    /// The polygon of a box, across ±180° where its west is greater than its east.
    ///
    /// # Errors
    /// [`PolygonError::BeyondCaps`] when the box reaches beyond 88° of latitude.
    pub fn from_bounds(bounds: Bounds) -> Result<Polygon, PolygonError> {
        let Bounds { west, south, east, north } = bounds;
        let corner = |lon, lat| LonLat::new(lon, lat).expect("a corner of a box is a point");
        let middle = if west <= east { (west + east) / 2.0 } else { (west + east) / 2.0 + 180.0 };
        let middle = if middle > 180.0 { middle - 360.0 } else { middle };
        // With a corner in the middle no side spans half the globe.
        let [a, b] = [(west, middle), (middle, east)]
            .map(|(w, e)| [corner(w, south), corner(e, south), corner(e, north), corner(w, north)]);
        if west <= east {
            Polygon::new([&[a[0], b[1], b[2], a[3]][..]])
        } else {
            Polygon::wrapping([&[a[0], a[1], b[1], b[2], b[3], a[3]][..]])
        }
    }

    /// The smallest box round the polygon, across ±180° where the polygon is; its corners are rounded to the nearest
    /// double.
    ///
    /// ```
    /// use dipper_grid::{Bounds, Polygon};
    /// let fiji = Bounds::new(177.0, -20.0, -178.0, -16.0)?;
    /// assert_eq!(Polygon::from_bounds(fiji)?.bounds(), fiji);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bounds(&self) -> Bounds {
        let is_round = self.x.1 - self.x.0 >= TURN;
        let (west, east) = if is_round { (-TURN / 2, TURN / 2) } else { self.x };
        // Only a polygon on another copy of the globe leaves ±180°.
        let lon = |x: i64| if x.abs() <= TURN / 2 { x } else { x - x.signum() * TURN };
        let [west, south, east, north] = [lon(west), self.y.0, lon(east), self.y.1].map(fixed::to_degrees);
        Bounds { west, south, east, north }
    }

    fn empty(wraps: bool) -> Polygon {
        Polygon { wraps, sides: Vec::new(), x: (i64::MAX, i64::MIN), y: (i64::MAX, i64::MIN) }
    }

    fn add(&mut self, points: Vec<(i64, i64)>) {
        let next = points.iter().skip(1).chain(points.first());
        for (from, to) in points.iter().zip(next) {
            self.x = (self.x.0.min(from.0), self.x.1.max(from.0));
            self.y = (self.y.0.min(from.1), self.y.1.max(from.1));
            if from != to {
                self.sides.push(Side::new(*from, *to));
            }
        }
    }

    fn finish(self) -> Result<Polygon, PolygonError> {
        // A ring that shrinks to a point in fixed point leaves no side.
        if self.sides.is_empty() { Err(PolygonError::NoRing) } else { Ok(self) }
    }
}

/// A longitude on the copy of the globe that is nearest another.
fn near(x: i64, before: i64) -> i64 {
    x + (before - x + TURN / 2).div_euclid(TURN) * TURN
}

fn fixed_ring(number: usize, ring: &[LonLat]) -> Result<Vec<(i64, i64)>, PolygonError> {
    const CAP: i64 = POLAR_FROM as i64 * ONE;
    let open = match ring {
        [first, rest @ .., last] if first == last && !rest.is_empty() => &ring[..ring.len() - 1],
        _ => ring,
    };
    if open.len() < 3 {
        return Err(PolygonError::ShortRing { ring: number, points: open.len() });
    }
    open.iter()
        .map(|point| {
            let y = fixed::of_degrees(point.lat_deg());
            if y.abs() > CAP {
                return Err(PolygonError::BeyondCaps { lat_deg: point.lat_deg() });
            }
            Ok((fixed::of_degrees(point.lon_deg()), y))
        })
        .collect()
}

/// Several polygons as one region; they may touch and overlap.
///
/// A cell is covered when it is covered for one of them: under [`CoverMode::Within`] a cell that two polygons hold
/// only together is left out.
#[derive(Clone, Debug, Default)]
pub struct MultiPolygon(pub Vec<Polygon>);

/// Why rings are not a polygon that cells can cover.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PolygonError {
    /// There is no ring, or nothing but one point.
    NoRing,
    /// A ring has fewer than three points.
    ShortRing {
        /// Its number, 0 for the outline.
        ring: usize,
        /// Its points, without the one repeated at the end.
        points: usize,
    },
    /// A point lies beyond 88° of latitude: the standard does not define cells finer than level 2 there.
    BeyondCaps {
        /// Its latitude.
        lat_deg: f64,
    },
    /// A ring goes round the globe: it bounds a pole, or laps itself.
    RoundThePole {
        /// Its number, 0 for the outline.
        ring: usize,
    },
}

impl fmt::Display for PolygonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolygonError::NoRing => f.write_str("polygon has no ring"),
            PolygonError::ShortRing { ring, points } => {
                write!(f, "ring {ring} of the polygon has {points} points; a ring has at least 3")
            }
            PolygonError::BeyondCaps { lat_deg } => {
                write!(f, "latitude {lat_deg} of the polygon is beyond 88 degrees, where cells are not defined")
            }
            PolygonError::RoundThePole { ring } => {
                write!(f, "ring {ring} of the polygon goes round a pole; cut it at 180 degrees")
            }
        }
    }
}

impl core::error::Error for PolygonError {}
