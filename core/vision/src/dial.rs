//! Round dials: the angle of the needle, and so the value.

use image::RgbImage;

use crate::plane::{Plane, channels, luma, median};

/// A round dial with one needle, in the baseline's pixels.
///
/// Angles are degrees clockwise from straight up; the scale runs clockwise from `zero_angle` to `full_angle`.
#[derive(Debug, Clone, PartialEq)]
pub struct Dial {
    /// The needle's axis.
    pub centre: (f64, f64),
    /// From the axis to the scale.
    pub radius: f64,
    /// Where the needle stands at `min`.
    pub zero_angle: f64,
    /// Where it stands at `max`.
    pub full_angle: f64,
    /// Value at the start of the scale.
    pub min: f64,
    /// Value at its end.
    pub max: f64,
}

/// Where a needle stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DialReading {
    /// Degrees clockwise from straight up, 0 to 360.
    pub angle_deg: f64,
    /// The value on the scale; at most 3 % of the scale outside it.
    pub value: f64,
    /// From 0 to 1: how far the needle stands out from everything else on the dial.
    pub confidence: f64,
}

/// Why a dial cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DialError {
    /// Mark the dial anew.
    #[error(
        "the dial has no scale: angles, values and radius have to be numbers, min other than max, radius at least 12 pixels"
    )]
    NoScale,
    /// The picture does not show the whole dial.
    #[error("the dial at ({x:.0}, {y:.0}) with radius {radius:.0} is not wholly in the picture")]
    Outside {
        /// Its axis.
        x: f64,
        /// Its axis.
        y: f64,
        /// Its radius.
        radius: f64,
    },
    /// Glare, a cover, a broken glass.
    #[error("no needle stands out on the dial (confidence {confidence:.2}, at least {LEAST_CONFIDENCE})")]
    NoNeedle {
        /// What was found.
        confidence: f64,
    },
}

const LEAST_CONFIDENCE: f64 = 0.3;
/// Directions looked along: half a degree each.
const DIRECTIONS: usize = 720;
/// The needle is looked for between these shares of the radius: outside the hub, inside the marks of the scale.
const FROM: f64 = 0.28;
const TO: f64 = 0.70;
/// How far past the ends of the scale a needle may rest, as a share of the scale.
const PAST_END: f64 = 0.03;

/// Reads a dial in a picture that lies over the baseline.
///
/// # Errors
/// When the dial has no scale, is not wholly in the picture, or no needle stands out.
pub fn read_dial(picture: &RgbImage, dial: &Dial) -> Result<DialReading, DialError> {
    let numbers = [dial.centre.0, dial.centre.1, dial.radius, dial.zero_angle, dial.full_angle, dial.min, dial.max];
    let sweep = sweep(dial);
    if numbers.iter().any(|v| !v.is_finite()) || dial.radius < 12.0 || dial.min == dial.max {
        return Err(DialError::NoScale);
    }
    let (x, y) = dial.centre;
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let reach = dial.radius;
    if x - reach < 0.0 || y - reach < 0.0 || x + reach > width - 1.0 || y + reach > height - 1.0 {
        return Err(DialError::Outside { x, y, radius: reach });
    }
    let scores = scores(&luma(&channels(picture)), dial);
    let on_scale = |k: usize| past_start(k as f64 / 2.0, dial, sweep).is_some();
    let best = (0..DIRECTIONS).filter(|k| on_scale(*k)).max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let best = best.ok_or(DialError::NoScale)?;
    // Six degrees either side belong to the same needle.
    let apart = |a: usize, b: usize| (a.abs_diff(b)).min(DIRECTIONS - a.abs_diff(b));
    let rival = (0..DIRECTIONS).filter(|k| on_scale(*k) && apart(*k, best) > 24).map(|k| scores[k]);
    let rival = rival.fold(0.0, f64::max);
    // A needle differs from the face by at least 15 grey levels all along; less is a reflection.
    let confidence = ((scores[best] - rival) / scores[best].max(15.0)).clamp(0.0, 1.0);
    if confidence < LEAST_CONFIDENCE {
        return Err(DialError::NoNeedle { confidence });
    }
    let angle_deg = middle(&scores, best).rem_euclid(360.0);
    let along = past_start(angle_deg, dial, sweep).unwrap_or(0.0) / sweep;
    Ok(DialReading { angle_deg, value: dial.min + along * (dial.max - dial.min), confidence })
}

/// Degrees from the start of the scale to its end, clockwise; a full turn when they are one place.
fn sweep(dial: &Dial) -> f64 {
    let sweep = (dial.full_angle - dial.zero_angle).rem_euclid(360.0);
    if sweep < 1.0 { 360.0 } else { sweep }
}

/// Degrees from the start of the scale, or none off the scale.
fn past_start(angle_deg: f64, dial: &Dial, sweep: f64) -> Option<f64> {
    let turned = (angle_deg - dial.zero_angle).rem_euclid(360.0);
    let slack = sweep * PAST_END;
    if turned <= (sweep + slack).min(360.0) {
        return Some(turned);
    }
    (turned >= 360.0 - slack).then_some(turned - 360.0)
}

/// For each direction, by how much all of it differs from the rest of the face in one sense.
fn scores(luma: &Plane, dial: &Dial) -> Vec<f64> {
    let steps = ((TO - FROM) * dial.radius).ceil().clamp(6.0, 200.0) as usize;
    let mut excess: Vec<Vec<f32>> = (0..DIRECTIONS).map(|_| Vec::with_capacity(steps)).collect();
    for step in 0..steps {
        let distance = dial.radius * (FROM + (TO - FROM) * step as f64 / (steps - 1) as f64);
        let ring: Vec<f32> = (0..DIRECTIONS)
            .map(|k| {
                let (sin, cos) = (k as f64 / 2.0).to_radians().sin_cos();
                luma.sample(dial.centre.0 + distance * sin, dial.centre.1 - distance * cos).unwrap_or(0.0)
            })
            .collect();
        let face = median(&mut ring.clone());
        for (k, value) in ring.iter().enumerate() {
            excess[k].push(value - face);
        }
    }
    excess
        .into_iter()
        .map(|mut along| {
            // The lower quartile of the size: numerals and marks lie on a part of a direction, a needle on all of it.
            let sign = median(&mut along.clone()).signum();
            along.iter_mut().for_each(|v| *v *= sign);
            let quarter = along.len() / 4;
            f64::from(along.select_nth_unstable_by(quarter, f32::total_cmp).1.max(0.0))
        })
        .collect()
}

/// The needle's middle: the mean of the directions around the best one, by their score above half of its.
fn middle(scores: &[f64], best: usize) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for offset in -16_i32..=16 {
        let k = (best as i32 + offset).rem_euclid(DIRECTIONS as i32) as usize;
        let above = (scores[k] - scores[best] / 2.0).max(0.0);
        sum += f64::from(offset) * above;
        weight += above;
    }
    (best as f64 + sum / weight.max(1e-9)) / 2.0
}
