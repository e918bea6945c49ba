//! The body of an add-checkpoint request.

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::{Hash, HashError};
use crate::note::{Note, NoteError};
use crate::text::parse_number;
use std::fmt;

/// Most hashes of a consistency proof: a log has at most 2^63 - 1 entries.
pub const MAX_PROOF_LINES: usize = 63;

/// Largest body read: the proof (63 × 45 bytes) and a checkpoint with a hundred Ed25519 lines of long names fit,
/// and so do sixteen ML-DSA-44 lines of 3.3 kB.
pub const MAX_REQUEST_BYTES: usize = 65_536;

/// Why bytes are not an add-checkpoint request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Too many bytes.
    #[error("the request has {got} bytes, the limit is {MAX_REQUEST_BYTES}")]
    TooLarge {
        /// The number of bytes found.
        got: usize,
    },
    /// Not UTF-8.
    #[error("a request is UTF-8 text")]
    Characters,
    /// The first line is not `old <size>`.
    #[error("a request's first line is: old <size>, a number without leading zeros")]
    Old,
    /// A proof line is not a hash.
    #[error("line {line} of the proof is not a hash")]
    Proof {
        /// The line, from 1.
        line: usize,
        /// Why.
        source: HashError,
    },
    /// Too many proof lines.
    #[error("a consistency proof has at most {MAX_PROOF_LINES} hashes")]
    LongProof,
    /// No empty line before the checkpoint.
    #[error("an empty line stands between proof and checkpoint")]
    Form,
    /// The checkpoint is not a note.
    #[error("the checkpoint is not a signed note: {0}")]
    Note(#[from] NoteError),
    /// The note's text is not a checkpoint.
    #[error("the note is not a checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
}

/// A log's wish to have a checkpoint cosigned: nothing in it is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    old: u64,
    proof: Vec<Hash>,
    note: Note,
    checkpoint: Checkpoint,
}

impl AddCheckpoint {
    /// Joins the parts: the size that the witness cosigned last, the proof from there, the signed checkpoint.
    ///
    /// # Errors
    /// [`RequestError`] where the result could not be read back.
    pub fn new(old: u64, proof: Vec<Hash>, note: Note) -> Result<AddCheckpoint, RequestError> {
        if old > crate::MAX_SIZE {
            return Err(RequestError::Old);
        }
        if proof.len() > MAX_PROOF_LINES {
            return Err(RequestError::LongProof);
        }
        let checkpoint = note.text().parse()?;
        let request = AddCheckpoint { old, proof, note, checkpoint };
        let got = request.to_string().len();
        if got > MAX_REQUEST_BYTES { Err(RequestError::TooLarge { got }) } else { Ok(request) }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`RequestError`] naming the first rule broken.
    pub fn parse(bytes: &[u8]) -> Result<AddCheckpoint, RequestError> {
        if bytes.len() > MAX_REQUEST_BYTES {
            return Err(RequestError::TooLarge { got: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| RequestError::Characters)?;
        let (first, mut rest) = text.split_once('\n').ok_or(RequestError::Old)?;
        let old = first.strip_prefix("old ").and_then(parse_number).ok_or(RequestError::Old)?;
        let mut proof = Vec::new();
        loop {
            let (line, tail) = rest.split_once('\n').ok_or(RequestError::Form)?;
            rest = tail;
            if line.is_empty() {
                break;
            }
            if proof.len() == MAX_PROOF_LINES {
                return Err(RequestError::LongProof);
            }
            let line_no = proof.len() + 1;
            proof.push(Hash::from_base64(line).map_err(|source| RequestError::Proof { line: line_no, source })?);
        }
        AddCheckpoint::new(old, proof, Note::parse(rest.as_bytes())?)
    }

    /// The size that the log believes the witness cosigned last.
    pub fn old(&self) -> u64 {
        self.old
    }

    /// The consistency proof from there to the checkpoint's size.
    pub fn proof(&self) -> &[Hash] {
        &self.proof
    }

    /// The checkpoint as a note.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// What the checkpoint states.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

/// Writes the body.
impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.note)
    }
}
