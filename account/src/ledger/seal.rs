//! The sealer: the consumer that turns events into entries, in the order of their positions.
//!
//! Entry `i` commits to the event at position `i + 1`; its bytes follow from the stored event and salt alone, so a
//! crash anywhere leaves files that the next start writes again, byte for byte. It refuses to sign when the
//! database no longer holds what was sealed (a restored backup), for that would be a second history.

use std::fs::File;
use std::io;

use ledger::SigningKey;
use ledger::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use ledger::commitment::EventLeaf;
use ledger::hash::Hash;
use ledger::key::{KeyError, KeyKind, KeyName, VerifierKey};
use ledger::note::NoteError;
use ledger::tile::{
    BundleError, EdgeError, RightEdge, TileCoord, TileKind, TileReader, bundles_between, decode_bundle, encode_bundle,
};
use store::{SealRow, Store, StoreError};

use super::LogFiles;

/// Events sealed in one round.
const ROUND: u32 = 4_096;

/// Entries in one full bundle (tlog-tiles).
const BUNDLE: usize = 256;

/// Why sealing stopped. Each of these needs a person, except a store or disk that is away for a while.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The origin is not a key name.
    #[error("the log's origin is not usable as a key name")]
    Key(#[from] KeyError),
    /// The published checkpoint is not ours or is damaged.
    #[error("the published checkpoint does not open with this log's key: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The tiles do not give the signed root.
    #[error("the tiles of size {size} do not give the root that was signed; restore the ledger folder")]
    Root {
        /// Entries at the signed checkpoint.
        size: u64,
    },
    /// A tile is missing or damaged.
    #[error("a tile is missing or damaged: {0}")]
    Tile(String),
    /// The database has fewer events than were sealed.
    #[error(
        "{sealed} entries are signed but the database does not hold the event of the last one; it was set back: restore a newer backup or begin a new log"
    )]
    SetBack {
        /// Entries signed.
        sealed: u64,
    },
    /// Event positions are not 1, 2, 3 …
    #[error("event position {expected} is missing from the log of events")]
    Gap {
        /// The position expected.
        expected: u64,
    },
    /// Somebody else writes this log.
    #[error("another process writes this log; there may be one only")]
    InUse,
    /// The disk refused a file.
    #[error("the ledger folder cannot be written: {0}")]
    Disk(#[from] io::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A note or bundle grew beyond its format.
    #[error("an entry does not fit its format: {0}")]
    Format(String),
}

impl From<NoteError> for SealError {
    fn from(error: NoteError) -> Self {
        Self::Format(error.to_string())
    }
}

impl From<BundleError> for SealError {
    fn from(error: BundleError) -> Self {
        Self::Format(error.to_string())
    }
}

impl From<EdgeError<io::Error>> for SealError {
    fn from(error: EdgeError<io::Error>) -> Self {
        Self::Tile(error.to_string())
    }
}

/// What one round sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Entries before.
    pub from: u64,
    /// Entries now.
    pub to: u64,
}

impl Sealed {
    /// Whether the round took as much as a round may: more is waiting, most likely.
    pub fn is_full(&self) -> bool {
        self.to - self.from >= u64::from(ROUND)
    }
}

/// Writes the log. There is one per log: it holds the key and the tree's right edge.
pub struct Sealer {
    files: LogFiles,
    name: KeyName,
    key: SigningKey,
    verifier: VerifierKey,
    edge: RightEdge,
    /// Entries of the last, partial bundle.
    tail: Vec<Vec<u8>>,
    /// Held as long as the sealer lives: two writers could publish a smaller checkpoint after a larger one.
    _lock: File,
}

impl Sealer {
    /// Opens the log in a folder, or begins it, and checks that its tiles give the root it last signed.
    ///
    /// # Errors
    /// [`SealError`] naming what does not fit; nothing is changed then.
    pub fn open(files: LogFiles, origin: &str, key: SigningKey) -> Result<Self, SealError> {
        let lock = files.lock()?.ok_or(SealError::InUse)?;
        let name = KeyName::new(origin)?;
        let verifier = VerifierKey::new(name.clone(), KeyKind::Ed25519, key.verifying_key())?;
        let (edge, tail) = match files.read_checkpoint()? {
            None => (RightEdge::new(), Vec::new()),
            Some(bytes) => {
                let signed = SignedCheckpoint::open(&bytes, origin, std::slice::from_ref(&verifier))?;
                load(&files, signed.checkpoint())?
            }
        };
        files.write_key(&verifier.to_string())?;
        Ok(Self { files, name, key, verifier, edge, tail, _lock: lock })
    }

    /// The log's verifier key.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Entries sealed.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// Checks once, before the first round, that the database still holds the event of the last entry.
    ///
    /// # Errors
    /// [`SealError::SetBack`] when it does not, or holds another one.
    pub async fn check_store(&self, store: &Store) -> Result<(), SealError> {
        let size = self.edge.size();
        if size == 0 {
            return Ok(());
        }
        let rows = store.read(move |db| db.list_unsealed(position(size) - 1, 1)).await?;
        let row =
            rows.first().filter(|row| row.position == position(size)).ok_or(SealError::SetBack { sealed: size })?;
        let coord =
            TileCoord::find_holding(TileKind::Hashes(0), size - 1, size).expect("the last entry is within the log");
        let tile = (&self.files).read_tile(coord)?;
        let place = usize::try_from((size - 1) % 256).expect("below 256") * 32;
        if tile.get(place..place + 32) == Some(&leaf_of(row).leaf_hash().0[..]) {
            Ok(())
        } else {
            Err(SealError::SetBack { sealed: size })
        }
    }

    /// Seals what has been recorded since the last round, at most 4 096 events; `None` when there is nothing new.
    ///
    /// # Errors
    /// [`SealError`]; the published checkpoint then still is the one before.
    pub async fn seal(&mut self, store: &Store) -> Result<Option<Sealed>, SealError> {
        let from = self.edge.size();
        let rows = store.read(move |db| db.list_unsealed(position(from), ROUND)).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        for (expected, row) in (from + 1..).zip(&rows) {
            if row.position != position(expected) {
                return Err(SealError::Gap { expected });
            }
        }
        let grown = Grown::of(self, &rows)?;
        self.write(grown)?;
        Ok(Some(Sealed { from, to: self.edge.size() }))
    }

    /// Tiles and bundles first, then the checkpoint that names them, then the partial tiles no longer needed.
    fn write(&mut self, grown: Grown) -> Result<(), SealError> {
        self.files.write_all(grown.files.iter().map(|(coord, bytes)| (coord.to_string(), bytes.as_slice())))?;
        let checkpoint = Checkpoint::new(self.name.as_str(), grown.edge.size(), grown.edge.root())?;
        let note = checkpoint.sign(&self.name, &self.key)?;
        self.files.write_checkpoint(note.to_string().as_bytes())?;
        for (coord, _) in grown.files.iter().filter(|(coord, _)| coord.is_full()) {
            self.files.remove_partials(*coord)?;
        }
        self.edge = grown.edge;
        self.tail = grown.tail;
        Ok(())
    }
}

/// The log after some more entries, not yet written.
struct Grown {
    edge: RightEdge,
    tail: Vec<Vec<u8>>,
    files: Vec<(TileCoord, Vec<u8>)>,
}

impl Grown {
    fn of(sealer: &Sealer, rows: &[SealRow]) -> Result<Self, SealError> {
        let from = sealer.edge.size();
        let leaves: Vec<EventLeaf> = rows.iter().map(leaf_of).collect();
        let mut edge = sealer.edge.clone();
        let tiles =
            edge.append(leaves.iter().map(EventLeaf::leaf_hash)).map_err(|full| SealError::Format(full.to_string()))?;
        let mut files: Vec<_> = tiles.iter().map(|tile| (tile.coord, tile.to_bytes())).collect();
        let mut entries = sealer.tail.clone();
        entries.extend(leaves.iter().map(|leaf| leaf.to_bytes().to_vec()));
        for (coord, bundle) in bundles_between(from, edge.size()).zip(entries.chunks(BUNDLE)) {
            files.push((coord, encode_bundle(bundle)?));
        }
        let partial = entries.len() % BUNDLE;
        let tail = entries.split_off(entries.len() - partial);
        Ok(Self { edge, tail, files })
    }
}

/// The entry of an event: a salted commitment, its position and its minute.
pub(super) fn leaf_of(row: &SealRow) -> EventLeaf {
    EventLeaf::commit(&row.salt, &row.canonical, row.position.unsigned_abs(), row.recorded_minute.unsigned_abs())
}

/// Positions are below 2^63: the database gives them as signed numbers.
fn position(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn load(files: &LogFiles, checkpoint: &Checkpoint) -> Result<(RightEdge, Vec<Vec<u8>>), SealError> {
    let size = checkpoint.size();
    let edge = RightEdge::load(size, &mut &*files)?;
    let root: Hash = edge.root();
    if root != checkpoint.root() {
        return Err(SealError::Root { size });
    }
    if size.is_multiple_of(256) {
        return Ok((edge, Vec::new()));
    }
    let coord = TileCoord::find_holding(TileKind::Entries, size - 1, size).expect("the last entry is within the log");
    let bytes = (&mut &*files).read_tile(coord)?;
    let tail = decode_bundle(&bytes, coord.width())?.into_iter().map(<[u8]>::to_vec).collect();
    Ok((edge, tail))
}
