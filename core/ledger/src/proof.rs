//! The receipt of an entry: a `.tlog-proof`, checked offline (C2SP tlog-proof).
//!
//! It proves that the log committed to the entry at that place, before the
//! cosigners' times, and showed its witnesses the same. It does not prove that
//! the entry is true, nor that everything that happened was entered.

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::{Hash, HashError};
use crate::key::VerifierKey;
use crate::merkle::{VerifyError, verify_inclusion};
use crate::note::{MAX_NOTE_BYTES, Note, NoteError};
use crate::policy::{Cosigner, Policy};
use crate::text::{decode_base64, encode_base64, parse_number};
use std::fmt;

/// First line of the format.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Most bytes of extra data: a leaf's opening with a long event fits.
pub const MAX_EXTRA_BYTES: usize = 262_144;

/// Most hashes of a path: a log has at most 2^63 - 1 entries.
const MAX_PATH: usize = 63;

/// Largest proof read: extra data in base64, the path, the checkpoint note, the words.
pub const MAX_PROOF_BYTES: usize = MAX_EXTRA_BYTES.div_ceil(3) * 4 + MAX_PATH * 45 + MAX_NOTE_BYTES + 128;

/// Why bytes are not a proof file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofFormatError {
    /// Too many bytes.
    #[error("the proof has {got} bytes, the limit is {MAX_PROOF_BYTES}")]
    TooLarge {
        /// The number of bytes found.
        got: usize,
    },
    /// Not UTF-8.
    #[error("a proof is UTF-8 text")]
    Characters,
    /// The first line is another.
    #[error("a proof's first line is {HEADER}")]
    Header,
    /// The extra data is empty, not canonical base64, or too long.
    #[error("extra data is canonical base64 of 1 to {MAX_EXTRA_BYTES} bytes")]
    Extra,
    /// The index line is missing or not a canonical number.
    #[error("a proof has a line: index <number>")]
    Index,
    /// A path line is not a hash.
    #[error("line {line} of the path is not a hash")]
    Path {
        /// The line, from 1.
        line: usize,
        /// Why.
        source: HashError,
    },
    /// Too many path lines.
    #[error("a path has at most {MAX_PATH} hashes")]
    LongPath,
    /// No empty line before the checkpoint.
    #[error("an empty line stands between path and checkpoint")]
    Form,
    /// The checkpoint is not a note.
    #[error("the proof's checkpoint is refused")]
    Note(#[from] NoteError),
}

/// Why a proof does not convince under a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The note is no checkpoint.
    #[error("the proof's checkpoint is refused")]
    Checkpoint(#[from] CheckpointError),
    /// The policy knows no log of this origin.
    #[error("the policy does not accept the log {origin}")]
    UnknownLog {
        /// The origin claimed.
        origin: String,
    },
    /// A signature is false or the log's own is missing.
    #[error("the checkpoint's signatures do not hold")]
    Signatures(#[from] NoteError),
    /// Too few of the policy's witnesses cosigned.
    #[error("{got} known witnesses cosigned; that is not the policy's quorum")]
    NoQuorum {
        /// How many known witnesses cosigned.
        got: usize,
    },
    /// The entry is not in the tree that was signed.
    #[error("the entry is not where the proof says")]
    Inclusion(#[from] VerifyError),
}

/// Everything needed to check, without a network, that an entry is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    extra: Option<Vec<u8>>,
    index: u64,
    path: Vec<Hash>,
    checkpoint: Note,
}

/// What a proof has been found to prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Place of the entry in the log, from 0.
    pub index: u64,
    /// Entries in the log when it signed.
    pub size: u64,
    /// The log.
    pub origin: String,
    /// Root of the tree that was signed.
    pub root: Hash,
    /// Known witnesses that cosigned, and when.
    pub cosigners: Vec<Cosigner>,
}

impl Proof {
    /// Joins the parts. `extra` is not authenticated by anything in the proof.
    ///
    /// # Errors
    /// [`ProofFormatError::Extra`], [`ProofFormatError::Index`] or
    /// [`ProofFormatError::LongPath`] where the result could not be read back.
    pub fn new(
        index: u64,
        path: Vec<Hash>,
        checkpoint: Note,
        extra: Option<Vec<u8>>,
    ) -> Result<Proof, ProofFormatError> {
        if extra.as_ref().is_some_and(|extra| extra.is_empty() || extra.len() > MAX_EXTRA_BYTES) {
            return Err(ProofFormatError::Extra);
        }
        if index > crate::MAX_SIZE {
            return Err(ProofFormatError::Index);
        }
        if path.len() > MAX_PATH {
            return Err(ProofFormatError::LongPath);
        }
        Ok(Proof { extra, index, path, checkpoint })
    }

    /// Reads a proof file.
    ///
    /// # Errors
    /// [`ProofFormatError`] naming the first rule broken.
    pub fn parse(bytes: &[u8]) -> Result<Proof, ProofFormatError> {
        if bytes.len() > MAX_PROOF_BYTES {
            return Err(ProofFormatError::TooLarge { got: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ProofFormatError::Characters)?;
        let (header, mut rest) = text.split_once('\n').ok_or(ProofFormatError::Header)?;
        if header != HEADER {
            return Err(ProofFormatError::Header);
        }
        let mut extra = None;
        if let Some(tail) = rest.strip_prefix("extra ") {
            let (base64, tail) = tail.split_once('\n').ok_or(ProofFormatError::Extra)?;
            extra = Some(decode_base64(base64).ok_or(ProofFormatError::Extra)?);
            rest = tail;
        }
        let (index, mut rest) = rest.split_once('\n').ok_or(ProofFormatError::Index)?;
        let index = index.strip_prefix("index ").and_then(parse_number).ok_or(ProofFormatError::Index)?;
        let mut path = Vec::new();
        loop {
            let (line, tail) = rest.split_once('\n').ok_or(ProofFormatError::Form)?;
            rest = tail;
            if line.is_empty() {
                break;
            }
            if path.len() == MAX_PATH {
                return Err(ProofFormatError::LongPath);
            }
            let line_no = path.len() + 1;
            let hash = Hash::from_base64(line).map_err(|source| ProofFormatError::Path { line: line_no, source })?;
            path.push(hash);
        }
        Proof::new(index, path, Note::parse(rest.as_bytes())?, extra)
    }

    /// Place of the entry in the log, as claimed.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Hashes from the leaf's sibling up to the root's child, as claimed.
    pub fn path(&self) -> &[Hash] {
        &self.path
    }

    /// The checkpoint note, as claimed.
    pub fn checkpoint(&self) -> &Note {
        &self.checkpoint
    }

    /// Extra data; nothing vouches for it until it opens the leaf.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// Checks the proof for a leaf: the log's signature, all known witnesses'
    /// lines, the quorum, then the path.
    ///
    /// Cosigners' times are reported, not judged; the caller knows the present.
    ///
    /// # Errors
    /// [`ProofError`] naming the first thing that does not hold.
    pub fn verify(&self, leaf: &Hash, policy: &Policy) -> Result<Verified, ProofError> {
        let checkpoint: Checkpoint = self.checkpoint.text().parse()?;
        let log_keys: Vec<VerifierKey> = policy
            .logs()
            .iter()
            .filter(|log| log.key.name().as_str() == checkpoint.origin())
            .map(|log| log.key.clone())
            .collect();
        if log_keys.is_empty() {
            return Err(ProofError::UnknownLog { origin: checkpoint.origin().to_owned() });
        }
        self.checkpoint.verify(&log_keys)?;
        let cosigners = policy.list_cosigners(&self.checkpoint)?;
        if !policy.is_quorum(cosigners.iter().map(|c| c.name.as_str())) {
            return Err(ProofError::NoQuorum { got: cosigners.len() });
        }
        let (size, root) = (checkpoint.size(), checkpoint.root());
        verify_inclusion(self.index, size, leaf, &self.path, &root)?;
        Ok(Verified { index: self.index, size, origin: checkpoint.origin().to_owned(), root, cosigners })
    }
}

/// Writes the proof file.
impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", encode_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests;
