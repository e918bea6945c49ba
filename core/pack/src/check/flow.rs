//! How the states of a process hang together: every state reached, every state left, every action takeable.

use std::collections::{BTreeMap, BTreeSet};

use model::{Outcome, ProcessId, StateId};

use crate::city::{Target, Who};
use crate::faults::{At, Report};
use crate::source::types::{ActionSource, ProcessSource, StateSource};

type Edges<'a> = BTreeMap<&'a StateId, BTreeSet<&'a StateId>>;

/// Checks reachability, ways out and who may act where.
pub(super) fn check_flow(id: &At<ProcessId>, process: &ProcessSource, report: &mut Report) {
    let states: BTreeMap<&StateId, &StateSource> =
        process.states.items.iter().filter_map(|(id, state)| Some((&id.value, state.as_ref()?))).collect();
    let edges = edges_of(process);
    let reached = walk([&process.first.value], &edges);
    let finals = states.iter().filter(|(_, state)| state.outcome.is_some()).map(|(id, _)| *id);
    let leads_out = walk(finals, &reversed(&edges));
    let mut has_end = false;
    for (state_id, state) in &process.states.items {
        let name = &state_id.value;
        has_end |= state.as_ref().is_some_and(|state| state.outcome.is_some());
        if !reached.contains(name) {
            report.fault(state_id.at, format!("state {name} is never reached from {}", process.first.value));
        }
        if !leads_out.contains(name) {
            report.fault(state_id.at, format!("state {name} is dead: no way leads from it to an end"));
        }
    }
    if !has_end && !process.states.items.is_empty() {
        report.fault(process.first.at, format!("process {} never ends: no state has an outcome", id.value));
    }
    for action in &process.actions {
        check_takers(action, &states, report);
        check_own_work(action, &states, report);
    }
}

/// Moves between states. "Back to the previous one" leads to every state a case may have come from.
fn edges_of(process: &ProcessSource) -> Edges<'_> {
    let mut edges: Edges<'_> = BTreeMap::new();
    for action in &process.actions {
        if let Target::State(to) = &action.to.value {
            for from in &action.from.0 {
                edges.entry(&from.value).or_default().insert(to);
            }
        }
        if let Some(poor) = &action.poor {
            for from in &action.from.0 {
                edges.entry(&from.value).or_default().insert(&poor.value.to.value);
            }
        }
    }
    let came_from = reversed(&edges);
    for action in process.actions.iter().filter(|action| action.to.value == Target::Previous) {
        for from in &action.from.0 {
            let before = came_from.get(&from.value).cloned().unwrap_or_default();
            edges.entry(&from.value).or_default().extend(before);
        }
    }
    edges
}

fn reversed<'a>(edges: &Edges<'a>) -> Edges<'a> {
    let mut back: Edges<'a> = BTreeMap::new();
    for (from, targets) in edges {
        for to in targets {
            back.entry(to).or_default().insert(from);
        }
    }
    back
}

/// Everything reached from some states, themselves included.
fn walk<'a>(from: impl IntoIterator<Item = &'a StateId>, edges: &Edges<'a>) -> BTreeSet<&'a StateId> {
    let mut to_do: Vec<&StateId> = from.into_iter().collect();
    let mut reached: BTreeSet<&StateId> = to_do.iter().copied().collect();
    while let Some(state) = to_do.pop() {
        for next in edges.get(state).into_iter().flatten().copied() {
            if reached.insert(next) {
                to_do.push(next);
            }
        }
    }
    reached
}

/// In every state an action is offered in, somebody may take it.
fn check_takers(action: &ActionSource, states: &BTreeMap<&StateId, &StateSource>, report: &mut Report) {
    let needs_task = |who: &Who| matches!(who, Who::Task | Who::OfficeRole(_));
    if action.by.0.is_empty() || action.by.0.iter().any(|who| !needs_task(&who.value)) {
        return;
    }
    for from in &action.from.0 {
        if states.get(&from.value).is_some_and(|state| state.task.is_none()) {
            let message =
                format!("nobody can take action {} in {}: that state has no task", action.id.value, from.value);
            report.fault(from.at, message);
        }
    }
}

/// Staff who close as resolved should be kept apart from those who did the work.
fn check_own_work(action: &ActionSource, states: &BTreeMap<&StateId, &StateSource>, report: &mut Report) {
    let Target::State(to) = &action.to.value else { return };
    let resolves =
        states.get(to).is_some_and(|state| state.outcome.as_ref().is_some_and(|at| at.value == Outcome::Resolved));
    let by_staff = action.by.0.iter().any(|who| who.value != Who::Reporter);
    if resolves && by_staff && action.separate_from.0.is_empty() {
        let message = format!(
            "action {} closes a case without \"separate_from\": somebody may close their own work",
            action.id.value
        );
        report.warn(action.id.at, message);
    }
}
