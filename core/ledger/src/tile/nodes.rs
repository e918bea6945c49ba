//! Tree nodes read out of tiles, for building proofs.

use super::edge::perfect_root;
use super::{TILE_HEIGHT, TileCoord, TileKind, TileLength, decode_tile, hashes_at};
use crate::hash::Hash;
use crate::merkle::NodeReader;
use std::collections::BTreeMap;

/// Gives the bytes of tiles, from wherever they are kept.
pub trait TileReader {
    /// Why a tile could not be read.
    type Error;

    /// Reads the bytes of a tile.
    ///
    /// Where a partial tile was deleted because its full tile exists, the full
    /// tile's bytes may be given instead.
    ///
    /// # Errors
    /// Whatever keeps the tile from being read.
    fn read_tile(&mut self, coord: TileCoord) -> Result<Vec<u8>, Self::Error>;
}

/// Why a node could not be had from tiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileReadError<E> {
    /// The node is not complete at this size.
    #[error("node {index} of level {level} is not complete in a tree of size {size}")]
    Incomplete {
        /// Level of the node.
        level: u8,
        /// Place within the level.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A tile could not be read.
    #[error("cannot read {coord}")]
    Read {
        /// The tile.
        coord: TileCoord,
        /// The reader's error.
        source: E,
    },
    /// A tile has the wrong length.
    #[error("{coord} is damaged")]
    Length {
        /// The tile.
        coord: TileCoord,
        /// What is wrong with it.
        source: TileLength,
    },
}

/// Nodes of the tree of a given size, read from its tiles.
///
/// The hashes are as trustworthy as the tiles: a proof built from them must be
/// verified against a signed root before it is handed out or believed.
#[derive(Debug)]
pub struct TileNodes<R> {
    reader: R,
    size: u64,
    read: BTreeMap<TileCoord, Vec<Hash>>,
}

/// Tiles kept in memory, 2 MiB; one proof needs at most 16.
const KEPT_TILES: usize = 256;

impl<R: TileReader> TileNodes<R> {
    /// Reads nodes of the tree with `size` leaves.
    pub fn new(reader: R, size: u64) -> TileNodes<R> {
        TileNodes { reader, size, read: BTreeMap::new() }
    }

    fn read_hashes(&mut self, coord: TileCoord) -> Result<&[Hash], TileReadError<R::Error>> {
        if !self.read.contains_key(&coord) {
            if self.read.len() == KEPT_TILES {
                self.read.clear();
            }
            let mut bytes = self.reader.read_tile(coord).map_err(|source| TileReadError::Read { coord, source })?;
            if bytes.len() == usize::from(coord.full().width()) * Hash::LEN {
                bytes.truncate(usize::from(coord.width()) * Hash::LEN);
            }
            let hashes =
                decode_tile(&bytes, coord.width()).map_err(|source| TileReadError::Length { coord, source })?;
            self.read.insert(coord, hashes);
        }
        Ok(&self.read[&coord])
    }
}

impl<R: TileReader> NodeReader for TileNodes<R> {
    type Error = TileReadError<R::Error>;

    /// A node of height h is in tile level h div 8: the fold of 2^(h mod 8) hashes.
    fn read_node(&mut self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        let incomplete = TileReadError::Incomplete { level, index, size: self.size };
        let complete = self.size.checked_shr(u32::from(level)).unwrap_or(0);
        if index >= complete {
            return Err(incomplete);
        }
        let tile_level = level / TILE_HEIGHT;
        let first = index << (level % TILE_HEIGHT);
        let count = hashes_at(self.size, tile_level);
        let coord = TileCoord::find_holding(TileKind::Hashes(tile_level), first, count).ok_or(incomplete)?;
        let hashes = self.read_hashes(coord)?;
        let start = (first & 0xff) as usize;
        // 2^(h mod 8) hashes from a multiple of it lie in one tile, and all are complete.
        Ok(perfect_root(&hashes[start..start + (1 << (level % TILE_HEIGHT))]))
    }
}
