//! Cuts the territory into districts, streets, communities and unit grids along the lines of the plan.
//!
//! A region is a set of faces of the arrangement, so that children tile their parent exactly.

use std::collections::{BTreeMap, BTreeSet};

use super::arrange::{Face, Net, Vertex};
use super::names::{District, Street};
use super::plane::{Pt, centroid, inside, pt};
use super::streets::{Lattice, Rank, bend};
use super::terrain::{Terrain, density};

/// A handful of faces that is never divided.
#[derive(Debug, Clone)]
pub struct Atom {
    /// The faces.
    pub faces: Vec<usize>,
    /// Square metres.
    pub area: f64,
    /// Its middle.
    pub centre: Pt,
    /// How many unit grids it is worth.
    pub weight: f64,
    /// Which of the four districts: north-west, north-east, south-west, south-east.
    quarter: usize,
}

/// A region with its children.
pub struct Part {
    /// The faces.
    pub faces: Vec<usize>,
    /// The level below.
    pub children: Vec<Part>,
    /// Its middle, weighted by the city's density.
    pub centre: Pt,
}

/// Unit grids wanted in the whole city.
const GRIDS: f64 = 462.0;

/// Area a unit grid should have at a place, square metres: small blocks in town, whole valleys in the hills.
fn target_area(p: Pt) -> f64 {
    let d = density(p).clamp(0.0, 1.0);
    180_000.0 + 4_800_000.0 * libm::pow(1.0 - d, 2.6)
}

/// Everything that is needed to cut.
pub struct Ground {
    atoms: Vec<Atom>,
    /// How dear it is to cut between two atoms: metres, less along big streets.
    borders: BTreeMap<usize, BTreeMap<usize, f64>>,
}

/// A point just inside a face.
pub fn inner_point(net: &Net, face: &Face) -> Pt {
    let n = face.ring.len();
    let edge = |i: usize| (net.points[face.ring[i]], net.points[face.ring[(i + 1) % n]]);
    let length = |i: usize| edge(i).0.dist(edge(i).1);
    let ring = ring_points(net, &face.ring);
    let middle = centroid(&ring);
    if inside(&ring, middle) {
        return middle;
    }
    // A bent face: as far in from the middle of its longest edge as fits.
    let longest = (0..n).max_by(|&i, &j| length(i).total_cmp(&length(j))).unwrap_or(0);
    let (a, b) = edge(longest);
    let inwards = |by: f64| a.lerp(b, 0.5).add(b.sub(a).unit().left().mul(by));
    [80.0, 40.0, 20.0, 10.0, 5.0].into_iter().map(inwards).find(|&p| inside(&ring, p)).unwrap_or_else(|| inwards(2.0))
}

/// The points of a face.
pub fn ring_points(net: &Net, ring: &[Vertex]) -> Vec<Pt> {
    ring.iter().map(|&v| net.points[v]).collect()
}

fn quarter_test(lattice: &Lattice, terrain: &Terrain) -> impl Fn(Pt) -> usize {
    let mut north = terrain.river.middle.clone();
    north.extend([pt(20_000.0, 30_000.0), pt(-20_000.0, 30_000.0)]);
    // South of the river the border keeps three lines to the west: districts grew apart on the two banks.
    let side = |index: usize| {
        let mut ring: Vec<Pt> = (-80..=80).map(|k| bend(lattice.us[index], f64::from(k) * 250.0)).collect();
        ring.extend([pt(40_000.0, 25_000.0), pt(40_000.0, -25_000.0)]);
        ring
    };
    let (upper, lower) = (side(lattice.axis()), side(lattice.axis() - 3));
    move |p| {
        let is_north = inside(&north, p);
        let east = inside(if is_north { &upper } else { &lower }, p);
        usize::from(east) + if is_north { 0 } else { 2 }
    }
}

impl Ground {
    /// Prepares the faces: those within the border, with slivers joined to their neighbours.
    pub fn new(
        net: &Net,
        faces: &[Face],
        ranks: &BTreeMap<(Vertex, Vertex), Rank>,
        lattice: &Lattice,
        terrain: &Terrain,
    ) -> Self {
        let quarter = quarter_test(lattice, terrain);
        let mut atoms: Vec<Option<Atom>> = Vec::new();
        let mut atom_of = vec![usize::MAX; faces.len()];
        for (index, face) in faces.iter().enumerate() {
            let within = inner_point(net, face);
            if inside(&terrain.border, within) {
                atom_of[index] = atoms.len();
                let centre = centroid(&ring_points(net, &face.ring));
                atoms.push(Some(Atom {
                    faces: vec![index],
                    area: face.area,
                    centre,
                    weight: 0.0,
                    quarter: quarter(within),
                }));
            }
        }
        let mut borders = shared_borders(net, faces, ranks, &atom_of);
        join_slivers(&mut atoms, &mut borders);
        let scale: f64 = GRIDS / atoms.iter().flatten().map(|a| a.area / target_area(a.centre)).sum::<f64>();
        for atom in atoms.iter_mut().flatten() {
            atom.weight = scale * atom.area / target_area(atom.centre);
        }
        let blank = Atom { faces: Vec::new(), area: 0.0, centre: pt(0.0, 0.0), weight: 0.0, quarter: usize::MAX };
        Self { atoms: atoms.into_iter().map(|a| a.unwrap_or_else(|| blank.clone())).collect(), borders }
    }

    /// The whole city, cut to unit grids: districts in the order of the table, each street at the place of its name.
    pub fn divide(&self, table: &[District]) -> Vec<Part> {
        (0..table.len())
            .map(|index| {
                let set: Vec<usize> = (0..self.atoms.len()).filter(|&a| self.atoms[a].quarter == index).collect();
                let set = self.largest_component(&set);
                let streets = &table[index].streets;
                let parts = self.partition(&set, streets.len(), 26);
                let ordered = by_hints(parts, streets, |part| self.centre(part));
                let children =
                    ordered.iter().zip(streets.iter()).map(|(part, street)| self.street(part, street)).collect();
                self.part(&set, children)
            })
            .collect()
    }

    fn street(&self, set: &[usize], street: &Street) -> Part {
        let mut communities = self.partition(set, street.communities.len(), 6);
        communities.sort_by(|a, b| self.reading_order(a, b));
        let children = communities
            .iter()
            .map(|community| {
                let worth: f64 = community.iter().map(|&a| self.atoms[a].weight).sum();
                let count = (libm::round(worth) as usize).clamp(6, 12).min(community.len());
                let mut grids = self.partition(community, count, 1);
                grids.sort_by(|a, b| self.reading_order(a, b));
                self.part(community, grids.iter().map(|grid| self.part(grid, Vec::new())).collect())
            })
            .collect();
        self.part(set, children)
    }

    fn part(&self, set: &[usize], children: Vec<Part>) -> Part {
        let faces = set.iter().flat_map(|&a| self.atoms[a].faces.iter().copied()).collect();
        Part { faces, children, centre: self.centre(set) }
    }

    fn centre(&self, set: &[usize]) -> Pt {
        let total: f64 = set.iter().map(|&a| self.atoms[a].weight).sum();
        set.iter().fold(pt(0.0, 0.0), |sum, &a| sum.add(self.atoms[a].centre.mul(self.atoms[a].weight / total)))
    }

    /// From north to south in bands, then from west to east.
    fn reading_order(&self, a: &[usize], b: &[usize]) -> std::cmp::Ordering {
        let (p, q) = (self.centre(a), self.centre(b));
        let band = |p: Pt| libm::floor(-p.y / 600.0);
        band(p).total_cmp(&band(q)).then(p.x.total_cmp(&q.x))
    }

    /// Cuts a set into `count` connected parts of like weight, each of at least `least` atoms.
    fn partition(&self, set: &[usize], count: usize, least: usize) -> Vec<Vec<usize>> {
        if count <= 1 {
            return vec![set.to_vec()];
        }
        let left = count / 2;
        let (a, b) = self.bisect(set, left, count - left, least);
        let mut parts = self.partition(&a, left, least);
        parts.extend(self.partition(&b, count - left, least));
        parts
    }

    fn bisect(&self, set: &[usize], left: usize, right: usize, least: usize) -> (Vec<usize>, Vec<usize>) {
        let total: f64 = set.iter().map(|&a| self.atoms[a].weight).sum();
        let wanted = total * left as f64 / (left + right) as f64;
        let size = libm::sqrt(set.iter().map(|&a| self.atoms[a].area).sum());
        let mut best: Option<(f64, Vec<usize>, Vec<usize>)> = None;
        for turn in 0..12 {
            let angle = std::f64::consts::PI * f64::from(turn) / 6.0 - 0.105;
            let way = pt(libm::cos(angle), libm::sin(angle));
            let mut sorted = set.to_vec();
            sorted.sort_by(|&a, &b| {
                self.atoms[a].centre.dot(way).total_cmp(&self.atoms[b].centre.dot(way)).then(a.cmp(&b))
            });
            let mut sum = 0.0;
            for k in 1..sorted.len() {
                sum += self.atoms[sorted[k - 1]].weight;
                let enough = k >= left * least && sorted.len() - k >= right * least;
                if !enough
                    || (sum - wanted).abs() > total * 0.22 && k != left * least && sorted.len() - k != right * least
                {
                    continue;
                }
                let (a, b) = self.connected(&sorted[..k], &sorted[k..]);
                if a.len() < left * least || b.len() < right * least {
                    continue;
                }
                let worth: f64 = a.iter().map(|&x| self.atoms[x].weight).sum();
                let off = (worth - wanted) / total;
                let score = self.cut(&a, &b) / size + 16.0 * off * off;
                if best.as_ref().is_none_or(|(lowest, ..)| score < *lowest) {
                    best = Some((score, a, b));
                }
            }
        }
        let (_, a, b) = best.expect("a connected set of enough atoms can be cut in two");
        (a, b)
    }

    /// Moves what hangs apart to the other side.
    fn connected(&self, a: &[usize], b: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let keep_a = self.largest_component(a);
        let mut rest: BTreeSet<usize> = a.iter().copied().collect();
        keep_a.iter().for_each(|x| {
            rest.remove(x);
        });
        let b: Vec<usize> = b.iter().copied().chain(rest).collect();
        let keep_b = self.largest_component(&b);
        let kept: BTreeSet<usize> = keep_b.iter().copied().collect();
        let a = keep_a.into_iter().chain(b.into_iter().filter(|x| !kept.contains(x))).collect();
        (a, keep_b)
    }

    fn largest_component(&self, set: &[usize]) -> Vec<usize> {
        let mut left: BTreeSet<usize> = set.iter().copied().collect();
        let mut best: (f64, Vec<usize>) = (-1.0, Vec::new());
        while let Some(start) = left.pop_first() {
            let (mut found, mut next) = (vec![start], 0);
            while next < found.len() {
                for &other in self.borders.get(&found[next]).into_iter().flat_map(BTreeMap::keys) {
                    if left.remove(&other) {
                        found.push(other);
                    }
                }
                next += 1;
            }
            let area: f64 = found.iter().map(|&a| self.atoms[a].area).sum();
            if area > best.0 {
                best = (area, found);
            }
        }
        best.1
    }

    fn cut(&self, a: &[usize], b: &[usize]) -> f64 {
        let b: BTreeSet<usize> = b.iter().copied().collect();
        a.iter()
            .filter_map(|x| self.borders.get(x))
            .flatten()
            .filter_map(|(other, cost)| b.contains(other).then_some(cost))
            .sum()
    }
}

fn shared_borders(
    net: &Net,
    faces: &[Face],
    ranks: &BTreeMap<(Vertex, Vertex), Rank>,
    atom_of: &[usize],
) -> BTreeMap<usize, BTreeMap<usize, f64>> {
    let mut side = BTreeMap::new();
    for (index, face) in faces.iter().enumerate() {
        for i in 0..face.ring.len() {
            side.insert((face.ring[i], face.ring[(i + 1) % face.ring.len()]), index);
        }
    }
    let mut borders: BTreeMap<usize, BTreeMap<usize, f64>> = BTreeMap::new();
    for (&(a, b), &face) in &side {
        let Some(&other) = side.get(&(b, a)) else { continue };
        let (x, y) = (atom_of[face], atom_of[other]);
        if x == y || x == usize::MAX || y == usize::MAX {
            continue;
        }
        let dear = match ranks.get(&(a.min(b), a.max(b))) {
            Some(Rank::Expressway) => 0.55,
            Some(Rank::Arterial) => 0.7,
            Some(Rank::Secondary) => 1.0,
            Some(Rank::Hidden) | None => 1.7,
        };
        *borders.entry(x).or_default().entry(y).or_default() += dear * net.points[a].dist(net.points[b]);
    }
    borders
}

/// Joins atoms much smaller than a unit grid to the neighbour with which they share most, within their district.
fn join_slivers(atoms: &mut [Option<Atom>], borders: &mut BTreeMap<usize, BTreeMap<usize, f64>>) {
    loop {
        let small = |a: &Atom| a.area / target_area(a.centre).min(900_000.0);
        let smallest = (0..atoms.len())
            .filter_map(|i| atoms[i].as_ref().map(|a| (small(a), i)))
            .filter(|(size, _)| *size < 0.42)
            .filter(|(_, i)| mate(atoms, borders, *i).is_some())
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, index)) = smallest else { return };
        let Some(into) = mate(atoms, borders, index) else { return };
        let gone = atoms[index].take().expect("the smallest atom was just found");
        let kept = atoms[into].as_mut().expect("a mate is an atom");
        let area = kept.area + gone.area;
        kept.centre = kept.centre.lerp(gone.centre, gone.area / area);
        kept.area = area;
        kept.faces.extend(gone.faces);
        for (other, cost) in borders.remove(&index).unwrap_or_default() {
            if let Some(back) = borders.get_mut(&other) {
                back.remove(&index);
                if other != into {
                    *back.entry(into).or_default() += cost;
                }
            }
            if other != into {
                *borders.entry(into).or_default().entry(other).or_default() += cost;
            }
        }
    }
}

fn mate(atoms: &[Option<Atom>], borders: &BTreeMap<usize, BTreeMap<usize, f64>>, index: usize) -> Option<usize> {
    let quarter = atoms[index].as_ref()?.quarter;
    let fits = |other: &usize| atoms[*other].as_ref().is_some_and(|a| a.quarter == quarter);
    let list = borders.get(&index)?;
    list.iter().filter(|(other, _)| fits(other)).max_by(|a, b| a.1.total_cmp(b.1)).map(|(other, _)| *other)
}

/// Puts parts in the order of the streets whose places they are nearest to, all together.
fn by_hints(parts: Vec<Vec<usize>>, streets: &[Street], centre: impl Fn(&[usize]) -> Pt) -> Vec<Vec<usize>> {
    let mut best: (f64, Vec<usize>) = (f64::INFINITY, Vec::new());
    permute(parts.len(), &mut Vec::new(), &mut |order: &[usize]| {
        let cost = order
            .iter()
            .zip(streets)
            .map(|(&p, street)| centre(&parts[p]).dist(pt(street.near.0, street.near.1)))
            .sum();
        if cost < best.0 {
            best = (cost, order.to_vec());
        }
    });
    best.1.iter().map(|&p| parts[p].clone()).collect()
}

fn permute(n: usize, chosen: &mut Vec<usize>, visit: &mut impl FnMut(&[usize])) {
    if chosen.len() == n {
        visit(chosen);
        return;
    }
    for i in 0..n {
        if !chosen.contains(&i) {
            chosen.push(i);
            permute(n, chosen, visit);
            chosen.pop();
        }
    }
}
