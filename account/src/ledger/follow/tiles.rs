//! Tiles and bundles over HTTP, and the walk that computes a log anew from its entries.

use std::fmt::Debug;

use ledger::checkpoint::Checkpoint;
use ledger::hash::{Hash, leaf_hash};
use ledger::merkle::ProveError;
use ledger::tile::{
    EdgeError, MAX_ENTRY_BYTES, RightEdge, Tile, TileCoord, TileKind, TileReadError, TileReader, bundles_between,
    decode_bundle,
};

use super::FollowError;
use crate::ledger::files::beginning;
use crate::remote::Remote;

/// Most bytes of an entry bundle: 256 entries of the greatest length, each after its own.
const MAX_BUNDLE_BYTES: usize = 256 * (MAX_ENTRY_BYTES + 2);

/// The files of a log at an address.
pub(super) struct RemoteTiles<'a> {
    remote: &'a dyn Remote,
    url: &'a str,
}

impl<'a> RemoteTiles<'a> {
    pub fn new(remote: &'a dyn Remote, url: &'a str) -> Self {
        Self { remote, url }
    }

    fn get(&self, coord: TileCoord) -> Result<Option<Vec<u8>>, String> {
        let limit = if coord.kind() == TileKind::Entries { MAX_BUNDLE_BYTES } else { 256 * Hash::LEN };
        let reply = self.remote.get(&format!("{}/{coord}", self.url), limit).map_err(|error| error.0)?;
        match reply.status {
            200 => Ok(Some(reply.body)),
            404 => Ok(None),
            status => Err(format!("status {status}")),
        }
    }
}

impl TileReader for &RemoteTiles<'_> {
    type Error = String;

    /// A partial tile that was removed is the beginning of its full one.
    fn read_tile(&mut self, coord: TileCoord) -> Result<Vec<u8>, String> {
        if let Some(bytes) = self.get(coord)? {
            return Ok(bytes);
        }
        let full = if coord.is_full() { None } else { self.get(coord.full())? };
        full.map(|full| beginning(&full, coord).to_vec()).ok_or_else(|| "status 404".to_owned())
    }
}

impl TileReader for RemoteTiles<'_> {
    type Error = String;

    fn read_tile(&mut self, coord: TileCoord) -> Result<Vec<u8>, String> {
        (&*self).read_tile(coord)
    }
}

/// Computes the tree of a checkpoint from the entries after `settled`, whose root an earlier visit computed, and
/// compares every tile on the way. Gives the entries read, and what is settled now.
pub(super) fn walk(
    tiles: &RemoteTiles<'_>,
    settled: (u64, Hash),
    stated: &Checkpoint,
) -> Result<(u64, (u64, Hash)), FollowError> {
    let mut edge = RightEdge::load(settled.0, &mut &*tiles).map_err(|error| edge_fault(tiles, &error))?;
    if edge.root() != settled.1 {
        return Err(FollowError::NotDerived { what: format!("the tree of {} entries", settled.0) });
    }
    let mut done = settled;
    for coord in bundles_between(settled.0, stated.size()) {
        let bytes = read(tiles, coord)?;
        let unreadable = |why: String| FollowError::Unreadable { what: format!("{}/{coord}", tiles.url), why };
        let entries = decode_bundle(&bytes, coord.width()).map_err(|error| unreadable(error.to_string()))?;
        let mut full = Vec::new();
        for entry in entries {
            edge.push(leaf_hash(entry), |tile| full.push(tile)).map_err(|error| unreadable(error.to_string()))?;
        }
        full.iter().try_for_each(|tile| compare(tiles, tile))?;
        if edge.size().is_multiple_of(256) {
            done = (edge.size(), edge.root());
        }
    }
    edge.partial_tiles().try_for_each(|tile| compare(tiles, &tile))?;
    if edge.size() != stated.size() || edge.root() != stated.root() {
        return Err(FollowError::NotDerived { what: format!("the signed root of {} entries", stated.size()) });
    }
    Ok((stated.size() - settled.0, done))
}

fn read(tiles: &RemoteTiles<'_>, coord: TileCoord) -> Result<Vec<u8>, FollowError> {
    let unreadable = |why| FollowError::Unreadable { what: format!("{}/{coord}", tiles.url), why };
    (&mut &*tiles).read_tile(coord).map_err(unreadable)
}

fn compare(tiles: &RemoteTiles<'_>, tile: &Tile) -> Result<(), FollowError> {
    if read(tiles, tile.coord)? == tile.to_bytes() {
        Ok(())
    } else {
        Err(FollowError::NotDerived { what: format!("{}/{}", tiles.url, tile.coord) })
    }
}

fn edge_fault(tiles: &RemoteTiles<'_>, error: &EdgeError<String>) -> FollowError {
    let (what, why) = match error {
        EdgeError::Read { coord, source } => (coord.to_string(), source.clone()),
        EdgeError::Length { coord, source } => (coord.to_string(), source.to_string()),
        EdgeError::Size { .. } => ("tile".to_owned(), error.to_string()),
    };
    FollowError::Unreadable { what: format!("{}/{what}", tiles.url), why }
}

/// Why no proof could be built out of a log's tiles.
pub(super) fn reason<E: Debug>(error: &ProveError<TileReadError<E>>) -> String {
    match error {
        ProveError::Read(TileReadError::Read { coord, source }) => format!("{coord}: {source:?}"),
        ProveError::Read(TileReadError::Length { coord, source }) => format!("{coord}: {source}"),
        other => format!("{other:?}"),
    }
}
