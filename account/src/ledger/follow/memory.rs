//! What an auditor remembers of a log between visits, and what it keeps where a log contradicts itself.
//!
//! `<hash of the origin>.visit`: the key, size and root up to which whole bundles were computed, and the checkpoint.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use ledger::hash::{Hash, sha256};
use ledger::key::VerifierKey;
use ledger::note::Note;

use super::FollowError;

/// The memory of one log.
pub(super) struct Memory {
    folder: PathBuf,
    name: String,
}

/// A visit.
pub(super) struct Remembered {
    pub key: VerifierKey,
    /// A size that is a multiple of 256, and the root that the entries up to it give.
    pub settled: (u64, Hash),
    pub note: String,
}

impl Memory {
    pub fn open(folder: &Path, origin: &str) -> Result<Self, FollowError> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), name: sha256(origin.as_bytes()).to_hex() })
    }

    pub fn find(&self) -> Result<Option<Remembered>, FollowError> {
        let path = self.folder.join(format!("{}.visit", self.name));
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let damaged = || FollowError::Memory(path.display().to_string());
        let (key, rest) = text.split_once('\n').ok_or_else(damaged)?;
        let (settled, note) = rest.split_once('\n').ok_or_else(damaged)?;
        let (size, root) = settled.split_once(' ').ok_or_else(damaged)?;
        let size: u64 = size.parse().map_err(|_| damaged())?;
        let root = Hash::from_base64(root).map_err(|_| damaged())?;
        let key = key.parse().map_err(|_| damaged())?;
        Ok(Some(Remembered { key, settled: (size, root), note: note.to_owned() }))
    }

    pub fn keep(&self, visit: &Remembered) -> Result<(), FollowError> {
        let (size, root) = visit.settled;
        self.write(&format!("{}.visit", self.name), &format!("{}\n{size} {root}\n{}", visit.key, visit.note))
    }

    /// Keeps two heads of one log of which the later does not extend the earlier.
    pub fn keep_fault(&self, before: &Note, now: &Note) -> Result<(), FollowError> {
        let digest = sha256(format!("{before}{now}").as_bytes()).to_hex();
        for (end, note) in [("before", before), ("now", now)] {
            self.write(&format!("{}.fault-{}.{end}", self.name, &digest[..16]), &note.to_string())?;
        }
        Ok(())
    }

    fn write(&self, name: &str, text: &str) -> Result<(), FollowError> {
        let beside = self.folder.join(format!("{name}.part"));
        let mut file = File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, self.folder.join(name))?;
        Ok(File::open(&self.folder)?.sync_all()?)
    }
}
