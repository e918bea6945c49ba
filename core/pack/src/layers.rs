//! Layers of the base map: what they name, for the gazetteer. The web faces draw the files as they are.

use std::collections::BTreeMap;

use model::Text;
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};

use crate::faults::{Pos, Report};
use crate::gazetteer::{Lines, NamedShape};
use crate::geometry::{centre_of, parse};

#[derive(serde::Deserialize)]
struct Layer<F> {
    #[serde(rename = "type")]
    kind: String,
    features: Vec<F>,
}

#[derive(serde::Deserialize)]
struct Feature {
    #[serde(default)]
    properties: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(default)]
    geometry: Option<Geometry>,
}

#[derive(serde::Deserialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    coordinates: Coordinates,
}

/// Coordinates of any geometry, as deep as they are.
#[derive(Debug, Default, PartialEq)]
enum Coordinates {
    #[default]
    None,
    Number(f64),
    Point([f64; 2]),
    Line(Vec<[f64; 2]>),
    Lines(Lines),
    Polygons(Vec<Lines>),
}

impl<'de> Deserialize<'de> for Coordinates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Nested)
    }
}

struct Nested;

impl<'de> Visitor<'de> for Nested {
    type Value = Coordinates;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("coordinates of a GeoJSON geometry")
    }

    fn visit_f64<E>(self, number: f64) -> Result<Coordinates, E> {
        Ok(Coordinates::Number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Coordinates, E> {
        #[allow(clippy::cast_precision_loss, reason = "degrees are small")]
        Ok(Coordinates::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Coordinates, E> {
        #[allow(clippy::cast_precision_loss, reason = "degrees are small")]
        Ok(Coordinates::Number(number as f64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Coordinates, A::Error> {
        use serde::de::Error;
        let uneven = || A::Error::custom("coordinates are not nested evenly, or deeper than a MultiPolygon");
        let Some(first) = items.next_element::<Coordinates>()? else { return Ok(Coordinates::None) };
        let mut whole = match first {
            Coordinates::Number(lon) => {
                let Some(Coordinates::Number(lat)) = items.next_element()? else { return Err(uneven()) };
                Coordinates::Point([lon, lat])
            }
            Coordinates::Point(point) => Coordinates::Line(vec![point]),
            Coordinates::Line(line) => Coordinates::Lines(vec![line]),
            Coordinates::Lines(lines) => Coordinates::Polygons(vec![lines]),
            Coordinates::None | Coordinates::Polygons(_) => return Err(uneven()),
        };
        while let Some(next) = items.next_element::<Coordinates>()? {
            match (&mut whole, next) {
                // A height beside longitude and latitude.
                (Coordinates::Point(_), Coordinates::Number(_)) => {}
                (Coordinates::Line(points), Coordinates::Point(point)) => points.push(point),
                (Coordinates::Lines(lines), Coordinates::Line(line)) => lines.push(line),
                (Coordinates::Polygons(polygons), Coordinates::Lines(lines)) => polygons.push(lines),
                _ => return Err(uneven()),
            }
        }
        Ok(whole)
    }
}

/// Reads what a layer names: `name` in the city's first language, `name_<language>` in another (`name_en`).
pub(crate) fn read_layer(
    text: &str,
    file: u32,
    is_road: bool,
    locales: &[String],
    report: &mut Report,
) -> Vec<NamedShape> {
    // Most of a base map has no names (buildings): a start need not read its coordinates.
    let layer = if text.contains(r#""name""#) {
        parse::<Layer<Feature>>(text, file, report)
    } else {
        parse::<Layer<IgnoredAny>>(text, file, report).map(|layer| Layer { kind: layer.kind, features: Vec::new() })
    };
    let Some(layer) = layer else { return Vec::new() };
    if layer.kind != "FeatureCollection" {
        report.fault(Pos { file, line: 1 }, format!("expected a FeatureCollection, got {:?}", layer.kind));
    }
    let named = |feature: Feature| {
        let title = title_of(&feature.properties?, locales)?;
        Some(NamedShape { title, is_road, lines: lines_of(feature.geometry?)? })
    };
    layer.features.into_iter().filter_map(named).collect()
}

fn title_of(properties: &BTreeMap<String, serde_json::Value>, locales: &[String]) -> Option<Text> {
    let name = |key: &str| properties.get(key)?.as_str().map(str::trim).filter(|name| !name.is_empty());
    let first = name("name")?;
    let titles = locales.iter().enumerate().filter_map(|(place, locale)| {
        let language = locale.split('-').next().unwrap_or(locale);
        let other = || name(&format!("name_{locale}")).or_else(|| name(&format!("name_{language}")));
        let title = if place == 0 { first } else { other()? };
        Some((locale.clone(), title.to_owned()))
    });
    Some(Text(titles.collect()))
}

/// The lines of a geometry; of areas their middle.
fn lines_of(geometry: Geometry) -> Option<Lines> {
    let is_on_earth = |point: &[f64; 2]| point[0].abs() <= 180.0 && point[1].abs() <= 90.0;
    let lines = match (geometry.kind.as_str(), geometry.coordinates) {
        (_, Coordinates::Point(point)) => vec![vec![point]],
        ("Polygon", Coordinates::Lines(rings)) => vec![vec![centre_of(&[rings])?]],
        (_, Coordinates::Polygons(polygons)) => vec![vec![centre_of(&polygons)?]],
        (_, Coordinates::Line(line)) => vec![line],
        (_, Coordinates::Lines(lines)) => lines,
        (_, Coordinates::None | Coordinates::Number(_)) => return None,
    };
    lines.iter().flatten().all(is_on_earth).then_some(lines)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    fn read(geometry: &str) -> Option<Lines> {
        lines_of(serde_json::from_str(geometry).unwrap())
    }

    #[test]
    fn every_geometry_has_its_lines_and_areas_their_middle() {
        let point = |lon, lat| vec![[lon, lat]];
        for (geometry, lines) in [
            (r#"{"type":"Point","coordinates":[1,2.5,9]}"#, Some(vec![point(1.0, 2.5)])),
            (r#"{"type":"LineString","coordinates":[[1,2],[3,4]]}"#, Some(vec![vec![[1.0, 2.0], [3.0, 4.0]]])),
            (
                r#"{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8]]]}"#,
                Some(vec![vec![[1.0, 2.0], [3.0, 4.0]], vec![[5.0, 6.0], [7.0, 8.0]]]),
            ),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,2],[0,0]]]}"#, Some(vec![point(1.0, 1.0)])),
            (
                r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[2,0],[2,2],[0,2],[0,0]]]]}"#,
                Some(vec![point(1.0, 1.0)]),
            ),
            (r#"{"type":"GeometryCollection","geometries":[]}"#, None),
            (r#"{"type":"Point","coordinates":[]}"#, None),
            (r#"{"type":"Point","coordinates":[181,0]}"#, None),
        ] {
            assert_eq!(read(geometry), lines, "{geometry}");
        }
    }

    #[test]
    fn coordinates_that_are_no_geometry_are_refused() {
        for coordinates in ["[1]", "[[1,2],3]", "[[[1,2]],[3,4]]", "[[[[[1,2]]]]]", r#"["a","b"]"#, "[[1,2],[]]"] {
            let geometry = format!(r#"{{"type":"LineString","coordinates":{coordinates}}}"#);
            assert!(serde_json::from_str::<Geometry>(&geometry).is_err(), "{coordinates}");
        }
    }
}
