//! The packed key: bit fields, strides, and the way between a key and grid units.
//!
//! ```text
//! bit 63 | 62 .. 35           | 34..27 | 26..25 | 24..19 | 18..13 | 12..7 | 6 .. 0
//!   0    | rank of levels 1-4 | L5     | L6     | L7     | L8     | L9    | slot
//! ```
//! The slot is `64 + L10 digit` for a level-10 cell, else the number of the level (1 to 9), with every field
//! below the level zero. So a cell comes just before its descendants, which fill one range.
//!
//! Must never look at a float other than in [`units`] and [`units_up`]: all else is integer arithmetic.

use crate::level::{Level, UNITS_PER_DEG};

/// Level-4 places under one level-1 cell: 96 x 6 x 150.
pub(crate) const L1_STRIDE: u32 = 96 * L2_STRIDE;
/// Level-4 places under one level-2 cell: 6 x 150.
pub(crate) const L2_STRIDE: u32 = 6 * L3_STRIDE;
/// Level-4 places under one level-3 cell: 15 x 10.
pub(crate) const L3_STRIDE: u32 = 150;

/// Level-1 cells of one hemisphere: the polar cell, then 60 columns of 22 rows.
pub(crate) const L1_PER_HEMISPHERE: u32 = 1 + 60 * 22;
/// Ranks in use: 228 268 800, below 2^28.
pub(crate) const RANKS: u32 = 2 * L1_PER_HEMISPHERE * L1_STRIDE;
const _: () = assert!(RANKS < 1 << 28, "the rank has 28 bits");

/// Where the rank of levels 1 to 4 begins.
pub(crate) const RANK_SHIFT: u32 = 35;
/// Where the level-5 digit begins.
pub(crate) const L5_SHIFT: u32 = 27;
/// Where the level-6 digit begins.
pub(crate) const L6_SHIFT: u32 = 25;
/// Marks a level-10 cell in the slot.
pub(crate) const LEAF: u64 = 64;

/// |longitude| of the 180° meridian in units.
pub(crate) const HALF_TURN: u32 = 180 * UNITS_PER_DEG;
/// |latitude| in units at which the polar cap begins: row 23 has no letter, so 88° itself is polar.
pub(crate) const POLAR_FROM: u32 = 88 * UNITS_PER_DEG;

/// Nearness, in units, at which a coordinate is taken for the whole unit above it: 15 nanometres.
///
/// Without it the corner of 4 % of all cells would encode to the cell beside, because k/U x U loses a bit.
const SNAP: f64 = 1e-6;

/// Whole units of 1/2048 second in `v_deg`, rounded down after the snap. For 0 <= `v_deg` <= 360.
#[inline]
pub(crate) fn units(v_deg: f64) -> u32 {
    // Adding 2^52 leaves the nearest integer in the low mantissa bits. Not `as u32`: its saturation
    // checks cost more than the rest of this function; not `round`: it is not in core.
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    let exact = v_deg * f64::from(UNITS_PER_DEG);
    let shifted = exact + TWO_52;
    let nearest = shifted - TWO_52;
    (shifted.to_bits() as u32) - u32::from(nearest - exact >= SNAP)
}

/// Whole units in `v_deg`, rounded up after the snap. For 0 <= `v_deg` <= 360.
pub(crate) fn units_up(v_deg: f64) -> u32 {
    let down = units(v_deg);
    let exact = v_deg * f64::from(UNITS_PER_DEG);
    down + u32::from(exact - f64::from(down) >= SNAP)
}

/// A place in grid units: the quadrant and the distances from (0, 0), below 180° and 88°.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub west: bool,
    pub south: bool,
    /// Units from the prime meridian.
    pub kx: u32,
    /// Units from the equator.
    pub ky: u32,
}

impl Spot {
    /// All fields of the key down to level 10, slot mark not set.
    #[inline]
    fn fields(self) -> u64 {
        const MINUTE: u32 = Level::L4.lon_units();
        let (x4, y4) = (self.kx / MINUTE, self.ky / MINUTE);
        let (x, y) = (self.kx - x4 * MINUTE, self.ky - y4 * MINUTE);
        // Level 5: cells of 2^13 units, 15 x 15. Level 6: bit 12, 2 x 2, latitude first.
        let d5 = (x >> 13) * 15 + (y >> 13);
        let d6 = (y >> 11 & 2) | (x >> 12 & 1);
        let tail = weave(x & 0xFFF, y & 0xFFF);
        u64::from(rank(self.west, self.south, x4, y4)) << RANK_SHIFT
            | u64::from(d5) << L5_SHIFT
            | u64::from(d6) << L6_SHIFT
            | (tail >> 6) << 7
            | tail & 63
    }

    /// The key of the cell of `level` that holds this spot.
    #[inline]
    pub(crate) fn key(self, level: Level) -> u64 {
        at_level(self.fields(), level)
    }

    /// The spot of the locating corner of the non-polar cell `key`.
    pub(crate) fn of_key(key: u64) -> Spot {
        let rank = (key >> RANK_SHIFT) as u32;
        let (l1, below) = (rank / L1_STRIDE, rank % L1_STRIDE);
        let sheet = l1 % L1_PER_HEMISPHERE - 1;
        let (column, row) = (sheet / 22, sheet % 22);
        let west = column < 30;
        let (d2, d3, d4) = (below / L2_STRIDE, below % L2_STRIDE / L3_STRIDE, below % L3_STRIDE);
        let d5 = (key >> L5_SHIFT & 0xFF) as u32;
        let d6 = (key >> L6_SHIFT & 3) as u32;
        let tail = (key >> 7 & 0x3_FFFF) << 6 | if key & LEAF != 0 { key & 63 } else { 0 };
        let (x7, y7) = unweave(tail);
        let x1 = if west { 29 - column } else { column - 30 };
        let minutes_x = x1 * 360 + d2 / 8 * 30 + d3 % 2 * 15 + d4 / 10;
        let minutes_y = row * 240 + d2 % 8 * 30 + d3 / 2 * 10 + d4 % 10;
        let minute = Level::L4.lon_units();
        Spot {
            west,
            south: l1 >= L1_PER_HEMISPHERE,
            kx: minutes_x * minute + ((d5 / 15) << 13) + ((d6 & 1) << 12) + x7,
            ky: minutes_y * minute + ((d5 % 15) << 13) + ((d6 >> 1) << 12) + y7,
        }
    }
}

/// The rank over levels 1 to 4 of the minute cell `x4`, `y4`.
///
/// With the digits of each level `l1 * 86400 + d2 * 900 + d3 * 150 + d4`, where
/// d2 = 8 lon + lat, d3 = 2 lat + lon, d4 = 10 lon + lat. Every digit is a difference of quotients
/// (lon2 = x4/30 - 12 (x4/360) and so on), so the sum folds to two short independent ones:
/// quotients by 15 in x and by 30 in y cancel out.
#[inline]
fn rank(west: bool, south: bool, x4: u32, y4: u32) -> u32 {
    const COLUMN: u32 = 22 * L1_STRIDE;
    const FOLD_X1: u32 = 12 * 8 * L2_STRIDE;
    const FOLD_Y1: u32 = 8 * L2_STRIDE;
    const FOLD_X2: u32 = 8 * L2_STRIDE - 2 * L3_STRIDE;
    const FOLD_Y3: u32 = 2 * L3_STRIDE - 10;
    let x1 = x4 / 360;
    let column = if west { 29 - x1 } else { 30 + x1 };
    let along = column * COLUMN + x4 / 30 * FOLD_X2 + x4 * 10 - x1 * FOLD_X1;
    let away = y4 / 240 * (L1_STRIDE - FOLD_Y1) + y4 / 10 * FOLD_Y3 + y4;
    let hemisphere = if south { L1_PER_HEMISPHERE * L1_STRIDE } else { 0 };
    // The polar cell of the hemisphere comes first.
    hemisphere + L1_STRIDE + along + away
}

/// Weaves two 12-bit numbers in groups of three bits: x first, then y, four times.
#[inline]
fn weave(x: u32, y: u32) -> u64 {
    // Both numbers spread at once, x in the high half.
    const PAIRS: u64 = 0o77_0077 << 32 | 0o77_0077;
    const GROUPS: u64 = 0o0707_0707 << 32 | 0o0707_0707;
    let both = u64::from(x) << 32 | u64::from(y);
    let both = (both | both << 6) & PAIRS;
    let both = (both | both << 3) & GROUPS;
    (both >> 29 | both) & 0xFF_FFFF
}

/// Undoes [`weave`].
fn unweave(tail: u64) -> (u32, u32) {
    let gather = |from: u64| (0..4).fold(0, |sum, group| sum | (from >> (6 * group) & 7) << (3 * group)) as u32;
    (gather(tail >> 3), gather(tail))
}

/// Cuts the fields of a key down to `level` and sets the slot.
#[inline]
pub(crate) fn at_level(fields: u64, level: Level) -> u64 {
    /// Bits kept at levels 4 to 10; the levels above keep part of the rank.
    const KEEP: [u64; 16] = {
        let all = (1 << 63) - 1;
        let mut keep = [0; 16];
        let mut level = 4;
        let shifts = [RANK_SHIFT, L5_SHIFT, L6_SHIFT, 19, 13, 7, 0];
        while level <= 10 {
            keep[level] = all >> shifts[level - 4] << shifts[level - 4];
            level += 1;
        }
        keep
    };
    let number = level.get();
    if number >= 4 {
        let slot = if number == 10 { LEAF } else { u64::from(number) };
        return fields & KEEP[number as usize & 15] | slot;
    }
    let rank = fields >> RANK_SHIFT;
    let cut = match number {
        1 => rank % u64::from(L1_STRIDE),
        2 => rank % u64::from(L2_STRIDE),
        _ => rank % u64::from(L3_STRIDE),
    };
    (rank - cut) << RANK_SHIFT | u64::from(number)
}

/// The level written in a key.
#[inline]
pub(crate) fn level_of(key: u64) -> Level {
    if key & LEAF != 0 {
        return Level::L10;
    }
    Level::ALL[((key & 15) as usize).clamp(1, 10) - 1]
}

/// Keys from one cell of `level` to the next beside it.
#[inline]
pub(crate) const fn span(level: Level) -> u64 {
    const SPANS: [u64; 10] = [
        (L1_STRIDE as u64) << RANK_SHIFT,
        (L2_STRIDE as u64) << RANK_SHIFT,
        (L3_STRIDE as u64) << RANK_SHIFT,
        1 << RANK_SHIFT,
        1 << L5_SHIFT,
        1 << L6_SHIFT,
        1 << 19,
        1 << 13,
        1 << 7,
        1,
    ];
    SPANS[level.get() as usize - 1]
}

/// The last key among the cell `key` and its descendants.
#[inline]
pub(crate) fn last_of(key: u64) -> u64 {
    if key & LEAF != 0 {
        return key;
    }
    (key & !63) + span(level_of(key)) - 1
}

/// Whether the level-1 cell of `key` is the polar cell of its hemisphere.
#[inline]
pub(crate) fn is_polar(key: u64) -> bool {
    ((key >> RANK_SHIFT) as u32 / L1_STRIDE).is_multiple_of(L1_PER_HEMISPHERE)
}

/// The first key after `last` that can belong to a cell, when `last` ends the range of some cell.
///
/// Steps over the codes that no cell has: level-5 digits 225 to 255 and the unused end of a polar cell.
pub(crate) fn next_used(last: u64) -> u64 {
    let mut next = last + 1;
    if next >> L5_SHIFT & 0xFF >= 225 {
        next = ((next >> RANK_SHIFT) + 1) << RANK_SHIFT;
    }
    let rank = (next >> RANK_SHIFT) as u32;
    if is_polar(next) && rank % L1_STRIDE >= 16 * L2_STRIDE {
        next = u64::from(rank - rank % L1_STRIDE + L1_STRIDE) << RANK_SHIFT;
    }
    next
}

/// The first key of the place where the cell `key` begins.
///
/// Keys between it and `key` belong to no cell or to ancestors that begin at the same place.
pub(crate) fn place_of(key: u64) -> u64 {
    match (key & LEAF != 0, key & 63) {
        (true, 0) => key & !127,
        (true, _) => key,
        (false, _) => key & !63,
    }
}
