//! Shifted positions of Chinese maps: GCJ-02 and BD-09, to CGCS2000 and back.
//!
//! Maps and phones in China give positions moved by some hundreds of metres: GCJ-02 (Amap, Tencent, Google in China)
//! and BD-09 (Baidu, which moves GCJ-02 once more). They must be converted before they are encoded, so they are types
//! of their own here.
//!
//! **Accuracy.** Neither transformation is published. The formulas here are those in general use, found by
//! reverse engineering; map services are reported to agree with them to a metre or two, which was not checked here.
//! The way back is the exact inverse of the formula: there and back is within 10⁻⁹ degree (0.1 mm), where the
//! one-step inverse of many libraries is off by a metre or so. So converted positions are good for level 7 (7.7 m) at most.
//!
//! **Outside China** nothing is moved. The formula's own limit is a box, 72.004° to 137.8347° E and 0.8293° to
//! 55.8271° N, which takes in parts of the neighbouring countries; services may draw it closer.
//!
//! Must never be called for a position of a satellite receiver, which is not shifted.
//!
//! ```
//! use dipper_grid::{Cell, Level, LonLat, shifted::Gcj02};
//! let tapped = Gcj02::new(116.410_244_499_169_38, 39.916_404_281_501_64)?;
//! let place = tapped.to_cgcs2000();
//! assert!((place.lon_deg() - 116.404).abs() < 1e-9 && (place.lat_deg() - 39.915).abs() < 1e-9);
//! assert_eq!(Cell::encode(place, Level::L7)?, Cell::encode(LonLat::new(116.404, 39.915)?, Level::L7)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::f64::consts::PI;
use core::fmt;

use crate::point::{LonLat, PointError};

/// The box in which positions are moved, in CGCS2000 degrees: west, south, east, north.
pub const MOVED: (f64, f64, f64, f64) = (72.004, 0.829_3, 137.834_7, 55.827_1);

/// Semi-major axis and first eccentricity squared of the formula: the ellipsoid of Krasovsky, 1940.
const AXIS_M: f64 = 6_378_245.0;
const E2: f64 = 0.006_693_421_622_965_943;

/// Steps of the inverses. Each leaves less than a hundredth of the error.
const STEPS: usize = 12;

/// A GCJ-02 position: longitude and latitude in shifted degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gcj02(LonLat);

/// A BD-09 position: longitude and latitude in degrees shifted twice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bd09(LonLat);

/// Whether a CGCS2000 position lies in the box where positions are moved.
pub fn is_moved(point: LonLat) -> bool {
    let (west, south, east, north) = MOVED;
    (west..=east).contains(&point.lon_deg()) && (south..=north).contains(&point.lat_deg())
}

/// The move of GCJ-02 at a position, in degrees.
fn offset(lon_deg: f64, lat_deg: f64) -> (f64, f64) {
    let (x, y) = (lon_deg - 105.0, lat_deg - 35.0);
    let wave = |height_m: f64, turns: f64| height_m * (turns * PI).sin();
    let common = (wave(20.0, 6.0 * x) + wave(20.0, 2.0 * x)) * 2.0 / 3.0;
    let ripple = |at: f64, long: f64, longest: f64| {
        (wave(20.0, at) + wave(40.0, at / 3.0) + wave(long, at / 12.0) + wave(longest, at / 30.0)) * 2.0 / 3.0
    };
    let north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * x.abs().sqrt();
    let east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * x.abs().sqrt();
    let (north_m, east_m) = (north_m + common + ripple(y, 160.0, 320.0), east_m + common + ripple(x, 150.0, 300.0));
    let (sin, cos) = lat_deg.to_radians().sin_cos();
    let w2 = 1.0 - E2 * sin * sin;
    let meridional_m = AXIS_M * (1.0 - E2) / (w2 * w2.sqrt());
    ((east_m / (AXIS_M / w2.sqrt() * cos)).to_degrees(), (north_m / meridional_m).to_degrees())
}

/// The place that a small move leads from, by steps towards it. Near a pole, where the formula moves by many degrees, the
/// steps may lead nowhere: then the position itself.
fn undo(to: LonLat, moved: impl Fn(f64, f64) -> (f64, f64)) -> (f64, f64) {
    let (mut lon, mut lat) = (to.lon_deg(), to.lat_deg());
    for _ in 0..STEPS {
        let (x, y) = moved(lon, lat);
        (lon, lat) = (lon + to.lon_deg() - x, lat + to.lat_deg() - y);
    }
    if lon.is_finite() && lat.is_finite() { (lon, lat) } else { (to.lon_deg(), to.lat_deg()) }
}

/// A point, brought back onto the globe should a move have left it.
fn point(lon_deg: f64, lat_deg: f64) -> LonLat {
    LonLat::new(lon_deg.clamp(-180.0, 180.0), lat_deg.clamp(-90.0, 90.0)).expect("a clamped point is on the globe")
}

impl Gcj02 {
    /// Checks a longitude and a latitude in GCJ-02 degrees.
    ///
    /// # Errors
    /// [`PointError`] as [`LonLat::new`].
    pub fn new(lon_deg: f64, lat_deg: f64) -> Result<Gcj02, PointError> {
        LonLat::new(lon_deg, lat_deg).map(Gcj02)
    }

    /// Where GCJ-02 shows a CGCS2000 position.
    pub fn from_cgcs2000(place: LonLat) -> Gcj02 {
        if !is_moved(place) {
            return Gcj02(place);
        }
        let (east, north) = offset(place.lon_deg(), place.lat_deg());
        Gcj02(point(place.lon_deg() + east, place.lat_deg() + north))
    }

    /// The CGCS2000 position, within 10⁻⁹ degree of the inverse of the formula.
    ///
    /// Along the limit of the box there are shown positions that come from two places or from none; such a position is
    /// given back as it is unless it comes from within the box.
    pub fn to_cgcs2000(self) -> LonLat {
        let (lon, lat) = undo(self.0, |lon, lat| {
            let (east, north) = offset(lon, lat);
            (lon + east, lat + north)
        });
        let place = point(lon, lat);
        if is_moved(place) { place } else { self.0 }
    }

    /// The shifted longitude in degrees.
    pub fn lon_deg(self) -> f64 {
        self.0.lon_deg()
    }

    /// The shifted latitude in degrees.
    pub fn lat_deg(self) -> f64 {
        self.0.lat_deg()
    }
}

/// The move from GCJ-02 to BD-09.
fn baidu(lon: f64, lat: f64) -> (f64, f64) {
    const TURNS: f64 = PI * 3_000.0 / 180.0;
    let reach = lon.hypot(lat) + 0.000_02 * (lat * TURNS).sin();
    let angle = lat.atan2(lon) + 0.000_003 * (lon * TURNS).cos();
    (reach * angle.cos() + 0.006_5, reach * angle.sin() + 0.006)
}

impl Bd09 {
    /// Checks a longitude and a latitude in BD-09 degrees.
    ///
    /// # Errors
    /// [`PointError`] as [`LonLat::new`].
    pub fn new(lon_deg: f64, lat_deg: f64) -> Result<Bd09, PointError> {
        LonLat::new(lon_deg, lat_deg).map(Bd09)
    }

    /// Where Baidu shows a GCJ-02 position.
    pub fn from_gcj02(shown: Gcj02) -> Bd09 {
        let (lon, lat) = baidu(shown.lon_deg(), shown.lat_deg());
        Bd09(point(lon, lat))
    }

    /// The GCJ-02 position, within 10⁻⁹ degree of the inverse of the formula.
    pub fn to_gcj02(self) -> Gcj02 {
        let (lon, lat) = undo(self.0, baidu);
        Gcj02(point(lon, lat))
    }

    /// Where Baidu shows a CGCS2000 position. The second move is made outside China too.
    pub fn from_cgcs2000(place: LonLat) -> Bd09 {
        Bd09::from_gcj02(Gcj02::from_cgcs2000(place))
    }

    /// The CGCS2000 position, within 10⁻⁹ degree of the inverse of the formulas.
    pub fn to_cgcs2000(self) -> LonLat {
        self.to_gcj02().to_cgcs2000()
    }

    /// The shifted longitude in degrees.
    pub fn lon_deg(self) -> f64 {
        self.0.lon_deg()
    }

    /// The shifted latitude in degrees.
    pub fn lat_deg(self) -> f64 {
        self.0.lat_deg()
    }
}

impl fmt::Display for Gcj02 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Bd09 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
