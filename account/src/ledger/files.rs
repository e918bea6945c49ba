//! The log's files: `checkpoint`, `tile/…`, as C2SP tlog-tiles serves them, `key`, the log's verifier key, and
//! `staging`, the entries of a round until they are published.
//!
//! A file is written beside its place, synced and renamed: a reader sees all of it or none.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use ledger::hash::Hash;
use ledger::tile::{TileCoord, TileKind, TileReader};

use super::disk::{Disk, MachineDisk};

/// Files and folders synced at the same time: a journalling file system makes one commit of them. A round of 1 024 entries
/// has 12 files, one of 4 096 has 35.
const AT_ONCE: usize = 40;

/// The folder of one log.
#[derive(Debug, Clone)]
pub struct LogFiles {
    folder: PathBuf,
    disk: Arc<dyn Disk>,
    /// Folders whose own names are known to last: those that this process has synced into the folders above them.
    lasting: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl LogFiles {
    /// Uses a folder, making it where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Self::on(Arc::new(MachineDisk), folder)
    }

    /// Uses a folder on a disk of one's own.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn on(disk: Arc<dyn Disk>, folder: &Path) -> io::Result<Self> {
        disk.make_folder(folder)?;
        Ok(Self { folder: folder.to_owned(), disk, lasting: Arc::default() })
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
        self.find("checkpoint")
    }

    /// Publishes a checkpoint, replacing the one before.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn write_checkpoint(&self, note: &[u8]) -> io::Result<()> {
        self.write_all(&[("checkpoint".to_owned(), note)])
    }

    /// The sizes whose checkpoints were stamped, in order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(crate) fn list_anchors(&self) -> io::Result<Vec<u64>> {
        let entries = match std::fs::read_dir(self.folder.join("anchors")) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut sizes = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            sizes.extend(name.to_str().and_then(|name| name.strip_suffix(".tsr")?.parse::<u64>().ok()));
        }
        sizes.sort_unstable();
        Ok(sizes)
    }

    /// A checkpoint that was stamped, and the time stamp; `None` when there is none of that size.
    pub(crate) fn read_anchor(&self, size: u64) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
        let [checkpoint, stamp] = anchor_names(size);
        Ok(self.find(&checkpoint)?.zip(self.find(&stamp)?))
    }

    /// Keeps them, the stamp last: with it the anchor is there.
    pub(crate) fn write_anchor(&self, size: u64, checkpoint: &[u8], stamp: &[u8]) -> io::Result<()> {
        let [checkpoint_name, stamp_name] = anchor_names(size);
        self.write_all(&[(checkpoint_name, checkpoint)])?;
        self.write_all(&[(stamp_name, stamp)])?;
        // For who follows the log from outside and cannot list a folder.
        let list: String = self.list_anchors()?.iter().map(|size| format!("{size}\n")).collect();
        self.write_all(&[("anchors/list".to_owned(), list.as_bytes())])
    }

    /// Writes the verifier key, for people and programs that check the log.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn write_key(&self, vkey: &str) -> io::Result<()> {
        let line = format!("{vkey}\n");
        // Written once: a start on a full disk must not fail for it.
        if self.find("key")?.is_some_and(|key| key == line.as_bytes()) {
            return Ok(());
        }
        self.write_all(&[("key".to_owned(), line.as_bytes())])
    }

    /// The entries of the round under way; `None` when there is none.
    pub(super) fn read_staging(&self) -> io::Result<Option<Vec<u8>>> {
        self.find("staging")
    }

    /// Straight into its place: its own digest tells a torn one, and a rename would cost a second commit of the journal.
    pub(super) fn write_staging(&self, bytes: &[u8]) -> io::Result<()> {
        self.disk.write(&self.folder.join("staging"), bytes)?;
        self.disk.sync_folder(&self.folder)
    }

    pub(super) fn remove_staging(&self) -> io::Result<()> {
        self.disk.remove(&self.folder.join("staging"))
    }

    fn find(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match self.disk.read(&self.folder.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes files by their path below the folder, then syncs every folder touched.
    ///
    /// # Errors
    /// When the disk refuses one of them.
    pub fn write_all(&self, files: &[(String, &[u8])]) -> io::Result<()> {
        let (mut folders, mut fresh) = (BTreeSet::new(), Vec::new());
        for (path, _) in files {
            let path = self.folder.join(path);
            let folder = path.parent().unwrap_or(&self.folder).to_owned();
            if !self.lasting().contains(&folder) && !fresh.contains(&folder) {
                self.disk.make_folder(&folder)?;
                // A folder is itself an entry of those above it; one made before a crash may not be synced there.
                let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(&self.folder));
                folders.extend(above.map(Path::to_owned));
                fresh.push(folder.clone());
            }
            folders.insert(folder);
        }
        let beside = |path: &str| self.folder.join(path).with_extension("part");
        at_once(files, |(path, bytes)| self.disk.write(&beside(path), bytes))?;
        files.iter().try_for_each(|(path, _)| self.disk.rename(&beside(path), &self.folder.join(path)))?;
        let folders: Vec<PathBuf> = folders.into_iter().collect();
        at_once(&folders, |folder| self.disk.sync_folder(folder))?;
        self.lasting().extend(fresh);
        Ok(())
    }

    fn lasting(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.lasting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the partial forms of a tile whose full form is written; a client then asks for the full one.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn remove_partials(&self, full: TileCoord) -> io::Result<()> {
        self.disk.remove(&self.folder.join(format!("{full}.p")))
    }
}

fn anchor_names(size: u64) -> [String; 2] {
    [format!("anchors/{size}.checkpoint"), format!("anchors/{size}.tsr")]
}

/// Does something with each, several at the same time; the first error in their order.
fn at_once<T: Sync>(all: &[T], one: impl Fn(&T) -> io::Result<()> + Sync) -> io::Result<()> {
    if let [only] = all {
        return one(only);
    }
    let one = &one;
    for some in all.chunks(AT_ONCE) {
        let done: Vec<io::Result<()>> = thread::scope(|scope| {
            let threads: Vec<_> = some.iter().map(|item| scope.spawn(move || one(item))).collect();
            let broken = || io::Error::other("a thread that writes ended early");
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(broken()))).collect()
        });
        done.into_iter().collect::<io::Result<()>>()?;
    }
    Ok(())
}

impl TileReader for &LogFiles {
    type Error = io::Error;

    /// A partial tile that was removed is the beginning of its full one.
    fn read_tile(&mut self, coord: TileCoord) -> io::Result<Vec<u8>> {
        match self.disk.read(&self.folder.join(coord.to_string())) {
            Err(error) if error.kind() == ErrorKind::NotFound && !coord.is_full() => {
                let full = self.disk.read(&self.folder.join(coord.full().to_string()))?;
                Ok(beginning(&full, coord).to_vec())
            }
            outcome => outcome,
        }
    }
}

/// The part of a full tile or bundle that was its partial form; damage is left for the reader to find.
pub(super) fn beginning(full: &[u8], coord: TileCoord) -> &[u8] {
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
