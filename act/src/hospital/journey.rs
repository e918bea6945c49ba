//! A visit as the hospital says it is: looked at, gone on with. What the hospital says is shown and not kept.

use std::sync::Arc;

use identity::{HospitalPayment, HospitalVisit, VisitState};
use model::{HospitalVisitId, PartyId, RequestId};

use super::client::{Call, Client};
use super::fhir::{
    Appointment, AppointmentStatus, Encounter, EncounterStatus, FhirId, Invoice, InvoiceStatus, Message, Report,
};
use super::held::{Held, LISTED, begin, keep};
use super::questions::{About, asked};
use super::{Context, HospitalError, MESSAGE_MAX};

/// What is gone through on the way to the doctor and to the invoice.
const DOCTOR: &[About] = &[About::Appointment, About::Encounter, About::Communication];
const BILL: &[About] = &[About::Appointment, About::Encounter, About::Invoice];

/// Everything that one look at a visit may bring.
const LOOK: &[About] = &[About::Appointment, About::Encounter, About::Invoice, About::Report, About::Communication];

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
    let held = begin(ctx, party, id, DOCTOR, Ok).await?;
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
    let held = begin(ctx, party, id, BILL, Ok).await?;
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
    invoices.retain(|invoice| invoice.status == InvoiceStatus::Issued && 0 < invoice.total);
    let consent = held.known.patient.consent;
    Ok(invoices.into_iter().next().map(|invoice| (held.kept, consent, invoice)))
}
