//! What is done with a lake's folder from outside, also while a program has it open: copying it, and holding its files against
//! their digests. Rolled files never change and the manifest is replaced whole, so that no lock is needed.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::error::LakeError;
use crate::file::{index_name, name};
use crate::latest;
use crate::manifest::{FORMAT, Manifest, ManifestFault, digest};
use crate::open::numbers;
use crate::writer;

/// How often a copy begins again because the lake was rolled meanwhile. It is rolled once an hour, or after some 930 000 readings.
const TRIES: u32 = 20;

/// What a copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// Rolled files.
    pub files: u64,
    /// Segments of readings that are not rolled yet.
    pub segments: u64,
}

/// A rolled file as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The file, from the lake's folder.
    pub file: String,
    /// SHA-256 of it, hexadecimal.
    pub sha256: String,
    /// True until the ledger is said to have it.
    pub is_untold: bool,
}

/// Copies a lake into another folder, as it stands: everything that was acknowledged before this was called is in the copy.
///
/// What is there already and has the right length is not copied again; what the copy does not need is removed when it is
/// opened. Every file is synced.
///
/// # Errors
/// When a file is missing or cannot be written, or the lake is rolled again and again meanwhile.
pub fn copy(from: &Path, to: &Path) -> Result<Copied, LakeError> {
    for _ in 0..TRIES {
        let before = read(&from.join("manifest"))?;
        let manifest = parse(&from.join("manifest"), &before)?;
        match copy_parts(from, to, &manifest) {
            // A file was merged into another one, a segment was rolled: the manifest is a new one.
            Err(LakeError::Missing { .. }) if read(&from.join("manifest"))? != before => continue,
            Err(error) => return Err(error),
            Ok(copied) if read(&from.join("manifest"))? == before => {
                write(&to.join("manifest"), &before)?;
                return Ok(copied);
            }
            Ok(_) => {}
        }
    }
    let source = io::Error::other("the lake was rolled again and again while it was copied; try once more");
    Err(LakeError::Io { file: from.to_owned(), source })
}

fn copy_parts(from: &Path, to: &Path, manifest: &Manifest) -> Result<Copied, LakeError> {
    let mut copied = Copied::default();
    fs::create_dir_all(to).map_err(LakeError::io(to))?;
    // Listed first: a segment that follows another in the list is followed by nothing of it any more.
    let segments = numbers(from, "segment-")?;
    for number in segments.into_iter().filter(|number| *number > manifest.rolled_through) {
        let name = writer::name(number);
        copy_file(&from.join(&name), &to.join(&name), None)?;
        copied.segments += 1;
    }
    if let Some(latest) = &manifest.latest {
        let name = latest::name(latest.number);
        copy_file(&from.join(&name), &to.join(&name), None)?;
    }
    for entry in &manifest.files {
        let (old, new) = (from.join(name(entry)), to.join(name(entry)));
        copy_file(&index_name(&old), &index_name(&new), None)?;
        copy_file(&old, &new, Some(entry.bytes))?;
        copied.files += 1;
    }
    Ok(copied)
}

/// Copies a file; one whose length is known, and that is there with that length, stays.
fn copy_file(from: &Path, to: &Path, bytes: Option<u64>) -> Result<(), LakeError> {
    if bytes.is_some() && fs::metadata(to).ok().map(|known| known.len()) == bytes {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(LakeError::io(folder))?;
    }
    fs::copy(from, to).map_err(LakeError::io(from))?;
    File::open(to).and_then(|file| file.sync_all()).map_err(LakeError::io(to))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), LakeError> {
    fs::write(path, bytes).and_then(|()| File::open(path)?.sync_all()).map_err(LakeError::io(path))
}

fn read(path: &Path) -> Result<Vec<u8>, LakeError> {
    fs::read(path).map_err(LakeError::io(path))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Manifest, LakeError> {
    Manifest::parse(bytes).map_err(|fault| match fault {
        ManifestFault::Damaged => {
            LakeError::Damaged { file: path.to_owned(), offset: 0, what: "its check does not match" }
        }
        ManifestFault::Format(found) => LakeError::Format { file: path.to_owned(), found, known: FORMAT },
    })
}

/// The rolled files that a lake consists of now.
///
/// # Errors
/// When the manifest is missing or damaged.
pub fn list(folder: &Path) -> Result<Vec<Named>, LakeError> {
    let path = folder.join("manifest");
    let manifest = parse(&path, &read(&path)?)?;
    let is_untold = |sha256: &str| manifest.sealed.iter().any(|sealed| sealed.sha256 == sha256);
    let named = manifest.files.iter().map(|entry| {
        let sha256 = entry.sha256.clone();
        Named { file: name(entry), is_untold: is_untold(&sha256), sha256 }
    });
    Ok(named.collect())
}

/// Whether a file is the one that was sealed.
///
/// # Errors
/// When it is missing or cannot be read, or differs.
pub fn check(folder: &Path, named: &Named) -> Result<(), LakeError> {
    let path = folder.join(&named.file);
    if digest(&read(&path)?) == named.sha256 {
        return Ok(());
    }
    Err(LakeError::Damaged { file: path, offset: 0, what: "it is not the file that was sealed" })
}
