//! Steps between cells and voxels: neighbours, disks, rings, distance, lines.

mod common;

use std::collections::BTreeSet;

use common::{cells, levels, points};
use dipper_grid::{Cell, Clause6, Contact, Level, LonLat, Voxel, line, voxel_line};
use proptest::prelude::*;

fn low_cells() -> impl Strategy<Value = Cell> {
    (points(), levels()).prop_map(|(point, level)| Cell::encode(point, level).expect("below the caps"))
}

fn voxels() -> impl Strategy<Value = Voxel> {
    (cells(), prop_oneof![-3i32..3, -1_000i32..1_000]).prop_map(|(cell, layer)| {
        let limit = if cell.level() == Level::L1 { 63 } else { 511 };
        Voxel::on(cell, layer.clamp(-limit, limit)).expect("a layer in range")
    })
}

/// Point at a fraction of the way, the shorter way round.
fn between(a: LonLat, b: LonLat, part: f64) -> LonLat {
    let mut dx = b.lon_deg() - a.lon_deg();
    if dx > 180.0 {
        dx -= 360.0;
    } else if dx < -180.0 {
        dx += 360.0;
    }
    let lon = a.lon_deg() + dx * part;
    let lon = if lon > 180.0 {
        lon - 360.0
    } else if lon < -180.0 {
        lon + 360.0
    } else {
        lon
    };
    LonLat::new(lon, a.lat_deg() + (b.lat_deg() - a.lat_deg()) * part).expect("a point")
}

/// Two points whose line has not too many cells at a level.
fn segments() -> impl Strategy<Value = (LonLat, LonLat, Level)> {
    (points(), levels(), -40.0..40.0f64, -40.0..40.0f64, any::<bool>()).prop_map(
        |(from, level, right, up, on_edges)| {
            let (width, height) = level.size_deg();
            let (right, up) = if on_edges { (right.round(), up.round()) } else { (right, up) };
            let lon = from.lon_deg() + right * width;
            let lon = if lon > 180.0 {
                lon - 360.0
            } else if lon < -180.0 {
                lon + 360.0
            } else {
                lon
            };
            let to = LonLat::new(
                lon.clamp(-180.0, 180.0),
                (from.lat_deg() + up * height).clamp(-87.999_999_9, 87.999_999_9),
            );
            (from, to.expect("a point"), level)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn edge_neighbours_are_mutual_and_among_the_neighbours(cell in cells()) {
        let all: BTreeSet<Cell> = cell.neighbours().collect();
        let edges: BTreeSet<Cell> = cell.edge_neighbours().collect();
        prop_assert!(edges.is_subset(&all));
        prop_assert!(edges.len() >= 3);
        for edge in edges {
            prop_assert!(edge.edge_neighbours().any(|back| back == cell), "{} lacks {}", edge, cell);
        }
    }

    #[test]
    fn disks_and_rings_are_the_cells_at_their_distance(cell in low_cells(), steps in 0u32..12) {
        let disk: Vec<Cell> = cell.disk(steps)?.collect();
        prop_assert_eq!(disk.len() as u64, cell.disk(steps)?.count_cells());
        let set: BTreeSet<Cell> = disk.iter().copied().collect();
        prop_assert_eq!(set.len(), disk.len());
        let ring: BTreeSet<Cell> = cell.ring(steps)?.collect();
        prop_assert_eq!(ring.len() as u64, cell.ring(steps)?.count_cells());
        for other in &set {
            let distance = cell.grid_distance(*other)?;
            prop_assert!(distance <= u64::from(steps));
            prop_assert_eq!(ring.contains(other), distance == u64::from(steps));
        }
        prop_assert!(ring.is_subset(&set));
        // Walking out by neighbours finds the same disk.
        if steps < 5 {
            let mut walked = BTreeSet::from([cell]);
            for _ in 0..steps {
                let next: Vec<Cell> = walked.iter().flat_map(|cell| cell.neighbours()).filter(|c| !c.is_polar()).collect();
                walked.extend(next);
            }
            prop_assert_eq!(walked, set);
        }
    }

    #[test]
    fn what_is_left_of_a_disk_or_ring_is_counted(cell in low_cells(), steps in 0u32..6, taken in 0usize..60) {
        for mut steps in [cell.disk(steps)?, cell.ring(steps)?] {
            steps.by_ref().take(taken).for_each(drop);
            prop_assert_eq!(steps.count_cells(), steps.count() as u64);
        }
    }

    #[test]
    fn a_line_is_connected_reversible_and_misses_no_point((from, to, level) in segments()) {
        let walk: Vec<Cell> = line(from, to, level)?.collect();
        prop_assert_eq!(walk.len() as u64, line(from, to, level)?.count_cells());
        prop_assert_eq!(walk.first().copied(), Some(Cell::encode(from, level)?));
        prop_assert_eq!(walk.last().copied(), Some(Cell::encode(to, level)?));
        for pair in walk.windows(2) {
            prop_assert!(pair[0].edge_neighbours().any(|next| next == pair[1]), "{} {}", pair[0], pair[1]);
        }
        let set: BTreeSet<Cell> = walk.iter().copied().collect();
        prop_assert_eq!(set.len(), walk.len());
        // Half a turn is as short both ways: which one is taken is decided on exact numbers, not on those of the samples.
        prop_assume!(((to.lon_deg() - from.lon_deg()).abs() - 180.0).abs() > 1e-9);
        // The segment is one of exact numbers; a point of it is sampled with an error of some 1e-14 degrees.
        let slack = 3e-14;
        for step in 0..=400 {
            let point = between(from, to, f64::from(step) / 400.0);
            let near = [(0.0, 0.0), (slack, 0.0), (-slack, 0.0), (0.0, slack), (0.0, -slack)].map(|(dx, dy)| {
                let lon = (point.lon_deg() + dx).clamp(-180.0, 180.0);
                Cell::encode(LonLat::new(lon, point.lat_deg() + dy).expect("a point"), level).expect("a cell")
            });
            let opposite = point.lon_deg().abs() >= 180.0 - 1e-9;
            prop_assert!(opposite || near.iter().any(|cell| set.contains(cell)), "{} of {:?}", point, walk);
        }
    }

    #[test]
    fn a_line_of_cells_is_the_reverse_of_its_reverse(from in low_cells(), right in -30i32..30, up in -30i32..30) {
        let (width, height) = from.level().size_deg();
        let centre = from.centre();
        let lon = centre.lon_deg() + f64::from(right) * width;
        let lon = if lon > 180.0 { lon - 360.0 } else if lon < -180.0 { lon + 360.0 } else { lon };
        let lat = (centre.lat_deg() + f64::from(up) * height).clamp(-87.999_999_9, 87.999_999_9);
        let to = Cell::encode(LonLat::new(lon, lat)?, from.level())?;
        let there: Vec<Cell> = from.line_to(to)?.collect();
        let mut back: Vec<Cell> = to.line_to(from)?.collect();
        back.reverse();
        prop_assert_eq!(&there, &back);
        prop_assert!(there.len() as u64 > from.grid_distance(to)?);
    }

    #[test]
    fn voxel_neighbours_are_mutual_and_of_the_right_number(voxel in voxels()) {
        let mut counts = Vec::new();
        for contact in [Contact::Face, Contact::Edge, Contact::Corner] {
            let around: BTreeSet<Voxel> = voxel.neighbours(contact).collect();
            prop_assert_eq!(around.len(), voxel.neighbours(contact).len());
            prop_assert!(!around.contains(&voxel));
            for other in &around {
                prop_assert!(other.neighbours(contact).any(|back| back == voxel));
            }
            counts.push(around.len());
        }
        let inner = voxel.footprint().neighbours().all(|cell| !cell.is_polar())
            && voxel.footprint().neighbours().len() == 8
            && voxel.bounds().high_m < 5e8 && voxel.bounds().low_m > -6.3e6;
        if inner {
            prop_assert_eq!(counts, [6, 18, 26]);
        }
    }

    #[test]
    fn a_line_of_voxels_shares_faces_and_reverses(
        (from, to, level) in segments(), low in -200.0..200.0f64, high in -200.0..200.0f64,
    ) {
        prop_assume!(level < Level::L9);
        let walk: Vec<Voxel> = voxel_line::<Clause6>((from, low), (to, high), level)?.collect();
        prop_assert_eq!(walk.first().copied(), Some(Voxel::encode(from, low, level)?));
        prop_assert_eq!(walk.last().copied(), Some(Voxel::encode(to, high, level)?));
        for pair in walk.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let beside = a.footprint() == b.footprint() && a.layer().abs_diff(b.layer()) == 1;
            let along = a.layer() == b.layer() && a.footprint().edge_neighbours().any(|cell| cell == b.footprint());
            prop_assert!(beside || along, "{:?} {:?}", a, b);
        }
        let (first, last) = (walk[0], walk[walk.len() - 1]);
        let there: Vec<Voxel> = first.line_to(last)?.collect();
        let mut back: Vec<Voxel> = last.line_to(first)?.collect();
        back.reverse();
        prop_assert_eq!(&there, &back);
        prop_assert!(there.len() as u64 > first.grid_distance(last)?);
    }
}

#[test]
fn a_disk_round_the_globe_has_each_column_once() {
    let cell: Cell = "N31A".parse().expect("a code");
    for steps in 0..70 {
        let disk: Vec<Cell> = cell.disk(steps).expect("not polar").collect();
        let set: BTreeSet<Cell> = disk.iter().copied().collect();
        assert_eq!((set.len(), disk.len() as u64), (disk.len(), cell.disk(steps).expect("not polar").count_cells()));
        let ring: BTreeSet<Cell> = cell.ring(steps).expect("not polar").collect();
        let expected: BTreeSet<Cell> =
            set.iter().copied().filter(|other| cell.grid_distance(*other) == Ok(u64::from(steps))).collect();
        assert_eq!(ring, expected, "{steps}");
        assert_eq!(ring.len() as u64, cell.ring(steps).expect("not polar").count_cells(), "{steps}");
    }
    assert_eq!(cell.disk(u32::MAX).expect("not polar").count_cells(), 60 * 44);
}

#[test]
fn a_corner_is_passed_through_the_cell_that_holds_it_or_the_southern_one() {
    let table = [
        // North-east along the diagonal of cells: the corner's cell is passed anyway.
        ((0.5, 0.5), (1.5, 1.5), 3),
        // South-east: the corner belongs to the cell east of the first and north of the last.
        ((0.5, 1.5), (1.5, 0.5), 3),
        ((-0.5, 0.5), (0.5, -0.5), 3),
        ((-1.5, -0.5), (-0.5, -1.5), 3),
    ];
    for (from, to, count) in table {
        let minute = 1.0 / 60.0;
        let point = |(x, y): (f64, f64)| LonLat::new(x * minute, y * minute).expect("a point");
        let there: Vec<Cell> = line(point(from), point(to), Level::L4).expect("a line").collect();
        let mut back: Vec<Cell> = line(point(to), point(from), Level::L4).expect("a line").collect();
        back.reverse();
        assert_eq!((there.len(), &there), (count, &back));
        let corner = point(((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0));
        assert!(there.contains(&Cell::encode(corner, Level::L4).expect("a cell")), "{there:?}");
    }
}

#[test]
fn lines_run_along_edges_and_across_the_half_turn() {
    let point = |lon: f64, lat: f64| LonLat::new(lon, lat).expect("a point");
    let along = line(point(-1.0, 0.0), point(1.0, 0.0), Level::L2).expect("a line");
    let codes: Vec<String> = along.map(|cell| cell.to_string()).collect();
    assert_eq!(codes, ["N30A20", "N30A10", "N30A00", "N31A00", "N31A10", "N31A20"]);
    let across = line(point(179.9, 10.0), point(-179.9, 10.0), Level::L1).expect("a line");
    assert_eq!(across.map(|cell| cell.to_string()).collect::<Vec<_>>(), ["N60C", "N01C"]);
    let alone = line(point(180.0, 10.0), point(180.0, 10.0), Level::L10).expect("a line");
    assert_eq!(alone.count(), 1);
    assert!(line(point(0.0, 88.0), point(0.0, 0.0), Level::L1).is_err());
    // A western or southern edge belongs to the cell beyond it: one more each.
    let whole = line(point(-90.0, -80.0), point(89.0, 80.0), Level::L10).expect("a line");
    assert_eq!(whole.count_cells(), (179 + 160) * 7_372_800 + 3);
}

#[test]
fn cells_of_two_levels_and_polar_cells_are_not_joined() {
    let (a, b): (Cell, Cell) = ("N50J".parse().expect("a code"), "N50J47".parse().expect("a code"));
    let pole: Cell = "N000".parse().expect("a code");
    assert!(a.line_to(b).is_err() && a.grid_distance(b).is_err());
    assert!(a.line_to(pole).is_err() && pole.disk(1).is_err() && pole.ring(0).is_err());
}

#[test]
fn a_ball_has_a_cube_of_voxels() {
    let voxel: Voxel = "N050J0047050390".parse().expect("a code");
    let ball: BTreeSet<Voxel> = voxel.ball(2).expect("not polar").collect();
    assert_eq!(ball.len(), 125);
    assert!(ball.iter().all(|other| voxel.grid_distance(*other).is_ok_and(|steps| steps <= 2)));
}
