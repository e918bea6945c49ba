//! A witness of logs, its own or other people's: it cosigns a checkpoint only where it extends the one it cosigned
//! before, and never forgets which that was.
//!
//! For each log: read the last tree, check, store durably, only then sign; all under one lock. A key that has been
//! used must never sign without its state: a witness that lost it could cosign a second history.

mod evidence;
mod keys;
mod state;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::SigningKey;
use ledger::checkpoint::CheckpointError;
use ledger::cosignature::{CosignError, cosign};
use ledger::key::{KeyError, KeyName, VerifierKey};
use ledger::note::{Note, NoteError};
use ledger::witness::{Admitted, CosignatureLines, Refusal, SIZE_CONTENT_TYPE, Seen, TrustedLog};
use model::Instant;

use crate::ledger::Disk;
use crate::remote::Reply;
use evidence::Evidence;
use state::StateFolder;

/// Why a witness does not start.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// There is no key yet.
    #[error("there is no key in this folder; make one first (dipper witness init)")]
    NoKey,
    /// There is a key already.
    #[error("there is a key in this folder already; a second one would make the first one's state doubtful")]
    KeyExists,
    /// The key file is damaged.
    #[error("the key file is damaged: it has a line of 64 hexadecimal digits and a line with the witness's name")]
    KeyFile,
    /// The name cannot be a key's.
    #[error("the name cannot be a key's: {0}")]
    Name(#[from] KeyError),
    /// The state belongs to another key, or is gone.
    #[error(
        "the state that belongs to this key is missing ({0}). A witness that has lost its state may cosign a second history: retire this key, make a new one in an empty folder, and tell those who list it"
    )]
    StateLost(String),
    /// The stored checkpoint of a log is damaged, or no trusted key has signed it.
    #[error(
        "the stored checkpoint of {origin} does not open with the keys configured for it: {source}; give the key it was signed with"
    )]
    State {
        /// The log.
        origin: String,
        /// What is wrong.
        source: CheckpointError,
    },
    /// Another process uses the folder.
    #[error("another witness runs in this folder; there may be one only")]
    InUse,
    /// The disk refused.
    #[error("the witness's folder cannot be read or written: {0}")]
    Disk(#[from] io::Error),
}

/// Why a checkpoint is not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// A check failed; the refusal has its status.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The state could not be stored: nothing was signed.
    #[error("the state could not be stored: {0}")]
    Disk(#[from] io::Error),
    /// The clock shows no time that can be signed.
    #[error(transparent)]
    Time(#[from] CosignError),
    /// The cosigned checkpoint would be no note.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// What is held of one log: its largest tree cosigned, with the line that says so.
struct Held {
    seen: Option<Seen>,
    cosigned: Option<Note>,
    evidence: Evidence,
}

/// A running witness.
pub struct Witness {
    name: KeyName,
    key: SigningKey,
    verifier: VerifierKey,
    logs: Vec<TrustedLog>,
    state: StateFolder,
    held: Vec<Mutex<Held>>,
    _lock: File,
}

impl Witness {
    /// Makes a key and the state that belongs to it. `seed` must be random and never used before.
    ///
    /// # Errors
    /// [`WitnessError::KeyExists`], [`WitnessError::Name`] or [`WitnessError::Disk`].
    pub fn create(disk: &dyn Disk, folder: &Path, name: &str, seed: &[u8; 32]) -> Result<VerifierKey, WitnessError> {
        keys::create(disk, folder, name, seed)
    }

    /// The verifier key of the witness in a folder.
    ///
    /// # Errors
    /// [`WitnessError`] when there is none.
    pub fn read_key(disk: &dyn Disk, folder: &Path) -> Result<VerifierKey, WitnessError> {
        keys::verifier(&keys::read(disk, folder)?)
    }

    /// Opens a witness for these logs, and cosigns anew what it cosigned last.
    ///
    /// # Errors
    /// [`WitnessError`] naming what is missing or damaged; nothing is signed then.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path, logs: Vec<TrustedLog>, now: Instant) -> Result<Self, WitnessError> {
        let keys = keys::read(disk.as_ref(), folder)?;
        let verifier = keys::verifier(&keys)?;
        let lock = state::lock(folder)?.ok_or(WitnessError::InUse)?;
        let state = StateFolder::open(Arc::clone(&disk), folder, &verifier)?;
        let mut held = Vec::new();
        for log in &logs {
            let evidence = Evidence::open(Arc::clone(&disk), folder, &log.origin)?;
            let seen = state.find(log)?;
            held.push(Mutex::new(Held { seen, cosigned: None, evidence }));
        }
        let witness = Self { name: keys.name, key: keys.key, verifier, logs, state, held, _lock: lock };
        for log in 0..witness.held.len() {
            let mut held = witness.held(log);
            if let Some(seen) = held.seen.clone() {
                // Between storing and signing it may have been killed: listed before it signs again.
                witness.state.list(&witness.logs[log].origin)?;
                held.cosigned = witness.sign(&seen, now).ok().map(|(note, _)| note);
            }
        }
        Ok(witness)
    }

    /// Its verifier key.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The logs it follows.
    pub fn logs(&self) -> &[TrustedLog] {
        &self.logs
    }

    /// Answers an add-checkpoint request at `now`. Blocks on the disk.
    ///
    /// # Errors
    /// [`AddError::Refused`] with the first check that fails; a request that the log itself has signed is kept then.
    pub fn add_checkpoint(&self, body: &[u8], now: Instant) -> Result<CosignatureLines, AddError> {
        let admitted = Admitted::parse(body, &self.logs)?;
        let log = &self.logs[admitted.log()];
        let mut held = self.held(admitted.log());
        let seen = match admitted.extend(held.seen.as_ref()) {
            Ok(seen) => seen,
            Err(refusal) => {
                let Held { seen, evidence, .. } = &mut *held;
                if let Err(error) = evidence.keep(&admitted, &refusal, seen.as_ref()) {
                    tracing::error!(%error, log = log.origin, "a refused checkpoint could not be kept as evidence");
                }
                return Err(refusal.into());
            }
        };
        let is_same = held.seen.as_ref().is_some_and(|last| last.size() == seen.size());
        if !is_same {
            self.state.store(&log.origin, &seen)?;
            held.seen = Some(seen.clone());
        }
        let (cosigned, lines) = self.sign(&seen, now)?;
        held.cosigned = Some(cosigned);
        Ok(lines)
    }

    /// As [`Witness::add_checkpoint`], with the status and body that tlog-witness gives each outcome.
    pub fn answer(&self, body: &[u8], now: Instant) -> Reply {
        let text = |status, said: String| Reply {
            status,
            content_type: "text/plain; charset=utf-8".to_owned(),
            body: format!("{said}\n").into_bytes(),
        };
        match self.add_checkpoint(body, now) {
            Ok(lines) => Reply { body: lines.to_string().into_bytes(), ..text(200, String::new()) },
            Err(AddError::Refused(refusal)) => match refusal.conflict_size() {
                Some(size) => Reply { content_type: SIZE_CONTENT_TYPE.to_owned(), ..text(409, size.to_string()) },
                None => text(refusal.status(), refusal.to_string()),
            },
            Err(error) => {
                tracing::error!(%error, "a checkpoint could not be cosigned");
                text(500, "the witness cannot store or sign at present".to_owned())
            }
        }
    }

    /// The checkpoint of a log that was cosigned last, with both lines, by SHA-256 of the origin in hexadecimal.
    pub fn find_checkpoint(&self, origin_hash: &str) -> Option<String> {
        let log = self.logs.iter().position(|log| state::file_name(&log.origin) == origin_hash)?;
        self.held(log).cosigned.as_ref().map(Note::to_string)
    }

    fn sign(&self, seen: &Seen, now: Instant) -> Result<(Note, CosignatureLines), AddError> {
        let time_s = u64::try_from(now.as_micros().div_euclid(1_000_000)).unwrap_or(0);
        let line = cosign(seen.note().text(), time_s, &self.name, &self.key)?;
        Ok((seen.note().clone().with(line.clone())?, CosignatureLines::of(line)))
    }

    /// A panic under the lock leaves the state as it was stored: it changes by whole values only.
    fn held(&self, log: usize) -> MutexGuard<'_, Held> {
        self.held[log].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
