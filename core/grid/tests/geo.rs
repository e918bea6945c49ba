//! Shapes of `geo-types`.

use dipper_grid::{Cell, CoverMode, GeoError, Level, LonLat, MultiPolygon, Polygon};
use geo_types::{Coord, Point, polygon};

#[test]
fn points_go_there_and_back() {
    let point = LonLat::new(116.3, 39.9).expect("a point");
    assert_eq!(LonLat::try_from(Point::from(point)), Ok(point));
    assert_eq!(LonLat::try_from(Coord::from(point)), Ok(point));
    assert!(LonLat::try_from(Point::new(181.0, 0.0)).is_err());
}

#[test]
fn a_polygon_with_a_hole_is_covered() {
    let shape = polygon![
        exterior: [(x: 114.0, y: 22.0), (x: 115.0, y: 22.0), (x: 115.0, y: 23.0), (x: 114.0, y: 23.0)],
        interiors: [[(x: 114.5, y: 22.5), (x: 115.0, y: 22.5), (x: 115.0, y: 23.0), (x: 114.5, y: 23.0)]],
    ];
    let polygon = Polygon::try_from(&shape).expect("a polygon");
    let cells = polygon.cover(Level::L2, CoverMode::Centre, 100).expect("a cover");
    assert_eq!(cells.len(), 3);
    let several = MultiPolygon::try_from(&geo_types::MultiPolygon(vec![shape])).expect("polygons");
    assert_eq!(several.cover(Level::L2, CoverMode::Centre, 100).expect("a cover"), cells);
}

#[test]
fn a_cell_is_a_rectangle_or_two() {
    let parts = |code: &str| geo_types::MultiPolygon::from(code.parse::<Cell>().expect("a code")).0.len();
    assert_eq!((parts("N50J"), parts("N00002")), (1, 2));
}

#[test]
fn wrong_shapes_are_refused() {
    let far = polygon![(x: 0.0, y: 0.0), (x: 200.0, y: 0.0), (x: 0.0, y: 1.0)];
    assert!(matches!(Polygon::try_from(&far), Err(GeoError::Point(_))));
    let polar = polygon![(x: 0.0, y: 0.0), (x: 20.0, y: 89.0), (x: 0.0, y: 1.0)];
    assert!(matches!(Polygon::try_from(&polar), Err(GeoError::Polygon(_))));
}
