//! The case (案件): the one life-cycle object. Its state is the fold of its events, and nothing else.
//!
//! The fold validates order only, never policy: what was accepted once stays true under every later pack.

use std::collections::{BTreeMap, BTreeSet};

use crate::actor::{Actor, Reporter};
use crate::clock::{ClockName, ClockState};
use crate::correction::Correction;
use crate::event::{Application, Event, EventBody, Moved, Outcome, Reported, Tally, Task};
use crate::ids::{
    ActionId, CaseId, CaseNo, CategoryId, ConditionId, EvidenceId, LicenceId, OfficeId, PackHash, PartyId, PaymentId,
    ProcessId, StageId, StateId,
};
use crate::payment::{Payment, PaymentState, apply_payment};
use crate::place::Place;
use crate::time::Instant;
use crate::visit::{Booking, Issue, Visit, VisitState};

/// Why events do not fold into a case. Any of these means that the log is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// There was no event.
    #[error("a case needs at least one event")]
    Empty,
    /// The first event is not `reported`, or a later one is.
    #[error("event {version} of case {case} is {kind}: only the first may be, and must be, reported")]
    Order {
        /// The case.
        case: CaseId,
        /// The version at fault.
        version: u32,
        /// The kind found.
        kind: &'static str,
    },
    /// A version is missing or doubled.
    #[error("case {case} has version {found} where {expected} was due")]
    Gap {
        /// The case.
        case: CaseId,
        /// The version due.
        expected: u32,
        /// The version found.
        found: u32,
    },
    /// A clock was changed that never began.
    #[error("event {version} of case {case} names a clock that never began")]
    Clock {
        /// The case.
        case: CaseId,
        /// The version at fault.
        version: u32,
    },
}

/// One passage of the case through a state: who owed what, from when to when, and was it in time.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// 1 for the first, then 2, 3 …
    pub seq: u32,
    /// The state.
    pub state: StateId,
    /// Its stage.
    pub stage: StageId,
    /// Who owed it.
    pub task: Option<Task>,
    /// When it was entered.
    pub entered_at: Instant,
    /// When it was left; absent for the present one.
    pub left_at: Option<Instant>,
    /// By which action it was left.
    pub left_by: Option<ActionId>,
    /// The person whose action ended it.
    pub done_by: Option<PartyId>,
    /// When it was due, by the clock its task names; absent without a limit.
    pub due_at: Option<Instant>,
    /// True when the clock counts for nobody.
    pub exempt: bool,
}

/// A case, folded from its events.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The id.
    pub id: CaseId,
    /// The number people see.
    pub no: CaseNo,
    /// How many events it has: the version a command must name.
    pub version: u32,
    /// The pack it began under.
    pub pack: PackHash,
    /// The process it follows.
    pub process: ProcessId,
    /// What kind of thing.
    pub category: CategoryId,
    /// Which filing condition.
    pub condition: Option<ConditionId>,
    /// What the reporter said.
    pub description: String,
    /// Where.
    pub place: Place,
    /// By which way in.
    pub channel: String,
    /// Its id in the system it came from.
    pub source_id: Option<String>,
    /// What was applied for, when it is an application.
    pub application: Option<Application>,
    /// Every correction of the application, in order.
    pub corrections: Vec<Correction>,
    /// Who reported it.
    pub reporter: Reporter,
    /// Who joined it later.
    pub joined: Vec<Reporter>,
    /// When it was reported.
    pub opened_at: Instant,
    /// When its last event happened.
    pub updated_at: Instant,
    /// When it ended.
    pub closed_at: Option<Instant>,
    /// The present state.
    pub state: StateId,
    /// The stage of that state.
    pub stage: StageId,
    /// The present task.
    pub task: Option<Task>,
    /// The department that handles it.
    pub handler: Option<OfficeId>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Its clocks.
    pub clocks: BTreeMap<ClockName, ClockState>,
    /// How often each counted thing happened.
    pub tallies: BTreeMap<Tally, u32>,
    /// Escalation level: 0 at the task's own office.
    pub level: u8,
    /// The office that watches it since the last escalation.
    pub watcher: Option<OfficeId>,
    /// For each missed clock, the instant at which the case climbs a step if nothing happens.
    pub escalates: BTreeMap<ClockName, Instant>,
    /// Every file attached, by purpose (`report` for the reporter's own).
    pub evidence: BTreeMap<String, Vec<EvidenceId>>,
    /// Everybody on the staff who ever took each action, in whatever round, for the separation of duties.
    pub done_by: BTreeMap<ActionId, BTreeSet<PartyId>>,
    /// The last answer given to each field of an action, by field id.
    pub answers: BTreeMap<String, serde_json::Value>,
    /// The state left by the last action that moved the case, for "back to where it was".
    pub previous: Option<StateId>,
    /// The reporter's rating, 1 to 5.
    pub rating: Option<u8>,
    /// Every time at a window that was held for it, in order.
    pub bookings: Vec<Booking>,
    /// Every payment asked for on it.
    pub payments: BTreeMap<PaymentId, Payment>,
    /// Every licence issued on it, and whether it still stands.
    pub licences: BTreeMap<LicenceId, Issue>,
    /// When each action was last taken.
    pub acted_at: BTreeMap<ActionId, Instant>,
    /// Every passage through a state, in order; the last one is the present one.
    pub steps: Vec<Step>,
}

impl Case {
    /// Folds a case from all its events in order.
    ///
    /// # Errors
    /// [`FoldError`] when the events are not one unbroken history.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Self, FoldError> {
        let mut events = events.into_iter();
        let first = events.next().ok_or(FoldError::Empty)?;
        let mut case = Self::begin(first)?;
        for event in events {
            case.apply(event)?;
        }
        Ok(case)
    }

    /// The case as its first event leaves it.
    ///
    /// # Errors
    /// [`FoldError::Order`] when the event is not `reported`, [`FoldError::Gap`] when its version is not 1.
    pub fn begin(event: &Event) -> Result<Self, FoldError> {
        let EventBody::Reported(reported) = &event.body else {
            return Err(FoldError::Order { case: event.case, version: event.version, kind: event.body.kind() });
        };
        if event.version != 1 {
            return Err(FoldError::Gap { case: event.case, expected: 1, found: event.version });
        }
        Ok(Self::from_reported(event, reported))
    }

    fn from_reported(event: &Event, reported: &Reported) -> Self {
        let mut evidence = BTreeMap::new();
        if !reported.evidence.is_empty() {
            evidence.insert("report".to_owned(), reported.evidence.clone());
        }
        let mut case = Self {
            id: event.case,
            no: reported.no.clone(),
            version: 1,
            pack: reported.pack,
            process: reported.process.clone(),
            category: reported.category.clone(),
            condition: reported.condition.clone(),
            description: reported.description.clone(),
            place: reported.place.clone(),
            channel: reported.channel.clone(),
            source_id: reported.source_id.clone(),
            application: reported.application.clone(),
            corrections: Vec::new(),
            reporter: reported.reporter.clone(),
            joined: Vec::new(),
            opened_at: event.at,
            updated_at: event.at,
            closed_at: None,
            state: reported.state.clone(),
            stage: reported.stage.clone(),
            task: reported.task.clone(),
            handler: None,
            outcome: None,
            clocks: BTreeMap::new(),
            tallies: BTreeMap::new(),
            level: 0,
            watcher: None,
            escalates: BTreeMap::new(),
            evidence,
            done_by: BTreeMap::new(),
            answers: reported.answers.clone(),
            previous: None,
            rating: None,
            bookings: Vec::new(),
            payments: BTreeMap::new(),
            licences: BTreeMap::new(),
            acted_at: BTreeMap::new(),
            steps: Vec::new(),
        };
        case.enter_step(event.at);
        case
    }

    /// Applies the next event.
    ///
    /// # Errors
    /// [`FoldError`] when it is not the next one of this case.
    pub fn apply(&mut self, event: &Event) -> Result<(), FoldError> {
        if event.version != self.version + 1 {
            return Err(FoldError::Gap { case: self.id, expected: self.version + 1, found: event.version });
        }
        match &event.body {
            EventBody::Reported(_) => {
                return Err(FoldError::Order { case: self.id, version: event.version, kind: "reported" });
            }
            EventBody::Moved(moved) => self.apply_moved(event, moved),
            EventBody::Claimed => {
                if let Some(task) = &mut self.task {
                    task.assignee = event.actor.party();
                }
                self.set_step_task();
            }
            EventBody::Escalated { level, office, clock, next_at } => {
                self.level = *level;
                self.watcher = Some(office.clone());
                self.set_escalation(*clock, *next_at);
            }
            EventBody::Joined { reporter } => self.joined.push(reporter.clone()),
            EventBody::Reclassified { category, condition } => {
                self.category = category.clone();
                self.condition = condition.clone();
            }
            EventBody::Rated { stars, .. } => self.rating = Some(*stars),
            EventBody::Booked { visit } => {
                self.bookings.push(Booking { visit: visit.clone(), state: VisitState::Booked, ticket: None });
            }
            EventBody::VisitEnded { how } => self.set_booking(VisitState::Ended(*how), None),
            EventBody::Arrived { ticket } => self.set_booking(VisitState::Arrived, Some(ticket.clone())),
            body @ (EventBody::Paying { .. } | EventBody::RefundAsked { .. } | EventBody::RefundMade { .. }) => {
                apply_payment(&mut self.payments, body, event.at);
            }
            EventBody::Corrected { answers, commitment, fields, evidence } => {
                self.correct(event.at, (*answers, *commitment), fields, evidence);
            }
            EventBody::Extracted(_) => {}
            body @ (EventBody::Issued { .. } | EventBody::Revoked { .. }) => self.apply_licence(event, body),
            body => self.apply_clock(event, body)?,
        }
        self.version = event.version;
        // Who merely looks does not move a case up in anybody's list.
        if !matches!(event.body, EventBody::Looked { .. }) {
            self.updated_at = self.updated_at.max(event.at);
        }
        Ok(())
    }

    fn apply_licence(&mut self, event: &Event, body: &EventBody) {
        match body {
            EventBody::Issued { licence, index, expires_at } => {
                let issue = Issue { index: *index, issued_at: event.at, expires_at: *expires_at, revoked_at: None };
                self.licences.insert(*licence, issue);
            }
            EventBody::Revoked { licence } => {
                if let Some(issue) = self.licences.get_mut(licence) {
                    issue.revoked_at = Some(event.at);
                }
            }
            _ => {}
        }
    }

    fn set_booking(&mut self, state: VisitState, ticket: Option<String>) {
        if let Some(booking) = self.bookings.last_mut() {
            booking.state = state;
            booking.ticket = ticket;
        }
    }

    /// The time at a window that is held now, nobody having come yet.
    pub fn booked_visit(&self) -> Option<&Visit> {
        self.bookings.last().filter(|booking| booking.state == VisitState::Booked).map(|booking| &booking.visit)
    }

    /// Whether a fee asked for on it is here.
    pub fn is_paid(&self) -> bool {
        self.payments.values().any(|payment| payment.state == PaymentState::Captured)
    }

    fn apply_moved(&mut self, event: &Event, moved: &Moved) {
        if let Some(handler) = &moved.handler {
            self.handler = Some(handler.clone());
        }
        if let Some(tally) = moved.tally {
            *self.tallies.entry(tally).or_default() += 1;
        }
        for (purpose, files) in &moved.evidence {
            self.evidence.entry(purpose.clone()).or_default().extend_from_slice(files);
        }
        self.answers.extend(moved.answers.iter().map(|(field, answer)| (field.clone(), answer.clone())));
        self.acted_at.insert(moved.action.clone(), event.at);
        if let (Actor::Staff { .. }, Some(party)) = (&event.actor, event.actor.party()) {
            self.done_by.entry(moved.action.clone()).or_default().insert(party);
        }
        if moved.tally == Some(Tally::Reopened) {
            self.rating = None;
        }
        if moved.from == moved.to {
            self.task.clone_from(&moved.task);
            self.set_step_task();
            return;
        }
        self.leave_step(event, moved);
        self.previous = Some(moved.from.clone());
        self.state = moved.to.clone();
        self.stage = moved.stage.clone();
        self.task.clone_from(&moved.task);
        self.outcome = moved.outcome;
        self.closed_at = moved.outcome.map(|_| event.at);
        self.enter_step(event.at);
    }

    fn apply_clock(&mut self, event: &Event, body: &EventBody) -> Result<(), FoldError> {
        if let EventBody::ClockStarted { clock, limit, calendar, due_at } = body {
            let state = ClockState {
                limit: *limit,
                calendar: calendar.clone(),
                began_at: event.at,
                due_at: *due_at,
                paused_with_us: None,
                stopped_at: None,
                exempt: false,
                passed: false,
            };
            self.clocks.insert(*clock, state);
            self.calm(*clock);
            self.set_step_due();
            return Ok(());
        }
        let name = match body {
            EventBody::ClockPaused { clock, .. }
            | EventBody::ClockResumed { clock, .. }
            | EventBody::ClockExtended { clock, .. }
            | EventBody::ClockStopped { clock }
            | EventBody::ClockExempted { clock }
            | EventBody::DeadlinePassed { clock, .. } => *clock,
            _ => return Ok(()),
        };
        let clock = self.clocks.get_mut(&name).ok_or(FoldError::Clock { case: self.id, version: event.version })?;
        match body {
            EventBody::ClockPaused { left_us, .. } => clock.paused_with_us = Some(*left_us),
            EventBody::ClockResumed { due_at, .. } => {
                clock.due_at = *due_at;
                clock.paused_with_us = None;
                clock.passed = false;
            }
            EventBody::ClockExtended { due_at, .. } => {
                clock.due_at = *due_at;
                clock.passed = false;
            }
            EventBody::ClockStopped { .. } => clock.stopped_at = Some(event.at),
            EventBody::ClockExempted { .. } => clock.exempt = true,
            EventBody::DeadlinePassed { .. } => clock.passed = true,
            _ => {}
        }
        match body {
            EventBody::DeadlinePassed { next_at, .. } => self.set_escalation(name, *next_at),
            _ => self.calm(name),
        }
        self.set_step_due();
        Ok(())
    }

    fn set_escalation(&mut self, clock: ClockName, next_at: Option<Instant>) {
        match next_at {
            Some(at) => self.escalates.insert(clock, at),
            None => self.escalates.remove(&clock),
        };
    }

    /// A clock that changed no longer makes the case climb; once no clock is missed, nobody above watches it any more.
    fn calm(&mut self, clock: ClockName) {
        self.escalates.remove(&clock);
        if !self.clocks.values().any(ClockState::is_missed) {
            self.level = 0;
            self.watcher = None;
        }
    }

    fn enter_step(&mut self, at: Instant) {
        self.steps.push(Step {
            seq: u32::try_from(self.steps.len() + 1).unwrap_or(u32::MAX),
            state: self.state.clone(),
            stage: self.stage.clone(),
            task: self.task.clone(),
            entered_at: at,
            left_at: None,
            left_by: None,
            done_by: None,
            due_at: None,
            exempt: false,
        });
        self.set_step_due();
    }

    fn leave_step(&mut self, event: &Event, moved: &Moved) {
        if let Some(step) = self.steps.last_mut() {
            step.left_at = Some(event.at);
            step.left_by = Some(moved.action.clone());
            step.done_by = event.actor.party();
        }
    }

    fn set_step_task(&mut self) {
        let task = self.task.clone();
        if let Some(step) = self.steps.last_mut() {
            step.task = task;
        }
        self.set_step_due();
    }

    /// The present step is due when the clock its task names is. A stopped clock changes nothing: it was stopped in an
    /// earlier state and does not count, or in this one and has counted already.
    fn set_step_due(&mut self) {
        let Some(step) = self.steps.last_mut() else { return };
        let clock = step.task.as_ref().and_then(|task| self.clocks.get(&task.clock));
        if let Some(clock) = clock.filter(|clock| clock.stopped_at.is_none()) {
            step.due_at = Some(clock.due_at);
            step.exempt = clock.exempt;
        }
    }

    /// True while the case has not ended.
    pub const fn is_open(&self) -> bool {
        self.outcome.is_none()
    }

    /// How often a counted thing happened.
    pub fn tally(&self, tally: Tally) -> u32 {
        self.tallies.get(&tally).copied().unwrap_or(0)
    }

    /// The clock that limits the present task, when it has one that has not been stopped.
    pub fn task_clock(&self) -> Option<&ClockState> {
        let task = self.task.as_ref()?;
        self.clocks.get(&task.clock).filter(|clock| clock.stopped_at.is_none())
    }

    /// When the present task is due; absent without a limit and while its clock is paused.
    pub fn due_at(&self) -> Option<Instant> {
        self.task_clock().filter(|clock| clock.is_running()).map(|clock| clock.due_at)
    }

    /// The next instant at which a timer must look at this case: the earliest due instant not yet recorded as
    /// passed, the next step of its escalation, or the end of a booked visit.
    pub fn next_due_at(&self) -> Option<Instant> {
        let due = self
            .clocks
            .values()
            .filter(|clock| clock.is_running() && !clock.passed && !clock.exempt)
            .map(|clock| clock.due_at);
        let missed = self.booked_visit().map(|visit| visit.ends_at);
        due.chain(self.escalates.values().copied()).chain(missed).min()
    }
}
