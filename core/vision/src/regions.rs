//! Where two pictures that lie over each other differ, and which differences are only light.

use crate::plane::{Plane, median};

/// An upright rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Rect {
    /// Whether a point lies in it.
    #[must_use]
    pub fn contains(&self, x: f64, y: f64) -> bool {
        self.x <= x && x < self.x + self.width && self.y <= y && y < self.y + self.height
    }
}

/// One place that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// Where in the first picture.
    pub before: Rect,
    /// Where in the second picture.
    pub after: Rect,
    /// How much of the first picture differs there, in its square pixels.
    pub area_px: f64,
    /// Mean difference of the changed pixels, from 0 to 1 (black against white).
    pub strength: f64,
}

/// Connected pixels of the working picture that differ.
pub(crate) struct Blob {
    pub pixels: Vec<usize>,
    pub strength: f64,
}

/// A difference of channels below this is light, noise or JPEG: a tenth of the range.
const LEAST_DIFFERENCE: f32 = 26.0;
/// A flat patch of shade is told from a thing by its size alone: this share of the picture and more is shade.
const SHADE_SHARE: f64 = 0.012;

/// Places that differ by more than light, at least `least_px` pixels each.
pub(crate) fn differing(before: &[Plane; 3], after: &[Plane; 3], compared: &[bool], least_px: usize) -> Vec<Blob> {
    let (width, height) = (before[0].width, before[0].height);
    let before = before.clone().map(|plane| plane.box_mean(1));
    let mut after = after.clone().map(|plane| plane.box_mean(1));
    let first = difference(&before, &after, compared);
    let limit = limit_of(&first, compared);
    let found = components(&mask_of(&first, limit), width, height, least_px);
    // Light is taken out of each place that can be light, and what is left is looked at again.
    let mut lit = vec![false; width * height];
    for blob in &found {
        if is_light(&before, &after, &blob.pixels) {
            take_out(&before, &mut after, &blob.pixels);
            blob.pixels.iter().for_each(|at| lit[*at] = true);
        }
    }
    let second = difference(&before, &after, compared);
    let edge = edge_of(&lit, width, height);
    let mask: Vec<bool> =
        second.iter().zip(&edge).map(|(d, edge)| *d > if *edge { 3.0 * limit } else { limit }).collect();
    let mut blobs = components(&mask, width, height, least_px);
    blobs.retain(|blob| !is_light(&before, &after, &blob.pixels));
    for blob in &mut blobs {
        let sum: f64 = blob.pixels.iter().map(|at| f64::from(first[*at].max(second[*at]))).sum();
        blob.strength = sum / blob.pixels.len() as f64 / 255.0;
    }
    blobs
}

/// By how much the second picture leaves what the first shows within one pixel, the greatest over the channels.
fn difference(before: &[Plane; 3], after: &[Plane; 3], compared: &[bool]) -> Vec<f32> {
    let (width, height) = (before[0].width, before[0].height);
    let mut out = vec![0.0; width * height];
    for (a, b) in before.iter().zip(after) {
        // Both ways, or a thin needle that is gone would be excused by the pixels next to it.
        let (low_a, high_a) = extremes(a);
        let (low_b, high_b) = extremes(b);
        for at in 0..out.len() {
            if compared[at] {
                let left = (b.values[at] - high_a[at]).max(low_a[at] - b.values[at]);
                let gone = (a.values[at] - high_b[at]).max(low_b[at] - a.values[at]);
                out[at] = left.max(gone).max(out[at]);
            }
        }
    }
    out
}

/// Least and greatest in each pixel's 3 × 3 square.
fn extremes(plane: &Plane) -> (Vec<f32>, Vec<f32>) {
    let (width, height) = (plane.width, plane.height);
    let mut low = plane.values.clone();
    let mut high = plane.values.clone();
    for y in 0..height {
        for x in 0..width {
            for v in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                for u in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    let value = plane.get(u, v);
                    low[y * width + x] = low[y * width + x].min(value);
                    high[y * width + x] = high[y * width + x].max(value);
                }
            }
        }
    }
    (low, high)
}

/// Above the noise of this pair: eight times the median excess where there is any, at least a tenth of the range.
fn limit_of(difference: &[f32], compared: &[bool]) -> f32 {
    let mut held: Vec<f32> = difference.iter().zip(compared).filter(|(_, c)| **c).map(|(d, _)| d.max(0.0)).collect();
    (8.0 * median(&mut held)).max(LEAST_DIFFERENCE)
}

fn mask_of(difference: &[f32], limit: f32) -> Vec<bool> {
    difference.iter().map(|d| *d > limit).collect()
}

/// Pixels within three of the edge of a lit place, where light and shade mix.
fn edge_of(lit: &[bool], width: usize, height: usize) -> Vec<bool> {
    let plane = Plane { width, height, values: lit.iter().map(|l| f32::from(u8::from(*l))).collect() };
    plane.box_mean(3).values.iter().map(|share| (0.001..0.999).contains(share)).collect()
}

/// Whether the second picture shows the first's surface there in another light.
///
/// Light multiplies: one factor of every channel alike, between a third and three, and the pattern of the surface stays.
fn is_light(before: &[Plane; 3], after: &[Plane; 3], pixels: &[usize]) -> bool {
    let ratios: [Vec<f32>; 3] = std::array::from_fn(|c| {
        pixels.iter().map(|at| ((after[c].values[*at] + 4.0) / (before[c].values[*at] + 4.0)).ln()).collect()
    });
    let middles: [f32; 3] = std::array::from_fn(|c| median(&mut ratios[c].clone()));
    let (least, most) = middles.iter().fold((f32::MAX, f32::MIN), |(l, m), v| (l.min(*v), m.max(*v)));
    if most - least > 0.12 || most.abs().max(least.abs()) > 3.0_f32.ln() || most * least < 0.0 {
        return false;
    }
    let green: Vec<f32> = pixels.iter().map(|at| (before[1].values[*at] + 4.0).ln()).collect();
    let later: Vec<f32> = pixels.iter().map(|at| (after[1].values[*at] + 4.0).ln()).collect();
    let mut strays: Vec<f32> = ratios[1].iter().map(|r| (r - middles[1]).abs()).collect();
    let stray = median(&mut strays);
    let pattern = crate::plane::variance(&green).sqrt();
    let is_kept = pattern > 0.15 && correlation(&green, &later) > 0.85 && stray < 0.12;
    let is_wide = pixels.len() as f64 > SHADE_SHARE * before[0].values.len() as f64 && stray < 0.2;
    is_kept || is_wide
}

fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let count = a.len().max(1) as f64;
    let mean = |v: &[f32]| v.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 1e-9, 1e-9);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (f64::from(*x) - ma, f64::from(*y) - mb);
        (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y);
    }
    ab / (aa * bb).sqrt()
}

/// Divides a place by its own light: the ratio's mean over 17 pixels, within the place, so that half-shade goes too.
fn take_out(before: &[Plane; 3], after: &mut [Plane; 3], pixels: &[usize]) {
    let (width, height) = (before[0].width, before[0].height);
    for (before, after) in before.iter().zip(after.iter_mut()) {
        let mut held = Plane::new(width, height);
        let mut ratio = Plane::new(width, height);
        let mut all: Vec<f32> =
            pixels.iter().map(|at| ((after.values[*at] + 4.0) / (before.values[*at] + 4.0)).ln()).collect();
        let logs = all.clone();
        let middle = median(&mut all);
        for (at, log) in pixels.iter().zip(&logs) {
            // What is far from the place's light is a thing in the shade, which must not be taken out.
            if (log - middle).abs() < 0.6 {
                held.values[*at] = 1.0;
                ratio.values[*at] = *log;
            }
        }
        let (held, ratio) = (held.box_mean(8), ratio.box_mean(8));
        for at in pixels {
            let log = if held.values[*at] > 0.0 { ratio.values[*at] / held.values[*at] } else { middle };
            after.values[*at] = ((after.values[*at] + 4.0) / log.exp() - 4.0).clamp(0.0, 255.0);
        }
    }
}

/// Pixels that touch, across gaps of up to four pixels, in groups of at least some size.
fn components(mask: &[bool], width: usize, height: usize, least_px: usize) -> Vec<Blob> {
    let mut seen = vec![false; mask.len()];
    let mut out = Vec::new();
    for start in 0..mask.len() {
        if !mask[start] || seen[start] {
            continue;
        }
        seen[start] = true;
        let mut pixels = vec![start];
        let mut next = 0;
        while next < pixels.len() {
            let (x, y) = (pixels[next] % width, pixels[next] / width);
            next += 1;
            for v in y.saturating_sub(4)..=(y + 4).min(height - 1) {
                for u in x.saturating_sub(4)..=(x + 4).min(width - 1) {
                    let at = v * width + u;
                    if mask[at] && !seen[at] {
                        seen[at] = true;
                        pixels.push(at);
                    }
                }
            }
        }
        if pixels.len() >= least_px {
            out.push(Blob { pixels, strength: 0.0 });
        }
    }
    out
}
