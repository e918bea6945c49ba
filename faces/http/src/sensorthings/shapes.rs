//! Shapes in filters: well-known text, distances and relations, on the plane of longitude and latitude in degrees.
//!
//! Everything this server has is a point, so that one side of a relation always is one.

/// Most corners of a shape.
const CORNERS_MAX: usize = 2_000;

/// A place: longitude and latitude, degrees.
pub type Place = [f64; 2];

/// A shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A point.
    Point(Place),
    /// A line of two corners or more.
    Line(Vec<Place>),
    /// A polygon: the outer ring, then holes; each ring ends where it begins.
    Area(Vec<Vec<Place>>),
}

/// Where a point lies in regard to a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Inside,
    Boundary,
    Outside,
}

impl Shape {
    /// Reads well-known text: POINT, LINESTRING or POLYGON, with `SRID=4326;` before it or not.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let text = text.strip_prefix("SRID=4326;").unwrap_or(text);
        let (word, rest) = text.split_at(text.find('(').unwrap_or(text.len()));
        let word = word.trim().to_ascii_uppercase();
        let word = word.strip_suffix('Z').map_or(word.as_str(), str::trim_end);
        let body = rest.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let body = body.ok_or("a shape is POINT(…), LINESTRING(…) or POLYGON((…))")?;
        match word {
            "POINT" => match places(body)?[..] {
                [place] => Ok(Self::Point(place)),
                _ => Err("a point has one place".to_owned()),
            },
            "LINESTRING" => {
                let line = places(body)?;
                if line.len() < 2 { Err("a line has two places or more".to_owned()) } else { Ok(Self::Line(line)) }
            }
            "POLYGON" => rings(body).map(Self::Area),
            _ => Err("a shape is POINT(…), LINESTRING(…) or POLYGON((…))".to_owned()),
        }
    }

    /// The least distance to another shape, degrees; `None` where neither is a point.
    pub fn distance(&self, other: &Self) -> Option<f64> {
        match (self, other) {
            (Self::Point(place), shape) | (shape, Self::Point(place)) => Some(shape.distance_to(*place)),
            _ => None,
        }
    }

    /// How long a line is, degrees.
    pub fn length(&self) -> Option<f64> {
        let Self::Line(line) = self else { return None };
        Some(line.windows(2).map(|side| away(side[0], side[1])).sum())
    }

    /// How it relates to another: nine dimensions (DE-9IM) of interior, boundary and exterior; `None` where neither is a
    /// point.
    pub fn relate(&self, other: &Self) -> Option<[u8; 9]> {
        match (self, other) {
            (Self::Point(place), shape) => Some(shape.matrix(*place)),
            (shape, Self::Point(place)) => {
                let [a, b, c, d, e, f, g, h, i] = shape.matrix(*place);
                Some([a, d, g, b, e, h, c, f, i])
            }
            _ => None,
        }
    }

    /// The matrix of a point (rows) and this shape (columns).
    fn matrix(&self, place: Place) -> [u8; 9] {
        let side = self.side(place);
        let at = |wanted: Side| if side == wanted { b'0' } else { b'F' };
        // What is left of the shape outside of the point: its interior and its boundary.
        let (interior, boundary) = match self {
            Self::Point(own) => (if *own == place { b'F' } else { b'0' }, b'F'),
            Self::Line(line) => (b'1', if line.first() == line.last() { b'F' } else { b'0' }),
            Self::Area(_) => (b'2', b'1'),
        };
        let [i, b, o] = [at(Side::Inside), at(Side::Boundary), at(Side::Outside)];
        [i, b, o, b'F', b'F', b'F', interior, boundary, b'2']
    }

    fn side(&self, place: Place) -> Side {
        match self {
            Self::Point(own) if *own == place => Side::Inside,
            Self::Point(_) => Side::Outside,
            Self::Line(line) => {
                let is_end = line.first() != line.last() && [line.first(), line.last()].contains(&Some(&place));
                if is_end {
                    Side::Boundary
                } else if line.windows(2).any(|side| lies_on(place, side[0], side[1])) {
                    Side::Inside
                } else {
                    Side::Outside
                }
            }
            Self::Area(rings) => {
                let on = |ring: &Vec<Place>| ring.windows(2).any(|side| lies_on(place, side[0], side[1]));
                if rings.iter().any(on) {
                    return Side::Boundary;
                }
                // Even and odd crossings: holes count like any ring.
                let is_inside = rings.iter().filter(|ring| encloses(ring, place)).count() % 2 == 1;
                if is_inside { Side::Inside } else { Side::Outside }
            }
        }
    }

    fn distance_to(&self, place: Place) -> f64 {
        let along = |line: &[Place]| {
            line.windows(2).map(|side| away_from(place, side[0], side[1])).fold(f64::INFINITY, f64::min)
        };
        match self {
            Self::Point(own) => away(*own, place),
            Self::Line(line) => along(line),
            Self::Area(_) if self.side(place) != Side::Outside => 0.0,
            Self::Area(rings) => rings.iter().map(|ring| along(ring)).fold(f64::INFINITY, f64::min),
        }
    }
}

/// Whether a matrix fits a pattern of nine letters: `T`, `F`, `*`, `0`, `1` or `2`.
pub fn fits(matrix: [u8; 9], pattern: &str) -> bool {
    let fits = |(has, wanted): (u8, u8)| match wanted.to_ascii_uppercase() {
        b'*' => true,
        b'T' => has != b'F',
        wanted => has == wanted,
    };
    pattern.len() == 9 && matrix.into_iter().zip(pattern.bytes()).all(fits)
}

fn places(text: &str) -> Result<Vec<Place>, String> {
    let places: Vec<Place> = text.split(',').map(place).collect::<Result<_, _>>()?;
    if places.len() > CORNERS_MAX {
        return Err(format!("a shape has at most {CORNERS_MAX} corners"));
    }
    Ok(places)
}

/// Longitude and latitude; a height behind them is passed over.
fn place(text: &str) -> Result<Place, String> {
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    match numbers[..] {
        // A map that shows more than the world asks for more than the world.
        [lon, lat] | [lon, lat, _] if numbers.len() == text.split_whitespace().count() => {
            if lon.is_finite() && lat.is_finite() { Ok([lon, lat]) } else { Err("a place is finite".to_owned()) }
        }
        _ => Err(format!("{:?} is not a longitude and a latitude", text.trim())),
    }
}

fn rings(text: &str) -> Result<Vec<Vec<Place>>, String> {
    let (mut rings, mut rest, mut corners) = (Vec::new(), text.trim(), 0);
    loop {
        let inner = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let (ring, after) = inner.ok_or("a polygon is rings in parentheses")?;
        let ring = places(ring)?;
        corners += ring.len();
        if ring.len() < 4 || ring.first() != ring.last() || corners > CORNERS_MAX {
            return Err(format!("a ring has 4 to {CORNERS_MAX} places and ends where it begins"));
        }
        rings.push(ring);
        match after.trim_start().strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None if after.trim().is_empty() => return Ok(rings),
            None => return Err("a polygon is rings in parentheses, with commas between".to_owned()),
        }
    }
}

fn away(a: Place, b: Place) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// From a place to the nearest point of a side.
fn away_from(place: Place, a: Place, b: Place) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let square = dx * dx + dy * dy;
    let along = if square == 0.0 { 0.0 } else { ((place[0] - a[0]) * dx + (place[1] - a[1]) * dy) / square };
    let along = along.clamp(0.0, 1.0);
    away(place, [a[0] + along * dx, a[1] + along * dy])
}

fn lies_on(place: Place, a: Place, b: Place) -> bool {
    let cross = (b[0] - a[0]) * (place[1] - a[1]) - (b[1] - a[1]) * (place[0] - a[0]);
    let within = |axis: usize| a[axis].min(b[axis]) <= place[axis] && place[axis] <= a[axis].max(b[axis]);
    cross == 0.0 && within(0) && within(1)
}

/// Whether a ray to the east crosses a ring an odd number of times.
fn encloses(ring: &[Place], place: Place) -> bool {
    let crosses = |side: &&[Place]| {
        let (a, b) = (side[0], side[1]);
        (a[1] > place[1]) != (b[1] > place[1]) && place[0] < (b[0] - a[0]) * (place[1] - a[1]) / (b[1] - a[1]) + a[0]
    };
    ring.windows(2).filter(crosses).count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Shape {
        Shape::parse(text).unwrap()
    }

    #[test]
    fn a_point_is_related_to_what_it_lies_in_and_on() {
        let square = "POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,1 2,2 2,2 1,1 1))";
        for (point, other, expect) in [
            ("POINT(3 3)", square, "0FFFFF212"),
            ("POINT(4 3)", square, "F0FFFF212"),
            ("POINT(1.5 1.5)", square, "FF0FFF212"),
            ("POINT(9 9)", square, "FF0FFF212"),
            ("POINT(1 2)", "POINT(1 2)", "0FFFFFFF2"),
            ("POINT(1 2)", "point ( 1 3 )", "FF0FFF0F2"),
            ("POINT(1 1)", "LINESTRING(0 0,2 2)", "0FFFFF102"),
            ("POINT(2 2)", "LINESTRING(0 0,2 2)", "F0FFFF102"),
            ("POINT(0 0)", "LINESTRING(0 0,1 0,1 1,0 0)", "0FFFFF1F2"),
        ] {
            let matrix = shape(point).relate(&shape(other)).unwrap();
            assert_eq!(std::str::from_utf8(&matrix).unwrap(), expect, "{point} {other}");
            let turned = shape(other).relate(&shape(point)).unwrap();
            assert_eq!([turned[0], turned[3], turned[6]], [matrix[0], matrix[1], matrix[2]], "{point} {other}");
        }
        assert!(fits(*b"0FFFFF212", "T*F**F***"));
        assert!(!fits(*b"F0FFFF212", "T*F**F***"));
        assert!(!fits(*b"F0FFFF212", "F"));
    }

    #[test]
    fn distances_are_degrees_on_the_plane() {
        for (one, other, expect) in [
            ("POINT(0 0)", "POINT(3 4)", 5.0),
            ("SRID=4326;POINT(0 0)", "POINT Z (3 4 100)", 5.0),
            ("POINT(0 1)", "LINESTRING(-1 0,1 0)", 1.0),
            ("LINESTRING(-1 0,1 0)", "POINT(4 4)", 5.0),
            ("POINT(1 1)", "POLYGON((0 0,2 0,2 2,0 2,0 0))", 0.0),
            ("POINT(3 1)", "POLYGON((0 0,2 0,2 2,0 2,0 0))", 1.0),
        ] {
            assert_eq!(shape(one).distance(&shape(other)), Some(expect), "{one} {other}");
        }
        assert_eq!(shape("LINESTRING(0 0,3 4,3 5)").length(), Some(6.0));
    }

    #[test]
    fn what_is_no_shape_is_said() {
        for text in [
            "",
            "POINT",
            "POINT()",
            "POINT(1)",
            "POINT(1 2",
            "POINT(1 2,3 4)",
            "POINT(a b)",
            "POINT(inf 0)",
            "LINESTRING(1 1)",
            "POLYGON(0 0,1 1,2 2,0 0)",
            "POLYGON((0 0,1 1,0 0))",
            "POLYGON((0 0,1 0,1 1,0 1))",
            "POLYGON((0 0,1 0,1 1,0 0)x)",
            "CIRCLE(1 2)",
            "POINT(1 2 3 4)",
            "POINT(1 2 x)",
        ] {
            assert!(Shape::parse(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_shape_or_refused(text in "[A-Z(), 0-9.e-]{0,60}") {
            let _ = Shape::parse(&text);
        }
    }
}
