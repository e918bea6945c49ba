//! Voxels beside a voxel, and lines of voxels.
//!
//! Must never step in a height character: layers are mirrored at the ground, so a step is made on signed layers.

use alloc::vec::{self, Vec};

use super::height::{CEILING, exact_layer};
use super::layout::thickness;
use super::{HeightRule, Voxel, VoxelError};
use crate::cell::Cell;
use crate::fixed::{self, FRACTION_BITS, ONE};
use crate::index::{self, Index};
use crate::level::Level;
use crate::line::{Axis, End, Walk};
use crate::point::LonLat;
use crate::traverse::{TraverseError, place, same_level};

/// How much two voxels share at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contact {
    /// A face: 6 neighbours.
    Face,
    /// A face or an edge: 18 neighbours.
    Edge,
    /// A face, an edge or a corner: 26 neighbours.
    Corner,
}

impl<R: HeightRule> Voxel<R> {
    /// The voxels of the same level that share a face, an edge or a corner with this one: 6, 18 or 26.
    ///
    /// Across the equator, the prime meridian, ±180° and the ground alike; lower layer first. Fewer at the ceiling,
    /// the floor and the 88° parallel, as [`Cell::neighbours`] says; more around polar voxels.
    ///
    /// ```
    /// use dipper_grid::{Contact, Voxel};
    /// let ground: Voxel = "N031A00000".parse()?;
    /// let faces: Vec<String> = ground.neighbours(Contact::Face).map(|voxel| voxel.to_string()).collect();
    /// assert_eq!(faces, ["N131A00000", "S031A00000", "N030A00000", "N031A00100", "N031A00010", "N031A00001"]);
    /// assert_eq!(ground.neighbours(Contact::Edge).len(), 18);
    /// assert_eq!(ground.neighbours(Contact::Corner).len(), 26);
    /// # Ok::<(), dipper_grid::VoxelCodeError>(())
    /// ```
    pub fn neighbours(self, contact: Contact) -> VoxelNeighbours<R> {
        let (cell, layer) = (self.footprint(), self.layer());
        let around = |all: bool| if all { cell.neighbours() } else { cell.edge_neighbours() };
        let mut voxels = Vec::with_capacity(26);
        for up in [-1, 0, 1] {
            let Some(layer) = layer.checked_add(up) else { continue };
            let beside = match (contact, up) {
                (Contact::Face, 0) => Some(around(false)),
                (Contact::Face, _) => None,
                (Contact::Edge, 0) | (Contact::Corner, _) => Some(around(true)),
                (Contact::Edge, _) => Some(around(false)),
            };
            voxels.extend((up != 0).then(|| Voxel::on(cell, layer)).flatten());
            voxels.extend(beside.into_iter().flatten().filter_map(|cell| Voxel::on(cell, layer)));
        }
        VoxelNeighbours(voxels.into_iter())
    }

    /// The voxels that the segment between the middles of two voxels passes, both ends included.
    ///
    /// Straight in longitude, latitude and layers (not in metres: over 10 km of height the two differ by some
    /// metres), without leaks: each voxel shares a face with the next. See [`voxel_line`].
    ///
    /// # Errors
    /// [`TraverseError`] when the levels differ or a voxel is polar.
    pub fn line_to(self, other: Voxel<R>) -> Result<VoxelLine<R>, TraverseError> {
        let (from, to) = (self.footprint(), other.footprint());
        same_level(from, to)?;
        let (x, y, columns) = End::of_cell(from)?.axes_to(End::of_cell(to)?);
        let size = i64::from(thickness::<R>(self.level())) * ONE;
        let (first, last) = (i64::from(self.layer()), i64::from(other.layer()));
        let z = Axis::new(first, last, first * size + size / 2, last * size + size / 2, size);
        Ok(VoxelLine { level: self.level(), walk: Walk::new(x, y, z, columns), rule: core::marker::PhantomData })
    }

    /// Steps from this voxel to another of its level, a step leading to any of the 26 voxels around.
    ///
    /// # Errors
    /// [`TraverseError`] when the levels differ or a voxel is polar.
    pub fn grid_distance(self, other: Voxel<R>) -> Result<u64, TraverseError> {
        let across = self.footprint().grid_distance(other.footprint())?;
        Ok(across.max(u64::from(self.layer().abs_diff(other.layer()))))
    }

    /// The voxels at most `steps` from this one, itself among them, layer by layer from below; lazily.
    ///
    /// # Errors
    /// [`TraverseError::PolarCell`] when this voxel is polar.
    pub fn ball(self, steps: u32) -> Result<impl Iterator<Item = Voxel<R>>, TraverseError> {
        let (cell, layer) = (self.footprint(), i64::from(self.layer()));
        place(cell)?;
        let count = i64::from(CEILING.div_ceil(thickness::<R>(self.level())));
        let reach = i64::from(steps);
        let layers = (layer - reach).max(-count)..=(layer + reach).min(count - 1);
        let footprints = cell.disk(steps)?;
        Ok(layers.flat_map(move |layer| footprints.clone().filter_map(move |cell| Voxel::on(cell, layer as i32))))
    }
}

/// The voxels of `level` that the segment between two points at heights passes, in order.
///
/// Heights in metres above the ellipsoid. The segment is straight in longitude, latitude and layers; see [`crate::line`]
/// for the rule at corners, where lower voxels come first as southern ones do.
///
/// # Errors
/// [`VoxelError`]: a height out of range, or a point at 88° of latitude or more.
///
/// ```
/// use dipper_grid::{Clause6, Level, LonLat, voxel_line};
/// let (roof, street) = (LonLat::new(114.057, 22.543)?, LonLat::new(114.058, 22.543)?);
/// let path = voxel_line::<Clause6>((roof, 120.0), (street, 0.0), Level::L7)?;
/// assert_eq!(path.count_cells(), path.count() as u64);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn voxel_line<R: HeightRule>(
    from: (LonLat, f64),
    to: (LonLat, f64),
    level: Level,
) -> Result<VoxelLine<R>, VoxelError> {
    let ends = [from, to].map(|(point, height_m)| -> Result<_, VoxelError> {
        let end = End::of_point(point, level).map_err(VoxelError::Plane)?;
        let voxel: Voxel<R> = Voxel::encode(point, height_m, level)?;
        let z = fixed::nearest(exact_layer(height_m).map_err(VoxelError::Height)? * ONE as f64);
        Ok((end, i64::from(voxel.layer()), z))
    });
    let [(from, first, low), (to, last, high)] = match ends {
        [Ok(from), Ok(to)] => [from, to],
        [Err(fault), _] | [_, Err(fault)] => return Err(fault),
    };
    let (x, y, columns) = from.axes_to(to);
    let z = Axis::new(first, last, low, high, i64::from(thickness::<R>(level)) << FRACTION_BITS);
    Ok(VoxelLine { level, walk: Walk::new(x, y, z, columns), rule: core::marker::PhantomData })
}

/// The voxels along a segment; see [`voxel_line`].
#[derive(Clone, Debug)]
pub struct VoxelLine<R: HeightRule> {
    level: Level,
    walk: Walk,
    rule: core::marker::PhantomData<R>,
}

impl<R: HeightRule> VoxelLine<R> {
    /// How many voxels are still to come; at once, however many.
    pub fn count_cells(&self) -> u64 {
        self.walk.left()
    }
}

impl<R: HeightRule> Iterator for VoxelLine<R> {
    type Item = Voxel<R>;

    fn next(&mut self) -> Option<Voxel<R>> {
        let [column, row, layer] = self.walk.next()?;
        let cell: Cell = Index { level: self.level, column, row }.cell()?;
        debug_assert!(index::away(layer) < i64::from(i32::MAX));
        Voxel::on(cell, layer as i32)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = usize::try_from(self.count_cells());
        (count.unwrap_or(usize::MAX), count.ok())
    }
}

impl<R: HeightRule> core::iter::FusedIterator for VoxelLine<R> {}

/// The neighbours of a voxel; see [`Voxel::neighbours`].
#[derive(Clone, Debug)]
pub struct VoxelNeighbours<R: HeightRule>(vec::IntoIter<Voxel<R>>);

impl<R: HeightRule> Iterator for VoxelNeighbours<R> {
    type Item = Voxel<R>;

    fn next(&mut self) -> Option<Voxel<R>> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<R: HeightRule> ExactSizeIterator for VoxelNeighbours<R> {}

impl<R: HeightRule> core::iter::FusedIterator for VoxelNeighbours<R> {}
