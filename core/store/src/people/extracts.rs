//! Data taken of many people at once (批量用数): what was taken, and who is in it.

use model::{CaseId, CaseNo, EventId, FormId, Instant, OfficeId, PartyId, RequestId, ServiceId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// An extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtractRow {
    /// Its id.
    pub id: RequestId,
    /// The event that tells of it.
    pub event: EventId,
    /// The case under which it was approved.
    pub case: CaseId,
    /// When.
    pub at: Instant,
    /// The office that took it.
    pub office: OfficeId,
    /// The service whose applications it was taken from.
    pub service: ServiceId,
    /// Which answers.
    pub fields: Vec<FormId>,
    /// Why.
    pub purpose: String,
    /// The law it rests on.
    pub basis: String,
}

/// Somebody in an extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtractMemberRow {
    /// Which extract.
    pub extract: RequestId,
    /// Their leaf's place in its tree.
    pub seat: u32,
    /// Who; absent once they are erased.
    pub party: Option<PartyId>,
    /// Their application; absent once they are erased.
    pub case_no: Option<CaseNo>,
    /// The salt of their leaf; absent once they are erased.
    pub salt: Option<Vec<u8>>,
    /// Their leaf.
    pub leaf: [u8; 32],
}

const EXTRACT_COLUMNS: &str = "id, event, case_id, at_us, office, service, fields, purpose, basis";

impl Tx {
    /// Writes an extract down with everybody in it. Call it in the transaction that answers the data.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when its case has one already.
    pub fn record_extract(&mut self, extract: &ExtractRow, members: &[ExtractMemberRow]) -> Result<(), StoreError> {
        let fields = extract.fields.iter().map(FormId::as_str).collect::<Vec<_>>().join(",");
        self.execute(
            &format!("INSERT INTO extracts ({EXTRACT_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
            params![
                extract.id,
                extract.event,
                extract.case,
                extract.at,
                extract.office,
                extract.service,
                fields,
                extract.purpose,
                extract.basis
            ],
        )?;
        let sql =
            "INSERT INTO extract_members (extract, seat, party, case_no, salt, leaf) VALUES ($1, $2, $3, $4, $5, $6)";
        for one in members {
            self.execute(sql, params![one.extract, one.seat, one.party, one.case_no, one.salt, one.leaf])?;
        }
        Ok(())
    }

    /// Forgets who a person is in every extract: their leaves stay, so that the paths of all others hold.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn forget_extract_member(&mut self, party: PartyId) -> Result<u64, StoreError> {
        let sql = "UPDATE extract_members SET party = NULL, case_no = NULL, salt = NULL WHERE party = $1";
        self.execute(sql, params![party])
    }
}

impl Reader {
    /// Extracts that a person is in, latest first, at most `limit`, with their seat in each and how many are in it.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_extracts_with(
        &mut self,
        party: PartyId,
        limit: u32,
    ) -> Result<Vec<(ExtractRow, ExtractMemberRow, u32)>, StoreError> {
        let sql = "SELECT e.id, e.event, e.case_id, e.at_us, e.office, e.service, e.fields, e.purpose, e.basis, m.seat, m.party, m.case_no, m.salt, m.leaf,
                 (SELECT COUNT(*) FROM extract_members a WHERE a.extract = e.id)
             FROM extract_members m JOIN extracts e ON e.id = m.extract WHERE m.party = $1 ORDER BY e.id DESC LIMIT $2";
        self.query(sql, params![party, limit])?.into_iter().map(read_with_member).collect()
    }

    /// The extract that was taken under a case.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_extract_of_case(&mut self, case: CaseId) -> Result<Option<ExtractRow>, StoreError> {
        let sql = format!("SELECT {EXTRACT_COLUMNS} FROM extracts WHERE case_id = $1");
        self.query_opt(&sql, params![case])?.map(|mut row| read_extract(&mut row)).transpose()
    }

    /// Whether a person is in an extract.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn is_in_extract(&mut self, extract: RequestId, party: PartyId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM extract_members WHERE extract = $1 AND party = $2 LIMIT 1";
        Ok(self.query_opt(sql, params![extract, party])?.is_some())
    }

    /// The leaves of an extract's tree, in order.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_extract_leaves(&mut self, extract: RequestId) -> Result<Vec<[u8; 32]>, StoreError> {
        let rows = self.query("SELECT leaf FROM extract_members WHERE extract = $1 ORDER BY seat", params![extract])?;
        rows.into_iter().map(|mut row| row.next("extract_members.leaf")).collect()
    }
}

fn read_extract(row: &mut Row) -> Result<ExtractRow, StoreError> {
    let (id, event, case) = (row.next("extracts.id")?, row.next("extracts.event")?, row.next("extracts.case_id")?);
    let (at, office, service) =
        (row.next("extracts.at_us")?, row.next("extracts.office")?, row.next("extracts.service")?);
    let fields: String = row.next("extracts.fields")?;
    let words = fields.split(',').filter(|word| !word.is_empty());
    let fields = words.map(FormId::new).collect::<Result<Vec<_>, _>>();
    Ok(ExtractRow {
        id,
        event,
        case,
        at,
        office,
        service,
        fields: fields.map_err(|_| StoreError::corrupt("extracts.fields"))?,
        purpose: row.next("extracts.purpose")?,
        basis: row.next("extracts.basis")?,
    })
}

fn read_with_member(mut row: Row) -> Result<(ExtractRow, ExtractMemberRow, u32), StoreError> {
    let extract = read_extract(&mut row)?;
    let member = ExtractMemberRow {
        extract: extract.id,
        seat: row.next("extract_members.seat")?,
        party: row.next("extract_members.party")?,
        case_no: row.next("extract_members.case_no")?,
        salt: row.next("extract_members.salt")?,
        leaf: row.next("extract_members.leaf")?,
    };
    Ok((extract, member, row.next("COUNT(*)")?))
}
