//! Where things happen: near the named places of the base map, or anywhere in a unit grid where there is no map.

use std::path::Path;

use grid::LonLat;
use pack::Compiled;
use serde_json::Value;

use super::chance::Chance;

/// Named points of the city.
#[derive(Debug, Clone, Default)]
pub struct Places(Vec<(String, f64, f64)>);

/// How far from a named place things happen, in degrees: about 200 m.
const SPREAD_DEG: f64 = 0.002;

/// Tries to find a point inside the city.
const TRIES: usize = 24;

impl Places {
    /// Reads the named points of the pack's base map; none where it has no such layer.
    pub fn read(pack: &Path) -> Self {
        let text = std::fs::read_to_string(pack.join("basemap/place.geojson")).unwrap_or_default();
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        let features = json.get("features").and_then(Value::as_array).cloned().unwrap_or_default();
        let place = |feature: &Value| {
            let name = feature.pointer("/properties/name")?.as_str()?.to_owned();
            let at = feature.pointer("/geometry/coordinates")?;
            Some((name, at.get(0)?.as_f64()?, at.get(1)?.as_f64()?))
        };
        Self(features.iter().filter_map(place).collect())
    }

    /// A point inside the city, and words for it.
    pub fn pick(&self, compiled: &Compiled, chance: &mut Chance) -> Option<(LonLat, Option<String>)> {
        for _ in 0..TRIES {
            let (name, lon, lat) = match chance.one_of(&self.0) {
                Some((name, lon, lat)) => (
                    Some(name.clone()),
                    lon + chance.between(-SPREAD_DEG, SPREAD_DEG),
                    lat + chance.between(-SPREAD_DEG, SPREAD_DEG),
                ),
                None => {
                    let [west, south, east, north] = compiled.city.bounds;
                    (None, chance.between(west, east), chance.between(south, north))
                }
            };
            let Ok(point) = LonLat::new((lon * 1e6).round() / 1e6, (lat * 1e6).round() / 1e6) else { continue };
            if compiled.atlas.locate(point).is_some_and(|region| region != compiled.city.root) {
                return Some((point, name.map(|name| format!("{name}附近"))));
            }
        }
        None
    }
}
