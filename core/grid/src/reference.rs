//! Reference codes and short codes: a place by its offset from one known nearby.
//!
//! GB/T 39409-2020 clauses 7 and 8. Must never accept two spellings of one offset, nor restore a place from a name
//! without a gazetteer.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::cell::Cell;
use crate::code::CodeError;
use crate::index::Index;
use crate::level::Level;

/// Offsets one character can hold, either way.
const REACH: i64 = 7;
/// `0` to `7` go east or north, `A` to `G` one to seven cells west or south.
const EASTWARDS: &[u8; 8] = b"01234567";
const WESTWARDS: &[u8; 7] = b"ABCDEFG";

/// One offset, in cells: east and north, negative to the west and the south. -7 to 7 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Offset {
    east: i8,
    north: i8,
}

/// Offsets from a reference cell: one in cells of its level, then one more a level finer, and so on.
///
/// The part `-MN[-M'N']` of a reference code (clause 7). The first offset leads to any cell within seven of the
/// reference; each later one chooses a child of the cell reached, from the child nearest (0, 0). Directions are
/// geographic in every quadrant, so that in the west later offsets are letters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Offsets(Vec<Offset>);

impl Offsets {
    /// The offsets that lead from a reference cell to a cell of its level or finer.
    ///
    /// # Errors
    /// [`ReferenceError`] when the reference is not of level 5 or finer, or the target is coarser or more than seven
    /// cells away.
    pub fn between(reference: Cell, target: Cell) -> Result<Offsets, ReferenceError> {
        let level = check_reference(reference)?;
        let above = target.ancestor(level).ok_or(ReferenceError::TargetCoarser { reference: level })?;
        let (from, to) = (Index::of(reference), Index::of(above));
        let half = crate::index::columns(level) / 2;
        let east = (to.column - from.column + half).rem_euclid(2 * half) - half;
        let north = to.row - from.row;
        if east.abs() > REACH || north.abs() > REACH {
            return Err(ReferenceError::TooFar { east, north });
        }
        let mut offsets = alloc::vec![Offset { east: east as i8, north: north as i8 }];
        let mut here = above;
        while let Some(next) = here.level().finer().and_then(|level| target.ancestor(level)) {
            let (first, to) = (Index::of(nearest_child(here)), Index::of(next));
            offsets.push(Offset { east: (to.column - first.column) as i8, north: (to.row - first.row) as i8 });
            here = next;
        }
        Ok(Offsets(offsets))
    }

    /// The cell these offsets lead to from a reference cell.
    ///
    /// # Errors
    /// [`ReferenceError`] when the reference is not of level 5 or finer, when an offset leads beyond 88° of latitude,
    /// out of the cell reached so far, or below level 10.
    pub fn target(&self, reference: Cell) -> Result<Cell, ReferenceError> {
        check_reference(reference)?;
        let (first, later) = self.0.split_first().ok_or(ReferenceError::NoOffset)?;
        let stepped =
            |cell: Cell, offset: &Offset| Index::of(cell).step(i64::from(offset.east), i64::from(offset.north)).cell();
        let mut here = stepped(reference, first).ok_or(ReferenceError::BeyondCaps)?;
        for (offset, number) in later.iter().zip(2..) {
            if here.level() == Level::L10 {
                return Err(ReferenceError::TooFine { offset: number });
            }
            let child = stepped(nearest_child(here), offset).filter(|child| here.contains(*child));
            here = child.ok_or(ReferenceError::OutsideCell { offset: number })?;
        }
        Ok(here)
    }
}

/// Levels with cells of 124 m and less, which are not polar.
fn check_reference(cell: Cell) -> Result<Level, ReferenceError> {
    if cell.level() < Level::L5 {
        return Err(ReferenceError::ReferenceLevel { level: cell.level() });
    }
    Ok(cell.level())
}

/// The child at the locating corner.
fn nearest_child(cell: Cell) -> Cell {
    cell.child(0).expect("a cell above level 10 has children")
}

fn write_digit(f: &mut fmt::Formatter<'_>, value: i8) -> fmt::Result {
    let at = usize::from(value.unsigned_abs());
    let digit = if value < 0 { WESTWARDS[at - 1] } else { EASTWARDS[at] };
    write!(f, "{}", char::from(digit))
}

impl fmt::Display for Offsets {
    /// Writes `-MN[-M'N']`, beginning with the hyphen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for offset in &self.0 {
            f.write_str("-")?;
            write_digit(f, offset.east)?;
            write_digit(f, offset.north)?;
        }
        Ok(())
    }
}

impl FromStr for Offsets {
    type Err = ReferenceError;

    /// Parses `-MN[-M'N']`: one to six groups.
    fn from_str(text: &str) -> Result<Offsets, ReferenceError> {
        let groups = text.strip_prefix('-').ok_or(ReferenceError::NoOffset)?;
        let mut offsets = Vec::new();
        for (group, number) in groups.split('-').zip(1..) {
            let digit = |byte: u8| match byte {
                b'0'..=b'7' => Some((byte - b'0') as i8),
                b'A'..=b'G' => Some(-1 - (byte - b'A') as i8),
                _ => None,
            };
            let &[east, north] = group.as_bytes() else { return Err(ReferenceError::Group { offset: number }) };
            let (Some(east), Some(north)) = (digit(east), digit(north)) else {
                return Err(ReferenceError::Group { offset: number });
            };
            // From level 5 there are five levels to go.
            if number > 6 {
                return Err(ReferenceError::TooFine { offset: number });
            }
            offsets.push(Offset { east, north });
        }
        Ok(Offsets(offsets))
    }
}

/// A reference code `C0-MN[-M'N']` (clause 7): a cell by its offset from a reference cell nearby.
///
/// ```
/// use dipper_grid::{Cell, ReferenceCode};
/// // The gate of the standard's example, seen from the tower and from the office.
/// let (gate, tower, office): (Cell, Cell, Cell) =
///     ("N50J475493E".parse()?, "N50J475491E".parse()?, "N50J475492E".parse()?);
/// assert_eq!(ReferenceCode::new(tower, gate)?.to_string(), "N50J475491E-20");
/// assert_eq!(ReferenceCode::new(office, tower)?.to_string(), "N50J475492E-A0");
/// let code: ReferenceCode = "N50J475492E-10".parse()?;
/// assert_eq!(code.target(), gate);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReferenceCode {
    reference: Cell,
    offsets: Offsets,
    target: Cell,
}

impl ReferenceCode {
    /// The code of a target as seen from a reference cell.
    ///
    /// # Errors
    /// As [`Offsets::between`].
    pub fn new(reference: Cell, target: Cell) -> Result<ReferenceCode, ReferenceError> {
        Ok(ReferenceCode { reference, offsets: Offsets::between(reference, target)?, target })
    }

    /// The reference cell, C0.
    pub fn reference(&self) -> Cell {
        self.reference
    }

    /// The offsets.
    pub fn offsets(&self) -> &Offsets {
        &self.offsets
    }

    /// The cell the code stands for.
    pub fn target(&self) -> Cell {
        self.target
    }
}

impl fmt::Display for ReferenceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.reference, self.offsets)
    }
}

impl FromStr for ReferenceCode {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<ReferenceCode, ReferenceError> {
        let at = text.find('-').ok_or(ReferenceError::NoOffset)?;
        let reference: Cell = text[..at].parse().map_err(ReferenceError::Reference)?;
        let offsets: Offsets = text[at..].parse()?;
        let target = offsets.target(reference)?;
        Ok(ReferenceCode { reference, offsets, target })
    }
}

/// Names of places and their cells of level 5 or finer, for short codes.
pub trait Gazetteer {
    /// The cell of a place, by its exact name.
    fn find_cell(&self, name: &str) -> Option<Cell>;
}

impl<F: Fn(&str) -> Option<Cell>> Gazetteer for F {
    fn find_cell(&self, name: &str) -> Option<Cell> {
        self(name)
    }
}

impl Gazetteer for alloc::collections::BTreeMap<String, Cell> {
    fn find_cell(&self, name: &str) -> Option<Cell> {
        self.get(name).copied()
    }
}

/// A short code `name-MN[-M'N']` (clause 8): a place name stands for the reference cell.
///
/// A name is not empty and holds no hyphen and no control character.
///
/// ```
/// use dipper_grid::{Cell, ShortCode};
/// let gazetteer = |name: &str| (name == "求是塔").then(|| "N50J475491E".parse().expect("a code"));
/// let code: ShortCode = "求是塔-20".parse()?;
/// assert_eq!(code.target(&gazetteer)?, "N50J475493E".parse::<Cell>()?);
/// assert_eq!(ShortCode::new("求是塔", &gazetteer, code.target(&gazetteer)?)?.to_string(), "求是塔-20");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ShortCode {
    name: String,
    offsets: Offsets,
}

impl ShortCode {
    /// The code of a target as seen from a named place.
    ///
    /// # Errors
    /// As [`ShortCode::target`] and [`Offsets::between`].
    pub fn new(name: &str, gazetteer: &impl Gazetteer, target: Cell) -> Result<ShortCode, ReferenceError> {
        check_name(name)?;
        let reference = gazetteer.find_cell(name).ok_or(ReferenceError::UnknownName)?;
        Ok(ShortCode { name: name.to_string(), offsets: Offsets::between(reference, target)? })
    }

    /// The name of the reference place.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The offsets.
    pub fn offsets(&self) -> &Offsets {
        &self.offsets
    }

    /// The cell the code stands for, as a gazetteer has its place.
    ///
    /// # Errors
    /// [`ReferenceError::UnknownName`], and as [`Offsets::target`].
    pub fn target(&self, gazetteer: &impl Gazetteer) -> Result<Cell, ReferenceError> {
        self.offsets.target(gazetteer.find_cell(&self.name).ok_or(ReferenceError::UnknownName)?)
    }
}

fn check_name(name: &str) -> Result<(), ReferenceError> {
    let fits = !name.is_empty() && !name.contains(|letter: char| letter == '-' || letter.is_control());
    if fits { Ok(()) } else { Err(ReferenceError::Name) }
}

impl fmt::Display for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.offsets)
    }
}

impl FromStr for ShortCode {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<ShortCode, ReferenceError> {
        let at = text.find('-').ok_or(ReferenceError::NoOffset)?;
        check_name(&text[..at])?;
        Ok(ShortCode { name: text[..at].to_string(), offsets: text[at..].parse()? })
    }
}

/// Why a reference code or a short code leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferenceError {
    /// The reference cell is no code.
    Reference(CodeError),
    /// The name is empty or holds a hyphen or a control character.
    Name,
    /// The gazetteer does not know the name.
    UnknownName,
    /// There is no `-MN`.
    NoOffset,
    /// An offset is not two characters of `0`-`7` (east, north) and `A`-`G` (west, south).
    Group {
        /// Its number, from 1.
        offset: u32,
    },
    /// The reference cell is coarser than level 5.
    ReferenceLevel {
        /// Its level.
        level: Level,
    },
    /// The target is coarser than the reference cell.
    TargetCoarser {
        /// Level of the reference cell.
        reference: Level,
    },
    /// The target is more than seven cells away.
    TooFar {
        /// Cells to the east.
        east: i64,
        /// Cells to the north.
        north: i64,
    },
    /// The first offset leads beyond 88° of latitude.
    BeyondCaps,
    /// A later offset leads out of the cell reached before it.
    OutsideCell {
        /// Its number, from 1.
        offset: u32,
    },
    /// An offset goes below level 10.
    TooFine {
        /// Its number, from 1.
        offset: u32,
    },
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReferenceError::Reference(fault) => fault.fmt(f),
            ReferenceError::Name => f.write_str("place name is empty or holds a hyphen or a control character"),
            ReferenceError::UnknownName => f.write_str("place name is not in the gazetteer"),
            ReferenceError::NoOffset => f.write_str("no offset; expected a hyphen and two characters"),
            ReferenceError::Group { offset } => {
                write!(f, "offset {offset} is not two characters of 0 to 7 (east, north) and A to G (west, south)")
            }
            ReferenceError::ReferenceLevel { level } => {
                write!(f, "reference cell is of level {level}; it must be of level 5 or finer")
            }
            ReferenceError::TargetCoarser { reference } => {
                write!(f, "target is coarser than the reference cell of level {reference}")
            }
            ReferenceError::TooFar { east, north } => {
                write!(f, "target is {east} cells east and {north} north; offsets reach 7 either way")
            }
            ReferenceError::BeyondCaps => f.write_str("offset leads beyond 88 degrees of latitude"),
            ReferenceError::OutsideCell { offset } => write!(f, "offset {offset} leads out of the cell before it"),
            ReferenceError::TooFine { offset } => write!(f, "offset {offset} goes below level 10"),
        }
    }
}

impl core::error::Error for ReferenceError {}
