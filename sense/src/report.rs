//! Filing a report: from what somebody said to an opened case, in one transaction.

use std::collections::BTreeMap;

use grid::{Cell, Level, LonLat};
use identity::Contact;
use model::{
    Actor, Case, CaseId, CaseNo, CategoryId, ClientId, ConditionId, ContactId, EvidenceId, Instant, NewEvent, OfficeId,
    PartyId, Place, RegionId, Reporter, RoleId,
};
use pack::Compiled;
use pack::calendar::civil_day;
use pack::enter::{EnterError, Opening};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{Append, StoreError, Tx};

use crate::Context;

/// Longest description, in characters (Open311 GeoReport v2 allows 4 000).
pub const DESCRIPTION_MAX: usize = 4_000;

/// Longest address, in characters.
const ADDRESS_MAX: usize = 300;

/// Most pictures in one report.
const EVIDENCE_MAX: usize = 9;

/// Who files a report, already authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filer {
    /// A signed-in resident.
    Resident(PartyId),
    /// Somebody who did not sign in.
    Anonymous,
    /// A member of staff: a patrol find, a telephone call taken down.
    Staff {
        /// The person.
        party: PartyId,
        /// The role used.
        role: RoleId,
        /// The office acted for.
        office: OfficeId,
    },
    /// A registered client program.
    Client(ClientId),
}

impl Filer {
    pub(crate) fn actor(&self) -> Actor {
        match self.clone() {
            Self::Resident(party) => Actor::Resident { party },
            Self::Anonymous => Actor::Anonymous,
            Self::Staff { party, role, office } => Actor::Staff { party, role, office },
            Self::Client(client) => Actor::Client { client },
        }
    }

    /// Whom the same idempotency key means the same request for.
    fn scope(&self) -> String {
        match self {
            Self::Resident(party) | Self::Staff { party, .. } => format!("party:{party}"),
            Self::Anonymous => "anonymous".to_owned(),
            Self::Client(client) => format!("client:{client}"),
        }
    }
}

/// A report to file.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportCommand {
    /// What kind of thing.
    pub category: CategoryId,
    /// Which filing condition, when known.
    pub condition: Option<ConditionId>,
    /// In the reporter's words.
    pub description: String,
    /// Where, as a point.
    pub point: Option<LonLat>,
    /// Where, in words.
    pub address: Option<String>,
    /// Pictures, uploaded before.
    pub evidence: Vec<EvidenceId>,
    /// Answers to the category's form.
    pub answers: BTreeMap<String, Value>,
    /// Name, telephone, e-mail; sealed.
    pub contact: Option<Contact>,
    /// By which way in.
    pub channel: String,
    /// Who files it.
    pub filer: Filer,
    /// The same key from the same filer files once.
    pub idempotency_key: Option<String>,
}

/// A report filed.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    /// The case it opened.
    pub case_id: CaseId,
    /// The number people see.
    pub no: CaseNo,
    /// What an anonymous reporter shows to follow the report; given once, only its hash is kept.
    pub secret: Option<String>,
    /// True when the same request had been filed before.
    pub was_filed_before: bool,
}

/// Why a report was not filed.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A field does not fit.
    #[error("{field}: {message}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What is wrong and what would fit.
        message: String,
    },
    /// Answers to the category's form do not fit.
    #[error("{} answers do not fit", .0.len())]
    Answers(Vec<pack::answers::FieldFault>),
    /// The pack leaves the first task without an office or a limit.
    #[error(transparent)]
    Pack(#[from] EnterError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn field(field: &'static str, message: impl Into<String>) -> ReportError {
    ReportError::Field { field, message: message.into() }
}

/// Files a report and opens its case.
///
/// # Errors
/// [`ReportError`]; nothing is written then.
pub async fn report(ctx: &Context, command: ReportCommand) -> Result<Filed, ReportError> {
    let compiled = ctx.packs.current();
    let checked = Checked::check(&compiled, &command)?;
    let now = ctx.clock.now();
    let vault = std::sync::Arc::clone(&ctx.vault);
    // What can be known before is not left to the one writing thread.
    let zone = compiled.city.zone();
    let (day, region_path) = (civil_day(&zone, now), compiled.city.region_path(&checked.place.region));
    ctx.store
        .write(move |tx: &mut Tx| {
            if let Some(filed) = filed_before(tx, &command, &checked.place)? {
                return Ok(filed);
            }
            check_evidence(tx, &command.evidence)?;
            let contact = command.contact.as_ref().map(|contact| vault.seal(tx, contact, now)).transpose()?;
            let no = tx.next_case_no(&compiled.city.case_prefix, day)?;
            let events = checked.events(&compiled, &command, contact, no, now)?;
            let case_id = tx.new_case_id(now);
            let (case, _) =
                tx.append(Append { case_id, before: None, events, recorded_at: now, region_path: &region_path })?;
            if let Some(key) = &command.idempotency_key {
                tx.record_idempotency(&command.filer.scope(), key, case_id, now)?;
            }
            let secret = (command.filer == Filer::Anonymous).then(|| give_secret(tx, case_id)).transpose()?;
            Ok(filed(case, secret, false))
        })
        .await
}

fn filed(case: Case, secret: Option<String>, was_filed_before: bool) -> Filed {
    Filed { case_id: case.id, no: case.no, secret, was_filed_before }
}

/// The case of an earlier request with the same key. An anonymous filer gets a fresh secret: the first answer may
/// have been lost on the way, and only who knows the key and every word of the report can ask again.
fn filed_before(tx: &mut Tx, command: &ReportCommand, place: &Place) -> Result<Option<Filed>, ReportError> {
    let Some(key) = &command.idempotency_key else { return Ok(None) };
    let Some(case_id) = tx.find_idempotency(&command.filer.scope(), key)? else { return Ok(None) };
    let Some(case) = tx.load_case(case_id)? else { return Ok(None) };
    let evidence = case.evidence.get("report").map_or(&[][..], Vec::as_slice);
    let is_same = case.description == command.description.trim()
        && (case.place.point, &case.place.address) == (place.point, &place.address)
        && evidence == command.evidence;
    if !is_same {
        return Err(field("idempotency-key", "was used for another report; use a new one for each report"));
    }
    let secret = (command.filer == Filer::Anonymous).then(|| give_secret(tx, case_id)).transpose()?;
    Ok(Some(filed(case, secret, true)))
}

/// Makes a secret of 128 random bits for a report and keeps its hash.
///
/// # Errors
/// [`StoreError`] when the hash cannot be written.
pub fn give_secret(tx: &mut Tx, case_id: CaseId) -> Result<String, StoreError> {
    let mut bytes = [0_u8; 16];
    tx.fill_random(&mut bytes);
    let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    tx.record_report_secret(case_id, &secret_hash(&secret))?;
    Ok(secret)
}

/// The hash under which a report's secret is kept: SHA-256, hexadecimal. The secret has 128 random bits, so no salt is needed.
pub fn secret_hash(secret: &str) -> String {
    Sha256::digest(secret.trim().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check_evidence(tx: &mut Tx, files: &[EvidenceId]) -> Result<(), ReportError> {
    for file in files {
        if tx.find_evidence(file)?.is_none() {
            return Err(field("evidence", format!("there is no uploaded file {file}; upload it first")));
        }
    }
    Ok(())
}

/// What of a report is checked before the transaction.
struct Checked {
    place: Place,
}

impl Checked {
    fn check(compiled: &Compiled, command: &ReportCommand) -> Result<Self, ReportError> {
        let category = compiled
            .city
            .category(&command.category)
            .ok_or_else(|| field("category", format!("there is no category {}", command.category)))?;
        let is_resident = matches!(command.filer, Filer::Resident(_) | Filer::Anonymous | Filer::Client(_));
        if is_resident && !category.public {
            return Err(field(
                "category",
                format!("category {} is not open to reports from the public", command.category),
            ));
        }
        if let Some(condition) = &command.condition
            && category.condition(condition).is_none()
        {
            return Err(field(
                "condition",
                format!("category {} has no filing condition {condition}", command.category),
            ));
        }
        check_text("description", &command.description, DESCRIPTION_MAX)?;
        if command.evidence.len() > EVIDENCE_MAX {
            return Err(field("evidence", format!("at most {EVIDENCE_MAX} files, got {}", command.evidence.len())));
        }
        if command.evidence.iter().enumerate().any(|(place, file)| command.evidence[..place].contains(file)) {
            return Err(field("evidence", "names the same file twice"));
        }
        if let Some(form) = category.form.as_ref().and_then(|form| compiled.city.forms.get(form)) {
            pack::answers::parse_answers(&compiled.city, form, &command.answers).map_err(ReportError::Answers)?;
        } else if !command.answers.is_empty() {
            return Err(field("answers", "this category asks no further questions"));
        }
        let place = place(compiled, command.point, command.address.as_deref())?;
        Ok(Self { place })
    }

    fn events(
        &self,
        compiled: &Compiled,
        command: &ReportCommand,
        contact: Option<ContactId>,
        no: CaseNo,
        now: Instant,
    ) -> Result<Vec<NewEvent>, ReportError> {
        let party = match command.filer {
            Filer::Resident(party) => Some(party),
            _ => None,
        };
        let client = match &command.filer {
            Filer::Client(client) => Some(client.clone()),
            _ => None,
        };
        let opening = Opening {
            no,
            category: command.category.clone(),
            condition: command.condition.clone(),
            description: command.description.trim().to_owned(),
            place: self.place.clone(),
            channel: command.channel.clone(),
            reporter: Reporter { party, client, contact },
            evidence: command.evidence.clone(),
            answers: command.answers.clone(),
            application: None,
            source_id: None,
        };
        let actor = command.filer.actor();
        let bodies = opening.bodies(compiled, now)?;
        Ok(bodies.into_iter().map(|body| NewEvent { at: now, actor: actor.clone(), body }).collect())
    }
}

fn check_text(name: &'static str, text: &str, max: usize) -> Result<(), ReportError> {
    let count = text.chars().count();
    if count > max {
        return Err(field(name, format!("at most {max} characters, got {count}")));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(field(name, "must be plain text without control characters"));
    }
    Ok(())
}

/// Places a report: the point decides the region. Words alone are looked up in the gazetteer: a named place or a
/// crossing gives the point, a road or a region the smallest region that holds it; what names nothing known is left to
/// the whole city.
///
/// # Errors
/// [`ReportError::Field`] when there is neither point nor address, or the point is outside the city.
pub fn place(compiled: &Compiled, point: Option<LonLat>, address: Option<&str>) -> Result<Place, ReportError> {
    let address = address.map(str::trim).filter(|address| !address.is_empty()).map(str::to_owned);
    if let Some(address) = &address {
        check_text("address", address, ADDRESS_MAX)?;
    }
    let Some(point) = point else {
        let words = address.as_deref().ok_or_else(|| field("place", "a point (lon, lat) or an address is needed"))?;
        let found = compiled.gazetteer.settle(&compiled.city, &compiled.atlas, words);
        let point = found.as_ref().filter(|found| found.precision.is_spot()).map(|found| found.point);
        let region = found.map_or_else(|| compiled.city.root.clone(), |found| found.region);
        return Ok(Place {
            cell: point.and_then(|point| Cell::encode(point, Level::L10).ok()),
            point,
            region,
            address,
        });
    };
    let region = region_of(compiled, point).ok_or_else(|| {
        let [west, south, east, north] = compiled.city.bounds;
        field("place", format!("the point is outside the city ({west}..{east}, {south}..{north})"))
    })?;
    let cell = Cell::encode(point, Level::L10).ok();
    Ok(Place { point: Some(point), cell, region, address })
}

/// The smallest region that holds a point; the root where the pack draws no region there; `None` outside the city.
pub fn region_of(compiled: &Compiled, point: LonLat) -> Option<RegionId> {
    let [west, south, east, north] = compiled.city.bounds;
    let is_inside = (west..=east).contains(&point.lon_deg()) && (south..=north).contains(&point.lat_deg());
    compiled.atlas.locate(point).or_else(|| is_inside.then(|| compiled.city.root.clone()))
}
