//! Entering a state: who owes the next move, and by when. Shared by opening a case and by moving one.
//!
//! Pure: the instant is an argument, nothing is stored.

use std::collections::BTreeMap;

use model::{
    CaseNo, CategoryId, ClockName, ConditionId, EventBody, EvidenceId, Instant, Limit, OfficeId, Place, ProcessId,
    RegionId, Reported, Reporter, StateId, Task,
};

use crate::{Compiled, Condition, LimitRule, Process};

/// What of a case decides its tasks and limits.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its category.
    pub category: &'a CategoryId,
    /// Its filing condition; the category's first one stands in while none is chosen.
    pub condition: Option<&'a ConditionId>,
    /// The region it lies in.
    pub region: &'a RegionId,
    /// The department that handles it, once named.
    pub handler: Option<&'a OfficeId>,
}

/// Why a state cannot be entered. Each one is a fault of the pack or of the clock, not of the person acting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnterError {
    /// The category, or the process it names, is not in the pack.
    #[error("category {0} has no process in this city")]
    Process(CategoryId),
    /// The state is not in the process.
    #[error("state {0} is not in the process of the case")]
    State(StateId),
    /// No office fits the task.
    #[error("no office is set up to take state {state} in region {region}")]
    Office {
        /// The state.
        state: StateId,
        /// The region of the case.
        region: RegionId,
    },
    /// The limit cannot be counted.
    #[error("the limit of state {state} cannot be counted: {why}")]
    Limit {
        /// The state.
        state: StateId,
        /// What the calendar said.
        why: String,
    },
}

/// The task that waits in a state; `None` in a final one.
///
/// # Errors
/// [`EnterError::State`] and [`EnterError::Office`].
pub fn task_in(
    compiled: &Compiled,
    process: &Process,
    state: &StateId,
    subject: &Subject<'_>,
) -> Result<Option<Task>, EnterError> {
    let rules = process.states.get(state).ok_or_else(|| EnterError::State(state.clone()))?;
    let Some(rule) = &rules.task else { return Ok(None) };
    let office = compiled
        .city
        .office_for(&rule.office, subject.region, subject.handler, subject.category)
        .ok_or_else(|| EnterError::Office { state: state.clone(), region: subject.region.clone() })?;
    Ok(Some(Task { role: rule.role.clone(), office, clock: rule.limit.clock(), assignee: None }))
}

/// The event that begins a clock of a state; `None` where the state sets that clock no limit. Handling is limited by two:
/// what the filing condition says ([`ClockName::Disposal`]), and what the law does ([`ClockName::Legal`]).
///
/// # Errors
/// [`EnterError::State`] and [`EnterError::Limit`].
pub fn clock_in(
    compiled: &Compiled,
    process: &Process,
    state: &StateId,
    subject: &Subject<'_>,
    clock: ClockName,
    now: Instant,
) -> Result<Option<EventBody>, EnterError> {
    let rules = process.states.get(state).ok_or_else(|| EnterError::State(state.clone()))?;
    let Some(rule) = &rules.task else { return Ok(None) };
    let (limit, calendar) = match (&rule.limit, clock) {
        (LimitRule::Fixed { limit, calendar }, ClockName::Task) => (Some(*limit), calendar),
        (LimitRule::Category { calendar }, ClockName::Disposal) => (category_limit(compiled, subject), calendar),
        (LimitRule::Category { calendar }, ClockName::Legal) => (legal_limit(compiled, subject), calendar),
        _ => return Ok(None),
    };
    let Some(limit) = limit else { return Ok(None) };
    let fault = |why: String| EnterError::Limit { state: state.clone(), why };
    let rules = compiled.calendars.get(calendar).map_err(|error| fault(error.to_string()))?;
    let due_at = rules.due(limit, now).map_err(|error| fault(error.to_string()))?;
    Ok(Some(EventBody::ClockStarted { clock, limit: Some(limit), calendar: Some(calendar.clone()), due_at }))
}

/// The limit of the filing condition, or of the category's first one while none is chosen.
pub fn category_limit(compiled: &Compiled, subject: &Subject<'_>) -> Option<Limit> {
    condition_of(compiled, subject)?.limit
}

/// The longest the law allows for the same.
fn legal_limit(compiled: &Compiled, subject: &Subject<'_>) -> Option<Limit> {
    condition_of(compiled, subject)?.legal_limit
}

fn condition_of<'a>(compiled: &'a Compiled, subject: &Subject<'_>) -> Option<&'a Condition> {
    let category = compiled.city.categories.get(subject.category)?;
    let chosen = subject.condition.and_then(|id| category.conditions.iter().find(|condition| condition.id == *id));
    chosen.or(category.conditions.first())
}

/// What is known of a case that begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// The number people see.
    pub no: CaseNo,
    /// What kind of thing.
    pub category: CategoryId,
    /// Which filing condition, when known.
    pub condition: Option<ConditionId>,
    /// In the reporter's words.
    pub description: String,
    /// Where.
    pub place: Place,
    /// By which way in.
    pub channel: String,
    /// Who reported it.
    pub reporter: Reporter,
    /// Pictures and other files.
    pub evidence: Vec<EvidenceId>,
    /// Answers to the category's form.
    pub answers: BTreeMap<String, serde_json::Value>,
    /// What was applied for, when it is an application.
    pub application: Option<model::Application>,
    /// Its id in the system it came from.
    pub source_id: Option<String>,
}

impl Opening {
    /// The process the case follows.
    ///
    /// # Errors
    /// [`EnterError::Process`] when the pack has none for its category.
    pub fn process<'a>(&self, compiled: &'a Compiled) -> Result<(&'a ProcessId, &'a Process), EnterError> {
        compiled.city.process_of(&self.category).ok_or_else(|| EnterError::Process(self.category.clone()))
    }

    /// The first event of the case: what was reported, the first state and its task.
    ///
    /// # Errors
    /// [`EnterError`] when the pack leaves the first state without a process, an office or a limit.
    pub fn reported(self, compiled: &Compiled) -> Result<Reported, EnterError> {
        let (process_id, process) = self.process(compiled)?;
        let state = process.states.get(&process.first).ok_or_else(|| EnterError::State(process.first.clone()))?;
        let task = task_in(compiled, process, &process.first, &self.subject())?;
        Ok(Reported {
            no: self.no,
            pack: compiled.hash,
            process: process_id.clone(),
            category: self.category,
            condition: self.condition,
            description: self.description,
            place: self.place,
            channel: self.channel,
            reporter: self.reporter,
            evidence: self.evidence,
            answers: self.answers,
            application: self.application,
            source_id: self.source_id,
            state: process.first.clone(),
            stage: state.stage.clone(),
            task,
        })
    }

    /// The events that open the case: what was reported, and the clock of the first task.
    ///
    /// # Errors
    /// As [`Opening::reported`].
    pub fn bodies(self, compiled: &Compiled, now: Instant) -> Result<Vec<EventBody>, EnterError> {
        let (_, process) = self.process(compiled)?;
        let clocks = [ClockName::Task, ClockName::Disposal, ClockName::Legal]
            .into_iter()
            .map(|clock| clock_in(compiled, process, &process.first, &self.subject(), clock, now))
            .collect::<Result<Vec<_>, _>>()?;
        let reported = self.reported(compiled)?;
        Ok(std::iter::once(EventBody::Reported(Box::new(reported))).chain(clocks.into_iter().flatten()).collect())
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            category: &self.category,
            condition: self.condition.as_ref(),
            region: &self.place.region,
            handler: None,
        }
    }
}
