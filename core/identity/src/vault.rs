//! The vault: personal data sealed with a key per person, each key wrapped by the master key of the data folder.
//!
//! XChaCha20-Poly1305 throughout: its 192-bit nonces may be drawn at random. Destroying a person's wrapped key makes
//! everything sealed with it unreadable for ever, in backups of the database too as long as they are without the key.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use model::{CaseId, ContactId, EventId, Grant, Instant, PartyId, Sealing};
use sha2::{Digest, Sha256};
use store::{AccessRow, ContactRow, Looked, Reader, StoreError, Tx};

use crate::contacts::Contact;

/// Length of a key, bytes.
pub(crate) const KEY_LEN: usize = 32;

/// Length of an XChaCha20 nonce, bytes.
const NONCE_LEN: usize = 24;

/// Why the vault does not open or a contact cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The master key's file cannot be read or made.
    #[error("the master key {path} cannot be used: {kind}")]
    File {
        /// Which file; for operators, never shown to users.
        path: PathBuf,
        /// What went wrong.
        kind: std::io::ErrorKind,
    },
    /// The file does not have 32 bytes.
    #[error("the master key {path} has {found} bytes instead of {KEY_LEN}; put the right one back from your backup")]
    Shape {
        /// Which file.
        path: PathBuf,
        /// Bytes found.
        found: usize,
    },
    /// Other users of the machine may read the file.
    #[error("the master key {path} may be read by others (mode {mode:o}); it must be 600")]
    Open {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// There is no such record.
    #[error("there is no such record")]
    NotFound,
    /// The person's key was destroyed.
    #[error("the record was erased")]
    Erased,
    /// It was sealed under another master key, or damaged.
    #[error("the record does not open with this master key")]
    Damaged,
    /// The purpose is missing.
    #[error("a purpose of 4 to 200 characters must be stated")]
    Purpose,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who opens personal data, for which case, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The person.
    pub party: PartyId,
    /// In which post.
    pub grant: Grant,
    /// For which case.
    pub case: CaseId,
    /// Whose data it is, when they have an account: they see the look.
    pub subject: Option<PartyId>,
    /// Why, in plain words.
    pub purpose: String,
    /// The law it rests on.
    pub basis: String,
    /// Why and until when the person may not know of it.
    pub sealed: Option<Sealing>,
    /// The event of the case that tells of the look; its receipt proves it.
    pub event: Option<EventId>,
}

impl Access {
    /// The purpose, when one is stated.
    ///
    /// # Errors
    /// [`VaultError::Purpose`] when it is shorter than 4 or longer than 200 characters.
    pub fn stated_purpose(&self) -> Result<&str, VaultError> {
        stated(&self.purpose)
    }

    pub(crate) fn record(&self, tx: &mut Tx, looked: Looked, purpose: &str, now: Instant) -> Result<(), StoreError> {
        let event = self.event.unwrap_or_else(|| tx.new_event_id(now));
        tx.record_access(&AccessRow {
            event,
            at: now,
            party: self.party,
            role: self.grant.role.clone(),
            office: self.grant.office.clone(),
            looked,
            subject: self.subject,
            case: self.case,
            purpose: purpose.to_owned(),
            basis: self.basis.clone(),
            visible_at: self.sealed.as_ref().map(|sealed| sealed.until),
        })
    }
}

/// A purpose as it was stated.
///
/// # Errors
/// [`VaultError::Purpose`] when it is shorter than 4 or longer than 200 characters.
pub fn stated(purpose: &str) -> Result<&str, VaultError> {
    let purpose = purpose.trim();
    if (4..=200).contains(&purpose.chars().count()) { Ok(purpose) } else { Err(VaultError::Purpose) }
}

/// Seals and opens personal data.
pub struct Vault {
    pub(crate) master: XChaCha20Poly1305,
    /// Keys the digests by which a number is known again; made from the master key, and another one.
    pub(crate) index_key: [u8; KEY_LEN],
}

impl Vault {
    /// Uses a master key given by the caller.
    pub fn from_key(key: &[u8; KEY_LEN]) -> Self {
        let index_key = Sha256::new().chain_update(b"dipper/identity-index/v1").chain_update(key).finalize().into();
        Self { master: cipher(key), index_key }
    }

    /// Opens the vault of a data folder: reads its master key, or writes `fresh` there when it has none yet.
    ///
    /// The file has mode 600 and is synced before the first contact can be sealed under it.
    ///
    /// # Errors
    /// [`VaultError`] when the file cannot be used; the caller must not go on without it.
    pub fn open(path: &Path, fresh: &[u8; KEY_LEN]) -> Result<Self, VaultError> {
        let fault = |error: std::io::Error| VaultError::File { path: path.to_owned(), kind: error.kind() };
        if !path.exists() {
            create_private(path, fresh).map_err(fault)?;
        }
        let file = std::fs::File::open(path).map_err(fault)?;
        let mode = mode_of(&file).map_err(fault)?;
        if mode & 0o077 != 0 {
            return Err(VaultError::Open { path: path.to_owned(), mode });
        }
        let mut bytes = Vec::new();
        file.take(1_024).read_to_end(&mut bytes).map_err(fault)?;
        let found = bytes.len();
        let key: [u8; KEY_LEN] = bytes.try_into().map_err(|_| VaultError::Shape { path: path.to_owned(), found })?;
        Ok(Self::from_key(&key))
    }

    /// Seals a contact with a new key of its own and keeps both, within the caller's transaction.
    ///
    /// # Errors
    /// [`StoreError`] when a row cannot be written.
    pub fn seal(&self, tx: &mut Tx, contact: &Contact, now: Instant) -> Result<ContactId, StoreError> {
        let key: [u8; KEY_LEN] = tx.random_bytes();
        let id = tx.new_contact_id(now);
        let name = id.to_string();
        let json = serde_json::to_vec(contact).expect("a contact is three optional texts");
        let wrapped = encrypt(&self.master, tx.random_bytes(), &key, name.as_bytes());
        let sealed = encrypt(&cipher(&key), tx.random_bytes(), &json, name.as_bytes());
        tx.record_person_key(&name, &wrapped)?;
        tx.record_contact(&ContactRow { id, key_id: name, sealed, created_at: now })?;
        Ok(id)
    }

    /// Opens a contact for a stated purpose; the reading is recorded in the same transaction.
    ///
    /// # Errors
    /// [`VaultError`]; nothing is recorded then.
    pub fn open_contact(
        &self,
        tx: &mut Tx,
        id: ContactId,
        access: &Access,
        now: Instant,
    ) -> Result<Contact, VaultError> {
        let purpose = access.stated_purpose()?;
        let contact = self.read(tx, id)?;
        access.record(tx, Looked::Contact(id), purpose, now)?;
        Ok(contact)
    }

    fn read(&self, reader: &mut Reader, id: ContactId) -> Result<Contact, VaultError> {
        let row = reader.find_contact(id)?.ok_or(VaultError::NotFound)?;
        let wrapped = reader.find_person_key(&row.key_id)?.ok_or(VaultError::Erased)?;
        let key = decrypt(&self.master, &wrapped, row.key_id.as_bytes()).ok_or(VaultError::Damaged)?;
        let key: [u8; KEY_LEN] = key.try_into().map_err(|_| VaultError::Damaged)?;
        let json = decrypt(&cipher(&key), &row.sealed, id.to_string().as_bytes()).ok_or(VaultError::Damaged)?;
        serde_json::from_slice(&json).map_err(|_| VaultError::Damaged)
    }

    /// A contact for the very person who left it; the caller has made sure of that.
    ///
    /// # Errors
    /// [`VaultError`] when it is not there or does not open.
    pub fn own_contact(&self, reader: &mut Reader, id: ContactId) -> Result<Contact, VaultError> {
        self.read(reader, id)
    }

    /// Destroys the key of a contact: what it sealed can never be read again.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], or the store's.
    pub fn erase(&self, tx: &mut Tx, id: ContactId) -> Result<(), VaultError> {
        let row = tx.find_contact(id)?.ok_or(VaultError::NotFound)?;
        tx.erase_person_key(&row.key_id)?;
        Ok(())
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(..)")
    }
}

pub(crate) fn cipher(key: &[u8; KEY_LEN]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key))
}

/// Nonce, then ciphertext with its tag. The name is bound in, so that a row moved under another name does not open.
pub(crate) fn encrypt(cipher: &XChaCha20Poly1305, nonce: [u8; NONCE_LEN], clear: &[u8], name: &[u8]) -> Vec<u8> {
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: clear, aad: name })
        .expect("a record is far shorter than the cipher's 256 GiB");
    [&nonce[..], &sealed].concat()
}

pub(crate) fn decrypt(cipher: &XChaCha20Poly1305, sealed: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: name }).ok()
}

#[cfg(unix)]
fn create_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
}

#[cfg(unix)]
fn mode_of(file: &std::fs::File) -> std::io::Result<u32> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        Vault::open(&path, &[1; KEY_LEN]).unwrap();
        Vault::open(&path, &[2; KEY_LEN]).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), [1; KEY_LEN], "the first key stays");
        assert_eq!(mode_of(&std::fs::File::open(&path).unwrap()).unwrap(), 0o600);
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_cut_short_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        Vault::open(&path, &[1; KEY_LEN]).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Vault::open(&path, &[2; KEY_LEN]), Err(VaultError::Open { mode: 0o640, .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, [1; 31]).unwrap();
        assert!(matches!(Vault::open(&path, &[2; KEY_LEN]), Err(VaultError::Shape { found: 31, .. })));
    }

    #[test]
    fn sealed_bytes_open_only_whole_under_their_own_name_and_key() {
        let (key, other) = (cipher(&[1; KEY_LEN]), cipher(&[2; KEY_LEN]));
        let sealed = encrypt(&key, [3; NONCE_LEN], b"secret", b"a");
        assert_eq!(decrypt(&key, &sealed, b"a").as_deref(), Some(&b"secret"[..]));
        assert_eq!(decrypt(&key, &sealed, b"b"), None, "another name");
        assert_eq!(decrypt(&other, &sealed, b"a"), None, "another key");
        assert_eq!(decrypt(&key, &sealed[..20], b"a"), None, "cut short");
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decrypt(&key, &flipped, b"a"), None, "bit {bit}");
        }
    }
}
