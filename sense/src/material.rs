//! Licences given as materials: what a holder's device showed is checked when an application is handed in, and looked at
//! again whenever somebody decides by it.

use identity::{Answers, LicenceFault, Presented};
use model::{FormId, Instant, LicenceId, PartyId, ServiceId};
use pack::{Field, FieldLicence};
use serde_json::{Value, json};
use store::{LicenceRow, Reader, StoreError};

use crate::Context;
use crate::apply::{ApplyCommand, ApplyError};

/// A licence that an application was handed in with.
#[derive(Debug, Clone, PartialEq)]
pub struct Material {
    /// The question it answers.
    pub field: FormId,
    /// The service whose licence was asked for.
    pub of: ServiceId,
    /// What it said, checked once more as it was then.
    pub presented: Result<Presented, LicenceFault>,
    /// How it stands now.
    pub row: Option<LicenceRow>,
}

/// A licence accepted, until the transaction looks it up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Accepted {
    field: String,
    of: ServiceId,
    pub(crate) licence: LicenceId,
}

/// The questions that a licence answers, with what was shown.
fn given<'a>(form: &'a [Field], answers: &'a Answers) -> impl Iterator<Item = (&'a Field, &'a FieldLicence, &'a str)> {
    let shown = |field: &Field| answers.get(field.id.as_str())?.get("presentation")?.as_str();
    form.iter().filter_map(move |field| Some((field, field.licence.as_ref()?, shown(field)?)))
}

/// Checks every licence that an application shows: genuine, shown for this, with the facts asked for and no others.
pub(crate) fn accept(
    ctx: &Context,
    form: &[Field],
    command: &ApplyCommand,
    now: Instant,
) -> Result<Vec<Accepted>, ApplyError> {
    given(form, &command.answers)
        .map(|(field, wanted, text)| {
            let refused = |fault| ApplyError::Licence { field: field.id.to_string(), fault };
            let trust = ctx.trust.as_ref().ok_or_else(|| refused(LicenceFault::NotGenuine))?;
            let nonce = ctx.vault.answered(text, command.party, &command.service, now).map_err(refused)?;
            let presented = trust.accept(text, &wanted.of, &wanted.facts, &nonce, now).map_err(refused)?;
            Ok(Accepted { field: field.id.to_string(), of: wanted.of.clone(), licence: presented.licence })
        })
        .collect()
}

/// Looks every accepted licence up: it is the applicant's own, and stands.
pub(crate) fn check_standing(
    reader: &mut Reader,
    accepted: &[Accepted],
    party: PartyId,
    now: Instant,
) -> Result<(), ApplyError> {
    for one in accepted {
        let refused = |fault| ApplyError::Licence { field: one.field.clone(), fault };
        let row = reader.find_licence(one.licence)?.ok_or_else(|| refused(LicenceFault::NotGenuine))?;
        if row.party != Some(party) {
            return Err(refused(LicenceFault::NotYours));
        }
        if row.service != one.of {
            return Err(refused(LicenceFault::OtherKind));
        }
        if row.revoked_at.is_some() {
            return Err(refused(LicenceFault::Revoked));
        }
        if row.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(refused(LicenceFault::Expired));
        }
    }
    Ok(())
}

/// Answers as they are compared: a licence shown twice is one, whatever its device signed.
pub(crate) fn comparable(mut answers: Answers) -> Answers {
    for answer in answers.values_mut() {
        let said = answer.get("presentation").and_then(Value::as_str).and_then(|text| {
            let shown = credential::SdJwt::parse(text).ok()?;
            let facts: Vec<_> = shown.list_disclosable().into_iter().map(str::to_owned).collect();
            let claims = shown.unverified_claims();
            Some(json!({"licence_no": claims.get("licence_no"), "facts": facts}))
        });
        if let Some(said) = said {
            *answer = said;
        }
    }
    answers
}

/// The licences among the answers of an application that was handed in at an instant, and how they stand now.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn list_materials(
    ctx: &Context,
    form: &[Field],
    answers: &Answers,
    handed_in_at: Instant,
) -> Result<Vec<Material>, StoreError> {
    let read = |text: &str, of: &ServiceId| match &ctx.trust {
        Some(trust) => trust.read_again(text, of, handed_in_at),
        None => Err(LicenceFault::NotGenuine),
    };
    let mut materials: Vec<Material> = given(form, answers)
        .map(|(field, wanted, text)| Material {
            field: field.id.clone(),
            of: wanted.of.clone(),
            presented: read(text, &wanted.of),
            row: None,
        })
        .collect();
    if materials.is_empty() {
        return Ok(materials);
    }
    let store = ctx.store.clone();
    store
        .read(move |reader| {
            for material in &mut materials {
                let licence = material.presented.as_ref().map(|presented| presented.licence);
                material.row = licence.map_or(Ok(None), |licence| reader.find_licence(licence))?;
            }
            Ok(materials)
        })
        .await
}

/// A nonce that a person's device answers when it shows a licence for a service; and until when it may.
///
/// # Errors
/// [`ApplyError::NotHere`] when the service takes no licence.
pub fn ask_to_present(
    ctx: &Context,
    party: PartyId,
    service: &ServiceId,
    random: [u8; 24],
) -> Result<(String, Instant), ApplyError> {
    let compiled = ctx.packs.current();
    let (_, form) = crate::apply::find_form(&compiled.city, service)?;
    if ctx.trust.is_none() || !form.iter().any(|field| field.licence.is_some()) {
        return Err(ApplyError::NotHere(service.clone()));
    }
    let now = ctx.clock.now();
    let until = now.plus_micros(i64::from(identity::ASKED_FOR_S) * 1_000_000);
    Ok((ctx.vault.ask_to_present(random, party, service, now), until))
}
