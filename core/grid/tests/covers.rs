//! Covers and lists of cells of boxes.

mod common;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use common::{cells, levels, points, polar_points};
use dipper_grid::{Bounds, Cell, Level, LonLat, cells_in_bounds, count_in_bounds, cover_bounds, cover_bounds_at};
use proptest::prelude::*;

fn holds(ranges: &[RangeInclusive<i64>], cell: Cell) -> bool {
    ranges.iter().any(|range| range.contains(&cell.get()))
}

fn globe() -> Bounds {
    Bounds::new(-180.0, -90.0, 180.0, 90.0).expect("a box")
}

/// A box around a point: half sizes from a centimetre to the whole globe, across ±180° where it falls so.
fn boxes() -> impl Strategy<Value = (LonLat, Bounds)> {
    let anchors = prop_oneof![4 => points(), 1 => polar_points()];
    (anchors, -7.0..2.2f64, -7.0..2.0f64).prop_map(|(point, wide, high)| {
        let (wide, high) = (10f64.powf(wide).min(179.0), 10f64.powf(high));
        let turn = |lon: f64| {
            if lon > 180.0 {
                lon - 360.0
            } else if lon < -180.0 {
                lon + 360.0
            } else {
                lon
            }
        };
        let bounds = Bounds::new(
            turn(point.lon_deg() - wide),
            (point.lat_deg() - high).max(-90.0),
            turn(point.lon_deg() + wide),
            (point.lat_deg() + high).min(90.0),
        );
        (point, bounds.expect("a box"))
    })
}

/// A point of a box, by two fractions.
fn point_in(bounds: &Bounds, across: f64, up: f64) -> LonLat {
    let turn = if bounds.west <= bounds.east { 0.0 } else { 360.0 };
    let lon = bounds.west + across * (bounds.east + turn - bounds.west);
    let lat = bounds.south + up * (bounds.north - bounds.south);
    let lon = if lon > 180.0 { lon - 360.0 } else { lon };
    LonLat::new(lon, lat.clamp(bounds.south, bounds.north)).expect("a point")
}

fn fractions() -> impl Strategy<Value = (f64, f64)> {
    let fraction = || prop_oneof![3 => 0.0..=1.0f64, 1 => Just(0.0), 1 => Just(1.0)];
    (fraction(), fraction())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_cover_is_sorted_disjoint_within_budget_and_misses_no_point(
        (_, bounds) in boxes(),
        max_ranges in 0usize..70,
        finest in levels(),
        fractions in prop::collection::vec(fractions(), 30),
    ) {
        let ranges = cover_bounds_at(bounds, finest, max_ranges);
        prop_assert!(!ranges.is_empty() && ranges.len() <= max_ranges.max(1));
        prop_assert!(ranges.iter().all(|range| range.start() <= range.end()));
        prop_assert!(ranges.windows(2).all(|pair| pair[0].end() < pair[1].start()));
        for (across, up) in fractions {
            let point = point_in(&bounds, across, up);
            if !bounds.contains(point) {
                continue;
            }
            for level in Level::ALL.into_iter().filter(|level| *level >= finest) {
                if let Ok(cell) = Cell::encode(point, level) {
                    prop_assert!(holds(&ranges, cell), "{point} {cell} not in the cover of {bounds:?}");
                }
            }
            if let Ok(cell) = Cell::encode(point, finest.min(Level::L2)) && cell.is_polar() {
                prop_assert!(holds(&ranges, cell));
            }
        }
    }

    #[test]
    fn a_cover_holds_every_cell_inside_the_box(
        (_, bounds) in boxes(),
        max_ranges in 1usize..70,
        (across, up) in fractions(),
    ) {
        let ranges = cover_bounds(bounds, max_ranges);
        let point = point_in(&bounds, across, up);
        for level in Level::ALL {
            let Ok(cell) = Cell::encode(point, level) else { continue };
            let edges = cell.bounds();
            let inside = [(edges.west, edges.south), (edges.east, edges.north)]
                .into_iter()
                .all(|(lon, lat)| bounds.contains(LonLat::new(lon, lat).expect("a corner")));
            let crosses = edges.west > edges.east || bounds.west > bounds.east;
            if inside && !crosses {
                prop_assert!(holds(&ranges, cell), "{cell} inside {bounds:?}");
            }
        }
    }

    #[test]
    fn the_cover_of_a_cell_keeps_to_the_cell_and_its_edges(cell in cells()) {
        // A little inside the cell, so that its neighbours are not touched.
        let edges = cell.bounds();
        prop_assume!(edges.west < edges.east && cell.level() < Level::L9 && !cell.is_polar());
        let (dx, dy) = ((edges.east - edges.west) / 64.0, (edges.north - edges.south) / 64.0);
        let bounds = Bounds::new(edges.west + dx, edges.south + dy, edges.east - dx, edges.north - dy)?;
        for range in cover_bounds(bounds, 1_000) {
            prop_assert!(cell.range().contains(range.start()) && cell.range().contains(range.end()));
        }
    }

    #[test]
    fn the_cells_of_a_box_are_those_its_points_encode_to(
        (_, bounds) in boxes(),
        level in levels(),
        fractions in prop::collection::vec(fractions(), 20),
    ) {
        let count = count_in_bounds(bounds, level);
        if count > 20_000 {
            return Ok(());
        }
        let list: Vec<Cell> = cells_in_bounds(bounds, level).collect();
        let found: BTreeSet<Cell> = list.iter().copied().collect();
        prop_assert_eq!(list.len() as u64, count);
        prop_assert_eq!(found.len(), list.len());
        prop_assert!(found.iter().all(|cell| cell.level() == level));
        for (across, up) in fractions {
            let point = point_in(&bounds, across, up);
            if let Ok(cell) = Cell::encode(point, level) && bounds.contains(point) {
                prop_assert!(found.contains(&cell), "{point} {cell}");
            }
        }
        // And a cover at that level holds just these, given room for every piece.
        if count <= 200 {
            let ranges = cover_bounds_at(bounds, level, 10_000);
            for cell in &found {
                prop_assert!(holds(&ranges, *cell));
                for near in cell.neighbours().filter(|near| !found.contains(near)) {
                    prop_assert!(!holds(&ranges, near), "{near} not in {bounds:?}");
                }
            }
        }
    }
}

#[test]
fn the_globe_is_one_range_and_counts_every_cell() {
    for finest in [Level::L1, Level::L2, Level::L10] {
        let ranges = cover_bounds_at(globe(), finest, 8);
        assert_eq!(ranges.len(), 1, "{ranges:?}");
        assert!(
            ["N000", "N00033", "N01A", "S60V", "S000"].iter().all(|code| holds(&ranges, code.parse().expect("a code")))
        );
    }
    // Numbers of cells of the levels below the caps, with the caps' 2 and 32.
    let counts = [2_640 + 2, 253_440 + 32, 1_520_640, 228_096_000, 51_321_600_000];
    for (level, count) in Level::ALL.into_iter().zip(counts) {
        assert_eq!(count_in_bounds(globe(), level), count);
    }
    assert_eq!(count_in_bounds(globe(), Level::L10), 3_444_134_274_662_400_000);
}

#[test]
fn a_box_that_meets_itself_counts_its_column_once() {
    // From 10° eastwards round to 9.9°: all sixty columns, of which the one of 9.9° and 10° is met twice.
    let almost_round = Bounds::new(10.0, 1.0, 9.9, 2.0).expect("a box");
    assert_eq!(count_in_bounds(almost_round, Level::L1), 60);
    let cells: BTreeSet<Cell> = cells_in_bounds(almost_round, Level::L1).collect();
    assert_eq!(cells.len(), 60);
}

#[test]
fn a_larger_budget_covers_less_in_excess() {
    let shenzhen = Bounds::new(113.75, 22.4, 114.62, 22.86).expect("a box");
    let total = |max_ranges: usize| -> i128 {
        cover_bounds(shenzhen, max_ranges).iter().map(|range| i128::from(range.end() - range.start())).sum()
    };
    let spans: Vec<i128> = [1, 4, 16, 64, 256].into_iter().map(total).collect();
    assert!(spans.windows(2).all(|pair| pair[0] > pair[1]), "{spans:?}");
}

#[test]
fn a_single_point_is_covered_by_its_own_leaf() {
    let point = LonLat::new(114.057_87, 22.543_1).expect("a point");
    let bounds = Bounds::new(114.057_87, 22.543_1, 114.057_87, 22.543_1).expect("a box");
    let leaf = Cell::encode(point, Level::L10).expect("a cell");
    assert_eq!(cover_bounds(bounds, 4), [leaf.range()]);
    assert_eq!(cells_in_bounds(bounds, Level::L10).collect::<Vec<_>>(), [leaf]);
}

#[test]
fn a_fine_cover_ends_at_the_very_leaf() {
    // Boxes of n x n leaves from the corner of a level-8 cell: every phase of the levels above.
    let from = "N50J47539B825534".parse::<Cell>().expect("a code").corner();
    for leaves in 1..=20 {
        let side = (f64::from(leaves) - 0.5) / common::UNIT;
        let bounds =
            Bounds::new(from.lon_deg(), from.lat_deg(), from.lon_deg() + side, from.lat_deg() + side).expect("a box");
        let ranges = cover_bounds(bounds, 10_000);
        let found: BTreeSet<Cell> = cells_in_bounds(bounds, Level::L10).collect();
        assert_eq!(found.len(), leaves as usize * leaves as usize);
        for cell in &found {
            assert!(holds(&ranges, *cell));
            assert!(cell.neighbours().all(|near| found.contains(&near) == holds(&ranges, near)), "{leaves} {cell}");
        }
    }
}

#[test]
fn a_range_runs_on_over_codes_that_no_cell_has() {
    // The upper half of one minute cell and the whole of the next above it: fifteen columns of the
    // first, of which the last ends where the second begins.
    let (low, high): (Cell, Cell) = ("N50J47534".parse().expect("a code"), "N50J47535".parse().expect("a code"));
    let (low, high) = (low.bounds(), high.bounds());
    let inset = 1e-6;
    let bounds = Bounds::new(low.west, (low.south + low.north) / 2.0, low.east - inset, high.north - inset);
    let ranges = cover_bounds_at(bounds.expect("a box"), Level::L5, 1_000);
    assert_eq!(ranges.len(), 15);
}

#[test]
fn levels_coded_along_longitude_first_do_not_draw_in_the_column_beside() {
    // The western column of a parent and a sliver of the eastern one, whose codes lie between.
    for (north_west, beside, finest) in [("N50J474", "N50J471", Level::L4), ("N50J47539B82", "N50J47539B81", Level::L7)]
    {
        let (north_west, beside): (Cell, Cell) = (north_west.parse().expect("a code"), beside.parse().expect("a code"));
        let (column, sliver) = (north_west.bounds(), (beside.bounds().east - beside.bounds().west) / 100.0);
        let south = north_west.parent().expect("a parent").bounds().south;
        let bounds = Bounds::new(column.west, south, column.east + sliver, column.north - sliver / 100.0);
        let ranges = cover_bounds_at(bounds.expect("a box"), finest, 1_000);
        let middle = Cell::encode(beside.centre(), Level::L10).expect("a cell");
        assert!(!holds(&ranges, middle), "{beside}");
        assert!(holds(&ranges, north_west.child(0).expect("a child")));
    }
}

#[test]
fn a_box_a_rounding_error_below_the_cap_has_the_polar_cells_of_its_points() {
    let point = LonLat::new(10.0, 88.0f64.next_down()).expect("a point");
    let bounds = Bounds::new(9.0, 87.0, 10.0, point.lat_deg()).expect("a box");
    for level in [Level::L1, Level::L2] {
        let cell = Cell::encode(point, level).expect("a cell");
        assert!(cell.is_polar());
        assert!(cells_in_bounds(bounds, level).any(|found| found == cell));
        assert!(holds(&cover_bounds_at(bounds, level, 64), cell));
    }
}

#[test]
fn an_unbounded_budget_still_bounds_the_work() {
    let odd = Bounds::new(-123.456_789, -45.678_912, 98.765_432, 67.891_234).expect("a box");
    let ranges = cover_bounds(odd, usize::MAX);
    assert!(ranges.len() < 4_000_000, "{}", ranges.len());
    let inside = Cell::encode(LonLat::new(0.5, 0.5).expect("a point"), Level::L10).expect("a cell");
    assert!(holds(&ranges, inside));
}
