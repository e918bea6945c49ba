//! Correcting an application (更正; PIPL article 46): until the decision the applicant, or who acts for
//! her, puts her answers right.
//!
//! The corrected answers are a new sealed record with a commitment of its own; the former is kept, frozen: nobody opens it
//! any more, and it goes with her key. What departments answered stays as they gave it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use identity::{Answers, Fetched, Given, Prefill, Provenance, VaultError};
use model::{Application, Case, CaseId, EventBody, EvidenceId, FormId, Instant, NewEvent, PackHash, PartyId};
use pack::answers::{FieldFault, parse_form};
use pack::{City, Compiled, Field, Service};
use serde_json::Value;
use store::{Append, Reader, StoreError, Tx};

use crate::Context;
use crate::apply::{ApplyError, HandedInBy, check_evidence, find_form};
use crate::prefill::{merge, same};

/// Answers to put in the place of those handed in.
#[derive(Clone, PartialEq)]
pub struct CorrectCommand {
    /// On which case.
    pub case: CaseId,
    /// Whose application it is.
    pub party: PartyId,
    /// Who corrects: the applicant, or who acts for them.
    pub by: HandedInBy,
    /// The version of the case the answers were read at.
    pub version: u32,
    /// All answers, as they should be.
    pub answers: Answers,
}

/// Why an application was not corrected.
#[derive(Debug, thiserror::Error)]
pub enum CorrectError {
    /// There is no such application of this person.
    #[error("there is no such application")]
    NotFound,
    /// It is decided, withdrawn or past the states in which its process lets it be corrected.
    #[error("the application is decided or closed; what was answered can no longer be corrected")]
    Over,
    /// The case moved on.
    #[error(
        "the case has changed: it is at version {current}, the correction was for version {expected}; read it again"
    )]
    VersionConflict {
        /// The version named.
        expected: u32,
        /// The version now.
        current: u32,
    },
    /// Answers do not fit, or the form is gone.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The case began under a pack that is not at hand.
    #[error("the pack {0} the case began under is not in the archive")]
    PackMissing(PackHash),
    /// Answers do not open, or could not be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether the process lets the answers of a case be corrected now.
pub fn is_correctable(case: &Case, city: &City) -> bool {
    let state = city.processes.get(&case.process).and_then(|process| process.states.get(&case.state));
    case.application.is_some() && case.is_open() && state.is_some_and(|state| state.correctable)
}

/// Corrects an application. The same answers again change nothing, so that a correction may be sent twice.
///
/// # Errors
/// [`CorrectError`]; nothing is written then.
pub async fn correct(ctx: &Context, command: CorrectCommand) -> Result<Case, CorrectError> {
    let (ctx, now) = (ctx.clone(), ctx.clock.now());
    let store = ctx.store.clone();
    store
        .write(move |tx: &mut Tx| {
            let case = tx.load_case(command.case)?.ok_or(CorrectError::NotFound)?;
            let is_own = case.reporter.party == Some(command.party);
            let application = case.application.as_ref().filter(|_| is_own).ok_or(CorrectError::NotFound)?;
            let compiled = ctx.packs.get(&case.pack).ok_or(CorrectError::PackMissing(case.pack))?;
            if !is_correctable(&case, &compiled.city) {
                return Err(CorrectError::Over);
            }
            let former = ctx.vault.own_given(tx, application.answers)?;
            let is_organisation = tx.find_organisation(command.party)?.is_some();
            let (given, evidence) = check(&compiled, application, &former, command.answers.clone(), is_organisation)?;
            let fields = differing(&former.answers, &given.answers);
            if fields.is_empty() {
                return Ok(case);
            }
            if !is_as_seen(tx, &case, command.version)? {
                return Err(CorrectError::VersionConflict { expected: command.version, current: case.version });
            }
            check_evidence(tx, &command.answers, &evidence)?;
            let (answers, commitment) = ctx.vault.seal_answers(tx, command.party, given, now)?;
            let body = EventBody::Corrected { answers, commitment, fields, evidence };
            append(tx, &compiled, &case, NewEvent { at: now, actor: command.by.actor(command.party), body })
        })
        .await
}

fn append(tx: &mut Tx, compiled: &Compiled, case: &Case, event: NewEvent) -> Result<Case, CorrectError> {
    let region_path = Arc::clone(&compiled.city).region_path(&case.place.region);
    let recorded_at: Instant = event.at;
    let append =
        Append { case_id: case.id, before: Some(case), events: vec![event], recorded_at, region_path: &region_path };
    Ok(tx.append(append)?.0)
}

/// The answers with what departments gave, and the files they name.
fn check(
    compiled: &Compiled,
    application: &Application,
    former: &Given,
    answers: Answers,
    is_organisation: bool,
) -> Result<(Given, Vec<EvidenceId>), ApplyError> {
    let city = &compiled.city;
    let (service, form) = find_form(city, &application.service)?;
    let merged = merge(city, form, answers, &fetched_of(former), is_organisation);
    let (given, _) = merged.map_err(ApplyError::Answers)?;
    check_fixed(service, form, former, &given)?;
    let parsed = parse_form(city, form, &given.answers).map_err(ApplyError::Answers)?;
    let evidence: BTreeSet<EvidenceId> = parsed.evidence.into_values().flatten().collect();
    Ok((given, evidence.into_iter().collect()))
}

/// What is no matter of a correction: a licence that was given stays given, and what is owed stays owed. Whoever needs
/// either otherwise withdraws and applies again.
fn check_fixed(service: &Service, form: &[Field], former: &Given, given: &Given) -> Result<(), ApplyError> {
    let fault = |field: &str, message: &str| FieldFault { field: field.to_owned(), message: message.to_owned() };
    let is_moved = |field: &&Field| {
        let (before, now) = (former.answers.get(field.id.as_str()), given.answers.get(field.id.as_str()));
        let is_licence = |answer: Option<&Value>| answer.is_some_and(|answer| answer.get("presentation").is_some());
        field.licence.is_some() && (is_licence(before) || is_licence(now)) && before != now
    };
    if let Some(field) = form.iter().find(is_moved) {
        let words = "a licence is given with the application and cannot be changed later; withdraw it and apply again";
        return Err(ApplyError::Answers(vec![fault(field.id.as_str(), words)]));
    }
    if service.fee_lines(&former.answers) != service.fee_lines(&given.answers) {
        let fields = differing(&former.answers, &given.answers);
        let words = "this would change what is to be paid; withdraw the application and apply again";
        return Err(ApplyError::Answers(fields.iter().map(|field| fault(field.as_str(), words)).collect()));
    }
    Ok(())
}

/// What departments had answered when the application was handed in.
fn fetched_of(former: &Given) -> Prefill {
    let fetched = former.provenance.iter().filter_map(|(field, from)| {
        let Provenance::Fetched { source, office, as_of, request } = from else { return None };
        let (source, office, value) = (source.clone(), office.clone(), former.answers.get(field)?.clone());
        Some((FormId::new(field).ok()?, Fetched { value, source, office, as_of: *as_of, request: *request }))
    });
    Prefill { fetched: fetched.collect(), asked: BTreeMap::new() }
}

/// The questions whose answers differ.
fn differing(before: &Answers, now: &Answers) -> Vec<FormId> {
    let is_same = |one: Option<&Value>, other: Option<&Value>| match (one, other) {
        (Some(one), Some(other)) => same(one, other),
        (None, None) => true,
        _ => false,
    };
    let fields: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let differs = fields.into_iter().filter(|field| !is_same(before.get(*field), now.get(*field)));
    differs.filter_map(|field| FormId::new(field).ok()).collect()
}

/// Whether a case is as it was at a version: nothing but looks at its data has been added since.
fn is_as_seen(reader: &mut Reader, case: &Case, expected: u32) -> Result<bool, StoreError> {
    if expected >= case.version {
        return Ok(expected == case.version);
    }
    let events = reader.load_events(case.id)?;
    let mut since = events.iter().filter(|event| event.version > expected);
    Ok(since.all(|event| matches!(event.body, EventBody::Looked { .. })))
}
