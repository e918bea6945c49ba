//! The audit: reads the whole log back as a stranger would, then holds it against the database.

use std::io;

use ledger::checkpoint::{CheckpointError, SignedCheckpoint};
use ledger::commitment::EventLeaf;
use ledger::hash::{Hash, leaf_hash};
use ledger::key::VerifierKey;
use ledger::tile::{RightEdge, TileReader, bundles_between, decode_bundle, tiles_of_size};
use store::{Store, StoreError};

use super::LogFiles;
use super::pool::{Scope, leaf_of};

/// Events compared with the database at a time: one bundle.
const BUNDLE: u32 = 256;

/// What an audit found in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// The log.
    pub origin: String,
    /// Entries, all checked.
    pub size: u64,
    /// The root they give, which is the one signed.
    pub root: Hash,
    /// Tiles and bundles read.
    pub tiles: usize,
    /// Events recorded but not sealed yet; 0 for the log of an office, which holds some of them only.
    pub unsealed: u64,
}

/// What an audit found wrong.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// There is no checkpoint.
    #[error("there is no checkpoint: the log has not begun, or its folder is another one")]
    Empty,
    /// The checkpoint is not signed by this log's key, or is damaged.
    #[error("the checkpoint does not open: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A file is missing or damaged.
    #[error("{file}: {why}")]
    File {
        /// Which file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// A stored tile is not what the entries give.
    #[error("{file} is not what the entries give")]
    Tile {
        /// Which tile.
        file: String,
    },
    /// The entries do not give the signed root.
    #[error("the entries give root {found}, the checkpoint signs {signed}")]
    Root {
        /// The root computed.
        found: Hash,
        /// The root signed.
        signed: Hash,
    },
    /// An entry does not commit to the event in the database.
    #[error("entry {index} does not commit to the event the database holds at position {position}")]
    Entry {
        /// Place in the log, from 0.
        index: u64,
        /// Position of the event.
        position: u64,
    },
    /// The ledger folder cannot be read.
    #[error("the ledger folder cannot be read: {0}")]
    Disk(#[from] io::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Re-derives every tile and the root from the entries, checks the signature, and, with a store, that each entry
/// commits to the event it holds.
///
/// # Errors
/// [`AuditError`] naming the first fault.
pub fn audit(files: &LogFiles, key: &VerifierKey, scope: &Scope, store: Option<&Store>) -> Result<Audited, AuditError> {
    let bytes = files.read_checkpoint()?.ok_or(AuditError::Empty)?;
    let signed = SignedCheckpoint::open(&bytes, key.name().as_str(), std::slice::from_ref(key))?;
    let size = signed.checkpoint().size();
    let (mut edge, mut reached) = (RightEdge::new(), 0);
    let mut tiles = 0;
    let mut check = |tile: &ledger::tile::Tile| -> Result<(), AuditError> {
        tiles += 1;
        let file = tile.coord.to_string();
        let stored = (&*files)
            .read_tile(tile.coord)
            .map_err(|error| AuditError::File { file: file.clone(), why: error.to_string() })?;
        if stored == tile.to_bytes() { Ok(()) } else { Err(AuditError::Tile { file }) }
    };
    for coord in bundles_between(0, size) {
        let file = coord.to_string();
        let fault = |why: String| AuditError::File { file: file.clone(), why };
        let bytes = (&*files).read_tile(coord).map_err(|error| fault(error.to_string()))?;
        let entries = decode_bundle(&bytes, coord.width()).map_err(|error| fault(error.to_string()))?;
        match (store, scope) {
            (Some(store), Scope::City) => compare(store, edge.size(), &entries)?,
            (Some(store), Scope::Offices(_)) => reached = compare_some(store, edge.size(), reached, &entries)?,
            (None, _) => {}
        }
        let mut full = Vec::new();
        for entry in &entries {
            edge.push(leaf_hash(entry), |tile| full.push(tile)).map_err(|error| fault(error.to_string()))?;
        }
        full.iter().try_for_each(&mut check)?;
    }
    edge.partial_tiles().try_for_each(|tile| check(&tile))?;
    let (found, stated) = (edge.root(), signed.checkpoint().root());
    if found != stated {
        return Err(AuditError::Root { found, signed: stated });
    }
    debug_assert!(tiles_of_size(size).count() <= tiles);
    let unsealed = store.map(|store| store.read_blocking(|db| db.last_position())).transpose()?.unwrap_or(0);
    let unsealed = if *scope == Scope::City { unsealed.unsigned_abs().saturating_sub(size) } else { 0 };
    Ok(Audited { origin: signed.checkpoint().origin().to_owned(), size, root: found, tiles, unsealed })
}

fn compare(store: &Store, first: u64, entries: &[&[u8]]) -> Result<(), AuditError> {
    let after = i64::try_from(first).unwrap_or(i64::MAX);
    let rows = store.read_blocking(move |db| db.list_unsealed(after, BUNDLE))?;
    for (offset, entry) in entries.iter().enumerate() {
        let index = first + offset as u64;
        let stored = rows.get(offset).filter(|row| row.position.unsigned_abs() == index + 1);
        let is_same = stored.is_some_and(|row| EventLeaf::from_bytes(entry).is_ok_and(|leaf| leaf == leaf_of(row)));
        if !is_same {
            return Err(AuditError::Entry { index, position: index + 1 });
        }
    }
    Ok(())
}

/// Entries of an office's log: each commits to the event at the position it names, and the positions only rise.
fn compare_some(store: &Store, first: u64, mut reached: u64, entries: &[&[u8]]) -> Result<u64, AuditError> {
    for (index, entry) in (first..).zip(entries) {
        let leaf = EventLeaf::from_bytes(entry).ok().filter(|leaf| reached < leaf.position);
        let position = leaf.map_or(0, |leaf| leaf.position);
        let at = i64::try_from(position).unwrap_or(i64::MAX);
        let rows = store.read_blocking(move |db| db.list_unsealed(at - 1, 1))?;
        let is_same = rows.first().is_some_and(|row| row.position == at && Some(leaf_of(row)) == leaf);
        if !is_same {
            return Err(AuditError::Entry { index, position });
        }
        reached = position;
    }
    Ok(reached)
}
