//! A person and what the city holds of them: a copy to take along (PIPL article 45), and erasure (article 47).
//!
//! Erasure destroys keys, not events: what was sealed can never be read again, here or in any backup made since (older ones
//! go when their days are over), and the proofs of everybody else still verify. Words a person wrote freely into a report are part of the log and stay.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use identity::{
    Address, Answers, Contact, Draft, HospitalPatient, HospitalPayment, HospitalVisit, Prefill, Vault, VaultError,
    Verified,
};
use model::{Case, CaseId, CaseNo, Channel, ContactId, HospitalVisitId, Instant, PartyId, ServiceId, SourceId};
use store::{
    AccessRow, CaseFilter, CaseRow, CaseSort, Cursor, FetchRow, LicenceRow, OutboxRow, PartyKind, PartyRow,
    PreferencesRow, Reader, Store, StoreError, Tx, erased_login,
};

use crate::Context;
use crate::evidence::Files;

/// Cases read at a time.
const PAGE: u32 = 200;

/// Most looks in a copy.
const LOOKS: u32 = 10_000;

/// Most messages in a copy.
const MESSAGES: u32 = 1_000;

/// Everything held of a person, in clear.
pub struct Held {
    /// Their account.
    pub account: PartyRow,
    /// Cases they reported, joined or applied with, latest first.
    pub cases: Vec<HeldCase>,
    /// Contacts they left with their reports.
    pub contacts: Vec<(CaseNo, Contact)>,
    /// What they have not handed in yet.
    pub drafts: Vec<(ServiceId, Draft)>,
    /// Their licences.
    pub licences: Vec<(LicenceRow, String)>,
    /// Who looked at their data.
    pub looks: Vec<AccessRow>,
    /// Where they want to be told.
    pub addresses: Vec<(Channel, Address)>,
    /// How they want to be told, as kept.
    pub preferences: Option<PreferencesRow>,
    /// What they were told, latest first.
    pub messages: Vec<OutboxRow>,
    /// Who they are, once a department has matched it.
    pub identity: Option<Verified>,
    /// What departments answered for what is not handed in yet.
    pub prefills: Vec<(ServiceId, Prefill)>,
    /// What is held of them and hospitals.
    pub at_hospitals: AtHospitals,
    /// What departments were asked about them.
    pub fetches: Vec<FetchRow>,
    /// Names of others that it tells of.
    pub names: BTreeMap<PartyId, String>,
}

/// What is held of somebody and hospitals, in clear.
pub struct AtHospitals {
    /// Hospitals they agreed with.
    pub agreed: Vec<(SourceId, HospitalPatient)>,
    /// Their visits, latest booked first.
    pub visits: Vec<(HospitalVisitId, HospitalVisit)>,
    /// Their payments, the oldest first.
    pub payments: Vec<HospitalPayment>,
}

/// A case of a person.
pub struct HeldCase {
    /// The case.
    pub row: CaseRow,
    /// The answers, where it is their own application.
    pub answers: Option<Answers>,
    /// The answers before each correction, and when they were corrected; the first handed in first.
    pub former: Vec<(Instant, Answers)>,
}

/// Why somebody was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// Applications are under way: withdraw them, or wait until they are decided.
    #[error("{} applications are still open; withdraw them first, or wait for the decision", .0.len())]
    Open(Vec<CaseNo>),
    /// A payment to a hospital is under way.
    #[error("a payment to a hospital is not settled yet; try again in a few minutes")]
    Paying,
    /// It is not a resident's account.
    #[error("only residents' accounts are erased")]
    NotResident,
    /// A file could not be removed.
    #[error("a file could not be removed: {0}")]
    Disk(std::io::ErrorKind),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gathers everything held of a resident.
///
/// # Errors
/// [`VaultError`] when something does not open, or the store's.
pub async fn collect(ctx: &Context, party: PartyId) -> Result<Held, VaultError> {
    let (vault, now) = (Arc::clone(&ctx.vault), ctx.clock.now());
    ctx.store
        .read(move |reader| {
            let account = reader.find_party(party)?.ok_or(VaultError::NotFound)?;
            let (mut cases, mut contacts) = (Vec::new(), Vec::new());
            for row in cases_of(reader, party)? {
                let case = reader.get_case(row.id)?;
                let is_own = case.reporter.party == Some(party);
                if let Some(contact) = case.reporter.contact.filter(|_| is_own) {
                    contacts.push((row.no.clone(), vault.own_contact(reader, contact)?));
                }
                cases.push(held_case(reader, &vault, row, is_own.then_some(&case))?);
            }
            let mut drafts = Vec::new();
            for row in reader.list_drafts(party)? {
                if let Some(draft) = vault.find_draft(reader, party, &row.service)? {
                    drafts.push((row.service, draft));
                }
            }
            let mut licences = Vec::new();
            for row in reader.list_licences(party)? {
                let text = vault.own_licence(reader, row.id)?;
                licences.push((row, text));
            }
            let mut prefills = Vec::new();
            for row in reader.list_prefills(party)? {
                let prefill = vault.find_prefill(reader, party, &row.service)?;
                prefills.push((row.service, prefill));
            }
            let (identity, fetches) = (vault.find_identity(reader, party)?, reader.list_fetches_about(party, LOOKS)?);
            let looks = reader.list_access_to(party, now, LOOKS)?;
            let mut addresses = Vec::new();
            for row in reader.list_addresses(party)? {
                let sealed = vault.find_address(reader, party, row.channel)?;
                addresses.extend(sealed.map(|sealed| (row.channel, sealed.address)));
            }
            let at_hospitals = at_hospitals(reader, &vault, party)?;
            let asked_by: Vec<PartyId> = fetches.iter().filter_map(|fetch| fetch.asked_by).collect();
            let names = reader.display_names(&asked_by)?;
            let preferences = reader.find_preferences(party)?;
            let messages = reader.list_messages_to(party, None, MESSAGES)?;
            Ok(Held {
                account,
                cases,
                contacts,
                drafts,
                licences,
                looks,
                addresses,
                preferences,
                messages,
                identity,
                prefills,
                at_hospitals,
                names,
                fetches,
            })
        })
        .await
}

fn at_hospitals(reader: &mut Reader, vault: &Vault, party: PartyId) -> Result<AtHospitals, VaultError> {
    let mut agreed = Vec::new();
    for row in reader.list_hospital_patients(party)? {
        let patient = vault.find_hospital_patient(reader, party, &row.hospital)?;
        agreed.extend(patient.map(|patient| (row.hospital, patient)));
    }
    let visits = vault.list_hospital_visits(reader, party, LOOKS)?;
    Ok(AtHospitals { agreed, visits, payments: vault.list_hospital_payments(reader, party)? })
}

/// A case with the answers of its application, where it is the person's own.
fn held_case(reader: &mut Reader, vault: &Vault, row: CaseRow, own: Option<&Case>) -> Result<HeldCase, VaultError> {
    let mut held = HeldCase { row, answers: None, former: Vec::new() };
    let Some((case, application)) = own.and_then(|case| Some((case, case.application.as_ref()?))) else {
        return Ok(held);
    };
    held.answers = Some(vault.own_answers(reader, application.answers)?);
    for correction in &case.corrections {
        held.former.push((correction.at, vault.own_answers(reader, correction.former)?));
    }
    Ok(held)
}

/// Erases a resident: keys, drafts, addresses, messages, files of applications, sessions and the name of the account. Cannot be undone.
///
/// # Errors
/// [`EraseError`]; nothing is erased then.
pub async fn erase(ctx: &Context, party: PartyId) -> Result<(), EraseError> {
    let (vault, files, now) = (Arc::clone(&ctx.vault), Arc::clone(&ctx.files), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let mut left = vec![Left::find(tx, party)?];
            // What guardians did for the same person as a child goes with them.
            for child in tx.list_childhoods_of(party)? {
                left.push(Left::find(tx, child.party)?);
            }
            let open: Vec<CaseNo> = left.iter().flat_map(|left| left.open.clone()).collect();
            if !open.is_empty() {
                return Err(EraseError::Open(open));
            }
            if tx.is_paying_hospital(party)? {
                return Err(EraseError::Paying);
            }
            // The child first: its row names the account.
            left.into_iter().rev().try_for_each(|left| erase_in(tx, &vault, &files, left, now))
        })
        .await?;
    ctx.store.shred_log();
    Ok(())
}

/// Erases again somebody whom an older copy of the city brought back, whatever was under way in it. False when nobody of
/// that id is there to be erased.
///
/// # Errors
/// [`EraseError`]; nothing is erased then.
pub fn erase_again(
    store: &Store,
    vault: &Arc<Vault>,
    files: &Arc<Files>,
    party: PartyId,
    now: Instant,
) -> Result<bool, EraseError> {
    let (vault, files) = (Arc::clone(vault), Arc::clone(files));
    let erased = store.write_blocking(move |tx: &mut Tx| {
        let account = tx.find_party(party)?;
        if account.is_none_or(|account| account.login == erased_login(party)) {
            return Ok(false);
        }
        let children = tx.list_childhoods_of(party)?.into_iter().map(|child| child.party);
        for one in children.chain([party]).collect::<Vec<_>>() {
            let left = Left::find(tx, one)?;
            erase_in(tx, &vault, &files, left, now)?;
        }
        Ok::<_, EraseError>(true)
    })?;
    if erased {
        store.shred_log();
    }
    Ok(erased)
}

/// What a person has left with the city, as far as erasing goes through it.
struct Left {
    account: PartyRow,
    contacts: Vec<ContactId>,
    applications: BTreeSet<CaseId>,
    /// Applications under way.
    open: Vec<CaseNo>,
}

impl Left {
    fn find(tx: &mut Tx, party: PartyId) -> Result<Self, EraseError> {
        let is_person = |account: &PartyRow| matches!(account.kind, PartyKind::Resident | PartyKind::Child);
        let account = tx.find_party(party)?.filter(is_person);
        let account = account.ok_or(EraseError::NotResident)?;
        let mut left = Self { account, contacts: Vec::new(), applications: BTreeSet::new(), open: Vec::new() };
        for row in cases_of(tx, party)? {
            let case = tx.get_case(row.id)?;
            if case.reporter.party != Some(party) {
                continue;
            }
            if case.application.is_some() {
                left.applications.insert(case.id);
            }
            if case.application.is_some() && case.is_open() {
                left.open.push(row.no);
            }
            left.contacts.extend(case.reporter.contact);
        }
        Ok(left)
    }
}

fn erase_in(tx: &mut Tx, vault: &Vault, files: &Files, left: Left, now: Instant) -> Result<(), EraseError> {
    let party = left.account.id;
    tx.overwrite_deleted(true)?;
    for contact in left.contacts {
        match vault.erase(tx, contact) {
            Ok(()) | Err(VaultError::NotFound) => {}
            Err(VaultError::Store(error)) => return Err(error.into()),
            Err(_) => {}
        }
    }
    vault.erase_person(tx, party)?;
    // Files of applications and drafts; a picture of a street that was reported stays with its report.
    for file in tx.list_uploads_of(party)? {
        if tx.cases_with_evidence(&file)?.iter().all(|case| left.applications.contains(case)) {
            tx.forget_evidence(&file)?;
            // Within the one writing command: whoever sends the same bytes meanwhile writes them again.
            files.remove(&file).map_err(|error| EraseError::Disk(error.kind()))?;
        }
    }
    forget(tx, party, now)?;
    tx.update_party(&PartyRow {
        login: erased_login(party),
        password_hash: String::new(),
        display_name: String::new(),
        disabled: true,
        ..left.account
    })?;
    tx.record_erasure(party, now)?;
    tx.overwrite_deleted(false)?;
    Ok(())
}

/// Removes everything that is kept for the account alone.
fn forget(tx: &mut Tx, party: PartyId, now: Instant) -> Result<(), StoreError> {
    for draft in tx.list_drafts(party)? {
        tx.delete_draft(party, &draft.service)?;
    }
    tx.forget_addresses_of(party)?;
    tx.forget_messages_to(party)?;
    tx.delete_prefills_of(party)?;
    tx.remove_hospitals_of(party)?;
    tx.delete_identity(party)?;
    tx.delete_child(party)?;
    tx.remove_sessions_of(party)?;
    tx.remove_proofs_of(party)?;
    tx.remove_openid_of(party)?;
    tx.forget_extract_member(party)?;
    tx.end_mandates_of(party, now)?;
    tx.remove_upstream_links_of(party)?;
    Ok(())
}

/// Every case of a person, latest reported first.
fn cases_of(reader: &mut Reader, party: PartyId) -> Result<Vec<CaseRow>, StoreError> {
    let filter = CaseFilter { member: Some(party), ..CaseFilter::default() };
    let (mut rows, mut cursor): (_, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = reader.list_cases(&filter, CaseSort::Opened, cursor, PAGE)?;
        rows.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(rows);
        }
    }
}
