//! Hospital journeys: consent, references to visits and payments of invoices, all sealed with the person's own key.

use model::{HospitalVisitId, Instant, PartyId, PaymentId, SourceId};

use crate::db::{Row, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// Who a hospital knows somebody as, with their consent, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HospitalPatientRow {
    /// Who.
    pub party: PartyId,
    /// The hospital.
    pub hospital: SourceId,
    /// The id of the person's key.
    pub key_id: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// When it changed last.
    pub updated_at: Instant,
}

/// A reference to a visit, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HospitalVisitRow {
    /// Its id, which the hospital is told too.
    pub id: HospitalVisitId,
    /// Whose.
    pub party: PartyId,
    /// The id of the person's key.
    pub key_id: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// When it changed last.
    pub updated_at: Instant,
}

/// A payment of a hospital's invoice; what it pays for is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HospitalPaymentRow {
    /// Its id, at the gateway and at the hospital too.
    pub id: PaymentId,
    /// Whose.
    pub party: PartyId,
    /// The id of the person's key.
    pub key_id: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// How far it is, a word of [`model::PaymentState`].
    pub state: String,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// The gateway's own number for it.
    pub reference: Option<String>,
    /// Whether the hospital knows that it is paid.
    pub told: bool,
    /// When it was asked for.
    pub created_at: Instant,
    /// When it changed last.
    pub changed_at: Instant,
}

const PATIENT: &str = "party, hospital, key_id, sealed, updated_at_us";
const VISIT: &str = "id, party, key_id, sealed, updated_at_us";
const PAYMENT: &str = "id, party, key_id, sealed, state, amount, reference, told, created_at_us, changed_at_us";

/// Payments that are not settled: under way, or taken and not told to the hospital.
const UNSETTLED: &str =
    "(state IN ('created', 'authorised', 'capture_retry', 'refunding') OR (state = 'captured' AND NOT told))";

impl Tx {
    /// A new visit id that sorts by `at`.
    pub fn new_hospital_visit_id(&mut self, at: Instant) -> HospitalVisitId {
        let bytes: [u8; 16] = self.random_bytes();
        HospitalVisitId::new(at, u128::from_le_bytes(bytes) >> 48)
    }

    /// Keeps who a hospital knows somebody as, in the place of what was kept.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn save_hospital_patient(&mut self, row: &HospitalPatientRow) -> Result<(), StoreError> {
        let HospitalPatientRow { party, hospital, key_id, sealed, updated_at } = row;
        self.execute(
            "INSERT INTO hospital_patients (party, hospital, key_id, sealed, updated_at_us) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (party, hospital) DO UPDATE SET key_id = $3, sealed = $4, updated_at_us = $5",
            params![*party, hospital, key_id, sealed, *updated_at],
        )?;
        Ok(())
    }

    /// Forgets who a hospital knows somebody as. True when something was kept.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn delete_hospital_patient(&mut self, party: PartyId, hospital: &SourceId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM hospital_patients WHERE party = $1 AND hospital = $2";
        Ok(self.execute(sql, params![party, hospital])? > 0)
    }

    /// Keeps a reference to a visit, in the place of what was kept of it.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn save_hospital_visit(&mut self, row: &HospitalVisitRow) -> Result<(), StoreError> {
        let HospitalVisitRow { id, party, key_id, sealed, updated_at } = row;
        self.execute(
            "INSERT INTO hospital_visits (id, party, key_id, sealed, updated_at_us) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET key_id = $3, sealed = $4, updated_at_us = $5",
            params![*id, *party, key_id, sealed, *updated_at],
        )?;
        Ok(())
    }

    /// Forgets a reference to a visit.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn delete_hospital_visit(&mut self, id: HospitalVisitId) -> Result<(), StoreError> {
        self.execute("DELETE FROM hospital_visits WHERE id = $1", params![id])?;
        Ok(())
    }

    /// Keeps a payment.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the id is taken.
    pub fn record_hospital_payment(&mut self, row: &HospitalPaymentRow) -> Result<(), StoreError> {
        let sql = format!("INSERT INTO hospital_payments ({PAYMENT}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
        let HospitalPaymentRow { id, party, key_id, sealed, state, amount, reference, told, created_at, changed_at } =
            row;
        self.execute(
            &sql,
            params![*id, *party, key_id, sealed, state, *amount, reference, *told, *created_at, *changed_at],
        )?;
        Ok(())
    }

    /// Notes how far a payment is.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn update_hospital_payment(&mut self, row: &HospitalPaymentRow) -> Result<(), StoreError> {
        self.execute(
            "UPDATE hospital_payments SET state = $2, reference = $3, told = $4, changed_at_us = $5 WHERE id = $1",
            params![row.id, row.state, row.reference, row.told, row.changed_at],
        )?;
        Ok(())
    }

    /// Forgets every consent, visit and payment of somebody.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn remove_hospitals_of(&mut self, party: PartyId) -> Result<(), StoreError> {
        self.execute("DELETE FROM hospital_payments WHERE party = $1", params![party])?;
        self.execute("DELETE FROM hospital_visits WHERE party = $1", params![party])?;
        self.execute("DELETE FROM hospital_patients WHERE party = $1", params![party])?;
        Ok(())
    }
}

impl Reader {
    /// Who a hospital knows somebody as.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_hospital_patient(
        &mut self,
        party: PartyId,
        hospital: &SourceId,
    ) -> Result<Option<HospitalPatientRow>, StoreError> {
        let sql = format!("SELECT {PATIENT} FROM hospital_patients WHERE party = $1 AND hospital = $2");
        self.query_opt(&sql, params![party, hospital])?.map(read_patient).transpose()
    }

    /// Every hospital that somebody agreed with, by id.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_hospital_patients(&mut self, party: PartyId) -> Result<Vec<HospitalPatientRow>, StoreError> {
        let sql = format!("SELECT {PATIENT} FROM hospital_patients WHERE party = $1 ORDER BY hospital");
        self.query(&sql, params![party])?.into_iter().map(read_patient).collect()
    }

    /// Somebody's visits, latest booked first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_hospital_visits(&mut self, party: PartyId, limit: u32) -> Result<Vec<HospitalVisitRow>, StoreError> {
        let sql = format!("SELECT {VISIT} FROM hospital_visits WHERE party = $1 ORDER BY id DESC LIMIT $2");
        self.query(&sql, params![party, limit])?.into_iter().map(read_visit).collect()
    }

    /// A visit.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_hospital_visit(&mut self, id: HospitalVisitId) -> Result<Option<HospitalVisitRow>, StoreError> {
        let sql = format!("SELECT {VISIT} FROM hospital_visits WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read_visit).transpose()
    }

    /// A payment.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_hospital_payment(&mut self, id: PaymentId) -> Result<Option<HospitalPaymentRow>, StoreError> {
        let sql = format!("SELECT {PAYMENT} FROM hospital_payments WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read_payment).transpose()
    }

    /// Somebody's payments, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_hospital_payments(&mut self, party: PartyId) -> Result<Vec<HospitalPaymentRow>, StoreError> {
        let sql = format!("SELECT {PAYMENT} FROM hospital_payments WHERE party = $1 ORDER BY id");
        self.query(&sql, params![party])?.into_iter().map(read_payment).collect()
    }

    /// Whether a payment of somebody is not settled yet.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn is_paying_hospital(&mut self, party: PartyId) -> Result<bool, StoreError> {
        let sql = format!("SELECT COUNT(*) FROM hospital_payments WHERE party = $1 AND {UNSETTLED}");
        let count: i64 = self.query_one(&sql, params![party])?.next("count")?;
        Ok(count > 0)
    }

    /// Payments that are not settled, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_unsettled_hospital_payments(
        &mut self,
        after: Option<PaymentId>,
        limit: u32,
    ) -> Result<Vec<HospitalPaymentRow>, StoreError> {
        let sql = format!("SELECT {PAYMENT} FROM hospital_payments WHERE id > $1 AND {UNSETTLED} ORDER BY id LIMIT $2");
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        self.query(&sql, params![after, limit])?.into_iter().map(read_payment).collect()
    }
}

fn read_patient(mut row: Row) -> Result<HospitalPatientRow, StoreError> {
    Ok(HospitalPatientRow {
        party: row.next("hospital_patients.party")?,
        hospital: row.next("hospital_patients.hospital")?,
        key_id: row.next("hospital_patients.key_id")?,
        sealed: row.next("hospital_patients.sealed")?,
        updated_at: row.next("hospital_patients.updated_at_us")?,
    })
}

fn read_visit(mut row: Row) -> Result<HospitalVisitRow, StoreError> {
    Ok(HospitalVisitRow {
        id: row.next("hospital_visits.id")?,
        party: row.next("hospital_visits.party")?,
        key_id: row.next("hospital_visits.key_id")?,
        sealed: row.next("hospital_visits.sealed")?,
        updated_at: row.next("hospital_visits.updated_at_us")?,
    })
}

fn read_payment(mut row: Row) -> Result<HospitalPaymentRow, StoreError> {
    Ok(HospitalPaymentRow {
        id: row.next("hospital_payments.id")?,
        party: row.next("hospital_payments.party")?,
        key_id: row.next("hospital_payments.key_id")?,
        sealed: row.next("hospital_payments.sealed")?,
        state: row.next("hospital_payments.state")?,
        amount: row.next("hospital_payments.amount")?,
        reference: row.next("hospital_payments.reference")?,
        told: row.next("hospital_payments.told")?,
        created_at: row.next("hospital_payments.created_at_us")?,
        changed_at: row.next("hospital_payments.changed_at_us")?,
    })
}
