//! Anchors: a time stamp (RFC 3161) of a checkpoint by an authority that has nothing to do with the log or its witnesses.
//!
//! Kept as `anchors/SIZE.checkpoint`, the bytes stamped, and `anchors/SIZE.tsr`, the answer, so that anybody can check
//! one without this program: `openssl ts -verify -data SIZE.checkpoint -in SIZE.tsr -CAfile CA.pem`. Never on the way
//! of a round: a log goes on whatever becomes of its anchors.

mod certificate;
mod der;
mod token;

use std::io;

use ledger::checkpoint::{CheckpointError, SignedCheckpoint};
use ledger::hash::Hash;
use ledger::key::VerifierKey;
use ledger::merkle::tree_root;
use ledger::tile::TileNodes;

use crate::ledger::LogFiles;
use crate::remote::RemoteError;

pub use certificate::{Certificate, CertificateError};
pub use der::DerError;
pub use token::{Stamped, TokenError, imprint, open_time_stamp, time_stamp_query};

/// Most bytes of an answer: a token of a few certificates has five to ten thousand.
pub const ANSWER_MAX: usize = 65_536;

/// Who stamps.
pub trait TimeStamper: Send + Sync {
    /// Sends a query (`application/timestamp-query`) and reads the answer.
    ///
    /// # Errors
    /// [`RemoteError`] when there is no whole answer with status 200.
    fn stamp(&self, query: &[u8]) -> Result<Vec<u8>, RemoteError>;
}

/// A checkpoint with its time stamp, both checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Entries of the checkpoint.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// What the authority says.
    pub stamped: Stamped,
}

/// Why there is no anchor, or why one does not hold.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The authority was not reached.
    #[error("the time-stamping authority was not reached: {0}")]
    Unreachable(#[from] RemoteError),
    /// Its answer does not hold.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The checkpoint is not the log's.
    #[error("the checkpoint of the anchor does not open with the log's key: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The log does not begin with what was stamped.
    #[error("the log of today does not begin with the {size} entries that were stamped: it shows two faces")]
    Fork {
        /// Entries stamped.
        size: u64,
    },
    /// A tile cannot be read.
    #[error("the tiles of size {size} cannot be read: {why}")]
    Tiles {
        /// Entries stamped.
        size: u64,
        /// Why.
        why: String,
    },
    /// A file of an anchor is missing or cannot be read.
    #[error("the anchors cannot be read or written: {0}")]
    Disk(#[from] io::Error),
}

/// Has the published checkpoint stamped and keeps the answer; `None` when it has been, or there is none yet.
///
/// # Errors
/// [`AnchorError`]; nothing is kept then, and it may be tried again.
pub fn anchor(
    files: &LogFiles,
    key: &VerifierKey,
    stamper: &dyn TimeStamper,
    trusted: &[Certificate],
    nonce: u64,
) -> Result<Option<Anchor>, AnchorError> {
    let Some(checkpoint) = files.read_checkpoint()? else { return Ok(None) };
    let signed = SignedCheckpoint::open(&checkpoint, key.name().as_str(), std::slice::from_ref(key))?;
    let size = signed.checkpoint().size();
    if files.read_anchor(size)?.is_some() {
        return Ok(None);
    }
    let hash = imprint(&checkpoint);
    let answer = stamper.stamp(&time_stamp_query(&hash, nonce))?;
    let stamped = open_time_stamp(&answer, &hash, Some(nonce), trusted)?;
    files.write_anchor(size, &checkpoint, &answer)?;
    Ok(Some(Anchor { size, root: signed.checkpoint().root(), stamped }))
}

/// Checks every anchor of a log: its signatures, and that the log still begins with the tree that was stamped.
///
/// # Errors
/// [`AnchorError`] naming the first that does not hold.
pub fn audit_anchors(files: &LogFiles, key: &VerifierKey, trusted: &[Certificate]) -> Result<Vec<Anchor>, AnchorError> {
    let now = files.read_checkpoint()?;
    let now = now.map(|bytes| SignedCheckpoint::open(&bytes, key.name().as_str(), std::slice::from_ref(key)));
    let now = now.transpose()?.map_or(0, |signed| signed.checkpoint().size());
    let mut anchors = Vec::new();
    for size in files.list_anchors()? {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let (checkpoint, answer) = files.read_anchor(size)?.ok_or_else(missing)?;
        let signed = SignedCheckpoint::open(&checkpoint, key.name().as_str(), std::slice::from_ref(key))?;
        let stamped = open_time_stamp(&answer, &imprint(&checkpoint), None, trusted)?;
        let (stated, root) = (signed.checkpoint().size(), signed.checkpoint().root());
        if now < stated || stated != size {
            return Err(AnchorError::Fork { size });
        }
        let found = tree_root(&mut TileNodes::new(files, now), size);
        let found = found.map_err(|error| AnchorError::Tiles { size, why: error.to_string() })?;
        if found != root {
            return Err(AnchorError::Fork { size });
        }
        anchors.push(Anchor { size, root, stamped });
    }
    Ok(anchors)
}

/// The base64 of PEM.
fn base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}
