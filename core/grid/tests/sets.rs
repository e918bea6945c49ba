//! Sets of cells against a naive model: the leaves of a small world.

mod common;

use std::collections::BTreeSet;

use common::cells;
use dipper_grid::{Cell, CellSet, Level, SetError, compact, uncompact};
use proptest::prelude::*;

/// A world of 900 leaves of level 6.
const WORLD: &str = "N50J47539";

/// Cells of levels 4 to 6 in the world, often neighbours.
fn local_cells() -> impl Strategy<Value = Vec<Cell>> {
    let one = (0u32..225, 0u32..4, 0u8..12, 0u32..12).prop_map(|(child, grandchild, kind, run)| {
        let world: Cell = WORLD.parse().expect("a code");
        let at = |child: u32| world.child(child % 225).expect("a child");
        match kind {
            0 if run == 0 => vec![world],
            0..=2 => (child..child + run).map(at).collect(),
            3 => at(child).children().collect(),
            4 => vec![at(child), at(child).child(grandchild).expect("a child")],
            _ => vec![at(child).child(grandchild).expect("a child")],
        }
    });
    prop::collection::vec(one, 0..12).prop_map(|cells| cells.concat())
}

fn leaves(cells: &[Cell]) -> BTreeSet<Cell> {
    let mut found = BTreeSet::new();
    for cell in cells {
        match cell.level().get() {
            6 => {
                found.insert(*cell);
            }
            5 => found.extend(cell.children()),
            _ => found.extend(cell.children().flat_map(Cell::children)),
        }
    }
    found
}

fn set(cells: &[Cell]) -> CellSet {
    cells.iter().copied().collect()
}

fn as_leaves(set: &CellSet) -> BTreeSet<Cell> {
    set.cells_at(Level::L6, 900).expect("leaves").into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn algebra_is_that_of_the_leaves(a in local_cells(), b in local_cells()) {
        let (model_a, model_b) = (leaves(&a), leaves(&b));
        let (a, b) = (set(&a), set(&b));
        prop_assert_eq!(as_leaves(&a), model_a.clone());
        prop_assert_eq!(as_leaves(&a.union(&b)), &model_a | &model_b);
        prop_assert_eq!(as_leaves(&a.intersection(&b)), &model_a & &model_b);
        prop_assert_eq!(as_leaves(&a.difference(&b)), &model_a - &model_b);
        prop_assert_eq!(as_leaves(&a.symmetric_difference(&b)), &model_a ^ &model_b);
        prop_assert_eq!(a.is_subset(&b), model_a.is_subset(&model_b));
        prop_assert_eq!(a.is_empty(), model_a.is_empty());
        prop_assert_eq!(a.count_at(Level::L6), Ok(model_a.len() as u64));
        let mut grown = a.clone();
        grown.extend(b.cells());
        prop_assert_eq!(grown, a.union(&b));
    }

    #[test]
    fn a_set_holds_what_its_leaves_hold(a in local_cells(), probe in local_cells()) {
        let model = leaves(&a);
        let a = set(&a);
        for cell in probe {
            let below = leaves(&[cell]);
            prop_assert_eq!(a.contains(cell), below.is_subset(&model));
            prop_assert_eq!(a.intersects(cell), !below.is_disjoint(&model));
            let in_range = a.key_ranges().any(|range| range.contains(&cell.get()));
            prop_assert!(in_range || !a.contains(cell));
            prop_assert!(!in_range || a.intersects(cell));
        }
    }

    #[test]
    fn compact_is_the_fewest_and_uncompact_undoes_it(a in local_cells()) {
        let few = compact(a.iter().copied());
        prop_assert!(few.windows(2).all(|pair| pair[0] < pair[1] && !pair[0].contains(pair[1])));
        prop_assert_eq!(set(&few), set(&a));
        prop_assert_eq!(compact(few.iter().copied()), few.clone());
        // No family is complete.
        for cell in &few {
            if let Some(parent) = cell.parent() {
                prop_assert!(!set(&few).contains(parent));
            }
        }
        let leaves: Vec<Cell> = leaves(&a).into_iter().collect();
        prop_assert_eq!(uncompact(few, Level::L6, 900)?, leaves);
    }

    #[test]
    fn any_cells_anywhere_come_back(cells in prop::collection::vec(cells(), 0..20)) {
        let set: CellSet = cells.iter().copied().collect();
        prop_assert!(cells.iter().all(|cell| set.contains(*cell) && set.intersects(*cell)));
        let few: Vec<Cell> = set.cells().collect();
        prop_assert!(few.len() <= cells.len());
        prop_assert!(few.iter().all(|cell| cells.iter().any(|given| cell.contains(*given) || given.contains(*cell))));
        prop_assert_eq!(few.into_iter().collect::<CellSet>(), set.clone());
        for cell in &cells {
            let without = set.difference(&CellSet::from_iter([*cell]));
            prop_assert!(!without.intersects(*cell));
            prop_assert_eq!(without.union(&CellSet::from_iter([*cell])), set.clone());
        }
    }

    #[test]
    fn children_of_any_cell_merge_to_it(cell in cells()) {
        prop_assume!(cell.child_count() > 0);
        prop_assert_eq!(compact(cell.children()), vec![cell]);
        let level = cell.level().finer().expect("a finer level");
        let count = CellSet::from_iter([cell]).count_at(level);
        prop_assert_eq!(count, Ok(u64::from(cell.child_count())));
        prop_assert_eq!(uncompact([cell], level, 225)?, cell.children().collect::<Vec<_>>());
    }
}

#[test]
fn the_globe_is_counted_at_every_level_it_has() {
    let globe: CellSet =
        dipper_grid::cells_in_bounds(dipper_grid::Bounds::new(-180.0, -90.0, 180.0, 90.0).expect("a box"), Level::L1)
            .collect();
    assert_eq!(globe.count_at(Level::L1), Ok(2_642));
    assert_eq!(globe.count_at(Level::L2), Ok(253_440 + 32));
    assert_eq!(globe.count_at(Level::L3), Err(SetError::PolarLevel { level: Level::L3 }));
    assert_eq!(globe.key_ranges().count(), 1);
    let caps: CellSet = ["N000", "S000"].map(|code| code.parse::<Cell>().expect("a code")).into_iter().collect();
    let rest = globe.difference(&caps);
    assert_eq!(rest.count_at(Level::L10), Ok(3_444_134_274_662_400_000));
    assert_eq!(rest.cells().count(), 2_640);
    assert_eq!(caps.cells_at(Level::L2, 100).expect("sectors").len(), 32);
}

#[test]
fn refusals_name_the_rule() {
    let set = CellSet::from_iter(["N50J47539B8".parse::<Cell>().expect("a code")]);
    assert_eq!(set.cells_at(Level::L4, 9), Err(SetError::FinerThanLevel { level: Level::L4 }));
    assert_eq!(set.cells_at(Level::L6, 3), Err(SetError::TooManyCells { count: 4, limit: 3 }));
    assert_eq!(set.count_at(Level::L10), Ok(4 * 64u64.pow(4)));
}
