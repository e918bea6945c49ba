//! Contacts, sealed before they come here, and the wrapped keys that open them.

use model::{ContactId, Instant};

use crate::db::params;
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A contact that only the vault can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRow {
    /// The contact's id, as events name it.
    pub id: ContactId,
    /// The id of the person's key.
    pub key_id: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// When it was given.
    pub created_at: Instant,
}

impl Tx {
    /// Keeps a person's wrapped key.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the id is taken.
    pub fn record_person_key(&mut self, id: &str, wrapped: &[u8]) -> Result<(), StoreError> {
        self.execute("INSERT INTO person_keys (id, wrapped) VALUES ($1, $2)", params![id, wrapped])?;
        Ok(())
    }

    /// Destroys a person's key: what it sealed can never be opened again. True when there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn erase_person_key(&mut self, id: &str) -> Result<bool, StoreError> {
        Ok(self.execute("UPDATE person_keys SET wrapped = NULL WHERE id = $1 AND wrapped IS NOT NULL", params![id])?
            > 0)
    }

    /// Keeps a sealed contact; its key must be kept first.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the id is taken.
    pub fn record_contact(&mut self, contact: &ContactRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO contacts (id, key_id, sealed, created_at_us) VALUES ($1, $2, $3, $4)",
            params![contact.id, contact.key_id, contact.sealed, contact.created_at],
        )?;
        Ok(())
    }
}

impl Reader {
    /// A person's wrapped key; absent when there is none or it was destroyed.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_person_key(&mut self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.query_opt("SELECT wrapped FROM person_keys WHERE id = $1", params![id])?;
        row.map_or(Ok(None), |mut row| row.next("person_keys.wrapped"))
    }

    /// A sealed contact.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_contact(&mut self, id: ContactId) -> Result<Option<ContactRow>, StoreError> {
        let row =
            self.query_opt("SELECT id, key_id, sealed, created_at_us FROM contacts WHERE id = $1", params![id])?;
        row.map(|mut row| {
            Ok(ContactRow {
                id: row.next("contacts.id")?,
                key_id: row.next("contacts.key_id")?,
                sealed: row.next("contacts.sealed")?,
                created_at: row.next("contacts.created_at_us")?,
            })
        })
        .transpose()
    }
}
