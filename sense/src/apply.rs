//! Applying for a service: from a filled form to an opened case, in one transaction. What was answered is sealed; the
//! case names the service and commits to the answers.

use std::sync::Arc;

use identity::{Answers, Draft, Given, LicenceFault, Prefill, Provenance, VaultError};
use model::{
    Actor, Application, Case, CategoryId, EventId, EvidenceId, FeeLine, Instant, KioskId, MandateId, NewEvent,
    OfficeId, PartyId, Place, Reporter, RequestId, RoleId, SealedId, ServiceId,
};
use pack::answers::{FieldFault, parse_form};
use pack::calendar::civil_day;
use pack::enter::{EnterError, Opening};
use pack::{City, Compiled, Field, Service};
use store::{Append, MandateAct, MandateActRow, Reader, StoreError, Tx};

use crate::Context;
use crate::material::{Accepted, accept, check_standing, comparable};
use crate::prefill::merge;

/// Days a draft is kept after it was last saved.
pub const DRAFT_DAYS: i64 = 30;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Who hands an application in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandedInBy {
    /// Whose it is.
    Applicant,
    /// Who acts for them.
    Agent {
        /// The person.
        party: PartyId,
        /// Under which mandate.
        mandate: MandateId,
    },
    /// The official at a window, with the person present (窗口代录).
    Official {
        /// The official.
        party: PartyId,
        /// In which role.
        role: RoleId,
        /// For which office.
        office: OfficeId,
        /// Under which sitting.
        mandate: MandateId,
    },
}

impl HandedInBy {
    /// Who is written into the events.
    pub(crate) fn actor(&self, applicant: PartyId) -> Actor {
        match self.clone() {
            Self::Applicant => Actor::Resident { party: applicant },
            Self::Agent { party, mandate } => Actor::Agent { party, on_behalf_of: applicant, mandate },
            Self::Official { party, role, office, .. } => Actor::Staff { party, role, office },
        }
    }

    /// By which way it came in.
    const fn channel(&self) -> &'static str {
        match self {
            Self::Applicant | Self::Agent { .. } => "resident",
            Self::Official { .. } => "counter",
        }
    }
}

/// An application to hand in.
#[derive(Clone, PartialEq)]
pub struct ApplyCommand {
    /// For which service.
    pub service: ServiceId,
    /// Answers to its form.
    pub answers: Answers,
    /// Whose it is.
    pub party: PartyId,
    /// Who hands it in.
    pub by: HandedInBy,
    /// The terminal of a service hall at which it is handed in.
    pub kiosk: Option<KioskId>,
    /// The same key from the same person applies once.
    pub idempotency_key: Option<String>,
}

impl ApplyCommand {
    /// By which way it comes in.
    const fn channel(&self) -> &'static str {
        if self.kiosk.is_some() { "kiosk" } else { self.by.channel() }
    }
}

/// Why an application was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// There is no such service, or it is not applied for here.
    #[error("service {0} cannot be applied for here; its guide says where")]
    NotHere(ServiceId),
    /// Answers do not fit the form.
    #[error("{} answers do not fit", .0.len())]
    Answers(Vec<FieldFault>),
    /// A licence given as material is not taken.
    #[error("{field}: {fault}")]
    Licence {
        /// The question it answers.
        field: String,
        /// Why not.
        fault: LicenceFault,
    },
    /// The key was used for another application.
    #[error("the idempotency key was used for another application; use a new one for each")]
    KeyUsed,
    /// The draft was saved elsewhere since.
    #[error("the draft was saved elsewhere since: it is at version {current}; read it again")]
    DraftMoved {
        /// Its version now, 0 when there is none.
        current: u32,
    },
    /// The pack leaves the first task without an office or a limit.
    #[error(transparent)]
    Pack(#[from] EnterError),
    /// Answers could not be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A service with the questions its applicants answer.
///
/// # Errors
/// [`ApplyError::NotHere`] when there is no such service or it has no form.
pub fn find_form<'a>(city: &'a City, service: &ServiceId) -> Result<(&'a Service, &'a [Field]), ApplyError> {
    let not_here = || ApplyError::NotHere(service.clone());
    let found = city.services.get(service).ok_or_else(not_here)?;
    let form = found.apply.as_ref().and_then(|apply| city.forms.get(&apply.form)).ok_or_else(not_here)?;
    Ok((found, form))
}

/// Hands in an application and opens its case; the draft of it is forgotten.
///
/// # Errors
/// [`ApplyError`]; nothing is written then.
pub async fn apply(ctx: &Context, command: ApplyCommand) -> Result<Case, ApplyError> {
    let compiled = ctx.packs.current();
    find_form(&compiled.city, &command.service)?;
    let (prefill, is_organisation) = match look_back(ctx, &command).await? {
        Before::Applied(case) => return Ok(*case),
        Before::Open(prefill, is_organisation) => (prefill, is_organisation),
    };
    let (now, vault) = (ctx.clock.now(), Arc::clone(&ctx.vault));
    let checked = Checked::check(ctx, &compiled, &command, &prefill, is_organisation, now)?;
    let zone = compiled.city.zone();
    let (day, region_path) = (civil_day(&zone, now), compiled.city.region_path(&checked.place.region));
    ctx.store
        .write(move |tx: &mut Tx| {
            let scope = format!("party:{}", command.party);
            if let Some(case) = applied_before(tx, &vault, &scope, &command)? {
                return Ok(case);
            }
            check_evidence(tx, &command.answers, &checked.evidence)?;
            check_standing(tx, &checked.accepted, command.party, now)?;
            let (answers, commitment) = vault.seal_answers(tx, command.party, checked.given.clone(), now)?;
            let no = tx.next_case_no(&compiled.city.case_prefix, day)?;
            let (service, requests) = (command.service.clone(), checked.requests.clone());
            let licences = checked.accepted.iter().map(|one| one.licence).collect();
            let fees = checked.fees.clone();
            let kiosk = command.kiosk.clone();
            let application = Application { service, answers, commitment, requests, licences, fees, kiosk };
            let events = checked.events(&compiled, &command, application, no, now)?;
            let case_id = tx.new_case_id(now);
            let (case, events) =
                tx.append(Append { case_id, before: None, events, recorded_at: now, region_path: &region_path })?;
            record_official(tx, &command, &case, events.first().map(|event| event.id), now)?;
            if let Some(key) = &command.idempotency_key {
                tx.record_idempotency(&scope, key, case_id, now)?;
            }
            tx.delete_draft(command.party, &command.service)?;
            tx.delete_prefill(command.party, &command.service)?;
            Ok(case)
        })
        .await
}

/// What an official files at a window stands among what was done for the person; acts of agents are told by their events.
fn record_official(
    tx: &mut Tx,
    command: &ApplyCommand,
    case: &Case,
    event: Option<EventId>,
    now: Instant,
) -> Result<(), StoreError> {
    let (HandedInBy::Official { party, mandate, .. }, Some(id)) = (&command.by, event) else { return Ok(()) };
    let act = MandateActRow {
        id,
        at: now,
        mandate: *mandate,
        agent: *party,
        represented: command.party,
        act: MandateAct::Applied,
        service: Some(command.service.clone()),
        case_no: Some(case.no.clone()),
        action: None,
    };
    tx.record_mandate_act(&act, false)
}

/// What stands before an application is checked.
enum Before {
    /// The same was handed in already.
    Applied(Box<Case>),
    /// Nothing was; what departments answered for it, and whether an organisation applies.
    Open(Prefill, bool),
}

async fn look_back(ctx: &Context, command: &ApplyCommand) -> Result<Before, ApplyError> {
    let (vault, command) = (Arc::clone(&ctx.vault), command.clone());
    let found = ctx.store.read(move |reader| {
        let scope = format!("party:{}", command.party);
        if let Some(case) = applied_before(reader, &vault, &scope, &command)? {
            return Ok(Before::Applied(Box::new(case)));
        }
        let is_organisation = reader.find_organisation(command.party)?.is_some();
        Ok::<_, ApplyError>(Before::Open(vault.find_prefill(reader, command.party, &command.service)?, is_organisation))
    });
    found.await
}

/// The case of an earlier request with the same key, when it was for the same thing.
fn applied_before(
    tx: &mut Reader,
    vault: &identity::Vault,
    scope: &str,
    command: &ApplyCommand,
) -> Result<Option<Case>, ApplyError> {
    let Some(key) = &command.idempotency_key else { return Ok(None) };
    let Some(case_id) = tx.find_idempotency(scope, key)? else { return Ok(None) };
    let Some(case) = tx.load_case(case_id)? else { return Ok(None) };
    let is_same = case.application.as_ref().is_some_and(|applied| applied.service == command.service);
    let Some(handed_in) = case.first_answers().filter(|_| is_same) else { return Err(ApplyError::KeyUsed) };
    let Given { mut answers, provenance } = vault.own_given(tx, handed_in)?;
    let is_fetched = |field: &String| matches!(provenance.get(field), Some(Provenance::Fetched { .. }));
    // What a department gave need not be sent.
    answers.retain(|field, _| command.answers.contains_key(field) || !is_fetched(field));
    let is_same = comparable(answers) == comparable(command.answers.clone());
    if is_same { Ok(Some(case)) } else { Err(ApplyError::KeyUsed) }
}

/// Every file named must have been uploaded.
pub(crate) fn check_evidence(tx: &mut Tx, answers: &Answers, files: &[EvidenceId]) -> Result<(), ApplyError> {
    for file in files {
        if tx.find_evidence(file)?.is_some() {
            continue;
        }
        let name = serde_json::Value::from(file.to_string());
        let names_it = |answer: &serde_json::Value| answer.as_array().is_some_and(|files| files.contains(&name));
        let field = answers.iter().find(|(_, answer)| names_it(answer)).map(|(field, _)| field.clone());
        let message = format!("there is no uploaded file {file}; upload it first");
        return Err(ApplyError::Answers(vec![FieldFault { field: field.unwrap_or_default(), message }]));
    }
    Ok(())
}

/// What of an application is checked before the transaction.
struct Checked {
    place: Place,
    evidence: Vec<EvidenceId>,
    given: Given,
    requests: Vec<RequestId>,
    accepted: Vec<Accepted>,
    fees: Vec<FeeLine>,
}

impl Checked {
    fn check(
        ctx: &Context,
        compiled: &Compiled,
        command: &ApplyCommand,
        prefill: &Prefill,
        is_organisation: bool,
        now: Instant,
    ) -> Result<Self, ApplyError> {
        let city = &compiled.city;
        let (service, form) = find_form(city, &command.service)?;
        let merged = merge(city, form, command.answers.clone(), prefill, is_organisation);
        let (given, requests) = merged.map_err(ApplyError::Answers)?;
        let answers = parse_form(city, form, &given.answers).map_err(ApplyError::Answers)?;
        let accepted = accept(ctx, form, command, now)?;
        let mut evidence: Vec<EvidenceId> = answers.evidence.into_values().flatten().collect();
        evidence.sort_unstable();
        evidence.dedup();
        // An application is nowhere on the map: the office that decides says whose jurisdiction it is.
        let region = city.office(&service.office).map_or(&city.root, |office| &office.region).clone();
        let place = Place { point: None, cell: None, region, address: None };
        let fees = service.fee_lines(&given.answers);
        Ok(Self { place, evidence, given, requests, accepted, fees })
    }

    fn events(
        &self,
        compiled: &Compiled,
        command: &ApplyCommand,
        application: Application,
        no: model::CaseNo,
        now: Instant,
    ) -> Result<Vec<NewEvent>, ApplyError> {
        let category =
            CategoryId::new(command.service.as_str()).map_err(|_| ApplyError::NotHere(command.service.clone()))?;
        let opening = Opening {
            no,
            category,
            condition: None,
            description: String::new(),
            place: self.place.clone(),
            channel: command.channel().to_owned(),
            reporter: Reporter { party: Some(command.party), client: None, contact: None },
            evidence: self.evidence.clone(),
            answers: Answers::new(),
            application: Some(application),
            source_id: None,
        };
        let actor = command.by.actor(command.party);
        let bodies = opening.bodies(compiled, now)?;
        Ok(bodies.into_iter().map(|body| NewEvent { at: now, actor: actor.clone(), body }).collect())
    }
}

/// A draft to save.
#[derive(Clone, PartialEq)]
pub struct SaveDraft {
    /// For which service.
    pub service: ServiceId,
    /// What has been entered; need not fit yet.
    pub answers: Answers,
    /// The field last looked at.
    pub at: Option<String>,
    /// The version it was made from, 0 for the first.
    pub version: u32,
    /// Whose it is.
    pub party: PartyId,
}

/// Saves a draft over the version it was made from; it can be gone on with on any device for [`DRAFT_DAYS`].
///
/// # Errors
/// [`ApplyError::NotHere`], [`ApplyError::Answers`] for fields the form does not have, [`ApplyError::DraftMoved`].
pub async fn save_draft(ctx: &Context, command: SaveDraft) -> Result<Draft, ApplyError> {
    let compiled = ctx.packs.current();
    let (_, form) = find_form(&compiled.city, &command.service)?;
    let unknown =
        command.answers.keys().chain(&command.at).filter(|id| !form.iter().any(|field| field.id.as_str() == *id));
    let faults: Vec<FieldFault> = unknown
        .map(|id| FieldFault { field: id.clone(), message: "the form has no such field; load it again".to_owned() })
        .collect();
    if !faults.is_empty() {
        return Err(ApplyError::Answers(faults));
    }
    let (now, vault) = (ctx.clock.now(), Arc::clone(&ctx.vault));
    ctx.store
        .write(move |tx: &mut Tx| {
            let SaveDraft { service, answers, at, version, party } = command;
            let draft = Draft { answers, at, version: version + 1, updated_at: now };
            if vault.save_draft(tx, party, &service, &draft)? {
                return Ok(draft);
            }
            let current = tx.find_draft(party, &service)?.map_or(0, |row| row.version);
            Err(ApplyError::DraftMoved { current })
        })
        .await
}

/// When a draft last saved at an instant is forgotten.
pub const fn draft_kept_until(updated_at: Instant) -> Instant {
    updated_at.plus_micros(DRAFT_DAYS * DAY_US)
}

/// Forgets drafts whose time is over, with what departments answered for them; how many.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn forget_drafts(ctx: &Context) -> Result<u64, StoreError> {
    let before = ctx.clock.now().plus_micros(-DRAFT_DAYS * DAY_US);
    ctx.store
        .write(move |tx: &mut Tx| {
            tx.delete_prefills_before(before)?;
            tx.delete_drafts_before(before)
        })
        .await
}

/// Forgets a draft, and what departments answered for it. True when there was one.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn delete_draft(ctx: &Context, party: PartyId, service: ServiceId) -> Result<bool, StoreError> {
    ctx.store
        .write(move |tx: &mut Tx| {
            let was_fetched = tx.delete_prefill(party, &service)?;
            Ok(tx.delete_draft(party, &service)? || was_fetched)
        })
        .await
}

/// The answers of an application for the very person who gave them.
///
/// # Errors
/// [`ApplyError::Vault`] when they do not open.
pub async fn own_answers(ctx: &Context, id: SealedId) -> Result<Given, ApplyError> {
    let vault = Arc::clone(&ctx.vault);
    ctx.store.read(move |reader| vault.own_given(reader, id).map_err(ApplyError::from)).await
}
