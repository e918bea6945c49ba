//! The file operations of a lake that change something. They are a trait so that tests can put a fault between any two.
//!
//! Rolled files are read by the machine's own files: they never change.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// A file that grows at its end.
pub trait Log: Debug + Send {
    /// Writes at the end. After a refusal some of it may be there.
    ///
    /// # Errors
    /// When the disk refuses it.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes what was written last.
    ///
    /// # Errors
    /// When the disk refuses it.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file to a length, durably; the next bytes follow there.
    ///
    /// # Errors
    /// When the disk refuses it.
    fn cut(&mut self, bytes: u64) -> io::Result<()>;
}

/// What a lake asks of a disk. Every method that changes something has done so durably when it returns, except
/// appends, which last once synced, and names, which last once their folder is synced.
pub trait Disk: Debug + Send + Sync {
    /// Reads a file whole.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Writes a file whole, in the place of an older one, and syncs it.
    ///
    /// # Errors
    /// When the disk refuses it.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Opens a file that is there to grow.
    ///
    /// # Errors
    /// When the disk refuses it.
    fn log(&self, path: &Path) -> io::Result<Box<dyn Log>>;

    /// Gives a file another name, in the place of what had it.
    ///
    /// # Errors
    /// When the disk refuses it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes a folder and those above it.
    ///
    /// # Errors
    /// When the disk refuses it.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;

    /// Makes the names in a folder last.
    ///
    /// # Errors
    /// When the disk refuses it.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Removes a file; what is not there is removed already.
    ///
    /// # Errors
    /// When the disk refuses it.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The disk of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct MachineDisk;

#[derive(Debug)]
struct MachineLog(File);

impl Log for MachineLog {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)?;
        self.0.sync_all()
    }
}

impl Disk for MachineDisk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn log(&self, path: &Path) -> io::Result<Box<dyn Log>> {
        Ok(Box::new(MachineLog(OpenOptions::new().append(true).open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
