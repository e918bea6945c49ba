//! Corners of a picture and what they look like: Harris corners over a pyramid, turned binary tests (ORB).
//!
//! Rublee et al. 2011, "ORB: an efficient alternative to SIFT or SURF"; Harris & Stephens 1988.

use crate::homography::Point;
use crate::plane::Plane;

/// Each level of the pyramid is this much smaller; eight levels reach 3.6 to 1.
const STEP: f64 = 1.2;
const LEVELS: usize = 8;
/// Corners kept in a picture over all levels; matching compares each with each.
const MOST: usize = 2_000;
/// The tests of a patch reach 13 · √2 pixels from its middle, the gradient one more.
const MARGIN: usize = 20;
const CELL: usize = 24;

/// A corner: where it is in the whole picture, and 256 comparisons of brightness around it.
pub(crate) struct Feature {
    pub at: Point,
    pub bits: [u64; 4],
}

/// The next number of a sequence (splitmix64, Steele et al. 2014).
pub(crate) fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub(crate) fn find_features(picture: &Plane) -> Vec<Feature> {
    let tests = pattern();
    let mut out = Vec::new();
    // Levels share the corners by their area, so that the fine ones get the most.
    let whole: f64 = (0..LEVELS).map(|level| STEP.powi(-2 * level as i32)).sum();
    for level in 0..LEVELS {
        let scale = STEP.powi(level as i32);
        let width = (picture.width as f64 / scale).round() as usize;
        let height = (picture.height as f64 / scale).round() as usize;
        if width.min(height) <= 2 * MARGIN + CELL {
            break;
        }
        let plane = if level == 0 { picture.clone() } else { picture.resized(width, height) };
        let share = (MOST as f64 * STEP.powi(-2 * level as i32) / whole) as usize;
        let smooth = plane.box_mean(1).box_mean(1);
        let (sx, sy) = (picture.width as f64 / width as f64, picture.height as f64 / height as f64);
        for (x, y) in corners(&smooth, share) {
            let at = ((x as f64 + 0.5) * sx - 0.5, (y as f64 + 0.5) * sy - 0.5);
            out.push(Feature { at, bits: describe(&smooth, x, y, &tests) });
        }
    }
    out
}

/// The strongest corners, at most some in each cell so that they cover the picture.
fn corners(plane: &Plane, most: usize) -> Vec<(usize, usize)> {
    let strength = harris(plane);
    let mut found = Vec::new();
    for y in MARGIN..plane.height - MARGIN {
        for x in MARGIN..plane.width - MARGIN {
            let here = strength.get(x, y);
            // A Harris strength below this is noise of one or two grey levels.
            if here < 50.0 {
                continue;
            }
            let is_peak = (y - 1..=y + 1).all(|v| {
                (x - 1..=x + 1).all(|u| {
                    (u, v) == (x, y) || strength.get(u, v) < here || (strength.get(u, v) == here && (v, u) > (y, x))
                })
            });
            if is_peak {
                found.push((here, x, y));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.2, a.1).cmp(&(b.2, b.1))));
    let cells_across = plane.width.div_ceil(CELL);
    let cells = cells_across * plane.height.div_ceil(CELL);
    let each = (2 * most).div_ceil(cells).max(3);
    let mut held = vec![0_usize; cells];
    let mut kept = Vec::with_capacity(most);
    for (_, x, y) in found {
        let cell = &mut held[(y / CELL) * cells_across + x / CELL];
        if *cell < each && kept.len() < most {
            *cell += 1;
            kept.push((x, y));
        }
    }
    kept
}

fn harris(plane: &Plane) -> Plane {
    let mut products = [(); 3].map(|()| Plane::new(plane.width, plane.height));
    for y in 1..plane.height - 1 {
        for x in 1..plane.width - 1 {
            let gx = (plane.get(x + 1, y) - plane.get(x - 1, y)) / 2.0;
            let gy = (plane.get(x, y + 1) - plane.get(x, y - 1)) / 2.0;
            let at = y * plane.width + x;
            products[0].values[at] = gx * gx;
            products[1].values[at] = gy * gy;
            products[2].values[at] = gx * gy;
        }
    }
    let [xx, yy, xy] = products.map(|product| product.box_mean(1).box_mean(1));
    let mut out = Plane::new(plane.width, plane.height);
    for (at, value) in out.values.iter_mut().enumerate() {
        let (a, b, c) = (xx.values[at], yy.values[at], xy.values[at]);
        *value = a * b - c * c - 0.04 * (a + b) * (a + b);
    }
    out
}

/// Pairs of points to compare, drawn once from a bell curve cut at 13 pixels.
fn pattern() -> Vec<[(f64, f64); 2]> {
    let mut state = 0x6469_7070_6572;
    let mut coordinate = || loop {
        let sum: f64 = (0..4).map(|_| (next(&mut state) >> 11) as f64 / (1_u64 << 53) as f64 - 0.5).sum();
        let value = sum * 13.0;
        if value.abs() <= 13.0 {
            return value;
        }
    };
    (0..256).map(|_| [(coordinate(), coordinate()), (coordinate(), coordinate())]).collect()
}

/// Brightness tests around a corner, turned to where its patch is brightest.
fn describe(plane: &Plane, x: usize, y: usize, tests: &[[(f64, f64); 2]]) -> [u64; 4] {
    let (mut mx, mut my) = (0.0_f64, 0.0_f64);
    const REACH: i64 = 13;
    for dy in -REACH..=REACH {
        for dx in -REACH..=REACH {
            if dx * dx + dy * dy <= REACH * REACH {
                let value = f64::from(plane.get((x as i64 + dx) as usize, (y as i64 + dy) as usize));
                mx += dx as f64 * value;
                my += dy as f64 * value;
            }
        }
    }
    let length = mx.hypot(my).max(1e-9);
    let (cos, sin) = (mx / length, my / length);
    let value = |(px, py): (f64, f64)| {
        let u = (x as f64 + px * cos - py * sin).round() as usize;
        let v = (y as f64 + px * sin + py * cos).round() as usize;
        plane.get(u, v)
    };
    let mut bits = [0_u64; 4];
    for (at, [a, b]) in tests.iter().enumerate() {
        if value(*a) < value(*b) {
            bits[at / 64] |= 1 << (at % 64);
        }
    }
    bits
}

/// Pairs of corners that are each other's best and clearly better than the second best (Lowe 2004).
pub(crate) fn match_features(a: &[Feature], b: &[Feature]) -> Vec<(usize, usize)> {
    // Of 256 tests two unrelated patches differ in 128 ± 8; more than 72 is no match.
    const FARTHEST: u32 = 72;
    let distance = |p: &Feature, q: &Feature| -> u32 { (0..4).map(|k| (p.bits[k] ^ q.bits[k]).count_ones()).sum() };
    let mut back = vec![(u32::MAX, usize::MAX); b.len()];
    let mut forth = Vec::with_capacity(a.len());
    for (i, p) in a.iter().enumerate() {
        let (mut first, mut second, mut at) = (u32::MAX, u32::MAX, usize::MAX);
        for (j, q) in b.iter().enumerate() {
            let d = distance(p, q);
            if d < back[j].0 {
                back[j] = (d, i);
            }
            if d < first {
                // The same corner seen at the next level of the pyramid is not a rival.
                let rival = at == usize::MAX || (b[at].at.0 - q.at.0).hypot(b[at].at.1 - q.at.1) > 6.0;
                second = if rival { first } else { second };
                (first, at) = (d, j);
            } else if d < second && (b[at].at.0 - q.at.0).hypot(b[at].at.1 - q.at.1) > 6.0 {
                second = d;
            }
        }
        forth.push((first, second, at));
    }
    let is_clear = |first: u32, second: u32| first <= FARTHEST && f64::from(first) < 0.85 * f64::from(second);
    (0..a.len())
        .filter(|i| {
            let (first, second, at) = forth[*i];
            at != usize::MAX && is_clear(first, second) && back[at].1 == *i
        })
        .map(|i| (i, forth[i].2))
        .collect()
}
