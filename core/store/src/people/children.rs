//! Children whose guardians act for them: who they are, sealed, for the vault alone.

use model::{Instant, PartyId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A child whose guardians act for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildRow {
    /// Its party.
    pub party: PartyId,
    /// The id of its key.
    pub key_id: String,
    /// Who it is, sealed.
    pub sealed: Vec<u8>,
    /// Keyed digest of its identity number.
    pub number_mac: [u8; 32],
    /// The account of the same person, once there is one.
    pub owner: Option<PartyId>,
    /// When a register named it last.
    pub verified_at: Instant,
}

const COLUMNS: &str = "party, key_id, sealed, number_mac, owner, verified_at_us";

impl Tx {
    /// Keeps who a child is, in place of what was kept before; whose account it is stays.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when another child has that number.
    pub fn record_child(&mut self, child: &ChildRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO children ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (party) DO UPDATE SET sealed = excluded.sealed, verified_at_us = excluded.verified_at_us"
        );
        let ChildRow { party, key_id, sealed, number_mac, owner, verified_at } = child;
        self.execute(&sql, params![*party, key_id, sealed, *number_mac, *owner, *verified_at])?;
        Ok(())
    }

    /// Notes the account of the same person.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] without such a child.
    pub fn set_child_owner(&mut self, child: PartyId, owner: PartyId) -> Result<(), StoreError> {
        let changed = self.execute("UPDATE children SET owner = $2 WHERE party = $1", params![child, owner])?;
        if changed == 0 { Err(StoreError::not_found("child", child)) } else { Ok(()) }
    }

    /// Forgets who a child is. True when it was known.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn delete_child(&mut self, party: PartyId) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM children WHERE party = $1", params![party])? > 0)
    }
}

impl Reader {
    /// A child by its party.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_child(&mut self, party: PartyId) -> Result<Option<ChildRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM children WHERE party = $1");
        self.query_opt(&sql, params![party])?.map(read_child).transpose()
    }

    /// A child by the digest of its number.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_child_by_number(&mut self, number_mac: &[u8; 32]) -> Result<Option<ChildRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM children WHERE number_mac = $1");
        self.query_opt(&sql, params![*number_mac])?.map(read_child).transpose()
    }

    /// What guardians did for somebody who has an account now: the child they were.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_childhoods_of(&mut self, owner: PartyId) -> Result<Vec<ChildRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM children WHERE owner = $1 ORDER BY party");
        self.query(&sql, params![owner])?.into_iter().map(read_child).collect()
    }
}

fn read_child(mut row: Row) -> Result<ChildRow, StoreError> {
    Ok(ChildRow {
        party: row.next("children.party")?,
        key_id: row.next("children.key_id")?,
        sealed: row.next("children.sealed")?,
        number_mac: row.next("children.number_mac")?,
        owner: row.next("children.owner")?,
        verified_at: row.next("children.verified_at_us")?,
    })
}
