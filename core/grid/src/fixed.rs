//! Positions as integers: 2^20 parts of a grid unit, 15 nanometres each at the equator.
//!
//! Must never be rounded a second time: lines and covers reckon on these integers exactly.

use crate::level::UNITS_PER_DEG;

/// Parts of a grid unit, as a power of two.
pub(crate) const FRACTION_BITS: u32 = 20;
/// Parts of a grid unit.
pub(crate) const ONE: i64 = 1 << FRACTION_BITS;
/// Once round the globe.
pub(crate) const TURN: i64 = 360 * UNITS_PER_DEG as i64 * ONE;

/// Degrees as fixed point, to the nearest part. For |`v_deg`| <= 180.
pub(crate) fn of_degrees(v_deg: f64) -> i64 {
    nearest(v_deg * (f64::from(UNITS_PER_DEG) * ONE as f64))
}

/// Fixed point as degrees, to the nearest double.
pub(crate) fn to_degrees(v: i64) -> f64 {
    v as f64 / (f64::from(UNITS_PER_DEG) * ONE as f64)
}

/// The nearest whole number, for |`value`| < 2^51: `round` is not in core.
pub(crate) fn nearest(value: f64) -> i64 {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    ((value + ROUND) - ROUND) as i64
}
