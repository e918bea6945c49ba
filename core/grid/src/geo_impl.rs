//! To and from `geo-types`, behind the feature `geo`.
//!
//! `geo-types` and not `geo`: it is the vocabulary the whole family shares, and a tenth of its weight. Must never let
//! an unchecked coordinate in: reading uses the constructors.

use alloc::vec::Vec;
use core::fmt;

use geo_types::{Coord, LineString, Point};

use crate::cell::Cell;
use crate::point::{Bounds, LonLat, PointError};
use crate::polygon::{MultiPolygon, Polygon, PolygonError};

impl From<LonLat> for Coord<f64> {
    fn from(point: LonLat) -> Coord<f64> {
        Coord { x: point.lon_deg(), y: point.lat_deg() }
    }
}

impl From<LonLat> for Point<f64> {
    fn from(point: LonLat) -> Point<f64> {
        Point(point.into())
    }
}

impl TryFrom<Coord<f64>> for LonLat {
    type Error = PointError;

    fn try_from(coord: Coord<f64>) -> Result<LonLat, PointError> {
        LonLat::new(coord.x, coord.y)
    }
}

impl TryFrom<Point<f64>> for LonLat {
    type Error = PointError;

    fn try_from(point: Point<f64>) -> Result<LonLat, PointError> {
        LonLat::try_from(point.0)
    }
}

impl From<Bounds> for geo_types::MultiPolygon<f64> {
    /// One rectangle, or two when the box lies across ±180°.
    fn from(bounds: Bounds) -> geo_types::MultiPolygon<f64> {
        let part = |(west, east): (f64, f64)| {
            let (low, high) = (Coord { x: west, y: bounds.south }, Coord { x: east, y: bounds.north });
            geo_types::Rect::new(low, high).to_polygon()
        };
        geo_types::MultiPolygon(bounds.lon_intervals().map(part).collect())
    }
}

impl From<Cell> for geo_types::MultiPolygon<f64> {
    /// The edges of the cell; two rectangles for the polar cell across ±180°.
    fn from(cell: Cell) -> geo_types::MultiPolygon<f64> {
        cell.bounds().into()
    }
}

impl TryFrom<&geo_types::Polygon<f64>> for Polygon {
    type Error = GeoError;

    /// As [`Polygon::new`]: sides are straight and do not cross ±180°.
    fn try_from(polygon: &geo_types::Polygon<f64>) -> Result<Polygon, GeoError> {
        let ring = |line: &LineString<f64>| -> Result<Vec<LonLat>, GeoError> {
            line.0.iter().map(|coord| LonLat::try_from(*coord).map_err(GeoError::Point)).collect()
        };
        let rings = core::iter::once(polygon.exterior()).chain(polygon.interiors());
        let rings = rings.map(ring).collect::<Result<Vec<_>, _>>()?;
        Polygon::new(rings.iter().map(Vec::as_slice)).map_err(GeoError::Polygon)
    }
}

impl TryFrom<&geo_types::MultiPolygon<f64>> for MultiPolygon {
    type Error = GeoError;

    fn try_from(polygons: &geo_types::MultiPolygon<f64>) -> Result<MultiPolygon, GeoError> {
        polygons.0.iter().map(Polygon::try_from).collect::<Result<Vec<_>, _>>().map(MultiPolygon)
    }
}

/// Why a polygon of `geo-types` is not one that cells can cover.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum GeoError {
    /// A coordinate is not a point.
    Point(PointError),
    /// The rings are not a polygon.
    Polygon(PolygonError),
}

impl fmt::Display for GeoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GeoError::Point(fault) => fault.fmt(f),
            GeoError::Polygon(fault) => fault.fmt(f),
        }
    }
}

impl core::error::Error for GeoError {}
