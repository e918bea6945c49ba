//! Plane geometry in metres: points, polylines, polygons, noise, and the way to degrees.
//!
//! Every function is exact arithmetic or `libm`, so that the same city comes out on every machine.

/// A point in metres east and north of the city's origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pt {
    /// Metres east.
    pub x: f64,
    /// Metres north.
    pub y: f64,
}

/// Makes a point.
pub const fn pt(x: f64, y: f64) -> Pt {
    Pt { x, y }
}

impl Pt {
    /// The sum of two vectors.
    pub fn add(self, o: Self) -> Self {
        pt(self.x + o.x, self.y + o.y)
    }

    /// The vector from `o` to here.
    pub fn sub(self, o: Self) -> Self {
        pt(self.x - o.x, self.y - o.y)
    }

    /// The vector `k` times as long.
    pub fn mul(self, k: f64) -> Self {
        pt(self.x * k, self.y * k)
    }

    /// The scalar product.
    pub fn dot(self, o: Self) -> f64 {
        self.x * o.x + self.y * o.y
    }

    /// The z of the vector product: positive when `o` is to the left.
    pub fn cross(self, o: Self) -> f64 {
        self.x * o.y - self.y * o.x
    }

    /// The length, metres.
    pub fn len(self) -> f64 {
        libm::sqrt(self.dot(self))
    }

    /// The distance to another point, metres.
    pub fn dist(self, o: Self) -> f64 {
        self.sub(o).len()
    }

    /// The vector of length 1, or nought for nought.
    pub fn unit(self) -> Self {
        let len = self.len();
        if len > 0.0 { self.mul(1.0 / len) } else { self }
    }

    /// A quarter turn to the left.
    pub const fn left(self) -> Self {
        pt(-self.y, self.x)
    }

    /// The point a part of the way to another.
    pub fn lerp(self, o: Self, t: f64) -> Self {
        self.add(o.sub(self).mul(t))
    }
}

/// Longitude and latitude of the origin, degrees: a spot without a city.
const ORIGIN: (f64, f64) = (112.9, 32.5);
/// Metres in a degree of longitude and of latitude at 32.5° N on CGCS2000.
const METRES_PER_DEGREE: (f64, f64) = (93_973.0, 110_916.0);

/// Longitude and latitude of a point, in whole millionths of a degree.
pub fn degrees_e6(p: Pt) -> (i64, i64) {
    let e6 = |origin: f64, metres: f64, per_degree: f64| libm::round((origin + metres / per_degree) * 1e6) as i64;
    (e6(ORIGIN.0, p.x, METRES_PER_DEGREE.0), e6(ORIGIN.1, p.y, METRES_PER_DEGREE.1))
}

/// The signed area of a ring in square metres, positive when it runs counter-clockwise.
pub fn area(ring: &[Pt]) -> f64 {
    let n = ring.len();
    (0..n).map(|i| ring[i].cross(ring[(i + 1) % n])).sum::<f64>() / 2.0
}

/// The centre of gravity of a ring's area.
pub fn centroid(ring: &[Pt]) -> Pt {
    let n = ring.len();
    let origin = ring[0];
    let (mut sum, mut x, mut y) = (0.0, 0.0, 0.0);
    for i in 0..n {
        let (a, b) = (ring[i].sub(origin), ring[(i + 1) % n].sub(origin));
        let cross = a.cross(b);
        sum += cross;
        x += (a.x + b.x) * cross;
        y += (a.y + b.y) * cross;
    }
    if sum.abs() < 1e-6 { origin } else { origin.add(pt(x, y).mul(1.0 / (3.0 * sum))) }
}

/// Whether a point lies inside a ring (even-odd).
pub fn inside(ring: &[Pt], p: Pt) -> bool {
    let n = ring.len();
    let mut odd = false;
    for i in 0..n {
        let (a, b) = (ring[i], ring[(i + 1) % n]);
        if (a.y > p.y) != (b.y > p.y) && p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x) {
            odd = !odd;
        }
    }
    odd
}

/// Distance from a point to a segment, metres.
pub fn segment_dist(p: Pt, a: Pt, b: Pt) -> f64 {
    let ab = b.sub(a);
    let len2 = ab.dot(ab);
    let t = if len2 > 0.0 { (p.sub(a).dot(ab) / len2).clamp(0.0, 1.0) } else { 0.0 };
    p.dist(a.add(ab.mul(t)))
}

/// Distance from a point to the line of a ring, metres.
pub fn ring_dist(ring: &[Pt], p: Pt) -> f64 {
    let n = ring.len();
    (0..n).map(|i| segment_dist(p, ring[i], ring[(i + 1) % n])).fold(f64::INFINITY, f64::min)
}

/// The nearest place on a polyline: distance in metres and index along it, with its fraction.
pub fn nearest(line: &[Pt], p: Pt) -> (f64, f64) {
    let mut best = (f64::INFINITY, 0.0);
    for (i, pair) in line.windows(2).enumerate() {
        let ab = pair[1].sub(pair[0]);
        let t = (p.sub(pair[0]).dot(ab) / ab.dot(ab).max(1e-9)).clamp(0.0, 1.0);
        let dist = p.dist(pair[0].add(ab.mul(t)));
        if dist < best.0 {
            best = (dist, i as f64 + t);
        }
    }
    best
}

/// A smooth curve through points (Catmull-Rom), in steps of about `step` metres.
pub fn spline(points: &[Pt], step: f64) -> Vec<Pt> {
    let at = |i: isize| points[i.clamp(0, points.len() as isize - 1) as usize];
    let mut out = Vec::new();
    for i in 0..points.len() as isize - 1 {
        let (p0, p1, p2, p3) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        let parts = libm::ceil(p1.dist(p2) / step).max(1.0) as usize;
        for k in 0..parts {
            let t = k as f64 / parts as f64;
            let (t2, t3) = (t * t, t * t * t);
            let blend = |a: f64, b: f64, c: f64, d: f64| {
                0.5 * (2.0 * b
                    + (c - a) * t
                    + (2.0 * a - 5.0 * b + 4.0 * c - d) * t2
                    + (3.0 * b - a - 3.0 * c + d) * t3)
            };
            out.push(pt(blend(p0.x, p1.x, p2.x, p3.x), blend(p0.y, p1.y, p2.y, p3.y)));
        }
    }
    out.extend(points.last());
    out
}

/// The curve `by(i)` metres to the left of a polyline at each of its points.
pub fn offset(line: &[Pt], by: impl Fn(usize) -> f64) -> Vec<Pt> {
    let n = line.len();
    let normal = |i: usize| line[(i + 1).min(n - 1)].sub(line[i.saturating_sub(1)]).unit().left();
    (0..n).map(|i| line[i].add(normal(i).mul(by(i)))).collect()
}

/// A closed ring moved `by` metres to its left at every point (inwards for a counter-clockwise ring).
pub fn inset(ring: &[Pt], by: f64) -> Vec<Pt> {
    let n = ring.len();
    let normal = |i: usize| {
        let (a, b, c) = (ring[(i + n - 1) % n], ring[i], ring[(i + 1) % n]);
        let (u, v) = (b.sub(a).unit().left(), c.sub(b).unit().left());
        let sum = u.add(v);
        // The mitre, not longer than twice the inset.
        sum.mul((2.0 / sum.dot(sum).max(0.5)).min(2.0))
    };
    (0..n).map(|i| ring[i].add(normal(i).mul(by))).collect()
}

/// Leaves out points that lie within `tolerance` metres of the line without them (Douglas-Peucker).
pub fn simplify(line: &[Pt], tolerance: f64) -> Vec<Pt> {
    fn keep(line: &[Pt], from: usize, to: usize, tolerance: f64, kept: &mut [bool]) {
        let far = (from + 1..to)
            .map(|i| (segment_dist(line[i], line[from], line[to]), i))
            .fold((0.0, from), |best, next| if next.0 > best.0 { next } else { best });
        if far.0 > tolerance {
            kept[far.1] = true;
            keep(line, from, far.1, tolerance, kept);
            keep(line, far.1, to, tolerance, kept);
        }
    }
    if line.len() < 3 {
        return line.to_vec();
    }
    let mut kept = vec![false; line.len()];
    kept[0] = true;
    kept[line.len() - 1] = true;
    keep(line, 0, line.len() - 1, tolerance, &mut kept);
    line.iter().zip(kept).filter_map(|(p, kept)| kept.then_some(*p)).collect()
}

/// A stream of numbers that depends on its seed alone (SplitMix64).
pub struct Dice(u64);

impl Dice {
    /// Begins a stream.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number from 0 up to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number between two others.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True in `p` of all throws.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of `n`, from 0.
    pub fn pick(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize % n.max(1)
    }
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn lattice_value(seed: u64, i: i64, j: i64) -> f64 {
    let h = mix(seed
        ^ mix(i.cast_unsigned().wrapping_mul(0x9E37_79B9))
        ^ mix(j.cast_unsigned().wrapping_add(0x7F4A_7C15)).rotate_left(17));
    (h >> 11) as f64 / (1_u64 << 53) as f64 * 2.0 - 1.0
}

/// Smooth noise from -1 to 1 with bumps about `size` metres wide.
pub fn noise(seed: u64, p: Pt, size: f64) -> f64 {
    let (x, y) = (p.x / size, p.y / size);
    let (i, j) = (libm::floor(x), libm::floor(y));
    let smooth = |t: f64| t * t * (3.0 - 2.0 * t);
    let (fx, fy) = (smooth(x - i), smooth(y - j));
    let at = |di: i64, dj: i64| lattice_value(seed, i as i64 + di, j as i64 + dj);
    let low = at(0, 0) + (at(1, 0) - at(0, 0)) * fx;
    let high = at(0, 1) + (at(1, 1) - at(0, 1)) * fx;
    low + (high - low) * fy
}

/// Noise with detail: four octaves, from -1 to 1 about.
pub fn fractal(seed: u64, p: Pt, size: f64) -> f64 {
    (0..4_u64).map(|k| noise(seed + k, p, size / (1_u64 << k) as f64) / (1_u64 << k) as f64).sum::<f64>() / 1.6
}
