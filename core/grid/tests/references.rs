//! Reference codes and short codes: the standard's examples, round trips in every quadrant, refusals.

mod common;

use common::points;
use dipper_grid::{Cell, Level, Offsets, ReferenceCode, ReferenceError, ShortCode};
use proptest::prelude::*;

fn cell(code: &str) -> Cell {
    code.parse().expect("a code")
}

#[test]
fn the_examples_of_clauses_7_and_8_are_reproduced() {
    let (gate, tower, office) = (cell("N50J475493E"), cell("N50J475491E"), cell("N50J475492E"));
    let table = [(tower, gate, "-20"), (office, gate, "-10"), (gate, tower, "-B0")];
    for (reference, target, offsets) in table {
        let code = ReferenceCode::new(reference, target).expect("near");
        assert_eq!(code.to_string(), format!("{reference}{offsets}"));
        assert_eq!(code.to_string().parse(), Ok(code));
    }
    assert_eq!("N50J475492E-10".parse::<ReferenceCode>().expect("a code").target(), gate);
    let gazetteer = std::collections::BTreeMap::from([("求是塔".to_owned(), tower)]);
    assert_eq!("求是塔-20".parse::<ShortCode>().expect("a code").target(&gazetteer), Ok(gate));
}

#[test]
fn a_finer_target_is_one_group_a_level() {
    // Clause 7: C0-74-65, here from a cell of level 6.
    let code: ReferenceCode = "N50J47549000-74-65".parse().expect("a code");
    assert_eq!(code.target().level(), Level::L7);
    assert_eq!(code.target().to_string()[12..], *"65");
    // In the west a step away from the prime meridian goes west.
    let west = cell("N21J4754900").child(1).expect("a child");
    let code = ReferenceCode::new(west.parent().expect("a parent"), west).expect("near");
    assert_eq!(code.to_string(), "N21J4754900-00-A0");
}

#[test]
fn refusals_name_the_rule() {
    let table = [
        ("N50J47549-10", "reference cell is of level 4; it must be of level 5 or finer"),
        ("N50J475492E", "no offset; expected a hyphen and two characters"),
        ("N50J475492E-1", "offset 1 is not two characters"),
        ("N50J475492E-1H", "offset 1 is not two characters"),
        ("N50J475492E-18", "offset 1 is not two characters"),
        ("N50J475492E-é", "offset 1 is not two characters"),
        ("N50J475492E-10-", "offset 2 is not two characters"),
        ("N50J475492E~10", "no offset; expected a hyphen and two characters"),
        ("N50J475492E-10-20", "offset 2 leads out of the cell before it"),
        ("N50J475492E-10-A0", "offset 2 leads out of the cell before it"),
        ("N50J475492E-10-00-00-00-00-00-00", "offset 7 goes below level 10"),
        ("N50J4754920000000000-10-00", "offset 2 goes below level 10"),
        ("N50W475492E-10", "character 4 of the grid code is 'W'; expected a row A to V"),
    ];
    for (text, message) in table {
        let fault = text.parse::<ReferenceCode>().expect_err(text).to_string();
        assert!(fault.starts_with(message), "{text}: {fault}");
    }
    let none = |_: &str| None;
    assert_eq!("塔-20".parse::<ShortCode>().expect("a code").target(&none), Err(ReferenceError::UnknownName));
    assert_eq!("-20".parse::<ShortCode>(), Err(ReferenceError::Name));
    let far = Offsets::between(cell("N50J475490E"), cell("N50J475498E"));
    assert_eq!(far, Err(ReferenceError::TooFar { east: 8, north: 0 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_target_near_by_comes_back_in_every_quadrant(
        point in points(), level in 5u8..=10, finer in 0u8..=5, right in -7i64..=7, up in -7i64..=7, part in 0.0..1.0f64,
    ) {
        let level = Level::try_from(level)?;
        let fine = Level::try_from((level.get() + finer).min(10))?;
        let reference = Cell::encode(point, level)?;
        let (width, height) = level.size_deg();
        let centre = reference.centre();
        let lon = centre.lon_deg() + (right as f64 + part - 0.5) * width;
        let lon = if lon > 180.0 { lon - 360.0 } else if lon < -180.0 { lon + 360.0 } else { lon };
        let lat = centre.lat_deg() + (up as f64 + part / 2.0 - 0.25) * height;
        prop_assume!(lat.abs() < 88.0 - 1e-9);
        let target = Cell::encode(dipper_grid::LonLat::new(lon, lat)?, fine)?;
        prop_assume!(target.ancestor(level).is_some_and(|above| above.grid_distance(reference).is_ok_and(|steps| steps <= 7)));
        let code = ReferenceCode::new(reference, target)?;
        let read: ReferenceCode = code.to_string().parse()?;
        prop_assert_eq!(read.target(), target);
        prop_assert_eq!(code.offsets().target(reference), Ok(target));
        prop_assert_eq!(read, code);
    }

    #[test]
    fn any_text_is_its_own_code_or_refused(text in "N50J475492E(-[0-9A-H]{2}){0,3}|.{0,20}|[^-]{0,5}(-[0-7A-G]{2}){1,6}") {
        if let Ok(code) = text.parse::<ReferenceCode>() {
            prop_assert_eq!(code.to_string(), text.clone());
        }
        if let Ok(code) = text.parse::<ShortCode>() {
            prop_assert_eq!(code.to_string(), text);
        }
    }
}
