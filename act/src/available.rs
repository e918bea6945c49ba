//! Which actions a person may take on a case now. The faces show exactly these; a refusal names them.

use model::{Actor, Case, Instant, Outcome, PartyId, PaymentId};
use pack::{Action, Compiled, Effect, Process, Target};

use crate::acting::{Acting, admitted};

/// The actions this person may take now, in the process's order.
pub fn available<'a>(case: &Case, compiled: &'a Compiled, acting: &Acting, now: Instant) -> Vec<&'a Action> {
    let Some(process) = compiled.city.processes.get(&case.process) else { return Vec::new() };
    let possible = |action: &&Action| obstacle(case, compiled, action, now).is_none();
    let theirs = |action: &&Action| {
        admitted(case, &compiled.city, action, acting).is_some_and(|actor| own_work(case, action, &actor).is_none())
    };
    process.actions.iter().filter(possible).filter(theirs).collect()
}

/// The actions that the state of the case allows to somebody, in the process's order.
pub fn offered<'a>(case: &Case, compiled: &Compiled, process: &'a Process, now: Instant) -> Vec<&'a Action> {
    process.actions.iter().filter(|action| obstacle(case, compiled, action, now).is_none()).collect()
}

/// Why the state of the case does not allow an action to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Not in this state.
    State,
    /// The time for it is over.
    Expired,
    /// It was taken too recently.
    TooSoon(Instant),
    /// There is nothing for it to act on (a task already claimed or not claimed, no earlier state, a report others have joined).
    Moot,
}

/// What stands in the way of an action in the present state of the case, whoever takes it.
pub fn obstacle(case: &Case, compiled: &Compiled, action: &Action, now: Instant) -> Option<Obstacle> {
    if !action.from.contains(&case.state) {
        return Some(Obstacle::State);
    }
    if is_withdrawal(case, compiled, action) && !case.joined.is_empty() {
        return Some(Obstacle::Moot);
    }
    if let (Some(within), Some(closed_at)) = (&action.within, case.closed_at) {
        let last =
            compiled.calendars.get(&within.calendar).and_then(|calendar| calendar.due(within.limit, closed_at)).ok();
        if last.is_none_or(|last| last < now) {
            return Some(Obstacle::Expired);
        }
    }
    if let (Some(pause), Some(acted_at)) = (&action.not_again_before, case.acted_at.get(&action.id)) {
        let next =
            compiled.calendars.get(&pause.calendar).and_then(|calendar| calendar.due(pause.limit, *acted_at)).ok();
        if let Some(next) = next.filter(|next| now < *next) {
            return Some(Obstacle::TooSoon(next));
        }
    }
    let is_moot = match action.effect {
        Some(Effect::Claim) => case.task.as_ref().is_none_or(|task| task.assignee.is_some()),
        Some(Effect::Release) => case.task.as_ref().is_none_or(|task| task.assignee.is_none()),
        Some(Effect::Assign) => case.task.is_none(),
        Some(Effect::Rate) => case.rating.is_some(),
        Some(Effect::Refund) => refundable(case).is_none(),
        Some(Effect::Reclassify | Effect::Issue | Effect::Revoke) | None => {
            matches!(action.to, Target::Previous) && case.previous.is_none()
        }
    };
    is_moot.then_some(Obstacle::Moot)
}

/// The payment of which a part can still be given back, and how much of it.
pub(crate) fn refundable(case: &Case) -> Option<(PaymentId, i64)> {
    let mut payments = case.payments.iter().map(|(id, payment)| (*id, payment.refundable()));
    payments.rfind(|(_, left)| *left > 0)
}

/// Taking a report back. Once others have joined it is theirs as well, and nobody may take it from them.
fn is_withdrawal(case: &Case, compiled: &Compiled, action: &Action) -> bool {
    let Target::State(to) = &action.to else { return false };
    let state = compiled.city.process(&case.process).and_then(|process| process.state(to));
    state.is_some_and(|state| state.outcome == Some(Outcome::Withdrawn))
}

/// The earlier action by which this person did the work they would now judge (nobody closes their own work). It
/// counts in whatever round it was done: who handled a case once never checks or closes it, reworked or reopened.
pub fn own_work<'a>(case: &Case, action: &'a Action, actor: &Actor) -> Option<&'a model::ActionId> {
    own_work_of(case, action, actor.party()?)
}

/// The same for a person an action names: nobody is given their own work to judge.
pub fn own_work_of<'a>(case: &Case, action: &'a Action, party: PartyId) -> Option<&'a model::ActionId> {
    action.separate_from.iter().find(|earlier| case.done_by.get(*earlier).is_some_and(|doers| doers.contains(&party)))
}
