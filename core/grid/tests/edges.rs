//! Named places: edges, poles, refusals, and their messages.

use std::collections::{BTreeMap, BTreeSet};

use dipper_grid::{Bounds, BoundsError, Cell, CodeError, Level, LevelError, LonLat, PointError, distance_m};

fn cell(code: &str) -> Cell {
    code.parse().expect("a code")
}

fn encode(lon: f64, lat: f64, level: u8) -> String {
    let level = Level::try_from(level).expect("a level");
    Cell::encode(LonLat::new(lon, lat).expect("a point"), level).expect("a cell").to_string()
}

#[test]
fn the_worked_example_of_the_standard_is_reproduced() {
    // Annex B.2: 39°59′35.38″N 116°18′45.37″E.
    let lon = 116.0 + 18.0 / 60.0 + 45.37 / 3_600.0;
    let lat = 39.0 + 59.0 / 60.0 + 35.38 / 3_600.0;
    assert_eq!(encode(lon, lat, 8), "N50J47539B825534");
    assert_eq!(encode(lon, lat, 10), "N50J47539B8255346152");
}

#[test]
fn zero_is_east_and_north_and_the_half_turn_keeps_its_sign() {
    let table = [
        (0.0, 0.0, "N31A"),
        (-0.0, -0.0, "N31A"),
        (-1e-9, -1e-9, "S30A"),
        (180.0, 0.0, "N60A"),
        (-180.0, 0.0, "N01A"),
        (-6.0, -4.0, "S29B"),
    ];
    for (lon, lat, code) in table {
        assert_eq!(encode(lon, lat, 1), code, "{lon},{lat}");
    }
}

#[test]
fn latitude_88_is_polar_even_by_a_rounding_error() {
    assert_eq!(encode(10.0, 88.0, 1), "N000");
    assert_eq!(encode(10.0, 88.0f64.next_down(), 1), "N000");
    assert_eq!(encode(10.0, 88.0 - 1e-12, 1), "N32V");
}

#[test]
fn each_polar_sector_lies_where_figure_10_puts_it() {
    let table = [
        (0.0, 90.0, "00"),
        (60.0, 89.25, "01"),
        (180.0, 89.25, "02"),
        (-180.0, 89.25, "02"),
        (-60.0, 89.25, "03"),
        (30.0, 88.75, "12"),
        (90.0, 88.75, "13"),
        (150.0, 88.75, "22"),
        (-150.0, 88.75, "23"),
        (-30.0, 88.75, "32"),
        (-90.0, 88.75, "33"),
        (30.0, 88.25, "10"),
        (90.0, 88.25, "11"),
        (150.0, 88.25, "20"),
        (-150.0, 88.25, "21"),
        (-30.0, 88.25, "30"),
        (-90.0, 88.25, "31"),
        (180.0, 88.25, "20"),
        (120.0, 88.75, "22"),
        (-120.0, 88.75, "33"),
        (-120.000_000_01, 88.75, "23"),
        (-60.0, 88.75, "32"),
        (0.0, 88.0, "10"),
        (0.0, 88.5, "12"),
        (0.0, 89.0, "01"),
        (0.0, 89.5, "00"),
        (-180.0, 88.25, "21"),
    ];
    for (lon, lat, digits) in table {
        assert_eq!(encode(lon, lat, 2), format!("N000{digits}"), "{lon},{lat}");
        assert_eq!(encode(lon, -lat, 2), format!("S000{digits}"), "{lon},{}", -lat);
    }
}

#[test]
fn level_1_and_2_neighbours_join_the_caps_and_are_mutual() {
    // Every cell of the two levels, caps included: 2 642 and 253 472.
    for (level, total) in [(Level::L1, 2_642), (Level::L2, 253_472)] {
        let globe = Bounds::new(-180.0, -90.0, 180.0, 90.0).expect("a box");
        let all: BTreeMap<Cell, BTreeSet<Cell>> =
            dipper_grid::cells_in_bounds(globe, level).map(|cell| (cell, cell.neighbours().collect())).collect();
        assert_eq!(all.len(), total);
        for (cell, neighbours) in &all {
            assert!(neighbours.iter().all(|other| all[other].contains(cell)), "{cell}");
        }
    }
    let count = |code: &str| cell(code).neighbours().len();
    assert_eq!((count("N000"), count("N31V"), count("N31U")), (60, 6, 8));
    // 120 columns and 2 corners below, 2 beside, 3 above.
    assert_eq!(count("N00010"), 127);
    // 3 below, 2 beside, and above: one sector of three fully and the next at a corner.
    assert_eq!(count("N00012"), 3 + 2 + 2);
    // Three sectors around the pole; each of them: the pole, 2 beside, 4 below.
    assert_eq!((count("N00000"), count("N00001")), (3, 7));
}

#[test]
fn bounds_centre_and_corner_of_each_quadrant_are_mirrored() {
    let table = [
        ("N31A", (0.0, 0.0, 6.0, 4.0), (0.0, 0.0)),
        ("N29B", (-12.0, 4.0, -6.0, 8.0), (-6.0, 4.0)),
        ("S30A", (-6.0, -4.0, 0.0, 0.0), (0.0, 0.0)),
        ("S50J", (114.0, -40.0, 120.0, -36.0), (114.0, -36.0)),
        ("N00002", (120.0, 89.0, -120.0, 89.5), (120.0, 89.0)),
        ("S000", (-180.0, -90.0, 180.0, -88.0), (-180.0, -88.0)),
    ];
    for (code, (west, south, east, north), corner) in table {
        let cell = cell(code);
        assert_eq!(cell.bounds(), Bounds::new(west, south, east, north).expect("a box"), "{code}");
        assert_eq!((cell.corner().lon_deg(), cell.corner().lat_deg()), corner, "{code}");
    }
    let centre = cell("N00002").centre();
    assert_eq!((centre.lon_deg(), centre.lat_deg()), (180.0, 89.25));
}

#[test]
fn malformed_codes_are_refused_with_the_place_and_the_rule() {
    let table = [
        ("", "grid code has 0 characters; a code has 4, 6, 7, 9, 11, 12, 14, 16, 18 or 20"),
        ("N50J4", "grid code has 5 characters; a code has 4, 6, 7, 9, 11, 12, 14, 16, 18 or 20"),
        ("X50J", "character 1 of the grid code is 'X'; expected N or S"),
        ("n50j", "character 1 of the grid code is 'n'; expected N or S"),
        ("N7AJ", "character 2 of the grid code is '7'; expected a column 01 to 60, or 00 at a pole"),
        ("N5AJ", "character 3 of the grid code is 'A'; expected a column 01 to 60, or 00 at a pole"),
        ("N61J", "grid code has column 61; columns are 01 to 60"),
        ("N50W", "character 4 of the grid code is 'W'; expected a row A to V"),
        ("N000000", "grid code is polar and of level 3; polar cells have levels 1 and 2 only"),
        ("N00A", "character 4 of the grid code is 'A'; expected 0, as the column 00 is polar"),
        ("N00004", "character 6 of the grid code is '4'; expected a digit 0 to 3"),
        ("N50JC7", "character 5 of the grid code is 'C'; expected a digit 0 to B"),
        ("N50J48", "character 6 of the grid code is '8'; expected a digit 0 to 7"),
        ("N50J476", "character 7 of the grid code is '6'; expected a digit 0 to 5"),
        ("N50J475F9", "character 8 of the grid code is 'F'; expected a digit 0 to E"),
        ("N50J4753A", "character 9 of the grid code is 'A'; expected a digit 0 to 9"),
        ("N50J47539b8", "character 10 of the grid code is 'b'; expected a digit 0 to E"),
        ("N50J47539B84", "character 12 of the grid code is '4'; expected a digit 0 to 3"),
        ("N50J47539B8258", "character 14 of the grid code is '8'; expected a digit 0 to 7"),
        ("N50J 7", "character 5 of the grid code is ' '; expected a digit 0 to B"),
        ("N五", "character 2 of the grid code is '五'; expected a digit or a capital letter"),
    ];
    for (text, message) in table {
        let fault = text.parse::<Cell>().expect_err(text);
        assert_eq!(fault.to_string(), message, "{text}");
    }
    let long = "N".repeat(1 << 20);
    assert_eq!(long.parse::<Cell>(), Err(CodeError::Length { len: 1 << 20 }));
}

#[test]
fn numbers_that_are_no_key_are_refused() {
    let leaf = cell("N50J47539B8255346152").get();
    let polar = cell("N00033").get();
    let table = [
        0,
        -1,
        i64::MIN,
        i64::MAX,
        // No slot, a slot of no level, and a digit below the level.
        leaf & !127,
        (leaf & !127) | 10,
        (leaf & !127) | 8,
        // Level-5 digit 225, a polar cell of level 3, and a seventeenth sector.
        (cell("N50J47539EE").get() & !63) + (1 << 27) + 5,
        polar + 1,
        polar + (900 << 35),
        // A rank past the last cell of the south.
        ((2_642 * 86_400) << 35) | 1,
    ];
    for number in table {
        let fault = Cell::try_from(number).expect_err("no key");
        assert_eq!(fault.to_string(), format!("{number} is not the key of a grid cell"));
    }
}

#[test]
fn coordinates_and_boxes_off_the_globe_are_refused_by_name() {
    assert_eq!(LonLat::new(f64::NAN, 0.0), Err(PointError::LongitudeNotFinite));
    assert_eq!(LonLat::new(0.0, f64::INFINITY), Err(PointError::LatitudeNotFinite));
    let message = |fault: PointError| fault.to_string();
    assert_eq!(
        LonLat::new(180.5, 0.0).map_err(message),
        Err("longitude is 180.5; it must be within -180 to 180 degrees".into())
    );
    assert_eq!(
        LonLat::new(0.0, -91.0).map_err(message),
        Err("latitude is -91; it must be within -90 to 90 degrees".into())
    );
    assert_eq!(Bounds::new(0.0, 5.0, 1.0, 4.0), Err(BoundsError::SouthAboveNorth { south: 5.0, north: 4.0 }));
    assert_eq!(
        Bounds::new(0.0, 5.0, 1.0, 95.0).map_err(|fault| fault.to_string()),
        Err("north-east corner of the box: latitude is 95; it must be within -90 to 90 degrees".into())
    );
    assert_eq!(Level::try_from(0), Err(LevelError::OutOfRange { number: 0 }));
    assert_eq!("seven".parse::<Level>(), Err(LevelError::NotANumber));
}

#[test]
fn distances_match_the_sphere() {
    let point = |lon, lat| LonLat::new(lon, lat).expect("a point");
    let quarter = 6_371_008.8 * std::f64::consts::FRAC_PI_2;
    let table = [
        (point(0.0, 0.0), point(90.0, 0.0), quarter),
        (point(0.0, 90.0), point(12.0, 0.0), quarter),
        (point(0.0, 0.0), point(180.0, 0.0), 2.0 * quarter),
        (point(179.5, 0.0), point(-179.5, 0.0), quarter / 90.0),
        (point(116.0, 40.0), point(116.0, 40.0), 0.0),
    ];
    for (a, b, expect) in table {
        assert!((distance_m(a, b) - expect).abs() < 1e-3, "{a} {b}");
    }
}

#[test]
fn sizes_shrink_with_latitude_and_cross_the_half_turn() {
    let equator = cell("N31A0000000").size_m();
    assert!((equator.width_m - 123.5).abs() < 0.2 && (equator.height_m - 123.5).abs() < 0.2);
    let mohe = cell("N51N0000000").size_m();
    assert!((mohe.width_m / equator.width_m - 52.0f64.to_radians().cos()).abs() < 1e-3);
    let across = cell("N00002").size_m();
    let beside = cell("N00001").size_m();
    assert!((across.width_m - beside.width_m).abs() < 1e-6);
}
