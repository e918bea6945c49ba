//! Whether a witness may cosign: the checks of tlog-witness in their order.

use super::request::{AddCheckpoint, RequestError};
use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::hash::Hash;
use crate::key::{KeyKind, VerifierKey};
use crate::merkle::{VerifyError, verify_consistency};
use crate::note::{Note, NoteError};
use std::fmt;

/// A log that a witness follows: its origin, and the keys that may sign for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedLog {
    /// The first line of its checkpoints.
    pub origin: String,
    /// Its keys; a line by one of them must hold, and none may be false.
    pub keys: Vec<VerifierKey>,
}

impl TrustedLog {
    /// A log whose origin is its key's name, as it should be.
    pub fn of_key(key: VerifierKey) -> TrustedLog {
        TrustedLog { origin: key.name().as_str().to_owned(), keys: vec![key] }
    }
}

/// The largest tree of one log that a witness has cosigned, with the note that proves who signed it.
///
/// Keep the whole note: size and root alone cannot prove to anybody that a log showed two faces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    size: u64,
    root: Hash,
    note: Note,
}

impl Seen {
    /// Reads back what was stored: a checkpoint note that a trusted key of the log has signed.
    ///
    /// # Errors
    /// [`CheckpointError`] naming the first rule broken.
    pub fn open(bytes: &[u8], log: &TrustedLog) -> Result<Seen, CheckpointError> {
        let signed = SignedCheckpoint::open(bytes, &log.origin, &log.keys)?;
        let (size, root) = (signed.checkpoint().size(), signed.checkpoint().root());
        Ok(Seen { size, root, note: signed.note().clone() })
    }

    /// Entries in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its root.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The note with the log's own lines, as it is stored; what is cosigned is its text.
    pub fn note(&self) -> &Note {
        &self.note
    }
}

/// Why a witness does not cosign; [`Refusal::status`] is what it answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request breaks a rule of its form.
    #[error("{0}")]
    Request(#[from] RequestError),
    /// The log is not one that this witness follows.
    #[error("this witness does not follow the log {origin}")]
    UnknownLog {
        /// The origin claimed.
        origin: String,
    },
    /// No line by a trusted key of the log, or a false one.
    #[error("the log's own signature does not hold: {0}")]
    Signature(#[source] NoteError),
    /// The old size is larger than the checkpoint's.
    #[error("the old size {old} is larger than the checkpoint's size {size}")]
    Shrinks {
        /// The old size named.
        old: u64,
        /// The checkpoint's size.
        size: u64,
    },
    /// The witness cosigned another size last.
    #[error("this witness cosigned size {size} last, not {old}")]
    Conflict {
        /// The old size named.
        old: u64,
        /// The size cosigned last, 0 when none was.
        size: u64,
    },
    /// Size 0 with another root than the empty tree's.
    #[error("a log without entries has another root")]
    EmptyRoot,
    /// The checkpoint does not extend the tree cosigned last.
    #[error("the checkpoint does not extend the tree of size {size} that was cosigned: {source}")]
    Inconsistent {
        /// The size cosigned last.
        size: u64,
        /// Why.
        source: VerifyError,
    },
}

impl Refusal {
    /// The HTTP status that tlog-witness asks for.
    pub fn status(&self) -> u16 {
        match self {
            Refusal::Request(RequestError::TooLarge { .. }) => 413,
            Refusal::Request(_) | Refusal::Shrinks { .. } => 400,
            Refusal::UnknownLog { .. } => 404,
            Refusal::Signature(_) => 403,
            Refusal::Conflict { .. } => 409,
            Refusal::EmptyRoot | Refusal::Inconsistent { .. } => 422,
        }
    }

    /// The size that the body of a conflict names.
    pub fn conflict_size(&self) -> Option<u64> {
        match self {
            Refusal::Conflict { size, .. } => Some(*size),
            _ => None,
        }
    }
}

/// A request that a trusted key of a followed log has signed: worth keeping as evidence even where it is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    request: AddCheckpoint,
    log: usize,
    signed: Note,
}

impl Admitted {
    /// Reads a body and checks form, origin and signatures: the checks that need no state.
    ///
    /// # Errors
    /// [`Refusal::Request`], [`Refusal::UnknownLog`] or [`Refusal::Signature`], in this order.
    pub fn parse(body: &[u8], logs: &[TrustedLog]) -> Result<Admitted, Refusal> {
        let request = AddCheckpoint::parse(body)?;
        let origin = request.checkpoint().origin();
        let unknown = || Refusal::UnknownLog { origin: origin.to_owned() };
        let log = logs.iter().position(|log| log.origin == origin).ok_or_else(unknown)?;
        // A log signs plainly; a cosignature's key in its place would make its time part of the promise.
        let keys: Vec<VerifierKey> =
            logs[log].keys.iter().filter(|key| key.kind() == KeyKind::Ed25519).cloned().collect();
        let lines = request.note().verify(&keys).map_err(Refusal::Signature)?;
        let by_log = |signature: &&crate::note::Signature| {
            lines.iter().any(|line| line.key.name() == signature.name() && line.key.id() == signature.id())
        };
        let lines = request.note().signatures().iter().filter(by_log).cloned().collect();
        let signed = Note::new(request.note().text(), lines).map_err(Refusal::Signature)?;
        Ok(Admitted { request, log, signed })
    }

    /// Which of the logs given signed it.
    pub fn log(&self) -> usize {
        self.log
    }

    /// The request.
    pub fn request(&self) -> &AddCheckpoint {
        &self.request
    }

    /// Checks the request against the tree cosigned last, which must be read under the log's lock; what is returned
    /// must be stored durably before it is cosigned.
    ///
    /// # Errors
    /// [`Refusal`] naming the first check that fails.
    pub fn extend(&self, last: Option<&Seen>) -> Result<Seen, Refusal> {
        let (old, checkpoint) = (self.request.old(), self.request.checkpoint());
        let (size, root) = (checkpoint.size(), checkpoint.root());
        if old > size {
            return Err(Refusal::Shrinks { old, size });
        }
        let cosigned = last.map_or(0, Seen::size);
        if old != cosigned {
            return Err(Refusal::Conflict { old, size: cosigned });
        }
        if size == 0 && root != Hash::EMPTY_ROOT {
            return Err(Refusal::EmptyRoot);
        }
        let inconsistent = |source| Refusal::Inconsistent { size: cosigned, source };
        match last {
            Some(last) if old > 0 => {
                verify_consistency(old, size, &last.root, &root, self.request.proof()).map_err(inconsistent)?;
            }
            _ if !self.request.proof().is_empty() => {
                return Err(inconsistent(VerifyError::Length { got: self.request.proof().len() }));
            }
            _ => {}
        }
        Ok(Seen { size, root, note: self.signed.clone() })
    }

    /// Whether the two together prove that the log showed two faces: one size, two roots, both signed by it.
    pub fn is_fork_of(&self, seen: &Seen) -> bool {
        self.request.checkpoint().size() == seen.size && self.request.checkpoint().root() != seen.root
    }
}

/// Says what was seen, for logs of a program.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "size {} root {}", self.size, self.root)
    }
}
