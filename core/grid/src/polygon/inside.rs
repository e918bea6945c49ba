//! Whether a point is inside.

use super::{MultiPolygon, Polygon};
use crate::fixed::{self, TURN};
use crate::point::LonLat;

impl Polygon {
    /// Whether a point is inside, exactly, with the point rounded as vertices are.
    ///
    /// As under [`CoverMode::Centre`](super::CoverMode::Centre) polygons that share a side share no point: one on a
    /// side belongs to the polygon east of it, or north of it where the side is level.
    ///
    /// ```
    /// use dipper_grid::{Bounds, LonLat, Polygon};
    /// let fiji = Polygon::from_bounds(Bounds::new(177.1, -19.9, -178.1, -16.1)?)?;
    /// assert!(fiji.contains(LonLat::new(-179.9, -17.0)?) && fiji.contains(LonLat::new(179.9, -17.0)?));
    /// assert!(!fiji.contains(LonLat::new(0.0, -17.0)?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn contains(&self, point: LonLat) -> bool {
        let (x, y) = (fixed::of_degrees(point.lon_deg()), fixed::of_degrees(point.lat_deg()));
        // The polygon may lie on another copy of the globe, and 180° is on two of them.
        let turns = if self.wraps { &[0, TURN, -TURN][..] } else { &[0] };
        turns.iter().any(|turn| self.holds(x + turn, y))
    }

    /// Even-odd rule with a ray to the east.
    fn holds(&self, x: i64, y: i64) -> bool {
        if x < self.x.0 || self.x.1 < x || y < self.y.0 || self.y.1 < y {
            return false;
        }
        let crosses = |side: &&super::Side| {
            side.y0 <= y && y < side.y1 && {
                let [rise, run] = [side.y1 - side.y0, side.x1 - side.x0].map(i128::from);
                let [up, right] = [y - side.y0, x - side.x0].map(i128::from);
                right * rise < run * up
            }
        };
        self.sides.iter().filter(crosses).count() % 2 == 1
    }
}

impl MultiPolygon {
    /// Whether a point is inside one of the polygons; see [`Polygon::contains`].
    pub fn contains(&self, point: LonLat) -> bool {
        self.0.iter().any(|polygon| polygon.contains(point))
    }
}
