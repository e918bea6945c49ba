//! The access trail: who looked at whose contact, for which case, why.

use model::{CaseId, ContactId, EventId, Instant, OfficeId, PartyId, RoleId};

use crate::db::{Row, Value, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// One look at personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// When.
    pub at: Instant,
    /// Who looked.
    pub party: PartyId,
    /// In which role.
    pub role: RoleId,
    /// For which office.
    pub office: OfficeId,
    /// Whose contact.
    pub contact: ContactId,
    /// For which case.
    pub case: CaseId,
    /// Why, in the words of who looked.
    pub purpose: String,
}

impl Tx {
    /// Adds a look to the trail. Call it in the same command that answers the contact.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_access(&mut self, access: &AccessRow) -> Result<(), StoreError> {
        let id: EventId = self.new_event_id(access.at);
        self.execute(
            "INSERT INTO access_log (id, at_us, party, role, office, contact, case_id, purpose) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![id, access.at, access.party, access.role, access.office, access.contact, access.case, access.purpose],
        )?;
        Ok(())
    }
}

impl Reader {
    /// Looks at a contact, latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_access_of_contact(&mut self, contact: ContactId, limit: u32) -> Result<Vec<AccessRow>, StoreError> {
        self.list_access("contact", params![contact, limit])
    }

    /// Looks for a case, latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_access_of_case(&mut self, case: CaseId, limit: u32) -> Result<Vec<AccessRow>, StoreError> {
        self.list_access("case_id", params![case, limit])
    }

    /// Looks by a person, latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_access_by(&mut self, party: PartyId, limit: u32) -> Result<Vec<AccessRow>, StoreError> {
        self.list_access("party", params![party, limit])
    }

    fn list_access(&mut self, column: &str, values: &[Value]) -> Result<Vec<AccessRow>, StoreError> {
        let sql = format!(
            "SELECT at_us, party, role, office, contact, case_id, purpose FROM access_log WHERE {column} = $1 ORDER BY id DESC LIMIT $2"
        );
        self.query(&sql, values)?.into_iter().map(read_access).collect()
    }
}

fn read_access(mut row: Row) -> Result<AccessRow, StoreError> {
    Ok(AccessRow {
        at: row.next("access_log.at_us")?,
        party: row.next("access_log.party")?,
        role: row.next("access_log.role")?,
        office: row.next("access_log.office")?,
        contact: row.next("access_log.contact")?,
        case: row.next("access_log.case_id")?,
        purpose: row.next("access_log.purpose")?,
    })
}
