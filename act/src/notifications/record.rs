//! The consumer: from events to rows of the outbox, exactly once.

use std::collections::BTreeSet;

use identity::list_agents_for;
use model::{
    Actor, Case, CaseId, Channel, ClockName, DeliveryState, Event, EventBody, FormId, Instant, PartyId, PaymentState,
};
use pack::{City, NotificationKind, Trigger};
use store::{
    DIGEST_KIND, Digest, DigestItem, Facts, MessageFacts, NewOutboxRow, PartyKind, StoreError, Tx, WebhookRow,
};

use super::Context;
use super::plan::{Asked, Limits, Plan, plan};
use super::preferences::Preferences;
use super::remind::schedule;
use super::webhook::{WEBHOOK_KIND, concerns, payload};

/// The consumer's name.
const CONSUMER: &str = "notifications";

/// Events read at a time.
const EVENTS_AT_ONCE: u32 = 200;

/// What happened longer ago than two days is no news: an import, a past that was seeded, a city that was away for long.
const OLD_US: i64 = 2 * DAY_US;

/// Microseconds of an hour and of a day.
const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// Writes everything that is to be told of the events since the last time; how many messages.
///
/// # Errors
/// [`StoreError`]; the events are read again by the next call.
pub async fn record_due(ctx: &Context) -> Result<usize, StoreError> {
    let mut written = 0;
    loop {
        let (after, events, webhooks) = ctx
            .store
            .read(|reader| {
                let after = reader.consumer_position(CONSUMER)?;
                Ok::<_, StoreError>((after, reader.list_events_after(after, EVENTS_AT_ONCE)?, reader.list_webhooks()?))
            })
            .await?;
        let Some(last) = events.last().map(|event| event.position) else { return Ok(written) };
        let now = ctx.clock.now();
        let is_news = |event: &Event| now.micros_since(event.at) < OLD_US && may_tell(event, !webhooks.is_empty());
        let news: Vec<Event> = events.into_iter().filter(is_news).collect();
        let here = ctx.clone();
        written += ctx
            .store
            .write(move |tx: &mut Tx| {
                // Another process of the city was faster: its rows are there already.
                if tx.consumer_position(CONSUMER)? != after {
                    return Ok(0);
                }
                let mut rows = 0;
                for event in &news {
                    rows += record_event(&here, tx, event, &webhooks, now)?;
                }
                tx.set_consumer_position(CONSUMER, last)?;
                Ok::<_, StoreError>(rows)
            })
            .await?;
    }
}

/// Whether an event may be told of: only then is its case looked at.
const fn may_tell(event: &Event, has_webhooks: bool) -> bool {
    match &event.body {
        EventBody::Reported(_) => has_webhooks || matches!(event.actor, Actor::Agent { .. }),
        EventBody::Moved(_)
        | EventBody::Booked { .. }
        | EventBody::Issued { .. }
        | EventBody::Paying { state: PaymentState::Refunded, .. }
        | EventBody::RefundMade { .. }
        | EventBody::ClockStarted { clock: ClockName::Disposal, .. } => true,
        EventBody::DeadlinePassed { .. } | EventBody::Escalated { .. } | EventBody::Rated { .. } => has_webhooks,
        _ => false,
    }
}

fn record_event(
    ctx: &Context,
    tx: &mut Tx,
    event: &Event,
    webhooks: &[WebhookRow],
    now: Instant,
) -> Result<usize, StoreError> {
    let Some(case) = tx.load_case(event.case)? else { return Ok(0) };
    let compiled = ctx.packs.current();
    let mut rows = 0;
    for (id, kind, facts) in told(ctx, &compiled.city, event, &case) {
        for party in recipients(tx, &case, event, kind.on, now)? {
            rows += write_to_person(
                ctx,
                tx,
                &Telling {
                    position: event.position,
                    id: id.as_str(),
                    group: kind.group.as_str(),
                    urgent: kind.urgent,
                    case: Some(case.id),
                    facts: Facts::Case(facts.clone()),
                },
                party,
                now,
            )?;
        }
    }
    schedule(tx, &compiled.city, event, &case, now)?;
    rows += write_to_programs(tx, event, &case, webhooks, now)?;
    Ok(rows)
}

/// The kinds of message that an event is told by.
fn told<'a>(
    ctx: &Context,
    city: &'a City,
    event: &Event,
    case: &Case,
) -> Vec<(&'a FormId, &'a NotificationKind, MessageFacts)> {
    let facts = MessageFacts::of(case);
    let (trigger, facts) = match &event.body {
        EventBody::Moved(_) => (Trigger::Action, facts),
        EventBody::Reported(_) if matches!(event.actor, Actor::Agent { .. }) => (Trigger::FiledFor, facts),
        EventBody::Booked { visit } => (Trigger::VisitBooked, MessageFacts { time: Some(visit.starts_at), ..facts }),
        EventBody::Issued { .. } => (Trigger::LicenceIssued, facts),
        EventBody::Paying { payment, state: PaymentState::Refunded, amount, .. } => {
            // What went back in parts was told of then.
            let parts = case.payments.get(payment).into_iter().flat_map(|payment| &payment.refunds);
            let before: i64 = parts.filter(|part| part.made_at.is_some()).map(|part| part.amount).sum();
            (Trigger::Refunded, MessageFacts { amount: Some(*amount - before), ..facts })
        }
        EventBody::RefundMade { payment, part } => {
            let parts = case.payments.get(payment).map(|payment| &payment.refunds[..]).unwrap_or_default();
            let made = (*part as usize).checked_sub(1).and_then(|part| parts.get(part));
            (Trigger::Refunded, MessageFacts { amount: made.map(|made| made.amount), ..facts })
        }
        EventBody::ClockStarted { clock: ClockName::Disposal, .. } if ctx.takes_fees => match fee_due(city, case) {
            Some(amount) => (Trigger::FeeDue, MessageFacts { amount: Some(amount), ..facts }),
            None => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let tells = |kind: &NotificationKind| {
        let is_taken = |moved: &model::Moved| kind.actions.contains(&moved.action);
        kind.on == trigger
            && kind.is_of(&case.process)
            && (trigger != Trigger::Action || matches!(&event.body, EventBody::Moved(moved) if is_taken(moved)))
    };
    let kinds = city.notifications.kinds.iter().filter(|(_, kind)| tells(kind));
    kinds.map(|(id, kind)| (id, kind, facts.clone())).collect()
}

/// What is still to be paid online for a case.
fn fee_due(city: &City, case: &Case) -> Option<i64> {
    let (_, service) = city.service_of(&case.category)?;
    let is_paid = case.payments.values().any(|payment| {
        matches!(payment.state, PaymentState::Authorised | PaymentState::CaptureRetry | PaymentState::Captured)
    });
    service.fee_due(case.application.as_ref()).filter(|_| case.is_open() && !is_paid)
}

/// The residents that are told: who reported or joined, and who may act for them. Nobody is told of an action they took
/// themselves.
fn recipients(
    tx: &mut Tx,
    case: &Case,
    event: &Event,
    on: Trigger,
    now: Instant,
) -> Result<BTreeSet<PartyId>, StoreError> {
    let is_news_to_all = !matches!(on, Trigger::Action | Trigger::FiledFor);
    let by_whom = event.actor.party().filter(|_| !is_news_to_all);
    let concerned = std::iter::once(&case.reporter).chain(&case.joined);
    let mut told = BTreeSet::new();
    for party in concerned.filter_map(|reporter| reporter.party) {
        told.insert(party);
        told.extend(agents_for(tx, case, party, now)?);
    }
    let mut residents = BTreeSet::new();
    for party in told.into_iter().filter(|party| Some(*party) != by_whom) {
        if is_resident(tx, party)? {
            residents.insert(party);
        }
    }
    Ok(residents)
}

/// Who may act for the applicant in this application.
fn agents_for(tx: &mut Tx, case: &Case, party: PartyId, now: Instant) -> Result<Vec<PartyId>, StoreError> {
    let Some(application) = case.application.as_ref().filter(|_| case.reporter.party == Some(party)) else {
        return Ok(Vec::new());
    };
    let Some(represented) = tx.find_party(party)? else { return Ok(Vec::new()) };
    list_agents_for(tx, party, represented.kind, &application.service, now)
}

/// Whether that is the account of a resident who was not erased.
pub(super) fn is_resident(tx: &mut Tx, party: PartyId) -> Result<bool, StoreError> {
    Ok(tx.find_party(party)?.is_some_and(|account| account.kind == PartyKind::Resident && !account.disabled))
}

/// What a person is told of.
pub(super) struct Telling<'a> {
    /// The event; below zero where there is none.
    pub position: i64,
    /// The id of the kind.
    pub id: &'a str,
    /// What switches it on and off.
    pub group: &'a str,
    /// Whether it is sent at night too, and beyond the limits.
    pub urgent: bool,
    /// The case; absent where it is about a mandate.
    pub case: Option<CaseId>,
    /// What its words are made of.
    pub facts: Facts,
}

/// Writes one message to a person, a row for each channel that reaches them; how many rows.
pub(super) fn write_to_person(
    ctx: &Context,
    tx: &mut Tx,
    telling: &Telling<'_>,
    party: PartyId,
    now: Instant,
) -> Result<usize, StoreError> {
    let wants = Preferences::load(tx, party)?;
    let zone = ctx.packs.current().city.zone();
    let mut rows = 0;
    for channel in ctx.senders.channels() {
        if !reaches(tx, party, channel)? {
            continue;
        }
        let recipient = party.to_string();
        let mut sent = |since_us: i64| tx.count_sent_since(&recipient, channel, now.plus_micros(-since_us));
        let asked = Asked {
            channel,
            group: telling.group,
            is_urgent: telling.urgent,
            sent_in_hour: sent(HOUR_US)?,
            sent_in_day: sent(DAY_US)?,
        };
        let planned = plan(&asked, &wants, ctx.limits, now, &zone);
        let (state, next_at, reason) = match planned {
            Plan::Send if channel == Channel::InApp => (DeliveryState::Delivered, None, None),
            Plan::Send => (DeliveryState::Queued, Some(now), None),
            Plan::Hold(until) => (DeliveryState::Held, Some(until), Some("quiet_hours")),
            Plan::Merge => (DeliveryState::Merged, None, Some("rate")),
            Plan::Suppress(reason) => (DeliveryState::Suppressed, None, Some(reason)),
        };
        let row = NewOutboxRow {
            position: telling.position,
            kind: telling.id.to_owned(),
            channel,
            recipient,
            case: telling.case,
            body: telling.facts.to_body(),
            state,
            next_at,
            reason: reason.map(str::to_owned),
        };
        let is_new = tx.record_message(&row, now)?.is_some();
        rows += usize::from(is_new);
        // A row that is there already stands in its digest already.
        if is_new && planned == Plan::Merge {
            let opens_at = opens_at(tx, &asked, ctx.limits, &row.recipient, now)?;
            let until = wants.quiet_hours().and_then(|quiet| quiet.end(opens_at, &zone)).unwrap_or(opens_at);
            rows += usize::from(merge(tx, row, &telling.facts, until, now)?);
        }
    }
    Ok(rows)
}

/// Lets a message be told by the digest that waits, or by a new one; true when it is new.
fn merge(tx: &mut Tx, merged: NewOutboxRow, facts: &Facts, until: Instant, now: Instant) -> Result<bool, StoreError> {
    let item = DigestItem { kind: merged.kind, facts: facts.clone() };
    if tx.join_digest(&merged.recipient, merged.channel, &item, now)? {
        return Ok(false);
    }
    let digest = NewOutboxRow {
        kind: DIGEST_KIND.to_owned(),
        body: Digest::default().with(item).to_body(),
        state: DeliveryState::Held,
        next_at: Some(until),
        reason: Some("rate".to_owned()),
        ..merged
    };
    Ok(tx.record_message(&digest, now)?.is_some())
}

/// When a person who was sent as much as they are sent in a while may be sent something again.
fn opens_at(
    tx: &mut Tx,
    asked: &Asked<'_>,
    limits: Limits,
    recipient: &str,
    now: Instant,
) -> Result<Instant, StoreError> {
    let mut opens = now;
    for (sent, most, span_us) in
        [(asked.sent_in_hour, limits.per_hour, HOUR_US), (asked.sent_in_day, limits.per_day, DAY_US)]
    {
        if sent >= most {
            let last = tx.find_sent_at(recipient, asked.channel, most)?;
            opens = opens.max(last.unwrap_or(now).plus_micros(span_us));
        }
    }
    Ok(opens)
}

/// Whether a channel reaches a person: mail and text messages only where they proved that they read them.
fn reaches(tx: &mut Tx, party: PartyId, channel: Channel) -> Result<bool, StoreError> {
    match channel {
        Channel::InApp | Channel::Push => Ok(true),
        Channel::Webhook => Ok(false),
        Channel::Email | Channel::Sms => {
            let address = tx.find_address(party, channel)?;
            Ok(address.is_some_and(|address| address.sealed.is_some() && address.confirmed_at.is_some()))
        }
    }
}

fn write_to_programs(
    tx: &mut Tx,
    event: &Event,
    case: &Case,
    webhooks: &[WebhookRow],
    now: Instant,
) -> Result<usize, StoreError> {
    let Some(body) = payload(event, case).filter(|_| !webhooks.is_empty()) else { return Ok(0) };
    let mut rows = 0;
    for webhook in webhooks.iter().filter(|webhook| concerns(webhook, event, case)) {
        let row = NewOutboxRow {
            position: event.position,
            kind: WEBHOOK_KIND.to_owned(),
            channel: Channel::Webhook,
            recipient: webhook.id.to_string(),
            case: Some(case.id),
            body: body.clone(),
            state: DeliveryState::Queued,
            next_at: Some(now),
            reason: None,
        };
        rows += usize::from(tx.record_message(&row, now)?.is_some());
    }
    Ok(rows)
}
