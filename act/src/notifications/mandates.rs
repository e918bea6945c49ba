//! What people are told of mandates: notices that `identity` leaves behind with every change. The one that a mandate ends soon
//! is left behind here, with the hours of the pack; a mandate that ended meanwhile, or goes on under another, tells nobody.
//!
//! Messages name nobody: who it is, is on the page that each leads to.

use identity::MandateState;
use model::Instant;
use pack::{City, Trigger};
use store::{Basis, Facts, Job, MandateFacts, MandateNews, MandateNotice, MandateRow, StoreError, Tx};

use super::Context;
use super::record::{Telling, is_resident, write_to_person};

/// Microseconds of an hour.
const HOUR_US: i64 = 3_600_000_000;

/// Tells one notice; how many messages.
pub(super) fn tell_notice(ctx: &Context, tx: &mut Tx, job: &Job, now: Instant) -> Result<usize, StoreError> {
    let fault = |_| StoreError::NotFound { what: "notice", id: job.id.to_string() };
    let notice: MandateNotice = serde_json::from_value(job.body.clone()).map_err(fault)?;
    let Some(mandate) = tx.find_mandate(notice.mandate)? else { return Ok(0) };
    let compiled = ctx.packs.current();
    if matches!(notice.news, MandateNews::Confirmed | MandateNews::GuardianFound) {
        schedule_ending(tx, &compiled.city, &mandate, notice, now)?;
    }
    if !is_so(notice.news, &mandate, now) || !is_resident(tx, notice.to)? {
        return Ok(0);
    }
    let facts = MandateFacts { mandate: mandate.id, until: mandate.until, guardian: mandate.basis == Basis::Guardian };
    let mut rows = 0;
    for (id, kind) in compiled.city.notifications.kinds.iter().filter(|(_, kind)| kind.on == trigger(notice.news)) {
        let telling = Telling {
            position: place_of(job, notice.news, &mandate),
            id: id.as_str(),
            group: kind.group.as_str(),
            urgent: kind.urgent,
            case: None,
            facts: Facts::Mandate(facts),
        };
        rows += write_to_person(ctx, tx, &telling, notice.to, now)?;
    }
    Ok(rows)
}

/// Both sides hear of the end before it comes; nobody of one that is nearer than that already.
fn schedule_ending(
    tx: &mut Tx,
    city: &City,
    mandate: &MandateRow,
    notice: MandateNotice,
    now: Instant,
) -> Result<(), StoreError> {
    let kinds = city.notifications.kinds.values().filter(|kind| kind.on == Trigger::MandateEnding);
    let Some(hours) = kinds.filter_map(|kind| kind.hours).max() else { return Ok(()) };
    let run_at = mandate.until.plus_micros(-i64::from(hours) * HOUR_US);
    if run_at <= now || mandate.agent != Some(notice.to) {
        return Ok(());
    }
    let other = (mandate.granted_by != notice.to).then_some(mandate.granted_by);
    for to in std::iter::once(notice.to).chain(other) {
        let ending = MandateNotice { news: MandateNews::Ending, to, ..notice };
        tx.enqueue_mandate_notice(ending, run_at, now)?;
    }
    Ok(())
}

/// Whether a notice is still true when it is told.
fn is_so(news: MandateNews, mandate: &MandateRow, now: Instant) -> bool {
    let state = MandateState::of(mandate, now);
    match news {
        MandateNews::Taken => state == MandateState::Taken,
        MandateNews::Confirmed | MandateNews::GuardianFound | MandateNews::Ending => state == MandateState::Active,
        MandateNews::Ended | MandateNews::GuardianEnded => true,
    }
}

const fn trigger(news: MandateNews) -> Trigger {
    match news {
        MandateNews::Taken => Trigger::MandateTaken,
        MandateNews::Confirmed => Trigger::MandateConfirmed,
        MandateNews::Ended => Trigger::MandateEnded,
        MandateNews::Ending => Trigger::MandateEnding,
        MandateNews::GuardianFound => Trigger::GuardianFound,
        MandateNews::GuardianEnded => Trigger::GuardianEnded,
    }
}

/// The place of a notice in the outbox, below those of all events: a notice told twice is written once, and so are those of
/// all the children that one answer of the register named, where they say the same.
fn place_of(job: &Job, news: MandateNews, mandate: &MandateRow) -> i64 {
    let is_of_all =
        mandate.basis == Basis::Guardian && matches!(news, MandateNews::GuardianFound | MandateNews::Ending);
    let name = if is_of_all { format!("{} {}", mandate.created_at, mandate.until) } else { job.id.to_string() };
    super::place::place_of(&name)
}
