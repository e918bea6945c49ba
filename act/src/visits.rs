//! Visits at windows (预约办理): which times are free, booking one, giving it back, arriving, and what happens when nobody
//! comes.
//!
//! A booking is an event of the application it is for. A seat is held by one row of a unique index: two people who race
//! for the last one are told apart by the database, not by what this code read before.

use std::sync::Arc;

use model::{
    Actor, Case, EventBody, FormId, Instant, NewEvent, OfficeId, PartyId, ServiceId, Visit, VisitEnd, VisitState,
};
use pack::calendar::civil_day;
use pack::{BookingRules, Compiled, Service};
use store::{Append, Seat, StoreError, Tx};

use crate::acting::Acting;
use crate::perform::{CaseRef, Context, find_case};

/// Microseconds of a minute.
const MINUTE_US: i64 = 60_000_000;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Missed times count for so many days.
const MISSES_COUNT_DAYS: i64 = 90;

/// Somebody may arrive so long before their time, minutes.
const EARLY_MINUTES: i64 = 60;

/// A time at a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// When it begins.
    pub starts_at: Instant,
    /// When it ends.
    pub ends_at: Instant,
    /// Windows still free.
    pub free: u16,
}

/// Why a visit was not booked, given back or begun.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// There is no such case, or none of this person's.
    #[error("there is no such case")]
    NotFound,
    /// The case is no application, has ended, or its service is not booked at that place.
    #[error("no time can be booked for this case there")]
    NotHere,
    /// The time is not one that is offered.
    #[error("{starts_at} is no time that is offered; ask again for those that are")]
    NoSuchTime {
        /// The time asked for.
        starts_at: Instant,
    },
    /// Every window is taken at that time.
    #[error("the time at {starts_at} has just been taken; choose another")]
    Full {
        /// The time asked for.
        starts_at: Instant,
    },
    /// Too many booked times were missed.
    #[error("{missed} booked times were missed within {MISSES_COUNT_DAYS} days; come to the window without booking")]
    Blocked {
        /// How many.
        missed: u32,
    },
    /// Nothing is booked.
    #[error("nothing is booked for this case")]
    NotBooked,
    /// It is too late to give it back, or too early or too late to arrive.
    #[error("that can be done from {from} to {until}")]
    WrongTime {
        /// From when.
        from: Instant,
        /// Until when.
        until: Instant,
    },
    /// The pack has lost a calendar, or the case its pack.
    #[error("the pack of the case has no {0}")]
    Broken(String),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Times offered at a window from now on, within the days the pack opens; free ones and full ones.
///
/// # Errors
/// [`VisitError::Broken`] when the pack has lost the calendar.
pub fn offered(
    compiled: &Compiled,
    rules: &BookingRules,
    seats: &[Seat],
    now: Instant,
) -> Result<Vec<Slot>, VisitError> {
    let calendar = compiled.calendars.get(&rules.calendar).map_err(|error| VisitError::Broken(error.to_string()))?;
    let (from, before) = window(rules, now);
    let times = calendar.divided(from, before, rules.minutes);
    let taken = |starts_at: Instant| {
        let first = seats.partition_point(|seat| seat.starts_at < starts_at);
        seats[first..].iter().take_while(|seat| seat.starts_at == starts_at).count()
    };
    let slot = |(starts_at, ends_at)| {
        let taken = u16::try_from(taken(starts_at)).unwrap_or(u16::MAX);
        Slot { starts_at, ends_at, free: rules.seats.saturating_sub(taken) }
    };
    Ok(times.into_iter().map(slot).collect())
}

/// From when to before when times can be taken now.
fn window(rules: &BookingRules, now: Instant) -> (Instant, Instant) {
    let from = now.plus_micros(i64::from(rules.notice_minutes) * MINUTE_US);
    (from, now.plus_micros(i64::from(rules.days) * DAY_US))
}

/// Times offered at a window of a service of the present pack; `None` where times are not booked.
///
/// # Errors
/// [`VisitError`] when the store does not answer or the pack is broken.
pub async fn list_slots(ctx: &Context, service: ServiceId, place: FormId) -> Result<Option<Vec<Slot>>, VisitError> {
    let (compiled, now) = (ctx.packs.current(), ctx.clock.now());
    let Some(found) = compiled.city.services.get(&service) else { return Ok(None) };
    let Some((_, rules)) = found.booking_at(&place) else { return Ok(None) };
    let (from, before) = window(rules, now);
    let (of, at) = (service.clone(), place.clone());
    let seats = ctx.store.read(move |reader| reader.list_seats(&of, &at, from, before)).await?;
    offered(&compiled, rules, &seats, now).map(Some)
}

/// A time to book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookCommand {
    /// For which application.
    pub case: CaseRef,
    /// At which window.
    pub place: FormId,
    /// When it begins.
    pub starts_at: Instant,
    /// Whose application it is.
    pub party: PartyId,
    /// Who books: they, or who acts for them.
    pub by: Actor,
}

/// Books a time; the one held before is given back in the same transaction.
///
/// # Errors
/// [`VisitError`]; nothing changes then.
pub async fn book(ctx: &Context, command: BookCommand) -> Result<Case, VisitError> {
    let (packs, now) = (Arc::clone(&ctx.packs), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let (case, compiled) = load(tx, &packs, &command.case)?;
            let application = own_application(&case, command.party)?;
            let service = compiled.city.services.get(&application).ok_or(VisitError::NotHere)?;
            let (_, rules) = service.booking_at(&command.place).ok_or(VisitError::NotHere)?;
            check_notice(&case, service, now)?;
            let missed = tx.count_missed(command.party, now.plus_micros(-MISSES_COUNT_DAYS * DAY_US))?;
            if missed >= u32::from(rules.misses) {
                return Err(VisitError::Blocked { missed });
            }
            let (from, before) = window(rules, now);
            let seats = tx.list_seats(&application, &command.place, from, before)?;
            let visit = free_visit(&compiled, rules, &seats, &command, now)?;
            let held = case.booked_visit().map(|_| EventBody::VisitEnded { how: VisitEnd::Moved });
            let bodies = held.into_iter().chain([EventBody::Booked { visit }]);
            append(tx, &case, &compiled, command.by, bodies, now)
        })
        .await
}

/// A time that is held can be given back or moved until its notice, not later: who does not come has missed it.
fn check_notice(case: &Case, service: &Service, now: Instant) -> Result<(), VisitError> {
    let Some(visit) = case.booked_visit() else { return Ok(()) };
    let notice = service.booking_at(&visit.place).map_or(0, |(_, rules)| rules.notice_minutes);
    let until = visit.starts_at.plus_micros(-i64::from(notice) * MINUTE_US);
    if now <= until { Ok(()) } else { Err(VisitError::WrongTime { from: case.opened_at, until }) }
}

/// The first free window at the time asked for.
fn free_visit(
    compiled: &Compiled,
    rules: &BookingRules,
    seats: &[Seat],
    command: &BookCommand,
    now: Instant,
) -> Result<Visit, VisitError> {
    let starts_at = command.starts_at;
    let offered = offered(compiled, rules, seats, now)?;
    let slot = offered.iter().find(|slot| slot.starts_at == starts_at).ok_or(VisitError::NoSuchTime { starts_at })?;
    let is_taken = |number: &u16| seats.contains(&Seat { starts_at, seat: *number });
    let seat = (1..=rules.seats).find(|number| !is_taken(number)).ok_or(VisitError::Full { starts_at })?;
    Ok(Visit { place: command.place.clone(), starts_at, ends_at: slot.ends_at, seat })
}

/// Gives a booked time back, until the notice the pack asks for.
///
/// # Errors
/// [`VisitError`]; nothing changes then.
pub async fn cancel_visit(ctx: &Context, case: CaseRef, party: PartyId, by: Actor) -> Result<Case, VisitError> {
    let (packs, now) = (Arc::clone(&ctx.packs), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let (case, compiled) = load(tx, &packs, &case)?;
            let application = own_application(&case, party)?;
            case.booked_visit().ok_or(VisitError::NotBooked)?;
            let service = compiled.city.services.get(&application).ok_or(VisitError::NotHere)?;
            check_notice(&case, service, now)?;
            let body = EventBody::VisitEnded { how: VisitEnd::Cancelled };
            append(tx, &case, &compiled, by, [body], now)
        })
        .await
}

/// The applicant is at the window: draws the next number of the day. By staff of the office that decides.
///
/// # Errors
/// [`VisitError`]; nothing changes then.
pub async fn arrive(ctx: &Context, case: CaseRef, acting: Acting) -> Result<Case, VisitError> {
    let (packs, now) = (Arc::clone(&ctx.packs), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let (case, compiled) = load(tx, &packs, &case)?;
            let application = case.application.as_ref().ok_or(VisitError::NotHere)?;
            let actor = at_window(&case, &compiled, &acting).ok_or(VisitError::NotFound)?;
            let service = application.service.clone();
            draw_number(tx, &case, &compiled, actor, &service, now)
        })
        .await
}

/// The applicant is at a terminal in the hall of an office: draws the next number of the day there.
///
/// # Errors
/// [`VisitError`]; nothing changes then. [`VisitError::NotHere`] where another office decides.
pub async fn arrive_at_kiosk(
    ctx: &Context,
    case: CaseRef,
    party: PartyId,
    office: OfficeId,
) -> Result<Case, VisitError> {
    let (packs, now) = (Arc::clone(&ctx.packs), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let (case, compiled) = load(tx, &packs, &case)?;
            let service = own_application(&case, party)?;
            if compiled.city.service_of(&case.category).is_none_or(|(_, service)| service.office != office) {
                return Err(VisitError::NotHere);
            }
            draw_number(tx, &case, &compiled, Actor::Resident { party }, &service, now)
        })
        .await
}

fn draw_number(
    tx: &mut Tx,
    case: &Case,
    compiled: &Compiled,
    actor: Actor,
    service: &ServiceId,
    now: Instant,
) -> Result<Case, VisitError> {
    let visit = case.booked_visit().ok_or(VisitError::NotBooked)?;
    let (from, until) = (visit.starts_at.plus_micros(-EARLY_MINUTES * MINUTE_US), visit.ends_at);
    if now < from || until < now {
        return Err(VisitError::WrongTime { from, until });
    }
    let day = civil_day(&compiled.city.zone(), visit.starts_at);
    let number = tx.next_ticket(service, &visit.place, day)?;
    let body = EventBody::Arrived { ticket: format!("A{number:03}") };
    append(tx, case, compiled, actor, [body], now)
}

/// What a case owes when its booked time has passed and nobody came.
pub(crate) fn missed_visit(case: &Case, now: Instant) -> Option<EventBody> {
    let visit = case.booked_visit()?;
    (visit.ends_at < now).then_some(EventBody::VisitEnded { how: VisitEnd::Missed })
}

/// What a case owes when it ends while a time is still held for it.
pub(crate) fn unneeded_visit(case: &Case) -> Option<EventBody> {
    case.booked_visit().map(|_| EventBody::VisitEnded { how: VisitEnd::Cancelled })
}

/// Staff of the office that decides on the application.
fn at_window(case: &Case, compiled: &Compiled, acting: &Acting) -> Option<Actor> {
    let Acting::Staff { party, grants } = acting else { return None };
    let (_, service) = compiled.city.service_of(&case.category)?;
    let is_theirs = |grant: &&model::Grant| {
        grant.office == service.office && compiled.city.is_within(&case.place.region, &grant.region)
    };
    let grant = grants.iter().find(is_theirs)?;
    Some(Actor::Staff { party: *party, role: grant.role.clone(), office: grant.office.clone() })
}

fn load(tx: &mut Tx, packs: &pack::Packs, case: &CaseRef) -> Result<(Case, Arc<Compiled>), VisitError> {
    let id = find_case(tx, case)?.ok_or(VisitError::NotFound)?;
    let case = tx.load_case(id)?.ok_or(VisitError::NotFound)?;
    let compiled = packs.get(&case.pack).ok_or_else(|| VisitError::Broken(format!("archive entry {}", case.pack)))?;
    Ok((case, compiled))
}

/// The service of an open application of this person's own.
fn own_application(case: &Case, party: PartyId) -> Result<ServiceId, VisitError> {
    if case.reporter.party != Some(party) {
        return Err(VisitError::NotFound);
    }
    let has_come = case.bookings.last().is_some_and(|booking| booking.state == VisitState::Arrived);
    let application = case.application.as_ref().filter(|_| case.is_open() && !has_come);
    application.map(|application| application.service.clone()).ok_or(VisitError::NotHere)
}

fn append(
    tx: &mut Tx,
    case: &Case,
    compiled: &Compiled,
    actor: Actor,
    bodies: impl IntoIterator<Item = EventBody>,
    now: Instant,
) -> Result<Case, VisitError> {
    let events = bodies.into_iter().map(|body| NewEvent { at: now, actor: actor.clone(), body }).collect();
    let region_path = compiled.city.region_path(&case.place.region);
    let append = Append { case_id: case.id, before: Some(case), events, recorded_at: now, region_path: &region_path };
    Ok(tx.append(append)?.0)
}
