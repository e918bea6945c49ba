//! GCJ-02 and BD-09: known values, there and back, and the limit of China.

use dipper_grid::LonLat;
use dipper_grid::shifted::{Bd09, Gcj02, is_moved};
use proptest::prelude::*;

fn at(lon: f64, lat: f64) -> LonLat {
    LonLat::new(lon, lat).expect("a point")
}

#[test]
fn positions_known_from_other_libraries_are_reproduced() {
    // The values that the MIT-licensed `coordtransform` of JavaScript prints.
    let gcj = Gcj02::from_cgcs2000(at(116.404, 39.915));
    assert!((gcj.lon_deg() - 116.410_244_499_169_38).abs() < 1e-12);
    assert!((gcj.lat_deg() - 39.916_404_281_501_64).abs() < 1e-12);
    let bd = Bd09::from_gcj02(Gcj02::new(116.404, 39.915).expect("a point"));
    assert!((bd.lon_deg() - 116.410_369_493_710_29).abs() < 1e-12);
    assert!((bd.lat_deg() - 39.921_336_993_510_21).abs() < 1e-12);
}

#[test]
fn nothing_is_moved_outside_china() {
    for place in [at(0.0, 0.0), at(-74.0, 40.7), at(139.7, 35.7), at(116.0, -30.0), at(100.0, 60.0)] {
        assert!(!is_moved(place));
        assert_eq!(Gcj02::from_cgcs2000(place).to_cgcs2000(), place);
        assert_eq!(
            (Gcj02::from_cgcs2000(place).lon_deg(), Gcj02::from_cgcs2000(place).lat_deg()),
            (place.lon_deg(), place.lat_deg())
        );
    }
}

#[test]
fn bad_numbers_are_refused() {
    assert!(Gcj02::new(181.0, 0.0).is_err() && Bd09::new(0.0, f64::NAN).is_err());
}

#[test]
fn a_position_at_a_pole_is_given_back() {
    let shown = Gcj02::new(-127.186_096_412_576_08, -89.948_145_754_048_87).unwrap();
    assert_eq!(shown.to_cgcs2000(), at(shown.lon_deg(), shown.lat_deg()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn there_and_back_is_within_a_tenth_of_a_millimetre(
        lon in prop_oneof![72.01..137.82f64, 104.999_999..105.000_001f64], lat in 0.84..55.82f64,
    ) {
        let place = at(lon, lat);
        let (gcj, bd) = (Gcj02::from_cgcs2000(place), Bd09::from_cgcs2000(place));
        for back in [gcj.to_cgcs2000(), bd.to_cgcs2000()] {
            prop_assert!((back.lon_deg() - lon).abs() < 1e-9 && (back.lat_deg() - lat).abs() < 1e-9, "{} {}", place, back);
        }
        let moved_m = dipper_grid::geodesic_distance_m(place, at(gcj.lon_deg(), gcj.lat_deg()));
        prop_assert!((1.0..3_000.0).contains(&moved_m), "{}", moved_m);
    }

    #[test]
    fn any_position_converts_without_panic(lon in -180.0..=180.0f64, lat in -90.0..=90.0f64) {
        let _ = Gcj02::new(lon, lat)?.to_cgcs2000();
        let _ = Bd09::new(lon, lat)?.to_cgcs2000();
        let _ = Bd09::from_cgcs2000(at(lon, lat));
    }
}
