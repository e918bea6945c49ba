//! The tree at the end of a log, and what it becomes with some more entries. Nothing here writes.

use ledger::hash::{Hash, leaf_hash};
use ledger::tile::{RightEdge, TileCoord, TileKind, TileReader, bundles_between, decode_bundle, encode_bundle};

use super::LogFiles;
use super::error::SealError;

/// Entries in one full bundle (tlog-tiles).
const BUNDLE: usize = 256;

/// A tree with all that is needed to grow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tip {
    pub edge: RightEdge,
    /// Entries of the last, partial bundle.
    pub tail: Vec<Vec<u8>>,
}

/// A tree after some more entries, with the files to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grown {
    pub tip: Tip,
    pub files: Vec<(TileCoord, Vec<u8>)>,
}

impl Tip {
    /// The tree without entries.
    pub fn empty() -> Self {
        Self { edge: RightEdge::new(), tail: Vec::new() }
    }

    /// The tree of a size out of its tiles, which must give the root that was signed.
    pub fn load(files: &LogFiles, size: u64, signed: Hash) -> Result<Self, SealError> {
        let edge = RightEdge::load(size, &mut &*files)?;
        if edge.root() != signed {
            return Err(SealError::Root { size, found: edge.root(), signed });
        }
        if size.is_multiple_of(256) {
            return Ok(Self { edge, tail: Vec::new() });
        }
        let coord = last_bundle(size);
        let bytes = (&mut &*files).read_tile(coord)?;
        let tail: Vec<Vec<u8>> = decode_bundle(&bytes, coord.width())?.into_iter().map(<[u8]>::to_vec).collect();
        Ok(Self { edge, tail })
    }

    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    pub fn root(&self) -> Hash {
        self.edge.root()
    }

    /// The tree after these entries.
    pub fn grow(&self, entries: &[Vec<u8>]) -> Result<Grown, SealError> {
        let from = self.size();
        let mut edge = self.edge.clone();
        let leaves = entries.iter().map(|entry| leaf_hash(entry));
        let tiles = edge.append(leaves).map_err(|full| SealError::Format(full.to_string()))?;
        let mut files: Vec<_> = tiles.iter().map(|tile| (tile.coord, tile.to_bytes())).collect();
        let mut tail = self.tail.clone();
        tail.extend_from_slice(entries);
        for (coord, bundle) in bundles_between(from, edge.size()).zip(tail.chunks(BUNDLE)) {
            files.push((coord, encode_bundle(bundle)?));
        }
        let partial = tail.len() % BUNDLE;
        let tail = tail.split_off(tail.len() - partial);
        Ok(Grown { tip: Self { edge, tail }, files })
    }
}

/// The last entry of a log of that size, which is not 0.
pub(super) fn last_entry(files: &LogFiles, size: u64) -> Result<Vec<u8>, SealError> {
    let coord = last_bundle(size);
    let bytes = (&mut &*files).read_tile(coord)?;
    let entries = decode_bundle(&bytes, coord.width())?;
    Ok(entries.last().map(|entry| entry.to_vec()).unwrap_or_default())
}

fn last_bundle(size: u64) -> TileCoord {
    TileCoord::find_holding(TileKind::Entries, size - 1, size).expect("the last entry is within the log")
}
