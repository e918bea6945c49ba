//! What the city keeps of hospital journeys: consent, references to visits, what payments are for. All of it is sealed with
//! the person's own key; who may read the database learns that there are visits, not where or for what.

use model::{HospitalVisitId, Instant, PartyId, PaymentId, RequestId, SourceId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{HospitalPatientRow, HospitalPaymentRow, HospitalVisitRow, Reader, Tx};

use crate::vault::{Vault, VaultError, decrypt, encrypt};

/// Who a hospital knows somebody as, on their separate consent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HospitalPatient {
    /// The consent, as questions name it.
    pub consent: RequestId,
    /// When it was given.
    pub agreed_at: Instant,
    /// The name the hospital knows them by: random, and another one at each hospital.
    pub subject: String,
    /// The hospital's own id of them, once they are registered there.
    pub patient: Option<String>,
}

/// How far the booking of a visit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitState {
    /// Asked for; the hospital has not said whether it took it.
    Asked,
    /// The hospital took it.
    Booked,
    /// To be given back; the hospital has not said that it knows.
    Cancelling,
    /// Given back.
    Cancelled,
}

/// A reference to a visit: what a person needs to find it again, also while the hospital does not answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HospitalVisit {
    /// The hospital.
    pub hospital: SourceId,
    /// The doctor's role there, the hospital's id.
    pub role: String,
    /// The doctor's name.
    pub doctor: String,
    /// The department's name.
    pub department: String,
    /// The time slot, the hospital's id.
    pub slot: String,
    /// When it begins.
    pub starts_at: Instant,
    /// When it ends.
    pub ends_at: Instant,
    /// The hospital's own id of the appointment, once it took it.
    pub appointment: Option<String>,
    /// How far the booking is.
    pub state: VisitState,
}

/// What a payment is for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// The hospital.
    pub hospital: SourceId,
    /// The visit.
    pub visit: HospitalVisitId,
    /// The hospital's id of the invoice.
    pub invoice: String,
    /// The consent it rests on; the hospital is told of it also when that was withdrawn since.
    pub consent: RequestId,
}

/// A payment with what it is for.
#[derive(Clone, PartialEq, Eq)]
pub struct HospitalPayment {
    /// The payment.
    pub row: HospitalPaymentRow,
    /// What it is for.
    pub paid: Paid,
}

macro_rules! hidden {
    ($($name:ident),*) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )* };
}
hidden!(HospitalPatient, HospitalVisit, Paid, HospitalPayment);

impl Vault {
    /// Keeps who a hospital knows somebody as.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the person was erased, or the store's.
    pub fn save_hospital_patient(
        &self,
        tx: &mut Tx,
        party: PartyId,
        hospital: &SourceId,
        patient: &HospitalPatient,
        now: Instant,
    ) -> Result<(), VaultError> {
        let (key_id, sealed) = self.seal_for(tx, party, &patient_name(party, hospital), patient)?;
        let row = HospitalPatientRow { party, hospital: hospital.clone(), key_id, sealed, updated_at: now };
        Ok(tx.save_hospital_patient(&row)?)
    }

    /// Who a hospital knows somebody as; `None` before they agreed.
    ///
    /// # Errors
    /// [`VaultError`] when it does not open, or the store's.
    pub fn find_hospital_patient(
        &self,
        reader: &mut Reader,
        party: PartyId,
        hospital: &SourceId,
    ) -> Result<Option<HospitalPatient>, VaultError> {
        let Some(row) = reader.find_hospital_patient(party, hospital)? else { return Ok(None) };
        self.open_for(reader, &row.key_id, &row.sealed, &patient_name(party, hospital)).map(Some)
    }

    /// Keeps a reference to a visit.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the person was erased, or the store's.
    pub fn save_hospital_visit(
        &self,
        tx: &mut Tx,
        party: PartyId,
        id: HospitalVisitId,
        visit: &HospitalVisit,
        now: Instant,
    ) -> Result<(), VaultError> {
        let (key_id, sealed) = self.seal_for(tx, party, &visit_name(party, id), visit)?;
        Ok(tx.save_hospital_visit(&HospitalVisitRow { id, party, key_id, sealed, updated_at: now })?)
    }

    /// A visit of somebody; `None` when there is none, or it is somebody else's.
    ///
    /// # Errors
    /// [`VaultError`] when it does not open, or the store's.
    pub fn find_hospital_visit(
        &self,
        reader: &mut Reader,
        party: PartyId,
        id: HospitalVisitId,
    ) -> Result<Option<HospitalVisit>, VaultError> {
        let row = reader.find_hospital_visit(id)?.filter(|row| row.party == party);
        row.map(|row| self.open_for(reader, &row.key_id, &row.sealed, &visit_name(party, id))).transpose()
    }

    /// Somebody's visits, latest booked first, at most `limit`.
    ///
    /// # Errors
    /// [`VaultError`] when one does not open, or the store's.
    pub fn list_hospital_visits(
        &self,
        reader: &mut Reader,
        party: PartyId,
        limit: u32,
    ) -> Result<Vec<(HospitalVisitId, HospitalVisit)>, VaultError> {
        let rows = reader.list_hospital_visits(party, limit)?;
        let open = |row: HospitalVisitRow| {
            Ok((row.id, self.open_for(reader, &row.key_id, &row.sealed, &visit_name(party, row.id))?))
        };
        rows.into_iter().map(open).collect()
    }

    /// Keeps a payment that is asked for now.
    ///
    /// # Errors
    /// [`VaultError::Erased`] when the person was erased, or the store's.
    pub fn record_hospital_payment(
        &self,
        tx: &mut Tx,
        party: PartyId,
        paid: Paid,
        amount: i64,
        now: Instant,
    ) -> Result<HospitalPayment, VaultError> {
        let id = tx.new_payment_id(now);
        let (key_id, sealed) = self.seal_for(tx, party, &payment_name(party, id), &paid)?;
        let state = model::PaymentState::Created.as_str().to_owned();
        let row = HospitalPaymentRow {
            id,
            party,
            key_id,
            sealed,
            state,
            amount,
            reference: None,
            told: false,
            created_at: now,
            changed_at: now,
        };
        tx.record_hospital_payment(&row)?;
        Ok(HospitalPayment { row, paid })
    }

    /// A payment with what it is for.
    ///
    /// # Errors
    /// [`VaultError`] when it does not open, or the store's.
    pub fn find_hospital_payment(
        &self,
        reader: &mut Reader,
        id: PaymentId,
    ) -> Result<Option<HospitalPayment>, VaultError> {
        reader.find_hospital_payment(id)?.map(|row| self.open_payment(reader, row)).transpose()
    }

    /// Somebody's payments, the oldest first.
    ///
    /// # Errors
    /// [`VaultError`] when one does not open, or the store's.
    pub fn list_hospital_payments(
        &self,
        reader: &mut Reader,
        party: PartyId,
    ) -> Result<Vec<HospitalPayment>, VaultError> {
        let rows = reader.list_hospital_payments(party)?;
        rows.into_iter().map(|row| self.open_payment(reader, row)).collect()
    }

    fn open_payment(&self, reader: &mut Reader, row: HospitalPaymentRow) -> Result<HospitalPayment, VaultError> {
        let paid = self.open_for(reader, &row.key_id, &row.sealed, &payment_name(row.party, row.id))?;
        Ok(HospitalPayment { row, paid })
    }

    fn seal_for(
        &self,
        tx: &mut Tx,
        party: PartyId,
        name: &str,
        clear: &impl Serialize,
    ) -> Result<(String, Vec<u8>), VaultError> {
        let (key_id, key) = self.key_of(tx, party)?;
        let json = serde_json::to_vec(clear).expect("plain data with string keys");
        Ok((key_id, encrypt(&key, tx.random_bytes(), &json, name.as_bytes())))
    }

    fn open_for<T: DeserializeOwned>(
        &self,
        reader: &mut Reader,
        key_id: &str,
        sealed: &[u8],
        name: &str,
    ) -> Result<T, VaultError> {
        let key = self.find_key(reader, key_id)?.ok_or(VaultError::Erased)?;
        let json = decrypt(&key, sealed, name.as_bytes()).ok_or(VaultError::Damaged)?;
        serde_json::from_slice(&json).map_err(|_| VaultError::Damaged)
    }
}

// Bound into the sealed bytes, so that a row moved to another person or thing does not open.

fn patient_name(party: PartyId, hospital: &SourceId) -> String {
    format!("hospital-patient/{party}/{hospital}")
}

fn visit_name(party: PartyId, id: HospitalVisitId) -> String {
    format!("hospital-visit/{party}/{id}")
}

fn payment_name(party: PartyId, id: PaymentId) -> String {
    format!("hospital-payment/{party}/{id}")
}
