//! What is done with a lake's folder from outside, also while a program has it open: copying it, and holding its files against
//! their digests. Rolled files never change and the manifest is replaced whole, so that no lock is needed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::LakeError;
use crate::file::{index_name, index_object, name};
use crate::latest;
use crate::manifest::{FORMAT, Manifest, ManifestFault, digest};
use crate::objects::Objects;
use crate::open::numbers;
use crate::writer;

pub use crate::stream::outside::{copy_shared, list_shared, probe, share};

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
    /// True when it lies in the object store.
    pub in_store: bool,
}

/// Copies a lake into another folder, as it stands: everything that was acknowledged before this was called is in the copy.
///
/// What is there already and has the right length is not copied again; what the copy does not need is removed when it is
/// opened. Every file is synced. Files that lie in the object store are fetched: the copy is a lake in a folder, which needs
/// no store and knows of none.
///
/// # Errors
/// When a file is missing or cannot be written, or the lake is rolled again and again meanwhile; when the store is away.
pub fn copy(from: &Path, to: &Path, objects: Option<&Objects>) -> Result<Copied, LakeError> {
    for _ in 0..TRIES {
        let before = read(&from.join("manifest"))?;
        let manifest = parse(&from.join("manifest"), &before)?;
        match copy_parts(from, to, &manifest, objects) {
            // A file was merged into another one, a segment was rolled: the manifest is a new one.
            Err(LakeError::Missing { .. }) if read(&from.join("manifest"))? != before => continue,
            Err(error) => return Err(error),
            Ok(copied) if read(&from.join("manifest"))? == before => {
                write(&to.join("manifest"), apart(manifest).to_text().as_bytes())?;
                return Ok(copied);
            }
            Ok(_) => {}
        }
    }
    let source = io::Error::other("the lake was rolled again and again while it was copied; try once more");
    Err(LakeError::Io { file: from.to_owned(), source })
}

/// The same files in a folder alone. A copy that named the store would, once opened, remove there what it does not know.
pub(crate) fn apart(mut manifest: Manifest) -> Manifest {
    manifest.store = None;
    manifest.files.iter_mut().for_each(|entry| entry.in_store = false);
    manifest
}

fn copy_parts(from: &Path, to: &Path, manifest: &Manifest, objects: Option<&Objects>) -> Result<Copied, LakeError> {
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
    copied.files = copy_files(Some(from), to, manifest, objects)?;
    Ok(copied)
}

/// Copies rolled files out of a folder, if there is one, and out of the store.
pub(crate) fn copy_files(
    from: Option<&Path>,
    to: &Path,
    manifest: &Manifest,
    objects: Option<&Objects>,
) -> Result<u64, LakeError> {
    let copy = |name: &Path, bytes: Option<u64>| match from {
        Some(from) => copy_file(&from.join(name), &to.join(name), bytes),
        None if bytes.is_some() && fs::metadata(to.join(name)).ok().map(|known| known.len()) == bytes => Ok(()),
        None => Err(LakeError::Missing { file: name.to_owned() }),
    };
    for entry in &manifest.files {
        let path = PathBuf::from(name(entry));
        let (index, in_store) = (index_object(&name(entry)), entry.in_store);
        let objects = || objects.ok_or_else(|| unnamed(manifest));
        match copy(&path, Some(entry.bytes)) {
            Err(LakeError::Missing { .. }) if in_store => {
                let bytes = objects()?.get(&name(entry))?;
                if digest(&bytes) != entry.sha256 {
                    let (file, what) = (objects()?.address(&name(entry)).into(), "it is not the file that was sealed");
                    return Err(LakeError::Damaged { file, offset: 0, what });
                }
                write(&to.join(&path), &bytes)?;
            }
            copied => copied?,
        }
        match copy(&index_name(&path), None) {
            Err(LakeError::Missing { .. }) if in_store => write(&to.join(&index), &objects()?.get(&index)?)?,
            copied => copied?,
        }
    }
    Ok(manifest.files.len() as u64)
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

/// Files lie in a store that was not named.
fn unnamed(manifest: &Manifest) -> LakeError {
    let files = manifest.files.iter().filter(|entry| entry.in_store).count();
    let url = manifest.store.as_ref().map(|store| store.url.clone()).unwrap_or_default();
    LakeError::StoreUnnamed { files, url }
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), LakeError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(LakeError::io(folder))?;
    }
    fs::write(path, bytes).and_then(|()| File::open(path)?.sync_all()).map_err(LakeError::io(path))
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, LakeError> {
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

pub(crate) fn read_manifest(folder: &Path) -> Result<Manifest, LakeError> {
    let path = folder.join("manifest");
    parse(&path, &read(&path)?)
}

/// The rolled files that a lake consists of now.
///
/// # Errors
/// When the manifest is missing or damaged.
pub fn list(folder: &Path) -> Result<Vec<Named>, LakeError> {
    Ok(named(&read_manifest(folder)?))
}

/// Where the days of a lake begin, in seconds from UTC.
///
/// # Errors
/// When the manifest is missing or damaged.
pub fn zone_offset_s(folder: &Path) -> Result<i32, LakeError> {
    Ok(read_manifest(folder)?.zone_offset_s)
}

pub(crate) fn named(manifest: &Manifest) -> Vec<Named> {
    let is_untold = |sha256: &str| manifest.sealed.iter().any(|sealed| sealed.sha256 == sha256);
    let named = manifest.files.iter().map(|entry| {
        let sha256 = entry.sha256.clone();
        Named { file: name(entry), is_untold: is_untold(&sha256), sha256, in_store: entry.in_store }
    });
    named.collect()
}

/// Whether a file is the one that was sealed: the one in the store where there is one, and the one in the folder.
///
/// # Errors
/// When it is missing or cannot be read, or differs; when it lies in a store and none was named.
pub fn check(folder: &Path, named: &Named, objects: Option<&Objects>) -> Result<(), LakeError> {
    let compare = |bytes: &[u8], file: PathBuf| match digest(bytes) == named.sha256 {
        true => Ok(()),
        false => Err(LakeError::Damaged { file, offset: 0, what: "it is not the file that was sealed" }),
    };
    if named.in_store {
        let Some(objects) = objects else { return Err(unnamed(&read_manifest(folder)?)) };
        compare(&objects.get(&named.file)?, objects.address(&named.file).into())?;
    }
    let path = folder.join(&named.file);
    match read(&path) {
        Err(LakeError::Missing { .. }) if named.in_store => Ok(()),
        bytes => compare(&bytes?, path),
    }
}
