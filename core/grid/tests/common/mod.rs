//! What the tests share: generators and a second encoder, written straight from the standard.

#![allow(dead_code, reason = "each test program uses its own part")]

use dipper_grid::{Cell, Level, LonLat};
use proptest::prelude::*;

/// Units of 1/2048 second in a degree.
pub const UNIT: f64 = 7_372_800.0;

pub fn levels() -> impl Strategy<Value = Level> {
    (1u8..=10).prop_map(|number| Level::try_from(number).expect("1 to 10"))
}

/// Points below the polar caps: anywhere, on whole units, and near the lines where quadrants meet.
pub fn points() -> impl Strategy<Value = LonLat> {
    let lon = prop_oneof![
        -180.0..=180.0f64,
        (-180i32 * 7_372_800..=180 * 7_372_800).prop_map(|k| f64::from(k) / UNIT),
        -1e-5..1e-5f64,
        (179.999_99..=180.0f64).prop_flat_map(|lon| prop_oneof![Just(lon), Just(-lon)]),
    ];
    let lat = prop_oneof![
        -87.999_999..87.999_999f64,
        (-88i32 * 7_372_800 + 1..88 * 7_372_800).prop_map(|k| f64::from(k) / UNIT),
        -1e-5..1e-5f64,
        (87.999..87.999_999f64).prop_flat_map(|lat| prop_oneof![Just(lat), Just(-lat)]),
    ];
    (lon, lat).prop_map(|(lon, lat)| LonLat::new(lon, lat).expect("a point"))
}

/// Points of the polar caps.
pub fn polar_points() -> impl Strategy<Value = LonLat> {
    let lat = prop_oneof![88.0..=90.0f64, Just(88.0), Just(88.5), Just(89.0), Just(89.5), Just(90.0)];
    let lon = prop_oneof![-180.0..=180.0f64, (-6i32..=6).prop_map(|sixth| f64::from(sixth) * 30.0)];
    (lon, lat, any::<bool>())
        .prop_map(|(lon, lat, south)| LonLat::new(lon, if south { -lat } else { lat }).expect("a point"))
}

/// Cells of every level, polar ones among them.
pub fn cells() -> impl Strategy<Value = Cell> {
    let low = (points(), levels()).prop_map(|(point, level)| Cell::encode(point, level).expect("below the caps"));
    let polar = (polar_points(), 1u8..=2).prop_map(|(point, level)| {
        Cell::encode(point, Level::try_from(level).expect("1 or 2")).expect("polar levels 1 and 2")
    });
    prop_oneof![6 => low, 1 => polar]
}

/// The code of a point below 88°, digit by digit as the text of the standard has it, with no cleverness.
pub fn code_by_the_book(point: LonLat, level: Level) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDE";
    const LON: [u64; 10] = [44_236_800, 3_686_400, 1_843_200, 122_880, 8_192, 4_096, 512, 64, 8, 1];
    const LAT: [u64; 10] = [29_491_200, 3_686_400, 1_228_800, 122_880, 8_192, 4_096, 512, 64, 8, 1];
    let units = |degrees: f64| {
        let exact = degrees.abs() * UNIT;
        let near = exact.round();
        if (exact - near).abs() < 1e-6 { near as u64 } else { exact.floor() as u64 }
    };
    let (mut x, mut y) = (units(point.lon_deg()).min(1_327_103_999), units(point.lat_deg()));
    let mut code = String::from(if point.lat_deg() < 0.0 { "S" } else { "N" });
    let column = if point.lon_deg() < 0.0 { 30 - x / LON[0] } else { 31 + x / LON[0] };
    code.push_str(&format!("{column:02}"));
    code.push(char::from(b'A' + (y / LAT[0]) as u8));
    for depth in 1..usize::from(level.get()) {
        x %= LON[depth - 1];
        y %= LAT[depth - 1];
        let (a, b) = (x / LON[depth], y / LAT[depth]);
        let mut push = |digit: u64| code.push(char::from(DIGITS[digit as usize]));
        if depth == 2 || depth == 5 {
            push(2 * b + a);
        } else {
            push(a);
            push(b);
        }
    }
    code
}
