//! A board to play the demo city on: one case, decided and folded without a database.
#![allow(clippy::unwrap_used, dead_code, reason = "shared by tests that use different parts of it")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use dipper_act::{Acting, ActionInput, Refusal, available, decide, overdue_events};
use model::{
    Actor, Case, CaseId, CaseNo, CategoryId, ConditionId, Event, EventBody, EventId, Grant, Instant, NewEvent, PartyId,
    Place, Reporter,
};
use pack::Compiled;
use pack::enter::Opening;
use serde_json::{Value, json};

/// A Monday, nine o'clock in the demo city.
pub const MONDAY: &str = "2026-11-02T09:00:00+08:00";

pub const MINUTE_US: i64 = 60_000_000;
pub const HOUR_US: i64 = 60 * MINUTE_US;
pub const DAY_US: i64 = 24 * HOUR_US;

pub fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// The demo city, loaded once.
pub fn demo() -> Arc<Compiled> {
    static DEMO: LazyLock<Arc<Compiled>> = LazyLock::new(|| {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/demo"));
        let loaded = pack::load(&folder).unwrap_or_else(|faults| panic!("{faults}"));
        Arc::new(Compiled::new(loaded.city).unwrap())
    });
    Arc::clone(&DEMO)
}

pub fn person(number: u128) -> PartyId {
    PartyId::new(Instant::from_micros(0), 1_000 + number)
}

/// Staff with one post, held for the whole city.
pub fn staff(number: u128, role: &str, office: &str) -> Acting {
    jack(number, &[(role, office)])
}

/// Staff with several posts.
pub fn jack(number: u128, posts: &[(&str, &str)]) -> Acting {
    let grant = |&(role, office): &(&str, &str)| Grant {
        role: role.parse().unwrap(),
        office: office.parse().unwrap(),
        region: "yaoguang".parse().unwrap(),
    };
    Acting::Staff { party: person(number), grants: posts.iter().map(grant).collect() }
}

pub fn resident() -> Acting {
    Acting::Resident { party: person(0) }
}

/// The id of an uploaded picture.
pub fn photo(number: u8) -> String {
    format!("{number:02x}").repeat(32)
}

pub fn answers(value: Value) -> BTreeMap<String, Value> {
    value.as_object().unwrap().iter().map(|(field, answer)| (field.clone(), answer.clone())).collect()
}

/// The report every board begins with: a well cover out of place, or what the test says.
pub fn opening(no: CaseNo, category: &str, condition: Option<&str>) -> Opening {
    Opening {
        no,
        category: category.parse::<CategoryId>().unwrap(),
        condition: condition.map(|condition| condition.parse::<ConditionId>().unwrap()),
        description: "井盖移位".to_owned(),
        place: Place {
            point: None,
            cell: None,
            region: "shuyuan".parse().unwrap(),
            address: Some("书院路".to_owned()),
        },
        channel: "resident".to_owned(),
        reporter: Reporter { party: Some(person(0)), client: None, contact: None },
        evidence: Vec::new(),
        answers: BTreeMap::new(),
        application: None,
        source_id: None,
    }
}

/// One case and its whole history.
#[derive(Clone)]
pub struct Board {
    pub compiled: Arc<Compiled>,
    pub case: Case,
    pub events: Vec<Event>,
    pub now: Instant,
}

impl Board {
    pub fn report(compiled: Arc<Compiled>, category: &str, condition: Option<&str>, now: &str) -> Self {
        let now = at(now);
        let bodies = opening("YG20261102-000001".parse().unwrap(), category, condition).bodies(&compiled, now).unwrap();
        let actor = Actor::Resident { party: person(0) };
        let mut events = Vec::new();
        for body in bodies {
            events.push(stored(NewEvent { at: now, actor: actor.clone(), body }, events.len()));
        }
        Self { compiled, case: Case::fold(&events).unwrap(), events, now }
    }

    /// A rubble heap in the demo city: five working days to clear it.
    pub fn rubble() -> Self {
        Self::report(demo(), "s0111", Some("found"), MONDAY)
    }

    pub fn append(&mut self, events: Vec<NewEvent>) {
        for event in events {
            let event = stored(event, self.events.len());
            self.case.apply(&event).unwrap();
            self.events.push(event);
        }
    }

    pub fn happen(&mut self, body: EventBody) {
        self.append(vec![NewEvent { at: self.now, actor: Actor::Anonymous, body }]);
    }

    pub fn decide(&self, acting: &Acting, action: &str, given: Value) -> Result<Vec<NewEvent>, Refusal> {
        let input = ActionInput { action: action.parse().unwrap(), answers: answers(given) };
        decide(&self.case, &self.compiled, acting, &input, self.now)
    }

    /// Takes an action that must be possible.
    pub fn act(&mut self, acting: &Acting, action: &str, given: Value) -> &mut Self {
        let events = self.decide(acting, action, given).unwrap_or_else(|refusal| panic!("{action}: {refusal}"));
        self.append(events);
        self
    }

    pub fn allowed(&self, acting: &Acting) -> Vec<String> {
        available(&self.case, &self.compiled, acting, self.now)
            .into_iter()
            .map(|action| action.id.to_string())
            .collect()
    }

    /// Moves the clock without letting timers run.
    pub fn later(&mut self, micros: i64) -> &mut Self {
        self.now = self.now.plus_micros(micros);
        self
    }

    /// Moves the clock; every timer fires at its own time.
    pub fn wait(&mut self, micros: i64) -> &mut Self {
        let until = self.now.plus_micros(micros);
        while let Some(due_at) = self.case.next_due_at().filter(|due_at| *due_at < until) {
            self.now = self.now.max(due_at.plus_micros(1));
            let owed = overdue_events(&self.case, &self.compiled, self.now);
            assert!(!owed.is_empty(), "a timer is set for {due_at} and nothing happens then");
            self.append(owed);
            assert!(self.events.len() < 2_000, "the deadlines never settle");
        }
        self.now = until;
        self
    }

    /// Brings a fresh report to a department.
    pub fn bring_to_department(&mut self, office: &str, category: &str, condition: &str) -> &mut Self {
        self.act(&acceptor(), "accept_seen", json!({"reason": "patrol"}))
            .act(&chief(), "file", json!({"condition": {"category": category, "condition": condition}}))
            .act(&dispatcher(), "dispatch", json!({"office": office}))
    }

    /// From handling to the collector's check.
    pub fn bring_to_check(&mut self, by: &Acting) -> &mut Self {
        self.act(by, "complete", json!({"after": [photo(1)], "note": "已清"})).act(
            &dispatcher(),
            "confirm_feedback",
            json!({}),
        )
    }

    pub fn state(&self) -> &str {
        self.case.state.as_str()
    }

    pub fn due(&self) -> String {
        self.case.due_at().map_or_else(|| "none".to_owned(), |at| at.to_string())
    }
}

pub fn acceptor() -> Acting {
    staff(1, "acceptor", "supervision_centre")
}

pub fn chief() -> Acting {
    staff(2, "duty_chief", "supervision_centre")
}

pub fn dispatcher() -> Acting {
    staff(3, "dispatcher", "command_centre")
}

pub fn collector(number: u128) -> Acting {
    staff(number, "collector", "shuyuan-collectors")
}

pub fn handler(number: u128, office: &str) -> Acting {
    staff(number, "department_handler", office)
}

fn stored(event: NewEvent, before: usize) -> Event {
    let version = u32::try_from(before + 1).unwrap();
    Event {
        position: i64::from(version),
        id: EventId::new(event.at, version.into()),
        case: CaseId::new(Instant::from_micros(0), 1),
        version,
        at: event.at,
        recorded_at: event.at,
        actor: event.actor,
        body: event.body,
    }
}
