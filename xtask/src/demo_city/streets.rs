//! The street plan: a gently bent lattice of avenues, ring roads, embankments, a lake road and a by-pass.
//!
//! Every line is also a line of the arrangement, so that regions end at streets; whether it is drawn as a road
//! is decided later, piece by piece.

use super::plane::{Pt, noise, offset, pt};
use super::terrain::{EMBANKMENT_M, SEED, Terrain};

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Only a border or the middle of the river.
    Hidden,
    /// 次干路.
    Secondary,
    /// 主干路.
    Arterial,
    /// 快速路: ring roads and by-pass.
    Expressway,
}

/// How a line runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// South to north, the given number from the west.
    North(usize),
    /// West to east, the given number from the south.
    East(usize),
    /// A ring, an embankment or another line of its own.
    Own,
}

/// A line of the plan.
pub struct Line {
    /// Its points.
    pub points: Vec<Pt>,
    /// Its rank where it is built.
    pub rank: Rank,
    /// How it runs.
    pub course: Course,
    /// Key of its name.
    pub name: String,
    /// Whether it goes on into the country, beyond the by-pass.
    pub rural: bool,
}

/// The lattice: positions of its lines in its own straight frame, metres.
pub struct Lattice {
    /// East positions of the lines that run north.
    pub us: Vec<f64>,
    /// North positions of the lines that run east.
    pub vs: Vec<f64>,
}

/// Lines of the dense middle on each side of the axis.
const CORE: (usize, usize) = (11, 9);
/// Spacing in the dense middle, metres.
const SPACING: (f64, f64) = (505.0, 470.0);
/// Spacings farther out, metres.
const OUTER: [f64; 8] = [640.0, 780.0, 960.0, 1_160.0, 1_400.0, 1_700.0, 2_000.0, 2_300.0];

fn positions(core: usize, spacing: f64, seed: u64) -> Vec<f64> {
    let side = |sign: f64| {
        let mut at = 0.0;
        let mut list = Vec::new();
        for k in 0..core + OUTER.len() {
            let step = if k < core { spacing } else { OUTER[k - core] };
            at += step * (1.0 + 0.13 * noise(seed, pt(sign * (k as f64 + 0.5), 0.5), 0.7));
            list.push(sign * at);
        }
        list
    };
    let mut all: Vec<f64> = side(-1.0).into_iter().rev().collect();
    all.push(0.0);
    all.extend(side(1.0));
    all
}

impl Lattice {
    /// The lattice of the city.
    pub fn new() -> Self {
        Self { us: positions(CORE.0, SPACING.0, SEED + 61), vs: positions(CORE.1, SPACING.1, SEED + 62) }
    }

    /// Index of the line through the middle that runs north.
    pub fn axis(&self) -> usize {
        self.us.len() / 2
    }

    /// Index of the line through the middle that runs east.
    pub fn waist(&self) -> usize {
        self.vs.len() / 2
    }
}

/// From the lattice's straight frame to the ground: turned a little, bent gently, more so farther out.
pub fn bend(u: f64, v: f64) -> Pt {
    use libm::sin;
    use std::f64::consts::TAU;
    let grow = 0.42 + libm::sqrt(u * u + v * v) / 7_600.0;
    let dx = 210.0 * sin(TAU * (v / 10_500.0 + 0.12)) + 110.0 * sin(TAU * (u / 8_200.0 - v / 12_500.0 + 0.31));
    let dy = 190.0 * sin(TAU * (u / 11_500.0 + 0.37)) + 100.0 * sin(TAU * (v / 7_000.0 + u / 14_000.0));
    let (x, y) = (u + dx * grow, v + dy * grow);
    // 6° to the west, as old towns that follow their river.
    let (sin6, cos6) = (0.104_528_463, 0.994_521_895);
    pt(x * cos6 - y * sin6, x * sin6 + y * cos6 + 350.0)
}

/// A ring road: lines from the axis to its east and west sides, from the waist to its south and north sides,
/// radius of its corners in metres, rank, key of its name.
struct Ring(usize, usize, usize, f64, Rank, &'static str);

/// The inner ring keeps to the north bank, where the old town is.
const RINGS: [Ring; 3] = [
    Ring(3, 2, 4, 330.0, Rank::Arterial, "ring1"),
    Ring(7, 6, 7, 560.0, Rank::Expressway, "ring2"),
    Ring(13, 11, 11, 1_300.0, Rank::Expressway, "ring3"),
];

/// Every line of the plan.
pub fn plan(lattice: &Lattice, terrain: &Terrain) -> Vec<Line> {
    let mut lines = Vec::new();
    for i in 0..lattice.us.len() {
        lines.extend(lattice_line(lattice, i, true));
    }
    for j in 0..lattice.vs.len() {
        lines.extend(lattice_line(lattice, j, false));
    }
    for Ring(sides, south, north, radius, rank, name) in RINGS {
        lines.push(own(ring(lattice, sides, (south, north), radius), rank, name));
    }
    lines.push(own(by_pass(), Rank::Expressway, "bypass"));
    lines.push(own(diagonal(lattice, (3, 3), (11, 9)), Rank::Arterial, "diagonal_ne"));
    lines.push(own(diagonal(lattice, (-3, -3), (-11, -9)), Rank::Arterial, "diagonal_sw"));
    let river = &terrain.river;
    for (side, name) in [(1.0, "embankment_n"), (-1.0, "embankment_s")] {
        let points = offset(&river.middle, |i| side * (river.half_width[i] + EMBANKMENT_M));
        lines.push(own(super::plane::simplify(&points, 4.0), Rank::Secondary, name));
    }
    lines.push(own(super::plane::simplify(&river.middle, 4.0), Rank::Hidden, "river"));
    lines.push(own(closed(&terrain.lake_road), Rank::Secondary, "lake"));
    lines.push(own(closed(&terrain.border), Rank::Hidden, "border"));
    lines
}

fn own(points: Vec<Pt>, rank: Rank, name: &str) -> Line {
    Line { points, rank, course: Course::Own, name: name.to_owned(), rural: true }
}

/// A ring as a line that ends where it begins.
fn closed(ring: &[Pt]) -> Vec<Pt> {
    ring.iter().chain(ring.first()).copied().collect()
}

/// One line of the lattice. Arteries cross the whole territory; others end at the first line beyond the outer ring.
fn lattice_line(lattice: &Lattice, index: usize, north: bool) -> Option<Line> {
    let (at, across, middle, reach, other_middle) = if north {
        (lattice.us[index], &lattice.vs, lattice.axis(), RINGS[2].2 + 1, lattice.waist())
    } else {
        (lattice.vs[index], &lattice.us, lattice.waist(), RINGS[2].0 + 1, lattice.axis())
    };
    let from_middle = index.abs_diff(middle);
    let core = if north { CORE.0 } else { CORE.1 };
    let arterial = from_middle % 3 == 0 || from_middle > core && from_middle % 2 == 1;
    let outside = from_middle > core + 2;
    let mut stops = across.clone();
    if !arterial && !outside {
        stops = across[other_middle - reach..=other_middle + reach].to_vec();
    }
    let (first, last) = (*stops.first()?, *stops.last()?);
    let mut samples: Vec<f64> = stops.clone();
    for pair in stops.windows(2) {
        let parts = ((pair[1] - pair[0]) / 260.0).ceil() as usize;
        samples.extend((1..parts).map(|k| pair[0] + (pair[1] - pair[0]) * k as f64 / parts as f64));
    }
    samples.extend([first - 2_500.0, last + 2_500.0].iter().filter(|_| arterial || outside));
    samples.sort_by(f64::total_cmp);
    let points = samples.into_iter().map(|s| if north { bend(at, s) } else { bend(s, at) }).collect();
    let rank = if arterial || outside { Rank::Arterial } else { Rank::Secondary };
    let course = if north { Course::North(index) } else { Course::East(index) };
    let name = format!("{}{index}", if north { "n" } else { "e" });
    let rural = if outside { from_middle % 2 == 1 } else { from_middle % 6 == 0 };
    Some(Line { points, rank, course, name, rural })
}

/// A ring road: four lines of the lattice joined by round corners.
fn ring(lattice: &Lattice, east: usize, (south, north): (usize, usize), radius: f64) -> Vec<Pt> {
    let (a, w) = (lattice.axis(), lattice.waist());
    let (left, right) = (lattice.us[a - east], lattice.us[a + east]);
    let (low, high) = (lattice.vs[w - south], lattice.vs[w + north]);
    let mut frame: Vec<(f64, f64)> = Vec::new();
    let corners = [
        (right, low, -1.0, 1.0, 3),
        (right, high, -1.0, -1.0, 0),
        (left, high, 1.0, -1.0, 1),
        (left, low, 1.0, 1.0, 2),
    ];
    for (u, v, du, dv, quarter) in corners {
        let (cu, cv) = (u + du * radius, v + dv * radius);
        for k in 0..=6 {
            let angle = std::f64::consts::FRAC_PI_2 * (f64::from(quarter) + f64::from(k) / 6.0);
            frame.push((cu + radius * libm::cos(angle), cv + radius * libm::sin(angle)));
        }
        let next_up = if quarter % 2 == 0 { &lattice.us } else { &lattice.vs };
        // Along the side to the next corner, through the lattice's own points, so that both are one line.
        let side = side_samples(next_up, quarter, (left, right, low, high), radius);
        frame.extend(side.into_iter().map(|s| match quarter {
            3 => (right, s),
            0 => (s, high),
            1 => (left, s),
            _ => (s, low),
        }));
    }
    let mut points: Vec<Pt> = frame.into_iter().map(|(u, v)| bend(u, v)).collect();
    points.extend(points.first().copied());
    points
}

fn side_samples(stops: &[f64], quarter: i32, (left, right, low, high): (f64, f64, f64, f64), radius: f64) -> Vec<f64> {
    let (from, to) = if quarter % 2 == 0 { (left, right) } else { (low, high) };
    let mut samples = Vec::new();
    for pair in stops.windows(2) {
        let parts = ((pair[1] - pair[0]) / 260.0).ceil() as usize;
        samples.extend((0..parts).map(|k| pair[0] + (pair[1] - pair[0]) * k as f64 / parts as f64));
    }
    samples.retain(|s| from + radius < *s && *s < to - radius);
    if quarter == 0 || quarter == 1 {
        samples.reverse();
    }
    samples
}

/// A by-pass far out, between the towns.
fn by_pass() -> Vec<Pt> {
    let parts = 120;
    let mut points: Vec<Pt> = (0..parts)
        .map(|i| {
            let angle = std::f64::consts::TAU * f64::from(i) / f64::from(parts);
            let (sin, cos) = (libm::sin(angle), libm::cos(angle));
            let ripple = 1.0 + 0.035 * libm::sin(3.0 * angle + 0.8) + 0.02 * libm::sin(5.0 * angle);
            pt(11_300.0 * cos * ripple, 8_700.0 * sin * ripple)
        })
        .collect();
    points.extend(points.first().copied());
    points
}

/// A slanting avenue between two crossings, given in lines from the middle.
fn diagonal(lattice: &Lattice, from: (isize, isize), to: (isize, isize)) -> Vec<Pt> {
    let at = |(i, j): (isize, isize)| {
        (lattice.us[lattice.axis().saturating_add_signed(i)], lattice.vs[lattice.waist().saturating_add_signed(j)])
    };
    let ((u0, v0), (u1, v1)) = (at(from), at(to));
    (0..=24).map(|k| f64::from(k) / 24.0).map(|t| bend(u0 + (u1 - u0) * t, v0 + (v1 - v0) * t)).collect()
}
