//! Licences: which were issued to whom, which were revoked, and their sealed texts.

use model::{CaseNo, Instant, LicenceId, PartyId, ServiceId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// A licence without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenceRow {
    /// Its id.
    pub id: LicenceId,
    /// The case it was issued on.
    pub case_no: CaseNo,
    /// The service it was applied for.
    pub service: ServiceId,
    /// Its holder, when they have an account.
    pub party: Option<PartyId>,
    /// Its place in the status list.
    pub index: u32,
    /// When it was issued.
    pub issued_at: Instant,
    /// The first instant it is no longer valid.
    pub expires_at: Option<Instant>,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
}

/// The text of a licence, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenceText {
    /// Which licence.
    pub licence: LicenceId,
    /// The id of the person's key.
    pub key_id: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

const COLUMNS: &str = "l.id, c.no, l.service, l.party, l.list_index, l.issued_at_us, l.expires_at_us, l.revoked_at_us";

impl Reader {
    /// Somebody's licences, latest issued first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_licences(&mut self, party: PartyId) -> Result<Vec<LicenceRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM licences l JOIN cases c ON c.key = l.case_key WHERE l.party = $1 ORDER BY l.id DESC"
        );
        self.query(&sql, params![party])?.into_iter().map(read_licence).collect()
    }

    /// A licence.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_licence(&mut self, id: LicenceId) -> Result<Option<LicenceRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM licences l JOIN cases c ON c.key = l.case_key WHERE l.id = $1");
        self.query_opt(&sql, params![id])?.map(read_licence).transpose()
    }

    /// The places of revoked licences in the status list, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_revoked(&mut self) -> Result<Vec<u32>, StoreError> {
        let sql = "SELECT list_index FROM licences WHERE revoked_at_us IS NOT NULL ORDER BY list_index";
        self.query(sql, &[])?.into_iter().map(|mut row| row.next("licences.list_index")).collect()
    }

    /// The sealed text of a licence.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_licence_text(&mut self, licence: LicenceId) -> Result<Option<LicenceText>, StoreError> {
        let sql = "SELECT licence, key_id, sealed FROM licence_texts WHERE licence = $1";
        let row = self.query_opt(sql, params![licence])?;
        row.map(|mut row| {
            Ok(LicenceText {
                licence: row.next("licence_texts.licence")?,
                key_id: row.next("licence_texts.key_id")?,
                sealed: row.next("licence_texts.sealed")?,
            })
        })
        .transpose()
    }
}

impl Tx {
    /// Keeps the sealed text of a licence; its key must be kept first.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the licence has one.
    pub fn record_licence_text(&mut self, text: &LicenceText) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO licence_texts (licence, key_id, sealed) VALUES ($1, $2, $3)",
            params![text.licence, text.key_id, text.sealed],
        )?;
        Ok(())
    }

    /// The next place in the status list: 0, 1, 2 … None is given twice.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn next_licence_index(&mut self) -> Result<u32, StoreError> {
        Ok(self.next_serial("licence", 0)?.saturating_sub(1))
    }
}

fn read_licence(mut row: Row) -> Result<LicenceRow, StoreError> {
    Ok(LicenceRow {
        id: row.next("licences.id")?,
        case_no: row.next("cases.no")?,
        service: row.next("licences.service")?,
        party: row.next("licences.party")?,
        index: row.next("licences.list_index")?,
        issued_at: row.next("licences.issued_at_us")?,
        expires_at: row.next("licences.expires_at_us")?,
        revoked_at: row.next("licences.revoked_at_us")?,
    })
}
