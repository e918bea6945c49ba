//! The log as static files: hash tiles, entry bundles and their paths (C2SP tlog-tiles).
//!
//! A tile holds up to 256 hashes of one level; a full tile never changes. A
//! partial tile is never hashed upward. Nothing here reads or writes a file.

mod bundle;
mod coord;
mod edge;
mod nodes;

pub use bundle::{BundleError, MAX_ENTRY_BYTES, decode_bundle, encode_bundle};
pub use coord::{PathError, TileCoord, TileKind, bundles_between, tiles_between, tiles_of_size};
pub use edge::{EdgeError, RightEdge};
pub use nodes::{TileNodes, TileReadError, TileReader};

use crate::hash::Hash;

/// Hashes, or entries, in a full tile.
pub const TILE_WIDTH: u16 = 256;

/// Levels of the tree one tile spans: 256 = 2^8.
pub const TILE_HEIGHT: u8 = 8;

/// Hash-tile levels a log of at most 2^63 - 1 entries can need.
const LEVELS: u8 = 8;

/// A hash tile with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Where it belongs.
    pub coord: TileCoord,
    /// Its 1 to 256 hashes.
    pub hashes: Vec<Hash>,
}

impl Tile {
    /// Writes the bytes of the file: the hashes one after another.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }
}

/// The bytes are not a tile of the width asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tile of width {width} has {expected} bytes, not {got}", expected = usize::from(*.width) * Hash::LEN)]
pub struct TileLength {
    /// The width asked for.
    pub width: u16,
    /// The number of bytes found.
    pub got: usize,
}

/// Reads the hashes of a tile file of exactly this width.
///
/// # Errors
/// [`TileLength`] for any other number of bytes.
pub fn decode_tile(bytes: &[u8], width: u16) -> Result<Vec<Hash>, TileLength> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() || hashes.len() != usize::from(width) {
        return Err(TileLength { width, got: bytes.len() });
    }
    Ok(hashes.iter().map(|hash| Hash(*hash)).collect())
}

/// Complete hashes at a tile level of a tree of `size` leaves: floor(size / 256^level).
fn hashes_at(size: u64, level: u8) -> u64 {
    size.checked_shr(u32::from(TILE_HEIGHT) * u32::from(level)).unwrap_or(0)
}
