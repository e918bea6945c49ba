//! What must hold of the city and of its pack.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::plane::{area, degrees_e6, pt};
use super::regions::Region;
use super::{City, draw, write};

fn folder() -> PathBuf {
    crate::gen_files::repository().join("packs/demo")
}

type Corner = (i64, i64);

/// Directed edges of regions in whole millionths of a degree, those between two of them cancelled.
fn outline<'a>(regions: impl IntoIterator<Item = &'a Region>) -> BTreeSet<(Corner, Corner)> {
    let mut edges = BTreeSet::new();
    for ring in regions.into_iter().flat_map(|region| &region.polygons).flatten() {
        let corners: Vec<Corner> = ring.iter().map(|&p| degrees_e6(p)).collect();
        for (i, &from) in corners.iter().enumerate() {
            let to = corners[(i + 1) % corners.len()];
            assert_ne!(from, to, "two corners fall together");
            if !edges.remove(&(to, from)) {
                assert!(edges.insert((from, to)), "two regions overlap at {from:?}");
            }
        }
    }
    edges
}

fn every_region_is_tiled_by_its_children(city: &City) {
    let mut children: BTreeMap<&str, Vec<&Region>> = BTreeMap::new();
    for region in &city.regions {
        children.entry(&region.parent).or_default().push(region);
    }
    for region in &city.regions {
        let Some(parts) = children.get(region.id.as_str()) else {
            assert_eq!(region.level, "unit_grid", "{} has no children", region.id);
            continue;
        };
        assert_eq!(outline(parts.iter().copied()), outline([region]), "{}", region.id);
    }
}

fn the_districts_cover_the_whole_territory(city: &City) {
    let of = |region: &Region| region.polygons.iter().flatten().map(|ring| area(ring)).sum::<f64>();
    let districts: f64 = city.regions.iter().filter(|region| region.level == "district").map(of).sum();
    let territory = area(&super::terrain::Terrain::new().border);
    assert!((districts / territory - 1.0).abs() < 0.001, "{districts} of {territory} square metres");
}

fn the_tree_has_the_numbers_of_a_city(city: &City) {
    let count = |level: &str| city.regions.iter().filter(|region| region.level == level).count();
    assert_eq!([count("district"), count("street"), count("community")], [4, 14, 53]);
    assert!((400..=500).contains(&count("unit_grid")), "{} unit grids", count("unit_grid"));
    for region in city.regions.iter().filter(|region| region.level == "unit_grid") {
        assert_eq!(region.code.len(), 15);
        assert_eq!(region.polygons.len(), 1, "{} is in one piece", region.id);
    }
}

fn buildings_stand_dry_and_off_the_carriageway(city: &City) {
    let terrain = super::terrain::Terrain::new();
    let mut count = 0;
    for ring in city.fabric.buildings.iter().flat_map(|block| &block.rings) {
        count += 1;
        assert!(ring.iter().all(|&p| terrain.water_distance(p) > 0.0), "a building in the water at {:?}", ring[0]);
    }
    assert!(count > 15_000, "{count} buildings");
}

fn the_files_in_the_repository_are_those_written_now(city: &City) {
    for (name, text) in write(city) {
        let kept = std::fs::read_to_string(folder().join(&name)).unwrap();
        assert!(kept == text, "{name} differs: run `cargo xtask gen demo-city`");
    }
    let size = |name: &str| std::fs::metadata(folder().join("basemap").join(name)).unwrap().len();
    let layers = ["green", "water", "building", "road", "place"];
    let total: u64 = layers.iter().map(|layer| size(&format!("{layer}.geojson"))).sum();
    assert!(total <= 4_000_000, "the base map is {total} bytes: phones load it whole");
}

/// One test, for drawing takes ten seconds: each rule is a function of its own.
#[test]
fn the_city_holds_together() {
    let city = draw();
    every_region_is_tiled_by_its_children(&city);
    the_districts_cover_the_whole_territory(&city);
    the_tree_has_the_numbers_of_a_city(&city);
    buildings_stand_dry_and_off_the_carriageway(&city);
    the_files_in_the_repository_are_those_written_now(&city);
}

#[test]
fn every_story_of_the_pack_comes_true() {
    let loaded = pack::load(&folder()).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert!(loaded.scenarios.len() > 9);
    let compiled = pack::Compiled::new(loaded.city).unwrap();
    let mut failed = Vec::new();
    for scenario in &loaded.scenarios {
        for fault in act::scenario::play(&compiled, scenario).err().unwrap_or_default() {
            failed.push(format!("{}: line {}: {}", scenario.story, fault.line, fault.message));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));

    let steps = || loaded.scenarios.iter().flat_map(|scenario| &scenario.steps).filter(|step| !step.refused);
    let told: BTreeSet<&str> =
        steps().filter_map(|step| step.act.as_ref()).map(|(_, action)| action.as_str()).collect();
    let actions = compiled.city.processes.values().flat_map(|process| &process.actions);
    let untold: Vec<&str> = actions.map(|action| action.id.as_str()).filter(|id| !told.contains(id)).collect();
    assert!(untold.is_empty(), "no story takes {}", untold.join(", "));
}

#[test]
fn a_square_inset_by_a_metre_is_two_metres_narrower() {
    let square: Vec<_> = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)].map(|(x, y)| pt(x, y)).into();
    assert!((area(&square) - 100.0).abs() < 1e-9);
    assert!((area(&super::plane::inset(&square, 1.0)) - 64.0).abs() < 1e-6);
}
