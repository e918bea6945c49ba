//! The light taken out of the second picture: one smooth gain over the picture.

use crate::homography::solve;
use crate::plane::{Plane, median};

const BLOCK: usize = 16;
const TERMS: usize = 6;

/// Makes the second picture as bright as the first, by the same smooth field in each channel.
///
/// before ≈ after · q(x, y) with q quadratic: exposure, vignetting, a lamp to one side. No offset: most of a panel has one
/// brightness, where gain and offset cannot be told apart, and the dark parts then come out wrong. Blocks that do not fit (what
/// has changed) weigh less with each round (Cauchy weights), so that a change does not pull the field.
pub(crate) fn even_out(before: &[Plane; 3], after: &mut [Plane; 3], seen: &[bool]) {
    for (before, after) in before.iter().zip(after.iter_mut()) {
        let Some(field) = fit_field(before, after, seen) else { continue };
        let (width, height) = (after.width, after.height);
        for y in 0..height {
            for x in 0..width {
                let value = &mut after.values[y * width + x];
                let row = terms(x, y, width, height, *value);
                let even: f64 = row.iter().zip(&field).map(|(a, b)| a * b).sum();
                *value = even.clamp(0.0, 255.0) as f32;
            }
        }
    }
}

fn terms(x: usize, y: usize, width: usize, height: usize, value: f32) -> [f64; TERMS] {
    let (u, v) = (2.0 * x as f64 / width as f64 - 1.0, 2.0 * y as f64 / height as f64 - 1.0);
    let value = f64::from(value) / 255.0;
    [value, value * u, value * v, value * u * u, value * u * v, value * v * v].map(|term| term * 255.0)
}

fn fit_field(before: &Plane, after: &Plane, seen: &[bool]) -> Option<[f64; TERMS]> {
    let (width, height) = (before.width, before.height);
    let mut blocks = Vec::new();
    for top in (0..height.saturating_sub(BLOCK)).step_by(BLOCK) {
        for left in (0..width.saturating_sub(BLOCK)).step_by(BLOCK) {
            let (mut a, mut b) = (0.0, 0.0);
            let mut whole = true;
            for y in top..top + BLOCK {
                for x in left..left + BLOCK {
                    whole &= seen[y * width + x];
                    a += before.get(x, y);
                    b += after.get(x, y);
                }
            }
            let count = (BLOCK * BLOCK) as f32;
            // Burnt-out and black blocks say nothing about the light.
            if whole && (8.0..247.0).contains(&(a / count)) && (8.0..247.0).contains(&(b / count)) {
                let row = terms(left + BLOCK / 2, top + BLOCK / 2, width, height, b / count);
                blocks.push((row, f64::from(a / count)));
            }
        }
    }
    if blocks.len() < 4 * TERMS {
        return None;
    }
    let mut weights = vec![1.0; blocks.len()];
    let mut field = None;
    for _ in 0..8 {
        let found = weighted_fit(&blocks, &weights)?;
        let errors: Vec<f64> = blocks
            .iter()
            .map(|(row, target)| row.iter().zip(&found).map(|(a, b)| a * b).sum::<f64>() - target)
            .collect();
        let mut sizes: Vec<f32> = errors.iter().map(|e| e.abs() as f32).collect();
        let spread = f64::from(median(&mut sizes)).max(0.5) * 1.48;
        for (weight, error) in weights.iter_mut().zip(&errors) {
            *weight = 1.0 / (1.0 + (error / (2.0 * spread)).powi(2));
        }
        field = Some(found);
    }
    field
}

fn weighted_fit(blocks: &[([f64; TERMS], f64)], weights: &[f64]) -> Option<[f64; TERMS]> {
    let mut system = [[0.0; TERMS + 1]; TERMS];
    for ((row, target), weight) in blocks.iter().zip(weights) {
        for i in 0..TERMS {
            for j in 0..TERMS {
                system[i][j] += weight * row[i] * row[j];
            }
            system[i][TERMS] += weight * row[i] * target;
        }
    }
    solve(system)
}
