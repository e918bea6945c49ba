//! The code string: 4 to 20 characters, printed and parsed strictly.
//!
//! GB/T 39409-2020 clauses 5.2 to 5.11. Must never accept two spellings of one cell: upper case only, no
//! separators, no padding.

use core::fmt;
use core::str::FromStr;

use crate::cell::Cell;
use crate::layout::{self, L1_PER_HEMISPHERE, L1_STRIDE, L2_STRIDE, L3_STRIDE, L5_SHIFT, L6_SHIFT, LEAF, RANK_SHIFT};
use crate::level::Level;
use crate::polar;

const DIGITS: &[u8; 15] = b"0123456789ABCDE";

/// Collects the characters of one code.
pub(crate) struct Writer {
    /// The characters.
    pub text: [u8; 20],
    len: usize,
}

impl Writer {
    fn push(&mut self, character: u8) {
        self.text[self.len] = character;
        self.len += 1;
    }

    fn digit(&mut self, value: u32) {
        self.push(DIGITS[value as usize]);
    }

    fn pair(&mut self, value: u32, radix: u32) {
        self.digit(value / radix);
        self.digit(value % radix);
    }
}

pub(crate) fn write_code(cell: Cell) -> Writer {
    let mut out = Writer { text: [0; 20], len: 0 };
    let key = cell.key();
    let rank = (key >> RANK_SHIFT) as u32;
    let (l1, below) = (rank / L1_STRIDE, rank % L1_STRIDE);
    out.push(if l1 < L1_PER_HEMISPHERE { b'N' } else { b'S' });
    let sheet = l1 % L1_PER_HEMISPHERE;
    if sheet == 0 {
        out.text[1..4].copy_from_slice(b"000");
        out.len = 4;
        if cell.level() == Level::L2 {
            out.pair(polar::sector_index(cell), 4);
        }
        return out;
    }
    out.pair((sheet - 1) / 22 + 1, 10);
    out.push(b'A' + ((sheet - 1) % 22) as u8);
    for level in &Level::ALL[1..cell.level().get() as usize] {
        match level.get() {
            2 => out.pair(below / L2_STRIDE, 8),
            3 => out.digit(below % L2_STRIDE / L3_STRIDE),
            4 => out.pair(below % L3_STRIDE, 10),
            5 => out.pair((key >> L5_SHIFT & 0xFF) as u32, 15),
            6 => out.digit((key >> L6_SHIFT & 3) as u32),
            10 => out.pair((key & 63) as u32, 8),
            finer => out.pair((key >> (19 - 6 * (finer - 7)) & 63) as u32, 8),
        }
    }
    out
}

impl fmt::Display for Cell {
    /// Writes the code string; see [`Cell`] for an example.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = write_code(*self);
        f.pad(core::str::from_utf8(&code.text[..code.len]).map_err(|_| fmt::Error)?)
    }
}

/// Reads the characters of one code from left to right.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn fault(&self, expected: &'static str) -> CodeError {
        let found = self.text[self.at..].chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
        CodeError::Character { at: self.at, found, expected }
    }

    /// One character of `0`-`9`, `A`-`E` with a value below `radix`.
    fn digit(&mut self, radix: u32, expected: &'static str) -> Result<u32, CodeError> {
        let byte = self.text.as_bytes()[self.at];
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'E' => byte - b'A' + 10,
            _ => return Err(self.fault(expected)),
        };
        if u32::from(value) >= radix {
            return Err(self.fault(expected));
        }
        self.at += 1;
        Ok(u32::from(value))
    }

    /// Two characters: longitude, then latitude.
    fn pair(&mut self, lon: (u32, &'static str), lat: (u32, &'static str)) -> Result<u32, CodeError> {
        let high = self.digit(lon.0, lon.1)?;
        Ok(high * lat.0 + self.digit(lat.0, lat.1)?)
    }

    fn octal_pair(&mut self) -> Result<u64, CodeError> {
        self.pair((8, "a digit 0 to 7"), (8, "a digit 0 to 7")).map(u64::from)
    }

    /// The hemisphere, column and row; the rank of the level-1 cell and whether it is polar.
    fn level_1(&mut self) -> Result<(u32, bool), CodeError> {
        let hemisphere = match self.text.as_bytes()[0] {
            b'N' => 0,
            b'S' => L1_PER_HEMISPHERE,
            _ => return Err(self.fault("N or S")),
        };
        self.at = 1;
        let tens = self.digit(7, "a column 01 to 60, or 00 at a pole")?;
        let units = self.digit(10, "a column 01 to 60, or 00 at a pole")?;
        let column = tens * 10 + units;
        if column > 60 {
            return Err(CodeError::Column { column });
        }
        let row = self.text.as_bytes()[3];
        if column == 0 {
            return match row {
                b'0' => {
                    self.at = 4;
                    Ok((hemisphere * L1_STRIDE, true))
                }
                _ => Err(self.fault("0, as the column 00 is polar")),
            };
        }
        if !(b'A'..=b'V').contains(&row) {
            return Err(self.fault("a row A to V"));
        }
        self.at = 4;
        Ok(((hemisphere + 1 + (column - 1) * 22 + u32::from(row - b'A')) * L1_STRIDE, false))
    }

    /// The part of the rank that the digits of one of levels 2 to 4 add.
    fn rank_part(&mut self, level: Level) -> Result<u32, CodeError> {
        Ok(match level.get() {
            2 => L2_STRIDE * self.pair((12, "a digit 0 to B"), (8, "a digit 0 to 7"))?,
            3 => L3_STRIDE * self.digit(6, "a digit 0 to 5")?,
            _ => self.pair((15, "a digit 0 to E"), (10, "a digit 0 to 9"))?,
        })
    }

    /// The bits that the digits of one of levels 5 to 10 set.
    fn bits(&mut self, level: Level) -> Result<u64, CodeError> {
        Ok(match level.get() {
            5 => u64::from(self.pair((15, "a digit 0 to E"), (15, "a digit 0 to E"))?) << L5_SHIFT,
            6 => u64::from(self.digit(4, "a digit 0 to 3")?) << L6_SHIFT,
            10 => self.octal_pair()?,
            finer => self.octal_pair()? << (19 - 6 * (finer - 7)),
        })
    }
}

impl FromStr for Cell {
    type Err = CodeError;

    /// Parses a two-dimensional code string.
    ///
    /// # Errors
    /// [`CodeError`] says which character is wrong and what belongs there.
    fn from_str(text: &str) -> Result<Cell, CodeError> {
        if let Some((at, found)) = text.char_indices().find(|(_, found)| !found.is_ascii()) {
            return Err(CodeError::Character { at, found, expected: "a digit or a capital letter" });
        }
        let level = Level::of_code_len(text.len()).ok_or(CodeError::Length { len: text.len() })?;
        let mut reader = Reader { text, at: 0 };
        let (mut rank, polar) = reader.level_1()?;
        if polar {
            if level > Level::L2 {
                return Err(CodeError::PolarLevel { level });
            }
            if level == Level::L2 {
                rank += L2_STRIDE * reader.pair((4, "a digit 0 to 3"), (4, "a digit 0 to 3"))?;
            }
            return Ok(Cell::of_key(u64::from(rank) << RANK_SHIFT | u64::from(level.get())));
        }
        let mut bits = 0;
        for step in &Level::ALL[1..level.get() as usize] {
            match step.get() {
                2..=4 => rank += reader.rank_part(*step)?,
                _ => bits |= reader.bits(*step)?,
            }
        }
        let slot = if level == Level::L10 { LEAF } else { u64::from(level.get()) };
        let key = u64::from(rank) << RANK_SHIFT | bits | slot;
        debug_assert_eq!(layout::level_of(key), level);
        Ok(Cell::of_key(key))
    }
}

/// Why a text is not a two-dimensional code.
///
/// ```
/// use dipper_grid::{Cell, CodeError, Level};
/// assert_eq!("N50J4".parse::<Cell>(), Err(CodeError::Length { len: 5 }));
/// assert_eq!("N61J".parse::<Cell>(), Err(CodeError::Column { column: 61 }));
/// assert_eq!(
///     "N50W".parse::<Cell>().unwrap_err().to_string(),
///     "character 4 of the grid code is 'W'; expected a row A to V",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeError {
    /// No level has codes of this length.
    Length {
        /// Characters given.
        len: usize,
    },
    /// A character is not one of those allowed at its place.
    Character {
        /// Its place in bytes, from 0.
        at: usize,
        /// The character found.
        found: char,
        /// What belongs there.
        expected: &'static str,
    },
    /// The column of the level-1 cell is above 60.
    Column {
        /// The column given.
        column: u32,
    },
    /// A polar code of level 3 or finer, which the standard does not define enough to read.
    PolarLevel {
        /// The level the length stands for.
        level: Level,
    },
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodeError::Length { len } => {
                write!(f, "grid code has {len} characters; a code has 4, 6, 7, 9, 11, 12, 14, 16, 18 or 20")
            }
            CodeError::Character { at, found, expected } => {
                write!(f, "character {} of the grid code is {found:?}; expected {expected}", at + 1)
            }
            CodeError::Column { column } => {
                write!(f, "grid code has column {column}; columns are 01 to 60")
            }
            CodeError::PolarLevel { level } => {
                write!(f, "grid code is polar and of level {level}; polar cells have levels 1 and 2 only")
            }
        }
    }
}

impl core::error::Error for CodeError {}
