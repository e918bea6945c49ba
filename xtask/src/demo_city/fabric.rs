//! What stands between the streets: lanes, buildings, parks, villages.
//!
//! Each block is filled by the habit of its quarter: courtyards in the old town, rows of slabs that face south
//! in the estates, towers on podiums in the business district, halls in the works, houses in the villages.

use super::names::{LANES, Name, STEMS};
use super::plane::{Dice, Pt, area, centroid, inset, inside, noise, pt, ring_dist};
use super::roads::Road;
use super::terrain::{SEED, Terrain, density, hill, wooded};

/// Buildings of one class in one block.
pub struct Buildings {
    /// `residential`, `old_town`, `commercial`, `public`, `campus`, `industrial` or `village`.
    pub class: &'static str,
    /// Their outlines.
    pub rings: Vec<Vec<Pt>>,
}

/// A green area.
pub struct Green {
    /// `park`, `forest`, `riverside` or `belt`.
    pub class: &'static str,
    /// Its name.
    pub name: Option<(String, String)>,
    /// Outer ring, then holes.
    pub rings: Vec<Vec<Pt>>,
}

/// What fills the city.
#[derive(Default)]
pub struct Fabric {
    /// Lanes.
    pub lanes: Vec<Road>,
    /// Buildings.
    pub buildings: Vec<Buildings>,
    /// Parks.
    pub parks: Vec<Green>,
}

#[derive(Clone, Copy, PartialEq)]
enum Habit {
    OldTown,
    Business,
    Estate,
    Campus,
    Works,
}

fn habit(p: Pt) -> Habit {
    let near = |x: f64, y: f64, r: f64| p.dist(pt(x, y)) < r * (1.0 + 0.25 * noise(SEED + 71, p, 700.0));
    if near(-1_250.0, 1_900.0, 1_350.0) {
        Habit::OldTown
    } else if near(2_250.0, 2_150.0, 1_450.0) || near(9_000.0, 900.0, 700.0) || near(450.0, -2_400.0, 700.0) {
        Habit::Business
    } else if near(-8_300.0, -1_300.0, 1_700.0) {
        Habit::Campus
    } else if near(7_000.0, -6_200.0, 1_700.0) || near(9_400.0, -1_700.0, 900.0) || near(-4_300.0, -5_900.0, 1_000.0) {
        Habit::Works
    } else {
        Habit::Estate
    }
}

/// A straight frame laid over a face.
struct Frame {
    origin: Pt,
    east: Pt,
    low: Pt,
    high: Pt,
}

impl Frame {
    /// The frame that best follows the face's own edges.
    fn of(ring: &[Pt]) -> Self {
        let n = ring.len();
        let (mut re, mut im) = (0.0, 0.0);
        for i in 0..n {
            let d = ring[(i + 1) % n].sub(ring[i]);
            let len = d.len().max(1e-9);
            // Fourth powers of directions fall together for edges at right angles.
            let (c, s) = (d.x / len, d.y / len);
            let (c2, s2) = (c * c - s * s, 2.0 * c * s);
            re += len * (c2 * c2 - s2 * s2);
            im += len * 2.0 * c2 * s2;
        }
        let angle = libm::atan2(im, re) / 4.0;
        let east = pt(libm::cos(angle), libm::sin(angle));
        let mut frame = Self { origin: centroid(ring), east, low: pt(0.0, 0.0), high: pt(0.0, 0.0) };
        for &p in ring {
            let q = frame.local(p);
            frame.low = pt(frame.low.x.min(q.x), frame.low.y.min(q.y));
            frame.high = pt(frame.high.x.max(q.x), frame.high.y.max(q.y));
        }
        frame
    }

    fn local(&self, p: Pt) -> Pt {
        let d = p.sub(self.origin);
        pt(d.dot(self.east), d.dot(self.east.left()))
    }

    fn ground(&self, a: f64, b: f64) -> Pt {
        self.origin.add(self.east.mul(a)).add(self.east.left().mul(b))
    }

    fn rect(&self, a: f64, b: f64, width: f64, depth: f64) -> Vec<Pt> {
        vec![self.ground(a, b), self.ground(a + width, b), self.ground(a + width, b + depth), self.ground(a, b + depth)]
    }
}

/// Fills every face.
pub fn fill(faces: &[Vec<Pt>], parks: &[(Pt, Name)], terrain: &Terrain) -> Fabric {
    let mut fabric = Fabric::default();
    for (index, ring) in faces.iter().enumerate() {
        let middle = centroid(ring);
        let mut dice = Dice::new(SEED ^ (index as u64).wrapping_mul(0x0100_0000_01B3));
        let d = density(middle);
        let size = area(ring);
        let begin = fabric.buildings.len();
        if size < 9_000.0 || terrain.in_channel(middle) || inside(&terrain.lake_road, middle) {
            continue;
        }
        if let Some((_, name)) = parks.iter().find(|(p, _)| inside(ring, *p)) {
            fabric.parks.push(park(ring, *name));
        } else if wooded(middle) {
            continue;
        } else if d > 0.12 && size < 3_000_000.0 {
            Block { ring, terrain, frame: Frame::of(ring), dice, density: d }.fill(&mut fabric);
            join_classes(&mut fabric.buildings, begin);
        } else if size > 250_000.0 {
            village(ring, terrain, &mut dice, &mut fabric);
        }
    }
    fabric
}

/// Makes one entry a class of all buildings of one face.
fn join_classes(buildings: &mut Vec<Buildings>, begin: usize) {
    for block in buildings.split_off(begin) {
        match buildings[begin..].iter_mut().find(|same| same.class == block.class) {
            Some(same) => same.rings.extend(block.rings),
            None => buildings.push(block),
        }
    }
}

fn park(ring: &[Pt], (zh, en): Name) -> Green {
    Green { class: "park", name: Some((zh.to_owned(), en.to_owned())), rings: vec![inset(ring, 16.0)] }
}

/// Density at which the town begins.
const TOWN: f64 = 0.23;

struct Block<'a> {
    ring: &'a [Pt],
    terrain: &'a Terrain,
    frame: Frame,
    dice: Dice,
    density: f64,
}

/// From a building to the kerb of a street around the face, metres.
const SETBACK_M: f64 = 19.0;

impl Block<'_> {
    fn fill(mut self, fabric: &mut Fabric) {
        let quarter = habit(self.frame.origin);
        let pitch = match quarter {
            Habit::OldTown => 118.0,
            Habit::Business => 165.0,
            Habit::Campus => 235.0,
            Habit::Works => 220.0,
            Habit::Estate => 204.0,
        };
        let columns = self.cuts(self.frame.low.x, self.frame.high.x, pitch);
        for &a in &columns[1..columns.len() - 1] {
            self.lane((a, self.frame.low.y - 5.0), (a, self.frame.high.y + 5.0), fabric);
        }
        for pair in columns.windows(2) {
            let rows = self.cuts(self.frame.low.y, self.frame.high.y, pitch * 0.95);
            for &b in &rows[1..rows.len() - 1] {
                if self.dice.chance(0.8) {
                    self.lane((pair[0], b), (pair[1], b), fabric);
                }
            }
            for row in rows.windows(2) {
                self.plot(quarter, (pair[0], row[0]), (pair[1], row[1]), fabric);
            }
        }
    }

    /// Cuts a length into parts of about `pitch`, not quite evenly.
    fn cuts(&mut self, low: f64, high: f64, pitch: f64) -> Vec<f64> {
        let parts = libm::round((high - low) / pitch).max(1.0);
        let step = (high - low) / parts;
        let mut cuts = vec![low];
        cuts.extend((1..parts as usize).map(|k| low + step * (k as f64 + self.dice.between(-0.13, 0.13))));
        cuts.push(high);
        cuts
    }

    /// A lane between two places of the frame, as far as it lies within the face and on dry land.
    fn lane(&mut self, from: (f64, f64), to: (f64, f64), fabric: &mut Fabric) {
        let (a, b) = (self.frame.ground(from.0, from.1), self.frame.ground(to.0, to.1));
        let mut stops = vec![0.0, 1.0];
        let n = self.ring.len();
        for i in 0..n {
            let (c, d) = (self.ring[i], self.ring[(i + 1) % n]);
            let turn = b.sub(a).cross(d.sub(c));
            if turn.abs() > 1e-9 {
                let (t, u) = (c.sub(a).cross(d.sub(c)) / turn, c.sub(a).cross(b.sub(a)) / turn);
                if (0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u) {
                    stops.push(t);
                }
            }
        }
        stops.sort_by(f64::total_cmp);
        let dry = |p: Pt| self.terrain.water_distance(p) > 22.0 && !wooded(p) && density(p) > TOWN - 0.02;
        let name = self.dice.chance(0.4).then(|| {
            let ((zh, en), (lane, lane_en)) = (STEMS[self.dice.pick(STEMS.len())], LANES[self.dice.pick(LANES.len())]);
            (format!("{zh}{lane}"), format!("{en}{lane_en}"))
        });
        for pair in stops.windows(2) {
            let (p, q) = (a.lerp(b, pair[0]), a.lerp(b, pair[1]));
            let within = p.dist(q) > 45.0 && inside(self.ring, p.lerp(q, 0.5));
            if within && (1..=8).all(|k| dry(p.lerp(q, f64::from(k) / 9.0))) {
                fabric.lanes.push(Road { class: "residential", name: name.clone(), bridge: false, points: vec![p, q] });
            }
        }
    }

    fn plot(&mut self, habit: Habit, low: (f64, f64), high: (f64, f64), fabric: &mut Fabric) {
        let margin = if habit == Habit::OldTown { 5.5 } else { 10.0 };
        let (a, b) = (low.0 + margin, low.1 + margin);
        let (width, depth) = (high.0 - margin - a, high.1 - margin - b);
        if width < 22.0 || depth < 22.0 {
            return;
        }
        let middle = self.frame.ground(a + width / 2.0, b + depth / 2.0);
        if density(middle) < TOWN {
            return;
        }
        let open = if habit == Habit::Campus { 0.2 } else { 0.05 };
        if habit != Habit::Works && self.dice.chance(open) {
            self.green(a, b, width, depth, fabric);
            return;
        }
        let (class, rings) = match habit {
            Habit::OldTown if self.dice.chance(0.14) => {
                ("commercial", self.rows(a, b, width, depth, (26.0, 44.0), 15.0, 27.0))
            }
            Habit::OldTown => ("old_town", self.rows(a, b, width, depth, (15.0, 31.0), 10.5, 19.0)),
            Habit::Business if self.dice.chance(0.22) => ("residential", self.towers(a, b, width, depth)),
            Habit::Business => ("commercial", self.podiums(a, b, width, depth)),
            Habit::Campus => ("campus", self.rows(a, b, width, depth, (52.0, 96.0), 18.0, 70.0)),
            Habit::Works => ("industrial", self.rows(a, b, width, depth, (62.0, 120.0), 42.0, 62.0)),
            Habit::Estate => match self.dice.unit() {
                t if t < 0.09 => ("public", self.school(a, b, width, depth)),
                t if t < 0.19 => ("commercial", self.podiums(a, b, width, depth)),
                t if t < 0.42 => ("residential", self.towers(a, b, width, depth)),
                _ => ("residential", self.slabs(a, b, width, depth)),
            },
        };
        let margin = if habit == Habit::OldTown { SETBACK_M - 6.0 } else { SETBACK_M };
        let fits = |p: &Pt| {
            inside(self.ring, *p)
                && ring_dist(self.ring, *p) > margin
                && self.terrain.water_distance(*p) > 45.0
                && hill(*p) < 0.46
        };
        let rings: Vec<Vec<Pt>> = rings.into_iter().filter(|ring| ring.iter().all(fits)).collect();
        let thin = density(middle) < 0.3;
        let rings: Vec<Vec<Pt>> = rings.into_iter().filter(|_| !thin || self.dice.chance(0.72)).collect();
        if !rings.is_empty() {
            fabric.buildings.push(Buildings { class, rings });
        }
    }

    fn green(&mut self, a: f64, b: f64, width: f64, depth: f64, fabric: &mut Fabric) {
        let ring = self.frame.rect(a, b, width, depth);
        let fits = ring.iter().all(|p| inside(self.ring, *p) && ring_dist(self.ring, *p) > 8.0);
        if fits && width > 50.0 && depth > 50.0 {
            let (zh, en) = STEMS[self.dice.pick(STEMS.len())];
            let name = (format!("{zh}游园"), format!("{en} Garden"));
            fabric.parks.push(Green { class: "park", name: Some(name), rings: vec![ring] });
        }
    }

    /// Rows of houses, each as long as chance will have it.
    #[expect(clippy::too_many_arguments, reason = "a plot, and the measures of its houses")]
    fn rows(
        &mut self,
        a: f64,
        b: f64,
        width: f64,
        depth: f64,
        length: (f64, f64),
        thick: f64,
        pitch: f64,
    ) -> Vec<Vec<Pt>> {
        let mut rings = Vec::new();
        let count = libm::floor((depth - thick) / pitch + 1.0).max(1.0);
        let step = if count > 1.0 { (depth - thick) / (count - 1.0) } else { pitch };
        for row in 0..count as usize {
            let mut at = self.dice.between(0.0, 3.0);
            while at + length.0 <= width {
                let long = self.dice.between(length.0, length.1).min(width - at);
                if !self.dice.chance(0.1) {
                    let thick = thick * self.dice.between(0.85, 1.1);
                    rings.push(self.frame.rect(a + at, b + row as f64 * step, long, thick));
                }
                at += long + self.dice.between(0.12, 0.2) * length.1;
            }
        }
        rings
    }

    /// Rows of slabs that face south.
    fn slabs(&mut self, a: f64, b: f64, width: f64, depth: f64) -> Vec<Vec<Pt>> {
        let (long, pitch) =
            (self.dice.between(56.0, 84.0), self.dice.between(44.0, 54.0) / (0.75 + 0.25 * self.density.min(1.0)));
        self.rows(a, b, width, depth, (long * 0.8, long), 15.0, pitch)
    }

    /// Point towers in a loose pattern.
    fn towers(&mut self, a: f64, b: f64, width: f64, depth: f64) -> Vec<Vec<Pt>> {
        let (across, up) = (libm::round(width / 78.0).max(1.0), libm::round(depth / 74.0).max(1.0));
        let mut rings = Vec::new();
        for i in 0..across as usize {
            for j in 0..up as usize {
                let shift = if j % 2 == 0 { 0.14 } else { -0.06 };
                let (x, y) = (a + (i as f64 + 0.3 + shift) * width / across, b + (j as f64 + 0.28) * depth / up);
                let (w, d) = (self.dice.between(29.0, 38.0), self.dice.between(19.0, 25.0));
                rings.push(self.frame.rect(x, y, w, d));
            }
        }
        rings
    }

    /// Large blocks with yards.
    fn podiums(&mut self, a: f64, b: f64, width: f64, depth: f64) -> Vec<Vec<Pt>> {
        let split = self.dice.between(0.4, 0.62);
        let gap = 16.0;
        let mut rings = Vec::new();
        let (w1, w2) = (width * split - gap, width * (1.0 - split));
        let tall = depth * self.dice.between(0.55, 0.9);
        // An L around its forecourt, and a block beside it.
        let arm = (w1 * 0.46).max(20.0).min(w1);
        let foot = (tall * 0.42).max(20.0).min(tall);
        let ell = [(0.0, 0.0), (w1, 0.0), (w1, foot), (arm, foot), (arm, tall), (0.0, tall)];
        rings.push(ell.iter().map(|&(p, q)| self.frame.ground(a + p, b + q)).collect());
        let first = depth * self.dice.between(0.35, 0.5);
        rings.push(self.frame.rect(a + width - w2, b, w2, first));
        rings.push(self.frame.rect(
            a + width - w2 * 0.8,
            b + first + gap,
            w2 * 0.7,
            (depth - first - gap).max(18.0) * 0.8,
        ));
        rings
    }

    /// A school: wings around a yard.
    fn school(&mut self, a: f64, b: f64, width: f64, depth: f64) -> Vec<Vec<Pt>> {
        let (w, d) = (width * 0.52, depth * 0.8);
        let t = 15.0;
        let comb = [
            (0.0, 0.0),
            (w, 0.0),
            (w, t),
            (t, t),
            (t, d * 0.45),
            (w * 0.9, d * 0.45),
            (w * 0.9, d * 0.45 + t),
            (t, d * 0.45 + t),
            (t, d),
            (0.0, d),
        ];
        vec![
            comb.iter().map(|&(p, q)| self.frame.ground(a + p, b + q)).collect(),
            self.frame.rect(a + w + 18.0, b + d * 0.6, (width - w - 22.0).max(20.0), 24.0),
        ]
    }
}

/// A village or two on the roads of a country face.
fn village(ring: &[Pt], terrain: &Terrain, dice: &mut Dice, fabric: &mut Fabric) {
    let n = ring.len();
    for _ in 0..if area(ring) > 1_600_000.0 { 2 } else { 1 } {
        let i = dice.pick(n);
        let (a, b) = (ring[i], ring[(i + 1) % n]);
        if a.dist(b) < 90.0 || !dice.chance(0.8) {
            continue;
        }
        let way = b.sub(a).unit();
        let start = a.lerp(b, dice.between(0.1, 0.5));
        let frame = Frame { origin: start.add(way.left().mul(26.0)), east: way, low: pt(0.0, 0.0), high: pt(0.0, 0.0) };
        let mut rings = Vec::new();
        for row in 0..2_u32 {
            for column in 0..6_u32 {
                if dice.chance(0.34) {
                    continue;
                }
                let (x, y) =
                    (f64::from(column) * 21.0 + dice.between(0.0, 5.0), f64::from(row) * 27.0 + dice.between(0.0, 7.0));
                rings.push(frame.rect(x, y, dice.between(11.0, 15.0), dice.between(8.5, 11.0)));
            }
        }
        let fits = |p: &Pt| {
            inside(ring, *p) && inside(&terrain.border, *p) && terrain.water_distance(*p) > 90.0 && !wooded(*p)
        };
        rings.retain(|ring| ring.iter().all(fits));
        if rings.len() > 4 {
            fabric.buildings.push(Buildings { class: "village", rings });
        }
    }
}
