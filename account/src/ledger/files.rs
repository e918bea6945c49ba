//! The log's files: `checkpoint`, `tile/…`, as C2SP tlog-tiles serves them, and `key`, the log's verifier key.
//!
//! A file is written beside its place, synced and renamed: a reader sees all of it or none.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use ledger::hash::Hash;
use ledger::tile::{TileCoord, TileKind, TileReader};

/// The folder of one log.
#[derive(Debug, Clone)]
pub struct LogFiles {
    folder: PathBuf,
}

impl LogFiles {
    /// Uses a folder, making it where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the log for writing until the file is dropped, however the process ends; `None` when it is taken.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub(super) fn lock(&self) -> io::Result<Option<File>> {
        let file = File::options().create(true).append(true).open(self.folder.join("writer.lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The published checkpoint; `None` before the first one.
    ///
    /// # Errors
    /// When it is there but cannot be read.
    pub fn read_checkpoint(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.folder.join("checkpoint")) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Publishes a checkpoint, replacing the one before.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn write_checkpoint(&self, note: &[u8]) -> io::Result<()> {
        self.write_all(std::iter::once(("checkpoint".to_owned(), note)))
    }

    /// Writes the verifier key, for people and programs that check the log.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn write_key(&self, vkey: &str) -> io::Result<()> {
        self.write_all(std::iter::once(("key".to_owned(), format!("{vkey}\n").as_bytes())))
    }

    /// Writes files by their path below the folder, then syncs every folder touched.
    ///
    /// # Errors
    /// When the disk refuses one of them.
    pub fn write_all<'a>(&self, files: impl IntoIterator<Item = (String, &'a [u8])>) -> io::Result<()> {
        let mut folders = BTreeSet::new();
        for (path, bytes) in files {
            let path = self.folder.join(path);
            let folder = path.parent().unwrap_or(&self.folder).to_owned();
            if !folder.exists() {
                fs::create_dir_all(&folder)?;
                // A new folder is itself an entry of those above it.
                let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(&self.folder));
                folders.extend(above.map(Path::to_owned));
            }
            let beside = path.with_extension("part");
            let mut file = File::create(&beside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&beside, &path)?;
            folders.insert(folder);
        }
        folders.iter().try_for_each(|folder| File::open(folder)?.sync_all())
    }

    /// Removes the partial forms of a tile whose full form is written; a client then asks for the full one.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn remove_partials(&self, full: TileCoord) -> io::Result<()> {
        match fs::remove_dir_all(self.folder.join(format!("{full}.p"))) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl TileReader for &LogFiles {
    type Error = io::Error;

    /// A partial tile that was removed is the beginning of its full one.
    fn read_tile(&mut self, coord: TileCoord) -> io::Result<Vec<u8>> {
        match fs::read(self.folder.join(coord.to_string())) {
            Err(error) if error.kind() == ErrorKind::NotFound && !coord.is_full() => {
                let full = fs::read(self.folder.join(coord.full().to_string()))?;
                Ok(beginning(&full, coord).to_vec())
            }
            outcome => outcome,
        }
    }
}

/// The part of a full tile or bundle that was its partial form; damage is left for the reader to find.
fn beginning(full: &[u8], coord: TileCoord) -> &[u8] {
    let width = usize::from(coord.width());
    let length = match coord.kind() {
        TileKind::Hashes(_) => width * Hash::LEN,
        TileKind::Entries => {
            let mut at = 0;
            for _ in 0..width {
                let Some(length) = full.get(at..at + 2) else { return full };
                at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]]));
            }
            at
        }
    };
    full.get(..length).unwrap_or(full)
}
