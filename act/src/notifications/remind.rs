//! Reminders: jobs that an event leaves behind, looked at again when their time comes. A visit that was cancelled and a
//! case that was rated meanwhile remind nobody.

use model::{Case, CaseId, Event, EventBody, FormId, Instant, VisitState};
use pack::{City, Effect, Trigger};
use serde_json::{Value, json};
use store::{Facts, Job, MANDATE_NOTICE, MessageFacts, StoreError, Tx};

use super::Context;
use super::mandates::tell_notice;
use super::record::{Telling, is_resident, write_to_person};

/// The kind of these jobs.
const JOB: &str = "notification_reminder";

/// A worker that does not answer within this has died, microseconds.
const LEASE_US: i64 = 60_000_000;

/// A reminder that fails is tried again after this, microseconds, and so often.
const RETRY_US: i64 = 60_000_000;
const ATTEMPTS_MAX: u32 = 5;

/// Microseconds of an hour.
const HOUR_US: i64 = 3_600_000_000;

/// What a job knows.
struct Reminder {
    position: i64,
    kind: FormId,
    case: CaseId,
    /// When the visit begins.
    starts_at: Option<Instant>,
}

impl Reminder {
    fn to_body(&self) -> Value {
        json!({
            "position": self.position,
            "kind": self.kind,
            "case": self.case,
            "starts_at_us": self.starts_at.map(Instant::as_micros),
        })
    }

    fn from_body(body: &Value) -> Option<Self> {
        Some(Self {
            position: body["position"].as_i64()?,
            kind: body["kind"].as_str()?.parse().ok()?,
            case: body["case"].as_str()?.parse().ok()?,
            starts_at: body["starts_at_us"].as_i64().map(Instant::from_micros),
        })
    }
}

/// Leaves the reminders of an event behind.
pub(super) fn schedule(tx: &mut Tx, city: &City, event: &Event, case: &Case, now: Instant) -> Result<(), StoreError> {
    for (id, kind) in city.notifications.kinds.iter().filter(|(_, kind)| kind.is_of(&case.process)) {
        let hours_us = i64::from(kind.hours.unwrap_or_default()) * HOUR_US;
        let (starts_at, run_at) = match (&event.body, kind.on) {
            (EventBody::Booked { visit }, Trigger::VisitSoon) => {
                (Some(visit.starts_at), visit.starts_at.plus_micros(-hours_us))
            }
            (EventBody::Moved(moved), Trigger::Unrated) if moved.outcome.is_some() => {
                (None, event.at.plus_micros(hours_us))
            }
            _ => continue,
        };
        // A visit that was booked within that time needs no reminder: its booking was one.
        if run_at <= now && starts_at.is_some() {
            continue;
        }
        let reminder = Reminder { position: event.position, kind: id.clone(), case: case.id, starts_at };
        tx.enqueue_job(JOB, &reminder.to_body(), run_at, now)?;
    }
    Ok(())
}

/// Writes every reminder and every notice about a mandate whose time has come; how many messages.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub async fn remind_due(ctx: &Context) -> Result<usize, StoreError> {
    let mut written = 0;
    loop {
        let now = ctx.clock.now();
        let leased = ctx.store.write(move |tx: &mut Tx| tx.lease_job(&[JOB, MANDATE_NOTICE], now, LEASE_US)).await?;
        let Some(job) = leased else { return Ok(written) };
        let (here, this) = (ctx.clone(), job.clone());
        let done = ctx.store.write(move |tx: &mut Tx| {
            let rows = match this.kind.as_str() {
                MANDATE_NOTICE => tell_notice(&here, tx, &this, now)?,
                _ => remind(&here, tx, &this, now)?,
            };
            tx.finish_job(&this)?;
            Ok::<_, StoreError>(rows)
        });
        match done.await {
            Ok(rows) => written += rows,
            Err(error) => {
                tracing::error!(job = %job.id, %error, "a reminder could not be written");
                let retry_at = (job.attempts < ATTEMPTS_MAX).then(|| now.plus_micros(RETRY_US));
                let words = error.to_string();
                ctx.store.write(move |tx: &mut Tx| tx.fail_job(&job, &words, retry_at)).await?;
            }
        }
    }
}

fn remind(ctx: &Context, tx: &mut Tx, job: &Job, now: Instant) -> Result<usize, StoreError> {
    let fault = || StoreError::NotFound { what: "reminder", id: job.id.to_string() };
    let reminder = Reminder::from_body(&job.body).ok_or_else(fault)?;
    let compiled = ctx.packs.current();
    let Some(kind) = compiled.city.notifications.kinds.get(&reminder.kind) else { return Ok(0) };
    let Some(case) = tx.load_case(reminder.case)? else { return Ok(0) };
    let is_due = match reminder.starts_at {
        Some(starts_at) => {
            now < starts_at
                && case
                    .bookings
                    .iter()
                    .any(|booking| booking.state == VisitState::Booked && booking.visit.starts_at == starts_at)
        }
        None => asks_for_rating(ctx, &case),
    };
    let Some(party) = case.reporter.party.filter(|_| is_due) else { return Ok(0) };
    if !is_resident(tx, party)? {
        return Ok(0);
    }
    let facts = MessageFacts { time: reminder.starts_at, ..MessageFacts::of(&case) };
    let (position, id, facts) = (reminder.position, &reminder.kind, Facts::Case(facts));
    let telling = Telling {
        position,
        id: id.as_str(),
        group: kind.group.as_str(),
        urgent: kind.urgent,
        case: Some(case.id),
        facts,
    };
    write_to_person(ctx, tx, &telling, party, now)
}

/// Whether the reporter may still rate the case and has not.
fn asks_for_rating(ctx: &Context, case: &Case) -> bool {
    let compiled = ctx.packs.get(&case.pack);
    let process = compiled.as_ref().and_then(|compiled| compiled.city.process(&case.process));
    let may_rate =
        |process: &pack::Process| process.actions_from(&case.state).any(|action| action.effect == Some(Effect::Rate));
    case.rating.is_none() && case.outcome.is_some() && process.is_some_and(may_rate)
}
