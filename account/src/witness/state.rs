//! What a witness must not forget: for each log the checkpoint it cosigned last, and the list of logs it ever did.
//!
//! `state/bound` names the key that this state belongs to and every log cosigned, each by SHA-256 of its origin;
//! `state/<hash>` holds the log-signed note. A checkpoint is stored before its log is listed, and listed before it is
//! cosigned for the first time: what is listed and missing was lost.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ledger::hash::sha256;
use ledger::key::VerifierKey;
use ledger::witness::{Seen, TrustedLog};

use super::WitnessError;
use crate::ledger::Disk;

const HEADER: &str = "dipper/witness/v1";

pub(super) struct StateFolder {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    verifier: String,
    listed: Mutex<BTreeSet<String>>,
}

/// The name that tlog-witness gives a log in addresses.
pub(super) fn file_name(origin: &str) -> String {
    sha256(origin.as_bytes()).to_hex()
}

/// Takes the folder until the file is dropped; `None` when it is taken.
pub(super) fn lock(folder: &Path) -> io::Result<Option<File>> {
    let file = File::options().create(true).append(true).open(folder.join("witness.lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Begins the state of a new key.
pub(super) fn begin(disk: &dyn Disk, folder: &Path, verifier: &VerifierKey) -> io::Result<()> {
    let state = folder.join("state");
    disk.make_folder(&state)?;
    replace(disk, &state, "bound", format!("{HEADER}\n{verifier}\n").as_bytes())?;
    disk.sync_folder(folder)
}

/// Writes a file beside its place, synced, and renames it.
fn replace(disk: &dyn Disk, folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = folder.join(format!("{name}.part"));
    disk.write(&beside, bytes)?;
    disk.rename(&beside, &folder.join(name))?;
    disk.sync_folder(folder)
}

impl StateFolder {
    /// Opens the state of a key; all that was ever cosigned must be there.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path, verifier: &VerifierKey) -> Result<Self, WitnessError> {
        let folder = folder.join("state");
        let bound = match disk.read(&folder.join("bound")) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(WitnessError::StateLost("state/bound".to_owned()));
            }
            Err(error) => return Err(error.into()),
        };
        let mut lines = bound.lines();
        let is_whole = bound.ends_with('\n') && lines.next() == Some(HEADER);
        if !is_whole || lines.next() != Some(verifier.to_string().as_str()) {
            return Err(WitnessError::StateLost("state/bound is of another key or damaged".to_owned()));
        }
        let listed: BTreeSet<String> = lines.map(str::to_owned).collect();
        for name in &listed {
            match disk.read(&folder.join(name)) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return Err(WitnessError::StateLost(format!("state/{name}")));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { disk, folder, verifier: verifier.to_string(), listed: Mutex::new(listed) })
    }

    /// The checkpoint of a log that was stored last.
    pub fn find(&self, log: &TrustedLog) -> Result<Option<Seen>, WitnessError> {
        match self.disk.read(&self.folder.join(file_name(&log.origin))) {
            Ok(bytes) => Seen::open(&bytes, log)
                .map(Some)
                .map_err(|source| WitnessError::State { origin: log.origin.clone(), source }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores a checkpoint durably; only then may it be cosigned.
    pub fn store(&self, origin: &str, seen: &Seen) -> io::Result<()> {
        replace(self.disk.as_ref(), &self.folder, &file_name(origin), seen.note().to_string().as_bytes())?;
        self.list(origin)
    }

    /// Lists a log whose checkpoint is stored.
    pub fn list(&self, origin: &str) -> io::Result<()> {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        let name = file_name(origin);
        if listed.contains(&name) {
            return Ok(());
        }
        let names: String = listed.iter().chain([&name]).map(|name| format!("{name}\n")).collect();
        let bound = format!("{HEADER}\n{}\n{names}", self.verifier);
        replace(self.disk.as_ref(), &self.folder, "bound", bound.as_bytes())?;
        listed.insert(name);
        Ok(())
    }
}
