//! A visit while it is being asked about: what the city keeps of it, and who asks.

use std::sync::Arc;

use identity::{HospitalVisit, VisitState};
use model::{HospitalVisitId, PartyId, RequestId};
use store::Tx;

use super::client::{Call, Client, Lie, Taking};
use super::fhir::{Appointment, AppointmentStatus, FhirId};
use super::journey::{Fault, Visit};
use super::questions::{About, Known, known, whole, write_down};
use super::{Context, HospitalError};

/// Most visits of a list.
pub(super) const LISTED: u32 = 50;

/// A visit that is being asked about.
#[derive(Clone)]
pub(super) struct Held {
    pub id: HospitalVisitId,
    pub kept: HospitalVisit,
    pub known: Known,
    pub request: RequestId,
}

impl Held {
    /// The hospital's id of the person; they are registered when they are not yet.
    pub fn patient(&self, client: &Client) -> Result<FhirId, Call> {
        match &self.known.patient.patient {
            Some(patient) => Ok(FhirId::parse(patient)?),
            None => client.register(&self.known.patient.subject, &self.known.verified),
        }
    }

    pub fn taking(&self, patient: FhirId) -> Result<Taking, Call> {
        Ok(Taking {
            visit: self.id,
            patient,
            role: self.role()?,
            slot: FhirId::parse(&self.kept.slot)?,
            start: self.kept.starts_at,
            end: self.kept.ends_at,
        })
    }

    pub fn role(&self) -> Result<FhirId, Call> {
        Ok(FhirId::parse(&self.kept.role)?)
    }

    pub fn unsure(self, fault: Fault) -> Visit {
        Visit { id: self.id, kept: self.kept, journey: None, fault: Some(fault), payments: Vec::new() }
    }

    /// The person and the appointment as the hospital has them. A wish that was never answered may have got there.
    pub fn appointment(&self, client: &Client) -> Result<(FhirId, Option<Appointment>), Call> {
        let patient = self.patient(client)?;
        let found = client.appointment(self.id, &patient)?;
        if found.is_none() && self.kept.state == VisitState::Booked {
            return Err(Lie::Other("Appointment").into());
        }
        Ok((patient, found))
    }
}

/// Keeps what the hospital said of an appointment.
pub(super) async fn keep(
    ctx: &Context,
    held: &Held,
    patient: FhirId,
    appointment: &Appointment,
) -> Result<HospitalVisit, HospitalError> {
    let (vault, now, held) = (Arc::clone(&ctx.vault), ctx.clock.now(), held.clone());
    let is_cancelled = appointment.status == AppointmentStatus::Cancelled;
    let id = appointment.id.to_string();
    ctx.store
        .write(move |tx: &mut Tx| {
            let (party, hospital) = (held.known.party, &held.known.hospital);
            if let Some(mut known) = vault.find_hospital_patient(tx, party, hospital)?
                && known.subject == held.known.patient.subject
            {
                known.patient = Some(patient.to_string());
                vault.save_hospital_patient(tx, party, hospital, &known, now)?;
            }
            // Withdrawn meanwhile: nothing is to be kept.
            let Some(mut kept) = vault.find_hospital_visit(tx, party, held.id)? else { return Ok(held.kept) };
            kept.appointment = Some(id);
            // What was decided meanwhile stands: an answer that was on its way takes nothing back.
            kept.state = match kept.state {
                _ if is_cancelled => VisitState::Cancelled,
                VisitState::Asked | VisitState::Booked => VisitState::Booked,
                decided => decided,
            };
            vault.save_hospital_visit(tx, party, held.id, &kept, now)?;
            Ok(kept)
        })
        .await
}

/// Finds a visit and writes a question about it down; `change` says in which state it is kept meanwhile.
pub(super) async fn begin(
    ctx: &Context,
    party: PartyId,
    id: HospitalVisitId,
    about: &'static [About],
    change: fn(VisitState) -> Result<VisitState, &'static str>,
) -> Result<Held, HospitalError> {
    let (inner, now) = (ctx.clone(), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let found = inner.vault.find_hospital_visit(tx, party, id)?;
            let mut kept = found.ok_or(HospitalError::NotFound("visit"))?;
            let known = known(tx, &inner, party, &kept.hospital)?;
            let state = change(kept.state).map_err(HospitalError::NotNow)?;
            if state != kept.state {
                kept.state = state;
                inner.vault.save_hospital_visit(tx, party, id, &kept, now)?;
            }
            let asking = (party, &kept.hospital, known.patient.consent);
            let about = whole(about, &known);
            let request = write_down(tx, &inner.packs.current().city, asking, &about, now)?;
            Ok(Held { id, kept, known, request })
        })
        .await
}
