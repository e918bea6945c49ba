//! Laws of cells: round trips, nesting, order, neighbours, bounds.

mod common;

use std::collections::BTreeSet;

use common::{cells, code_by_the_book, levels, points, polar_points};
use dipper_grid::{Cell, GridError, Level, LonLat};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn encoding_agrees_with_the_text_of_the_standard(point in points(), level in levels()) {
        let cell = Cell::encode(point, level)?;
        prop_assert_eq!(cell.to_string(), code_by_the_book(point, level));
    }

    #[test]
    fn a_cell_survives_print_and_parse_and_key(cell in cells()) {
        let code = cell.to_string();
        prop_assert_eq!(code.len(), cell.level().code_len());
        prop_assert_eq!(code.parse(), Ok(cell));
        prop_assert_eq!(Cell::try_from(cell.get()), Ok(cell));
        prop_assert!(cell.get() > 0);
    }

    #[test]
    fn the_centre_and_an_inner_corner_encode_to_the_cell(cell in cells()) {
        prop_assert_eq!(Cell::encode(cell.centre(), cell.level()), Ok(cell));
        let corner = cell.corner();
        let is_own = (corner.lon_deg() != 0.0 || cell.bounds().east > 0.0)
            && (corner.lat_deg() != 0.0 || cell.bounds().north > 0.0);
        if is_own && !cell.is_polar() {
            prop_assert_eq!(Cell::encode(corner, cell.level()), Ok(cell));
        }
    }

    #[test]
    fn the_bounds_contain_the_point_but_for_the_snap(point in points(), level in levels()) {
        // A point less than 15 nm below an edge is taken over it.
        let slack = 2e-13;
        let bounds = Cell::encode(point, level)?.bounds();
        prop_assert!(bounds.west - slack <= point.lon_deg() && point.lon_deg() <= bounds.east + slack);
        prop_assert!(bounds.south - slack <= point.lat_deg() && point.lat_deg() <= bounds.north + slack);
    }

    #[test]
    fn ancestors_are_prefixes_and_hold_their_descendants(point in points(), fine in levels(), coarse in levels()) {
        let cell = Cell::encode(point, fine)?;
        let Some(ancestor) = cell.ancestor(coarse) else {
            prop_assert!(coarse > fine);
            return Ok(());
        };
        prop_assert_eq!(Cell::encode(point, coarse), Ok(ancestor));
        prop_assert!(cell.to_string().starts_with(&ancestor.to_string()));
        prop_assert!(ancestor.contains(cell));
        prop_assert!(ancestor.range().contains(cell.range().end()));
        prop_assert_eq!(cell.contains(ancestor), fine == coarse);
        prop_assert_eq!(cell.parent(), cell.level().coarser().and_then(|level| cell.ancestor(level)));
    }

    #[test]
    fn a_range_holds_a_cell_exactly_when_its_code_has_the_prefix(a in cells(), b in cells()) {
        prop_assert_eq!(a.contains(b), b.to_string().starts_with(&a.to_string()));
    }

    #[test]
    fn keys_sort_as_codes_do_at_any_mix_of_levels(a in cells(), b in cells(), level in levels()) {
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        // Relatives are the hard case and rare by chance.
        if let Some(above) = a.ancestor(level) {
            prop_assert_eq!(above.cmp(&a), above.to_string().cmp(&a.to_string()));
            for neighbour in above.neighbours() {
                prop_assert_eq!(neighbour.cmp(&a), neighbour.to_string().cmp(&a.to_string()));
            }
        }
    }

    #[test]
    fn children_tile_the_range_and_the_bounds(cell in cells()) {
        let children: Vec<Cell> = cell.children().collect();
        prop_assert_eq!(children.len() as u32, cell.child_count());
        prop_assert_eq!(cell.children().rev().collect::<Vec<_>>(), children.iter().rev().copied().collect::<Vec<_>>());
        let mut after = cell.get();
        for (index, child) in children.iter().enumerate() {
            prop_assert_eq!(child.parent(), Some(cell));
            prop_assert_eq!(child.child_index(), Some(index as u32));
            prop_assert_eq!(cell.child(index as u32), Some(*child));
            prop_assert!(*child.range().start() > after);
            after = *child.range().end();
        }
        prop_assert!(after <= *cell.range().end());
        prop_assert_eq!(cell.child(cell.child_count()), None);
        if !cell.is_polar() {
            let corners: BTreeSet<(u64, u64)> = children
                .iter()
                .map(|child| (child.bounds().west.to_bits(), child.bounds().south.to_bits()))
                .collect();
            prop_assert_eq!(corners.len(), children.len());
            prop_assert!(children.iter().all(|child| cell.bounds().contains(child.centre())));
        }
    }

    #[test]
    fn neighbours_are_mutual_distinct_and_of_the_level(cell in cells()) {
        let neighbours: BTreeSet<Cell> = cell.neighbours().collect();
        prop_assert_eq!(neighbours.len(), cell.neighbours().len());
        prop_assert!(!neighbours.contains(&cell));
        for neighbour in neighbours {
            prop_assert_eq!(neighbour.level(), cell.level());
            prop_assert!(neighbour.neighbours().any(|back| back == cell), "{} lacks {}", neighbour, cell);
        }
    }

    #[test]
    fn a_cell_away_from_the_caps_has_the_eight_cells_around_it(point in points(), level in levels()) {
        let cell = Cell::encode(point, level)?;
        let (width, height) = level.size_deg();
        let centre = cell.centre();
        let mut around = BTreeSet::new();
        for (right, up) in [(-1., -1.), (-1., 0.), (-1., 1.), (0., -1.), (0., 1.), (1., -1.), (1., 0.), (1., 1.)] {
            let lat = centre.lat_deg() + up * height;
            let lon = centre.lon_deg() + right * width;
            let lon = if lon > 180.0 { lon - 360.0 } else if lon < -180.0 { lon + 360.0 } else { lon };
            if lat.abs() < 88.0 {
                around.insert(Cell::encode(LonLat::new(lon, lat)?, level)?);
            }
        }
        let found: BTreeSet<Cell> = cell.neighbours().filter(|other| !other.is_polar()).collect();
        prop_assert_eq!(found, around);
    }

    #[test]
    fn polar_points_have_levels_1_and_2_only(point in polar_points(), level in levels()) {
        match Cell::encode(point, level) {
            Ok(cell) => {
                prop_assert!(level <= Level::L2 && cell.is_polar());
                prop_assert!(cell.bounds().contains(point), "{} {:?}", point, cell.bounds());
                prop_assert_eq!(cell.ancestor(Level::L1), Some(Cell::encode(point, Level::L1)?));
            }
            Err(fault) => {
                prop_assert!(level > Level::L2);
                prop_assert_eq!(fault, GridError::PolarLevel { level });
            }
        }
    }

    #[test]
    fn a_number_is_a_key_only_if_it_is_the_key_of_its_own_code(number in any::<i64>(), cell in cells(), bit in 0u32..64) {
        for number in [number, cell.get() ^ (1 << bit)] {
            if let Ok(cell) = Cell::try_from(number) {
                prop_assert_eq!(cell.get(), number);
                prop_assert_eq!(cell.to_string().parse(), Ok(cell));
            }
        }
    }

    #[test]
    fn any_text_parses_to_its_own_code_or_is_refused(text in "[NS][0-6][0-9][A-W0][0-9A-F]{0,17}|.{0,24}") {
        if let Ok(cell) = text.parse::<Cell>() {
            prop_assert_eq!(cell.to_string(), text);
        }
    }
}
