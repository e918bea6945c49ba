//! The log's files: `checkpoint`, `tile/…`, as C2SP tlog-tiles serves them, and `key`, the log's verifier key.
//!
//! A file is written beside its place, synced and renamed: a reader sees all of it or none.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use ledger::tile::{TileCoord, TileReader};

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
            if !folders.contains(&folder) {
                fs::create_dir_all(&folder)?;
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

    fn read_tile(&mut self, coord: TileCoord) -> io::Result<Vec<u8>> {
        match fs::read(self.folder.join(coord.to_string())) {
            Err(error) if error.kind() == ErrorKind::NotFound && !coord.is_full() => {
                let full = fs::read(self.folder.join(coord.full().to_string()))?;
                Ok(full)
            }
            outcome => outcome,
        }
    }
}
