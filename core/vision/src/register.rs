//! How one picture lies over another: matched corners, a seeded search, then patches to a fraction of a pixel.

use crate::features::{find_features, match_features, next};
use crate::homography::{Homography, Pair, Point, fit};
use crate::plane::Plane;

/// Pixels of the working picture within which a matched corner agrees with a map: the grid of the coarse levels.
const AGREES_PX: f64 = 4.0;
/// Candidates tried; with three of ten matches right, four right ones come up once in 123, so 99.99 % is about 1 130.
const TRIES: usize = 3_000;

pub(crate) struct Registration {
    pub map: Homography,
    pub inliers: usize,
    pub residual_px: f64,
}

/// The fewest agreeing corners that make two pictures one scene; chosen, not yet measured over pairs of real scenes.
pub(crate) const LEAST_INLIERS: usize = 24;

/// How the first picture's pixels map to the second's, or how many corners agreed when too few did.
pub(crate) fn register(before: &Plane, after: &Plane, seed: u64) -> Result<Registration, usize> {
    let (a, b) = (find_features(before), find_features(after));
    let pairs: Vec<Pair> = match_features(&a, &b).into_iter().map(|(i, j)| (a[i].at, b[j].at)).collect();
    let (width, height) = (before.width as f64, before.height as f64);
    let (map, inliers) = search(&pairs, seed, width, height).ok_or(0_usize)?;
    // A share as well: a picture with very many corners finds more agreement by chance.
    if inliers < LEAST_INLIERS || inliers * 12 < pairs.len() {
        return Err(inliers);
    }
    let corners: Vec<Point> = a.iter().map(|feature| feature.at).collect();
    Ok(refine(before, after, &corners, Registration { map, inliers, residual_px: residual(&pairs, &map) }))
}

fn agreeing(pairs: &[Pair], map: &Homography, limit_px: f64) -> Vec<Pair> {
    pairs.iter().filter(|pair| error_px(pair, map) < limit_px).copied().collect()
}

fn error_px((from, to): &Pair, map: &Homography) -> f64 {
    let (x, y) = map.apply(*from);
    (x - to.0).hypot(y - to.1)
}

/// Root mean square over the agreeing pairs.
fn residual(pairs: &[Pair], map: &Homography) -> f64 {
    let held = agreeing(pairs, map, AGREES_PX);
    (held.iter().map(|pair| error_px(pair, map).powi(2)).sum::<f64>() / held.len().max(1) as f64).sqrt()
}

fn search(pairs: &[Pair], seed: u64, width: f64, height: f64) -> Option<(Homography, usize)> {
    if pairs.len() < 4 {
        return None;
    }
    let mut state = seed;
    let mut best: Option<(Homography, usize)> = None;
    for _ in 0..TRIES {
        let four: [Pair; 4] = std::array::from_fn(|_| pairs[(next(&mut state) % pairs.len() as u64) as usize]);
        let Some(map) = fit(&four).filter(|map| map.is_plausible(width, height)) else { continue };
        let count = pairs.iter().filter(|pair| error_px(pair, &map) < AGREES_PX).count();
        if best.is_none_or(|(_, most)| count > most) {
            best = Some((map, count));
        }
    }
    let (mut map, _) = best?;
    for _ in 0..4 {
        let held = agreeing(pairs, &map, AGREES_PX);
        match fit(&held).filter(|map| map.is_plausible(width, height)) {
            Some(better) => map = better,
            None => break,
        }
    }
    let inliers = agreeing(pairs, &map, AGREES_PX).len();
    Some((map, inliers))
}

/// Moves the map by what small patches around corners say, twice; keeps it when too few patches are found again.
fn refine(before: &Plane, after: &Plane, corners: &[Point], coarse: Registration) -> Registration {
    let mut best = coarse;
    for reach in [4_i32, 2] {
        let pairs: Vec<Pair> =
            corners.iter().filter_map(|at| Some((*at, found_again(before, after, *at, &best.map, reach)?))).collect();
        let mut map = best.map;
        let mut held = agreeing(&pairs, &map, 6.0);
        for limit_px in [2.0, 1.0, 1.0] {
            let Some(better) = fit(&held) else { return best };
            map = better;
            held = agreeing(&pairs, &map, limit_px);
        }
        if held.len() < LEAST_INLIERS || !map.is_plausible(before.width as f64, before.height as f64) {
            return best;
        }
        let square = held.iter().map(|pair| error_px(pair, &map).powi(2)).sum::<f64>();
        best = Registration { map, inliers: held.len(), residual_px: (square / held.len() as f64).sqrt() };
    }
    best
}

const PATCH: i32 = 5;
const SIDE: usize = (2 * PATCH + 1) as usize;

/// Where the patch around a corner of the first picture is in the second, searched around where the map puts it.
fn found_again(before: &Plane, after: &Plane, at: Point, map: &Homography, reach: i32) -> Option<Point> {
    let template = unit(patch(before, |dx, dy| (at.0 + dx, at.1 + dy))?)?;
    let mut scores = vec![vec![0.0_f32; (2 * reach + 1) as usize]; (2 * reach + 1) as usize];
    let mut top = (f32::MIN, 0, 0);
    for oy in -reach..=reach {
        for ox in -reach..=reach {
            let place = |dx: f64, dy: f64| map.apply((at.0 + dx + f64::from(ox), at.1 + dy + f64::from(oy)));
            let there = unit(patch(after, place)?)?;
            let score = template.iter().zip(&there).map(|(a, b)| a * b).sum();
            scores[(oy + reach) as usize][(ox + reach) as usize] = score;
            if score > top.0 {
                top = (score, ox, oy);
            }
        }
    }
    let (score, ox, oy) = top;
    if score < 0.8 || ox.abs() == reach || oy.abs() == reach {
        return None;
    }
    let s = |dx: i32, dy: i32| f64::from(scores[(oy + dy + reach) as usize][(ox + dx + reach) as usize]);
    let vertex = |low: f64, middle: f64, high: f64| {
        let bend = low - 2.0 * middle + high;
        if bend < -1e-6 { (0.5 * (low - high) / bend).clamp(-0.5, 0.5) } else { 0.0 }
    };
    let sub = (vertex(s(-1, 0), s(0, 0), s(1, 0)), vertex(s(0, -1), s(0, 0), s(0, 1)));
    Some(map.apply((at.0 + f64::from(ox) + sub.0, at.1 + f64::from(oy) + sub.1)))
}

fn patch(plane: &Plane, place: impl Fn(f64, f64) -> Point) -> Option<[f32; SIDE * SIDE]> {
    let mut out = [0.0; SIDE * SIDE];
    for (k, value) in out.iter_mut().enumerate() {
        let (dx, dy) = ((k % SIDE) as i32 - PATCH, (k / SIDE) as i32 - PATCH);
        let (x, y) = place(f64::from(dx), f64::from(dy));
        *value = plane.sample(x, y)?;
    }
    Some(out)
}

/// Mean zero and length one, or none for a patch without contrast.
fn unit(mut values: [f32; SIDE * SIDE]) -> Option<[f32; SIDE * SIDE]> {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    values.iter_mut().for_each(|v| *v -= mean);
    let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
    // 121 pixels that stray by about three grey levels.
    if length < 33.0 {
        return None;
    }
    values.iter_mut().for_each(|v| *v /= length);
    Some(values)
}
