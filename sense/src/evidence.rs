//! Evidence (证据): content-addressed files on disk, with a row for what is known about each.
//!
//! A file is on disk, synced, before its row says so. The same bytes are kept once. Nothing here trusts a name.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{EvidenceId, Instant, PartyId};
use sha2::{Digest, Sha256};
use store::{EvidenceRow, StoreError, Tx};

use crate::Context;
use crate::picture::{self, Picture, PictureError};
use crate::uploads::{UploadLimits, Uploads};

/// Looks for malicious content in what people send, before anything else reads it.
pub trait Scanner: Send + Sync {
    /// Looks through a whole file.
    ///
    /// # Errors
    /// [`ScanError`]: what was not found clean is not kept.
    fn scan(&self, bytes: &[u8]) -> Result<(), ScanError>;
}

/// Why a file was not found clean.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Something was found.
    #[error("the file holds {signature}")]
    Infected {
        /// What, in the scanner's words.
        signature: String,
    },
    /// The scanner could not say.
    #[error("the scanner does not answer: {0}")]
    Away(String),
}

/// The folder of evidence files: `ab/abcd….jpg` and `ab/abcd….thumb.jpg`.
#[derive(Clone)]
pub struct Files {
    folder: PathBuf,
    scanner: Option<Arc<dyn Scanner>>,
    uploads: Arc<Uploads>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").field("folder", &self.folder).field("scans", &self.scanner.is_some()).finish()
    }
}

/// Which form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// As kept.
    Full,
    /// The thumbnail.
    Thumb,
}

impl Files {
    /// Uses a folder, making it where it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(folder)?;
        let uploads = Arc::new(Uploads::new(&folder.join("uploads"), UploadLimits::default()));
        Ok(Self { folder: folder.to_owned(), scanner: None, uploads })
    }

    /// The same, uploads being kept elsewhere than below the folder, and bounded otherwise.
    #[must_use]
    pub fn with_uploads(mut self, uploads: Uploads) -> Self {
        self.uploads = Arc::new(uploads);
        self
    }

    /// Large files on their way in.
    pub fn uploads(&self) -> Arc<Uploads> {
        Arc::clone(&self.uploads)
    }

    /// The same, every file that is sent being scanned first.
    #[must_use]
    pub fn with_scanner(mut self, scanner: Option<Arc<dyn Scanner>>) -> Self {
        self.scanner = scanner;
        self
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What scans files, where something does.
    pub(crate) fn scanner(&self) -> Option<&dyn Scanner> {
        self.scanner.as_deref()
    }

    /// Where a file is.
    pub fn path(&self, id: &EvidenceId, size: Size) -> PathBuf {
        let name = id.to_string();
        let end = match size {
            Size::Full => "jpg",
            Size::Thumb => "thumb.jpg",
        };
        self.folder.join(&name[..2]).join(format!("{name}.{end}"))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn read(&self, id: &EvidenceId, size: Size) -> std::io::Result<Vec<u8>> {
        fs::read(self.path(id, size))
    }

    /// Removes a file in every size; one that is not there is removed already.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn remove(&self, id: &EvidenceId) -> std::io::Result<()> {
        for size in [Size::Full, Size::Thumb] {
            match fs::remove_file(self.path(id, size)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn keep(&self, id: &EvidenceId, picture: &Picture) -> std::io::Result<()> {
        let full = self.path(id, Size::Full);
        if full.exists() {
            return Ok(());
        }
        let folder = full.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        write_synced(&self.path(id, Size::Thumb), &picture.thumb)?;
        write_synced(&full, &picture.jpeg)?;
        fs::File::open(folder)?.sync_all()
    }
}

/// Writes beside the target, syncs, then renames: a reader sees the whole file or none. Each writing has a name of its
/// own: the same picture may be sent twice at once.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    static WRITINGS: AtomicU64 = AtomicU64::new(0);
    let beside = path.with_extension(format!("{}.part", WRITINGS.fetch_add(1, Ordering::Relaxed)));
    let mut file = fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// Why a file was not kept.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// It was not found clean.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// It is not a picture we keep.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The disk refused it.
    #[error("the file could not be stored: {0}")]
    Disk(std::io::ErrorKind),
    /// The store did not take its row.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Accepts a picture: scans, reads, strips, keeps it, records what is known about it.
///
/// Scanning and decoding take tens of milliseconds and more: call it where blocking is allowed.
///
/// # Errors
/// [`AcceptError`]; no row is written then.
pub fn accept(ctx: &Context, bytes: &[u8], uploaded_by: Option<PartyId>) -> Result<EvidenceRow, AcceptError> {
    if let Some(scanner) = &ctx.files.scanner {
        scanner.scan(bytes)?;
    }
    let picture = picture::read(bytes)?;
    let id = EvidenceId::new(Sha256::digest(&picture.jpeg).into());
    ctx.files.keep(&id, &picture).map_err(|error| AcceptError::Disk(error.kind()))?;
    let row = evidence_row(id, &picture, ctx.clock.now(), uploaded_by);
    let recorded = row.clone();
    ctx.store.write_blocking(move |tx: &mut Tx| tx.record_evidence(&recorded))?;
    // The same bytes may have been erased for somebody else in between.
    ctx.files.keep(&id, &picture).map_err(|error| AcceptError::Disk(error.kind()))?;
    Ok(row)
}

fn evidence_row(id: EvidenceId, picture: &Picture, stored_at: Instant, uploaded_by: Option<PartyId>) -> EvidenceRow {
    EvidenceRow {
        id,
        media_type: "image/jpeg".to_owned(),
        bytes: i64::try_from(picture.jpeg.len()).unwrap_or(i64::MAX),
        width: picture.width,
        height: picture.height,
        taken_at: picture.taken_at,
        lon: picture.lon_lat.map(|(lon, _)| lon),
        lat: picture.lon_lat.map(|(_, lat)| lat),
        stored_at,
        uploaded_by,
    }
}
