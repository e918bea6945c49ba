//! Electronic licences (电子证照): a consumer of the log that issues what a decision granted, the list that says which
//! were revoked, and the key that others check them with.
//!
//! Issuing comes after the commit of the decision, at least once and idempotent: a case has one licence however often its
//! events are read. What a licence says is sealed with its holder's key; the event names it and its place in the list.

use std::sync::Arc;

use credential::{
    Claims, IssuerKey, Status, StatusBits, StatusListBuilder, StatusListClaims, StatusRef, TrustedKey, TrustedKeys,
    issue,
};
use identity::{Answers, LicenceTrust, Vault, VaultError};
use model::{Actor, Case, CaseId, Clock, Event, EventBody, Instant, LicenceId, NewEvent};
use pack::{Apply, Choice, City, Compiled, Effect, Field, FieldKind, LicenceRules, Packs, Service};
use serde_json::{Map, Value, json};
use store::{Append, Store, StoreError, Tx};

/// The consumer's name.
const CONSUMER: &str = "licences";

/// Events read at a time.
const EVENTS_AT_ONCE: u32 = 500;

/// Places of the status list. Never fewer than were issued; many, so that a place says little.
const PLACES: u64 = 1 << 20;

/// How long a status list may be relied on, seconds: a day without a network.
const LIST_LASTS_S: i64 = 86_400;

/// After how many seconds a verifier with a network asks again.
const LIST_TTL_S: u32 = 300;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// What issuing needs.
#[derive(Clone)]
pub struct Context {
    /// Where events are.
    pub store: Store,
    /// Every pack a case may have begun under.
    pub packs: Arc<Packs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Opens answers and seals licences.
    pub vault: Arc<Vault>,
    /// Who signs.
    pub issuer: Arc<Issuer>,
}

/// The city as an issuer of licences.
pub struct Issuer {
    /// `iss`: a URI.
    pub uri: String,
    /// Its key.
    pub key: IssuerKey,
}

impl Issuer {
    /// The URI of the status list.
    pub fn list_uri(&self) -> String {
        format!("{}/licences/status", self.uri)
    }

    /// The type of a service's licence (`vct`).
    pub fn kind_of(&self, service: &model::ServiceId) -> String {
        identity::licence_kind(&self.uri, service)
    }

    /// What its licences are checked with when they are given as materials.
    pub fn trust(&self) -> LicenceTrust {
        LicenceTrust { issuer: self.uri.clone(), keys: self.trusted() }
    }

    /// The keys that others trust to check licences.
    pub fn trusted(&self) -> TrustedKeys {
        let key = TrustedKey { issuer: self.uri.clone(), kid: self.key.kid().to_owned(), key: self.key.public_key() };
        TrustedKeys::new(vec![key]).expect("one key with an issuer and an id")
    }
}

/// Why a licence was not issued or a list not made.
#[derive(Debug, thiserror::Error)]
pub enum LicenceError {
    /// The claims do not make a licence.
    #[error("the licence cannot be issued: {0}")]
    Issue(#[from] credential::IssueError),
    /// The list cannot be made.
    #[error("the status list cannot be made: {0}")]
    List(#[from] credential::StatusListError),
    /// The answers do not open, or the licence cannot be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Issues every licence that decisions since the last time granted; how many.
///
/// # Errors
/// [`LicenceError`]; the case at fault is tried again by the next call.
pub async fn issue_granted(ctx: &Context) -> Result<usize, LicenceError> {
    let mut issued = 0;
    loop {
        let events = ctx
            .store
            .read(|reader| {
                let after = reader.consumer_position(CONSUMER)?;
                reader.list_events_after(after, EVENTS_AT_ONCE)
            })
            .await?;
        let Some(last) = events.last().map(|event| event.position) else { return Ok(issued) };
        for event in events.iter().filter(|event| may_issue(&ctx.packs, event)) {
            issued += usize::from(issue_for(ctx, event.clone()).await?);
        }
        ctx.store.write(move |tx: &mut Tx| tx.set_consumer_position(CONSUMER, last)).await?;
    }
}

/// Whether some process of the present pack issues by the action of an event: only then is its case looked at.
fn may_issue(packs: &Packs, event: &Event) -> bool {
    let EventBody::Moved(moved) = &event.body else { return false };
    let compiled = packs.current();
    let mut actions = compiled.city.processes.values().filter_map(|process| process.action(&moved.action));
    actions.any(|action| action.effect == Some(Effect::Issue))
}

/// Issues the licence that one event granted; false when it granted none or it is there.
async fn issue_for(ctx: &Context, event: Event) -> Result<bool, LicenceError> {
    let (ctx, now) = (ctx.clone(), ctx.clock.now());
    let store = ctx.store.clone();
    store
        .write(move |tx: &mut Tx| {
            let Some(case) = granted(tx, &ctx.packs, &event)? else { return Ok(false) };
            let Some(compiled) = ctx.packs.get(&case.pack) else { return Ok(false) };
            let Some((service, rules)) = licence_of(&compiled.city, &case) else { return Ok(false) };
            let (Some(application), Some(party)) = (&case.application, case.reporter.party) else { return Ok(false) };
            let answers = match ctx.vault.own_answers(tx, application.answers) {
                // Whoever was erased meanwhile holds no licence.
                Err(VaultError::Erased) => return Ok(false),
                answers => answers?,
            };
            let (licence, index) = (tx.new_licence_id(now), tx.next_licence_index()?);
            let expires_at = rules.valid_days.map(|days| now.plus_micros(i64::from(days) * DAY_US));
            let printed = Printed { ctx: &ctx, compiled: &compiled, case: &case, service, rules, answers: &answers };
            let claims = printed.claims(licence, index, now, expires_at);
            let text = issue(&ctx.issuer.key, &claims, 0, || tx.random_bytes())?;
            ctx.vault.seal_licence(tx, party, licence, text.as_str())?;
            let body = EventBody::Issued { licence, index, expires_at };
            append(tx, &case, &compiled, body, now)?;
            Ok(true)
        })
        .await
}

/// The case of an event that grants a licence it does not have yet.
fn granted(tx: &mut Tx, packs: &Packs, event: &Event) -> Result<Option<Case>, StoreError> {
    let EventBody::Moved(moved) = &event.body else { return Ok(None) };
    let id: CaseId = event.case;
    let Some(case) = tx.load_case(id)? else { return Ok(None) };
    let compiled = packs.get(&case.pack);
    let process = compiled.as_ref().and_then(|compiled| compiled.city.processes.get(&case.process));
    let effect = process.and_then(|process| process.action(&moved.action)).and_then(|action| action.effect);
    Ok((effect == Some(Effect::Issue) && case.licences.is_empty()).then_some(case))
}

/// The service of a case with the rules of its licence.
fn licence_of<'a>(city: &'a City, case: &Case) -> Option<(&'a Service, &'a LicenceRules)> {
    let (_, service) = city.service_of(&case.category)?;
    Some((service, service.apply.as_ref()?.licence.as_ref()?))
}

fn append(tx: &mut Tx, case: &Case, compiled: &Compiled, body: EventBody, now: Instant) -> Result<(), StoreError> {
    let events = vec![NewEvent { at: now, actor: Actor::system("licences"), body }];
    let region_path = compiled.city.region_path(&case.place.region);
    tx.append(Append { case_id: case.id, before: Some(case), events, recorded_at: now, region_path: &region_path })?;
    Ok(())
}

/// A licence on its way into words.
struct Printed<'a> {
    ctx: &'a Context,
    compiled: &'a Compiled,
    case: &'a Case,
    service: &'a Service,
    rules: &'a LicenceRules,
    answers: &'a Answers,
}

impl Printed<'_> {
    fn claims(&self, licence: LicenceId, index: u32, now: Instant, expires_at: Option<Instant>) -> Claims {
        let city = &self.compiled.city;
        let seconds = |at: Instant| at.as_micros().div_euclid(1_000_000);
        let issuer = &self.ctx.issuer;
        let name = self.service.result.as_ref().map_or(&self.service.title, |result| &result.title);
        let office = city.office(&self.service.office).map(|office| &office.title);
        let mut always = Map::new();
        always.insert("licence_no".to_owned(), json!(licence.to_string()));
        always.insert("licence_name".to_owned(), json!(name));
        always.insert("issuing_authority".to_owned(), json!(office));
        always.insert("service_code".to_owned(), json!(self.service.code));
        always.insert("case_no".to_owned(), json!(self.case.no));
        let service = self.case.application.as_ref().map(|application| &application.service);
        Claims {
            issuer: issuer.uri.clone(),
            vct: service.map(|service| issuer.kind_of(service)).unwrap_or_default(),
            issued_at_s: seconds(now),
            not_before_s: Some(seconds(now)),
            expires_at_s: expires_at.map(seconds),
            holder: None,
            status: Some(StatusRef { uri: issuer.list_uri(), index: index.into() }),
            always,
            selective: self.shown(),
        }
    }

    /// The answers that stand on the licence, in words; what was not asked is not there.
    fn shown(&self) -> Map<String, Value> {
        let Apply { form, .. } = match &self.service.apply {
            Some(apply) => apply,
            None => return Map::new(),
        };
        let fields = self.compiled.city.forms.get(form).map_or(&[][..], Vec::as_slice);
        let shown = fields.iter().filter(|field| self.rules.shows.contains(&field.id));
        shown
            .filter_map(|field| Some((field.id.to_string(), in_words(field, self.answers.get(field.id.as_str())?))))
            .collect()
    }
}

/// An answer as a reader of the licence understands it: choices by their names.
fn in_words(field: &Field, answer: &Value) -> Value {
    let name = |options: &[Choice], id: &Value| {
        let found = options.iter().find(|option| Some(option.id.as_str()) == id.as_str());
        found.map_or_else(|| id.clone(), |option| json!(option.title))
    };
    match &field.kind {
        FieldKind::Choice { options } => name(options, answer),
        FieldKind::Choices { options } => answer.as_array().into_iter().flatten().map(|id| name(options, id)).collect(),
        _ => answer.clone(),
    }
}

/// The status list as of now, signed (Token Status List): which licences were revoked.
///
/// # Errors
/// [`LicenceError`] when the store does not answer or more were issued than there are places.
pub async fn status_list(ctx: &Context) -> Result<String, LicenceError> {
    let revoked = ctx.store.read(|reader| reader.list_revoked()).await?;
    let mut list = StatusListBuilder::new(StatusBits::One, PLACES)?;
    for index in revoked {
        list.set(index.into(), Status::INVALID)?;
    }
    let now_s = ctx.clock.now().as_micros().div_euclid(1_000_000);
    let claims = StatusListClaims {
        issuer: ctx.issuer.uri.clone(),
        uri: ctx.issuer.list_uri(),
        issued_at_s: now_s,
        expires_at_s: Some(now_s + LIST_LASTS_S),
        ttl_s: Some(LIST_TTL_S),
    };
    Ok(list.sign(&ctx.issuer.key, &claims)?)
}
