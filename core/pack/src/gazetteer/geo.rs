//! Lines on the ground: their middle, and where they meet. A city is small enough to be taken for a plane.

/// Lines of `[lon, lat]` in degrees; a point is a line of one.
pub type Lines = Vec<Vec<[f64; 2]>>;

/// Metres in one degree of latitude, the mean of the meridian: 40 007 863 / 360.
const M_PER_DEG: f64 = 111_133.0;

/// Roads meet when they come nearer than this, in metres: the width of a broad one.
const MEET_M: f64 = 25.0;

/// Crossings nearer to each other than this are one, in metres: roads with two carriageways meet four times.
const ONE_CROSSING_M: f64 = 200.0;

/// Most crossings of two roads that are told apart.
const CROSSINGS_MAX: usize = 3;

/// Around a point, degrees to metres.
struct Plane {
    origin: [f64; 2],
    lon_m: f64,
}

impl Plane {
    fn at(origin: [f64; 2]) -> Self {
        Self { origin, lon_m: M_PER_DEG * origin[1].to_radians().cos() }
    }

    fn to_m(&self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        [(lon - self.origin[0]) * self.lon_m, (lat - self.origin[1]) * M_PER_DEG]
    }

    fn to_deg(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.origin[0] + x / self.lon_m, self.origin[1] + y / M_PER_DEG]
    }
}

/// Half way along all lines together: a point on one of them.
pub(super) fn middle(lines: &Lines) -> Option<[f64; 2]> {
    let first = *lines.first()?.first()?;
    let plane = Plane::at(first);
    let pieces =
        || lines.iter().flat_map(|line| line.windows(2)).map(|pair| [plane.to_m(pair[0]), plane.to_m(pair[1])]);
    let mut left = pieces().map(|[a, b]| distance(a, b)).sum::<f64>() / 2.0;
    for [a, b] in pieces() {
        let length = distance(a, b);
        if left <= length && length > 0.0 {
            let share = left / length;
            return Some(plane.to_deg([a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]));
        }
        left -= length;
    }
    Some(first)
}

/// Where two sets of lines meet, or come as near as roads do that meet; the nearest first.
pub(super) fn crossings(one: &Lines, other: &Lines) -> Vec<[f64; 2]> {
    let Some(&origin) = one.first().and_then(|line| line.first()) else { return Vec::new() };
    let plane = Plane::at(origin);
    let pieces = |lines: &Lines| -> Vec<[[f64; 2]; 2]> {
        let pairs = lines.iter().flat_map(|line| line.windows(2));
        pairs.map(|pair| [plane.to_m(pair[0]), plane.to_m(pair[1])]).collect()
    };
    let (one, other) = (pieces(one), pieces(other));
    let mut meetings: Vec<(f64, [f64; 2])> = Vec::new();
    for a in &one {
        for b in other.iter().filter(|b| boxes_meet(a, b)) {
            let (gap, at) = nearest(a, b);
            if gap <= MEET_M {
                meetings.push((gap, at));
            }
        }
    }
    meetings.sort_by(|(a, at), (b, bt)| a.total_cmp(b).then(at[0].total_cmp(&bt[0])).then(at[1].total_cmp(&bt[1])));
    let mut apart: Vec<[f64; 2]> = Vec::new();
    for (_, at) in meetings {
        if apart.len() < CROSSINGS_MAX && apart.iter().all(|known| distance(*known, at) > ONE_CROSSING_M) {
            apart.push(at);
        }
    }
    apart.into_iter().map(|at| plane.to_deg(at)).collect()
}

fn boxes_meet([a, b]: &[[f64; 2]; 2], [c, d]: &[[f64; 2]; 2]) -> bool {
    (0..2).all(|axis| {
        a[axis].min(b[axis]) <= c[axis].max(d[axis]) + MEET_M && c[axis].min(d[axis]) <= a[axis].max(b[axis]) + MEET_M
    })
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The gap between two pieces and the middle of it; 0 and the crossing itself where they cross.
fn nearest(a: &[[f64; 2]; 2], b: &[[f64; 2]; 2]) -> (f64, [f64; 2]) {
    if let Some(at) = cross(a, b) {
        return (0.0, at);
    }
    let ends = [(a[0], b), (a[1], b), (b[0], a), (b[1], a)];
    let gaps = ends.map(|(end, piece)| {
        let foot = foot_on(end, piece);
        (distance(end, foot), [f64::midpoint(end[0], foot[0]), f64::midpoint(end[1], foot[1])])
    });
    gaps.into_iter().min_by(|(a, _), (b, _)| a.total_cmp(b)).expect("there are four")
}

fn cross([a, b]: &[[f64; 2]; 2], [c, d]: &[[f64; 2]; 2]) -> Option<[f64; 2]> {
    let (r, s) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let turn = r[0] * s[1] - r[1] * s[0];
    if turn == 0.0 {
        return None;
    }
    let ac = [c[0] - a[0], c[1] - a[1]];
    let t = (ac[0] * s[1] - ac[1] * s[0]) / turn;
    let u = (ac[0] * r[1] - ac[1] * r[0]) / turn;
    ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u)).then(|| [a[0] + r[0] * t, a[1] + r[1] * t])
}

/// The point of a piece nearest to a point.
fn foot_on(p: [f64; 2], [a, b]: &[[f64; 2]; 2]) -> [f64; 2] {
    let along = [b[0] - a[0], b[1] - a[1]];
    let length2 = along[0] * along[0] + along[1] * along[1];
    if length2 == 0.0 {
        return *a;
    }
    let t = (((p[0] - a[0]) * along[0] + (p[1] - a[1]) * along[1]) / length2).clamp(0.0, 1.0);
    [a[0] + along[0] * t, a[1] + along[1] * t]
}
