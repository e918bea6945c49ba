//! Uploads (分片上传): files too large for one request, sent piece by piece and gone on with after a break.
//!
//! How far an upload is, its file on the disk says, once that is synced: neither a lost connection nor a killed server can
//! make it say more. Memory does not depend on the size of a file. What nobody makes anything of is removed after a time.

mod piece;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{EventId, Instant, PartyId};
use sha2::Sha256;
use store::{StoreError, Tx, UploadRow};

pub use piece::{Received, Receiving, digest_of, receive};

use crate::Context;

/// How long an upload is kept after it was begun, and again after it is whole: 48 hours.
const KEPT_US: i64 = 48 * 3_600 * 1_000_000;

/// Longest metadata, bytes.
pub const METADATA_MAX: usize = 2_048;

/// Most uploads whose digest is kept in memory between two pieces; others are read again when they are whole.
const DIGESTS_MAX: usize = 1_024;

/// Most uploads removed in one round.
const ROUND: u32 = 1_000;

/// How much one person may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadLimits {
    /// One file, bytes.
    pub file: u64,
    /// All that one person has on its way, bytes.
    pub person: u64,
    /// How many uploads one person has on their way.
    pub uploads: u64,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self { file: 4 << 30, person: 64 << 30, uploads: 2_000 }
    }
}

/// Why an upload was not taken, or a piece of it.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// There is none, or it is somebody else's.
    #[error("there is no such upload of yours")]
    Unknown,
    /// Its time is over.
    #[error("the upload expired at {0}; begin another one")]
    Expired(Instant),
    /// A file is too large.
    #[error("the file has {bytes} bytes; at most {limit} are taken")]
    TooLarge {
        /// Its length.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// One person has too much on its way.
    #[error("you have {bytes} bytes in {uploads} uploads on their way with this one; at most {} bytes in {} uploads are taken; remove some or make flights of them", limits.person, limits.uploads)]
    TooMany {
        /// All their bytes.
        bytes: u64,
        /// All their uploads.
        uploads: u64,
        /// The limits.
        limits: UploadLimits,
    },
    /// What is said of it does not fit.
    #[error("{0}")]
    Metadata(String),
    /// The piece does not begin where the file ends.
    #[error("the upload has {offset} bytes, the piece begins at {asked}; go on from {offset}")]
    Offset {
        /// Where the file ends.
        offset: u64,
        /// Where the piece begins.
        asked: u64,
    },
    /// There is more than was said.
    #[error("the piece ends at {end}, beyond the {bytes} bytes of the upload")]
    TooLong {
        /// Where the piece ends.
        end: u64,
        /// How long the file is.
        bytes: u64,
    },
    /// A piece is being written.
    #[error("another piece of this upload is being written; try again")]
    Busy,
    /// The digest of a piece is another one.
    #[error("the piece has another checksum than was said; nothing of it was kept, send it again")]
    Checksum,
    /// It is not whole.
    #[error("the upload has {offset} of {bytes} bytes; send the rest first")]
    Unfinished {
        /// Where the file ends.
        offset: u64,
        /// How long the file is.
        bytes: u64,
    },
    /// The disk refused it.
    #[error("uploads cannot be stored at present: {0}")]
    Disk(std::io::ErrorKind),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<std::io::Error> for UploadError {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.kind())
    }
}

/// The digest that a piece must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checksum {
    /// SHA-1, which every server of the protocol knows.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
}

/// What is known of an upload between two pieces.
enum State {
    /// A piece is being written.
    Busy,
    /// The digest up to an offset.
    Idle(u64, Sha256),
}

/// The folder of uploads.
pub struct Uploads {
    folder: PathBuf,
    limits: UploadLimits,
    states: Mutex<BTreeMap<EventId, State>>,
}

impl std::fmt::Debug for Uploads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uploads").field("folder", &self.folder).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Uploads {
    /// Uses a folder, which is made with the first upload.
    pub fn new(folder: &Path, limits: UploadLimits) -> Self {
        Self { folder: folder.to_owned(), limits, states: Mutex::default() }
    }

    /// How much one person may send.
    pub const fn limits(&self) -> UploadLimits {
        self.limits
    }

    /// Where the file of an upload is.
    pub fn path(&self, id: EventId) -> PathBuf {
        self.folder.join(id.to_string())
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<EventId, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps everybody else from an upload; with the digest up to an offset, where it is known.
    fn take(self: &Arc<Self>, id: EventId) -> Result<(Hold, Option<(u64, Sha256)>), UploadError> {
        let known = match self.states().insert(id, State::Busy) {
            Some(State::Busy) => return Err(UploadError::Busy),
            Some(State::Idle(offset, digest)) => Some((offset, digest)),
            None => None,
        };
        Ok((Hold { uploads: Arc::clone(self), id, left: None }, known))
    }

    /// How much of an upload is on the disk, after it is synced.
    fn offset(&self, id: EventId) -> Result<u64, UploadError> {
        match File::open(self.path(id)) {
            Ok(file) => {
                file.sync_data()?;
                Ok(file.metadata()?.len())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}

/// An upload that nobody else may touch until this is dropped.
struct Hold {
    uploads: Arc<Uploads>,
    id: EventId,
    left: Option<(u64, Sha256)>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let left = self.left.take();
        let mut states = self.uploads.states();
        states.remove(&self.id);
        if let Some((offset, digest)) = left
            && states.len() < DIGESTS_MAX
        {
            states.insert(self.id, State::Idle(offset, digest));
        }
    }
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// Who sends it.
    pub party: PartyId,
    /// How long the whole file is, bytes.
    pub bytes: u64,
    /// What they say of it: pairs of a key and a value in Base64, with commas between.
    pub metadata: String,
}

/// Begins an upload.
///
/// # Errors
/// [`UploadError`]; nothing is written then.
pub async fn create(ctx: &Context, new: NewUpload) -> Result<UploadRow, UploadError> {
    let limits = ctx.files.uploads().limits();
    if new.bytes > limits.file {
        return Err(UploadError::TooLarge { bytes: new.bytes, limit: limits.file });
    }
    read_metadata(&new.metadata)?;
    let now = ctx.clock.now();
    ctx.store
        .write(move |tx: &mut Tx| {
            let sum = tx.sum_uploads(new.party)?;
            let (bytes, uploads) = (sum.bytes.saturating_add(new.bytes), sum.uploads + 1);
            if bytes > limits.person || uploads > limits.uploads {
                return Err(UploadError::TooMany { bytes, uploads, limits });
            }
            let NewUpload { party, bytes, metadata } = new;
            let (id, expires_at) = (tx.new_event_id(now), now.plus_micros(KEPT_US));
            let row = UploadRow { id, party, bytes, metadata, created_at: now, expires_at, sha256: None };
            tx.record_upload(&row)?;
            Ok(row)
        })
        .await
}

/// What a sender says of an upload.
///
/// # Errors
/// [`UploadError::Metadata`] when it is too long or not well formed.
pub fn read_metadata(text: &str) -> Result<BTreeMap<String, String>, UploadError> {
    let wrong = |words: String| UploadError::Metadata(format!("Upload-Metadata: {words}"));
    if text.len() > METADATA_MAX {
        return Err(wrong(format!("it has {} bytes; at most {METADATA_MAX} are taken", text.len())));
    }
    let mut found = BTreeMap::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = STANDARD.decode(value.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let value = value.ok_or_else(|| wrong(format!("the value of {key} must be UTF-8 in Base64")))?;
        if found.insert(key.to_owned(), value).is_some() {
            return Err(wrong(format!("{key} is there twice")));
        }
    }
    Ok(found)
}

/// Somebody's upload, and how much of it is on the disk.
///
/// # Errors
/// [`UploadError::Busy`] while a piece is being written: how far it is is not sure then.
pub async fn find(ctx: &Context, id: EventId, party: PartyId) -> Result<(UploadRow, u64), UploadError> {
    let row = find_row(ctx, id, party).await?;
    let uploads = ctx.files.uploads();
    blocking(move || {
        let (mut hold, known) = uploads.take(id)?;
        hold.left = known;
        let offset = uploads.offset(id)?;
        Ok((row, offset))
    })
    .await
}

async fn find_row(ctx: &Context, id: EventId, party: PartyId) -> Result<UploadRow, UploadError> {
    let row = ctx.store.read(move |reader| reader.find_upload(id)).await?;
    let row = row.filter(|row| row.party == party).ok_or(UploadError::Unknown)?;
    if row.expires_at <= ctx.clock.now() { Err(UploadError::Expired(row.expires_at)) } else { Ok(row) }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, UploadError> + Send + 'static,
) -> Result<T, UploadError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| UploadError::Disk(std::io::ErrorKind::Other))?
}

/// Writes down that an upload is whole, if it is.
///
/// # Errors
/// [`UploadError`] when the store does not answer.
pub async fn complete(ctx: &Context, received: Received) -> Result<UploadRow, UploadError> {
    let Received { row, sha256, .. } = received;
    if sha256.is_none() || sha256 == row.sha256 {
        return Ok(row);
    }
    let row = UploadRow { sha256, expires_at: ctx.clock.now().plus_micros(KEPT_US), ..row };
    let kept = row.clone();
    ctx.store.write(move |tx: &mut Tx| tx.record_upload(&kept)).await?;
    Ok(row)
}

/// Somebody's upload that is whole, with its digest: read again where the server was killed before it wrote it down.
///
/// # Errors
/// [`UploadError::Unfinished`] while it is not.
pub async fn whole(ctx: &Context, id: EventId, party: PartyId) -> Result<UploadRow, UploadError> {
    let (row, offset) = find(ctx, id, party).await?;
    if offset != row.bytes {
        return Err(UploadError::Unfinished { offset, bytes: row.bytes });
    }
    if row.sha256.is_some() {
        return Ok(row);
    }
    let path = ctx.files.uploads().path(id);
    let sha256 = blocking(move || Ok(digest_of(&path)?)).await?;
    complete(ctx, Received { row, offset, sha256: Some(sha256) }).await
}

/// Removes somebody's upload.
///
/// # Errors
/// [`UploadError`].
pub async fn remove(ctx: &Context, id: EventId, party: PartyId) -> Result<(), UploadError> {
    let row = find_row(ctx, id, party).await?;
    forget(ctx, row.id).await
}

/// Removes uploads whose time is over, and says how many.
///
/// # Errors
/// [`UploadError`] when the disk or the store does not answer.
pub async fn sweep(ctx: &Context) -> Result<usize, UploadError> {
    let now = ctx.clock.now();
    let rows = ctx.store.read(move |reader| reader.list_expired_uploads(now, ROUND)).await?;
    let mut removed = 0;
    for row in rows {
        match forget(ctx, row.id).await {
            Ok(()) => removed += 1,
            Err(UploadError::Busy) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

/// Removes an upload that something was made of.
///
/// # Errors
/// [`UploadError`]; the sweep finds it then.
pub(crate) async fn let_go(ctx: &Context, id: EventId) -> Result<(), UploadError> {
    forget(ctx, id).await
}

/// The file first: a row without one is an upload of which nothing came, and its time will be over too.
async fn forget(ctx: &Context, id: EventId) -> Result<(), UploadError> {
    let uploads = ctx.files.uploads();
    let hold = blocking(move || {
        let (hold, _) = uploads.take(id)?;
        match fs::remove_file(uploads.path(id)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(hold),
        }
    })
    .await?;
    ctx.store.write(move |tx: &mut Tx| tx.remove_upload(id)).await?;
    drop(hold);
    Ok(())
}
