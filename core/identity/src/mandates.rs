//! Acting for others (代办): one side offers a mandate and shows its code, the other takes it, the first confirms it. Either
//! side ends it at once.
//!
//! Nobody is searched for: whoever takes a mandate was shown its code, and whoever confirms it sees who took it.

use std::sync::Arc;

use model::{Clock, Instant, MandateId, OfficeId, PartyId, RoleId, ServiceId};
use store::{Basis, MandateNews, MandateNotice, MandateRow, PartyKind, Reader, Store, StoreError, Tx};

use crate::identities::{Level, find_level};
use crate::mandate_codes::{code_hash, code_of};
use crate::token::sha256;

/// How long a code may be taken, 30 minutes: two people beside each other, or on the telephone.
const CODE_US: i64 = 30 * 60 * 1_000_000;

/// How long an official may file for somebody who stands at the window, 30 minutes.
const SITTING_US: i64 = 30 * 60 * 1_000_000;

/// The longest a mandate is in force, days: three years.
pub const MANDATE_DAYS_MAX: i64 = 3 * 366;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Mandates that are in force or offered at the same time, for one party.
const MANDATES_MAX: usize = 20;

/// Mandates read of one party, ended ones with them.
pub const MANDATES_LISTED: u32 = 100;

/// Why a mandate was not offered, taken, confirmed or ended.
#[derive(Debug, thiserror::Error)]
pub enum MandateError {
    /// It is not known who they are.
    #[error("prove who you are first: acting for others needs to know who acts for whom")]
    NotIdentified,
    /// It would begin in the past, or last too long.
    #[error("a mandate ends after today, and within {MANDATE_DAYS_MAX} days")]
    Until,
    /// It names no service.
    #[error("name at least one service, or all of them")]
    Scope,
    /// Too many are open.
    #[error("{MANDATES_MAX} mandates at a time are enough; end one first")]
    TooMany,
    /// Only a legal representative appoints agents of an organisation.
    #[error("only the legal representative appoints agents")]
    NotRepresentative,
    /// No such code, or its time is over.
    #[error("the code is wrong, was used, or is older than 30 minutes; ask for a new one")]
    Code,
    /// Nobody acts for themselves.
    #[error("this is your own code: show it to the person who is to act")]
    Oneself,
    /// There is none of theirs.
    #[error("there is no such mandate")]
    NotFound,
    /// It is not in a state for that.
    #[error("the mandate is {0}; load the page again")]
    State(&'static str),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far a mandate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MandateState {
    /// Its code can be taken.
    Offered,
    /// Nobody took it in time.
    Lapsed,
    /// Taken, and to be confirmed by who offered it.
    Taken,
    /// In force.
    Active,
    /// Ended before its time.
    Ended,
    /// Its time is over.
    Expired,
}

impl MandateState {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Lapsed => "lapsed",
            Self::Taken => "taken",
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Expired => "expired",
        }
    }

    /// How far a mandate is at an instant.
    pub fn of(mandate: &MandateRow, now: Instant) -> Self {
        if mandate.ended_at.is_some() {
            return Self::Ended;
        }
        if mandate.until <= now {
            return Self::Expired;
        }
        if mandate.confirmed_at.is_some() {
            return Self::Active;
        }
        if mandate.taken_at.is_some() {
            return Self::Taken;
        }
        if mandate.code_until.is_some_and(|until| now < until) { Self::Offered } else { Self::Lapsed }
    }
}

/// For which services a mandate is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MandateScope {
    /// All of them.
    All,
    /// These alone.
    Services(Vec<ServiceId>),
}

/// Somebody who acts for another, under a mandate that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Who acts.
    pub party: PartyId,
    /// For whom.
    pub on_behalf_of: PartyId,
    /// Whether that is an organisation.
    pub is_organisation: bool,
    /// Under which mandate.
    pub mandate: MandateId,
    /// What the mandate rests on.
    pub basis: Basis,
    /// For which services.
    pub scope: MandateScope,
    /// Whether departments may be asked about the represented.
    pub departments: bool,
    /// The post, where an official files at a window.
    pub post: Option<(OfficeId, RoleId)>,
}

impl Agent {
    /// Who acts under a mandate now; `None` when it is not in force, or is somebody else's.
    pub fn of(mandate: &MandateRow, represented: PartyKind, party: PartyId, now: Instant) -> Option<Self> {
        if mandate.agent != Some(party) || MandateState::of(mandate, now) != MandateState::Active {
            return None;
        }
        Some(Self {
            party,
            on_behalf_of: mandate.represented,
            is_organisation: represented == PartyKind::Organisation,
            mandate: mandate.id,
            basis: mandate.basis,
            scope: mandate.services.clone().map_or(MandateScope::All, MandateScope::Services),
            departments: mandate.departments,
            post: mandate.post.clone(),
        })
    }

    /// Whether the mandate is for a service.
    pub fn covers(&self, service: &ServiceId) -> bool {
        match &self.scope {
            MandateScope::All => true,
            MandateScope::Services(services) => services.contains(service),
        }
    }
}

/// Finds who acts under a mandate now.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub fn find_agent(
    reader: &mut Reader,
    id: MandateId,
    party: PartyId,
    now: Instant,
) -> Result<Option<Agent>, StoreError> {
    let Some(mandate) = reader.find_mandate(id)? else { return Ok(None) };
    let represented = reader.find_party(mandate.represented)?.filter(|represented| !represented.disabled);
    Ok(represented.and_then(|represented| Agent::of(&mandate, represented.kind, party, now)))
}

/// Who may act for a party now, for a service; they are told of its applications as well.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub fn list_agents_for(
    reader: &mut Reader,
    represented: PartyId,
    kind: PartyKind,
    service: &ServiceId,
    now: Instant,
) -> Result<Vec<PartyId>, StoreError> {
    let mandates = reader.list_mandates_for(represented, MANDATES_LISTED)?;
    let agents = mandates.iter().filter(|mandate| mandate.basis != Basis::Counter);
    let agents = agents.filter_map(|mandate| Agent::of(mandate, kind, mandate.agent?, now));
    Ok(agents.filter(|agent| agent.covers(service)).map(|agent| agent.party).collect())
}

/// A mandate to offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Who offers it.
    pub by: PartyId,
    /// For whom: themselves, or an organisation they are the legal representative of.
    pub represented: PartyId,
    /// For which services.
    pub scope: MandateScope,
    /// Whether departments may be asked.
    pub departments: bool,
    /// Until when.
    pub until: Instant,
}

/// Mandates of the city.
#[derive(Clone)]
pub struct Mandates {
    /// Where they are kept.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Mandates {
    /// Offers a mandate; the code is given once, to be shown to whoever is to act.
    ///
    /// # Errors
    /// [`MandateError`]; nothing is written then.
    pub async fn offer(&self, offer: Offer) -> Result<(MandateRow, String), MandateError> {
        let now = self.clock.now();
        if offer.until <= now || offer.until > now.plus_micros(MANDATE_DAYS_MAX * DAY_US) {
            return Err(MandateError::Until);
        }
        if matches!(&offer.scope, MandateScope::Services(services) if services.is_empty()) {
            return Err(MandateError::Scope);
        }
        self.store
            .write(move |tx: &mut Tx| {
                check_identified(tx, offer.by)?;
                if offer.represented != offer.by && !is_representative(tx, offer.represented, offer.by, now)? {
                    return Err(MandateError::NotRepresentative);
                }
                let mandates = tx.list_mandates_for(offer.represented, MANDATES_LISTED)?;
                if mandates.iter().filter(|mandate| is_open(mandate, now)).count() >= MANDATES_MAX {
                    return Err(MandateError::TooMany);
                }
                let code = code_of(tx.random_bytes());
                let services = match offer.scope {
                    MandateScope::All => None,
                    MandateScope::Services(services) => Some(services),
                };
                let mandate = MandateRow {
                    id: tx.new_mandate_id(now),
                    represented: offer.represented,
                    agent: None,
                    basis: Basis::Appointed,
                    granted_by: offer.by,
                    services,
                    departments: offer.departments,
                    post: None,
                    code_hash: Some(sha256(&code)),
                    code_until: Some(now.plus_micros(CODE_US)),
                    created_at: now,
                    taken_at: None,
                    confirmed_at: None,
                    until: offer.until,
                    ended_at: None,
                    ended_by: None,
                };
                tx.record_mandate(&mandate)?;
                Ok((mandate, code))
            })
            .await
    }

    /// What a code offers, for whoever was shown it.
    ///
    /// # Errors
    /// [`MandateError::Code`] when there is nothing to take.
    pub async fn find_offered(&self, code: &str) -> Result<MandateRow, MandateError> {
        let (hash, now) = (code_hash(code), self.clock.now());
        let found = self.store.read(move |reader| reader.find_mandate_by_code(&hash)).await?;
        found.filter(|mandate| MandateState::of(mandate, now) == MandateState::Offered).ok_or(MandateError::Code)
    }

    /// Takes an offered mandate; it is in force once who offered it has confirmed.
    ///
    /// # Errors
    /// [`MandateError`]; nothing is written then.
    pub async fn take(&self, code: &str, agent: PartyId) -> Result<MandateRow, MandateError> {
        let (hash, now) = (code_hash(code), self.clock.now());
        self.store
            .write(move |tx: &mut Tx| {
                let found = tx.find_mandate_by_code(&hash)?;
                let found = found.filter(|mandate| MandateState::of(mandate, now) == MandateState::Offered);
                let found = found.ok_or(MandateError::Code)?;
                if found.granted_by == agent || found.represented == agent {
                    return Err(MandateError::Oneself);
                }
                check_identified(tx, agent)?;
                let taken = MandateRow { agent: Some(agent), taken_at: Some(now), code_hash: None, ..found };
                tx.update_mandate(&taken)?;
                tell(tx, &taken, MandateNews::Taken, taken.granted_by, now)?;
                Ok(taken)
            })
            .await
    }

    /// Confirms who took a mandate: it is in force from now on.
    ///
    /// # Errors
    /// [`MandateError`]; nothing is written then.
    pub async fn confirm(&self, id: MandateId, by: PartyId) -> Result<MandateRow, MandateError> {
        let now = self.clock.now();
        self.store
            .write(move |tx: &mut Tx| {
                let found = tx.find_mandate(id)?.filter(|mandate| mandate.granted_by == by);
                let found = found.ok_or(MandateError::NotFound)?;
                match MandateState::of(&found, now) {
                    MandateState::Taken => {}
                    MandateState::Active => return Ok(found),
                    state => return Err(MandateError::State(state.as_str())),
                }
                let confirmed = MandateRow { confirmed_at: Some(now), ..found };
                tx.update_mandate(&confirmed)?;
                if let Some(agent) = confirmed.agent {
                    tell(tx, &confirmed, MandateNews::Confirmed, agent, now)?;
                }
                Ok(confirmed)
            })
            .await
    }

    /// Ends a mandate at once, by either side; ending it twice changes nothing.
    ///
    /// # Errors
    /// [`MandateError::NotFound`] for a mandate of others.
    pub async fn end(&self, id: MandateId, by: PartyId) -> Result<MandateRow, MandateError> {
        let now = self.clock.now();
        self.store
            .write(move |tx: &mut Tx| {
                let found = tx.find_mandate(id)?.ok_or(MandateError::NotFound)?;
                let is_theirs = found.represented == by || found.granted_by == by || found.agent == Some(by);
                if !is_theirs && !is_representative(tx, found.represented, by, now)? {
                    return Err(MandateError::NotFound);
                }
                if found.ended_at.is_some() {
                    return Ok(found);
                }
                if found.basis == Basis::Oneself {
                    return Err(MandateError::State("your own"));
                }
                let ended = MandateRow { ended_at: Some(now), ended_by: Some(by), code_hash: None, ..found.clone() };
                tx.update_mandate(&ended)?;
                let is_news = MandateState::of(&found, now) != MandateState::Expired;
                if let Some(to) = other_side(&ended, by).filter(|_| is_news) {
                    tell(tx, &ended, MandateNews::Ended, to, now)?;
                }
                Ok(ended)
            })
            .await
    }

    /// Lets an official file for somebody who stands at the window, for half an hour.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not take it.
    pub async fn open_sitting(
        &self,
        official: PartyId,
        post: (OfficeId, RoleId),
        person: PartyId,
        services: Vec<ServiceId>,
        departments: bool,
    ) -> Result<MandateRow, StoreError> {
        let now = self.clock.now();
        self.store
            .write(move |tx: &mut Tx| {
                let mandate = MandateRow {
                    id: tx.new_mandate_id(now),
                    represented: person,
                    agent: Some(official),
                    basis: Basis::Counter,
                    granted_by: official,
                    services: Some(services),
                    departments,
                    post: Some(post),
                    code_hash: None,
                    code_until: None,
                    created_at: now,
                    taken_at: Some(now),
                    confirmed_at: Some(now),
                    until: now.plus_micros(SITTING_US),
                    ended_at: None,
                    ended_by: None,
                };
                tx.record_mandate(&mandate)?;
                Ok(mandate)
            })
            .await
    }
}

/// Records that a register names somebody as the legal representative of an organisation: they act for it in everything.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub fn record_representative(
    tx: &mut Tx,
    organisation: PartyId,
    representative: PartyId,
    now: Instant,
) -> Result<MandateRow, StoreError> {
    // A register that names another one ends what the one before could do, and whom they appointed.
    for mandate in tx.list_mandates_for(organisation, MANDATES_LISTED)? {
        if mandate.granted_by != representative && mandate.ended_at.is_none() {
            let ended = MandateRow { ended_at: Some(now), ended_by: Some(representative), code_hash: None, ..mandate };
            tx.update_mandate(&ended)?;
        } else if mandate.basis == Basis::Representative && MandateState::of(&mandate, now) == MandateState::Active {
            let ended = MandateRow { ended_at: Some(now), ended_by: Some(representative), ..mandate };
            tx.update_mandate(&ended)?;
        }
    }
    let mandate = MandateRow {
        id: tx.new_mandate_id(now),
        represented: organisation,
        agent: Some(representative),
        basis: Basis::Representative,
        granted_by: representative,
        services: None,
        departments: true,
        post: None,
        code_hash: None,
        code_until: None,
        created_at: now,
        taken_at: Some(now),
        confirmed_at: Some(now),
        // The register is asked again after a year.
        until: now.plus_micros(366 * DAY_US),
        ended_at: None,
        ended_by: None,
    };
    tx.record_mandate(&mandate)?;
    Ok(mandate)
}

fn tell(tx: &mut Tx, mandate: &MandateRow, news: MandateNews, to: PartyId, now: Instant) -> Result<(), StoreError> {
    tx.enqueue_mandate_notice(MandateNotice { mandate: mandate.id, news, to }, now, now).map(drop)
}

/// Whom an end concerns beside who brought it about: nobody before somebody took the mandate.
fn other_side(mandate: &MandateRow, by: PartyId) -> Option<PartyId> {
    let agent = mandate.agent?;
    let other = if agent == by { mandate.granted_by } else { agent };
    (other != by).then_some(other)
}

fn check_identified(reader: &mut Reader, party: PartyId) -> Result<(), MandateError> {
    if find_level(reader, party)? < Level::L2 { Err(MandateError::NotIdentified) } else { Ok(()) }
}

/// Whether a register has named somebody as the legal representative, within the last year.
fn is_representative(
    reader: &mut Reader,
    organisation: PartyId,
    party: PartyId,
    now: Instant,
) -> Result<bool, StoreError> {
    let mandates = reader.list_mandates_for(organisation, MANDATES_LISTED)?;
    let is_theirs = |mandate: &MandateRow| mandate.basis == Basis::Representative && mandate.agent == Some(party);
    Ok(mandates.iter().any(|mandate| is_theirs(mandate) && MandateState::of(mandate, now) == MandateState::Active))
}

fn is_open(mandate: &MandateRow, now: Instant) -> bool {
    let state = MandateState::of(mandate, now);
    matches!(state, MandateState::Offered | MandateState::Taken | MandateState::Active)
        && mandate.basis == Basis::Appointed
}
