//! Mandates (委托): who may act for whom, for which services, until when; and what was done under them.

use model::{Actor, Case, CaseNo, Event, EventBody, EventId, Instant, MandateId, OfficeId, PartyId, RoleId, ServiceId};

use crate::db::{FromValue, Row, ToValue, Value, params};
use crate::error::StoreError;
use crate::tx::{Reader, Tx};

/// What a mandate rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// One side offered it, the other took it, the first confirmed it.
    Appointed,
    /// A register names the agent as the legal representative (法定代表人).
    Representative,
    /// The person stands at a window, and the official there files for them (窗口代录).
    Counter,
    /// A register names the agent as a guardian of the child (监护人).
    Guardian,
    /// The agent is the represented, who was a child when guardians acted for them.
    Oneself,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 5] = [Self::Appointed, Self::Representative, Self::Counter, Self::Guardian, Self::Oneself];

    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Appointed => "appointed",
            Self::Representative => "representative",
            Self::Counter => "counter",
            Self::Guardian => "guardian",
            Self::Oneself => "oneself",
        }
    }
}

/// What was done or read under a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MandateAct {
    /// A form was opened or a draft of it saved.
    Drafted,
    /// Departments were asked.
    Asked,
    /// An application was handed in.
    Applied,
    /// An application was read: how far it is, or what was answered.
    Read,
    /// What was answered was corrected.
    Corrected,
    /// An action was taken on it: withdrawn, supplemented, rated …
    Moved,
    /// A time at a window was booked or given back.
    Booked,
    /// A payment was begun.
    Paid,
    /// A licence was opened.
    Licence,
    /// Somebody signed in to another program for the organisation.
    SignedIn,
    /// Somebody read who looked at the data of the represented.
    Trail,
}

impl MandateAct {
    /// Every act.
    pub const ALL: [Self; 11] = [
        Self::Drafted,
        Self::Asked,
        Self::Applied,
        Self::Read,
        Self::Corrected,
        Self::Moved,
        Self::Booked,
        Self::Paid,
        Self::Licence,
        Self::SignedIn,
        Self::Trail,
    ];

    /// The word used in SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Asked => "asked",
            Self::Applied => "applied",
            Self::Read => "read",
            Self::Corrected => "corrected",
            Self::Moved => "moved",
            Self::Booked => "booked",
            Self::Paid => "paid",
            Self::Licence => "licence",
            Self::SignedIn => "signed_in",
            Self::Trail => "trail",
        }
    }
}

macro_rules! words {
    ($($ty:ty),*) => { $(
        impl ToValue for $ty {
            fn to_value(&self) -> Value {
                self.as_str().to_value()
            }
        }

        impl FromValue for $ty {
            fn from_value(value: Value) -> Option<Self> {
                let word = String::from_value(value)?;
                Self::ALL.into_iter().find(|one| one.as_str() == word)
            }
        }
    )* };
}
words!(Basis, MandateAct);

/// A mandate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateRow {
    /// Its id.
    pub id: MandateId,
    /// For whom.
    pub represented: PartyId,
    /// Who may act; absent until somebody takes it.
    pub agent: Option<PartyId>,
    /// What it rests on.
    pub basis: Basis,
    /// Who gave it: the represented person, or for an organisation whoever may appoint.
    pub granted_by: PartyId,
    /// For which services; absent for all of them.
    pub services: Option<Vec<ServiceId>>,
    /// Whether departments may be asked about the represented.
    pub departments: bool,
    /// At a window: the post of the official.
    pub post: Option<(OfficeId, RoleId)>,
    /// SHA-256 of the code it is taken with, while it may be taken.
    pub code_hash: Option<[u8; 32]>,
    /// Until when it may be taken.
    pub code_until: Option<Instant>,
    /// When it was offered.
    pub created_at: Instant,
    /// When somebody took it.
    pub taken_at: Option<Instant>,
    /// When it was confirmed: it is in force from here on.
    pub confirmed_at: Option<Instant>,
    /// Until when it is in force.
    pub until: Instant,
    /// When it was ended before its time.
    pub ended_at: Option<Instant>,
    /// Who ended it.
    pub ended_by: Option<PartyId>,
}

/// Something done or read under a mandate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateActRow {
    /// Its id: that of the event where one tells of it.
    pub id: EventId,
    /// When.
    pub at: Instant,
    /// Under which mandate.
    pub mandate: MandateId,
    /// Who acted.
    pub agent: PartyId,
    /// For whom.
    pub represented: PartyId,
    /// What.
    pub act: MandateAct,
    /// About which service.
    pub service: Option<ServiceId>,
    /// About which application.
    pub case_no: Option<CaseNo>,
    /// Which action of its process.
    pub action: Option<String>,
}

const COLUMNS: &str = "id, represented, agent, basis, granted_by, services, departments, office, role, code_hash,
    code_until_us, created_at_us, taken_at_us, confirmed_at_us, until_us, ended_at_us, ended_by";

const ACT_COLUMNS: &str = "id, at_us, mandate, agent, represented, act, service, case_no, action";

/// Microseconds of an hour: what is only read is written down once an hour.
const HOUR_US: i64 = 3_600_000_000;

impl Tx {
    /// A new mandate id that sorts by `at`.
    pub fn new_mandate_id(&mut self, at: Instant) -> MandateId {
        let bytes: [u8; 16] = self.random_bytes();
        MandateId::new(at, u128::from_le_bytes(bytes) >> 48)
    }

    /// Adds a mandate.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_mandate(&mut self, mandate: &MandateRow) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO mandates ({COLUMNS})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
        );
        self.execute(&sql, &values(mandate))?;
        Ok(())
    }

    /// Replaces everything of a mandate but what was agreed on: scope, basis and both ends of time stay.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] without such a mandate.
    pub fn update_mandate(&mut self, mandate: &MandateRow) -> Result<(), StoreError> {
        let MandateRow { id, agent, code_hash, code_until, taken_at, confirmed_at, ended_at, ended_by, .. } = mandate;
        let changed = self.execute(
            "UPDATE mandates
             SET agent = $2, code_hash = $3, code_until_us = $4, taken_at_us = $5, confirmed_at_us = $6,
                 ended_at_us = $7, ended_by = $8
             WHERE id = $1",
            params![*id, *agent, *code_hash, *code_until, *taken_at, *confirmed_at, *ended_at, *ended_by],
        )?;
        if changed == 0 { Err(StoreError::not_found("mandate", id)) } else { Ok(()) }
    }

    /// Writes down what was done or read under a mandate. With `is_repeated`, once an hour for the same.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn record_mandate_act(&mut self, act: &MandateActRow, is_repeated: bool) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO mandate_acts ({ACT_COLUMNS}, once) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (once) DO NOTHING"
        );
        let MandateActRow { id, at, mandate, agent, represented, act, service, case_no, action } = act;
        let about = |one: Option<String>| one.unwrap_or_default();
        let once = is_repeated.then(|| {
            let hour = at.as_micros().div_euclid(HOUR_US);
            let (service, case) =
                (service.as_ref().map(ToString::to_string), case_no.as_ref().map(ToString::to_string));
            format!("{mandate}/{}/{}/{}/{hour}", act.as_str(), about(service), about(case))
        });
        self.execute(&sql, params![*id, *at, *mandate, *agent, *represented, *act, service, case_no, action, once])?;
        Ok(())
    }

    /// Writes down what the events of a case tell of an agent.
    pub(crate) fn record_acts_of(&mut self, case: &Case, events: &[Event]) -> Result<(), StoreError> {
        for event in events {
            let (Actor::Agent { party, on_behalf_of, mandate }, Some(act)) = (&event.actor, act_of(&event.body)) else {
                continue;
            };
            let action = match &event.body {
                EventBody::Moved(moved) => Some(moved.action.to_string()),
                _ => None,
            };
            let act = MandateActRow {
                id: event.id,
                at: event.recorded_at,
                mandate: *mandate,
                agent: *party,
                represented: *on_behalf_of,
                act,
                service: case.application.as_ref().map(|application| application.service.clone()),
                case_no: Some(case.no.clone()),
                action,
            };
            self.record_mandate_act(&act, false)?;
        }
        Ok(())
    }

    /// Ends every mandate that somebody gave, has or is represented under; how many.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn end_mandates_of(&mut self, party: PartyId, now: Instant) -> Result<u64, StoreError> {
        self.execute(
            "UPDATE mandates
             SET ended_at_us = $2, ended_by = $1, code_hash = NULL
             WHERE (represented = $1 OR agent = $1 OR granted_by = $1) AND ended_at_us IS NULL",
            params![party, now],
        )
    }
}

impl Reader {
    /// A mandate.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_mandate(&mut self, id: MandateId) -> Result<Option<MandateRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM mandates WHERE id = $1");
        self.query_opt(&sql, params![id])?.map(read_mandate).transpose()
    }

    /// The mandate that a code takes.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn find_mandate_by_code(&mut self, code_hash: &[u8; 32]) -> Result<Option<MandateRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM mandates WHERE code_hash = $1");
        self.query_opt(&sql, params![*code_hash])?.map(read_mandate).transpose()
    }

    /// Mandates to act for somebody, latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_mandates_for(&mut self, represented: PartyId, limit: u32) -> Result<Vec<MandateRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM mandates WHERE represented = $1 ORDER BY id DESC LIMIT $2");
        self.query(&sql, params![represented, limit])?.into_iter().map(read_mandate).collect()
    }

    /// Mandates that somebody has, latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_mandates_of(&mut self, agent: PartyId, limit: u32) -> Result<Vec<MandateRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM mandates WHERE agent = $1 ORDER BY id DESC LIMIT $2");
        self.query(&sql, params![agent, limit])?.into_iter().map(read_mandate).collect()
    }

    /// Mandates of a guardian that were not ended, by id; those whose time is over among them.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_guardian_mandates_of(&mut self, guardian: PartyId) -> Result<Vec<MandateRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM mandates WHERE agent = $1 AND basis = $2 AND ended_at_us IS NULL ORDER BY id"
        );
        self.query(&sql, params![guardian, Basis::Guardian])?.into_iter().map(read_mandate).collect()
    }

    /// What was done for somebody, latest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database does not answer.
    pub fn list_mandate_acts(&mut self, represented: PartyId, limit: u32) -> Result<Vec<MandateActRow>, StoreError> {
        let sql = format!("SELECT {ACT_COLUMNS} FROM mandate_acts WHERE represented = $1 ORDER BY id DESC LIMIT $2");
        self.query(&sql, params![represented, limit])?.into_iter().map(read_act).collect()
    }
}

/// What an event is to who is represented; `None` for what follows from another event.
const fn act_of(body: &EventBody) -> Option<MandateAct> {
    match body {
        EventBody::Reported(_) => Some(MandateAct::Applied),
        EventBody::Corrected { .. } => Some(MandateAct::Corrected),
        EventBody::Moved(_) | EventBody::Rated { .. } => Some(MandateAct::Moved),
        EventBody::Booked { .. } | EventBody::VisitEnded { .. } => Some(MandateAct::Booked),
        EventBody::Paying { .. } => Some(MandateAct::Paid),
        _ => None,
    }
}

fn values(mandate: &MandateRow) -> Vec<Value> {
    let services = mandate.services.as_ref().map(|services| {
        let words: Vec<&str> = services.iter().map(ServiceId::as_str).collect();
        words.join(",")
    });
    let (office, role) = mandate.post.clone().unzip();
    params![
        mandate.id,
        mandate.represented,
        mandate.agent,
        mandate.basis,
        mandate.granted_by,
        services,
        mandate.departments,
        office,
        role,
        mandate.code_hash,
        mandate.code_until,
        mandate.created_at,
        mandate.taken_at,
        mandate.confirmed_at,
        mandate.until,
        mandate.ended_at,
        mandate.ended_by
    ]
    .to_vec()
}

fn read_mandate(mut row: Row) -> Result<MandateRow, StoreError> {
    let (id, represented, agent) =
        (row.next("mandates.id")?, row.next("mandates.represented")?, row.next("mandates.agent")?);
    let (basis, granted_by) = (row.next("mandates.basis")?, row.next("mandates.granted_by")?);
    let services: Option<String> = row.next("mandates.services")?;
    let parse = |text: String| {
        let words = text.split(',').filter(|word| !word.is_empty());
        words.map(str::parse).collect::<Result<Vec<ServiceId>, _>>()
    };
    let services = services.map(parse).transpose().map_err(|_| StoreError::corrupt("mandates.services"))?;
    let departments = row.next("mandates.departments")?;
    let (office, role): (Option<OfficeId>, Option<RoleId>) = (row.next("mandates.office")?, row.next("mandates.role")?);
    Ok(MandateRow {
        id,
        represented,
        agent,
        basis,
        granted_by,
        services,
        departments,
        post: office.zip(role),
        code_hash: row.next("mandates.code_hash")?,
        code_until: row.next("mandates.code_until_us")?,
        created_at: row.next("mandates.created_at_us")?,
        taken_at: row.next("mandates.taken_at_us")?,
        confirmed_at: row.next("mandates.confirmed_at_us")?,
        until: row.next("mandates.until_us")?,
        ended_at: row.next("mandates.ended_at_us")?,
        ended_by: row.next("mandates.ended_by")?,
    })
}

fn read_act(mut row: Row) -> Result<MandateActRow, StoreError> {
    Ok(MandateActRow {
        id: row.next("mandate_acts.id")?,
        at: row.next("mandate_acts.at_us")?,
        mandate: row.next("mandate_acts.mandate")?,
        agent: row.next("mandate_acts.agent")?,
        represented: row.next("mandate_acts.represented")?,
        act: row.next("mandate_acts.act")?,
        service: row.next("mandate_acts.service")?,
        case_no: row.next("mandate_acts.case_no")?,
        action: row.next("mandate_acts.action")?,
    })
}
