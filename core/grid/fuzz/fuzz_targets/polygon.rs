//! Covers: any rings are refused or covered within the limit, and the modes nest.
#![no_main]

use dipper_grid::{CellSet, CoverMode, Level, LonLat, Polygon};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, bool, Vec<(i16, i16)>)| {
    let (level, wraps, corners) = input;
    let Ok(level) = Level::try_from(level % 10 + 1) else { return };
    let (width, height) = level.size_deg();
    let point = |(x, y): &(i16, i16)| LonLat::new(f64::from(*x) / 256.0 * width, f64::from(*y) / 256.0 * height);
    let ring: Vec<LonLat> = corners.iter().take(64).filter_map(|corner| point(corner).ok()).collect();
    let made = if wraps { Polygon::wrapping([&ring[..]]) } else { Polygon::new([&ring[..]]) };
    let Ok(polygon) = made else { return };
    let covers = [CoverMode::Within, CoverMode::Centre, CoverMode::Intersects]
        .map(|mode| polygon.cover(level, mode, 20_000).map(|cells| cells.into_iter().collect::<CellSet>()));
    let [Ok(within), Ok(centre), Ok(intersects)] = covers else { return };
    assert!(within.is_subset(&centre) && centre.is_subset(&intersects));
    if let Ok(outer) = polygon.outer_cover(level, 100) {
        assert!(outer.len() <= 100 && intersects.is_subset(&outer.into_iter().collect()));
    }
});
