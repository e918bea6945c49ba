//! Looking things up in a small city: trees, routing, places, versions.

#![allow(clippy::unwrap_used, reason = "a test may fail at once")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use dipper_pack::{Atlas, City, Compiled, OfficeRule, Packs, load};
use grid::LonLat;
use model::{CategoryId, OfficeId, RegionId};

fn toy() -> City {
    load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packs/good")).unwrap().city
}

fn region(id: &str) -> RegionId {
    RegionId::new(id).unwrap()
}

fn office(id: &str) -> OfficeId {
    OfficeId::new(id).unwrap()
}

#[test]
fn a_region_lies_within_those_its_path_begins_with() {
    let city = toy();
    for (id, path) in [("toy", "toy/"), ("east-1", "toy/east/east-1/"), ("nowhere", "")] {
        assert_eq!(city.region_path(&region(id)), path);
    }
    for (id, ancestor, within) in [
        ("east-1", "toy", true),
        ("east-1", "east-1", true),
        ("east", "east-1", false),
        ("west", "east", false),
        ("nowhere", "toy", false),
    ] {
        assert_eq!(city.is_within(&region(id), &region(ancestor)), within, "{id} in {ancestor}");
    }
    let chain: Vec<&str> = city.office_chain(&office("roads-east")).into_iter().map(OfficeId::as_str).collect();
    assert_eq!(chain, ["roads-east", "roads", "centre"]);
}

#[test]
fn a_log_of_an_office_holds_its_own_acts_and_those_of_the_offices_below() {
    let mut city = toy();
    assert!(city.ledgers().is_empty());
    for id in ["roads", "parks"] {
        city.offices.get_mut(&office(id)).unwrap().ledger = true;
    }
    let ledgers = city.ledgers();
    let logs: Vec<(&str, Vec<&str>)> =
        ledgers.iter().map(|(id, offices)| (id.as_str(), offices.iter().map(OfficeId::as_str).collect())).collect();
    assert_eq!(logs, [("parks", vec!["parks"]), ("roads", vec!["roads", "roads-east"])]);
}

#[test]
fn the_most_specific_rule_routes() {
    let city = toy();
    for (category, at, expect) in [
        ("pothole", "toy", Some("roads")),
        ("pothole", "west", Some("roads")),
        ("pothole", "east", Some("roads-east")),
        ("pothole", "east-1", Some("roads-east")),
        // A prefix is less than the category itself, in whatever region.
        ("pond", "east-1", Some("roads-east")),
        ("pond", "west", Some("centre")),
        ("tree", "east", Some("parks")),
        ("other", "east", Some("centre")),
    ] {
        let found = city.route(&CategoryId::new(category).unwrap(), &region(at));
        assert_eq!(found.as_ref().map(OfficeId::as_str), expect, "{category} in {at}");
    }
}

#[test]
fn an_office_rule_names_the_handler_the_nearest_or_one_office() {
    let city = toy();
    let pothole = CategoryId::new("pothole").unwrap();
    let parks = office("parks");
    for (rule, handler, at, expect) in [
        (OfficeRule::Handler, Some(&parks), "east", Some("parks")),
        (OfficeRule::Handler, None, "east", Some("roads-east")),
        (OfficeRule::Kind("department".into()), None, "east-1", Some("roads-east")),
        (OfficeRule::Kind("department".into()), None, "west", Some("parks")),
        (OfficeRule::Kind("palace".into()), None, "west", None),
        (OfficeRule::Id(office("centre")), Some(&parks), "west", Some("centre")),
        (OfficeRule::Id(office("castle")), None, "west", None),
    ] {
        let found = city.office_for(&rule, &region(at), handler, &pothole);
        assert_eq!(found.as_ref().map(OfficeId::as_str), expect, "{rule:?} in {at}");
    }
}

#[test]
fn a_point_lies_in_the_smallest_region_around_it() {
    let atlas = Atlas::new(&toy());
    for ((lon, lat), expect) in [
        ((1.0, 1.0), Some("west")),
        ((6.0, 1.0), Some("east-1")),
        ((6.0, 3.0), Some("east")),
        // In the hole of the east the city itself is left.
        ((8.5, 8.5), Some("toy")),
        ((8.5, 7.9), Some("east")),
        ((5.0, 9.0), Some("east")),
        ((0.0, 0.0), Some("west")),
        ((10.1, 5.0), None),
        ((-170.0, 5.0), None),
    ] {
        let found = atlas.locate(LonLat::new(lon, lat).unwrap());
        assert_eq!(found.as_ref().map(RegionId::as_str), expect, "{lon},{lat}");
    }
    let mut bare = toy();
    bare.regions.values_mut().for_each(|region| region.polygons.clear());
    assert_eq!(Atlas::new(&bare).locate(LonLat::new(0.0, 0.0).unwrap()), None);
}

/// True by ray casting over every edge, without the lattice.
fn holds(polygons: &[Vec<Vec<[f64; 2]>>], x: f64, y: f64) -> bool {
    let mut inside = false;
    for ring in polygons.iter().flatten() {
        for pair in ring.windows(2) {
            let ([ax, ay], [bx, by]) = (pair[0], pair[1]);
            if (ay <= y) != (by <= y) && x < ax + (y - ay) / (by - ay) * (bx - ax) {
                inside = !inside;
            }
        }
    }
    inside
}

#[test]
fn the_lattice_agrees_with_every_edge_on_the_fictional_city() {
    let city = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/demo")).unwrap().city;
    let atlas = Atlas::new(&city);
    let [west, south, east, north] = city.bounds;
    let mut found_units = 0;
    for step in 0..4_000_u32 {
        // A low-discrepancy walk (golden ratio and square root of two) covers the box evenly.
        let x = west + (east - west) * (f64::from(step) * 0.618_033_988_749_895).fract();
        let y = south + (north - south) * (f64::from(step) * std::f64::consts::SQRT_2).fract();
        let deepest =
            city.regions.values().filter(|region| holds(&region.polygons, x, y)).map(|region| region.level).max();
        let found = atlas.locate(LonLat::new(x, y).unwrap());
        let level = found.as_ref().map(|id| city.region(id).unwrap().level);
        assert_eq!(level, deepest, "{x},{y}");
        if let Some(id) = &found {
            assert!(holds(&city.region(id).unwrap().polygons, x, y), "{id} at {x},{y}");
            found_units += u32::from(level == Some(dipper_pack::RegionLevel::UnitGrid));
        }
    }
    assert!(found_units > 1_000, "unit grids cover much of the city, got {found_units}");
}

#[test]
fn old_cases_keep_the_pack_they_began_under() {
    let old = Arc::new(Compiled::new(toy()).unwrap());
    let mut city = toy();
    city.version = "2".to_owned();
    let new = Arc::new(Compiled::new(city).unwrap());
    assert_ne!(old.hash, new.hash);
    let packs = Packs::new(Arc::clone(&new));
    assert!(packs.get(&old.hash).is_none());
    packs.insert(Arc::clone(&old));
    assert_eq!(packs.current().hash, new.hash);
    assert_eq!(packs.get(&old.hash).unwrap().city.version, "1.0");
    packs.set_current(Arc::clone(&old));
    assert_eq!(packs.current().hash, old.hash);
    assert!(packs.get(&new.hash).is_some());
}

#[test]
fn schemas_in_the_repository_are_those_of_the_reader() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/_schema");
    let written: BTreeMap<String, String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap()))
        .collect();
    let emitted = dipper_pack::schemas().into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    assert_eq!(written, emitted, "write them anew");
}
