//! Booking visits on both databases: what is offered, who wins a race, what is given back, who comes and who does not.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use dipper_act::visits::{BookCommand, Slot, VisitError, arrive, arrive_at_kiosk, book, cancel_visit, list_slots};
use dipper_act::{Acting, CaseRef, Context, fire_due};
use model::{
    Actor, Application, Case, Commitment, FormId, Grant, Instant, NewEvent, PartyId, Place, Reporter, SealedId,
    ServiceId, VisitState,
};
use pack::enter::Opening;
use pack::{Compiled, Packs};
use store::{Append, StoreError, Tx};
use testkit::{Database, FixedClock, on_both_databases};

/// A Monday morning.
const MONDAY: &str = "2026-11-02T09:00:00+08:00";

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn demo() -> Arc<Compiled> {
    static DEMO: LazyLock<Arc<Compiled>> = LazyLock::new(|| {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/demo"));
        let loaded = pack::load(&folder).unwrap_or_else(|faults| panic!("{faults}"));
        Arc::new(Compiled::of_pack(loaded).unwrap())
    });
    Arc::clone(&DEMO)
}

fn licence() -> ServiceId {
    "food_business_licence".parse().unwrap()
}

/// The window of one seat.
fn hall() -> FormId {
    "hall1".parse().unwrap()
}

fn party(number: u128) -> PartyId {
    PartyId::new(Instant::from_micros(0), number)
}

struct Town {
    ctx: Context,
    clock: FixedClock,
}

fn town(database: &Database) -> Town {
    let clock = FixedClock::at(MONDAY);
    let packs = Arc::new(Packs::new(demo()));
    Town { ctx: Context { store: database.store().clone(), packs, clock: Arc::new(clock.clone()) }, clock }
}

/// Applications of so many people, one each.
fn applications(town: &Town, database: &Database, people: u128) -> Vec<Case> {
    let now = model::Clock::now(&town.clock);
    let open = move |tx: &mut Tx, person: u128| {
        let compiled = demo();
        let region = compiled.city.offices["market_bureau"].region.clone();
        let opening = Opening {
            no: tx.next_case_no("YG", 20_261_102)?,
            category: "food_business_licence".parse().unwrap(),
            condition: None,
            description: String::new(),
            place: Place { point: None, cell: None, region: region.clone(), address: None },
            channel: "resident".to_owned(),
            reporter: Reporter { party: Some(party(person)), client: None, contact: None },
            evidence: Vec::new(),
            answers: std::collections::BTreeMap::new(),
            application: Some(Application {
                service: licence(),
                answers: SealedId::new(now, person),
                commitment: Commitment::new([1; 32]),
                requests: Vec::new(),
                licences: Vec::new(),
                fees: Vec::new(),
                kiosk: None,
            }),
            source_id: None,
        };
        let bodies = opening.bodies(&compiled, now).unwrap();
        let actor = Actor::Resident { party: party(person) };
        let events = bodies.into_iter().map(|body| NewEvent { at: now, actor: actor.clone(), body }).collect();
        let case_id = tx.new_case_id(now);
        let region_path = compiled.city.region_path(&region);
        Ok::<_, StoreError>(
            tx.append(Append { case_id, before: None, events, recorded_at: now, region_path: &region_path })?.0,
        )
    };
    database.write_blocking(move |tx: &mut Tx| (1..=people).map(|person| open(tx, person)).collect()).unwrap()
}

fn command(case: &Case, starts_at: Instant) -> BookCommand {
    let party = case.reporter.party.unwrap();
    BookCommand { case: CaseRef::Id(case.id), place: hall(), starts_at, party, by: Actor::Resident { party } }
}

fn slots(town: &Town) -> Vec<Slot> {
    block(list_slots(&town.ctx, licence(), hall())).unwrap().unwrap()
}

fn clerk() -> Acting {
    let grant = Grant {
        role: "service_clerk".parse().unwrap(),
        office: "market_bureau".parse().unwrap(),
        region: "yaoguang".parse().unwrap(),
    };
    Acting::Staff { party: party(900), grants: vec![grant] }
}

on_both_databases!(times_within_opening_hours_are_offered, |database| {
    let town = town(database);
    let slots = slots(&town);
    let first = slots[0];
    // An hour's notice; the working calendar opens from 08:00 to 12:00 and again in the afternoon.
    assert_eq!(
        (first.starts_at.to_string(), first.ends_at.to_string()),
        ("2026-11-02T02:00:00Z".into(), "2026-11-02T02:30:00Z".into())
    );
    assert!(slots.iter().all(|slot| slot.free == 1));
    let zone = demo().city.zone();
    let clock = |at: Instant| zone.to_datetime(at.to_timestamp());
    assert!(slots.iter().all(|slot| clock(slot.starts_at).weekday().to_monday_one_offset() <= 5), "no weekend");
    assert!(slots.iter().all(|slot| !(12..13).contains(&clock(slot.starts_at).hour())), "not at noon");
    assert!(slots.last().unwrap().starts_at < "2026-11-16T09:00:00+08:00".parse().unwrap(), "a fortnight ahead");
});

on_both_databases!(a_time_is_booked_moved_given_back_and_taken_by_the_next, |database| {
    let town = town(database);
    let cases = applications(&town, database, 2);
    let (one, other) = (slots(&town)[0].starts_at, slots(&town)[1].starts_at);
    let booked = block(book(&town.ctx, command(&cases[0], one))).unwrap();
    assert_eq!(booked.booked_visit().unwrap().seat, 1);
    assert_eq!(slots(&town)[0].free, 0);
    assert!(matches!(block(book(&town.ctx, command(&cases[1], one))), Err(VisitError::Full { .. })));
    let stranger =
        BookCommand { party: party(2), by: Actor::Resident { party: party(2) }, ..command(&cases[0], other) };
    assert!(matches!(block(book(&town.ctx, stranger)), Err(VisitError::NotFound)), "a case is its applicant's own");
    let moved = block(book(&town.ctx, command(&cases[0], other))).unwrap();
    assert_eq!(moved.bookings.iter().map(|booking| booking.state.as_str()).collect::<Vec<_>>(), ["moved", "booked"]);
    block(book(&town.ctx, command(&cases[1], one))).unwrap();
    block(cancel_visit(&town.ctx, CaseRef::Id(cases[0].id), party(1), Actor::Resident { party: party(1) })).unwrap();
    assert!(matches!(
        block(cancel_visit(&town.ctx, CaseRef::Id(cases[0].id), party(1), Actor::Resident { party: party(1) })),
        Err(VisitError::NotBooked)
    ));
    assert_eq!(slots(&town)[1].free, 1);
    let odd = one.plus_micros(60_000_000);
    assert!(matches!(block(book(&town.ctx, command(&cases[0], odd))), Err(VisitError::NoSuchTime { .. })));
    let past: Instant = "2026-11-02T01:00:00Z".parse().unwrap();
    assert!(matches!(block(book(&town.ctx, command(&cases[0], past))), Err(VisitError::NoSuchTime { .. })));
    town.clock.set("2026-11-02T09:01:00+08:00".parse().unwrap());
    let late = block(cancel_visit(&town.ctx, CaseRef::Id(cases[1].id), party(2), Actor::Resident { party: party(2) }));
    assert!(matches!(late, Err(VisitError::WrongTime { .. })), "an hour before it begins is the last moment");
    let moving = block(book(&town.ctx, command(&cases[1], slots(&town)[3].starts_at)));
    assert!(matches!(moving, Err(VisitError::WrongTime { .. })), "nor is it moved away then");
});

on_both_databases!(who_comes_draws_a_number_and_who_misses_too_often_waits, |database| {
    let town = town(database);
    let cases = applications(&town, database, 2);
    let times: Vec<Instant> = slots(&town).iter().map(|slot| slot.starts_at).collect();
    block(book(&town.ctx, command(&cases[0], times[0]))).unwrap();
    let early = block(arrive(&town.ctx, CaseRef::Id(cases[0].id), clerk()));
    assert!(early.is_ok(), "an hour early is early enough");
    assert_eq!(early.unwrap().bookings[0].ticket.as_deref(), Some("A001"));
    let stranger = Acting::Resident { party: party(1) };
    assert!(matches!(block(arrive(&town.ctx, CaseRef::Id(cases[1].id), stranger)), Err(VisitError::NotFound)));
    for missed in 0..3_u32 {
        let at = slots(&town).into_iter().find(|slot| slot.free > 0).unwrap().starts_at;
        block(book(&town.ctx, command(&cases[1], at))).unwrap();
        town.clock.set(at.plus_micros(31 * 60_000_000));
        block(fire_due(&town.ctx)).unwrap();
        let count = database.read_blocking(|reader| reader.count_missed(party(2), Instant::from_micros(0))).unwrap();
        assert_eq!(count, missed + 1);
    }
    let again = block(book(&town.ctx, command(&cases[1], slots(&town)[0].starts_at)));
    assert!(matches!(again, Err(VisitError::Blocked { missed: 3 })));
    let id = cases[1].id;
    let case = database.read_blocking(move |reader| reader.get_case(id)).unwrap();
    assert!(case.bookings.iter().all(|booking| booking.state == VisitState::Ended(model::VisitEnd::Missed)));
    town.clock.set("2027-03-01T09:00:00+08:00".parse().unwrap());
    block(book(&town.ctx, command(&cases[1], slots(&town)[0].starts_at))).unwrap();
});

on_both_databases!(the_applicant_draws_a_number_at_a_terminal_of_the_office_that_decides, |database| {
    let town = town(database);
    let cases = applications(&town, database, 2);
    let starts_at = slots(&town)[0].starts_at;
    block(book(&town.ctx, command(&cases[0], starts_at))).unwrap();
    let draw = |person: u128, office: &str| {
        let office = office.parse().unwrap();
        block(arrive_at_kiosk(&town.ctx, CaseRef::Id(cases[0].id), party(person), office))
    };
    town.clock.set(starts_at.plus_micros(-3 * 3_600_000_000));
    assert!(matches!(draw(1, "market_bureau"), Err(VisitError::WrongTime { .. })));
    town.clock.set(starts_at);
    assert!(matches!(draw(1, "water_supply"), Err(VisitError::NotHere)), "another office's hall");
    assert!(matches!(draw(2, "market_bureau"), Err(VisitError::NotFound)), "somebody else's application");
    let case = draw(1, "market_bureau").unwrap();
    assert_eq!(case.bookings[0].ticket.as_deref(), Some("A001"));
    assert!(matches!(draw(1, "market_bureau"), Err(VisitError::NotHere)), "a number is drawn once");
});

/// Rounds of the race. Each has its own time.
const ROUNDS: usize = 200;

/// People who want the same time.
const PEOPLE: u128 = 50;

on_both_databases!(of_fifty_who_race_for_one_time_one_wins, |database| {
    let town = town(database);
    let cases = applications(&town, database, PEOPLE);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let (mut rounds, mut winners) = (0, BTreeSet::new());
    while rounds < ROUNDS {
        // Whoever holds a time gives it back by taking the next one, which is half of the race.
        for slot in slots(&town).into_iter().filter(|slot| slot.free > 0).take(ROUNDS - rounds) {
            let racing = cases.iter().map(|case| {
                let (ctx, command) = (town.ctx.clone(), command(case, slot.starts_at));
                runtime.spawn(async move { book(&ctx, command).await })
            });
            let racing: Vec<_> = racing.collect();
            let won: Vec<Case> = racing.into_iter().filter_map(|one| runtime.block_on(one).unwrap().ok()).collect();
            assert_eq!(won.len(), 1, "round {rounds} at {}", slot.starts_at);
            winners.insert(won[0].id);
            rounds += 1;
        }
        town.clock.advance_minutes(60 * 24 * 14);
    }
    assert!(!winners.is_empty());
});
