//! Commands to devices and scenes, on both databases.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use common::*;
use dipper_act::Context;
use dipper_act::control::{Answer, Asked, ControlError, answered, ask, confirm, due, received, sent, withdraw};
use dipper_act::scenes::{Runner, SceneError, last_planned, next_planned, run as run_scene, run_due};
use model::{Actor, DeviceId, EventId, Instant, PartyId};
use pack::Packs;
use serde_json::{Value, json};
use store::{CommandState, DeviceCommandFilter, DeviceCommandRow, DeviceRow, DeviceState, Tx};
use testkit::{Database, FixedClock, on_both_databases};

const SECOND_US: i64 = 1_000_000;

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A city with two lamps, a gas detector and a lamp that is shut out.
fn city(database: &Database) -> (Context, FixedClock) {
    let clock = FixedClock::at(MONDAY);
    for (id, class, region, state) in [
        ("lamp-1", "street_lamp", "gulou", DeviceState::Active),
        ("lamp-2", "street_lamp", "shuyuan", DeviceState::Active),
        ("lamp-3", "street_lamp", "gulou", DeviceState::Quarantined),
        ("gas-1", "gas_detector", "gulou", DeviceState::Active),
    ] {
        let region: model::RegionId = region.parse().unwrap();
        let row = DeviceRow {
            id: DeviceId::new(id).unwrap(),
            class: class.parse().unwrap(),
            title: id.to_owned(),
            parent: None,
            office: "street_lighting".parse().unwrap(),
            region_path: demo().city.region_path(&region),
            region,
            point: (112.8961, 32.5087),
            height_m: None,
            cell: grid::Cell::encode(grid::LonLat::new(112.8961, 32.5087).unwrap(), grid::Level::L10).unwrap(),
            labels: Vec::new(),
            state,
            reason: None,
            secret: [0; 32],
            next_secret: None,
            registered_at: at(MONDAY),
            changed_at: at(MONDAY),
        };
        database.write_blocking(move |tx: &mut Tx| tx.record_device(&row, &[]).map(drop)).unwrap();
    }
    let packs = Arc::new(Packs::new(demo()));
    (Context { store: database.store().clone(), packs, clock: Arc::new(clock.clone()) }, clock)
}

fn tell(ctx: &Context, device: &str, command: &str, arguments: Value) -> Result<DeviceCommandRow, ControlError> {
    let city = demo();
    let class = if device.starts_with("gas") { "gas_detector" } else { "street_lamp" };
    let class = &city.city.devices[class];
    let arguments: BTreeMap<String, Value> = serde_json::from_value(arguments).unwrap();
    let asked = Asked {
        device: DeviceId::new(device).unwrap(),
        command: command.to_owned(),
        arguments,
        reason: "演练".to_owned(),
        by: officer(1),
    };
    block(ask(ctx, class, asked))
}

fn say(ctx: &Context, device: &str, id: EventId, done: bool) -> Result<DeviceCommandRow, ControlError> {
    let answer = Answer { id, done, message: Some("ok\u{7}".to_owned()) };
    block(answered(ctx, DeviceId::new(device).unwrap(), answer))
}

fn officer(number: u128) -> Actor {
    Actor::Staff { party: person(number), role: "duty_chief".parse().unwrap(), office: "centre".parse().unwrap() }
}

/// What the log holds of a device, the oldest first: the kind, and by whom.
fn records(database: &Database, device: &str) -> Vec<(&'static str, Option<PartyId>)> {
    let subject = format!("device/{device}");
    let mut records = database.read_blocking(move |db| db.list_records(&subject, None, 100)).unwrap();
    records.reverse();
    records.iter().map(|record| (record.body.kind(), record.actor.party())).collect()
}

fn list(database: &Database) -> Vec<DeviceCommandRow> {
    database.read_blocking(|db| db.list_device_commands(&DeviceCommandFilter::default(), 100)).unwrap()
}

on_both_databases!(a_command_is_sent_until_the_device_has_it_and_ends_by_what_it_says, |database| {
    let (ctx, clock) = city(database);
    let row = tell(&ctx, "lamp-1", "dim", json!({"brightness": 40})).unwrap();
    assert_eq!((row.state, row.sendings), (CommandState::Queued, 0));
    let ids = |rows: &[DeviceCommandRow]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    // Nobody is there: it is due in every round.
    assert_eq!(ids(&block(due(&ctx)).unwrap()), [row.id]);
    assert_eq!(ids(&block(due(&ctx)).unwrap()), [row.id]);
    block(sent(&ctx, vec![row.id])).unwrap();
    assert!(block(due(&ctx)).unwrap().is_empty(), "it was just sent");
    clock.advance_us(31 * SECOND_US);
    assert_eq!(ids(&block(due(&ctx)).unwrap()), [row.id], "nobody acknowledged it");
    block(received(&ctx, row.id)).unwrap();
    clock.advance_us(60 * SECOND_US);
    assert!(block(due(&ctx)).unwrap().is_empty(), "the device has it");
    // What another device says of it is nothing.
    assert!(matches!(say(&ctx, "lamp-2", row.id, true), Err(ControlError::Unknown)));
    let done = say(&ctx, "lamp-1", row.id, true).unwrap();
    assert_eq!((done.state, done.outcome.as_deref(), done.sendings), (CommandState::Done, Some("ok"), 1));
    // Said twice, or otherwise later: nothing changes.
    clock.advance_us(SECOND_US);
    assert_eq!(say(&ctx, "lamp-1", row.id, false).unwrap(), done);
    assert_eq!(block(received(&ctx, row.id)).unwrap(), done);
    assert_eq!(list(database), [done]);
    // That it was sent and received, and whatever was said later, is not in the log.
    assert_eq!(records(database, "lamp-1"), [("command_asked", Some(person(1))), ("command_ended", None)]);
    assert_eq!(records(database, "lamp-2"), []);
});

on_both_databases!(what_nobody_does_in_time_expires_and_what_was_not_sent_can_be_taken_back, |database| {
    let (ctx, clock) = city(database);
    let late = tell(&ctx, "lamp-1", "switch", json!({"lit": true})).unwrap();
    let back = tell(&ctx, "lamp-2", "switch", json!({"lit": true})).unwrap();
    assert_eq!(block(withdraw(&ctx, back.id, officer(1))).unwrap().state, CommandState::Withdrawn);
    assert!(matches!(block(withdraw(&ctx, back.id, officer(1))), Err(ControlError::State { .. })));
    clock.advance_us(301 * SECOND_US);
    assert!(block(due(&ctx)).unwrap().is_empty());
    let states: BTreeMap<_, _> = list(database).into_iter().map(|row| (row.id, row.state)).collect();
    assert_eq!(states, BTreeMap::from([(back.id, CommandState::Withdrawn), (late.id, CommandState::Expired)]));
    // A device that does it after all changes nothing.
    assert_eq!(say(&ctx, "lamp-1", late.id, true).unwrap().state, CommandState::Expired);
});

on_both_databases!(a_dangerous_command_needs_two_people, |database| {
    let (ctx, clock) = city(database);
    let row = tell(&ctx, "gas-1", "close_valve", json!({})).unwrap();
    assert_eq!(row.state, CommandState::Unconfirmed);
    assert!(block(due(&ctx)).unwrap().is_empty());
    assert!(matches!(say(&ctx, "gas-1", row.id, true), Err(ControlError::Unknown)), "nobody was told");
    assert!(matches!(block(confirm(&ctx, row.id, officer(1))), Err(ControlError::SamePerson)));
    let confirmed = block(confirm(&ctx, row.id, officer(2))).unwrap();
    assert_eq!((confirmed.state, confirmed.confirmed_by), (CommandState::Queued, Some(person(2))));
    assert!(matches!(block(confirm(&ctx, row.id, officer(3))), Err(ControlError::State { .. })));
    assert_eq!(block(due(&ctx)).unwrap().len(), 1);
    // Confirmed too late: it is over.
    let row = tell(&ctx, "gas-1", "close_valve", json!({})).unwrap();
    clock.advance_us(121 * SECOND_US);
    assert_eq!(block(confirm(&ctx, row.id, officer(2))).unwrap().state, CommandState::Expired);
    let by = |number| Some(person(number));
    let kept =
        [("command_asked", by(1)), ("command_confirmed", by(2)), ("command_asked", by(1)), ("command_ended", by(2))];
    assert_eq!(records(database, "gas-1"), kept);
});

on_both_databases!(what_does_not_fit_is_refused_in_words, |database| {
    let (ctx, _) = city(database);
    for (device, command, arguments, words) in [
        ("lamp-1", "explode", json!({}), "command: the device can be told switch, dim"),
        ("lamp-1", "dim", json!({}), "arguments.brightness: is missing"),
        ("lamp-1", "dim", json!({"brightness": 150}), "arguments.brightness: must be 0 to 100, got 150"),
        ("lamp-1", "dim", json!({"brightness": true}), "arguments.brightness: must be a number"),
        ("lamp-1", "dim", json!({"brightness": 1, "colour": 2}), "arguments.colour: dim takes no such value"),
        ("lamp-1", "switch", json!({"lit": 1}), "arguments.lit: must be true or false"),
        ("lamp-3", "switch", json!({"lit": true}), "the device is quarantined; only active ones are told what to do"),
        ("lamp-9", "switch", json!({"lit": true}), "there is no such command"),
    ] {
        assert_eq!(tell(&ctx, device, command, arguments).unwrap_err().to_string(), words);
    }
    assert!(list(database).is_empty());
    for text in ["", "{}", "[]", r#"{"id": "x", "done": true}"#, r#"{"id": 7, "done": true}"#, "\u{0}"] {
        assert!(Answer::parse(text.as_bytes()).unwrap_err().starts_with("an answer is "), "{text}");
    }
});

on_both_databases!(a_scene_tells_every_active_device_of_its_regions, |database| {
    let (ctx, _) = city(database);
    let city = &demo().city;
    let festival = "festival".parse().unwrap();
    let by_hand = |reason: &str| block(run_scene(&ctx, city, &festival, Runner::Person(officer(1), reason.to_owned())));
    assert!(matches!(by_hand(" "), Err(SceneError::Reason(0))));
    assert_eq!(by_hand("灯会").unwrap().devices, 1, "one lamp of the street speaks");
    let told: Vec<_> = list(database).into_iter().map(|row| (row.device.to_string(), row.reason)).collect();
    assert_eq!(told, [("lamp-1".to_owned(), "灯会".to_owned())]);
    let unknown = block(run_scene(&ctx, city, &"nothing".parse().unwrap(), Runner::Plan(at(MONDAY))));
    assert!(matches!(unknown, Err(SceneError::Unknown(_))));
});

on_both_databases!(planned_scenes_run_once_and_not_long_after, |database| {
    let (ctx, clock) = city(database);
    let city = &demo().city;
    let runs = || {
        let runs = block(run_due(&ctx, city)).unwrap();
        runs.into_iter().map(|run| (run.scene.to_string(), run.devices)).collect::<Vec<_>>()
    };
    // Nine in the morning: the lights went off at dawn, two hours and more ago.
    assert_eq!(runs(), [("lights_off".to_owned(), 2)]);
    assert!(runs().is_empty(), "once");
    clock.set(at("2026-11-02T18:10:00+08:00"));
    assert_eq!(runs(), [("lights_on".to_owned(), 2)]);
    clock.set(at("2026-11-02T23:31:00+08:00"));
    assert_eq!(runs(), [("lights_half".to_owned(), 2)]);
    // The program was away for a day: what was missed long ago is not made up for.
    clock.set(at("2026-11-04T15:00:00+08:00"));
    assert!(runs().is_empty());
    let row = database.read_blocking(|db| db.list_scene_runs(&"lights_on".parse().unwrap(), 5)).unwrap().remove(0);
    let count = database.read_blocking(move |db| db.count_commands_of_run(row.id)).unwrap();
    assert_eq!(count.into_iter().collect::<Vec<_>>(), [(CommandState::Queued, 2)]);
});

#[test]
fn moments_of_the_clock_and_of_the_sun_are_found() {
    let city = &demo().city;
    let scene = |id: &str| &city.scenes[id];
    let minutes = |at: Option<Instant>| at.map(|at| at.to_string()[..16].to_owned());
    let now = at(MONDAY);
    assert_eq!(minutes(next_planned(city, scene("lights_half"), now)).as_deref(), Some("2026-11-02T15:30"));
    assert_eq!(minutes(last_planned(city, scene("lights_half"), now)).as_deref(), Some("2026-11-01T15:30"));
    assert_eq!(next_planned(city, scene("festival"), now), None, "by hand alone");
    // Ten minutes before civil dusk in early November at 32.5° N, 112.9° E: about 17:50 there.
    assert_eq!(
        minutes(next_planned(city, scene("lights_on"), now)).map(|at| at[..15].to_owned()).as_deref(),
        Some("2026-11-02T09:5")
    );
}
