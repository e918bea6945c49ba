//! Time of what is done with cells, beside other grids, in one run.
//!
//! Cells of 4 096 points spread evenly over the globe below 85°. h3o resolution 10 (0.015 km²) stands beside level 5
//! (95 x 124 m in Beijing), 15 (0.9 m²) beside level 8; covers count the time of one cell of the result.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use dipper_grid::{
    Bounds, Cell, Clause6, Contact, CoverMode, Level, LonLat, Polygon, Voxel, geodesic_distance_m, line,
};
use h3o::geom::{ContainmentMode, TilerBuilder};
use h3o::{CellIndex, LatLng, Resolution};
use s2::cellid::CellID;

fn points() -> Vec<(f64, f64)> {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..4_096).map(|_| (next() * 360.0 - 180.0, next() * 170.0 - 85.0)).collect()
}

/// Times one call on the next item.
fn each<T: Copy, U>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, items: &[T], call: impl Fn(T) -> U) {
    let mut at = 0;
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            at = (at + 1) & 4_095;
            black_box(call(items[at]))
        });
    });
}

struct Cells {
    ours: Vec<Cell>,
    voxels: Vec<Voxel>,
    h3: Vec<CellIndex>,
    s2: Vec<CellID>,
}

fn cells(level: Level, resolution: Resolution) -> Cells {
    let points = points();
    let ours =
        |(lon, lat): &(f64, f64)| Cell::encode(LonLat::new(*lon, *lat).expect("a point"), level).expect("a cell");
    let voxel = |(lon, lat): &(f64, f64)| {
        Voxel::<Clause6>::encode(LonLat::new(*lon, *lat).expect("a point"), 40.0 * lat, level).expect("a voxel")
    };
    Cells {
        ours: points.iter().map(ours).collect(),
        voxels: points.iter().map(voxel).collect(),
        h3: points.iter().map(|(x, y)| LatLng::new(*y, *x).expect("a point").to_cell(resolution)).collect(),
        s2: points.iter().map(|(x, y)| CellID::from(s2::latlng::LatLng::from_degrees(*y, *x))).collect(),
    }
}

fn decode(criterion: &mut Criterion) {
    let cells = cells(Level::L10, Resolution::Fifteen);
    let mut group = criterion.benchmark_group("decode to the middle");
    each(&mut group, "beidou/10", &cells.ours, Cell::centre);
    each(&mut group, "beidou 3D/10", &cells.voxels, Voxel::centre);
    each(&mut group, "h3o/15", &cells.h3, LatLng::from);
    each(&mut group, "s2/30", &cells.s2, s2::latlng::LatLng::from);
    group.finish();
}

fn parent(criterion: &mut Criterion) {
    let cells = cells(Level::L10, Resolution::Fifteen);
    let mut group = criterion.benchmark_group("parent");
    each(&mut group, "beidou/10", &cells.ours, Cell::parent);
    each(&mut group, "beidou 3D/10", &cells.voxels, Voxel::parent);
    each(&mut group, "h3o/15", &cells.h3, |cell| cell.parent(Resolution::Fourteen));
    each(&mut group, "s2/30", &cells.s2, |cell| cell.parent(29));
    group.finish();
}

fn neighbours(criterion: &mut Criterion) {
    let cells = cells(Level::L7, Resolution::Thirteen);
    let mut group = criterion.benchmark_group("all neighbours");
    each(&mut group, "beidou/7 (8)", &cells.ours, |cell| cell.neighbours().fold(0, |sum, other| sum ^ other.get()));
    each(&mut group, "beidou 3D/7 (26)", &cells.voxels, |voxel| {
        voxel.neighbours(Contact::Corner).fold(0, |sum, other| sum ^ other.get())
    });
    each(&mut group, "h3o/13 (6)", &cells.h3, |cell| {
        cell.grid_ring::<Vec<_>>(1).into_iter().fold(0, |sum, other| sum ^ u64::from(other))
    });
    each(&mut group, "s2/20 (8)", &cells.s2, |cell| cell.parent(20).all_neighbors(20));
    group.finish();
}

/// The outline of a city of some 400 km² and 48 corners, near Shenzhen.
fn city() -> Vec<(f64, f64)> {
    let corners = (0..48).map(|at| {
        let angle = f64::from(at) / 48.0 * std::f64::consts::TAU;
        let reach = 0.11 + 0.02 * (5.0 * angle).sin() + 0.01 * (13.0 * angle).cos();
        (114.05 + reach * angle.cos(), 22.55 + 0.93 * reach * angle.sin())
    });
    corners.collect()
}

fn polygon(criterion: &mut Criterion) {
    let city = city();
    let ring: Vec<LonLat> = city.iter().map(|(x, y)| LonLat::new(*x, *y).expect("a point")).collect();
    let ours = Polygon::new([&ring[..]]).expect("a polygon");
    let theirs = geo_types::Polygon::new(city.clone().into(), Vec::new());
    let modes = [
        ("centre", CoverMode::Centre, ContainmentMode::ContainsCentroid),
        ("intersects", CoverMode::Intersects, ContainmentMode::IntersectsBoundary),
        ("within", CoverMode::Within, ContainmentMode::ContainsBoundary),
    ];
    let mut group = criterion.benchmark_group("polygon cover, a cell");
    group.sample_size(20);
    for (name, mode, their_mode) in modes {
        let count = ours.cells(Level::L5, mode).count() as u64;
        group.throughput(Throughput::Elements(count));
        group.bench_function(format!("beidou/5 {name}, sorted"), |bencher| {
            bencher.iter(|| black_box(ours.cover(Level::L5, mode, 1_000_000)).expect("a cover").len());
        });
        let tile = || {
            let mut tiler = TilerBuilder::new(Resolution::Ten).containment_mode(their_mode).build();
            tiler.add(theirs.clone()).expect("a polygon");
            tiler.into_coverage().count()
        };
        group.throughput(Throughput::Elements(tile() as u64));
        group.bench_function(format!("h3o/10 {name}"), |bencher| bencher.iter(|| black_box(tile())));
    }
    group.finish();
}

fn mixed(criterion: &mut Criterion) {
    // The coverer of the s2 crate takes no polygon, so both cover a box.
    let bounds = Bounds::new(113.75, 22.4, 114.62, 22.86).expect("a box");
    let ours = Polygon::from_bounds(bounds).expect("a polygon");
    let corner = |lat, lng| s2::rect::Rect::from_degrees(lat, lng, lat, lng);
    let theirs = corner(22.4, 113.75).union(&corner(22.86, 114.62));
    let mut group = criterion.benchmark_group("mixed cover of a box in 500 cells, whole");
    group.sample_size(20);
    group.bench_function("beidou/7", |bencher| {
        bencher.iter(|| black_box(ours.outer_cover(Level::L7, 500)).expect("a cover").len());
    });
    group.bench_function("s2/20", |bencher| {
        let coverer = s2::region::RegionCoverer { min_level: 0, max_level: 20, level_mod: 1, max_cells: 500 };
        bencher.iter(|| black_box(coverer.covering(&theirs)).0.len());
    });
    group.finish();
}

fn lines(criterion: &mut Criterion) {
    let (from, to) = ((114.01, 22.51), (114.10, 22.57));
    let mut group = criterion.benchmark_group("line, a cell");
    let [a, b] = [from, to].map(|(x, y)| LonLat::new(x, y).expect("a point"));
    group.throughput(Throughput::Elements(line(a, b, Level::L7).expect("a line").count_cells()));
    group.bench_function("beidou/7", |bencher| {
        bencher.iter(|| {
            line(black_box(a), black_box(b), Level::L7).expect("a line").fold(0, |sum, cell| sum ^ cell.get())
        });
    });
    let [a, b] = [from, to].map(|(x, y)| LatLng::new(y, x).expect("a point").to_cell(Resolution::Thirteen));
    let path = || a.grid_path_cells(b).expect("a path").map(|cell| cell.expect("a cell"));
    group.throughput(Throughput::Elements(path().count() as u64));
    group.bench_function("h3o/13", |bencher| bencher.iter(|| path().fold(0, |sum, cell| sum ^ u64::from(cell))));
    group.finish();
    let mut group = criterion.benchmark_group("distance on the ellipsoid");
    let points: Vec<LonLat> = points().iter().map(|(x, y)| LonLat::new(*x, *y).expect("a point")).collect();
    each(&mut group, "beidou", &points, |point| geodesic_distance_m(point, points[0]));
    group.finish();
}

criterion_group!(benches, decode, parent, neighbours, polygon, mixed, lines);
criterion_main!(benches);
