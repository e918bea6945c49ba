//! Writes GeoJSON by hand: one feature a line, six decimals, nothing that changes from run to run.

use std::fmt::Write as _;

use super::plane::{Pt, area, degrees_e6};

/// A FeatureCollection in the making.
#[derive(Default)]
pub struct Layer {
    features: Vec<String>,
}

/// Texts go into JSON unescaped; names of the city hold neither quotes nor backslashes.
fn quoted(text: &str) -> String {
    debug_assert!(!text.contains(['"', '\\', '\n']));
    format!("\"{text}\"")
}

/// A property: its key and its JSON value.
pub fn text(key: &str, value: &str) -> String {
    format!("\"{key}\":{}", quoted(value))
}

/// `name` and `name_en` of a thing that has a name.
pub fn named(properties: &mut Vec<String>, name: Option<(&str, &str)>) {
    if let Some((zh, en)) = name {
        properties.push(text("name", zh));
        properties.push(text("name_en", en));
    }
}

fn number(out: &mut String, e6: i64) {
    let (whole, part) = (e6 / 1_000_000, e6 % 1_000_000);
    let digits = format!("{part:06}");
    let digits = digits.trim_end_matches('0');
    let _ = if digits.is_empty() { write!(out, "{whole}") } else { write!(out, "{whole}.{digits}") };
}

/// `[lon,lat]`.
fn position(out: &mut String, p: Pt) {
    let (lon, lat) = degrees_e6(p);
    out.push('[');
    number(out, lon);
    out.push(',');
    number(out, lat);
    out.push(']');
}

fn positions(points: impl IntoIterator<Item = Pt>) -> String {
    let mut out = String::from("[");
    let mut last = None;
    for p in points {
        // Points that fall together at six decimals are one.
        if last.replace(degrees_e6(p)) != Some(degrees_e6(p)) {
            if out.len() > 1 {
                out.push(',');
            }
            position(&mut out, p);
        }
    }
    out.push(']');
    out
}

/// A ring, counter-clockwise outside and clockwise as a hole (RFC 7946, 3.1.6).
fn closed(ring: &[Pt], hole: bool) -> String {
    if (area(ring) < 0.0) == hole {
        positions(ring.iter().chain(ring.first()).copied())
    } else {
        positions(ring.iter().rev().chain(ring.last()).copied())
    }
}

fn rings(rings: &[Vec<Pt>]) -> String {
    joined(rings.iter().enumerate().map(|(i, ring)| closed(ring, i > 0)))
}

fn joined(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().collect();
    format!("[{}]", parts.join(","))
}

impl Layer {
    fn push(&mut self, properties: &[String], kind: &str, coordinates: &str) {
        self.features.push(format!(
            "{{\"type\":\"Feature\",\"properties\":{{{}}},\"geometry\":{{\"type\":\"{kind}\",\"coordinates\":{coordinates}}}}}",
            properties.join(",")
        ));
    }

    /// Adds a point.
    pub fn point(&mut self, properties: &[String], p: Pt) {
        let mut out = String::new();
        position(&mut out, p);
        self.push(properties, "Point", &out);
    }

    /// Adds a line.
    pub fn line(&mut self, properties: &[String], points: &[Pt]) {
        self.push(properties, "LineString", &positions(points.iter().copied()));
    }

    /// Adds a polygon: outer ring, then holes.
    pub fn polygon(&mut self, properties: &[String], rings: &[Vec<Pt>]) {
        self.push(properties, "Polygon", &self::rings(rings));
    }

    /// Adds several polygons as one feature.
    pub fn polygons(&mut self, properties: &[String], polygons: &[Vec<Vec<Pt>>]) {
        if let [single] = polygons {
            self.polygon(properties, single);
        } else {
            let list = polygons.iter().map(|polygon| rings(polygon));
            self.push(properties, "MultiPolygon", &joined(list));
        }
    }

    /// The file's text.
    pub fn finish(self) -> String {
        format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", self.features.join(",\n"))
    }
}
