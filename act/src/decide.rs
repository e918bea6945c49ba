//! The decision: a case, an action and its answers become events, or a refusal that says why.

use std::collections::BTreeMap;

use model::{ActionId, Case, ClockName, ClockState, EventBody, Instant, LicenceId, Limit, Moved, NewEvent, StateId};
use pack::enter::{EnterError, Subject, category_limit, clock_in, task_in};
use pack::{Action, ClockEffect, Compiled, Effect, FieldKind, LimitRule, OfficeRule, Process, Target};
use serde_json::Value;

use crate::acting::{Acting, admitted};
use crate::available::{Obstacle, available, obstacle, own_work, own_work_of, refundable};
use crate::visits::unneeded_visit;
use pack::answers::{Answers, FieldFault, parse_answers};

/// An action to take, with its answers by field id.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionInput {
    /// Which action.
    pub action: ActionId,
    /// The answers, as they came in.
    pub answers: BTreeMap<String, Value>,
}

/// Why an action was refused. Every variant says what can be done instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The state does not allow it, or it never does.
    #[error("{action} is not possible while the case is {state}")]
    NotAllowed {
        /// What was tried.
        action: ActionId,
        /// The state of the case.
        state: StateId,
        /// What this person may do now.
        allowed: Vec<ActionId>,
    },
    /// It is possible, but not for this person.
    #[error("{action} is for somebody else: another role, office, region or assignee")]
    NotYours {
        /// What was tried.
        action: ActionId,
        /// What this person may do now.
        allowed: Vec<ActionId>,
    },
    /// They did the work they would judge.
    #[error("{action} must be taken by somebody other than the person who did {earlier}")]
    OwnWork {
        /// What was tried.
        action: ActionId,
        /// What they did before.
        earlier: ActionId,
        /// What this person may do now.
        allowed: Vec<ActionId>,
    },
    /// Its time is over.
    #[error("the time for {action} is over")]
    Expired {
        /// What was tried.
        action: ActionId,
        /// What this person may do now.
        allowed: Vec<ActionId>,
    },
    /// It was taken too recently.
    #[error("{action} can be taken again from {next}")]
    TooSoon {
        /// What was tried.
        action: ActionId,
        /// From when.
        next: Instant,
        /// What this person may do now.
        allowed: Vec<ActionId>,
    },
    /// The fee is not here yet.
    #[error("{action} waits for the fee, which has not been paid yet")]
    Unpaid {
        /// What was tried.
        action: ActionId,
        /// What this person may do now.
        allowed: Vec<ActionId>,
    },
    /// A licence that was given as material was revoked since.
    #[error(
        "{action} rests on licence {licence}, which was revoked after the application was handed in; refuse it, or have it applied for again with another paper"
    )]
    MaterialRevoked {
        /// What was tried.
        action: ActionId,
        /// The licence.
        licence: LicenceId,
        /// What this person may do now.
        allowed: Vec<ActionId>,
    },
    /// Answers do not fit.
    #[error("{} answers do not fit: {}", .0.len(), .0.iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect::<Vec<_>>().join("; "))]
    Answers(Vec<FieldFault>),
    /// The pack leaves the next task without an office or a limit.
    #[error(transparent)]
    Pack(#[from] EnterError),
    /// The case names a process or a calendar its pack does not have.
    #[error("the pack of the case has no {0}")]
    Broken(String),
}

/// Decides an action. Pure: the same arguments give the same events.
///
/// # Errors
/// [`Refusal`], with nothing changed.
pub fn decide(
    case: &Case,
    compiled: &Compiled,
    acting: &Acting,
    input: &ActionInput,
    now: Instant,
) -> Result<Vec<NewEvent>, Refusal> {
    let process = compiled
        .city
        .processes
        .get(&case.process)
        .ok_or_else(|| Refusal::Broken(format!("process {}", case.process)))?;
    let allowed =
        || available(case, compiled, acting, now).into_iter().map(|action| action.id.clone()).collect::<Vec<_>>();
    let not_allowed =
        || Refusal::NotAllowed { action: input.action.clone(), state: case.state.clone(), allowed: allowed() };
    let action = process.actions.iter().find(|action| action.id == input.action).ok_or_else(not_allowed)?;
    match obstacle(case, compiled, action, now) {
        None => {}
        Some(Obstacle::State | Obstacle::Moot) => return Err(not_allowed()),
        Some(Obstacle::Expired) => return Err(Refusal::Expired { action: action.id.clone(), allowed: allowed() }),
        Some(Obstacle::TooSoon(next)) => {
            return Err(Refusal::TooSoon { action: action.id.clone(), next, allowed: allowed() });
        }
    }
    let actor = admitted(case, &compiled.city, action, acting)
        .ok_or_else(|| Refusal::NotYours { action: action.id.clone(), allowed: allowed() })?;
    if let Some(earlier) = own_work(case, action, &actor) {
        return Err(Refusal::OwnWork { action: action.id.clone(), earlier: earlier.clone(), allowed: allowed() });
    }
    if is_unpaid(case, compiled, action) {
        return Err(Refusal::Unpaid { action: action.id.clone(), allowed: allowed() });
    }
    let answers = parse_answers(&compiled.city, &action.fields, &input.answers).map_err(Refusal::Answers)?;
    if let Some(earlier) = answers.person.and_then(|person| own_work_of(case, action, person)) {
        let message = format!("did {earlier} on this case; nobody judges their own work");
        return Err(Refusal::Answers(vec![FieldFault { field: "person".to_owned(), message }]));
    }
    let move_ = Move { case, compiled, process, action, answers, now };
    let bodies = move_.bodies()?;
    Ok(bodies.into_iter().map(|body| NewEvent { at: now, actor: actor.clone(), body }).collect())
}

/// Whether an action grants what has not been paid for.
fn is_unpaid(case: &Case, compiled: &Compiled, action: &Action) -> bool {
    let grants = action.effect == Some(Effect::Issue);
    let service = compiled.city.service_of(&case.category);
    let due = service.and_then(|(_, service)| service.fee_due(case.application.as_ref()));
    grants && due.is_some() && !case.is_paid()
}

/// An amount such as `12.5` in the smallest unit of the currency.
fn smallest_unit(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let hundredths = format!("{part:0<2}");
    let is_amount = !whole.is_empty() && hundredths.len() == 2 && whole.len() <= 9;
    let digits = format!("{whole}{hundredths}");
    if is_amount && digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// One admitted action on its way to events.
struct Move<'a> {
    case: &'a Case,
    compiled: &'a Compiled,
    process: &'a Process,
    action: &'a Action,
    answers: Answers,
    now: Instant,
}

impl Move<'_> {
    fn bodies(&self) -> Result<Vec<EventBody>, Refusal> {
        if self.action.effect == Some(Effect::Claim) {
            return Ok(vec![EventBody::Claimed]);
        }
        let to = self.target()?;
        let is_move = to != self.case.state;
        let subject = self.subject();
        let mut bodies = self.before_move(is_move)?;
        bodies.push(EventBody::Moved(Box::new(self.moved(&to, &subject)?)));
        bodies.extend(self.effect_bodies());
        bodies.extend(self.refund()?);
        if self.process.states.get(&to).is_some_and(|state| state.outcome.is_some()) {
            bodies.extend(unneeded_visit(self.case));
        }
        if is_move || self.is_passed_on(&to) {
            bodies.extend(self.clocks_after_move(&to, &subject)?);
        }
        Ok(bodies)
    }

    fn target(&self) -> Result<StateId, Refusal> {
        let poor = self.action.poor.as_ref().filter(|poor| self.answers.stars.is_some_and(|stars| stars <= poor.stars));
        if let Some(poor) = poor {
            return Ok(poor.to.clone());
        }
        match &self.action.to {
            Target::State(state) => Ok(state.clone()),
            Target::Stay => Ok(self.case.state.clone()),
            Target::Previous => self.case.previous.clone().ok_or_else(|| Refusal::Broken("earlier state".to_owned())),
        }
    }

    /// The case as this action leaves it, as far as tasks and limits depend on it.
    fn subject(&self) -> Subject<'_> {
        let (category, condition) = match &self.answers.condition {
            Some((category, condition)) => (category, condition.as_ref()),
            None => (&self.case.category, self.case.condition.as_ref()),
        };
        let handler = self.answers.handler.as_ref().or(self.case.handler.as_ref());
        Subject { category, condition, region: &self.case.place.region, handler }
    }

    /// True when the case stays in a state that its handler owes, but another department becomes the handler.
    fn is_passed_on(&self, to: &StateId) -> bool {
        let rule = self.process.states.get(to).and_then(|state| state.task.as_ref());
        *to == self.case.state && rule.is_some_and(|rule| rule.office == OfficeRule::Handler) && !self.is_same_handler()
    }

    fn is_same_handler(&self) -> bool {
        self.answers.handler.as_ref().is_none_or(|handler| self.case.handler.as_ref() == Some(handler))
    }

    fn moved(&self, to: &StateId, subject: &Subject<'_>) -> Result<Moved, Refusal> {
        let state = self.process.states.get(to).ok_or_else(|| EnterError::State(to.clone()))?;
        let is_same_task = *to == self.case.state && !self.is_passed_on(to);
        let mut task =
            if is_same_task { self.case.task.clone() } else { task_in(self.compiled, self.process, to, subject)? };
        if let (Some(Effect::Release | Effect::Assign), Some(task)) = (self.action.effect, &mut task) {
            task.assignee = self.answers.person;
        }
        let is_handled = matches!(task.as_ref().map(|task| task.clock), Some(ClockName::Disposal));
        // A case sent to be handled without a department named goes where routing sends it; the event says where.
        let routed =
            (is_handled && subject.handler.is_none()).then(|| task.as_ref().map(|task| task.office.clone())).flatten();
        Ok(Moved {
            action: self.action.id.clone(),
            from: self.case.state.clone(),
            to: to.clone(),
            stage: state.stage.clone(),
            task,
            handler: self.answers.handler.clone().or(routed),
            outcome: state.outcome,
            tally: self.action.tally,
            reason: self.answers.reason.clone(),
            note: self.answers.note.clone(),
            public: self.action.public_title.is_some(),
            evidence: self.answers.evidence.clone(),
            answers: self.answers.others.clone(),
        })
    }

    fn effect_bodies(&self) -> Vec<EventBody> {
        let mut bodies = Vec::new();
        if let Some((category, condition)) = &self.answers.condition {
            let is_change = *category != self.case.category || *condition != self.case.condition;
            if is_change {
                bodies.push(EventBody::Reclassified { category: category.clone(), condition: condition.clone() });
            }
        }
        if self.action.effect == Some(Effect::Revoke) {
            let standing = self.case.licences.iter().filter(|(_, issue)| issue.revoked_at.is_none());
            bodies.extend(standing.map(|(licence, _)| EventBody::Revoked { licence: *licence }));
        }
        if let (Some(Effect::Rate), Some(stars)) = (self.action.effect, self.answers.stars) {
            bodies.push(EventBody::Rated { stars, note: self.answers.note.clone() });
        }
        bodies
    }

    /// A part of what was paid goes back: never more than was taken, less what was decided before.
    fn refund(&self) -> Result<Option<EventBody>, Refusal> {
        if self.action.effect != Some(Effect::Refund) {
            return Ok(None);
        }
        let fault = |message: String| Refusal::Answers(vec![FieldFault { field: "refund_amount".to_owned(), message }]);
        let (payment, left) =
            refundable(self.case).ok_or_else(|| fault("nothing is left to be given back".to_owned()))?;
        let asked = self.answers.others.get("refund_amount").and_then(Value::as_str).and_then(smallest_unit);
        let amount = asked.filter(|amount| (1..=left).contains(amount)).ok_or_else(|| {
            fault(format!("must be from 0.01 to {}.{:02}: that much is left of what was paid", left / 100, left % 100))
        })?;
        let before = self.case.payments.get(&payment).map_or(0, |payment| payment.refunds.len());
        let part = u32::try_from(before + 1).unwrap_or(u32::MAX);
        Ok(Some(EventBody::RefundAsked { payment, part, amount }))
    }

    /// Clock events that belong to the state being left: they come before the move, so that its step keeps them.
    fn before_move(&self, is_move: bool) -> Result<Vec<EventBody>, Refusal> {
        let mut bodies = Vec::new();
        if let Some(clock) = self.open_clock(ClockName::Disposal) {
            let effect =
                self.action.disposal.filter(|effect| !matches!(effect, ClockEffect::Start | ClockEffect::Resume));
            bodies.extend(self.apply(ClockName::Disposal, clock, effect)?);
        }
        if let Some(clock) = self.open_clock(ClockName::Legal) {
            // More time asked for is time of the promise: no office moves what the law allows.
            let is_common =
                |effect: &ClockEffect| matches!(effect, ClockEffect::Pause | ClockEffect::Stop | ClockEffect::Exempt);
            bodies.extend(self.apply(ClockName::Legal, clock, self.action.disposal.filter(is_common))?);
        }
        if let Some(clock) = self.open_clock(ClockName::Task) {
            if is_move {
                bodies.push(EventBody::ClockStopped { clock: ClockName::Task });
            } else {
                bodies.extend(self.apply(ClockName::Task, clock, self.action.task)?);
            }
        }
        Ok(bodies)
    }

    fn open_clock(&self, name: ClockName) -> Option<&ClockState> {
        self.case.clocks.get(&name).filter(|clock| clock.stopped_at.is_none())
    }

    fn apply(
        &self,
        name: ClockName,
        clock: &ClockState,
        effect: Option<ClockEffect>,
    ) -> Result<Vec<EventBody>, Refusal> {
        let pause = || -> Result<Option<EventBody>, Refusal> {
            let left_us = self.left_us(clock)?;
            Ok(clock.is_running().then_some(EventBody::ClockPaused { clock: name, left_us }))
        };
        Ok(match effect {
            None | Some(ClockEffect::Start) => Vec::new(),
            Some(ClockEffect::Pause) => pause()?.into_iter().collect(),
            Some(ClockEffect::Resume) => self.resumed(name, clock)?.into_iter().collect(),
            Some(ClockEffect::Stop) => vec![EventBody::ClockStopped { clock: name }],
            Some(ClockEffect::Exempt) => {
                std::iter::once(EventBody::ClockExempted { clock: name }).chain(pause()?).collect()
            }
            Some(ClockEffect::Extend) => self.extended(name, clock)?,
        })
    }

    fn calendar(&self, clock: &ClockState) -> Result<Option<(&pack::Calendar, Limit)>, Refusal> {
        let (Some(id), Some(limit)) = (&clock.calendar, clock.limit) else { return Ok(None) };
        let calendar = self.compiled.calendars.get(id).map_err(|_| Refusal::Broken(format!("calendar {id}")))?;
        Ok(Some((calendar, limit)))
    }

    /// Time left, in the limit's own kind of time; plain time where only the due instant is known.
    fn left_us(&self, clock: &ClockState) -> Result<i64, Refusal> {
        Ok(match self.calendar(clock)? {
            Some((calendar, limit)) => calendar.left(limit, self.now, clock.due_at),
            None => clock.due_at.micros_since(self.now),
        })
    }

    fn resumed(&self, name: ClockName, clock: &ClockState) -> Result<Option<EventBody>, Refusal> {
        let Some(left_us) = clock.paused_with_us else { return Ok(None) };
        let due_at = self.due_with(clock, left_us)?;
        Ok(Some(EventBody::ClockResumed { clock: name, due_at }))
    }

    fn due_with(&self, clock: &ClockState, left_us: i64) -> Result<Instant, Refusal> {
        Ok(match self.calendar(clock)? {
            Some((calendar, limit)) => calendar.advance(limit, self.now, left_us),
            None => self.now.plus_micros(left_us),
        })
    }

    /// More time: the limit asked for in this action, or the one last asked for, counted from the present due instant.
    fn extended(&self, name: ClockName, clock: &ClockState) -> Result<Vec<EventBody>, Refusal> {
        let by = self.answers.limit.or_else(|| self.limit_asked_for()).ok_or_else(|| {
            Refusal::Answers(vec![FieldFault {
                field: "limit".to_owned(),
                message: "no extension has been asked for".to_owned(),
            }])
        })?;
        let Some((calendar, limit)) = self.calendar(clock)? else {
            return Err(Refusal::Broken(format!("limit on the {} clock", name.as_str())));
        };
        let due_now = match clock.paused_with_us {
            Some(left_us) => calendar.advance(limit, self.now, left_us),
            None => clock.due_at,
        };
        let fault = |error: pack::CalendarError| {
            Refusal::Pack(EnterError::Limit { state: self.case.state.clone(), why: error.to_string() })
        };
        let due_at = calendar.due(by, due_now).map_err(fault)?;
        let mut bodies = vec![EventBody::ClockExtended { clock: name, by, due_at }];
        if clock.paused_with_us.is_some() {
            bodies.push(EventBody::ClockPaused { clock: name, left_us: calendar.left(limit, self.now, due_at) });
        }
        Ok(bodies)
    }

    /// What the last extension request asked for, wherever in the process its field stands.
    fn limit_asked_for(&self) -> Option<Limit> {
        let fields = self.process.actions.iter().flat_map(|action| &action.fields);
        let mut asked = fields.filter(|field| matches!(field.kind, FieldKind::Limit { .. }));
        asked.find_map(|field| self.case.answers.get(field.id.as_str())?.as_str()?.parse().ok())
    }

    /// Clock events of the state being entered: its own task clock, and the disposal clock where it is due to run.
    fn clocks_after_move(&self, to: &StateId, subject: &Subject<'_>) -> Result<Vec<EventBody>, Refusal> {
        let state = self.process.states.get(to).ok_or_else(|| EnterError::State(to.clone()))?;
        if state.outcome.is_some() {
            let open = [ClockName::Disposal, ClockName::Legal]
                .into_iter()
                .filter(|clock| self.action.disposal != Some(ClockEffect::Stop) && self.open_clock(*clock).is_some());
            return Ok(open.map(|clock| EventBody::ClockStopped { clock }).collect());
        }
        let Some(rule) = &state.task else { return Ok(Vec::new()) };
        match rule.limit {
            LimitRule::Category { .. } => {
                let mut bodies = self.disposal_clock(to, subject)?;
                bodies.extend(self.legal_clock(to, subject)?);
                Ok(bodies)
            }
            LimitRule::Fixed { .. } | LimitRule::None { .. } => {
                let mut bodies: Vec<_> = self.begun(to, subject, ClockName::Task)?.into_iter().collect();
                if self.action.disposal == Some(ClockEffect::Resume) {
                    for name in [ClockName::Disposal, ClockName::Legal] {
                        let clock = self.open_clock(name);
                        bodies.extend(clock.map(|clock| self.resumed(name, clock)).transpose()?.flatten());
                    }
                }
                Ok(bodies)
            }
        }
    }

    /// Entering a state that the disposal clock limits: a clock still running goes on, a paused one resumes for the
    /// same handler, and anything else begins anew (GB/T 30428: re-sent to another department, the limit restarts).
    /// It also begins anew when the case was filed under another condition meanwhile: that has a limit of its own.
    fn disposal_clock(&self, to: &StateId, subject: &Subject<'_>) -> Result<Vec<EventBody>, Refusal> {
        let limit = category_limit(self.compiled, subject);
        let is_same_limit = |clock: &ClockState| clock.limit.is_none() || limit.is_none() || clock.limit == limit;
        let is_start = self.action.disposal == Some(ClockEffect::Start);
        let goes_on = |clock: &&ClockState| !is_start || (self.is_same_handler() && is_same_limit(clock));
        match self.open_clock(ClockName::Disposal).filter(goes_on) {
            Some(clock) if clock.is_running() => Ok(Vec::new()),
            Some(clock) => Ok(self.resumed(ClockName::Disposal, clock)?.into_iter().collect()),
            None => Ok(self.begun(to, subject, ClockName::Disposal)?.into_iter().collect()),
        }
    }

    /// The clock of the law begins with the first such state and goes on from there, whoever handles the case: what the
    /// law allows does not begin anew.
    fn legal_clock(&self, to: &StateId, subject: &Subject<'_>) -> Result<Option<EventBody>, Refusal> {
        match self.open_clock(ClockName::Legal) {
            Some(clock) if clock.is_running() => Ok(None),
            Some(clock) => self.resumed(ClockName::Legal, clock),
            None => self.begun(to, subject, ClockName::Legal),
        }
    }

    fn begun(&self, to: &StateId, subject: &Subject<'_>, clock: ClockName) -> Result<Option<EventBody>, Refusal> {
        Ok(clock_in(self.compiled, self.process, to, subject, clock, self.now)?)
    }
}
