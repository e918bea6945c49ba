//! The access trail: who looked at whose data, for which case, why.

use model::{CaseId, ContactId, EventId, Instant, OfficeId, PartyId, RoleId, SealedId};

use crate::db::{Row, Value, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// The columns of a look, in the order they are read.
const COLUMNS: &str = "at_us, party, role, office, data, record, subject, case_id, purpose, basis, visible_at_us";

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Looked {
    /// Name, telephone, e-mail.
    Contact(ContactId),
    /// The answers of an application.
    Application(SealedId),
}

impl Looked {
    /// The class of data, as SQL and JSON say it.
    pub const fn data(self) -> &'static str {
        match self {
            Self::Contact(_) => "contact",
            Self::Application(_) => "application",
        }
    }

    fn record(self) -> String {
        match self {
            Self::Contact(id) => id.to_string(),
            Self::Application(id) => id.to_string(),
        }
    }

    fn parse(data: &str, record: &str) -> Option<Self> {
        match data {
            "contact" => record.parse().ok().map(Self::Contact),
            "application" => record.parse().ok().map(Self::Application),
            _ => None,
        }
    }
}

/// One look at personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// Its id: that of the event of the case that tells of it.
    pub event: EventId,
    /// When.
    pub at: Instant,
    /// Who looked.
    pub party: PartyId,
    /// In which role.
    pub role: RoleId,
    /// For which office.
    pub office: OfficeId,
    /// At what.
    pub looked: Looked,
    /// Whose data it is, when they have an account.
    pub subject: Option<PartyId>,
    /// For which case.
    pub case: CaseId,
    /// Why, in the words of who looked.
    pub purpose: String,
    /// The law it rests on.
    pub basis: String,
    /// From when on its subject may know of it; at once when absent.
    pub visible_at: Option<Instant>,
}

/// Looks that their subject may not know of yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedLooks {
    /// How many.
    pub count: u32,
    /// When the next of them can be known.
    pub next_at: Instant,
}

impl Tx {
    /// Adds a look to the trail. Call it in the same command that answers the data.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_access(&mut self, access: &AccessRow) -> Result<(), StoreError> {
        let (data, record) = (access.looked.data(), access.looked.record());
        let sql = format!(
            "INSERT INTO access_log (id, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        );
        let AccessRow { event, at, party, role, office, subject, case, purpose, basis, visible_at, .. } = access;
        self.execute(
            &sql,
            params![*event, *at, *party, role, office, data, record, *subject, *case, purpose, basis, *visible_at],
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
        self.list_access("record", params![contact, limit])
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

    /// Looks at a person's data that they may know of by now, latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_access_to(&mut self, subject: PartyId, now: Instant, limit: u32) -> Result<Vec<AccessRow>, StoreError> {
        let sql = format!(
            "SELECT id, {COLUMNS} FROM access_log WHERE subject = $1 AND (visible_at_us IS NULL OR visible_at_us <= $2)
             ORDER BY id DESC LIMIT $3"
        );
        self.query(&sql, params![subject, now, limit])?.into_iter().map(read_access).collect()
    }

    /// Looks at a person's data that they may not know of yet; `None` when there are none.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn count_sealed_looks(&mut self, subject: PartyId, now: Instant) -> Result<Option<SealedLooks>, StoreError> {
        let sql = "SELECT COUNT(*), MIN(visible_at_us) FROM access_log WHERE subject = $1 AND visible_at_us > $2";
        let mut row = self.query_one(sql, params![subject, now])?;
        let (count, next_at): (u32, Option<Instant>) = (row.next("COUNT(*)")?, row.next("MIN(visible_at_us)")?);
        Ok(next_at.map(|next_at| SealedLooks { count, next_at }))
    }

    /// Whether somebody has opened the answers of an application for a stated purpose.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn has_opened(&mut self, case: CaseId, party: PartyId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM access_log WHERE case_id = $1 AND party = $2 AND data = 'application' LIMIT 1";
        Ok(self.query_opt(sql, params![case, party])?.is_some())
    }

    fn list_access(&mut self, column: &str, values: &[Value]) -> Result<Vec<AccessRow>, StoreError> {
        let sql = format!("SELECT id, {COLUMNS} FROM access_log WHERE {column} = $1 ORDER BY id DESC LIMIT $2");
        self.query(&sql, values)?.into_iter().map(read_access).collect()
    }
}

fn read_access(mut row: Row) -> Result<AccessRow, StoreError> {
    let (event, at, party, role, office) = (
        row.next("access_log.id")?,
        row.next("access_log.at_us")?,
        row.next("access_log.party")?,
        row.next("access_log.role")?,
        row.next("access_log.office")?,
    );
    let (data, record): (String, String) = (row.next("access_log.data")?, row.next("access_log.record")?);
    Ok(AccessRow {
        event,
        at,
        party,
        role,
        office,
        looked: Looked::parse(&data, &record).ok_or_else(|| StoreError::corrupt("access_log.record"))?,
        subject: row.next("access_log.subject")?,
        case: row.next("access_log.case_id")?,
        purpose: row.next("access_log.purpose")?,
        basis: row.next("access_log.basis")?,
        visible_at: row.next("access_log.visible_at_us")?,
    })
}
