//! Questions about somebody: agreed to, written down, then asked, and what became of them noted.

use std::sync::Arc;

use identity::{HospitalPatient, Level, Verified};
use model::{FormId, Instant, PartyId, RequestId, SourceId};
use pack::City;
use store::{FetchOutcome, FetchRow, StoreError, Tx};

use super::client::{Call, Client};
use super::{Context, HospitalError};

/// What a question is about, for the log that the person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Patient,
    Appointment,
    Encounter,
    Invoice,
    Report,
    Communication,
    Payment,
}

impl About {
    /// What a request for a type of resource is about; `None` for one that the city never asks for.
    pub fn of_resource(kind: &str) -> Option<Self> {
        Some(match kind {
            "Patient" => Self::Patient,
            "Appointment" => Self::Appointment,
            "Encounter" => Self::Encounter,
            "Invoice" => Self::Invoice,
            "DiagnosticReport" => Self::Report,
            "Communication" => Self::Communication,
            "PaymentNotice" => Self::Payment,
            _ => return None,
        })
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Appointment => "appointment",
            Self::Encounter => "encounter",
            Self::Invoice => "invoice",
            Self::Report => "report",
            Self::Communication => "communication",
            Self::Payment => "payment",
        }
    }
}

/// Somebody who agreed, as a hospital knows them.
#[derive(Clone)]
pub(super) struct Known {
    pub party: PartyId,
    pub hospital: SourceId,
    pub patient: HospitalPatient,
    pub verified: Verified,
}

/// Somebody who agreed with a hospital and is matched.
pub(super) fn known(tx: &mut Tx, ctx: &Context, party: PartyId, hospital: &SourceId) -> Result<Known, HospitalError> {
    let verified = ctx.vault.find_identity(tx, party)?.filter(|verified| Level::L2 <= verified.level);
    let verified = verified.ok_or(HospitalError::NotIdentified)?;
    let patient = ctx.vault.find_hospital_patient(tx, party, hospital)?.ok_or(HospitalError::NotAgreed)?;
    Ok(Known { party, hospital: hospital.clone(), patient, verified })
}

/// What a question is about, and the person too where the hospital does not know them yet: they are registered first.
pub(super) fn whole(about: &[About], known: &Known) -> Vec<About> {
    let first = known.patient.patient.is_none().then_some(About::Patient);
    first.into_iter().chain(about.iter().copied()).collect()
}

/// Writes a question down. Nothing may be asked before the transaction is durable.
pub(super) fn write_down(
    tx: &mut Tx,
    city: &City,
    (party, hospital, consent): (PartyId, &SourceId, RequestId),
    about: &[About],
    now: Instant,
) -> Result<RequestId, HospitalError> {
    let id = tx.new_request_id(now);
    write_down_as(id, tx, city, (party, hospital, consent), about, now)?;
    Ok(id)
}

/// The same under an id that is given; once.
pub(super) fn write_down_as(
    id: RequestId,
    tx: &mut Tx,
    city: &City,
    (party, hospital, consent): (PartyId, &SourceId, RequestId),
    about: &[About],
    now: Instant,
) -> Result<(), HospitalError> {
    if tx.has_fetch(id)? {
        return Ok(());
    }
    let declared = city.hospitals.get(hospital).ok_or(HospitalError::NotFound("hospital"))?;
    let locale = city.locales.first().map_or("", String::as_str);
    let fields = about.iter().filter_map(|about| FormId::new(about.word()).ok()).collect();
    tx.record_fetch(&FetchRow {
        id,
        at: now,
        party,
        source: hospital.clone(),
        office: declared.office.clone(),
        service: None,
        fields,
        purpose: declared.purpose.in_locale(locale).to_owned(),
        basis: declared.basis.in_locale(locale).to_owned(),
        consent,
        outcome: None,
        answered_at: None,
        asked_by: None,
    })?;
    Ok(())
}

/// Asks a hospital on a thread of its own, and notes what became of the question.
pub(super) async fn asked<T: Send + 'static>(
    ctx: &Context,
    hospital: &SourceId,
    request: RequestId,
    what: impl FnOnce(&Client) -> Result<T, Call> + Send + 'static,
) -> Result<T, HospitalError> {
    let outcome = run(ctx, hospital, request, what).await;
    end(ctx, request, &outcome).await?;
    outcome.map_err(|call| told(hospital, request, call))
}

/// The same for what is asked under one id until it is answered: only then it has ended.
pub(super) async fn insisted<T: Send + 'static>(
    ctx: &Context,
    hospital: &SourceId,
    request: RequestId,
    what: impl FnOnce(&Client) -> Result<T, Call> + Send + 'static,
) -> Result<T, HospitalError> {
    let outcome = run(ctx, hospital, request, what).await;
    if matches!(outcome, Ok(_) | Err(Call::Denied { .. })) {
        end(ctx, request, &outcome).await?;
    }
    outcome.map_err(|call| told(hospital, request, call))
}

async fn end<T>(ctx: &Context, request: RequestId, outcome: &Result<T, Call>) -> Result<(), HospitalError> {
    let word = match outcome {
        // A hospital that says no has answered.
        Ok(_) | Err(Call::Denied { .. }) => FetchOutcome::Answered,
        Err(Call::Away(_)) => FetchOutcome::Away,
        Err(Call::Lied(_)) => FetchOutcome::Refused,
    };
    let now = ctx.clock.now();
    ctx.store.write(move |tx: &mut Tx| tx.end_fetch(request, word, now)).await?;
    Ok(())
}

/// Asks what is about nobody: nothing is written down.
pub(super) async fn open<T: Send + 'static>(
    ctx: &Context,
    hospital: &SourceId,
    what: impl FnOnce(&Client) -> Result<T, Call> + Send + 'static,
) -> Result<T, HospitalError> {
    let now = ctx.clock.now();
    let request = ctx.store.write(move |tx: &mut Tx| Ok::<_, StoreError>(tx.new_request_id(now))).await?;
    run(ctx, hospital, request, what).await.map_err(|call| told(hospital, request, call))
}

async fn run<T: Send + 'static>(
    ctx: &Context,
    hospital: &SourceId,
    request: RequestId,
    what: impl FnOnce(&Client) -> Result<T, Call> + Send + 'static,
) -> Result<T, Call> {
    let city = Arc::clone(&ctx.packs.current().city);
    let timeout_seconds = city.hospitals.get(hospital).map_or(5, |declared| declared.timeout_seconds);
    let client = Client {
        hospitals: Arc::clone(&ctx.hospitals),
        hospital: hospital.clone(),
        request,
        timeout_seconds,
        city: city.id.clone(),
    };
    let asking = tokio::task::spawn_blocking(move || what(&client));
    asking.await.unwrap_or_else(|error| Err(Call::Away(error.to_string())))
}

/// Whether a refusal is about what was asked for, and not about how: then the hospital has decided.
pub(super) fn is_decided(code: &str) -> bool {
    matches!(code, "conflict" | "business-rule" | "not-found" | "deleted" | "duplicate" | "invalid")
}

fn told(hospital: &SourceId, request: RequestId, call: Call) -> HospitalError {
    match call {
        Call::Away(why) => {
            tracing::warn!(%hospital, %request, why, "a hospital does not answer");
            HospitalError::Away
        }
        Call::Lied(lie) => {
            tracing::error!(%hospital, %request, %lie, "a hospital's answer is refused");
            HospitalError::Refused
        }
        Call::Denied { code, words } => {
            let words = words.unwrap_or_else(|| code.clone());
            HospitalError::Denied { code, words }
        }
    }
}
