//! Organisations that applications are filed for: what a public register says of them.

use model::{Instant, PartyId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganisationRow {
    /// Its party.
    pub party: PartyId,
    /// Its number (统一社会信用代码).
    pub number: String,
    /// Its name, as registered.
    pub name: String,
    /// The account of its legal representative.
    pub representative: PartyId,
    /// When the register named them.
    pub verified_at: Instant,
}

const COLUMNS: &str = "party, number, name, representative, verified_at_us";

impl Tx {
    /// Keeps what the register says of an organisation, in place of what was kept before.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when another party has that number.
    pub fn record_organisation(&mut self, organisation: &OrganisationRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO organisations ({COLUMNS}) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (party) DO UPDATE SET name = excluded.name, representative = excluded.representative,
             verified_at_us = excluded.verified_at_us"
        );
        let OrganisationRow { party, number, name, representative, verified_at } = organisation;
        self.execute(&sql, params![*party, number, name, *representative, *verified_at])?;
        Ok(())
    }
}

impl Reader {
    /// An organisation by its party.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_organisation(&mut self, party: PartyId) -> Result<Option<OrganisationRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM organisations WHERE party = $1");
        self.query_opt(&sql, params![party])?.map(read_organisation).transpose()
    }

    /// An organisation by its number.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_organisation_by_number(&mut self, number: &str) -> Result<Option<OrganisationRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM organisations WHERE number = $1");
        self.query_opt(&sql, params![number])?.map(read_organisation).transpose()
    }

    /// The organisations that somebody is the legal representative of, by number.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_organisations_of(&mut self, representative: PartyId) -> Result<Vec<OrganisationRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM organisations WHERE representative = $1 ORDER BY number");
        self.query(&sql, params![representative])?.into_iter().map(read_organisation).collect()
    }
}

fn read_organisation(mut row: Row) -> Result<OrganisationRow, StoreError> {
    Ok(OrganisationRow {
        party: row.next("organisations.party")?,
        number: row.next("organisations.number")?,
        name: row.next("organisations.name")?,
        representative: row.next("organisations.representative")?,
        verified_at: row.next("organisations.verified_at_us")?,
    })
}
