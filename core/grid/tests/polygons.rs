//! Covers of polygons against a second method: separating axes on integers, cell by cell.

mod common;

use std::collections::BTreeSet;

use common::{levels, points};
use dipper_grid::{
    Bounds, Cell, CellSet, CoverError, CoverMode, Level, LonLat, MultiPolygon, Polygon, PolygonError, cells_in_bounds,
};
use proptest::prelude::*;

/// Quarters of a cell of level 5, in grid units.
const QUARTER: f64 = 2_048.0;
/// Cells looked at either side of 0.
const REACH: i64 = 13;
/// Parts of a quarter cell.
const M: i128 = 1 << 20;

type Ring = Vec<(i64, i64)>;

fn point((x, y): (i64, i64)) -> LonLat {
    LonLat::new(x as f64 * QUARTER / common::UNIT, y as f64 * QUARTER / common::UNIT).expect("a point")
}

fn polygon(rings: &[Ring]) -> Option<Polygon> {
    let rings: Vec<Vec<LonLat>> = rings.iter().map(|ring| ring.iter().map(|at| point(*at)).collect()).collect();
    Polygon::new(rings.iter().map(Vec::as_slice)).ok()
}

fn sides(rings: &[Ring]) -> Vec<((i64, i64), (i64, i64))> {
    let of_ring = |ring: &Ring| {
        let next = ring.iter().skip(1).chain(ring.first()).copied().collect::<Vec<_>>();
        ring.iter().copied().zip(next).collect::<Vec<_>>()
    };
    rings.iter().flat_map(of_ring).filter(|(a, b)| a != b).collect()
}

/// Whether a segment in quarters meets a closed box in parts: the boxes overlap and no side of the line is empty.
fn meets(((ax, ay), (bx, by)): ((i64, i64), (i64, i64)), x: (i128, i128), y: (i128, i128)) -> bool {
    let [ax, ay, bx, by] = [ax, ay, bx, by].map(|v| i128::from(v) * M);
    let apart = |a: i128, b: i128, (low, high): (i128, i128)| a.max(b) < low || a.min(b) > high;
    if x.0 > x.1 || y.0 > y.1 || apart(ax, bx, x) || apart(ay, by, y) {
        return false;
    }
    let turn = |px: i128, py: i128| ((bx - ax) * (py - ay) - (by - ay) * (px - ax)).signum();
    let turns = [turn(x.0, y.0), turn(x.0, y.1), turn(x.1, y.0), turn(x.1, y.1)];
    turns.contains(&0) || (turns.contains(&1) && turns.contains(&-1))
}

/// The half-open interval of a cell, as a closed one in parts.
fn own(index: i64) -> (i128, i128) {
    let (low, high) = (i128::from(index) * 4 * M, i128::from(index + 1) * 4 * M);
    match index {
        0.. => (low, high - 1),
        -1 => (low + 1, high - 1),
        _ => (low + 1, high),
    }
}

/// Whether the middle of a cell is inside, by turning numbers of crossings; middles are seen from (0, 0).
fn centre_inside(rings: &[Ring], column: i64, row: i64) -> bool {
    let mirror = |v: i64, index: i64| if index < 0 { -v } else { v };
    let away = |index: i64| if index < 0 { -1 - index } else { index };
    let (cx, cy) = (away(column) * 4 + 2, away(row) * 4 + 2);
    sides(rings)
        .into_iter()
        .filter(|((ax, ay), (bx, by))| {
            let a = (mirror(*ax, column), mirror(*ay, row));
            let b = (mirror(*bx, column), mirror(*by, row));
            let (low, high) = if a.1 < b.1 { (a, b) } else { (b, a) };
            // x of the side at cy <= cx, without a division.
            low.1 <= cy
                && cy < high.1
                && low.0 * (high.1 - low.1) + (cy - low.1) * (high.0 - low.0) <= cx * (high.1 - low.1)
        })
        .count()
        % 2
        == 1
}

fn by_the_book(rings: &[Ring], mode: CoverMode) -> BTreeSet<Cell> {
    let sides = sides(rings);
    let mut cells = BTreeSet::new();
    for column in -REACH..REACH {
        for row in -REACH..REACH {
            let middle = centre_inside(rings, column, row);
            let open = |index: i64| (i128::from(index) * 4 * M + 1, i128::from(index + 1) * 4 * M - 1);
            let covered = match mode {
                CoverMode::Centre => middle,
                CoverMode::Intersects => middle || sides.iter().any(|side| meets(*side, own(column), own(row))),
                CoverMode::Within => middle && !sides.iter().any(|side| meets(*side, open(column), open(row))),
            };
            if covered {
                let centre = point((0, 0));
                let (width, height) = Level::L5.size_deg();
                let lon = centre.lon_deg() + (column as f64 + 0.5) * width;
                let lat = centre.lat_deg() + (row as f64 + 0.5) * height;
                cells.insert(Cell::encode(LonLat::new(lon, lat).expect("a point"), Level::L5).expect("a cell"));
            }
        }
    }
    cells
}

const MODES: [CoverMode; 3] = [CoverMode::Centre, CoverMode::Intersects, CoverMode::Within];

fn rings() -> impl Strategy<Value = Vec<Ring>> {
    let anywhere = (-45i64..=45, -45i64..=45);
    let aligned = (-11i64..=11, -11i64..=11).prop_map(|(x, y)| (x * 4, y * 4));
    let small = (-6i64..=6, -6i64..=6);
    let ring = prop_oneof![
        prop::collection::vec(anywhere, 3..8),
        prop::collection::vec(aligned, 3..6),
        prop::collection::vec(small, 3..6),
    ];
    prop::collection::vec(ring, 1..4)
}

/// A star of points round a place, its corners in order; and the level it is some cells of.
fn stars() -> impl Strategy<Value = (Vec<LonLat>, Level)> {
    let corners = prop::collection::vec(0.2..1.0f64, 3..12);
    (points(), levels(), corners, 0.3..30.0f64).prop_map(|(centre, level, corners, cells)| {
        let (width, height) = level.size_deg();
        let lat = centre.lat_deg().clamp(-80.0, 80.0);
        let count = corners.len() as f64;
        let ring = corners.iter().enumerate().map(|(at, reach)| {
            let angle = at as f64 / count * std::f64::consts::TAU;
            let lon = centre.lon_deg() + angle.cos() * reach * cells * width;
            let lon = if lon > 180.0 {
                lon - 360.0
            } else if lon < -180.0 {
                lon + 360.0
            } else {
                lon
            };
            let lat = (lat + angle.sin() * reach * cells * height).clamp(-88.0, 88.0);
            LonLat::new(lon.clamp(-180.0, 180.0), lat).expect("a point")
        });
        (ring.collect(), level)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_cover_has_exactly_the_cells_of_the_second_method(rings in rings()) {
        let Some(polygon) = polygon(&rings) else { return Ok(()) };
        for mode in MODES {
            let cover = polygon.cover(Level::L5, mode, 10_000)?;
            prop_assert!(cover.windows(2).all(|pair| pair[0] < pair[1]), "sorted, each once");
            let found: BTreeSet<Cell> = cover.into_iter().collect();
            let lazily: BTreeSet<Cell> = polygon.cells(Level::L5, mode).collect();
            prop_assert_eq!(&found, &lazily);
            let expected = by_the_book(&rings, mode);
            prop_assert_eq!(found.symmetric_difference(&expected).collect::<Vec<_>>(), Vec::<&Cell>::new(), "{:?}", mode);
        }
    }

    #[test]
    fn modes_nest_and_mixed_covers_are_the_same_places(rings in rings(), budget in 1usize..400) {
        let Some(polygon) = polygon(&rings) else { return Ok(()) };
        let [centre, intersects, within] =
            MODES.map(|mode| polygon.cells(Level::L5, mode).collect::<CellSet>());
        prop_assert!(within.is_subset(&centre) && centre.is_subset(&intersects));
        let outer: CellSet = polygon.outer_cover(Level::L5, 1_000_000)?.into_iter().collect();
        prop_assert_eq!(&outer, &intersects);
        let inner: CellSet = polygon.inner_cover(Level::L5, 1_000_000)?.into_iter().collect();
        prop_assert_eq!(&inner, &within);
        if let Ok(cells) = polygon.outer_cover(Level::L5, budget) {
            prop_assert!(cells.len() <= budget && cells.is_sorted());
            prop_assert!(intersects.is_subset(&cells.into_iter().collect()));
        } else {
            prop_assert!(budget < 4);
        }
        if let Ok(cells) = polygon.inner_cover(Level::L5, budget) {
            prop_assert!(cells.len() <= budget);
            prop_assert!(cells.into_iter().collect::<CellSet>().is_subset(&within));
        }
    }

    #[test]
    fn a_cover_covers_every_point_anywhere_at_every_level((ring, level) in stars(), parts in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64), 20)) {
        let Ok(polygon) = Polygon::wrapping([&ring[..]]) else { return Ok(()) };
        let Ok(cells) = polygon.cover(level, CoverMode::Intersects, 20_000) else { return Ok(()) };
        let set: CellSet = cells.iter().copied().collect();
        let [centre, within] = [CoverMode::Centre, CoverMode::Within].map(|mode| polygon.cells(level, mode).collect::<CellSet>());
        prop_assert!(within.is_subset(&centre) && centre.is_subset(&set));
        let outer: CellSet = polygon.outer_cover(level, 100_000)?.into_iter().collect();
        prop_assert_eq!(&outer, &set);
        for (at, part) in parts {
            // A point of a side, and one between it and a point of another.
            let side = (at * ring.len() as f64) as usize;
            let (a, b) = (ring[side], ring[(side + 1) % ring.len()]);
            let turn = |from: f64, to: f64| if to - from > 180.0 { to - 360.0 } else if to - from < -180.0 { to + 360.0 } else { to };
            let lon = a.lon_deg() + (turn(a.lon_deg(), b.lon_deg()) - a.lon_deg()) * part;
            let lon = if lon > 180.0 { lon - 360.0 } else if lon < -180.0 { lon + 360.0 } else { lon };
            let lat = a.lat_deg() + (b.lat_deg() - a.lat_deg()) * part;
            if lat.abs() >= 87.999_999 {
                continue;
            }
            // Rounding moves a sampled point off its side by some 1e-14 degrees.
            let found = [(0.0, 0.0), (1e-13, 0.0), (-1e-13, 0.0), (0.0, 1e-13), (0.0, -1e-13)].iter().any(|(dx, dy)| {
                let point = LonLat::new((lon + dx).clamp(-180.0, 180.0), lat + dy).expect("a point");
                set.contains(Cell::encode(point, level).expect("a cell"))
            });
            prop_assert!(found, "{},{} at level {}", lon, lat, level);
        }
    }

    #[test]
    fn a_box_as_polygon_has_the_cells_of_the_box(centre in points(), level in levels(), wide in 0.0..9.0f64, high in 0.0..9.0f64) {
        let (width, height) = level.size_deg();
        let west = (centre.lon_deg() - wide * width).max(-180.0);
        let east = (centre.lon_deg() + wide * width).min(180.0);
        let south = (centre.lat_deg() - high * height).max(-87.999_999_5);
        let north = (centre.lat_deg() + high * height).min(87.999_999_5);
        // On 2^-20 unit the box is one to both.
        let snap = |v: f64| (v * common::UNIT * 8.0).round() / (common::UNIT * 8.0);
        let bounds = Bounds::new(snap(west), snap(south), snap(east), snap(north))?;
        let Ok(polygon) = Polygon::from_bounds(bounds) else { return Ok(()) };
        let found: BTreeSet<Cell> = polygon.cells(level, CoverMode::Intersects).collect();
        let expected: BTreeSet<Cell> = cells_in_bounds(bounds, level).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn neighbours_that_share_a_side_share_no_middle(ring in prop::collection::vec((-40i64..=40, -40i64..=40), 4)) {
        // A quadrilateral cut along its diagonal: both halves are counted once in all.
        let halves = [[ring[0], ring[1], ring[2]], [ring[0], ring[2], ring[3]]].map(|half| polygon(&[half.to_vec()]));
        let [Some(a), Some(b)] = halves else { return Ok(()) };
        let count = |polygon: &Polygon| polygon.cells(Level::L5, CoverMode::Centre).collect::<BTreeSet<_>>();
        let (a, b) = (count(&a), count(&b));
        let whole = by_the_book(std::slice::from_ref(&ring), CoverMode::Centre);
        let odd: BTreeSet<Cell> = a.symmetric_difference(&b).copied().collect();
        prop_assert_eq!(odd, whole);
    }
}

#[test]
fn a_cell_is_covered_by_itself() {
    for code in ["N50J47539B8", "S29B13E", "N31A", "S30A0000000", "N60V", "S01C5"] {
        let Ok(cell) = code.parse::<Cell>() else { continue };
        let polygon = Polygon::from_bounds(cell.bounds()).expect("a polygon");
        for mode in [CoverMode::Centre, CoverMode::Within] {
            assert_eq!(polygon.cover(cell.level(), mode, 10), Ok(vec![cell]), "{code} {mode:?}");
        }
        assert!(polygon.cells(cell.level(), CoverMode::Intersects).any(|found| found == cell));
    }
}

#[test]
fn refusals_name_the_rule() {
    let at = |lon: f64, lat: f64| LonLat::new(lon, lat).expect("a point");
    let refuse = |ring: &[LonLat]| Polygon::new([ring]).expect_err("refused");
    assert_eq!(Polygon::new([]).expect_err("refused"), PolygonError::NoRing);
    assert_eq!(refuse(&[at(0., 0.), at(1., 1.), at(0., 0.)]), PolygonError::ShortRing { ring: 0, points: 2 });
    assert_eq!(refuse(&[at(0., 0.), at(1., 88.5), at(0., 3.)]), PolygonError::BeyondCaps { lat_deg: 88.5 });
    assert_eq!(refuse(&[at(1., 1.), at(1., 1.), at(1., 1.), at(1., 1.)]), PolygonError::NoRing);
    let round = [at(0., 60.), at(100., 60.), at(-160., 60.), at(-80., 60.)];
    assert_eq!(Polygon::wrapping([&round[..]]).expect_err("refused"), PolygonError::RoundThePole { ring: 0 });
}

#[test]
fn limits_hold_for_large_polygons_and_for_slivers() {
    let at = |lon: f64, lat: f64| LonLat::new(lon, lat).expect("a point");
    let china =
        Polygon::new([&[at(73.0, 18.0), at(135.0, 18.0), at(135.0, 53.0), at(73.0, 53.0)][..]]).expect("a polygon");
    assert_eq!(china.cover(Level::L10, CoverMode::Centre, 1_000), Err(CoverError::TooManyCells { limit: 1_000 }));
    // A sliver a nanodegree wide passes a billion rows.
    let sliver = Polygon::new([&[at(10.0, -80.0), at(10.000_000_001, 80.0), at(10.000_000_002, -80.0)][..]]);
    let sliver = sliver.expect("a polygon");
    assert_eq!(sliver.cover(Level::L10, CoverMode::Within, 1_000), Err(CoverError::TooManyCells { limit: 1_000 }));
    assert!(china.outer_cover(Level::L10, 4).is_err());
    assert!(china.outer_cover(Level::L10, 500).expect("a cover").len() <= 500);
    assert!(!china.inner_cover(Level::L10, 500).expect("a cover").is_empty());
}

#[test]
fn several_polygons_are_one_region() {
    let square = |x: i64, y: i64, size: i64| {
        polygon(&[vec![(x, y), (x + size, y), (x + size, y + size), (x, y + size)]]).expect("a polygon")
    };
    let both = MultiPolygon(vec![square(0, 0, 16), square(8, 8, 16)]);
    // 4 x 4 and 4 x 4 cells that share 2 x 2.
    assert_eq!(both.cover(Level::L5, CoverMode::Centre, 100).expect("a cover").len(), 28);
    assert!(both.cover(Level::L5, CoverMode::Centre, 20).is_err());
    let outer: CellSet = both.outer_cover(Level::L5, 1_000).expect("a cover").into_iter().collect();
    let cells: CellSet = both.cover(Level::L5, CoverMode::Intersects, 1_000).expect("a cover").into_iter().collect();
    assert_eq!(outer, cells);
}
