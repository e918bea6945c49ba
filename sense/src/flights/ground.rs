//! Where on the ground a part of a picture lies.

use model::{CameraPose, PictureArea};

/// A camera looks straight down from here, degrees: its picture is a map with an error of a tenth of the height at most.
const DOWN_DEG: f64 = -84.0;
/// Diagonal of the film that focal lengths are told for, millimetres.
const FILM_DIAGONAL_MM: f64 = 43.266_6;

/// The corners of a part of a picture on the ground, as longitudes and latitudes: of a picture taken straight down over
/// ground as high as where the aircraft took off. None where the picture does not say how it was taken.
///
/// The place of the aircraft (some metres with plain satellite positioning) and hills are its errors; the lens is taken as
/// free of distortion.
pub fn footprint(
    (lon, lat): (f64, f64),
    pose: &CameraPose,
    (width, height): (u32, u32),
    part: PictureArea,
) -> Option<[(f64, f64); 4]> {
    let (above, focal, yaw) = (pose.above_m?, pose.focal_35mm?, pose.yaw_deg?);
    if pose.pitch_deg? > DOWN_DEG || above <= 0.0 || width == 0 || height == 0 {
        return None;
    }
    let (width, height) = (f64::from(width), f64::from(height));
    let metres_a_pixel = above * FILM_DIAGONAL_MM / (focal * width.hypot(height));
    let (sin, cos) = yaw.to_radians().sin_cos();
    let (lon_m, lat_m) = metres_a_degree(lat);
    let corner = |x: f64, y: f64| {
        let right = (x - (width - 1.0) / 2.0) * metres_a_pixel;
        let up = ((height - 1.0) / 2.0 - y) * metres_a_pixel;
        let (east, north) = (right * cos + up * sin, up * cos - right * sin);
        (lon + east / lon_m, lat + north / lat_m)
    };
    let PictureArea { x, y, width: w, height: h } = part;
    Some([corner(x, y), corner(x + w, y), corner(x + w, y + h), corner(x, y + h)])
}

/// Metres of a degree of longitude and of latitude there, on the ellipsoid of CGCS2000 (GB 22021-2008).
pub(super) fn metres_a_degree(lat: f64) -> (f64, f64) {
    const A: f64 = 6_378_137.0;
    const E2: f64 = 0.006_694_380_022_9;
    let (sin, cos) = lat.to_radians().sin_cos();
    let n = 1.0 - E2 * sin * sin;
    let degree = 1_f64.to_radians();
    (A * cos / n.sqrt() * degree, A * (1.0 - E2) / n.powf(1.5) * degree)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSE: CameraPose =
        CameraPose { yaw_deg: Some(0.0), pitch_deg: Some(-90.0), above_m: Some(100.0), focal_35mm: Some(24.0) };
    const WHOLE: PictureArea = PictureArea { x: 0.0, y: 0.0, width: 3_999.0, height: 2_999.0 };

    fn metres(corner: (f64, f64)) -> (f64, f64) {
        let (lon_m, lat_m) = metres_a_degree(32.5);
        (((corner.0 - 112.9) * lon_m).round(), ((corner.1 - 32.5) * lat_m).round())
    }

    fn laid(pose: CameraPose) -> Option<Vec<(f64, f64)>> {
        footprint((112.9, 32.5), &pose, (4_000, 3_000), WHOLE).map(|corners| corners.map(metres).to_vec())
    }

    /// 24 mm of 35 mm film at 100 m: a diagonal of 180 m, 144 by 108 m at four to three.
    #[test]
    fn a_picture_lies_on_the_ground_as_it_was_turned() {
        let turned = |yaw_deg| CameraPose { yaw_deg: Some(yaw_deg), ..POSE };
        assert_eq!(laid(POSE).unwrap(), [(-72.0, 54.0), (72.0, 54.0), (72.0, -54.0), (-72.0, -54.0)]);
        // Its top to the east: what was upper left is in the north-east.
        assert_eq!(laid(turned(90.0)).unwrap(), [(54.0, 72.0), (54.0, -72.0), (-54.0, -72.0), (-54.0, 72.0)]);
        assert_eq!(laid(turned(180.0)).unwrap()[0], (72.0, -54.0));
        assert_eq!(laid(turned(-90.0)).unwrap()[0], (-54.0, -72.0));
    }

    #[test]
    fn what_was_not_taken_straight_down_lies_nowhere() {
        for pose in [
            CameraPose { pitch_deg: Some(-45.0), ..POSE },
            CameraPose { pitch_deg: None, ..POSE },
            CameraPose { above_m: None, ..POSE },
            CameraPose { above_m: Some(-3.0), ..POSE },
            CameraPose { focal_35mm: None, ..POSE },
            CameraPose { yaw_deg: None, ..POSE },
        ] {
            assert_eq!(laid(pose), None, "{pose:?}");
        }
    }

    #[test]
    fn degrees_are_as_long_as_tables_say() {
        // Snyder, Map Projections: A Working Manual (1987), table of the length of a degree; WGS 84 within a metre.
        for (lat, lon_m, lat_m) in [(0.0, 111_320.0, 110_574.0), (45.0, 78_847.0, 111_132.0)] {
            let found = metres_a_degree(lat);
            assert!((found.0 - lon_m).abs() < 1.0 && (found.1 - lat_m).abs() < 1.0, "{lat}: {found:?}");
        }
    }
}
