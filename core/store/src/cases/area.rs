//! Areas on the ground: a polygon, or a circle. The index on grid cells is the only spatial index; what its ranges hold
//! is then tested exactly.

use std::ops::RangeInclusive;

use grid::{CellSet, CoverError, Level, LonLat, MultiPolygon, Polygon, PolygonError};

use super::filter::CaseFilter;
use super::row::{COLUMNS, CaseRow};
use crate::db::ToValue;
use crate::error::StoreError;
use crate::tx::Reader;

/// Cells an area is covered with at most. More fit it closer, and each is one more range to look up.
const CELLS: usize = 48;

/// The finest cells of a cover: 1/4″, eight metres. Finer ones would hold less than one case each.
const FINEST: Level = Level::L7;

/// Most cases of an area that are looked at; beyond it the answer says that it was cut.
const POINTS_MAX: u32 = 100_000;

/// Sides of the polygon drawn round a circle. It reaches 0.86 % beyond the circle at its corners: 1 / cos(π/24).
const CIRCLE_SIDES: u32 = 24;

/// Largest radius of a circle, metres.
pub const RADIUS_MAX_M: f64 = 100_000.0;

/// Keys fetched in one statement: below the 32 766 parameters of SQLite, and a statement is prepared once.
const KEYS_AT_ONCE: usize = 200;

/// An area to look for cases in.
#[derive(Debug, Clone)]
pub struct Area {
    shape: Shape,
    ranges: Vec<RangeInclusive<i64>>,
}

#[derive(Debug, Clone)]
enum Shape {
    Polygon(MultiPolygon),
    Circle { centre: LonLat, radius_m: f64 },
}

/// Why something is not an area.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum AreaError {
    /// The rings are no polygon.
    #[error(transparent)]
    Polygon(#[from] PolygonError),
    /// It is wider than a cover can be.
    #[error("the area is too large: {0}")]
    Cover(#[from] CoverError),
    /// The radius does not fit.
    #[error("radius_m is {radius_m}; it must be above 0 and at most {RADIUS_MAX_M}")]
    Radius {
        /// The radius given, metres.
        radius_m: f64,
    },
}

/// The cases of an area.
#[derive(Debug, Clone, PartialEq)]
pub struct Within {
    /// The cases, latest arrived first.
    pub items: Vec<CaseRow>,
    /// How many there are.
    pub total: u32,
    /// True when there are more than were counted.
    pub cut: bool,
}

impl Area {
    /// Within any of some polygons.
    ///
    /// # Errors
    /// [`AreaError::Cover`] when they are wider than the budget of a cover allows: some tens of 6° x 4°.
    pub fn polygons(polygons: MultiPolygon) -> Result<Self, AreaError> {
        let ranges = ranges(&polygons)?;
        Ok(Self { shape: Shape::Polygon(polygons), ranges })
    }

    /// Within a distance of a point, on the mean sphere ([`grid::distance_m`]).
    ///
    /// # Errors
    /// [`AreaError::Radius`], [`AreaError::Polygon`] where the circle reaches beyond 88° of latitude.
    pub fn circle(centre: LonLat, radius_m: f64) -> Result<Self, AreaError> {
        if !(radius_m > 0.0 && radius_m <= RADIUS_MAX_M) {
            return Err(AreaError::Radius { radius_m });
        }
        let ring = ring_around(centre, radius_m);
        let polygon = Polygon::wrapping([&ring[..]])?;
        let ranges = ranges(&MultiPolygon(vec![polygon]))?;
        Ok(Self { shape: Shape::Circle { centre, radius_m }, ranges })
    }

    /// Whether a point is in it.
    pub fn contains(&self, point: LonLat) -> bool {
        match &self.shape {
            Shape::Polygon(polygons) => polygons.contains(point),
            Shape::Circle { centre, radius_m } => grid::distance_m(*centre, point) <= *radius_m,
        }
    }

    /// The ranges of grid keys that hold it, and a little more.
    pub(crate) fn ranges(&self) -> &[RangeInclusive<i64>] {
        &self.ranges
    }
}

fn ranges(polygons: &MultiPolygon) -> Result<Vec<RangeInclusive<i64>>, AreaError> {
    Ok(polygons.outer_cover(FINEST, CELLS)?.into_iter().collect::<CellSet>().key_ranges().collect())
}

/// The corners of a polygon drawn round a circle on the sphere.
fn ring_around(centre: LonLat, radius_m: f64) -> Vec<LonLat> {
    use std::f64::consts::{PI, TAU};
    let (lon, lat) = (centre.lon_deg().to_radians(), centre.lat_deg().to_radians());
    // A thousandth more: sides are straight in degrees, not on the sphere.
    let far = radius_m / grid::MEAN_RADIUS_M / (PI / f64::from(CIRCLE_SIDES)).cos() * 1.001;
    let corner = |number: u32| {
        let bearing = TAU * f64::from(number) / f64::from(CIRCLE_SIDES);
        let there = (lat.sin() * far.cos() + lat.cos() * far.sin() * bearing.cos()).clamp(-1.0, 1.0).asin();
        let east = (bearing.sin() * far.sin() * lat.cos()).atan2(far.cos() - lat.sin() * there.sin());
        let turned = (lon + east + PI).rem_euclid(TAU) - PI;
        LonLat::new(turned.to_degrees().clamp(-180.0, 180.0), there.to_degrees()).expect("a corner is on the globe")
    };
    (0..CIRCLE_SIDES).map(corner).collect()
}

/// A case with a point, as the index holds it.
struct Spot {
    key: i64,
    point: LonLat,
}

impl Reader {
    /// The cases of an area that match, latest arrived first, at most `limit`, and how many there are.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn cases_in_area(&mut self, area: &Area, filter: &CaseFilter, limit: u32) -> Result<Within, StoreError> {
        let (mut spots, cut) = self.spots_in_area(area, filter)?;
        let total = u32::try_from(spots.len()).unwrap_or(u32::MAX);
        spots.sort_unstable_by_key(|spot| std::cmp::Reverse(spot.key));
        spots.truncate(limit as usize);
        Ok(Within { items: self.cases_of(&spots)?, total, cut })
    }

    /// How many cases of an area match; at most 100 000 are looked at.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_in_area(&mut self, area: &Area, filter: &CaseFilter) -> Result<u32, StoreError> {
        Ok(u32::try_from(self.spots_in_area(area, filter)?.0.len()).unwrap_or(u32::MAX))
    }

    /// Cases near a point that match, for the question "is it one of these?": nearest first, with their distance in
    /// metres.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn cases_near(
        &mut self,
        point: LonLat,
        radius_m: f64,
        filter: &CaseFilter,
        limit: u32,
    ) -> Result<Vec<(f64, CaseRow)>, StoreError> {
        // Beyond 88° of latitude nothing has a cell of the index.
        let Ok(area) = Area::circle(point, radius_m) else { return Ok(Vec::new()) };
        let (spots, _) = self.spots_in_area(&area, filter)?;
        let mut near: Vec<(f64, Spot)> =
            spots.into_iter().map(|spot| (grid::distance_m(point, spot.point), spot)).collect();
        near.sort_by(|(a, one), (b, other)| a.total_cmp(b).then(one.key.cmp(&other.key)));
        near.truncate(limit as usize);
        let (distances, spots): (Vec<f64>, Vec<Spot>) = near.into_iter().unzip();
        let rows = self.cases_of(&spots)?;
        Ok(distances.into_iter().zip(rows).collect())
    }

    /// The points in an area whose cases match, in no order, and whether there are more.
    fn spots_in_area(&mut self, area: &Area, filter: &CaseFilter) -> Result<(Vec<Spot>, bool), StoreError> {
        let (sql, clause) = filter.select_in_ranges(area.ranges(), "key, lon, lat", POINTS_MAX + 1);
        let rows = self.query(&sql, clause.values())?;
        let cut = rows.len() > POINTS_MAX as usize;
        let mut spots = Vec::new();
        for mut row in rows {
            let (key, lon, lat): (i64, f64, f64) =
                (row.next("cases.key")?, row.next("cases.lon")?, row.next("cases.lat")?);
            if let Some(point) = LonLat::new(lon, lat).ok().filter(|point| area.contains(*point)) {
                spots.push(Spot { key, point });
            }
        }
        Ok((spots, cut))
    }

    /// The whole rows of some cases, in their order.
    fn cases_of(&mut self, spots: &[Spot]) -> Result<Vec<CaseRow>, StoreError> {
        let columns = COLUMNS.join(", ");
        let mut found = std::collections::BTreeMap::new();
        for some in spots.chunks(KEYS_AT_ONCE) {
            let places: Vec<String> = (1..=some.len()).map(|place| format!("${place}")).collect();
            let sql = format!("SELECT key, {columns} FROM cases WHERE key IN ({})", places.join(", "));
            let keys: Vec<_> = some.iter().map(|spot| spot.key.to_value()).collect();
            for mut row in self.query(&sql, &keys)? {
                let key: i64 = row.next("cases.key")?;
                found.insert(key, CaseRow::read(&mut row)?);
            }
        }
        Ok(spots.iter().filter_map(|spot| found.remove(&spot.key)).collect())
    }
}
