//! Which pieces of the plan's lines are drawn as roads, of which class, and where they are bridges.

use std::collections::{BTreeMap, BTreeSet};

use super::arrange::{Net, Vertex};
use super::names::{EASTWARD, NORTHWARD, Name, OWN};
use super::plane::{Pt, inside, simplify};
use super::streets::{Course, Lattice, Line, Rank};
use super::terrain::{Terrain, density, hill};

/// A road as drawn.
pub struct Road {
    /// `expressway`, `arterial`, `secondary` or `residential`.
    pub class: &'static str,
    /// Its name.
    pub name: Option<(String, String)>,
    /// Whether it spans water.
    pub bridge: bool,
    /// Its points.
    pub points: Vec<Pt>,
}

/// The rank of each edge of the net, the highest of all lines through it.
pub fn edge_ranks(net: &Net, lines: &[Line]) -> BTreeMap<(Vertex, Vertex), Rank> {
    let mut ranks = BTreeMap::new();
    for (chain, line) in net.lines.iter().zip(lines) {
        for pair in chain.windows(2) {
            let rank = ranks.entry((pair[0].min(pair[1]), pair[0].max(pair[1]))).or_insert(line.rank);
            *rank = (*rank).max(line.rank);
        }
    }
    ranks
}

/// The name of a line.
fn name_of(line: &Line, lattice: &Lattice) -> Option<Name> {
    let from = |names: [&'static [Name]; 2], index: usize, middle: usize| {
        let list = names[usize::from(index > middle)];
        list.get(index.abs_diff(middle)).copied()
    };
    match line.course {
        Course::North(index) => from(NORTHWARD, index, lattice.axis()),
        Course::East(index) => from(EASTWARD, index, lattice.waist()),
        Course::Own => OWN.iter().find(|(key, _)| *key == line.name).map(|(_, name)| *name),
    }
}

/// All roads of the plan, bridges apart.
pub fn roads(net: &Net, lines: &[Line], lattice: &Lattice, terrain: &Terrain) -> Vec<Road> {
    let mut order: Vec<usize> = (0..lines.len()).filter(|&i| lines[i].rank != Rank::Hidden).collect();
    // Rings before the lines of the lattice they run along, so that they are drawn whole.
    order.sort_by_key(|&i| (std::cmp::Reverse(lines[i].rank), lines[i].course != Course::Own));
    let mut drawn = BTreeSet::new();
    let mut roads = Vec::new();
    for index in order {
        let line = &lines[index];
        let name = name_of(line, lattice).map(|(zh, en)| (zh.to_owned(), en.to_owned()));
        for (class, run) in runs(net, &net.lines[index], line, terrain, &mut drawn) {
            let points: Vec<Pt> = run.iter().map(|&v| net.points[v]).collect();
            for (bridge, piece) in at_water(&points, terrain) {
                roads.push(Road { class, name: name.clone(), bridge, points: simplify(&piece, 1.2) });
            }
        }
    }
    roads
}

type Run = (&'static str, Vec<Vertex>);

/// The pieces of one line that are built, each with its class.
fn runs(
    net: &Net,
    chain: &[Vertex],
    line: &Line,
    terrain: &Terrain,
    drawn: &mut BTreeSet<(Vertex, Vertex)>,
) -> Vec<Run> {
    let embankment = line.name.starts_with("embankment");
    let over_river = if embankment { vec![Over::Land; chain.len()] } else { crossings(net, chain, terrain) };
    let mut runs: Vec<Run> = Vec::new();
    let mut open = false;
    for (i, pair) in chain.windows(2).enumerate() {
        let middle = net.points[pair[0]].lerp(net.points[pair[1]], 0.5);
        let class = if over_river[i] == Over::Along {
            None
        } else {
            class_at(line, middle, over_river[i] == Over::Across, terrain)
        };
        let fresh = class.is_some() && drawn.insert((pair[0].min(pair[1]), pair[0].max(pair[1])));
        match class {
            Some(class) if fresh => match runs.last_mut() {
                Some((same, run)) if open && *same == class => run.push(pair[1]),
                _ => runs.push((class, pair.to_vec())),
            },
            _ => {}
        }
        open = fresh;
    }
    runs
}

#[derive(Clone, Copy, PartialEq)]
enum Over {
    Land,
    Across,
    Along,
}

/// Where a line crosses the river's bed, and where it would only run along in it.
fn crossings(net: &Net, chain: &[Vertex], terrain: &Terrain) -> Vec<Over> {
    let in_bed: Vec<bool> =
        chain.windows(2).map(|pair| terrain.in_channel(net.points[pair[0]].lerp(net.points[pair[1]], 0.5))).collect();
    let mut over = vec![Over::Land; in_bed.len()];
    let mut i = 0;
    while i < in_bed.len() {
        if !in_bed[i] {
            i += 1;
            continue;
        }
        let end = (i..in_bed.len()).find(|&k| !in_bed[k]).unwrap_or(in_bed.len());
        let length: f64 = (i..end).map(|k| net.points[chain[k]].dist(net.points[chain[k + 1]])).sum();
        let at = |k: usize| net.points[chain[k]];
        let wet =
            (i..end).any(|k| [at(k), at(k).lerp(at(k + 1), 0.5)].into_iter().any(|p| terrain.river.distance(p) < 0.0));
        over[i..end].fill(if wet && length < 680.0 { Over::Across } else { Over::Along });
        i = end;
    }
    over
}

fn class_at(line: &Line, p: Pt, across: bool, terrain: &Terrain) -> Option<&'static str> {
    let d = density(p);
    let embankment = line.name.starts_with("embankment");
    let lake = line.name == "lake";
    if !inside(&terrain.border, p) || !lake && inside(&terrain.lake_road, p) {
        return None;
    }
    let steepest = match line.rank {
        Rank::Expressway => 2.0,
        Rank::Arterial => 0.62,
        Rank::Secondary | Rank::Hidden => 0.45,
    };
    if hill(p) > steepest {
        return None;
    }
    match line.rank {
        Rank::Expressway => Some("expressway"),
        Rank::Arterial if d < 0.07 => (line.rural || within_by_pass(p)).then_some("secondary"),
        Rank::Arterial => Some("arterial"),
        Rank::Secondary if embankment => (d > 0.1).then_some("secondary"),
        Rank::Secondary if lake => Some("secondary"),
        Rank::Secondary => (d > 0.16 && !across).then_some("secondary"),
        Rank::Hidden => None,
    }
}

/// Whether a point lies within the by-pass, about.
fn within_by_pass(p: Pt) -> bool {
    let (x, y) = (p.x / 11_300.0, p.y / 8_700.0);
    x * x + y * y < 1.0
}

/// Splits a road where it meets water: `true` marks the bridges.
fn at_water(points: &[Pt], terrain: &Terrain) -> Vec<(bool, Vec<Pt>)> {
    let mut pieces: Vec<(bool, Vec<Pt>)> = Vec::new();
    let mut wet = false;
    let mut piece = vec![points[0]];
    for pair in points.windows(2) {
        let length = pair[0].dist(pair[1]);
        let mut along = 0.0;
        while along < length {
            let p = pair[0].lerp(pair[1], along / length);
            let free = terrain.water_distance(p) - ABUTMENT_M;
            if (free < 0.0) != wet {
                piece.push(p);
                pieces.push((wet, std::mem::replace(&mut piece, vec![p])));
                wet = !wet;
            }
            // Nothing can change within the distance to the nearest shore.
            along += free.abs().max(5.0);
        }
        piece.push(pair[1]);
    }
    pieces.push((wet, piece));
    pieces.retain(|(_, piece)| piece.windows(2).map(|p| p[0].dist(p[1])).sum::<f64>() > 1.0);
    pieces
}

/// How far a bridge reaches over the shore, metres.
const ABUTMENT_M: f64 = 8.0;
