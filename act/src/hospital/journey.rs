//! A visit: booked, given back, looked at, gone on with. What the hospital says is shown and not kept.

use std::sync::Arc;

use identity::{HospitalPayment, HospitalVisit, VisitState};
use model::{HospitalVisitId, PartyId, RequestId, SourceId};
use store::Tx;

use super::client::{Call, Client, Lie, Taking};
use super::fhir::{Appointment, AppointmentStatus, Encounter, EncounterStatus, FhirId, Invoice, Message, Report};
use super::offers::declared;
use super::questions::{About, Known, asked, known, open, write_down};
use super::{Context, HospitalError, MESSAGE_MAX};

/// Most visits of a list.
const LISTED: u32 = 50;

/// Everything that one look at a visit may bring.
const LOOK: &[About] = &[About::Appointment, About::Encounter, About::Invoice, About::Report, About::Communication];

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

/// A message to the doctor.
#[derive(Clone, PartialEq, Eq)]
pub struct Wrote {
    /// How many messages of one's own are there already: the same number again is the same message again.
    pub number: u32,
    /// What.
    pub text: String,
}

/// Why there is no journey to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The hospital does not answer.
    Away,
    /// Its answer was thrown away.
    Refused,
}

/// A place in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The number.
    pub number: Option<String>,
    /// How many wait before.
    pub ahead: u32,
    /// Whether the person is called.
    pub is_called: bool,
}

/// How far a journey is, as the hospital says at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journey {
    /// The appointment.
    pub status: AppointmentStatus,
    /// The queue, once the person is there.
    pub queue: Option<Queue>,
    /// Whether the consultation is over.
    pub is_over: bool,
    /// What is to be paid, and was.
    pub invoices: Vec<Invoice>,
    /// What was found.
    pub reports: Vec<Report>,
    /// The conversation, the oldest first.
    pub messages: Vec<Message>,
}

/// A visit.
#[derive(Clone, PartialEq)]
pub struct Visit {
    /// Its id.
    pub id: HospitalVisitId,
    /// What the city keeps of it.
    pub kept: HospitalVisit,
    /// How far it is; absent in lists, and when the hospital gave nothing that can be shown.
    pub journey: Option<Journey>,
    /// Why it is absent.
    pub fault: Option<Fault>,
    /// Payments for it, the oldest first.
    pub payments: Vec<HospitalPayment>,
}

/// Somebody's visits, latest booked first, as far as the city keeps them. No hospital is asked.
///
/// # Errors
/// [`HospitalError`].
pub async fn list_visits(ctx: &Context, party: PartyId) -> Result<Vec<Visit>, HospitalError> {
    let vault = Arc::clone(&ctx.vault);
    ctx.store
        .read(move |reader| {
            let visits = vault.list_hospital_visits(reader, party, LISTED)?;
            let bare = |(id, kept)| Visit { id, kept, journey: None, fault: None, payments: Vec::new() };
            Ok(visits.into_iter().map(bare).collect())
        })
        .await
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
        Err(error) => {
            // The hospital has decided: there is no such visit.
            ctx.store.write(move |tx: &mut Tx| tx.delete_hospital_visit(held.id)).await?;
            match error {
                HospitalError::Denied { code, .. } if code == "conflict" => Err(HospitalError::SlotTaken),
                error => Err(error),
            }
        }
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

/// A visit that is being asked about.
#[derive(Clone)]
struct Held {
    id: HospitalVisitId,
    kept: HospitalVisit,
    known: Known,
    request: RequestId,
}

impl Held {
    /// The hospital's id of the person; they are registered when they are not yet.
    fn patient(&self, client: &Client) -> Result<FhirId, Call> {
        match &self.known.patient.patient {
            Some(patient) => Ok(FhirId::parse(patient)?),
            None => client.register(&self.known.patient.subject, &self.known.verified),
        }
    }

    fn taking(&self, patient: FhirId) -> Result<Taking, Call> {
        Ok(Taking {
            visit: self.id,
            patient,
            role: self.role()?,
            slot: FhirId::parse(&self.kept.slot)?,
            start: self.kept.starts_at,
            end: self.kept.ends_at,
        })
    }

    fn role(&self) -> Result<FhirId, Call> {
        Ok(FhirId::parse(&self.kept.role)?)
    }

    fn unsure(self, fault: Fault) -> Visit {
        Visit { id: self.id, kept: self.kept, journey: None, fault: Some(fault), payments: Vec::new() }
    }

    /// The person and the appointment as the hospital has them. A wish that was never answered may have got there.
    fn appointment(&self, client: &Client) -> Result<(FhirId, Option<Appointment>), Call> {
        let patient = self.patient(client)?;
        let found = client.appointment(self.id, &patient)?;
        if found.is_none() && self.kept.state == VisitState::Booked {
            return Err(Lie::Other("Appointment").into());
        }
        Ok((patient, found))
    }
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
            let mut about = vec![About::Appointment];
            if known.patient.patient.is_none() {
                about.insert(0, About::Patient);
            }
            let asking = (command.party, &command.hospital, known.patient.consent);
            let request = write_down(tx, &inner.packs.current().city, asking, &about, now)?;
            Ok(Held { id, kept, known, request })
        })
        .await
}

/// Keeps what the hospital said of an appointment.
async fn keep(
    ctx: &Context,
    held: &Held,
    patient: FhirId,
    appointment: &Appointment,
) -> Result<HospitalVisit, HospitalError> {
    let (vault, now, held) = (Arc::clone(&ctx.vault), ctx.clock.now(), held.clone());
    let is_cancelled = appointment.status == AppointmentStatus::Cancelled;
    let (id, state) = (appointment.id.to_string(), held.kept.state);
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
            kept.state = match (is_cancelled, state) {
                (true, _) => VisitState::Cancelled,
                (false, VisitState::Cancelling) => VisitState::Cancelling,
                (false, _) => VisitState::Booked,
            };
            vault.save_hospital_visit(tx, party, held.id, &kept, now)?;
            Ok(kept)
        })
        .await
}

/// Finds a visit and writes a question about it down; `change` says in which state it is kept meanwhile.
async fn begin(
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
            let request = write_down(tx, &inner.packs.current().city, asking, about, now)?;
            Ok(Held { id, kept, known, request })
        })
        .await
}

/// Looks at a visit. A hospital that does not answer, or not what can be believed, is told in the answer.
///
/// # Errors
/// [`HospitalError`].
pub async fn view(ctx: &Context, party: PartyId, id: HospitalVisitId) -> Result<Visit, HospitalError> {
    let held = begin(ctx, party, id, LOOK, Ok).await?;
    let looking = held.clone();
    let found = asked(ctx, &held.known.hospital, held.request, move |client| {
        let (patient, appointment) = looking.appointment(client)?;
        let journey = match &appointment {
            Some(appointment) => Some(load(client, &looking, appointment)?),
            None => None,
        };
        Ok((patient, appointment, journey))
    });
    let mut visit = match found.await {
        Ok((patient, appointment, journey)) => {
            let kept = match &appointment {
                Some(appointment) if is_news(&held, appointment) => keep(ctx, &held, patient, appointment).await?,
                _ => held.kept.clone(),
            };
            Visit { id, kept, journey, fault: None, payments: Vec::new() }
        }
        Err(HospitalError::Away) => held.unsure(Fault::Away),
        Err(HospitalError::Refused) => held.unsure(Fault::Refused),
        Err(error) => return Err(error),
    };
    visit.payments = payments_of(ctx, party, id).await?;
    Ok(visit)
}

fn is_news(held: &Held, appointment: &Appointment) -> bool {
    let is_cancelled = appointment.status == AppointmentStatus::Cancelled;
    held.known.patient.patient.is_none()
        || held.kept.appointment.is_none()
        || is_cancelled != (held.kept.state == VisitState::Cancelled)
}

async fn payments_of(
    ctx: &Context,
    party: PartyId,
    id: HospitalVisitId,
) -> Result<Vec<HospitalPayment>, HospitalError> {
    let vault = Arc::clone(&ctx.vault);
    ctx.store
        .read(move |reader| {
            let payments = vault.list_hospital_payments(reader, party)?;
            Ok(payments.into_iter().filter(|payment| payment.paid.visit == id).collect())
        })
        .await
}

/// How far a journey is.
fn load(client: &Client, held: &Held, appointment: &Appointment) -> Result<Journey, Call> {
    let mut journey = Journey {
        status: appointment.status,
        queue: None,
        is_over: false,
        invoices: Vec::new(),
        reports: Vec::new(),
        messages: Vec::new(),
    };
    let Some(encounter) = encounter_of(client, appointment)? else { return Ok(journey) };
    let is_called = encounter.status != EncounterStatus::Arrived;
    let ahead = if is_called { 0 } else { client.ahead(&held.role()?, &encounter)? };
    journey.queue = Some(Queue { number: encounter.queue_number.clone(), ahead, is_called });
    journey.is_over = encounter.status == EncounterStatus::Finished;
    journey.invoices = client.invoices(&encounter)?;
    if is_called {
        journey.reports = client.reports(&encounter)?;
        journey.messages = client.messages(&encounter)?;
    }
    Ok(journey)
}

fn encounter_of(client: &Client, appointment: &Appointment) -> Result<Option<Encounter>, Call> {
    match appointment.status {
        AppointmentStatus::Arrived | AppointmentStatus::Fulfilled => {
            client.encounter(&appointment.id, &appointment.patient)
        }
        _ => Ok(None),
    }
}

/// Tells the hospital that the person is there, and shows the number they get.
///
/// # Errors
/// [`HospitalError`].
pub async fn arrive(ctx: &Context, party: PartyId, id: HospitalVisitId) -> Result<Visit, HospitalError> {
    let only_booked = |state| match state {
        VisitState::Booked => Ok(state),
        _ => Err("only a booked visit can be arrived at"),
    };
    let held = begin(ctx, party, id, &[About::Appointment], only_booked).await?;
    let arriving = held.clone();
    asked(ctx, &held.known.hospital, held.request, move |client| {
        let patient = arriving.patient(client)?;
        let appointment = FhirId::parse(arriving.kept.appointment.as_deref().unwrap_or_default())?;
        client.arrive(arriving.id, &patient, &appointment)
    })
    .await?;
    view(ctx, party, id).await
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

/// The hospital keeps the appointment.
async fn restore(ctx: &Context, held: Held) -> Result<(), HospitalError> {
    let (vault, now) = (Arc::clone(&ctx.vault), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            if let Some(mut kept) = vault.find_hospital_visit(tx, held.known.party, held.id)? {
                kept.state = VisitState::Booked;
                vault.save_hospital_visit(tx, held.known.party, held.id, &kept, now)?;
            }
            Ok(())
        })
        .await
}

/// Asks the doctor of a visit something.
///
/// # Errors
/// [`HospitalError`].
pub async fn ask_doctor(
    ctx: &Context,
    party: PartyId,
    id: HospitalVisitId,
    wrote: Wrote,
) -> Result<Visit, HospitalError> {
    let text = wrote.text.trim().to_owned();
    if text.is_empty() || MESSAGE_MAX < text.chars().count() {
        return Err(HospitalError::Message);
    }
    let held = begin(ctx, party, id, &[About::Communication], Ok).await?;
    let (asking, now) = (held.clone(), ctx.clock.now());
    let sent = asked(ctx, &held.known.hospital, held.request, move |client| {
        let (_, appointment) = asking.appointment(client)?;
        let Some(appointment) = appointment else { return Ok(None) };
        let encounter = encounter_of(client, &appointment)?;
        let Some(encounter) = encounter.filter(|encounter| encounter.status != EncounterStatus::Arrived) else {
            return Ok(None);
        };
        let name = format!("{}-{}", asking.id, wrote.number);
        let kept = client.write(&encounter, &asking.role()?, (&name, &text), now)?;
        Ok(Some(kept.text == text))
    });
    match sent.await? {
        None => Err(HospitalError::NotNow("the doctor can be asked once you were called")),
        Some(false) => Err(HospitalError::NotNow("another message was sent meanwhile; look at it first")),
        Some(true) => view(ctx, party, id).await,
    }
}

/// The one invoice of a visit that is to be paid.
pub(super) async fn find_due(
    ctx: &Context,
    party: PartyId,
    id: HospitalVisitId,
) -> Result<Option<(HospitalVisit, RequestId, Invoice)>, HospitalError> {
    let held = begin(ctx, party, id, &[About::Invoice], Ok).await?;
    let looking = held.clone();
    let invoices = asked(ctx, &held.known.hospital, held.request, move |client| {
        let (_, appointment) = looking.appointment(client)?;
        let Some(appointment) = appointment else { return Ok(Vec::new()) };
        match encounter_of(client, &appointment)? {
            Some(encounter) => client.invoices(&encounter),
            None => Ok(Vec::new()),
        }
    });
    let mut invoices = invoices.await?;
    invoices.retain(|invoice| invoice.status == super::fhir::InvoiceStatus::Issued && 0 < invoice.total);
    let consent = held.known.patient.consent;
    Ok(invoices.into_iter().next().map(|invoice| (held.kept, consent, invoice)))
}
