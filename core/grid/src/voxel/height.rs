//! Heights and layers: the exponential ladder of annex C, the same to the last bit on every machine.
//!
//! Must never call the mathematics of the platform: two machines would then code one height in two ways now and
//! then. The logarithm and the exponential are summed here from exact operations; both are within 2 ulp.

use core::fmt;

use crate::level::UNITS_PER_DEG;

/// Radius r0 of the ladder in metres: the semi-major axis of CGCS2000 (clause C.3).
pub const LADDER_RADIUS_M: f64 = 6_378_137.0;

/// Layers of level 10 from the ground to the ceiling: 256 degrees of 1/2048 second (clause C.8).
pub(crate) const CEILING: u32 = 256 * UNITS_PER_DEG;

/// ln(1 + π/180): a layer of one degree is this part of its distance from the centre.
const LN_STEP: f64 = 0.017_302_733_123_681_042;

/// Nearness, in layers of level 10, at which a height is taken for the layer boundary above it. As in the plane.
const SNAP: f64 = 1e-6;

/// Layers of level 10 that the last bit of a height is worth, per part of the distance from the centre.
///
/// 2^-52 x 2^-1 (rounding) x 2 (the ratio is rounded too) x U / ln(1 + π/180). It exceeds [`SNAP`] only below
/// -5 900 km, where layers are thinner than the heights of a double are apart.
const LAST_BIT: f64 = 2.220_446_049_250_313e-16 * LAYERS_PER_LN;

const LAYERS_PER_LN: f64 = UNITS_PER_DEG as f64 / LN_STEP;

const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// ln(1 + x) for x > -1.
///
/// With 1 + x = 2^k m, 1/√2 <= m < √2: k ln 2 + 2 artanh((m - 1)/(m + 1)), the series to the 23rd power.
fn ln_1p(x: f64) -> f64 {
    const SQRT_2: f64 = core::f64::consts::SQRT_2;
    let whole = 1.0 + x;
    let mut exponent = ((whole.to_bits() >> 52) as i64) - 1_023;
    let mut mantissa = f64::from_bits(whole.to_bits() & ((1 << 52) - 1) | 1_023 << 52);
    if mantissa >= SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let power = exponent as f64;
    // Near the ground nothing is lost to the sum; farther away the lost part is put back.
    let (part, lost) = if exponent == 0 { (x, 0.0) } else { (mantissa - 1.0, (x - (whole - 1.0)) / whole) };
    let s = part / (2.0 + part);
    let square = s * s;
    let series = (1..=11).rev().fold(0.0, |sum, n| sum * square + 1.0 / f64::from(2 * n + 1)) * square;
    // artanh(s) = s + s * series, and 2 s = part - s * part.
    power * LN_2_HIGH + (part - s * (part - 2.0 * series) + (lost + power * LN_2_LOW))
}

/// e^y - 1 for |y| < 700: e^y = 2^k e^r with |r| <= ln 2 / 2, the series to the 15th power.
fn exp_m1(y: f64) -> f64 {
    // Rounds to the nearest whole number, which core cannot.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let power = (y * core::f64::consts::LOG2_E + ROUND) - ROUND;
    let rest = y - power * LN_2_HIGH - power * LN_2_LOW;
    let series = (1..=15).rev().fold(0.0, |sum, n| (sum + 1.0) * rest / f64::from(n));
    let scale = f64::from_bits(((power as i64 + 1_023) as u64) << 52);
    series * scale + (scale - 1.0)
}

/// The layer of level 10 a height falls in: `n` of formula C.7, negative below ground.
///
/// Layer `n` begins at [`layer_height_m`]`(n)` and ends where `n + 1` begins. A height less than 10⁻⁶ layer below a
/// boundary is taken to lie on it (a little more below -5 900 km, where doubles are coarser than that).
///
/// # Errors
/// [`HeightError`] when the height is not a finite number or not within -256° to 256° of the ladder
/// (-6 302 106.72 m to 528 680 171.13 m, clause C.13).
///
/// ```
/// use dipper_grid::{layer_height_m, layer_of_height};
/// assert_eq!(layer_of_height(0.0), Ok(0));
/// assert_eq!(layer_of_height(-0.001), Ok(-1));
/// // Everest.
/// assert_eq!(layer_of_height(8_848.86), Ok(590_758));
/// assert!((layer_height_m(590_758) - 8_848.86).abs() < 0.015);
/// # Ok::<(), dipper_grid::HeightError>(())
/// ```
pub fn layer_of_height(height_m: f64) -> Result<i32, HeightError> {
    let exact = exact_layer(height_m)?;
    let down = exact as i64;
    // `as` cuts towards zero; a floor is wanted, after the snap.
    let floor = down - i64::from(exact < down as f64);
    let snap = SNAP.max(2.0 * LAST_BIT * height_m.abs() / (LADDER_RADIUS_M + height_m));
    let layer = if (floor + 1) as f64 - exact < snap { floor + 1 } else { floor };
    if (-i64::from(CEILING)..i64::from(CEILING)).contains(&layer) {
        Ok(layer as i32)
    } else {
        Err(HeightError::OutOfRange { height_m })
    }
}

/// A height on the ladder, in layers of level 10 and fractions.
pub(crate) fn exact_layer(height_m: f64) -> Result<f64, HeightError> {
    if !height_m.is_finite() {
        return Err(HeightError::NotFinite);
    }
    let ratio = height_m / LADDER_RADIUS_M;
    // Well outside, and safe for the logarithm.
    if !(-0.99..84.0).contains(&ratio) {
        return Err(HeightError::OutOfRange { height_m });
    }
    Ok(ln_1p(ratio) * LAYERS_PER_LN)
}

/// The lower boundary of a layer of level 10, in metres above the ellipsoid: H(n) of formula C.8.
pub fn layer_height_m(layer: i32) -> f64 {
    height_at(f64::from(layer))
}

/// The height at a place on the ladder.
pub(crate) fn height_at(layer: f64) -> f64 {
    LADDER_RADIUS_M * exp_m1(layer / f64::from(UNITS_PER_DEG) * LN_STEP)
}

/// Why a height has no layer.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum HeightError {
    /// The height is infinite or not a number.
    NotFinite,
    /// The height is below -6 302 106.72 m or not below 528 680 171.13 m.
    OutOfRange {
        /// The height given, in metres above the ellipsoid.
        height_m: f64,
    },
}

impl fmt::Display for HeightError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeightError::NotFinite => f.write_str("height is not a finite number"),
            HeightError::OutOfRange { height_m } => {
                write!(f, "height is {height_m} m; layers reach from -6302106.72 m to 528680171.13 m")
            }
        }
    }
}

impl core::error::Error for HeightError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulps(a: f64, b: f64) -> u64 {
        (a.to_bits() as i64).abs_diff(b.to_bits() as i64)
    }

    #[test]
    fn the_step_is_the_logarithm_of_one_degree() {
        assert_eq!(LN_STEP, (core::f64::consts::PI / 180.0).ln_1p());
    }

    #[test]
    fn logarithm_and_exponential_are_those_of_the_platform_within_two_ulp() {
        for step in -30_000..30_000 {
            let y = f64::from(step) * 1.49e-4;
            assert!(ulps(exp_m1(y), y.exp_m1()) <= 2, "exp_m1({y})");
            let x = y.exp_m1();
            assert!(ulps(ln_1p(x), x.ln_1p()) <= 2, "ln_1p({x}) {} {}", ln_1p(x), x.ln_1p());
            let small = f64::from(step) * 1e-9;
            assert!(ulps(exp_m1(small), small.exp_m1()) <= 2, "exp_m1({small})");
            assert!(ulps(ln_1p(small), small.ln_1p()) <= 2, "ln_1p({small})");
        }
    }

    #[test]
    fn every_boundary_tried_falls_in_its_own_layer() {
        let mut layer = -i64::from(CEILING);
        while layer < i64::from(CEILING) {
            assert_eq!(layer_of_height(layer_height_m(layer as i32)), Ok(layer as i32));
            layer += 9_973;
        }
        for layer in -100_000..100_000 {
            assert_eq!(layer_of_height(layer_height_m(layer)), Ok(layer));
        }
    }

    #[test]
    fn the_range_of_the_standard_is_reproduced() {
        let range = [-(CEILING as i32), CEILING as i32].map(|layer| (layer_height_m(layer) * 100.0).round() / 100.0);
        assert_eq!(range, [-6_302_106.72, 528_680_171.13]);
        assert!(layer_of_height(528_680_171.0).is_ok());
        assert!(layer_of_height(528_680_172.0).is_err());
        assert!(layer_of_height(-6_302_106.72).is_ok());
        assert!(layer_of_height(-6_302_107.0).is_err());
    }
}
