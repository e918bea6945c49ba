//! Time to encode one point, beside other grids, in one run.
//!
//! Each turn checks and encodes the next of 4 096 points spread evenly over the globe below 85°, so that
//! branches and caches see no pattern. h3o resolution 9 (174 m edge) stands beside level 5 to 7, 15 (0.5 m) is its finest;
//! S2 encodes its leaf (level 30, about 1 cm), the size of level 10; geohash 8 is about 38 m and 12 about 4 cm.

use criterion::{Criterion, criterion_group, criterion_main};
use dipper_grid::{Bounds, Cell, Clause6, Level, LonLat, Voxel, cover_bounds};
use std::hint::black_box;

/// Points by a fixed recurrence: uniform in longitude and latitude.
fn points() -> Vec<(f64, f64)> {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..4_096).map(|_| (next() * 360.0 - 180.0, next() * 170.0 - 85.0)).collect()
}

/// Times one call on the next point.
fn each(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    call: impl Fn(f64, f64),
) {
    let points = points();
    let mut at = 0;
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            at = (at + 1) & 4_095;
            let (lon, lat) = points[at];
            call(lon, lat);
        });
    });
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    for level in [Level::L3, Level::L7, Level::L10] {
        each(&mut group, &format!("beidou/{level}"), |lon, lat| {
            let point = LonLat::new(lon, lat).expect("a point");
            black_box(Cell::encode(point, black_box(level)).expect("a cell"));
        });
    }
    for level in [Level::L7, Level::L10] {
        // Heights up and down the ladder as the points come.
        each(&mut group, &format!("beidou 3D/{level}"), |lon, lat| {
            let point = LonLat::new(lon, lat).expect("a point");
            black_box(Voxel::<Clause6>::encode(point, lon + 40.0 * lat, black_box(level)).expect("a voxel"));
        });
    }
    for resolution in [h3o::Resolution::Nine, h3o::Resolution::Fifteen] {
        each(&mut group, &format!("h3o/{resolution}"), |lon, lat| {
            let point = h3o::LatLng::new(lat, lon).expect("a point");
            black_box(point.to_cell(black_box(resolution)));
        });
    }
    each(&mut group, "s2/30", |lon, lat| {
        let point = s2::latlng::LatLng::from_degrees(lat, lon);
        black_box(s2::cellid::CellID::from(point));
    });
    for length in [8, 12] {
        each(&mut group, &format!("geohash/{length}"), |lon, lat| {
            let point = geohash::Coord { x: lon, y: lat };
            black_box(geohash::encode(point, black_box(length)).expect("a hash"));
        });
    }
    group.finish();
}

fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cell");
    let point = LonLat::new(114.057_87, 22.543_1).expect("a point");
    let leaf = Cell::encode(point, Level::L10).expect("a cell");
    let code = leaf.to_string();
    group.bench_function("parse", |bencher| bencher.iter(|| black_box(code.as_str()).parse::<Cell>()));
    group.bench_function("print", |bencher| bencher.iter(|| black_box(leaf).to_string()));
    group.bench_function("parent", |bencher| bencher.iter(|| black_box(leaf).parent()));
    group.bench_function("bounds", |bencher| bencher.iter(|| black_box(leaf).bounds()));
    group.bench_function("neighbours", |bencher| bencher.iter(|| black_box(leaf).neighbours()));
    let city = Bounds::new(113.75, 22.4, 114.62, 22.86).expect("a box");
    for budget in [8, 64] {
        group.bench_function(format!("cover_city/{budget}"), |bencher| {
            bencher.iter(|| cover_bounds(black_box(city), budget));
        });
    }
    group.finish();
}

criterion_group!(benches, encode, others);
criterion_main!(benches);
