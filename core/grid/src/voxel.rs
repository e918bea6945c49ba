//! The voxel: a cell of the plane and a layer of height, as one packed key.
//!
//! Must never hold a key that is not the key of exactly one voxel, nor mix the two readings of the height digits.

mod code;
mod height;
mod layout;
mod rule;
mod steps;

use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU128;
use core::ops::RangeInclusive;

pub use code::VoxelCodeError;
pub use height::{HeightError, LADDER_RADIUS_M, layer_height_m, layer_of_height};
pub use rule::{AnnexCBits, Clause6, HeightRule};
pub use steps::{Contact, VoxelLine, VoxelNeighbours, voxel_line};

use crate::cell::{Cell, GridError};
use crate::level::Level;
use crate::point::{Bounds, LonLat};
use height::CEILING;
use layout::Layers;

/// A voxel of the BeiDou grid (GB/T 39409-2020 clause 6 and annex C, three-dimensional), of any of the ten levels.
///
/// The type parameter is the reading of the height digits, [`Clause6`] unless said otherwise. Sixteen bytes, never
/// zero. Voxels of one reading compare as their code strings do, at one level and between levels; the descendants of
/// a voxel fill the one range [`Voxel::range`].
///
/// Below ground the layers are mirrored, as the cells are at the equator: the first layer below has the digits of the
/// first layer above and the sign 1. The standard only says that the sign is 1.
///
/// ```
/// use dipper_grid::{AnnexCBits, Cell, Level, LonLat, Voxel};
/// let everest = LonLat::new(86.9, 27.9)?;
/// let voxel: Voxel = Voxel::encode(everest, 8_848.86, Level::L10)?;
/// assert_eq!(voxel.to_string(), "N045G005705094400C00001006004006");
/// assert_eq!("N045G005705094400C00001006004006".parse(), Ok(voxel));
/// assert_eq!(voxel.footprint(), Cell::encode(everest, Level::L10)?);
/// // The codecs in use slice bits instead, and say so in the type.
/// let sliced = Voxel::<AnnexCBits>::encode(everest, 8_848.86, Level::L10)?;
/// assert_eq!(sliced.to_string(), "N045G005705094400800001006004006");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Voxel<R: HeightRule = Clause6> {
    key: NonZeroU128,
    rule: PhantomData<R>,
}

/// The box of a voxel: the edges of its footprint and its two heights.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct VoxelBounds {
    /// Edges in degrees.
    pub bounds: Bounds,
    /// Lower boundary in metres above the ellipsoid.
    pub low_m: f64,
    /// Upper boundary in metres above the ellipsoid.
    pub high_m: f64,
}

impl<R: HeightRule> Voxel<R> {
    fn of_key(key: u128) -> Voxel<R> {
        Voxel { key: NonZeroU128::new(key).expect("the level of a key is never zero"), rule: PhantomData }
    }

    /// The voxel on a cell, at the layer of the cell's level that holds `layers`.
    #[inline]
    fn of(cell: Cell, layers: Layers) -> Voxel<R> {
        Voxel::of_key(layout::pack::<R>(cell, layers))
    }

    /// The footprint and the first layer of level 10.
    fn parts(self) -> (Cell, Layers) {
        let (plane, layers) = layout::unpack::<R>(self.get());
        (Cell::of_key(plane), layers)
    }

    /// The voxel of `level` that holds a point at a height above the ellipsoid, in metres.
    ///
    /// Height is geodetic (ellipsoidal), not above the sea: in China the two differ by up to some tens of metres.
    /// Layers are half-open upwards, [low, high); height 0 is above ground. For the plane see [`Cell::encode`], for
    /// the layers [`layer_of_height`].
    ///
    /// # Errors
    /// [`VoxelError`]: a height out of range, or a polar point below level 2.
    ///
    /// ```
    /// use dipper_grid::{Level, LonLat, Voxel};
    /// let point = LonLat::new(114.057_868, 22.543_099)?;
    /// let above: Voxel = Voxel::encode(point, 0.0, Level::L5)?;
    /// let below: Voxel = Voxel::encode(point, -0.5, Level::L5)?;
    /// assert_eq!((above.to_string(), below.to_string()), ("N050F0005000320780".into(), "N150F0005000320780".into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn encode(point: LonLat, height_m: f64, level: Level) -> Result<Voxel<R>, VoxelError> {
        let layers = Layers::of(layer_of_height(height_m).map_err(VoxelError::Height)?);
        Ok(Voxel::of(Cell::encode(point, level).map_err(VoxelError::Plane)?, layers))
    }

    /// The voxel on a cell at a layer of the cell's level: 0 is the first above ground, -1 the first below.
    ///
    /// `None` above the ceiling or below the floor, 256° of the ladder either way.
    pub fn on(footprint: Cell, layer: i32) -> Option<Voxel<R>> {
        let thickness = i64::from(layout::thickness::<R>(footprint.level()));
        let (below, away) = if layer < 0 { (true, -1 - i64::from(layer)) } else { (false, i64::from(layer)) };
        let from = away.checked_mul(thickness)?;
        (from < i64::from(CEILING)).then(|| Voxel::of(footprint, Layers { below, from: from as u32 }))
    }

    /// The packed key: ordered as the code strings are.
    #[inline]
    pub const fn get(self) -> u128 {
        self.key.get()
    }

    /// The level of the voxel.
    #[inline]
    pub fn level(self) -> Level {
        layout::level_of(self.get())
    }

    /// The cell of the plane the voxel stands on, of the same level.
    #[inline]
    pub fn footprint(self) -> Cell {
        self.parts().0
    }

    /// The layer, counted in layers of the voxel's own level: 0 is the first above ground, -1 the first below.
    pub fn layer(self) -> i32 {
        let (_, layers) = self.parts();
        let away = (layers.from / layout::thickness::<R>(self.level())) as i32;
        if layers.below { -1 - away } else { away }
    }

    /// The voxel one level coarser that holds this one, or `None` at level 1.
    #[inline]
    pub fn parent(self) -> Option<Voxel<R>> {
        self.level().coarser().and_then(|level| self.ancestor(level))
    }

    /// The voxel of `level` that holds this one: itself at its own level, `None` at a finer one.
    #[inline]
    pub fn ancestor(self, level: Level) -> Option<Voxel<R>> {
        let end = layout::end_of(level);
        (level <= self.level()).then(|| Voxel::of_key(self.get() >> end << end | R::MARK | u128::from(level.get())))
    }

    /// How many children the voxel has: those of its footprint times the layers of the next level.
    ///
    /// By level 1 to 9 under [`Clause6`]: 768, 12, 2 250, 3 375, 8, 512, 512, 512, 512; none at level 10. Polar
    /// voxels have 128 at level 1 and none below.
    pub fn child_count(self) -> u32 {
        let (cell, layers) = self.parts();
        match self.level().finer() {
            Some(level) => cell.child_count() * layout::radix::<R>(level, layers.from),
            None => 0,
        }
    }

    /// The child at `index` in code order, or `None` when there are not so many.
    pub fn child(self, index: u32) -> Option<Voxel<R>> {
        let (cell, layers) = self.parts();
        let level = self.level().finer()?;
        let radix = layout::radix::<R>(level, layers.from);
        let child = cell.child(index / radix)?;
        let from = layers.from + index % radix * layout::thickness::<R>(level);
        Some(Voxel::of(child, Layers { from, ..layers }))
    }

    /// The place of the voxel among its parent's children, or `None` at level 1.
    pub fn child_index(self) -> Option<u32> {
        let (cell, layers) = self.parts();
        let above = self.parent()?.parts().1.from;
        let radix = layout::radix::<R>(self.level(), above);
        Some(cell.child_index()? * radix + (layers.from - above) / layout::thickness::<R>(self.level()))
    }

    /// The children of the voxel, one level finer, in code order.
    pub fn children(self) -> impl DoubleEndedIterator<Item = Voxel<R>> + ExactSizeIterator {
        let count = self.child_count();
        (0..count).map(move |index| self.child(index).expect("the index is below the count"))
    }

    /// The keys of the voxel and of all its descendants, and of nothing else.
    #[inline]
    pub fn range(self) -> RangeInclusive<u128> {
        let end = layout::end_of(self.level());
        self.get()..=(((self.get() >> end) + 1) << end).wrapping_sub(1)
    }

    /// Whether `other` is this voxel or one of its descendants.
    #[inline]
    pub fn contains(self, other: Voxel<R>) -> bool {
        self.range().contains(&other.get())
    }

    /// The edges of the footprint in degrees and the heights in metres above the ellipsoid.
    pub fn bounds(self) -> VoxelBounds {
        let (low, high) = self.ladder();
        VoxelBounds {
            bounds: self.footprint().bounds(),
            low_m: height::height_at(low),
            high_m: height::height_at(high),
        }
    }

    /// The middle: of the footprint, and of the layer on the ladder. It encodes to the voxel again at its level.
    pub fn centre(self) -> (LonLat, f64) {
        let (low, high) = self.ladder();
        (self.footprint().centre(), height::height_at(low + (high - low) / 2.0))
    }

    /// The locating corner: that of the footprint, at the lower boundary (clause C.6).
    pub fn corner(self) -> (LonLat, f64) {
        (self.footprint().corner(), height::height_at(self.ladder().0))
    }

    /// Lower and upper boundary in layers of level 10.
    fn ladder(self) -> (f64, f64) {
        let layers = self.parts().1;
        // The ceiling cuts the last level-1 layer of annex C.
        let far = (layers.from + layout::thickness::<R>(self.level())).min(CEILING);
        let (near, far) = (f64::from(layers.from), f64::from(far));
        if layers.below { (0.0 - far, 0.0 - near) } else { (near, far) }
    }
}

impl<R: HeightRule> fmt::Debug for Voxel<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = core::any::type_name::<R>().rsplit("::").next().unwrap_or_default();
        write!(f, "Voxel<{rule}>({self})")
    }
}

impl<R: HeightRule> From<Voxel<R>> for u128 {
    fn from(voxel: Voxel<R>) -> u128 {
        voxel.get()
    }
}

impl<R: HeightRule> TryFrom<u128> for Voxel<R> {
    type Error = VoxelKeyError;

    /// Checks that a number is the key of a voxel of this reading.
    fn try_from(number: u128) -> Result<Voxel<R>, VoxelKeyError> {
        if layout::is_key::<R>(number) { Ok(Voxel::of_key(number)) } else { Err(VoxelKeyError { number }) }
    }
}

/// Why a point and a height have no voxel of the level asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum VoxelError {
    /// The height has no layer.
    Height(HeightError),
    /// The point has no cell of this level.
    Plane(GridError),
}

impl fmt::Display for VoxelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VoxelError::Height(fault) => fault.fmt(f),
            VoxelError::Plane(fault) => fault.fmt(f),
        }
    }
}

impl core::error::Error for VoxelError {}

/// A number that is not the packed key of a voxel of the reading asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoxelKeyError {
    /// The number given.
    pub number: u128,
}

impl fmt::Display for VoxelKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not the key of a grid voxel of this reading", self.number)
    }
}

impl core::error::Error for VoxelKeyError {}
