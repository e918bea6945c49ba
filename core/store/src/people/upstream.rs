//! Accounts of other identity providers that people sign in with.

use model::{Instant, PartyId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// An account elsewhere, and whose it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamLinkRow {
    /// The provider.
    pub issuer: String,
    /// The name it knows the person by.
    pub subject: String,
    /// The account here.
    pub party: PartyId,
    /// Since when.
    pub linked_at: Instant,
}

const COLUMNS: &str = "issuer, subject, party, linked_at_us";

impl Tx {
    /// Links an account elsewhere to one here.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when it is linked already.
    pub fn record_upstream_link(&mut self, link: &UpstreamLinkRow) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO upstream_links ({COLUMNS}) VALUES ($1, $2, $3, $4)");
        self.execute(&sql, params![link.issuer, link.subject, link.party, link.linked_at])?;
        Ok(())
    }

    /// Unlinks a person from a provider; true when there was a link.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_upstream_link(&mut self, party: PartyId, issuer: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM upstream_links WHERE party = $1 AND issuer = $2";
        Ok(self.execute(sql, params![party, issuer])? > 0)
    }

    /// Unlinks a person from every provider; how many there were.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_upstream_links_of(&mut self, party: PartyId) -> Result<u64, StoreError> {
        self.execute("DELETE FROM upstream_links WHERE party = $1", params![party])
    }
}

impl Reader {
    /// Whose account an account elsewhere is.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_upstream_link(&mut self, issuer: &str, subject: &str) -> Result<Option<UpstreamLinkRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM upstream_links WHERE issuer = $1 AND subject = $2");
        self.query_opt(&sql, params![issuer, subject])?.map(read_link).transpose()
    }

    /// The accounts elsewhere that a person signs in with, by provider.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_upstream_links(&mut self, party: PartyId) -> Result<Vec<UpstreamLinkRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM upstream_links WHERE party = $1 ORDER BY issuer, subject");
        self.query(&sql, params![party])?.into_iter().map(read_link).collect()
    }
}

fn read_link(mut row: Row) -> Result<UpstreamLinkRow, StoreError> {
    Ok(UpstreamLinkRow {
        issuer: row.next("upstream_links.issuer")?,
        subject: row.next("upstream_links.subject")?,
        party: row.next("upstream_links.party")?,
        linked_at: row.next("upstream_links.linked_at_us")?,
    })
}
