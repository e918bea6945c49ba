//! Points and boxes in longitude and latitude, checked once at the door.
//!
//! Must never hold a coordinate that is not finite or not on the globe.

use core::fmt;

/// A point: longitude and latitude in degrees, CGCS2000 (EPSG:4490).
///
/// WGS 84 (GNSS) positions may be used as they are for most purposes: the ellipsoids agree to 0.1 mm and the
/// frames to some decimetres, which matters from level 8 down. GCJ-02 and BD-09 positions (most Chinese phone
/// maps) are hundreds of metres off and must be converted first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LonLat {
    lon_deg: f64,
    lat_deg: f64,
}

impl LonLat {
    /// Checks a longitude (-180 to 180) and a latitude (-90 to 90), both in degrees.
    ///
    /// # Errors
    /// [`PointError`] names the coordinate that is not a finite number or out of range.
    ///
    /// ```
    /// use dipper_grid::{LonLat, PointError};
    /// assert!(LonLat::new(116.3, 39.9).is_ok());
    /// assert_eq!(LonLat::new(39.9, 116.3), Err(PointError::LatitudeOutOfRange { lat_deg: 116.3 }));
    /// ```
    #[inline]
    pub fn new(lon_deg: f64, lat_deg: f64) -> Result<LonLat, PointError> {
        // A NaN fails both comparisons.
        if lon_deg.abs() <= 180.0 && lat_deg.abs() <= 90.0 {
            Ok(LonLat { lon_deg, lat_deg })
        } else {
            Err(PointError::of(lon_deg, lat_deg))
        }
    }

    /// The longitude in degrees, east positive.
    #[inline]
    pub const fn lon_deg(self) -> f64 {
        self.lon_deg
    }

    /// The latitude in degrees, north positive.
    #[inline]
    pub const fn lat_deg(self) -> f64 {
        self.lat_deg
    }
}

impl fmt::Display for LonLat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.lon_deg, self.lat_deg)
    }
}

/// Why two numbers are not a point.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PointError {
    /// The longitude is infinite or not a number.
    LongitudeNotFinite,
    /// The latitude is infinite or not a number.
    LatitudeNotFinite,
    /// The longitude is not within -180 to 180.
    LongitudeOutOfRange {
        /// The longitude given, in degrees.
        lon_deg: f64,
    },
    /// The latitude is not within -90 to 90.
    LatitudeOutOfRange {
        /// The latitude given, in degrees.
        lat_deg: f64,
    },
}

impl PointError {
    #[cold]
    fn of(lon_deg: f64, lat_deg: f64) -> PointError {
        if !lon_deg.is_finite() {
            PointError::LongitudeNotFinite
        } else if !lat_deg.is_finite() {
            PointError::LatitudeNotFinite
        } else if lon_deg.abs() > 180.0 {
            PointError::LongitudeOutOfRange { lon_deg }
        } else {
            PointError::LatitudeOutOfRange { lat_deg }
        }
    }
}

impl fmt::Display for PointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PointError::LongitudeNotFinite => f.write_str("longitude is not a finite number"),
            PointError::LatitudeNotFinite => f.write_str("latitude is not a finite number"),
            PointError::LongitudeOutOfRange { lon_deg } => {
                write!(f, "longitude is {lon_deg}; it must be within -180 to 180 degrees")
            }
            PointError::LatitudeOutOfRange { lat_deg } => {
                write!(f, "latitude is {lat_deg}; it must be within -90 to 90 degrees")
            }
        }
    }
}

impl core::error::Error for PointError {}

/// A box of meridians and parallels, in degrees; its edges belong to it.
///
/// `west > east` means that the box crosses the ±180° meridian, as in RFC 7946 §5.2. Made by [`Bounds::new`]
/// or [`Cell::bounds`](crate::Cell::bounds); the fields are there to be read.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bounds {
    /// Western edge, degrees of longitude.
    pub west: f64,
    /// Southern edge, degrees of latitude.
    pub south: f64,
    /// Eastern edge, degrees of longitude.
    pub east: f64,
    /// Northern edge, degrees of latitude.
    pub north: f64,
}

impl Bounds {
    /// Checks the four edges of a box, in degrees, in the order of a GeoJSON `bbox`.
    ///
    /// # Errors
    /// [`BoundsError`] when a corner is not a point or the south edge is north of the north edge.
    ///
    /// ```
    /// use dipper_grid::{Bounds, LonLat};
    /// let fiji = Bounds::new(177.0, -20.0, -178.0, -16.0)?;
    /// assert!(fiji.contains(LonLat::new(179.5, -17.0)?));
    /// assert!(!fiji.contains(LonLat::new(0.0, -17.0)?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Bounds, BoundsError> {
        LonLat::new(west, south).map_err(BoundsError::SouthWest)?;
        LonLat::new(east, north).map_err(BoundsError::NorthEast)?;
        if south > north {
            return Err(BoundsError::SouthAboveNorth { south, north });
        }
        Ok(Bounds { west, south, east, north })
    }

    /// Whether the point lies in the box or on its edge.
    ///
    /// Coordinates are compared as numbers: -180 and 180 are two sides of one meridian and a box that ends at
    /// one of them does not contain the other.
    pub fn contains(&self, point: LonLat) -> bool {
        let (lon, lat) = (point.lon_deg(), point.lat_deg());
        let across = if self.west <= self.east {
            self.west <= lon && lon <= self.east
        } else {
            self.west <= lon || lon <= self.east
        };
        across && self.south <= lat && lat <= self.north
    }

    /// The longitude intervals of the box, each with west <= east.
    pub(crate) fn lon_intervals(&self) -> impl Iterator<Item = (f64, f64)> {
        let (first, second) = if self.west <= self.east {
            ((self.west, self.east), None)
        } else {
            ((self.west, 180.0), Some((-180.0, self.east)))
        };
        core::iter::once(first).chain(second)
    }
}

/// Why four numbers are not a box.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum BoundsError {
    /// The south-west corner is not a point.
    SouthWest(PointError),
    /// The north-east corner is not a point.
    NorthEast(PointError),
    /// The south edge lies north of the north edge.
    SouthAboveNorth {
        /// The south edge given, in degrees.
        south: f64,
        /// The north edge given, in degrees.
        north: f64,
    },
}

impl fmt::Display for BoundsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BoundsError::SouthWest(fault) => write!(f, "south-west corner of the box: {fault}"),
            BoundsError::NorthEast(fault) => write!(f, "north-east corner of the box: {fault}"),
            BoundsError::SouthAboveNorth { south, north } => {
                write!(f, "south edge of the box is {south}; it must not be above the north edge {north}")
            }
        }
    }
}

impl core::error::Error for BoundsError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            BoundsError::SouthWest(fault) | BoundsError::NorthEast(fault) => Some(fault),
            BoundsError::SouthAboveNorth { .. } => None,
        }
    }
}
