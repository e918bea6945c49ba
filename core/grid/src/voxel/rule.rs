//! The two readings of the height digits: the standard contradicts itself, so the reading is a type.
//!
//! Must never be chosen by a value at run time: a code of one reading means another place under the other.

use core::fmt::Debug;
use core::hash::Hash;

/// How the number of a layer becomes height characters.
///
/// Clause 6 and annex C of GB/T 39409-2020 differ. Readings agree below 1 839.585 m above the ground and differ from
/// there on, so a code must say by its type which one it follows. Sealed: [`Clause6`] and [`AnnexCBits`].
pub trait HeightRule: sealed::Rule + Copy + Debug + Ord + Hash + Send + Sync + 'static {}

/// Clause 6 (normative): radices 64, 8, 2, 15, 15, 2, 8, 8, 8, 8. The default.
///
/// 6.1, 6.2, the value ranges of figure 12, C.2 and the carry at E of C.5 agree on it; layers have the sizes of the
/// plane (60″ at level 4), and 64 layers of level 1 end at the very ceiling of 256°.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clause6 {}

/// Formulas C.14 and C.15 (informative): the bits of the layer number, radices 64, 8, 2, 16, 16, 2, 8, 8, 8, 8.
///
/// For codes made by the open libraries, all of which slice bits. Level-4 layers are 64″ high, the digit `F` occurs,
/// which clause 6 forbids, and level-1 characters above 56 cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnnexCBits {}

impl HeightRule for Clause6 {}
impl HeightRule for AnnexCBits {}

pub(crate) mod sealed {
    /// What the packing needs to know of a reading.
    pub trait Rule {
        /// Layers of one level in a layer of the level above, at levels 4 and 5.
        const RADIX: u32;
        /// The reading as a bit of the packed key.
        const MARK: u128;
        /// What belongs in a level-4 or level-5 height character.
        const DIGITS: &'static str;
    }

    impl Rule for super::Clause6 {
        const RADIX: u32 = 15;
        const MARK: u128 = 0;
        const DIGITS: &'static str = "a height digit 0 to E";
    }

    impl Rule for super::AnnexCBits {
        const RADIX: u32 = 16;
        const MARK: u128 = 1 << 4;
        const DIGITS: &'static str = "a height digit 0 to F";
    }
}
