//! Large green areas and the outlines of the waters: woods by contour, banks, the belt along the outer ring.

use std::collections::BTreeMap;

use super::fabric::Green;
use super::names::Name;
use super::plane::{Pt, area, centroid, inset, inside, pt, simplify};
use super::terrain::{Terrain, hill};

/// A water area.
pub struct Water {
    /// `river`, `stream` or `lake`.
    pub class: &'static str,
    /// Its name.
    pub name: Name,
    /// Outer ring, then holes.
    pub rings: Vec<Vec<Pt>>,
}

/// The waters, larger ones first.
pub fn waters(terrain: &Terrain) -> Vec<Water> {
    let streams = [("杓溪", "Shao Creek"), ("玉带河", "Yudai River"), ("揽星渠", "Lanxing Canal")];
    let mut waters = vec![
        Water {
            class: "river",
            name: ("瑶河", "Yao River"),
            rings: vec![terrain.river.outline(0.0), terrain.island.clone()],
        },
        Water { class: "lake", name: ("揽星湖", "Lanxing Lake"), rings: vec![terrain.lake.clone()] },
    ];
    for (stream, name) in terrain.streams.iter().zip(streams) {
        waters.push(Water { class: "stream", name, rings: vec![stream.outline(0.0)] });
    }
    for water in &mut waters {
        for ring in &mut water.rings {
            *ring = simplify_ring(ring, 2.5);
        }
    }
    waters
}

fn simplify_ring(ring: &[Pt], tolerance: f64) -> Vec<Pt> {
    let half = ring.len() / 2;
    let mut out = simplify(&ring[..=half], tolerance);
    out.pop();
    out.extend(simplify(&ring[half..], tolerance));
    out
}

/// Woods, banks, the lake park, the island and the belt.
pub fn greens(terrain: &Terrain, outer_ring: &[Pt]) -> Vec<Green> {
    let named = |zh: &str, en: &str| Some((zh.to_owned(), en.to_owned()));
    let mut greens = woods(terrain);
    let belt = &outer_ring[..outer_ring.len() - 1];
    greens.push(Green {
        class: "belt",
        name: named("环城绿带", "Green Belt"),
        rings: vec![inset(belt, -75.0), inset(belt, 75.0)],
    });
    greens.push(Green {
        class: "riverside",
        name: named("滨江绿廊", "Riverside Park"),
        rings: vec![simplify_ring(&terrain.river.outline(super::terrain::EMBANKMENT_M - 8.0), 3.0)],
    });
    for stream in &terrain.streams {
        greens.push(Green { class: "riverside", name: None, rings: vec![simplify_ring(&stream.outline(30.0), 3.0)] });
    }
    greens.push(Green {
        class: "park",
        name: named("揽星湖公园", "Lanxing Lake Park"),
        rings: vec![inset(&terrain.lake_road, 8.0)],
    });
    greens.push(Green {
        class: "park",
        name: named("星洲岛公园", "Xingzhou Island Park"),
        rings: vec![simplify_ring(&terrain.island, 1.5)],
    });
    greens
}

/// Step of the raster under the contour of the woods, metres.
const STEP_M: f64 = 170.0;

/// The contour at which woods begin, by marching squares.
fn woods(terrain: &Terrain) -> Vec<Green> {
    let at = |i: i64, j: i64| pt(i as f64 * STEP_M, j as f64 * STEP_M);
    let value = |p: Pt| if inside(&terrain.border, p) { hill(p) - 0.5 } else { -0.35 };
    let (columns, rows) = ((15_400.0 / STEP_M) as i64, (12_400.0 / STEP_M) as i64);
    let height: BTreeMap<(i64, i64), f64> = (-columns..=columns)
        .flat_map(|i| (-rows..=rows).map(move |j| (i, j)))
        .map(|(i, j)| ((i, j), value(at(i, j))))
        .collect();
    // Where an edge of the raster crosses the contour; an edge is its lower corner and whether it runs north.
    type Edge = (i64, i64, bool);
    let crossing = |(i, j, north): Edge| {
        let (a, b) = ((i, j), if north { (i, j + 1) } else { (i + 1, j) });
        let t = height[&a] / (height[&a] - height[&b]);
        at(a.0, a.1).lerp(at(b.0, b.1), t.clamp(0.02, 0.98))
    };
    let mut next: BTreeMap<Edge, Edge> = BTreeMap::new();
    for i in -columns..columns {
        for j in -rows..rows {
            let high = |di: i64, dj: i64| height[&(i + di, j + dj)] > 0.0;
            let (south, east, north, west) = ((i, j, false), (i + 1, j, true), (i, j + 1, false), (i, j, true));
            // High ground on the left of every step.
            let steps: &[(Edge, Edge)] = &match (high(0, 0), high(1, 0), high(1, 1), high(0, 1)) {
                (true, false, false, false) => vec![(south, west)],
                (false, true, false, false) => vec![(east, south)],
                (false, false, true, false) => vec![(north, east)],
                (false, false, false, true) => vec![(west, north)],
                (true, true, false, false) => vec![(east, west)],
                (false, true, true, false) => vec![(north, south)],
                (false, false, true, true) => vec![(west, east)],
                (true, false, false, true) => vec![(south, north)],
                (false, true, true, true) => vec![(west, south)],
                (true, false, true, true) => vec![(south, east)],
                (true, true, false, true) => vec![(east, north)],
                (true, true, true, false) => vec![(north, west)],
                (true, false, true, false) => vec![(south, west), (north, east)],
                (false, true, false, true) => vec![(east, south), (west, north)],
                _ => vec![],
            };
            next.extend(steps.iter().copied());
        }
    }
    let mut rings = Vec::new();
    while let Some((first, mut edge)) = next.pop_first() {
        let mut ring = vec![crossing(first)];
        while edge != first {
            ring.push(crossing(edge));
            let Some(onward) = next.remove(&edge) else { break };
            edge = onward;
        }
        rings.push(round(&simplify_ring(&ring, 14.0)));
    }
    gather(rings)
}

/// Cuts corners once (Chaikin), so that a contour does not look like its raster.
fn round(ring: &[Pt]) -> Vec<Pt> {
    let n = ring.len();
    (0..n).flat_map(|i| [ring[i].lerp(ring[(i + 1) % n], 0.25), ring[i].lerp(ring[(i + 1) % n], 0.75)]).collect()
}

/// Puts holes into the woods that surround them.
fn gather(rings: Vec<Vec<Pt>>) -> Vec<Green> {
    let (outer, holes): (Vec<_>, Vec<_>) =
        rings.into_iter().filter(|r| r.len() > 5 && area(r).abs() > 60_000.0).partition(|r| area(r) > 0.0);
    let mut woods: Vec<Green> =
        outer.into_iter().map(|ring| Green { class: "forest", name: name_of(&ring), rings: vec![ring] }).collect();
    for hole in holes {
        if let Some(wood) = woods.iter_mut().find(|wood| inside(&wood.rings[0], hole[0])) {
            wood.rings.push(hole);
        }
    }
    woods
}

fn name_of(ring: &[Pt]) -> Option<(String, String)> {
    let hills = [
        (pt(-10_300.0, 8_600.0), "魁山森林公园", "Kuishan Forest Park"),
        (pt(-13_200.0, -1_200.0), "落霞山", "Luoxia Hill"),
        (pt(-800.0, -10_900.0), "北斗岭森林公园", "Beidouling Forest Park"),
        (pt(12_000.0, 9_000.0), "瑶台山", "Yaotai Hill"),
        (pt(13_000.0, -9_300.0), "望海岭", "Wanghai Ridge"),
        (pt(-1_350.0, 4_650.0), "钟山公园", "Zhongshan Park"),
    ];
    let middle = centroid(ring);
    let big = area(ring) > 900_000.0;
    let near = |p: &Pt| inside(ring, *p) || p.dist(middle) < 700.0;
    let (_, zh, en) = hills.iter().find(|(p, ..)| near(p)).filter(|(p, ..)| big || p.dist(middle) < 700.0)?;
    Some(((*zh).to_owned(), (*en).to_owned()))
}
