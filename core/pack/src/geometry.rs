//! GeoJSON of a pack: outlines of regions. Layers of the base map are read in `layers`.
//!
//! Coordinates are rounded to 1e-7 of a degree (a centimetre): the archived JSON then reads back as the very same
//! numbers, and the hash of a pack does not hang on digits no survey has.

use model::RegionId;
use serde::Deserialize;

use crate::faults::{At, Pos, Report};

/// The outline of a region, `[polygon][ring][point]`.
#[derive(Debug)]
pub(crate) struct Outline {
    /// The region, with the place of the file it stands in.
    pub region: At<RegionId>,
    /// The rings.
    pub polygons: Vec<Vec<Vec<[f64; 2]>>>,
}

#[derive(Deserialize)]
struct Collection {
    #[serde(rename = "type")]
    kind: String,
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    #[serde(default)]
    properties: Option<serde_json::Map<String, serde_json::Value>>,
    geometry: Geometry,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Vec<Vec<f64>>>),
    MultiPolygon(Vec<Vec<Vec<Vec<f64>>>>),
}

/// Rounds a coordinate to 1e-7 of a degree.
pub(crate) fn round_deg(deg: f64) -> f64 {
    let rounded = (deg * 1e7).round() / 1e7;
    // Never -0.0, which JSON would keep apart from 0.
    rounded + 0.0
}

/// Reads the outlines of a feature collection whose features name their region in `properties.id`.
pub(crate) fn read_outlines(text: &str, file: u32, report: &mut Report) -> Vec<Outline> {
    let Some(collection) = parse::<Collection>(text, file, report) else { return Vec::new() };
    if collection.kind != "FeatureCollection" {
        report.fault(Pos { file, line: 1 }, format!("expected a FeatureCollection, got {:?}", collection.kind));
    }
    let mut outlines = Vec::new();
    for (index, feature) in collection.features.into_iter().enumerate() {
        let id = feature.properties.as_ref().and_then(|properties| properties.get("id")).and_then(|id| id.as_str());
        let Some(id) = id else {
            report.fault(Pos { file, line: 1 }, format!("feature {} has no region id in properties.id", index + 1));
            continue;
        };
        let at = Pos { file, line: line_of(text, id) };
        let region = match RegionId::new(id) {
            Ok(value) => At { value, at },
            Err(why) => {
                report.fault(at, format!("{id:?}: {why}"));
                continue;
            }
        };
        let polygons = match feature.geometry {
            Geometry::Polygon(rings) => vec![rings],
            Geometry::MultiPolygon(polygons) => polygons,
        };
        let polygons =
            polygons.into_iter().map(|rings| rings.into_iter().map(|ring| read_ring(ring, &region, report)).collect());
        outlines.push(Outline { polygons: polygons.collect(), region: region.clone() });
    }
    outlines
}

fn read_ring(ring: Vec<Vec<f64>>, region: &At<RegionId>, report: &mut Report) -> Vec<[f64; 2]> {
    let mut points = Vec::with_capacity(ring.len());
    for point in &ring {
        match point[..] {
            [lon, lat, ..] if lon.abs() <= 180.0 && lat.abs() <= 90.0 => points.push([round_deg(lon), round_deg(lat)]),
            _ => report.fault(
                region.at,
                format!("region {} has a point that is not longitude and latitude in degrees", region.value),
            ),
        }
    }
    if points.len() < 4 || points.first() != points.last() {
        report.fault(
            region.at,
            format!("region {} has a ring that is not closed by its first point, or has fewer than 4", region.value),
        );
    }
    points
}

pub(crate) fn parse<'t, T: Deserialize<'t>>(text: &'t str, file: u32, report: &mut Report) -> Option<T> {
    let place = |error: &serde_json::Error| Pos { file, line: u32::try_from(error.line()).unwrap_or(u32::MAX) };
    serde_json::from_str(text)
        .map_err(|error| report.fault(place(&error), format!("not the GeoJSON expected: {error}")))
        .ok()
}

/// The first line that names the id; 1 when it is spelled some other way.
fn line_of(text: &str, id: &str) -> u32 {
    let quoted = format!("\"{id}\"");
    text.find(&quoted).map_or(1, |at| u32::try_from(text[..at].matches('\n').count() + 1).unwrap_or(u32::MAX))
}

/// Centroid of the largest outer ring; it lies inside for shapes that are not bent around it.
pub(crate) fn centre_of(polygons: &[Vec<Vec<[f64; 2]>>]) -> Option<[f64; 2]> {
    let ring =
        polygons.iter().filter_map(|rings| rings.first()).max_by(|a, b| doubled_area(a).total_cmp(&doubled_area(b)))?;
    let area = signed_doubled_area(ring);
    if area == 0.0 {
        return ring.first().copied();
    }
    // Relative to the first vertex, so that the products do not lose digits (polygon centroid formula).
    let [x0, y0] = *ring.first()?;
    let sums = ring.windows(2).fold([0.0, 0.0], |[sx, sy], pair| {
        let ([ax, ay], [bx, by]) = ([pair[0][0] - x0, pair[0][1] - y0], [pair[1][0] - x0, pair[1][1] - y0]);
        let cross = ax * by - bx * ay;
        [sx + (ax + bx) * cross, sy + (ay + by) * cross]
    });
    Some([x0 + sums[0] / (3.0 * area), y0 + sums[1] / (3.0 * area)])
}

fn doubled_area(ring: &[[f64; 2]]) -> f64 {
    signed_doubled_area(ring).abs()
}

fn signed_doubled_area(ring: &[[f64; 2]]) -> f64 {
    let Some(&[x0, y0]) = ring.first() else { return 0.0 };
    ring.windows(2).map(|pair| (pair[0][0] - x0) * (pair[1][1] - y0) - (pair[1][0] - x0) * (pair[0][1] - y0)).sum()
}
