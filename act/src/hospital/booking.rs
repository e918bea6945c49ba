//! Taking a time and giving it back, so that whatever is lost on the way, there is one appointment or none.

use std::sync::Arc;

use identity::{HospitalVisit, VisitState};
use model::{HospitalVisitId, PartyId, SourceId};
use store::Tx;

use super::fhir::FhirId;
use super::held::{Held, LISTED, begin, keep};
use super::journey::{Fault, Visit, view};
use super::offers::declared;
use super::questions::{About, asked, is_decided, known, open, whole, write_down};
use super::{Context, HospitalError};

/// A time to book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookCommand {
    /// Who books, for themselves.
    pub party: PartyId,
    /// At which hospital.
    pub hospital: SourceId,
    /// With which doctor: the hospital's id of the role.
    pub role: String,
    /// Which time: the hospital's id of the slot.
    pub slot: String,
}

/// Books a time. The wish is kept before the hospital is asked, and asked for under one id however often: whatever is lost
/// on the way, there is one appointment. When nobody knows whether the hospital took it, the visit says so.
///
/// # Errors
/// [`HospitalError`]; then nothing is booked.
pub async fn book(ctx: &Context, command: BookCommand) -> Result<Visit, HospitalError> {
    declared(ctx, &command.hospital)?;
    let wish = match find_wish(ctx, &command).await? {
        Some((id, kept)) if kept.state == VisitState::Asked => (Some(id), kept),
        Some((id, _)) => return view(ctx, command.party, id).await,
        None => (None, wish_of(ctx, &command).await?),
    };
    let held = hold(ctx, &command, wish).await?;
    let taking = held.clone();
    let taken = asked(ctx, &command.hospital, held.request, move |client| {
        let patient = taking.patient(client)?;
        let appointment = client.take(&taking.taking(patient.clone())?)?;
        Ok((patient, appointment))
    });
    match taken.await {
        Ok((patient, appointment)) => {
            keep(ctx, &held, patient, &appointment).await?;
            view(ctx, command.party, held.id).await
        }
        Err(HospitalError::Away) => Ok(held.unsure(Fault::Away)),
        Err(HospitalError::Refused) => Ok(held.unsure(Fault::Refused)),
        Err(HospitalError::Denied { code, words }) if is_decided(&code) => {
            // There is no such visit.
            ctx.store.write(move |tx: &mut Tx| tx.delete_hospital_visit(held.id)).await?;
            Err(if code == "conflict" { HospitalError::SlotTaken } else { HospitalError::Denied { code, words } })
        }
        // An earlier try may have got there all the same: the wish stays.
        Err(error) => Err(error),
    }
}

/// A visit of the same time that is not given back.
async fn find_wish(
    ctx: &Context,
    command: &BookCommand,
) -> Result<Option<(HospitalVisitId, HospitalVisit)>, HospitalError> {
    let (vault, command) = (Arc::clone(&ctx.vault), command.clone());
    ctx.store
        .read(move |reader| {
            let visits = vault.list_hospital_visits(reader, command.party, LISTED)?;
            Ok(visits.into_iter().find(|(_, visit)| is_same(visit, &command)))
        })
        .await
}

fn is_same(visit: &HospitalVisit, command: &BookCommand) -> bool {
    let is_open = matches!(visit.state, VisitState::Asked | VisitState::Booked);
    is_open && visit.hospital == command.hospital && visit.slot == command.slot
}

/// What is wished for, as the hospital offers it.
async fn wish_of(ctx: &Context, command: &BookCommand) -> Result<HospitalVisit, HospitalError> {
    let parse = |text: &str, what| FhirId::parse(text).map_err(|_| HospitalError::NotFound(what));
    let (role, slot) = (parse(&command.role, "doctor")?, parse(&command.slot, "slot")?);
    let offered = open(ctx, &command.hospital, move |client| Ok((client.doctor(&role)?, client.slot(&role, &slot)?)));
    let (doctor, slot) = match offered.await {
        Err(HospitalError::Denied { code, .. }) if code == "not-found" => return Err(HospitalError::NotFound("slot")),
        offered => offered?,
    };
    if !slot.free || slot.start <= ctx.clock.now() {
        return Err(HospitalError::SlotTaken);
    }
    Ok(HospitalVisit {
        hospital: command.hospital.clone(),
        role: doctor.role.to_string(),
        doctor: doctor.name,
        department: doctor.department,
        slot: slot.id.to_string(),
        starts_at: slot.start,
        ends_at: slot.end,
        appointment: None,
        state: VisitState::Asked,
    })
}

/// Keeps the wish, and the question to be asked.
async fn hold(
    ctx: &Context,
    command: &BookCommand,
    (id, kept): (Option<HospitalVisitId>, HospitalVisit),
) -> Result<Held, HospitalError> {
    let (inner, command, now) = (ctx.clone(), command.clone(), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let known = known(tx, &inner, command.party, &command.hospital)?;
            let before = inner.vault.list_hospital_visits(tx, command.party, LISTED)?;
            // Pressed twice: the first one goes on.
            let same = before.into_iter().find(|(_, visit)| is_same(visit, &command));
            let (id, kept) = match (id, same) {
                (_, Some((same, kept))) => (same, kept),
                (id, None) => (id.unwrap_or_else(|| tx.new_hospital_visit_id(now)), kept),
            };
            inner.vault.save_hospital_visit(tx, command.party, id, &kept, now)?;
            let about = whole(&[About::Appointment], &known);
            let asking = (command.party, &command.hospital, known.patient.consent);
            let request = write_down(tx, &inner.packs.current().city, asking, &about, now)?;
            Ok(Held { id, kept, known, request })
        })
        .await
}

/// Gives a booked time back. Also when nobody knows whether it was booked at all.
///
/// # Errors
/// [`HospitalError`]; a hospital that says no has kept the appointment.
pub async fn cancel(ctx: &Context, party: PartyId, id: HospitalVisitId) -> Result<Visit, HospitalError> {
    let open_ones = |state| match state {
        VisitState::Cancelled => Err("the visit is given back already"),
        _ => Ok(VisitState::Cancelling),
    };
    let held = begin(ctx, party, id, &[About::Appointment], open_ones).await?;
    let giving = held.clone();
    let given = asked(ctx, &held.known.hospital, held.request, move |client| {
        let patient = giving.patient(client)?;
        let appointment = client.give_back(&giving.taking(patient.clone())?)?;
        Ok((patient, appointment))
    });
    match given.await {
        Ok((patient, appointment)) => {
            let kept = keep(ctx, &held, patient, &appointment).await?;
            Ok(Visit { id, kept, journey: None, fault: None, payments: Vec::new() })
        }
        Err(HospitalError::Away) => Ok(held.unsure(Fault::Away)),
        Err(HospitalError::Refused) => Ok(held.unsure(Fault::Refused)),
        Err(error) => {
            restore(ctx, held).await?;
            Err(error)
        }
    }
}

/// The hospital keeps what it has.
async fn restore(ctx: &Context, held: Held) -> Result<(), HospitalError> {
    let (vault, now) = (Arc::clone(&ctx.vault), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            if let Some(mut kept) = vault.find_hospital_visit(tx, held.known.party, held.id)? {
                kept.state = if kept.appointment.is_some() { VisitState::Booked } else { VisitState::Asked };
                vault.save_hospital_visit(tx, held.known.party, held.id, &kept, now)?;
            }
            Ok(())
        })
        .await
}
