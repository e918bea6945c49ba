//! The planar arrangement of all lines of the city: where they cross, and the faces they enclose.
//!
//! Faces share their vertices, so regions made of faces tile without gap or overlap by construction.

use std::collections::{BTreeMap, BTreeSet};

use super::plane::{Pt, area, segment_dist};

/// A vertex by index.
pub type Vertex = usize;

/// Points nearer to each other than this are one vertex, metres.
const SNAP_M: f64 = 7.0;
/// Width of the buckets that find neighbours, metres.
const BUCKET_M: f64 = 400.0;

/// Lines cut at every crossing.
pub struct Net {
    /// Where each vertex is.
    pub points: Vec<Pt>,
    /// Each line given, as the vertices it runs through.
    pub lines: Vec<Vec<Vertex>>,
}

/// Finds a point's vertex, or makes one.
struct Snapper {
    points: Vec<Pt>,
    buckets: BTreeMap<(i64, i64), Vec<Vertex>>,
    tolerance: f64,
}

impl Snapper {
    fn bucket(p: Pt) -> (i64, i64) {
        ((p.x / 50.0).floor() as i64, (p.y / 50.0).floor() as i64)
    }

    fn vertex(&mut self, p: Pt) -> Vertex {
        let (i, j) = Self::bucket(p);
        let near = (i - 1..=i + 1)
            .flat_map(|i| (j - 1..=j + 1).map(move |j| (i, j)))
            .filter_map(|key| self.buckets.get(&key))
            .flatten()
            .map(|&v| (p.dist(self.points[v]), v))
            .fold((self.tolerance, usize::MAX), |best, next| if next.0 < best.0 { next } else { best });
        if near.1 != usize::MAX {
            return near.1;
        }
        self.points.push(p);
        self.buckets.entry((i, j)).or_default().push(self.points.len() - 1);
        self.points.len() - 1
    }
}

struct Segment {
    line: usize,
    order: usize,
    from: Vertex,
    to: Vertex,
    cuts: Vec<Vertex>,
}

/// Cuts lines at every crossing. Two passes: snapping moves ends by a few metres and can make new crossings.
pub fn arrange(lines: &[Vec<Pt>]) -> Net {
    let first = cut(lines, SNAP_M);
    let again: Vec<Vec<Pt>> = first.lines.iter().map(|line| line.iter().map(|&v| first.points[v]).collect()).collect();
    cut(&again, SNAP_M / 4.0)
}

fn cut(lines: &[Vec<Pt>], tolerance: f64) -> Net {
    let mut snapper = Snapper { points: Vec::new(), buckets: BTreeMap::new(), tolerance };
    let mut segments = Vec::new();
    for (line, points) in lines.iter().enumerate() {
        let vertices: Vec<Vertex> = points.iter().map(|&p| snapper.vertex(p)).collect();
        for (order, pair) in vertices.windows(2).enumerate() {
            if pair[0] != pair[1] {
                segments.push(Segment { line, order, from: pair[0], to: pair[1], cuts: Vec::new() });
            }
        }
    }
    for (i, j) in close_pairs(&segments, &snapper.points) {
        cross(&mut segments, i, j, &mut snapper);
    }
    let mut chains: Vec<Vec<Vertex>> = vec![Vec::new(); lines.len()];
    for segment in &mut segments {
        let (a, b) = (snapper.points[segment.from], snapper.points[segment.to]);
        let along = |v: &Vertex| snapper.points[*v].sub(a).dot(b.sub(a));
        segment.cuts.sort_by(|v, w| along(v).total_cmp(&along(w)).then(v.cmp(w)));
        let chain = &mut chains[segment.line];
        for v in std::iter::once(segment.from).chain(segment.cuts.iter().copied()).chain([segment.to]) {
            if chain.last() != Some(&v) {
                chain.push(v);
            }
        }
    }
    Net { points: snapper.points, lines: chains }
}

fn close_pairs(segments: &[Segment], points: &[Pt]) -> BTreeSet<(usize, usize)> {
    let mut buckets: BTreeMap<(i64, i64), Vec<usize>> = BTreeMap::new();
    let cell = |v: f64| (v / BUCKET_M).floor() as i64;
    for (index, segment) in segments.iter().enumerate() {
        let (a, b) = (points[segment.from], points[segment.to]);
        for i in cell(a.x.min(b.x) - SNAP_M)..=cell(a.x.max(b.x) + SNAP_M) {
            for j in cell(a.y.min(b.y) - SNAP_M)..=cell(a.y.max(b.y) + SNAP_M) {
                buckets.entry((i, j)).or_default().push(index);
            }
        }
    }
    let mut pairs = BTreeSet::new();
    for list in buckets.values() {
        for (k, &i) in list.iter().enumerate() {
            pairs.extend(list[k + 1..].iter().map(|&j| (i, j)));
        }
    }
    pairs
}

fn cross(segments: &mut [Segment], i: usize, j: usize, snapper: &mut Snapper) {
    let (s, t) = (&segments[i], &segments[j]);
    if s.line == t.line && s.order.abs_diff(t.order) <= 1 {
        return;
    }
    let (a, b, c, d) = (snapper.points[s.from], snapper.points[s.to], snapper.points[t.from], snapper.points[t.to]);
    let mut touched = false;
    for (end, of, on, (p, q)) in
        [(s.from, i, j, (c, d)), (s.to, i, j, (c, d)), (t.from, j, i, (a, b)), (t.to, j, i, (a, b))]
    {
        let other = &segments[on];
        let shared = end == other.from || end == other.to;
        if !shared && segment_dist(snapper.points[end], p, q) < snapper.tolerance {
            segments[on].cuts.push(end);
        }
        touched |= shared || segment_dist(snapper.points[end], p, q) < snapper.tolerance;
        debug_assert_ne!(of, on);
    }
    let (ab, cd) = (b.sub(a), d.sub(c));
    let turn = ab.cross(cd);
    if touched || turn.abs() < 1e-9 {
        return;
    }
    let (u, v) = (c.sub(a).cross(cd) / turn, c.sub(a).cross(ab) / turn);
    if 0.0 < u && u < 1.0 && 0.0 < v && v < 1.0 {
        let vertex = snapper.vertex(a.add(ab.mul(u)));
        segments[i].cuts.push(vertex);
        segments[j].cuts.push(vertex);
    }
}

/// An area enclosed by lines, counter-clockwise.
#[derive(Debug, Clone)]
pub struct Face {
    /// The vertices around it.
    pub ring: Vec<Vertex>,
    /// Square metres.
    pub area: f64,
}

/// Sorts directions counter-clockwise from east without trigonometry.
fn pseudo_angle(d: Pt) -> f64 {
    let p = d.y / (d.x.abs() + d.y.abs()).max(1e-12);
    if d.x < 0.0 {
        2.0 - p
    } else if d.y < 0.0 {
        4.0 + p
    } else {
        p
    }
}

/// Neighbours of each vertex, counter-clockwise; vertices in blind alleys are left out.
fn neighbours(net: &Net) -> Vec<Vec<Vertex>> {
    let mut sets: Vec<BTreeSet<Vertex>> = vec![BTreeSet::new(); net.points.len()];
    for pair in net.lines.iter().flat_map(|line| line.windows(2)) {
        if pair[0] != pair[1] {
            sets[pair[0]].insert(pair[1]);
            sets[pair[1]].insert(pair[0]);
        }
    }
    let mut ends: Vec<Vertex> = (0..sets.len()).filter(|&v| sets[v].len() == 1).collect();
    while let Some(v) = ends.pop() {
        if let Some(w) = sets[v].pop_first() {
            sets[w].remove(&v);
            if sets[w].len() == 1 {
                ends.push(w);
            }
        }
    }
    let sorted = |(v, set): (Vertex, BTreeSet<Vertex>)| {
        let mut list: Vec<Vertex> = set.into_iter().collect();
        let angle = |w: &Vertex| pseudo_angle(net.points[*w].sub(net.points[v]));
        list.sort_by(|a, b| angle(a).total_cmp(&angle(b)));
        list
    };
    sets.into_iter().enumerate().map(sorted).collect()
}

/// Every bounded face of a net.
pub fn faces(net: &Net) -> Vec<Face> {
    let around = neighbours(net);
    let mut seen = BTreeSet::new();
    let mut faces = Vec::new();
    for start in 0..around.len() {
        for &second in &around[start] {
            if seen.contains(&(start, second)) {
                continue;
            }
            let mut ring = Vec::new();
            let (mut a, mut b) = (start, second);
            while seen.insert((a, b)) {
                ring.push(a);
                let list = &around[b];
                let back = list.iter().position(|&v| v == a).expect("an edge is known at both its ends");
                (a, b) = (b, list[(back + list.len() - 1) % list.len()]);
            }
            let points: Vec<Pt> = ring.iter().map(|&v| net.points[v]).collect();
            let size = area(&points);
            if size > 0.0 {
                faces.push(Face { ring, area: size });
            }
        }
    }
    faces
}

/// The outline of a set of faces: outer rings counter-clockwise, holes clockwise.
pub fn outline<'a>(points: &[Pt], faces: impl IntoIterator<Item = &'a Face>) -> Vec<Vec<Vertex>> {
    let mut edges = BTreeSet::new();
    for face in faces {
        let n = face.ring.len();
        for i in 0..n {
            let (a, b) = (face.ring[i], face.ring[(i + 1) % n]);
            if !edges.remove(&(b, a)) {
                edges.insert((a, b));
            }
        }
    }
    let mut rings = Vec::new();
    while let Some(first) = edges.pop_first() {
        let mut ring = vec![first.0];
        let (mut a, mut b) = first;
        while b != first.0 {
            ring.push(b);
            let back = pseudo_angle(points[a].sub(points[b]));
            // Where rings touch, the first edge clockwise from the way we came bounds the same area.
            let turn = |w: Vertex| {
                let t = back - pseudo_angle(points[w].sub(points[b]));
                if t <= 0.0 { t + 4.0 } else { t }
            };
            let outgoing = edges.range((b, 0)..=(b, usize::MAX)).copied();
            let Some(next) = outgoing.min_by(|x, y| turn(x.1).total_cmp(&turn(y.1))) else { break };
            edges.remove(&next);
            (a, b) = next;
        }
        rings.push(ring);
    }
    rings
}
