//! The packed key of a voxel: digits of plane and height level by level, and the way to cell and layer.
//!
//! ```text
//! bit 127 | 126 | 125..115 | 114..109 | 108..102 | 101..99 | 98..96 | 95 | 94..87 | 86..83 | 82..75 | 74..71
//!  N/S    | a0  | sheet    | a1a2     | L2       | a3      | L3     | a4 | L4     | a5     | L5     | a6
//! bit 70..69 | 68 | 67..62 | 61..59 | … L8 a9, L9 a10, L10 a11 to 32 | 31..5 | 4    | 3..0
//!  L6        | a7 | L7     | a8     |                                | 0     | rule | level
//! ```
//! Order of keys = order of code strings, and the descendants of a voxel fill one range.
//!
//! Must never look at a float: heights are layers here.

use super::height::CEILING;
use super::rule::HeightRule;
use crate::cell::Cell;
use crate::layout::{L1_PER_HEMISPHERE, L1_STRIDE, L2_STRIDE, L3_STRIDE, L5_SHIFT, L6_SHIFT, LEAF, RANK_SHIFT};
use crate::level::Level;

/// Where the digits of each level end.
const END: [u32; 10] = [109, 99, 95, 83, 71, 68, 59, 50, 41, 32];
/// Bits of the height digit of each level; level 1 has the sign apart.
const HEIGHT_BITS: [u32; 10] = [6, 3, 1, 4, 4, 1, 3, 3, 3, 3];
/// Where the sign a0 is.
const BELOW: u32 = 126;
/// Where the hemisphere is.
const SOUTH: u32 = 127;

/// Where the digits of `level` end in a key.
pub(crate) const fn end_of(level: Level) -> u32 {
    END[level.get() as usize - 1]
}

/// A run of layers of level 10 on one side of the ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layers {
    /// Below ground: counted downwards.
    pub below: bool,
    /// Layers of level 10 between the ground and the run.
    pub from: u32,
}

impl Layers {
    /// The side and distance of a layer of level 10.
    #[inline]
    pub fn of(layer: i32) -> Layers {
        Layers { below: layer < 0, from: if layer < 0 { (-1 - layer) as u32 } else { layer as u32 } }
    }
}

/// Height of a layer of `level`, in layers of level 10.
pub(crate) const fn thickness<R: HeightRule>(level: Level) -> u32 {
    let below_5 = match level.get() {
        10 => return 1,
        9 => return 8,
        8 => return 64,
        7 => return 512,
        6 => return 4_096,
        _ => 8_192,
    };
    match level.get() {
        5 => below_5,
        4 => below_5 * R::RADIX,
        3 => below_5 * R::RADIX * R::RADIX,
        2 => below_5 * R::RADIX * R::RADIX * 2,
        _ => below_5 * R::RADIX * R::RADIX * 16,
    }
}

/// Layers of `level` in the layer of the level above that begins `from` layers off the ground.
///
/// One layer has fewer than its radix: the level-1 layer in which the ceiling lies under [`super::AnnexCBits`].
pub(crate) fn radix<R: HeightRule>(level: Level, from: u32) -> u32 {
    let full = match level.get() {
        1 => return CEILING.div_ceil(thickness::<R>(Level::L1)),
        2 | 7..=10 => 8,
        3 | 6 => 2,
        _ => R::RADIX,
    };
    full.min((CEILING - from).div_ceil(thickness::<R>(level)))
}

/// The ten height digits of a layer `from` layers off the ground.
#[inline]
fn height_digits<R: HeightRule>(from: u32) -> [u32; 10] {
    let units = from >> 13;
    let minutes = units / R::RADIX;
    let quarters = minutes / R::RADIX;
    [
        quarters >> 4,
        quarters >> 1 & 7,
        quarters & 1,
        minutes % R::RADIX,
        units % R::RADIX,
        from >> 12 & 1,
        from >> 9 & 7,
        from >> 6 & 7,
        from >> 3 & 7,
        from & 7,
    ]
}

/// The height digit of one level, by its place from 0, of a layer `from` layers off the ground.
pub(crate) fn height_digit<R: HeightRule>(from: u32, at: usize) -> u32 {
    height_digits::<R>(from)[at]
}

/// Undoes [`height_digits`].
pub(crate) fn join_digits<R: HeightRule>(height: &[u32; 10]) -> u32 {
    let quarters = (height[0] << 4) + (height[1] << 1) + height[2];
    let units = (quarters * R::RADIX + height[3]) * R::RADIX + height[4];
    (units << 13) + (height[5] << 12) + (height[6] << 9) + (height[7] << 6) + (height[8] << 3) + height[9]
}

/// The plane digits of a cell of any level, zero below its level, and whether it is south.
///
/// The first digit is the sheet within the hemisphere.
#[inline]
fn plane_digits(key: u64) -> ([u32; 10], bool) {
    let rank = (key >> RANK_SHIFT) as u32;
    let (l1, below) = (rank / L1_STRIDE, rank % L1_STRIDE);
    let south = l1 >= L1_PER_HEMISPHERE;
    let bits = |shift: u32, mask: u64| (key >> shift & mask) as u32;
    let digits = [
        if south { l1 - L1_PER_HEMISPHERE } else { l1 },
        below / L2_STRIDE,
        below % L2_STRIDE / L3_STRIDE,
        below % L3_STRIDE,
        bits(L5_SHIFT, 0xFF),
        bits(L6_SHIFT, 3),
        bits(19, 63),
        bits(13, 63),
        bits(7, 63),
        if key & LEAF != 0 { bits(0, 63) } else { 0 },
    ];
    (digits, south)
}

/// The key of the voxel on a cell, at the layer of the cell's level that holds `layers`.
#[inline]
pub(crate) fn pack<R: HeightRule>(cell: Cell, layers: Layers) -> u128 {
    pack_at::<R>(cell.key(), layers, cell.level())
}

/// The key of the voxel of `level` that holds a place: a plane key of that level or finer, and layers.
#[inline]
pub(crate) fn pack_at<R: HeightRule>(plane: u64, layers: Layers, level: Level) -> u128 {
    let (plane, south) = plane_digits(plane);
    let height = height_digits::<R>(layers.from);
    // Levels 1 to 6 are the 60 bits from bit 68, levels 7 to 10 the 36 below them: two machine words.
    let mut head = u64::from(south) << 1 | u64::from(layers.below);
    let mut at = 0;
    while at < 6 {
        let start = if at == 0 { BELOW } else { END[at - 1] };
        head = head << (start - END[at]) | u64::from(plane[at] << HEIGHT_BITS[at] | height[at]);
        at += 1;
    }
    let mut tail = 0;
    while at < 10 {
        tail = tail << 9 | u64::from(plane[at] << 3 | height[at]);
        at += 1;
    }
    let digits = u128::from(head) << END[5] | u128::from(tail) << END[9];
    let end = end_of(level);
    digits >> end << end | R::MARK | u128::from(level.get())
}

/// The level written in a key.
#[inline]
pub(crate) fn level_of(key: u128) -> Level {
    Level::ALL[((key & 15) as usize).clamp(1, 10) - 1]
}

/// A digit pair of a key: plane, height.
fn digits_at(key: u128, at: usize) -> (u32, u32) {
    let start = if at == 0 { BELOW } else { END[at - 1] };
    let both = (key >> END[at]) as u32 & ((1 << (start - END[at])) - 1);
    (both >> HEIGHT_BITS[at], both & ((1 << HEIGHT_BITS[at]) - 1))
}

/// The plane key, of the voxel's level, and the layers of a key. The inverse of [`pack`].
pub(crate) fn unpack<R: HeightRule>(key: u128) -> (u64, Layers) {
    let level = level_of(key);
    let south = key >> SOUTH != 0;
    let (mut plane, mut height) = ([0; 10], [0; 10]);
    for at in 0..10 {
        (plane[at], height[at]) = digits_at(key, at);
    }
    let sheet = plane[0] + if south { L1_PER_HEMISPHERE } else { 0 };
    let rank = sheet * L1_STRIDE + plane[1] * L2_STRIDE + plane[2] * L3_STRIDE + plane[3];
    let fields = u64::from(rank) << RANK_SHIFT
        | u64::from(plane[4]) << L5_SHIFT
        | u64::from(plane[5]) << L6_SHIFT
        | u64::from(plane[6]) << 19
        | u64::from(plane[7]) << 13
        | u64::from(plane[8]) << 7
        | u64::from(plane[9]);
    let slot = if level == Level::L10 { LEAF } else { u64::from(level.get()) };
    let from = join_digits::<R>(&height);
    (fields | slot, Layers { below: key >> BELOW & 1 != 0, from })
}

/// Whether a number is the key of a voxel under a reading.
pub(crate) fn is_key<R: HeightRule>(key: u128) -> bool {
    const LOW: u128 = (1 << 32) - 1;
    if !(1..=10).contains(&(key & 15)) || key & LOW & !31 != 0 || key & 16 != R::MARK {
        return false;
    }
    let level = level_of(key);
    if (0..10).any(|at| !digit_fits::<R>(digits_at(key, at), at)) {
        return false;
    }
    let (plane, layers) = unpack::<R>(key);
    let Ok(cell) = Cell::try_from(plane as i64) else { return false };
    layers.from < CEILING && pack_at::<R>(cell.key(), layers, level) == key
}

/// Whether the digits of a level are below their radices; radices that fill their bits need no look.
fn digit_fits<R: HeightRule>((plane, height): (u32, u32), at: usize) -> bool {
    let plane_radix = [L1_PER_HEMISPHERE, 96, 6, 150, 225][..].get(at).copied().unwrap_or(64);
    let height_fits = !matches!(at, 3 | 4) || height < R::RADIX;
    plane < plane_radix && height_fits
}
