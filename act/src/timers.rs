//! Timers: what happens when a deadline passes and nobody acts.
//!
//! Due cases come from an index of due times, assigned or not. Each case is handled in its own savepoint: one that
//! fails is reported and tried again in the next round, and never holds up the others. Firing twice changes nothing the second time.

use std::sync::Arc;

use model::{Actor, Case, CaseId, ClockName, EventBody, Instant, NewEvent, OfficeId};
use pack::{Compiled, Escalation};
use store::{Append, StoreError, Tx};

use crate::perform::{Context, PerformError};
use crate::visits::missed_visit;

/// Cases fired together: they share few commits.
const TOGETHER: u32 = 200;

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fired {
    /// Cases that were due.
    pub due: usize,
    /// Cases that got events.
    pub changed: usize,
    /// Cases that failed; the next round tries them again.
    pub failed: usize,
}

/// Fires every deadline that has passed, 200 cases at a time.
///
/// # Errors
/// [`StoreError`] when the due list itself cannot be read; failures of single cases are counted and logged.
pub async fn fire_due(ctx: &Context) -> Result<Fired, StoreError> {
    let now = ctx.clock.now();
    let mut fired = Fired::default();
    let mut cursor = None;
    loop {
        let page = ctx.store.read(move |db| db.page_due(now, cursor, TOGETHER)).await?;
        let outcomes = futures_util::future::join_all(page.items.iter().map(|id| fire_case(ctx, *id, now))).await;
        fired.due += page.items.len();
        for (id, outcome) in page.items.into_iter().zip(outcomes) {
            match outcome {
                Ok(true) => fired.changed += 1,
                Ok(false) => {}
                Err(error) => {
                    fired.failed += 1;
                    tracing::error!(case = %id, %error, "a deadline could not be fired; the next round tries again");
                }
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(fired);
        }
    }
}

/// Fires one case in its own savepoint; true when it got events.
async fn fire_case(ctx: &Context, id: CaseId, now: Instant) -> Result<bool, PerformError> {
    let packs = Arc::clone(&ctx.packs);
    let fired = ctx.store.write(move |tx: &mut Tx| {
        let Some(case) = tx.load_case(id)? else { return Ok(false) };
        let compiled = packs.get(&case.pack).ok_or(PerformError::PackMissing(case.pack))?;
        let events = overdue_events(&case, &compiled, now);
        if events.is_empty() {
            return Ok(false);
        }
        let region_path = compiled.city.region_path(&case.place.region);
        tx.append(Append { case_id: id, before: Some(&case), events, recorded_at: now, region_path: &region_path })?;
        Ok(true)
    });
    fired.await
}

/// The events a case owes to the clock at `now`: deadlines that passed, or the next step of an escalation.
pub fn overdue_events(case: &Case, compiled: &Compiled, now: Instant) -> Vec<NewEvent> {
    let escalation = compiled.city.processes.get(&case.process).and_then(|process| process.escalation.as_ref());
    let mut bodies = Vec::new();
    for (name, clock) in &case.clocks {
        if clock.is_running() && !clock.passed && !clock.exempt && clock.due_at < now {
            let next_at = escalation.and_then(|rules| next_step(compiled, rules, clock.due_at.max(case.updated_at)));
            bodies.push(EventBody::DeadlinePassed { clock: *name, due_at: clock.due_at, next_at });
        }
    }
    // One step a round, even when two clocks are missed: the second finds the office the first has reached.
    let due = case.escalates.iter().filter(|(_, at)| **at <= now).min_by_key(|(_, at)| **at);
    if let (Some((clock, at)), Some(rules)) = (due, escalation) {
        bodies.extend(climb(case, compiled, rules, *clock, *at));
    }
    bodies.extend(missed_visit(case, now));
    bodies.into_iter().map(|body| NewEvent { at: now, actor: Actor::system("timer"), body }).collect()
}

fn next_step(compiled: &Compiled, rules: &Escalation, from: Instant) -> Option<Instant> {
    compiled.calendars.get(&rules.every.calendar).and_then(|calendar| calendar.due(rules.every.limit, from)).ok()
}

/// One step up the office tree; at the top or at the last level it stays where it is and climbs no more.
fn climb(case: &Case, compiled: &Compiled, rules: &Escalation, clock: ClockName, at: Instant) -> Option<EventBody> {
    let below = case.watcher.as_ref().or(case.task.as_ref().map(|task| &task.office))?;
    let above: Option<&OfficeId> = compiled.city.offices.get(below).and_then(|office| office.parent.as_ref());
    // Another missed clock may have climbed to the top already: the case stays there.
    let is_at_top = above.is_none() || case.level >= rules.levels;
    let level = if case.level < rules.levels { case.level + 1 } else { case.level };
    let office = above.filter(|_| !is_at_top).unwrap_or(below).clone();
    let is_last = is_at_top || level >= rules.levels;
    let next_at = if is_last { None } else { next_step(compiled, rules, at) };
    Some(EventBody::Escalated { level, office, clock, next_at })
}
