//! The ten levels of the two-dimensional code: their sizes, in integers.
//!
//! Must never hold a size in degrees: every size is a whole number of units of 1/2048 second.

use core::fmt;
use core::str::FromStr;

/// Grid units of 1/2048 second in one degree: 3600 x 2048.
pub(crate) const UNITS_PER_DEG: u32 = 3_600 * 2_048;

/// One of the ten levels of the code, 1 (coarsest, 6° x 4°) to 10 (finest, 1/2048″).
///
/// GB/T 39409-2020, clause 5. Levels compare by number: a finer level is greater.
///
/// ```
/// use dipper_grid::Level;
/// assert_eq!(Level::try_from(7), Ok(Level::L7));
/// assert!(Level::try_from(11).is_err());
/// assert_eq!(Level::L5.code_len(), 11);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    /// 6° x 4°, a 1:1 000 000 map sheet; about 668 x 445 km at the equator.
    pub const L1: Level = Level(1);
    /// 30′ x 30′; about 55.66 km.
    pub const L2: Level = Level(2);
    /// 15′ x 10′, a 1:50 000 map sheet; about 27.8 x 18.6 km.
    pub const L3: Level = Level(3);
    /// 1′ x 1′; about 1.855 km.
    pub const L4: Level = Level(4);
    /// 4″ x 4″; about 124 m.
    pub const L5: Level = Level(5);
    /// 2″ x 2″; about 62 m.
    pub const L6: Level = Level(6);
    /// 1/4″; about 7.7 m.
    pub const L7: Level = Level(7);
    /// 1/32″; about 0.97 m.
    pub const L8: Level = Level(8);
    /// 1/256″; about 12 cm.
    pub const L9: Level = Level(9);
    /// 1/2048″; about 1.5 cm.
    pub const L10: Level = Level(10);

    /// Every level, coarsest first.
    pub const ALL: [Level; 10] =
        [Level::L1, Level::L2, Level::L3, Level::L4, Level::L5, Level::L6, Level::L7, Level::L8, Level::L9, Level::L10];

    /// The number of the level, 1 to 10.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The next finer level, or `None` at level 10.
    pub const fn finer(self) -> Option<Level> {
        if self.0 < 10 { Some(Level(self.0 + 1)) } else { None }
    }

    /// The next coarser level, or `None` at level 1.
    pub const fn coarser(self) -> Option<Level> {
        if self.0 > 1 { Some(Level(self.0 - 1)) } else { None }
    }

    /// Characters in the code string of a cell of this level: 4 to 20.
    pub const fn code_len(self) -> usize {
        [4, 6, 7, 9, 11, 12, 14, 16, 18, 20][self.0 as usize - 1]
    }

    /// The level of a code string of `len` characters.
    pub(crate) fn of_code_len(len: usize) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.code_len() == len)
    }

    /// East-west size of a non-polar cell, in units of 1/2048 second.
    pub(crate) const fn lon_units(self) -> u32 {
        const LON: [u32; 10] = [
            6 * UNITS_PER_DEG,
            UNITS_PER_DEG / 2,
            UNITS_PER_DEG / 4,
            UNITS_PER_DEG / 60,
            4 * 2_048,
            2 * 2_048,
            512,
            64,
            8,
            1,
        ];
        LON[self.0 as usize - 1]
    }

    /// North-south size of a non-polar cell, in units of 1/2048 second.
    pub(crate) const fn lat_units(self) -> u32 {
        match self.0 {
            1 => 4 * UNITS_PER_DEG,
            3 => UNITS_PER_DEG / 6,
            _ => self.lon_units(),
        }
    }

    /// East-west and north-south size of a non-polar cell, in degrees.
    pub fn size_deg(self) -> (f64, f64) {
        let unit = f64::from(UNITS_PER_DEG);
        (f64::from(self.lon_units()) / unit, f64::from(self.lat_units()) / unit)
    }
}

impl TryFrom<u8> for Level {
    type Error = LevelError;

    fn try_from(number: u8) -> Result<Level, LevelError> {
        if (1..=10).contains(&number) { Ok(Level(number)) } else { Err(LevelError::OutOfRange { number }) }
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> u8 {
        level.0
    }
}

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Level, LevelError> {
        let number: u8 = text.parse().map_err(|_| LevelError::NotANumber)?;
        Level::try_from(number)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Why a number or text is not a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LevelError {
    /// The number is not 1 to 10.
    OutOfRange {
        /// The number given.
        number: u8,
    },
    /// The text is not a whole number from 0 to 255.
    NotANumber,
}

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LevelError::OutOfRange { number } => {
                write!(f, "grid level is {number}; levels are 1 to 10")
            }
            LevelError::NotANumber => f.write_str("grid level is not a number; levels are 1 to 10"),
        }
    }
}

impl core::error::Error for LevelError {}
