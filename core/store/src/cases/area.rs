//! Areas on the ground: a polygon, or a circle. The index on grid cells is the only spatial index; what its ranges hold
//! is then tested exactly.

use std::ops::RangeInclusive;

use grid::{Cell, CellSet, CoverError, CoverMode, Level, LonLat, MultiPolygon, Polygon, PolygonError};

use super::filter::{CaseFilter, RangeTable, Where};
use super::row::{COLUMNS, CaseRow};
use crate::db::ToValue;
use crate::error::StoreError;
use crate::tx::Reader;

/// The finest cells of a cover: 1/4″, eight metres. Finer ones would hold less than one case each.
const FINEST: Level = Level::L7;

/// Rows of cells an area is covered with at most: each is a few ranges to look up. A circle of 500 m takes 17 rows of
/// level 6; at level 7 the 133 would cost more than the cases they keep out.
const ROWS: f64 = 64.0;

/// Cells of a cover at most, before they are put together to ranges. A square of 128 rows at 60° holds 32 768.
const CELLS: usize = 65_536;

/// A gap between two ranges of the edge, or a range within, of so many cells at most is looked through with them: finding
/// a range costs as much as about ten points, and a cell of a city with a million cases holds five.
const SHORT: i64 = 2;

/// Most cases near the edge of an area that are looked at; beyond it the answer says that it was cut.
const POINTS_MAX: u32 = 100_000;

/// Sides of the polygons drawn round and in a circle.
const CIRCLE_SIDES: u32 = 24;

/// How far the corners of the polygon round a circle are, in radii: 1 / cos(π/24) = 1.0086, so that its sides touch
/// the circle, and half a hundredth more: sides are straight in degrees, not on the sphere. For 100 km at 87° the
/// middle of a side is 0.4 % nearer for that.
const OUTER_REACH: f64 = 1.0137;

/// How far the corners of the polygon in a circle are, in radii. Its sides leave 0.86 % of a radius in their middle,
/// more than they can bend outward.
const INNER_REACH: f64 = 0.999;

/// Largest radius of a circle, metres.
pub const RADIUS_MAX_M: f64 = 100_000.0;

/// Keys fetched in one statement: below the 32 766 parameters of SQLite, and a statement is prepared once.
const KEYS_AT_ONCE: usize = 200;

/// An area to look for cases in.
///
/// What lies in a cell within it needs no look at its point; a case exactly on a side may count as in or out.
#[derive(Debug, Clone)]
pub struct Area {
    shape: Shape,
    /// Cells within.
    inside: Vec<RangeInclusive<i64>>,
    /// Cells that the edge passes.
    edge: Vec<RangeInclusive<i64>>,
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
        let (outer, level) = cover(&polygons)?;
        let inner = polygons.cover(level, CoverMode::Within, CELLS)?;
        Ok(Self::new(Shape::Polygon(polygons), outer, inner))
    }

    /// Within a distance of a point, on the mean sphere ([`grid::distance_m`]).
    ///
    /// # Errors
    /// [`AreaError::Radius`], [`AreaError::Polygon`] where the circle reaches beyond 88° of latitude.
    pub fn circle(centre: LonLat, radius_m: f64) -> Result<Self, AreaError> {
        if !(radius_m > 0.0 && radius_m <= RADIUS_MAX_M) {
            return Err(AreaError::Radius { radius_m });
        }
        let round = |reach: f64| -> Result<MultiPolygon, PolygonError> {
            let ring = ring_around(centre, radius_m * reach);
            let is_apart = ring.iter().any(|corner| (corner.lon_deg() - centre.lon_deg()).abs() > 180.0);
            let polygon = if is_apart { Polygon::wrapping([&ring[..]]) } else { Polygon::new([&ring[..]]) };
            Ok(MultiPolygon(vec![polygon?]))
        };
        let (outer, level) = cover(&round(OUTER_REACH)?)?;
        let inner = round(INNER_REACH)?.cover(level, CoverMode::Within, CELLS)?;
        Ok(Self::new(Shape::Circle { centre, radius_m }, outer, inner))
    }

    fn new(shape: Shape, outer: Vec<Cell>, inner: Vec<Cell>) -> Self {
        let width = outer.first().map_or(0, |cell| keys_of(*cell));
        let [outer, inner]: [CellSet; 2] = [outer, inner].map(|cells| cells.into_iter().collect());
        let edge = outer.difference(&inner);
        let edge = edge.key_ranges().map(|range| (range, true));
        let mut parts: Vec<_> = edge.chain(inner.key_ranges().map(|range| (range, false))).collect();
        parts.sort_unstable_by_key(|(range, _)| *range.start());
        let (mut edge, mut inside): (Vec<RangeInclusive<i64>>, Vec<_>) = (Vec::new(), Vec::new());
        for (range, is_edge) in parts {
            let is_short = range.end() - range.start() < SHORT * width;
            match edge.last_mut() {
                // Points that are looked at and need not be cost less than another range.
                Some(last) if (is_edge || is_short) && range.start() - last.end() <= SHORT * width => {
                    *last = *last.start()..=*range.end();
                }
                _ if is_edge => edge.push(range),
                _ => inside.push(range),
            }
        }
        Self { shape, inside, edge }
    }

    /// Whether a point is in it.
    pub fn contains(&self, point: LonLat) -> bool {
        match &self.shape {
            Shape::Polygon(polygons) => polygons.contains(point),
            Shape::Circle { centre, radius_m } => grid::distance_m(*centre, point) <= *radius_m,
        }
    }

    /// How many of some points are in it.
    fn count_of(&self, points: &[(f64, f64)]) -> u32 {
        let held = points.iter().filter(|&&(lon, lat)| self.holds(lon, lat).is_some()).count();
        u32::try_from(held).unwrap_or(u32::MAX)
    }

    /// The point when it is one and in it.
    fn holds(&self, lon: f64, lat: f64) -> Option<LonLat> {
        LonLat::new(lon, lat).ok().filter(|point| self.contains(*point))
    }
}

/// The cells that hold some polygons, of the finest level at which they are few enough, and that level.
fn cover(polygons: &MultiPolygon) -> Result<(Vec<Cell>, Level), AreaError> {
    let heights = polygons.0.iter().map(Polygon::bounds).map(|bounds| bounds.north - bounds.south);
    let height = heights.fold(0.0, f64::max);
    let mut level = FINEST;
    loop {
        let coarser = level.coarser();
        let tried = if coarser.is_some() && height > ROWS * level.size_deg().1 {
            Err(CoverError::TooManyCells { limit: CELLS })
        } else {
            polygons.cover(level, CoverMode::Intersects, CELLS)
        };
        match (tried, coarser) {
            (Ok(cells), _) => return Ok((cells, level)),
            (Err(_), Some(coarser)) => level = coarser,
            (Err(error), None) => return Err(error.into()),
        }
    }
}

/// How many keys a cell of the finest level of a cover takes, about.
fn keys_of(cell: Cell) -> i64 {
    let set: CellSet = std::iter::once(cell).collect();
    set.key_ranges().map(|range| range.end() - range.start() + 1).sum()
}

/// The corners of a polygon round a centre, all as far from it, on the sphere.
fn ring_around(centre: LonLat, far_m: f64) -> Vec<LonLat> {
    use std::f64::consts::{PI, TAU};
    let (lon, lat) = (centre.lon_deg().to_radians(), centre.lat_deg().to_radians());
    let far = far_m / grid::MEAN_RADIUS_M;
    let corner = |number: u32| {
        let bearing = TAU * f64::from(number) / f64::from(CIRCLE_SIDES);
        let there = (lat.sin() * far.cos() + lat.cos() * far.sin() * bearing.cos()).clamp(-1.0, 1.0).asin();
        let east = (bearing.sin() * far.sin() * lat.cos()).atan2(far.cos() - lat.sin() * there.sin());
        let turned = (lon + east + PI).rem_euclid(TAU) - PI;
        LonLat::new(turned.to_degrees().clamp(-180.0, 180.0), there.to_degrees()).expect("a corner is on the globe")
    };
    (0..CIRCLE_SIDES).map(corner).collect()
}

/// A SELECT of `columns` of the cases in some ranges that match: one more than are looked at.
fn select_limited(
    filter: &CaseFilter,
    ranges: &[RangeInclusive<i64>],
    columns: &str,
    table: RangeTable,
) -> (String, Where) {
    let (mut sql, mut clause) = filter.select_in_ranges(ranges, columns, table);
    sql.push_str(&format!(" LIMIT {}", clause.bind(POINTS_MAX + 1)));
    (sql, clause)
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
        let (spots, cut) = self.spots_at(&area.edge, area, filter)?;
        let total = self.count_in(&area.inside, filter)? + u32::try_from(spots.len()).unwrap_or(u32::MAX);
        let (mut sql, mut clause) = filter.select_in_ranges(&area.inside, "key", self.range_table());
        sql.push_str(&format!(" ORDER BY key DESC LIMIT {}", clause.bind(limit)));
        let mut keys: Vec<i64> = spots.into_iter().map(|spot| spot.key).collect();
        for mut row in self.query(&sql, clause.values())? {
            keys.push(row.next("cases.key")?);
        }
        keys.sort_unstable_by_key(|key| std::cmp::Reverse(*key));
        keys.truncate(limit as usize);
        Ok(Within { items: self.cases_of(&keys)?, total, cut })
    }

    /// How many cases of an area match; at most 100 000 near its edge are looked at.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_in_area(&mut self, area: &Area, filter: &CaseFilter) -> Result<u32, StoreError> {
        let table = self.range_table();
        let (sql, clause) = select_limited(filter, &area.edge, "lon, lat", table);
        if table == RangeTable::Values {
            let points = self.query_points(&sql, clause.values())?;
            return Ok(area.count_of(&points) + self.count_in(&area.inside, filter)?);
        }
        // One question over the line in place of two: a row without a latitude is how many lie in cells within.
        let (inside, clause) = filter.select_in_more_ranges(clause, &area.inside, "COUNT(*)", table);
        let sql =
            format!("({sql}) UNION ALL SELECT CAST(({inside}) AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)");
        let points = self.query_points(&sql, clause.values())?;
        let inside: f64 = points.iter().filter(|(_, lat)| lat.is_nan()).map(|(count, _)| count).sum();
        Ok(area.count_of(&points) + inside as u32)
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
        let (mut spots, _) = self.spots_at(&area.edge, &area, filter)?;
        spots.append(&mut self.spots_at(&area.inside, &area, filter)?.0);
        let mut near: Vec<(f64, Spot)> =
            spots.into_iter().map(|spot| (grid::distance_m(point, spot.point), spot)).collect();
        near.sort_by(|(a, one), (b, other)| a.total_cmp(b).then(one.key.cmp(&other.key)));
        near.truncate(limit as usize);
        let (distances, keys): (Vec<f64>, Vec<i64>) = near.into_iter().map(|(far, spot)| (far, spot.key)).unzip();
        let rows = self.cases_of(&keys)?;
        Ok(distances.into_iter().zip(rows).collect())
    }

    /// How many cases in some ranges of cells match.
    fn count_in(&mut self, ranges: &[RangeInclusive<i64>], filter: &CaseFilter) -> Result<u32, StoreError> {
        let (sql, clause) = filter.select_in_ranges(ranges, "COUNT(*)", self.range_table());
        let mut rows = self.query(&sql, clause.values())?;
        rows.first_mut().map_or(Ok(0), |row| row.next("count"))
    }

    /// The points in some ranges of cells and in an area whose cases match, in no order, and whether there are more.
    fn spots_at(
        &mut self,
        ranges: &[RangeInclusive<i64>],
        area: &Area,
        filter: &CaseFilter,
    ) -> Result<(Vec<Spot>, bool), StoreError> {
        let (sql, clause) = select_limited(filter, ranges, "key, lon, lat", self.range_table());
        let rows = self.query(&sql, clause.values())?;
        let cut = rows.len() > POINTS_MAX as usize;
        let mut spots = Vec::new();
        for mut row in rows {
            let key = row.next("cases.key")?;
            if let Some(point) = area.holds(row.next("cases.lon")?, row.next("cases.lat")?) {
                spots.push(Spot { key, point });
            }
        }
        Ok((spots, cut))
    }

    /// The whole rows of some cases, in their order.
    fn cases_of(&mut self, keys: &[i64]) -> Result<Vec<CaseRow>, StoreError> {
        let columns = COLUMNS.join(", ");
        let mut found = std::collections::BTreeMap::new();
        for some in keys.chunks(KEYS_AT_ONCE) {
            let places: Vec<String> = (1..=some.len()).map(|place| format!("${place}")).collect();
            let sql = format!("SELECT key, {columns} FROM cases WHERE key IN ({})", places.join(", "));
            let some: Vec<_> = some.iter().map(|key| key.to_value()).collect();
            for mut row in self.query(&sql, &some)? {
                let key: i64 = row.next("cases.key")?;
                found.insert(key, CaseRow::read(&mut row)?);
            }
        }
        Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
    }
}
