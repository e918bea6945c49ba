//! Separate consent (PIPL article 29): one for each hospital, before anything is told or asked there, withdrawn at any time.

use identity::{HospitalPatient, Level, find_level};
use model::{Instant, PartyId, SourceId};
use store::Tx;

use super::offers::declared;
use super::{Context, HospitalError};

/// How somebody stands to a hospital.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// How sure the city is of who they are.
    pub level: Level,
    /// When they agreed; absent when they have not, or no longer do.
    pub agreed_at: Option<Instant>,
}

/// How somebody stands to a hospital.
///
/// # Errors
/// [`HospitalError`].
pub async fn find_agreement(ctx: &Context, party: PartyId, hospital: SourceId) -> Result<Agreement, HospitalError> {
    declared(ctx, &hospital)?;
    let vault = std::sync::Arc::clone(&ctx.vault);
    ctx.store
        .read(move |reader| {
            let patient = vault.find_hospital_patient(reader, party, &hospital)?;
            let level = find_level(reader, party)?;
            Ok(Agreement { level, agreed_at: patient.map(|patient| patient.agreed_at) })
        })
        .await
}

/// Agrees that a hospital is told and asked about oneself. It will know the person by a random name of its own.
///
/// # Errors
/// [`HospitalError`].
pub async fn agree(ctx: &Context, party: PartyId, hospital: SourceId) -> Result<Agreement, HospitalError> {
    declared(ctx, &hospital)?;
    let (vault, now) = (std::sync::Arc::clone(&ctx.vault), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let level = find_level(tx, party)?;
            if level < Level::L2 {
                return Err(HospitalError::NotIdentified);
            }
            if let Some(before) = vault.find_hospital_patient(tx, party, &hospital)? {
                return Ok(Agreement { level, agreed_at: Some(before.agreed_at) });
            }
            let subject: [u8; 16] = tx.random_bytes();
            let subject = subject.iter().map(|byte| format!("{byte:02x}")).collect();
            let consent = tx.new_request_id(now);
            let patient = HospitalPatient { consent, agreed_at: now, subject, patient: None };
            vault.save_hospital_patient(tx, party, &hospital, &patient, now)?;
            Ok(Agreement { level, agreed_at: Some(now) })
        })
        .await
}

/// Withdraws the consent: the hospital is told and asked nothing more about the person, and the city forgets under which
/// name it knew them, with the references to their visits there. Appointments and records at the hospital stay its own.
///
/// # Errors
/// [`HospitalError`].
pub async fn withdraw(ctx: &Context, party: PartyId, hospital: SourceId) -> Result<(), HospitalError> {
    declared(ctx, &hospital)?;
    let vault = std::sync::Arc::clone(&ctx.vault);
    ctx.store
        .write(move |tx: &mut Tx| {
            tx.delete_hospital_patient(party, &hospital)?;
            for (id, visit) in vault.list_hospital_visits(tx, party, u32::MAX)? {
                if visit.hospital == hospital {
                    tx.delete_hospital_visit(id)?;
                }
            }
            Ok(())
        })
        .await
}
