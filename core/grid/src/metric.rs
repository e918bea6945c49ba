//! Ground distances and sizes on the mean sphere.
//!
//! Must never be used for survey work: the sphere is within 0.57 % of the ellipsoid, no nearer.

use crate::cell::Cell;
use crate::point::LonLat;

/// Mean radius (2a+b)/3 of WGS 84 and CGCS2000, in metres.
pub const MEAN_RADIUS_M: f64 = 6_371_008.8;

/// Great-circle distance between two points, in metres.
///
/// Haversine on the mean radius; at most 0.57 % off the ellipsoid.
///
/// ```
/// use dipper_grid::{LonLat, distance_m};
/// let beijing = LonLat::new(116.397, 39.908)?;
/// let shanghai = LonLat::new(121.474, 31.230)?;
/// assert_eq!((distance_m(beijing, shanghai) / 1_000.0).round(), 1_068.0);
/// # Ok::<(), dipper_grid::PointError>(())
/// ```
pub fn distance_m(a: LonLat, b: LonLat) -> f64 {
    let (lat_a, lat_b) = (a.lat_deg().to_radians(), b.lat_deg().to_radians());
    let half_lat = (b.lat_deg() - a.lat_deg()).to_radians() / 2.0;
    let half_lon = (b.lon_deg() - a.lon_deg()).to_radians() / 2.0;
    let haversine = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
    // Rounding can leave antipodes a hair above 1.
    2.0 * MEAN_RADIUS_M * haversine.sqrt().min(1.0).asin()
}

/// Width and height of a cell on the ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellSize {
    /// East-west extent along the middle parallel, in metres.
    pub width_m: f64,
    /// North-south extent, in metres.
    pub height_m: f64,
}

impl Cell {
    /// The size of the cell on the mean sphere.
    ///
    /// ```
    /// use dipper_grid::Cell;
    /// let beijing: Cell = "N50J47539B8".parse()?;
    /// let size = beijing.size_m();
    /// assert_eq!((size.width_m.round(), size.height_m.round()), (95.0, 124.0));
    /// # Ok::<(), dipper_grid::CodeError>(())
    /// ```
    pub fn size_m(self) -> CellSize {
        let bounds = self.bounds();
        let middle = ((bounds.south + bounds.north) / 2.0).to_radians();
        let turn = if bounds.west <= bounds.east { 0.0 } else { 360.0 };
        CellSize {
            width_m: (bounds.east - bounds.west + turn).to_radians() * middle.cos() * MEAN_RADIUS_M,
            height_m: (bounds.north - bounds.south).to_radians() * MEAN_RADIUS_M,
        }
    }
}
