//! The lie of the land: river, island, tributaries, lake, hills, and how dense the city is where.
//!
//! Everything is invented; nothing is taken from a map.

use super::plane::{Pt, fractal, inside, nearest, noise, offset, pt, spline};

/// Seed of everything: the same city every time.
pub const SEED: u64 = 0x0079_616F_6775_616E;

/// A stretch of running water.
pub struct Stream {
    /// Its middle, downstream.
    pub middle: Vec<Pt>,
    /// Half its width at each point of the middle, metres.
    pub half_width: Vec<f64>,
}

impl Stream {
    /// The water's outline, `margin` metres wider on both sides.
    pub fn outline(&self, margin: f64) -> Vec<Pt> {
        let mut ring = offset(&self.middle, |i| -(self.half_width[i] + margin));
        ring.extend(offset(&self.middle, |i| self.half_width[i] + margin).into_iter().rev());
        ring
    }

    /// Metres from a point to the water's edge; negative in the water.
    pub fn distance(&self, p: Pt) -> f64 {
        let (dist, at) = nearest(&self.middle, p);
        dist - self.half_width[(at as usize).min(self.half_width.len() - 1)]
    }
}

/// All that was there before the city.
pub struct Terrain {
    /// 瑶河.
    pub river: Stream,
    /// 星洲, an island in it.
    pub island: Vec<Pt>,
    /// 杓溪, 玉带河 and 揽星渠.
    pub streams: Vec<Stream>,
    /// 揽星湖.
    pub lake: Vec<Pt>,
    /// The road around the lake.
    pub lake_road: Vec<Pt>,
    /// The edge of the city's territory.
    pub border: Vec<Pt>,
}

/// Where the lake is.
pub const LAKE: Pt = pt(5_250.0, 4_650.0);

impl Terrain {
    /// Lays out the land.
    pub fn new() -> Self {
        let river = river();
        let island = island(&river);
        Self { island, streams: streams(), lake: lake_ring(0.0), lake_road: lake_ring(95.0), border: border(), river }
    }

    /// Metres to the nearest water; negative in it.
    pub fn water_distance(&self, p: Pt) -> f64 {
        let lake = if inside(&self.lake, p) { -1.0 } else { super::plane::ring_dist(&self.lake, p) };
        self.streams.iter().map(|s| s.distance(p)).fold(self.river.distance(p).min(lake), f64::min)
    }

    /// Whether a point lies in the river's bed between its embankments.
    pub fn in_channel(&self, p: Pt) -> bool {
        self.river.distance(p) < EMBANKMENT_M
    }
}

/// From the water's edge to the road on the embankment, metres: room for a park.
pub const EMBANKMENT_M: f64 = 62.0;

fn river() -> Stream {
    let course = [
        (-16_500.0, 3_300.0),
        (-14_200.0, 4_900.0),
        (-12_000.0, 4_300.0),
        (-10_300.0, 2_200.0),
        (-8_300.0, 1_500.0),
        (-6_400.0, 2_500.0),
        (-4_600.0, 1_500.0),
        (-3_300.0, -350.0),
        (-1_500.0, -1_300.0),
        (700.0, -1_150.0),
        (2_500.0, -250.0),
        (4_300.0, -150.0),
        (5_800.0, -1_500.0),
        (7_300.0, -3_100.0),
        (9_300.0, -3_300.0),
        (11_200.0, -2_500.0),
        (13_200.0, -3_400.0),
        (14_600.0, -5_200.0),
        (16_800.0, -6_000.0),
    ];
    let points: Vec<Pt> = course.iter().map(|&(x, y)| pt(x, y)).collect();
    let middle = spline(&points, 90.0);
    let n = middle.len() as f64;
    let half_width = middle
        .iter()
        .enumerate()
        .map(|(i, &p)| {
            let bulge = (p.x - ISLAND_X) / 900.0;
            105.0 + 45.0 * i as f64 / n + 16.0 * noise(SEED + 11, p, 1_500.0) + 150.0 * libm::exp(-bulge * bulge)
        })
        .collect();
    Stream { middle, half_width }
}

/// The island's middle, metres east.
const ISLAND_X: f64 = -500.0;

fn island(river: &Stream) -> Vec<Pt> {
    let at = river.middle.iter().position(|p| p.x > ISLAND_X).expect("the river runs past the island");
    let (near, far) = (at.saturating_sub(9), (at + 9).min(river.middle.len() - 1));
    let spine = &river.middle[near..=far];
    let n = (spine.len() - 1) as f64;
    let width = |i: usize| {
        let t = i as f64 / n;
        4.0 + 115.0 * libm::pow(4.0 * t * (1.0 - t), 0.7) * (0.82 + 0.3 * t)
    };
    let mut ring = offset(spine, |i| -width(i) + 14.0);
    ring.extend(offset(spine, |i| width(i) + 14.0).into_iter().rev());
    ring
}

fn stream(course: &[(f64, f64)], from: f64, to: f64) -> Stream {
    let points: Vec<Pt> = course.iter().map(|&(x, y)| pt(x, y)).collect();
    let middle = spline(&points, 70.0);
    let middle: Vec<Pt> = middle
        .iter()
        .map(|&p| p.add(pt(70.0 * noise(SEED + 21, p, 800.0), 70.0 * noise(SEED + 22, p, 800.0))))
        .collect();
    let n = middle.len() as f64;
    let half_width = (0..middle.len()).map(|i| from + (to - from) * i as f64 / n).collect();
    Stream { middle, half_width }
}

fn streams() -> Vec<Stream> {
    vec![
        // 杓溪, from the hills in the north-west.
        stream(
            &[
                (-6_500.0, 12_600.0),
                (-6_100.0, 10_600.0),
                (-4_700.0, 8_700.0),
                (-4_500.0, 6_800.0),
                (-3_300.0, 5_200.0),
                (-3_350.0, 3_500.0),
                (-2_700.0, 1_700.0),
                (-2_750.0, -600.0),
            ],
            16.0,
            34.0,
        ),
        // 玉带河, from the south-west.
        stream(
            &[
                (-9_200.0, -12_400.0),
                (-8_000.0, -10_200.0),
                (-5_900.0, -8_700.0),
                (-5_000.0, -6_600.0),
                (-2_800.0, -5_500.0),
                (-500.0, -5_800.0),
                (1_700.0, -4_900.0),
                (3_300.0, -3_300.0),
                (4_100.0, -1_600.0),
                (4_350.0, -200.0),
            ],
            18.0,
            42.0,
        ),
        // 揽星渠, out of the lake.
        stream(
            &[(4_950.0, 4_200.0), (4_750.0, 3_150.0), (5_250.0, 2_300.0), (5_000.0, 1_200.0), (4_400.0, -100.0)],
            20.0,
            24.0,
        ),
    ]
}

/// The lake's shore, `margin` metres outwards, counter-clockwise.
fn lake_ring(margin: f64) -> Vec<Pt> {
    let parts = 72;
    (0..parts)
        .map(|i| {
            let angle = std::f64::consts::TAU * f64::from(i) / f64::from(parts);
            let (sin, cos) = (libm::sin(angle), libm::cos(angle));
            let bay = 1.0
                + 0.13 * libm::cos(2.0 * angle + 0.9)
                + 0.12 * libm::cos(3.0 * angle - 0.7)
                + 0.08 * libm::cos(5.0 * angle + 2.0)
                + 0.05 * libm::cos(7.0 * angle);
            let (a, b) = (1_020.0 * bay + margin, 800.0 * bay + margin);
            // Leaning to the north-east.
            LAKE.add(pt(cos * a - sin * b * 0.35, sin * b + cos * a * 0.32))
        })
        .collect()
}

fn border() -> Vec<Pt> {
    let parts = 220;
    (0..parts)
        .map(|i| {
            let angle = std::f64::consts::TAU * f64::from(i) / f64::from(parts);
            let (sin, cos) = (libm::sin(angle), libm::cos(angle));
            let super_ellipse = libm::pow(libm::pow(cos.abs(), 2.7) + libm::pow(sin.abs(), 2.7), -1.0 / 2.7);
            let ripple = 0.925 + 0.072 * fractal(SEED + 31, pt(cos * 9_000.0, sin * 9_000.0), 5_200.0);
            pt(14_950.0 * cos * super_ellipse * ripple, 11_950.0 * sin * super_ellipse * ripple)
        })
        .collect()
}

/// Height of the hills, without unit; woods begin at 0.5.
pub fn hill(p: Pt) -> f64 {
    let bump = |x: f64, y: f64, rx: f64, ry: f64| {
        let (dx, dy) = ((p.x - x) / rx, (p.y - y) / ry);
        libm::exp(-(dx * dx + dy * dy))
    };
    // 魁山 in the north-west, 北斗岭 in the south, 瑶台山 in the north-east; a knoll beside the old town.
    let base = 1.45 * bump(-10_600.0, 8_900.0, 4_300.0, 2_900.0)
        + 1.05 * bump(-14_100.0, -2_800.0, 2_100.0, 2_900.0)
        + 1.35 * bump(-1_200.0, -11_300.0, 5_600.0, 2_100.0)
        + 1.35 * bump(11_600.0, 9_300.0, 3_700.0, 2_600.0)
        + 1.20 * bump(13_200.0, -9_000.0, 3_100.0, 2_300.0)
        + 0.75 * bump(1_500.0, 10_900.0, 1_500.0, 1_100.0)
        + 0.95 * bump(-1_350.0, 4_650.0, 640.0, 500.0);
    let ridge = 1.0 - fractal(SEED + 41, p, 1_700.0).abs() * 0.75;
    base * ridge
}

/// Whether woods cover a point.
pub fn wooded(p: Pt) -> bool {
    hill(p) > 0.5
}

/// How built-up a point is: 1 in the middle, 0 in the country.
pub fn density(p: Pt) -> f64 {
    let bump = |x: f64, y: f64, rx: f64, ry: f64| {
        let (dx, dy) = ((p.x - x) / rx, (p.y - y) / ry);
        let r2 = dx * dx + dy * dy;
        libm::exp(-r2 * r2)
    };
    let main = bump(0.0, 300.0, 6_600.0, 5_100.0);
    let towns = [
        0.72 * bump(8_900.0, 1_100.0, 2_700.0, 2_500.0),
        0.70 * bump(6_900.0, -6_100.0, 2_600.0, 1_900.0),
        0.45 * bump(-6_100.0, -7_300.0, 1_300.0, 1_000.0),
        0.45 * bump(-3_000.0, 8_300.0, 1_500.0, 1_000.0),
        0.42 * bump(10_900.0, -5_700.0, 1_100.0, 900.0),
        0.40 * bump(9_700.0, 6_200.0, 1_200.0, 900.0),
        0.66 * bump(-8_300.0, -1_500.0, 2_500.0, 2_200.0),
        0.45 * bump(-9_300.0, 4_600.0, 1_500.0, 1_300.0),
        0.42 * bump(4_800.0, 8_600.0, 1_900.0, 1_400.0),
    ];
    towns.iter().fold(main, |all, town| all + town * (1.0 - all)) * (1.0 + 0.1 * noise(SEED + 51, p, 1_700.0))
}
