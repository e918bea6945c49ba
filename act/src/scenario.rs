//! Plays the stories of a pack: a report, then what people do with it, against the real decisions and timers.
//!
//! No database: the events are kept in memory and folded, as everywhere else.

use std::collections::BTreeMap;

use model::{
    ActionId, Actor, Case, CaseId, CaseNo, ClockName, Event, EventBody, EventId, Grant, Instant, NewEvent, PartyId,
    PaymentId, PaymentState, Place, Reporter,
};
use pack::enter::Opening;
use pack::scenario::{Expect, ReportStep, Scenario, Step, StoryActor};
use pack::{Compiled, FieldKind};
use serde_json::Value;

use crate::acting::Acting;
use crate::decide::{ActionInput, decide};
use crate::timers::overdue_events;

/// What did not happen as the story says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryFault {
    /// The line of the scenario's file.
    pub line: usize,
    /// What was expected and what was found.
    pub message: String,
}

/// Timer rounds between two steps; a case climbs a handful of levels, so more means it never settles.
const ROUNDS_MAX: usize = 64;

/// Plays a story to its end, or to the first thing that goes otherwise.
///
/// # Errors
/// The faults of one step: a wrong state, office, deadline, or an action refused or not refused.
pub fn play(compiled: &Compiled, scenario: &Scenario) -> Result<(), Vec<StoryFault>> {
    let mut stage = open(compiled, &scenario.report)?;
    stage.check(scenario.report.line, &scenario.report.expect)?;
    for step in &scenario.steps {
        stage.pass_time(compiled, step.at, step.line)?;
        if step.pays {
            stage.pay(compiled, step)?;
        }
        if let Some((actor, action)) = &step.act {
            let acting = stage.acting(compiled, actor);
            let answers = stage.answers(compiled, action, &step.answers);
            let outcome =
                decide(&stage.case, compiled, &acting, &ActionInput { action: action.clone(), answers }, step.at);
            match (outcome, step.refused) {
                (Ok(events), false) => stage.append(events, step.line)?,
                (Err(_), true) => {}
                (Ok(_), true) => {
                    return fault(step.line, format!("{action} was taken, but the story says it is refused"));
                }
                (Err(refusal), false) => return fault(step.line, refusal.to_string()),
            }
        }
        stage.check(step.line, &step.expect)?;
    }
    Ok(())
}

fn fault<T>(line: usize, message: String) -> Result<T, Vec<StoryFault>> {
    Err(vec![StoryFault { line, message }])
}

/// The case of the story, and the people in it.
struct Stage {
    case: Case,
    position: i64,
    people: BTreeMap<String, PartyId>,
}

fn open(compiled: &Compiled, report: &ReportStep) -> Result<Stage, Vec<StoryFault>> {
    let point = report.point.and_then(|[lon, lat]| grid::LonLat::new(lon, lat).ok());
    let located = point.and_then(|point| compiled.atlas.locate(point));
    let region = report.region.clone().or(located).unwrap_or_else(|| compiled.city.root.clone());
    let cell = point.and_then(|point| grid::Cell::encode(point, grid::Level::L10).ok());
    let resident = person_id(1);
    let opening = Opening {
        no: CaseNo::from_parts(&compiled.city.case_prefix, 20_000_101, 1)
            .or_else(|error| fault(report.line, error.to_string()))?,
        category: report.category.clone(),
        condition: report.condition.clone(),
        description: String::new(),
        place: Place { point, cell, region, address: None },
        channel: "resident".to_owned(),
        reporter: Reporter { party: Some(resident), client: None, contact: None },
        evidence: Vec::new(),
        answers: BTreeMap::new(),
        application: None,
        source_id: None,
    };
    let bodies = opening.bodies(compiled, report.at).or_else(|error| fault(report.line, error.to_string()))?;
    let actor = Actor::Resident { party: resident };
    let mut events = bodies.into_iter().map(|body| NewEvent { at: report.at, actor: actor.clone(), body });
    let first = events.next().map(|event| stored(event, 1, 1));
    let case = first.as_ref().ok_or(()).and_then(|first| Case::begin(first).map_err(drop));
    let Ok(case) = case else { return fault(report.line, "the pack opens no case for this report".to_owned()) };
    let mut stage = Stage { case, position: 1, people: BTreeMap::from([("reporter".to_owned(), resident)]) };
    stage.append(events.collect(), report.line)?;
    Ok(stage)
}

fn person_id(number: u128) -> PartyId {
    PartyId::new(Instant::from_micros(0), number)
}

fn stored(event: NewEvent, position: i64, version: u32) -> Event {
    Event {
        position,
        id: EventId::new(event.at, position.unsigned_abs().into()),
        case: CaseId::new(Instant::from_micros(0), 1),
        version,
        at: event.at,
        recorded_at: event.at,
        actor: event.actor,
        body: event.body,
    }
}

impl Stage {
    fn append(&mut self, events: Vec<NewEvent>, line: usize) -> Result<(), Vec<StoryFault>> {
        for event in events {
            self.position += 1;
            let event = stored(event, self.position, self.case.version + 1);
            self.case.apply(&event).or_else(|error| fault(line, error.to_string()))?;
        }
        Ok(())
    }

    /// Fires every deadline up to an instant, each at its own time.
    fn pass_time(&mut self, compiled: &Compiled, until: Instant, line: usize) -> Result<(), Vec<StoryFault>> {
        for _ in 0..ROUNDS_MAX {
            let Some(due_at) = self.case.next_due_at().filter(|due_at| *due_at < until) else { return Ok(()) };
            let events = overdue_events(&self.case, compiled, due_at.plus_micros(1));
            if events.is_empty() {
                return fault(line, format!("a timer is set for {due_at} but nothing happens then"));
            }
            self.append(events, line)?;
        }
        fault(line, "the deadlines of the case never settle".to_owned())
    }

    /// The applicant pays all that is due, and the money comes.
    fn pay(&mut self, compiled: &Compiled, step: &Step) -> Result<(), Vec<StoryFault>> {
        let service = compiled.city.service_of(&self.case.category);
        let due = service.and_then(|(_, service)| service.fee_due(self.case.application.as_ref()));
        let (Some((_, service)), Some(amount)) = (service, due.filter(|_| !self.case.is_paid())) else {
            return fault(step.line, "nothing is to be paid".to_owned());
        };
        let payment = PaymentId::new(step.at, 1);
        let paying = |state, fees| NewEvent {
            at: step.at,
            actor: Actor::system("payments"),
            body: EventBody::Paying { payment, state, amount, reference: None, fees },
        };
        let asked = paying(PaymentState::Created, service.fees_of(self.case.application.as_ref()));
        let settled = [PaymentState::Authorised, PaymentState::Captured].map(|state| paying(state, Vec::new()));
        self.append(std::iter::once(asked).chain(settled).collect(), step.line)
    }

    fn acting(&mut self, compiled: &Compiled, actor: &StoryActor) -> Acting {
        match actor {
            StoryActor::Reporter => Acting::Resident { party: person_id(1) },
            StoryActor::Staff { role, office, person } => {
                let party = self.person(person);
                let region = compiled
                    .city
                    .office(office)
                    .map_or_else(|| compiled.city.root.clone(), |office| office.region.clone());
                Acting::Staff { party, grants: vec![Grant { role: role.clone(), office: office.clone(), region }] }
            }
        }
    }

    /// The same word is the same person.
    fn person(&mut self, word: &str) -> PartyId {
        let number = u128::try_from(self.people.len() + 1).unwrap_or(u128::MAX);
        *self.people.entry(word.to_owned()).or_insert_with(|| person_id(number))
    }

    /// Answers as the engine takes them: a person is named by the story's word.
    fn answers(
        &mut self,
        compiled: &Compiled,
        action: &ActionId,
        told: &serde_json::Map<String, Value>,
    ) -> BTreeMap<String, Value> {
        let process = compiled.city.processes.get(&self.case.process);
        let fields = process.and_then(|process| process.action(action)).map_or(&[][..], |action| &action.fields);
        let is_person =
            |id: &str| fields.iter().any(|field| field.id.as_str() == id && field.kind == FieldKind::Person);
        told.iter()
            .map(|(id, answer)| match answer.as_str().filter(|_| is_person(id)) {
                Some(word) => (id.clone(), self.person(word).to_string().into()),
                None => (id.clone(), answer.clone()),
            })
            .collect()
    }

    fn check(&self, line: usize, expect: &Expect) -> Result<(), Vec<StoryFault>> {
        let case = &self.case;
        let mut faults = Vec::new();
        let mut compare = |what: &str, expected: Option<String>, found: String| {
            if let Some(expected) = expected.filter(|expected| *expected != found) {
                faults.push(StoryFault { line, message: format!("{what} should be {expected}, is {found}") });
            }
        };
        let word = |word: Option<String>| word.unwrap_or_else(|| "none".to_owned());
        compare("state", expect.state.as_ref().map(ToString::to_string), case.state.to_string());
        let office = case.task.as_ref().map(|task| task.office.to_string());
        compare("office", expect.office.as_ref().map(ToString::to_string), word(office));
        compare(
            "handler",
            expect.handler.as_ref().map(ToString::to_string),
            word(case.handler.as_ref().map(ToString::to_string)),
        );
        let due_at = expect.due_at.map(|due_at| word(due_at.map(|at| at.to_string())));
        compare("due_at", due_at, word(case.due_at().map(|at| at.to_string())));
        let legal = case.clocks.get(&ClockName::Legal);
        let legal_due_at = expect.legal_due_at.map(|due_at| word(due_at.map(|at| at.to_string())));
        let running = legal.filter(|clock| clock.is_running()).map(|clock| clock.due_at.to_string());
        compare("legal_due_at", legal_due_at, word(running));
        let is_passed = legal.is_some_and(|clock| clock.passed);
        compare("legal_passed", expect.legal_passed.map(|passed| passed.to_string()), is_passed.to_string());
        compare(
            "outcome",
            expect.outcome.map(|outcome| outcome.as_str().to_owned()),
            word(case.outcome.map(|outcome| outcome.as_str().to_owned())),
        );
        compare("level", expect.level.map(|level| level.to_string()), case.level.to_string());
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}
