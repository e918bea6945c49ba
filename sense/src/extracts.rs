//! Extracts (批量用数): answers of many applications taken at once, under a case that somebody else approved.
//!
//! One event tells of all of them, and commits to a tree with a leaf for each (`ledger::membership`). Everybody in it sees
//! that they are, and can show it. What cannot be written down is not taken.

use std::collections::BTreeMap;

use identity::{Answers, VaultError};
use ledger::hash::Hash;
use ledger::membership::{SALT_BYTES, path_to, root_of, statement_leaf};
use model::{
    Actor, Case, CaseId, CaseNo, Commitment, DataClass, EventBody, Extracted, FormId, Grant, Instant, NewEvent,
    PartyId, Place, Reporter, RequestId, ServiceId,
};
use pack::calendar::civil_day;
use pack::enter::{EnterError, Opening};
use pack::{City, Compiled, Field, FieldKind};
use serde_json::{Value, json};
use store::{Append, CaseFilter, CaseSort, ExtractMemberRow, ExtractRow, Reader, StoreError, Tx};

use crate::Context;
use crate::apply::{ApplyError, find_form};
use crate::looks::basis;

/// Most applications in one extract.
pub const MEMBERS_MAX: usize = 2_000;

/// The channel of the cases under which extracts are taken.
const CHANNEL: &str = "extract";

/// Length of a purpose, characters.
const PURPOSE: std::ops::RangeInclusive<usize> = 4..=200;

/// What is to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// From applications for this service,
    pub service: ServiceId,
    /// handed in from this instant on
    pub from: Instant,
    /// and before this one:
    pub to: Instant,
    /// the answers to these questions.
    pub fields: Vec<FormId>,
    /// Why, 4 to 200 characters.
    pub purpose: String,
}

/// Who asks for an extract, or takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// The person.
    pub party: PartyId,
    /// In which post.
    pub grant: Grant,
}

/// What was taken.
#[derive(Clone, PartialEq)]
pub struct Taken {
    /// Its id.
    pub extract: RequestId,
    /// The questions, in the order asked.
    pub fields: Vec<Field>,
    /// Each application with its answers, as many as there are fields.
    pub rows: Vec<(CaseNo, Vec<Value>)>,
}

/// Somebody's place in an extract, with everything that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The extract.
    pub extract: ExtractRow,
    /// How many are in it.
    pub count: u64,
    /// Their seat.
    pub seat: u64,
    /// The salt of their leaf.
    pub salt: [u8; SALT_BYTES],
    /// What the leaf states.
    pub statement: String,
    /// From the leaf to the root.
    pub path: Vec<Hash>,
}

/// Why there is no extract.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// The city's pack has no category for extracts.
    #[error("this city takes no extracts")]
    NotHere,
    /// A part of what is wanted does not fit.
    #[error("{field}: {message}")]
    Field {
        /// Which part.
        field: &'static str,
        /// What would fit.
        message: String,
    },
    /// It is not approved, or over.
    #[error("the case is not in the state in which an extract is taken: it is not approved yet, or closed")]
    NotNow,
    /// It was taken before.
    #[error("the extract of this case was taken before; ask for another one")]
    Taken,
    /// It has nobody.
    #[error("there is no application of that service and time")]
    Nobody,
    /// It has too many people.
    #[error("more than {MEMBERS_MAX} applications fit; choose a shorter time")]
    TooMany,
    /// The pack leaves the first task without an office or a limit.
    #[error(transparent)]
    Pack(#[from] EnterError),
    /// Answers do not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn field(field: &'static str, message: impl Into<String>) -> ExtractError {
    ExtractError::Field { field, message: message.into() }
}

impl Wanted {
    /// Checks what is wanted against the city.
    fn check(&self, city: &City) -> Result<(), ExtractError> {
        let (_, form) =
            find_form(city, &self.service).map_err(|error: ApplyError| field("service", error.to_string()))?;
        if self.fields.is_empty() {
            return Err(field("fields", "at least one question"));
        }
        for id in &self.fields {
            let found = form.iter().find(|known| known.id == *id);
            let found = found.ok_or_else(|| field("fields", format!("the form has no question {id}")))?;
            if matches!(found.kind, FieldKind::Evidence { .. }) {
                return Err(field("fields", format!("{id} asks for files, which are not taken at once")));
            }
        }
        if self.from >= self.to {
            return Err(field("to", "must be after the beginning"));
        }
        let is_purpose = PURPOSE.contains(&self.purpose.trim().chars().count());
        if is_purpose { Ok(()) } else { Err(field("purpose", "4 to 200 characters")) }
    }

    fn answers(&self) -> BTreeMap<String, Value> {
        let pairs = [
            ("service", json!(self.service)),
            ("from", json!(self.from.to_string())),
            ("to", json!(self.to.to_string())),
            ("fields", json!(self.fields)),
            ("purpose", json!(self.purpose.trim())),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// What was asked for when the case began.
    fn of(answers: &BTreeMap<String, Value>) -> Option<Self> {
        let text = |name: &str| answers.get(name)?.as_str();
        let fields = answers.get("fields")?.as_array()?;
        Some(Self {
            service: text("service")?.parse().ok()?,
            from: text("from")?.parse().ok()?,
            to: text("to")?.parse().ok()?,
            fields: fields.iter().map(|one| one.as_str()?.parse().ok()).collect::<Option<_>>()?,
            purpose: text("purpose")?.to_owned(),
        })
    }

    /// What whoever approves it reads.
    fn words(&self, city: &City) -> String {
        let locale = city.locales.first().map_or("", String::as_str);
        let service = city.services.get(&self.service);
        let title = service.map_or(self.service.as_str(), |service| service.title.in_locale(locale));
        let form = find_form(city, &self.service).map_or(&[][..], |(_, form)| form);
        let named = self.fields.iter().map(|id| {
            let found = form.iter().find(|known| known.id == *id);
            found.map_or(id.as_str(), |found| found.title.in_locale(locale))
        });
        let zone = city.zone();
        let day = |at: Instant| zone.to_datetime(at.to_timestamp()).date();
        let last = self.to.plus_micros(-1);
        format!(
            "{title}\n{}\n{} – {}\n{}",
            named.collect::<Vec<_>>().join("、"),
            day(self.from),
            day(last),
            self.purpose.trim()
        )
    }
}

/// Asks for an extract: opens the case under which it is approved.
///
/// # Errors
/// [`ExtractError`]; nothing is written then.
pub async fn ask(ctx: &Context, wanted: Wanted, by: By) -> Result<Case, ExtractError> {
    let compiled = ctx.packs.current();
    let city = &compiled.city;
    let (category, _) = city.extract().ok_or(ExtractError::NotHere)?;
    wanted.check(city)?;
    let (category, now) = (category.clone(), ctx.clock.now());
    let compiled = std::sync::Arc::clone(&compiled);
    ctx.store
        .write(move |tx: &mut Tx| {
            let city = &compiled.city;
            let opening = Opening {
                no: tx.next_case_no(&city.case_prefix, civil_day(&city.zone(), now))?,
                category,
                condition: None,
                description: wanted.words(city),
                place: Place { point: None, cell: None, region: city.root.clone(), address: None },
                channel: CHANNEL.to_owned(),
                reporter: Reporter::ANONYMOUS,
                evidence: Vec::new(),
                answers: wanted.answers(),
                application: None,
                source_id: None,
            };
            let Grant { role, office, .. } = by.grant;
            let actor = Actor::Staff { party: by.party, role, office };
            let bodies = opening.bodies(&compiled, now)?;
            let events = bodies.into_iter().map(|body| NewEvent { at: now, actor: actor.clone(), body }).collect();
            let (case_id, region_path) = (tx.new_case_id(now), city.region_path(&city.root));
            let (case, _) =
                tx.append(Append { case_id, before: None, events, recorded_at: now, region_path: &region_path })?;
            Ok(case)
        })
        .await
}

/// Takes an extract that was approved: writes down what is taken and of whom, and only then answers it.
///
/// # Errors
/// [`ExtractError`]; nothing is written then.
pub async fn take(ctx: &Context, case: CaseId, by: By) -> Result<Taken, ExtractError> {
    let (ctx, now) = (ctx.clone(), ctx.clock.now());
    let store = ctx.store.clone();
    store
        .write(move |tx: &mut Tx| {
            let case = tx.get_case(case)?;
            let compiled = ctx.packs.get(&case.pack).unwrap_or_else(|| ctx.packs.current());
            let wanted = approved(tx, &compiled, &case)?;
            let (_, form) = find_form(&compiled.city, &wanted.service).map_err(|_| ExtractError::NotHere)?;
            let fields: Vec<Field> =
                wanted.fields.iter().filter_map(|id| form.iter().find(|known| known.id == *id).cloned()).collect();
            let found = gather(tx, &ctx, &wanted)?;
            let extract = tx.new_request_id(now);
            let members = members_of(tx, extract, &wanted, &found);
            let leaves: Vec<Hash> = members.iter().map(|one| Hash(one.leaf)).collect();
            let event = Extracted {
                extract,
                service: wanted.service.clone(),
                fields: wanted.fields.clone(),
                count: u32::try_from(members.len()).unwrap_or(u32::MAX),
                root: Commitment::new(root_of(&leaves).0),
                purpose: wanted.purpose.clone(),
                basis: found
                    .first()
                    .map_or_else(String::new, |one| basis(&compiled.city, &one.case, DataClass::Application)),
            };
            write(tx, &ctx, &case, &by, event, &members, now)?;
            let rows = found.into_iter().map(|one| {
                let values =
                    wanted.fields.iter().map(|id| one.answers.get(id.as_str()).cloned().unwrap_or(Value::Null));
                (one.case.no, values.collect())
            });
            Ok(Taken { extract, fields, rows: rows.collect() })
        })
        .await
}

/// What a case that is approved, and whose extract was not taken yet, asks for.
fn approved(tx: &mut Tx, compiled: &Compiled, case: &Case) -> Result<Wanted, ExtractError> {
    let category = compiled.city.category(&case.category);
    let state = category.and_then(|category| category.extract_in.as_ref()).ok_or(ExtractError::NotHere)?;
    if case.state != *state {
        return Err(ExtractError::NotNow);
    }
    if tx.find_extract_of_case(case.id)?.is_some() {
        return Err(ExtractError::Taken);
    }
    let events = tx.load_events(case.id)?;
    let asked = events.first().and_then(|event| match &event.body {
        EventBody::Reported(reported) => Wanted::of(&reported.answers),
        _ => None,
    });
    asked.ok_or(ExtractError::NotHere)
}

/// An application of an extract, opened.
struct Found {
    case: Case,
    party: PartyId,
    answers: Answers,
}

/// Opens every application that is wanted; those of erased people are not there any more.
fn gather(tx: &mut Tx, ctx: &Context, wanted: &Wanted) -> Result<Vec<Found>, ExtractError> {
    let category = wanted.service.as_str().parse().map_err(|_| ExtractError::NotHere)?;
    let filter = CaseFilter {
        categories: vec![category],
        opened_from: Some(wanted.from),
        opened_before: Some(wanted.to),
        ..CaseFilter::default()
    };
    let limit = u32::try_from(MEMBERS_MAX + 1).unwrap_or(u32::MAX);
    let rows = tx.list_cases(&filter, CaseSort::Opened, None, limit)?.items;
    if rows.len() > MEMBERS_MAX {
        return Err(ExtractError::TooMany);
    }
    let mut found = Vec::new();
    for row in rows {
        let case = tx.get_case(row.id)?;
        let (Some(application), Some(party)) = (&case.application, case.reporter.party) else { continue };
        match ctx.vault.own_answers(tx, application.answers) {
            Ok(answers) => found.push(Found { party, answers, case }),
            Err(VaultError::Erased) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if found.is_empty() { Err(ExtractError::Nobody) } else { Ok(found) }
}

fn members_of(tx: &mut Tx, extract: RequestId, wanted: &Wanted, found: &[Found]) -> Vec<ExtractMemberRow> {
    let one = |(seat, found): (usize, &Found)| {
        let salt: [u8; SALT_BYTES] = tx.random_bytes();
        let leaf = statement_leaf(&salt, statement(extract, &found.case.no, &wanted.fields).as_bytes());
        ExtractMemberRow {
            extract,
            seat: u32::try_from(seat).unwrap_or(u32::MAX),
            party: Some(found.party),
            case_no: Some(found.case.no.clone()),
            salt: Some(salt.to_vec()),
            leaf: leaf.0,
        }
    };
    found.iter().enumerate().map(one).collect()
}

/// What a leaf states: which answers of which application are in the extract.
fn statement(extract: RequestId, case_no: &CaseNo, fields: &[FormId]) -> String {
    json!({"case_no": case_no, "extract": extract, "fields": fields}).to_string()
}

fn write(
    tx: &mut Tx,
    ctx: &Context,
    case: &Case,
    by: &By,
    event: Extracted,
    members: &[ExtractMemberRow],
    now: Instant,
) -> Result<(), ExtractError> {
    let Grant { role, office, .. } = by.grant.clone();
    let actor = Actor::Staff { party: by.party, role, office: office.clone() };
    let row = ExtractRow {
        id: event.extract,
        event: tx.new_event_id(now),
        case: case.id,
        at: now,
        office,
        service: event.service.clone(),
        fields: event.fields.clone(),
        purpose: event.purpose.clone(),
        basis: event.basis.clone(),
    };
    let compiled = ctx.packs.get(&case.pack).unwrap_or_else(|| ctx.packs.current());
    let region_path = compiled.city.region_path(&case.place.region);
    let events = vec![NewEvent { at: now, actor, body: EventBody::Extracted(Box::new(event)) }];
    let append = Append { case_id: case.id, before: Some(case), events, recorded_at: now, region_path: &region_path };
    let (_, events) = tx.append(append)?;
    let event = events.first().map_or(row.event, |event| event.id);
    tx.record_extract(&ExtractRow { event, ..row }, members)?;
    Ok(())
}

/// Extracts that somebody is in, latest first, with what shows it.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub fn memberships(reader: &mut Reader, party: PartyId, limit: u32) -> Result<Vec<Membership>, StoreError> {
    let found = reader.list_extracts_with(party, limit)?;
    let mut memberships = Vec::new();
    for (extract, member, count) in found {
        let (Some(case_no), Some(Ok(salt))) = (member.case_no, member.salt.map(<[u8; SALT_BYTES]>::try_from)) else {
            continue;
        };
        let leaves: Vec<Hash> = reader.list_extract_leaves(extract.id)?.into_iter().map(Hash).collect();
        let Some(path) = path_to(&leaves, member.seat.into()) else { continue };
        let statement = statement(extract.id, &case_no, &extract.fields);
        memberships.push(Membership { count: count.into(), seat: member.seat.into(), salt, statement, path, extract });
    }
    Ok(memberships)
}
