//! The three-dimensional code string: 7 to 32 characters, plane and height groups interleaved.
//!
//! GB/T 39409-2020 clause 6 and annex C. Must never accept two spellings of one voxel, nor a two-dimensional code of
//! the same length.

use core::fmt;
use core::str::FromStr;

use super::layout::{self, Layers};
use super::{HeightRule, Voxel};
use crate::cell::Cell;
use crate::code::{self, CodeError};
use crate::level::Level;

/// Characters in the code of a voxel of each level.
const LENGTHS: [usize; 10] = [7, 10, 12, 15, 18, 20, 23, 26, 29, 32];
/// Plane characters that a level adds, the hemisphere apart.
const PLANE_CHARACTERS: [usize; 10] = [3, 2, 1, 2, 2, 1, 2, 2, 2, 2];
const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

impl<R: HeightRule> fmt::Display for Voxel<R> {
    /// Writes the code string; see [`Voxel`] for an example.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (plane, layers) = self.parts();
        let level = usize::from(self.level().get());
        let plane = code::write_code(plane);
        let mut text = [0; 32];
        text[0] = plane.text[0];
        text[1] = DIGITS[usize::from(layers.below)];
        let (mut at, mut read) = (2, 1);
        for (step, count) in PLANE_CHARACTERS[..level].iter().enumerate() {
            text[at..at + count].copy_from_slice(&plane.text[read..read + count]);
            at += count;
            read += count;
            let digit = layout::height_digit::<R>(layers.from, step) as usize;
            if step == 0 {
                text[at] = DIGITS[digit / 10];
                at += 1;
            }
            text[at] = DIGITS[if step == 0 { digit % 10 } else { digit }];
            at += 1;
        }
        f.pad(core::str::from_utf8(&text[..at]).map_err(|_| fmt::Error)?)
    }
}

/// A code taken apart: the plane code, and the height digits.
struct Parts {
    plane: [u8; 20],
    plane_len: usize,
    /// Where each plane character stood.
    places: [usize; 20],
    below: bool,
    height: [u32; 10],
}

/// One height character with a value below `radix`.
fn digit(text: &[u8], at: usize, radix: u32, expected: &'static str) -> Result<u32, VoxelCodeError> {
    let found = text[at];
    let value = match found {
        b'0'..=b'9' => u32::from(found - b'0'),
        b'A'..=b'F' => u32::from(found - b'A') + 10,
        _ => u32::MAX,
    };
    if value < radix { Ok(value) } else { Err(VoxelCodeError::Height { at, found: char::from(found), expected }) }
}

fn take_apart<R: HeightRule>(text: &[u8], level: usize) -> Result<Parts, VoxelCodeError> {
    let below = digit(text, 1, 2, "0 above ground or 1 below")? == 1;
    let mut parts = Parts { plane: [0; 20], plane_len: 1, places: [0; 20], below, height: [0; 10] };
    parts.plane[0] = text[0];
    let mut at = 2;
    for (step, count) in PLANE_CHARACTERS[..level].iter().enumerate() {
        for _ in 0..*count {
            parts.plane[parts.plane_len] = text[at];
            parts.places[parts.plane_len] = at;
            parts.plane_len += 1;
            at += 1;
        }
        parts.height[step] = match step {
            0 => {
                at += 1;
                let tens = digit(text, at - 1, 7, "a height 00 to 63")?;
                10 * tens + digit(text, at, if tens == 6 { 4 } else { 10 }, "a height 00 to 63")?
            }
            1 | 6.. => digit(text, at, 8, "a height digit 0 to 7")?,
            2 | 5 => digit(text, at, 2, "a height digit 0 or 1")?,
            _ => digit(text, at, R::RADIX, R::DIGITS)?,
        };
        at += 1;
    }
    Ok(parts)
}

impl<R: HeightRule> FromStr for Voxel<R> {
    type Err = VoxelCodeError;

    /// Parses a three-dimensional code string under the reading of the type.
    ///
    /// # Errors
    /// [`VoxelCodeError`] says which character is wrong and what belongs there.
    fn from_str(text: &str) -> Result<Voxel<R>, VoxelCodeError> {
        if let Some((at, found)) = text.char_indices().find(|(_, found)| !found.is_ascii()) {
            let expected = "a digit or a capital letter";
            return Err(VoxelCodeError::Plane(CodeError::Character { at, found, expected }));
        }
        let place = LENGTHS.iter().position(|length| *length == text.len());
        let level = place.ok_or(VoxelCodeError::Length { len: text.len() })? + 1;
        let parts = take_apart::<R>(text.as_bytes(), level)?;
        // All ASCII, as checked.
        let plane = core::str::from_utf8(&parts.plane[..parts.plane_len]).unwrap_or_default();
        let cell: Cell = plane.parse().map_err(|fault| {
            VoxelCodeError::Plane(match fault {
                CodeError::Character { at, found, expected } => {
                    CodeError::Character { at: parts.places[at], found, expected }
                }
                other => other,
            })
        })?;
        let from = layout::join_digits::<R>(&parts.height);
        if from >= super::height::CEILING {
            return Err(VoxelCodeError::AboveCeiling);
        }
        debug_assert_eq!(usize::from(cell.level().get()), level);
        Ok(Voxel::of(cell, Layers { below: parts.below, from }))
    }
}

impl Level {
    /// Characters in the code string of a voxel of this level: 7 to 32.
    pub const fn voxel_code_len(self) -> usize {
        LENGTHS[self.get() as usize - 1]
    }
}

/// Why a text is not a three-dimensional code.
///
/// ```
/// use dipper_grid::{Cell, Voxel, VoxelCodeError};
/// // A plane code of the same length is no voxel.
/// let fault = "N50J475".parse::<Voxel>().unwrap_err();
/// assert_eq!(fault.to_string(), "character 2 of the grid code is '5'; expected 0 above ground or 1 below");
/// assert_eq!("N050J".parse::<Voxel>(), Err(VoxelCodeError::Length { len: 5 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VoxelCodeError {
    /// No level has three-dimensional codes of this length.
    Length {
        /// Characters given.
        len: usize,
    },
    /// A height character is not one of those allowed at its place.
    Height {
        /// Its place in bytes, from 0.
        at: usize,
        /// The character found.
        found: char,
        /// What belongs there.
        expected: &'static str,
    },
    /// The plane characters are no code; places count in the whole text.
    Plane(CodeError),
    /// The layer begins at the ceiling of 256° or above, which [`super::AnnexCBits`] can spell and no height has.
    AboveCeiling,
}

impl fmt::Display for VoxelCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VoxelCodeError::Length { len } => write!(
                f,
                "grid code has {len} characters; a three-dimensional code has 7, 10, 12, 15, 18, 20, 23, 26, 29 or 32"
            ),
            VoxelCodeError::Height { at, found, expected } => {
                write!(f, "character {} of the grid code is {found:?}; expected {expected}", at + 1)
            }
            VoxelCodeError::Plane(fault) => fault.fmt(f),
            VoxelCodeError::AboveCeiling => f.write_str("layer of the grid code lies above the ceiling of 256 degrees"),
        }
    }
}

impl core::error::Error for VoxelCodeError {}
