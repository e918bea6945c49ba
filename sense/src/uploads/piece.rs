//! A piece of an upload, on its way to the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use model::{EventId, PartyId};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use store::UploadRow;

use super::{Checksum, Hold, UploadError, blocking, find_row};
use crate::Context;

/// A piece that is being written.
pub struct Receiving {
    row: UploadRow,
    file: File,
    began: u64,
    offset: u64,
    before: Option<Sha256>,
    digest: Option<Sha256>,
    checked: Option<(Checksum, Checking)>,
    hold: Hold,
}

enum Checking {
    Sha1(Sha1),
    Sha256(Sha256),
}

/// Begins a piece of somebody's upload.
///
/// # Errors
/// [`UploadError`]: it does not begin where the file ends, or another one is being written.
pub async fn receive(
    ctx: &Context,
    id: EventId,
    party: PartyId,
    asked: u64,
    checksum: Option<Checksum>,
) -> Result<Receiving, UploadError> {
    let row = find_row(ctx, id, party).await?;
    let uploads = ctx.files.uploads();
    blocking(move || {
        let (mut hold, known) = uploads.take(id)?;
        fs::create_dir_all(&uploads.folder)?;
        let offset = uploads.offset(id)?;
        if offset != asked {
            hold.left = known;
            return Err(UploadError::Offset { offset, asked });
        }
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(uploads.path(id))?;
        file.seek(SeekFrom::Start(offset))?;
        let digest = match known {
            Some((at, digest)) if at == offset => Some(digest),
            _ => (offset == 0).then(Sha256::new),
        };
        let checked = checksum.map(|checksum| match checksum {
            Checksum::Sha1(_) => (checksum, Checking::Sha1(Sha1::new())),
            Checksum::Sha256(_) => (checksum, Checking::Sha256(Sha256::new())),
        });
        Ok(Receiving { row, file, began: offset, offset, before: digest.clone(), digest, checked, hold })
    })
    .await
}

impl Receiving {
    /// The upload.
    pub const fn row(&self) -> &UploadRow {
        &self.row
    }

    /// Writes some bytes; call it where blocking is allowed.
    ///
    /// # Errors
    /// [`UploadError::TooLong`]: these are not written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), UploadError> {
        let end = self.offset.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if end > self.row.bytes {
            return Err(UploadError::TooLong { end, bytes: self.row.bytes });
        }
        self.file.write_all(bytes)?;
        self.offset = end;
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        match &mut self.checked {
            Some((_, Checking::Sha1(checking))) => checking.update(bytes),
            Some((_, Checking::Sha256(checking))) => checking.update(bytes),
            None => {}
        }
        Ok(())
    }

    /// Ends the piece: syncs it, and says how much there is now, with the digest where the file is whole. A piece that was
    /// broken off is kept as far as it came, unless it has a checksum: then nothing of it is.
    ///
    /// # Errors
    /// [`UploadError::Checksum`]; nothing of the piece is kept then.
    pub fn finish(mut self, is_whole_piece: bool) -> Result<Received, UploadError> {
        let is_right = match self.checked.take() {
            None => true,
            Some((Checksum::Sha1(wanted), Checking::Sha1(checking))) => {
                is_whole_piece && <[u8; 20]>::from(checking.finalize()) == wanted
            }
            Some((Checksum::Sha256(wanted), Checking::Sha256(checking))) => {
                is_whole_piece && <[u8; 32]>::from(checking.finalize()) == wanted
            }
            Some(_) => false,
        };
        if !is_right {
            self.file.set_len(self.began)?;
            (self.offset, self.digest) = (self.began, self.before.take());
        }
        self.file.sync_data()?;
        self.hold.left = self.digest.take().map(|digest| (self.offset, digest));
        if !is_right {
            return Err(UploadError::Checksum);
        }
        let Self { row, offset, mut hold, .. } = self;
        let sha256 = if offset == row.bytes {
            let known = hold.left.take().map(|(_, digest)| digest);
            Some(known.map_or_else(|| digest_of(&hold.uploads.path(row.id)), |digest| Ok(hex(digest)))?)
        } else {
            None
        };
        Ok(Received { row, offset, sha256 })
    }
}

/// How an upload stands after a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The upload.
    pub row: UploadRow,
    /// How much of it is on the disk.
    pub offset: u64,
    /// The digest of the whole file; absent while it is not whole.
    pub sha256: Option<String>,
}

/// SHA-256 of a file, hexadecimal, read piece by piece.
///
/// # Errors
/// When it cannot be read.
pub fn digest_of(path: &Path) -> std::io::Result<String> {
    let (mut file, mut digest) = (File::open(path)?, Sha256::new());
    let mut piece = vec![0; 256 * 1_024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex(digest)),
            read => digest.update(&piece[..read]),
        }
    }
}

fn hex(digest: Sha256) -> String {
    use std::fmt::Write as _;
    digest.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
