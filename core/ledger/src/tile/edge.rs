//! The tiles at the right edge of a log: what a writer or a re-checker keeps in memory.

use super::{LEVELS, TILE_WIDTH, Tile, TileCoord, TileKind, TileLength, TileReader, decode_tile, hashes_at};
use crate::MAX_SIZE;
use crate::hash::{Hash, node_hash};
use crate::merkle::{Frontier, TreeFull};

/// The partial tiles of a log, at most 8 levels of 255 hashes.
///
/// Append leaves and get the tiles to write; or append the leaves of a whole log
/// and compare the tiles with those stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RightEdge {
    size: u64,
    /// Hashes of the partial tile at each level; may be empty below a filled one.
    levels: [Vec<Hash>; LEVELS as usize],
}

/// Why the right edge of a stored log could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EdgeError<E> {
    /// The size is beyond 2^63 - 1.
    #[error("log size {size} is beyond the limit of {MAX_SIZE}")]
    Size {
        /// The size asked for.
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

impl RightEdge {
    /// The edge of a log without entries.
    pub fn new() -> RightEdge {
        RightEdge::default()
    }

    /// Loads the edge of a stored log of `size` entries.
    ///
    /// Trust it only once [`RightEdge::root`] equals the root of a verified checkpoint.
    ///
    /// # Errors
    /// [`EdgeError`] naming the tile.
    pub fn load<R: TileReader>(size: u64, reader: &mut R) -> Result<RightEdge, EdgeError<R::Error>> {
        if size > MAX_SIZE {
            return Err(EdgeError::Size { size });
        }
        let mut edge = RightEdge { size, ..RightEdge::default() };
        for level in 0..LEVELS {
            if let Some(coord) = edge.partial_coord(level) {
                let bytes = reader.read_tile(coord).map_err(|source| EdgeError::Read { coord, source })?;
                edge.levels[usize::from(level)] =
                    decode_tile(&bytes, coord.width()).map_err(|source| EdgeError::Length { coord, source })?;
            }
        }
        Ok(edge)
    }

    /// Entries in the log.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends one leaf; `emit` gets every tile this fills, level 0 first. Returns the leaf's index.
    ///
    /// # Errors
    /// [`TreeFull`] at 2^63 - 1 leaves; nothing is emitted.
    pub fn push(&mut self, leaf: Hash, mut emit: impl FnMut(Tile)) -> Result<u64, TreeFull> {
        if self.size == MAX_SIZE {
            return Err(TreeFull);
        }
        let place = self.size;
        self.size += 1;
        let mut hash = leaf;
        for level in 0..LEVELS {
            let hashes = &mut self.levels[usize::from(level)];
            hashes.push(hash);
            if hashes.len() < usize::from(TILE_WIDTH) {
                break;
            }
            let hashes = std::mem::take(hashes);
            hash = perfect_root(&hashes);
            let index = (hashes_at(self.size, level) >> 8) - 1;
            let coord = TileCoord::new(TileKind::Hashes(level), index, TILE_WIDTH)
                .expect("a tree within MAX_SIZE has tiles within the limits");
            emit(Tile { coord, hashes });
        }
        Ok(place)
    }

    /// Appends leaves and returns all tiles to write for the new size: exactly
    /// those of [`super::tiles_between`] from the old size to the new.
    ///
    /// # Errors
    /// [`TreeFull`]; the leaves that fitted are then in the edge, so drop it.
    pub fn append(&mut self, leaves: impl IntoIterator<Item = Hash>) -> Result<Vec<Tile>, TreeFull> {
        let from = self.size;
        let mut tiles = Vec::new();
        for leaf in leaves {
            self.push(leaf, |tile| tiles.push(tile))?;
        }
        let changed = |tile: &Tile| match tile.coord.kind() {
            TileKind::Hashes(level) => hashes_at(from, level) != hashes_at(self.size, level),
            TileKind::Entries => false,
        };
        tiles.extend(self.partial_tiles().filter(changed));
        tiles.sort_by_key(|tile| tile.coord);
        Ok(tiles)
    }

    /// Lists the partial tiles of the present size, level 0 first.
    pub fn partial_tiles(&self) -> impl Iterator<Item = Tile> {
        (0..LEVELS).filter_map(|level| {
            let coord = self.partial_coord(level)?;
            Some(Tile { coord, hashes: self.levels[usize::from(level)].clone() })
        })
    }

    /// Root of the whole tree.
    pub fn root(&self) -> Hash {
        self.frontier().root()
    }

    /// The same tree as perfect subtrees.
    pub fn frontier(&self) -> Frontier {
        let mut roots = Vec::new();
        for hashes in self.levels.iter().rev() {
            let mut rest = &hashes[..];
            while !rest.is_empty() {
                let (perfect, tail) = rest.split_at(1 << rest.len().ilog2());
                roots.push(perfect_root(perfect));
                rest = tail;
            }
        }
        Frontier::from_parts(self.size, roots).expect("one subtree for each 1 bit of the size")
    }

    fn partial_coord(&self, level: u8) -> Option<TileCoord> {
        let count = hashes_at(self.size, level);
        let width = (count & 0xff) as u16;
        TileCoord::new(TileKind::Hashes(level), count >> 8, width).ok()
    }
}

/// Root of a power of two of hashes.
pub(super) fn perfect_root(hashes: &[Hash]) -> Hash {
    match hashes {
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(&perfect_root(left), &perfect_root(right))
        }
    }
}
