//! Distances against GeographicLib, areas and volumes against closed forms.

mod common;

use common::{cells, points};
use dipper_grid::{Cell, Level, LonLat, Voxel, geodesic_distance_m};
use proptest::prelude::*;

/// Longitude and latitude of two points and their distance by GeographicLib 2.1 (Python) on a = 6 378 137 m,
/// f = 1/298.257222101.
const BY_GEOGRAPHICLIB: &[(f64, f64, f64, f64, f64)] = &[
    (116.397, 39.908, 121.474, 31.23, 1066678.7934536645),
    (0.0, 0.0, 0.0, 0.0, 0.0),
    (114.057868, 22.543099, 114.057869, 22.5431, 0.15114200362767743),
    (0.0, 0.0, 90.0, 0.0, 10018754.171394622),
    (0.0, 0.0, 179.0, 0.0, 19926188.85199597),
    (0.0, 0.0, 179.5, 0.0, 19980861.908839397),
    (0.0, 0.0, 180.0, 0.0, 20003931.458460927),
    (0.0, 0.0, 179.9, 0.1, 19992082.10775301),
    (0.0, 30.0, 180.0, -30.0, 20003931.458460927),
    (0.0, 30.0, 179.9, -29.9, 19992090.302165657),
    (10.0, -90.0, 20.0, 90.0, 20003931.458460927),
    (0.0, -30.0, 179.8, 30.0, 20000239.43757823),
    (-70.0, -33.0, 110.0, 33.2, 19981750.21083393),
    (12.0, 89.9, -168.0, 89.8, 33508.19283642403),
    (5.0, 5.0, 5.0, 6.0, 110584.50431285551),
    (179.9, 10.0, -179.9, 10.2, 31143.29195481939),
    (0.0, 1e-09, 0.0, -1e-09, 0.00022114855151949235),
    (0.0, 0.5, 179.5, 0.5, 19884771.84173493),
    (0.0, -1e-10, 179.69999, 1e-10, 19995624.33611437),
    (120.0, 30.0, 120.000001, 30.000001, 0.1469621249873275),
    (-63.42020466006154, -62.84714869358965, 54.33641029434736, -76.9614683998423, 3909835.170222431),
    (12.917521550408111, -24.17599495573461, -159.12038708110555, 1.3384319740956414, 17338650.978412297),
    (-166.50156296088545, -11.943776940770547, -154.8520475131372, -73.67165759810429, 6898959.37704761),
    (-27.17309190869497, 58.83338244096686, -135.43129398612757, -49.81698637073738, 15473744.85547189),
    (45.87596006601214, 80.58760964226101, 27.757061502299507, -18.597514562859573, 11057772.671760218),
    (171.4518380134512, -81.61511748880388, 129.04864525752464, -37.870328460298275, 5145182.692362855),
    (-128.0681699913225, -68.7973971458937, -68.94654332330363, 56.902744641605665, 14740215.008755064),
    (-114.93850322738251, 14.688029459243921, 50.008848813426255, -22.968442309368385, 18195954.013678428),
    (17.1880076554408, -78.69798450480184, -158.54357881215623, -52.927431692521225, 5394819.315207498),
    (64.94399034544293, -13.033384979507488, -66.90701866435505, 15.401135431374968, 14841946.613385798),
    (-16.853624506520873, -36.04194056453718, 105.9766133480968, 35.818998071322824, 14943182.219303962),
    (-92.12525614002496, 13.396267846560775, 9.070741372122512, 67.5247492032172, 9107270.160105372),
    (82.60030419811835, -38.17120231976643, 172.86294509732954, -68.74815991410682, 6121958.656583222),
    (-29.475784157318202, 46.2853673217449, -125.28556752221829, -1.9866419143549905, 10616085.00392908),
    (-165.88538746292244, 30.278854176191132, 95.2455118366127, 13.144669249929109, 10116648.372970594),
    (135.17201225911975, -33.525447687342584, 70.30633185851735, 16.98657787890332, 8862439.73518336),
    (28.762273541697198, -7.883040365745657, 122.38840098451487, 80.04259711942873, 10930900.979503304),
    (-9.324598528927993, 29.54739698544141, -158.1590060650009, 36.268563834796296, 12027249.702012863),
    (52.966387629960764, 88.75726910399413, 115.89292317949736, -38.772804223053136, 14231134.818543445),
    (-41.11508071918411, 30.357488859153875, -171.87734589998811, -6.8948484660421485, 14278375.631166387),
];

#[test]
fn distances_are_those_of_geographiclib() {
    for (lon_a, lat_a, lon_b, lat_b, expected) in BY_GEOGRAPHICLIB {
        let a = LonLat::new(*lon_a, *lat_a).expect("a point");
        let b = LonLat::new(*lon_b, *lat_b).expect("a point");
        for found in [geodesic_distance_m(a, b), geodesic_distance_m(b, a)] {
            assert!((found - expected).abs() < 1e-7, "{a} {b}: {found}, not {expected}");
        }
    }
}

/// Area south of a latitude and north of the equator in a lune of one radian: the authalic closed form.
fn authalic(lat_deg: f64) -> f64 {
    let (a, f) = (6_378_137.0f64, 1.0 / 298.257_222_101f64);
    let e = (f * (2.0 - f)).sqrt();
    let s = lat_deg.to_radians().sin();
    a * a * (1.0 - e * e) / 2.0 * (s / (1.0 - (e * s).powi(2)) + (e * s).atanh() / e)
}

#[test]
fn the_cells_of_level_1_are_the_area_of_the_ellipsoid() {
    let world = dipper_grid::Bounds::new(-180.0, -90.0, 180.0, 90.0).expect("a box");
    let sum: f64 = dipper_grid::cells_in_bounds(world, Level::L1).map(Cell::area_m2).sum();
    // The authalic radius of CGCS2000 is 6 371 007.181 m.
    let whole = 4.0 * std::f64::consts::PI * authalic(90.0);
    assert!((sum / whole - 1.0).abs() < 1e-13);
    assert!((whole / (4.0 * std::f64::consts::PI * 6_371_007.181f64.powi(2)) - 1.0).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn distance_is_symmetric_and_keeps_the_triangle(a in points(), b in points(), c in points()) {
        let (ab, bc, ac) = (geodesic_distance_m(a, b), geodesic_distance_m(b, c), geodesic_distance_m(a, c));
        prop_assert!((ab - geodesic_distance_m(b, a)).abs() < 1e-7);
        prop_assert!(ac <= ab + bc + 1e-6);
        prop_assert!((0.0..20_003_931.46).contains(&ab));
        let sphere = dipper_grid::distance_m(a, b);
        prop_assert!((ab - sphere).abs() <= 0.0057 * sphere.max(ab) + 1e-6);
    }

    #[test]
    fn nearly_antipodal_points_are_half_the_globe_apart(a in points(), dx in -0.6..0.6f64, dy in -0.6..0.6f64) {
        let lon = a.lon_deg() + if a.lon_deg() < 0.0 { 180.0 } else { -180.0 };
        let b = LonLat::new((lon + dx).clamp(-180.0, 180.0), -a.lat_deg() + dy)?;
        let distance = geodesic_distance_m(a, b);
        prop_assert!((19_890_000.0..20_003_931.46).contains(&distance), "{}", distance);
    }

    #[test]
    fn an_area_is_that_of_the_closed_form(cell in cells()) {
        let bounds = cell.bounds();
        let turn = if bounds.west <= bounds.east { 0.0 } else { 360.0 };
        let width = (bounds.east - bounds.west + turn).to_radians();
        let closed = width * (authalic(bounds.north) - authalic(bounds.south));
        // The closed form cancels: its error is that of the whole lune.
        let slack = width * authalic(90.0) * 1e-15 + 3e-8 * closed;
        prop_assert!((cell.area_m2() - closed).abs() < slack, "{} {}", cell.area_m2(), closed);
    }

    #[test]
    fn areas_and_volumes_of_children_add_up(cell in cells(), layer in -3i32..60) {
        prop_assume!(cell.level() < Level::L10 && cell.child_count() > 0);
        let area: f64 = cell.children().map(Cell::area_m2).sum();
        prop_assert!((area / cell.area_m2() - 1.0).abs() < 1e-12);
        let voxel: Voxel = Voxel::on(cell, layer).expect("a layer");
        let volume: f64 = voxel.children().map(Voxel::volume_m3).sum();
        prop_assert!((volume / voxel.volume_m3() - 1.0).abs() < 1e-7, "{} {}", volume, voxel.volume_m3());
    }
}
