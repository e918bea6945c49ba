//! Answers of applications, sealed with the key of the person who gave them.
//!
//! Everything of one person is under one key: destroying it erases them all. A draft is sealed alike.

use std::collections::BTreeMap;

use chacha20poly1305::XChaCha20Poly1305;
use model::{Commitment, Instant, LicenceId, PartyId, SealedId, ServiceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{DraftRow, LicenceText, Looked, Reader, SealedRow, StoreError, Tx};

use crate::prefills::Provenance;
use crate::vault::{Access, KEY_LEN, Vault, VaultError, cipher, decrypt, encrypt};

/// Answers by field id.
pub type Answers = BTreeMap<String, Value>;

/// A draft in clear. Hidden from `Debug`.
#[derive(Clone, PartialEq)]
pub struct Draft {
    /// What has been entered.
    pub answers: Answers,
    /// The field last looked at.
    pub at: Option<String>,
    /// How often it was saved.
    pub version: u32,
    /// When it was saved last.
    pub updated_at: Instant,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Draft(..)")
    }
}

/// What a sealed record of answers holds.
#[derive(Serialize, Deserialize)]
struct Sealed {
    /// Makes the commitment say nothing to those who guess answers.
    salt: [u8; 32],
    answers: Answers,
    /// Where answers to fields come from that are bound to sources; by field id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    provenance: BTreeMap<String, Provenance>,
}

impl Sealed {
    /// SHA-256 of a label, the salt and the answers as JSON with sorted keys; of where they come from too, where the form
    /// binds any to a source.
    fn commitment(&self) -> Commitment {
        let answers = serde_json::to_vec(&self.answers).expect("answers are plain data with string keys");
        if self.provenance.is_empty() {
            let digest = Sha256::new().chain_update(b"dipper/answers/v1").chain_update(self.salt).chain_update(answers);
            return Commitment::new(digest.finalize().into());
        }
        let provenance = serde_json::to_vec(&self.provenance).expect("provenance is plain data with string keys");
        let digest = Sha256::new().chain_update(b"dipper/answers/v2").chain_update(self.salt);
        let digest = digest.chain_update(answers).chain_update(b"\n").chain_update(provenance);
        Commitment::new(digest.finalize().into())
    }
}

/// The answers of an application, and where those come from that a department can give. Hidden from `Debug`.
#[derive(Clone, Default, PartialEq)]
pub struct Given {
    /// Answers by field id.
    pub answers: Answers,
    /// Where answers to bound fields come from, by field id.
    pub provenance: BTreeMap<String, Provenance>,
}

impl From<Answers> for Given {
    fn from(answers: Answers) -> Self {
        Self { answers, provenance: BTreeMap::new() }
    }
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Given(..)")
    }
}

#[derive(Serialize, Deserialize)]
struct SealedDraft {
    answers: Answers,
    at: Option<String>,
}

impl Vault {
    /// Seals the answers of an application, and commits to them.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the person was erased, or the store's.
    pub fn seal_answers(
        &self,
        tx: &mut Tx,
        party: PartyId,
        given: Given,
        now: Instant,
    ) -> Result<(SealedId, Commitment), VaultError> {
        let Given { answers, provenance } = given;
        let (key_id, key) = self.key_of(tx, party)?;
        let id = tx.new_sealed_id(now);
        let record = Sealed { salt: tx.random_bytes(), answers, provenance };
        let json = serde_json::to_vec(&record).expect("answers are plain data with string keys");
        let sealed = encrypt(&key, tx.random_bytes(), &json, id.to_string().as_bytes());
        tx.record_sealed(&SealedRow { id, key_id, sealed, created_at: now })?;
        Ok((id, record.commitment()))
    }

    /// Opens answers for a stated purpose; the reading is recorded in the same transaction.
    ///
    /// # Errors
    /// [`VaultError`]; nothing is recorded then.
    pub fn open_answers(&self, tx: &mut Tx, id: SealedId, access: &Access, now: Instant) -> Result<Given, VaultError> {
        let purpose = access.stated_purpose()?;
        let given = self.own_given(tx, id)?;
        access.record(tx, Looked::Application(id), purpose, now)?;
        Ok(given)
    }

    /// Answers for the very person who gave them; the caller has made sure of that.
    ///
    /// # Errors
    /// [`VaultError`] when they are not there or do not open.
    pub fn own_answers(&self, reader: &mut Reader, id: SealedId) -> Result<Answers, VaultError> {
        self.own_given(reader, id).map(|given| given.answers)
    }

    /// The same, with where the answers come from.
    ///
    /// # Errors
    /// As [`Vault::own_answers`].
    pub fn own_given(&self, reader: &mut Reader, id: SealedId) -> Result<Given, VaultError> {
        let row = reader.find_sealed(id)?.ok_or(VaultError::NotFound)?;
        let key = self.find_key(reader, &row.key_id)?.ok_or(VaultError::Erased)?;
        let json = decrypt(&key, &row.sealed, id.to_string().as_bytes()).ok_or(VaultError::Damaged)?;
        let record: Sealed = serde_json::from_slice(&json).map_err(|_| VaultError::Damaged)?;
        Ok(Given { answers: record.answers, provenance: record.provenance })
    }

    /// Seals the text of a licence with its holder's key.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the person was erased, or the store's.
    pub fn seal_licence(&self, tx: &mut Tx, party: PartyId, licence: LicenceId, text: &str) -> Result<(), VaultError> {
        let (key_id, key) = self.key_of(tx, party)?;
        let sealed = encrypt(&key, tx.random_bytes(), text.as_bytes(), licence_name(licence).as_bytes());
        Ok(tx.record_licence_text(&LicenceText { licence, key_id, sealed })?)
    }

    /// The text of a licence for its own holder; the caller has made sure of that.
    ///
    /// # Errors
    /// [`VaultError`] when it is not there or does not open.
    pub fn own_licence(&self, reader: &mut Reader, licence: LicenceId) -> Result<String, VaultError> {
        let row = reader.find_licence_text(licence)?.ok_or(VaultError::NotFound)?;
        let key = self.find_key(reader, &row.key_id)?.ok_or(VaultError::Erased)?;
        let text = decrypt(&key, &row.sealed, licence_name(licence).as_bytes()).ok_or(VaultError::Damaged)?;
        String::from_utf8(text).map_err(|_| VaultError::Damaged)
    }

    /// Saves what a person has entered, over the draft of `version - 1`. False when it was saved elsewhere since.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the person was erased, or the store's.
    pub fn save_draft(
        &self,
        tx: &mut Tx,
        party: PartyId,
        service: &ServiceId,
        draft: &Draft,
    ) -> Result<bool, VaultError> {
        let (key_id, key) = self.key_of(tx, party)?;
        let clear = SealedDraft { answers: draft.answers.clone(), at: draft.at.clone() };
        let json = serde_json::to_vec(&clear).expect("answers are plain data with string keys");
        let sealed = encrypt(&key, tx.random_bytes(), &json, draft_name(party, service).as_bytes());
        let (service, version, updated_at) = (service.clone(), draft.version, draft.updated_at);
        Ok(tx.save_draft(&DraftRow { party, service, key_id, sealed, version, updated_at })?)
    }

    /// A person's own draft.
    ///
    /// # Errors
    /// [`VaultError`] when it does not open, or the store's.
    pub fn find_draft(
        &self,
        reader: &mut Reader,
        party: PartyId,
        service: &ServiceId,
    ) -> Result<Option<Draft>, VaultError> {
        let Some(row) = reader.find_draft(party, service)? else { return Ok(None) };
        let key = self.find_key(reader, &row.key_id)?.ok_or(VaultError::Erased)?;
        let name = draft_name(party, service);
        let json = decrypt(&key, &row.sealed, name.as_bytes()).ok_or(VaultError::Damaged)?;
        let clear: SealedDraft = serde_json::from_slice(&json).map_err(|_| VaultError::Damaged)?;
        Ok(Some(Draft { answers: clear.answers, at: clear.at, version: row.version, updated_at: row.updated_at }))
    }

    /// Destroys a person's key: every answer and draft they gave can never be read again.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn erase_person(&self, tx: &mut Tx, party: PartyId) -> Result<bool, StoreError> {
        tx.erase_person_key(&key_id(party))
    }

    /// The key of a person, made when they give something for the first time.
    pub(crate) fn key_of(&self, tx: &mut Tx, party: PartyId) -> Result<(String, XChaCha20Poly1305), VaultError> {
        let id = key_id(party);
        if let Some(key) = self.find_key(tx, &id)? {
            return Ok((id, key));
        }
        let key: [u8; KEY_LEN] = tx.random_bytes();
        let wrapped = encrypt(&self.master, tx.random_bytes(), &key, id.as_bytes());
        match tx.record_person_key(&id, &wrapped) {
            Ok(()) => Ok((id, cipher(&key))),
            // The row is there without a key.
            Err(StoreError::Exists { .. }) => Err(VaultError::Erased),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn find_key(&self, reader: &mut Reader, id: &str) -> Result<Option<XChaCha20Poly1305>, VaultError> {
        let Some(wrapped) = reader.find_person_key(id)? else { return Ok(None) };
        let key = decrypt(&self.master, &wrapped, id.as_bytes()).ok_or(VaultError::Damaged)?;
        let key: [u8; KEY_LEN] = key.try_into().map_err(|_| VaultError::Damaged)?;
        Ok(Some(cipher(&key)))
    }
}

fn key_id(party: PartyId) -> String {
    format!("party/{party}")
}

/// Bound into the sealed draft, so that a row moved to another person or service does not open.
fn draft_name(party: PartyId, service: &ServiceId) -> String {
    format!("draft/{party}/{service}")
}

fn licence_name(licence: LicenceId) -> String {
    format!("licence/{licence}")
}
