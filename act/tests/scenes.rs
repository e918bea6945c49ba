//! Scenes that follow what is measured, on both databases: who comes first, whom a counter governs, and nothing twice.
#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::future::Future;
use std::sync::Arc;

use common::*;
use dipper_act::Context;
use dipper_act::control::{Asked, ask};
use dipper_act::scenes::{Following, Runner, is_open, run as run_scene, run_due};
use model::{Actor, DeviceId, RegionId};
use pack::{Compiled, Packs, Reach};
use serde_json::json;
use store::{DeviceCommandFilter, DeviceCommandRow, DeviceRow, DeviceState, SceneCounterRow, SceneTurn, Tx};
use testkit::{Database, FixedClock, on_both_databases};

/// One at night: half light was planned at 23:30.
const NIGHT: &str = "2026-11-03T01:00:00+08:00";
const MINUTE_US: i64 = 60_000_000;

/// Metres to the north of the first lamp, in degrees.
fn north(metres: f64) -> f64 {
    32.5087 + metres / 111_195.0
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

struct Street<'a> {
    database: &'a Database,
    ctx: Context,
    clock: FixedClock,
    following: Following,
}

/// Two lamps near a counter, one 900 m away, and a second counter there.
fn street(database: &Database) -> Street<'_> {
    street_of(database, demo())
}

fn street_of(database: &Database, compiled: Arc<Compiled>) -> Street<'_> {
    let clock = FixedClock::at(NIGHT);
    for (id, class, region, metres) in [
        ("lamp-1", "street_lamp", "gulou", 0.0),
        ("lamp-2", "street_lamp", "gulou", 200.0),
        ("lamp-3", "street_lamp", "shuyuan", 900.0),
        ("counter-1", "road_counter", "gulou", 10.0),
        ("counter-2", "road_counter", "shuyuan", 880.0),
    ] {
        let region: RegionId = region.parse().unwrap();
        let point = (112.8961, north(metres));
        let row = DeviceRow {
            id: DeviceId::new(id).unwrap(),
            class: class.parse().unwrap(),
            title: String::new(),
            parent: None,
            office: "street_lighting".parse().unwrap(),
            region_path: compiled.city.region_path(&region),
            region,
            point,
            height_m: None,
            cell: grid::Cell::encode(grid::LonLat::new(point.0, point.1).unwrap(), grid::Level::L10).unwrap(),
            labels: Vec::new(),
            state: DeviceState::Active,
            reason: None,
            secret: [0; 32],
            next_secret: None,
            registered_at: at(MONDAY),
            changed_at: at(MONDAY),
        };
        database.write_blocking(move |tx: &mut Tx| tx.record_device(&row, &[]).map(drop)).unwrap();
    }
    let packs = Arc::new(Packs::new(compiled));
    let ctx = Context { store: database.store().clone(), packs, clock: Arc::new(clock.clone()) };
    block(run_due(&ctx, &ctx.packs.current().city)).unwrap();
    Street { database, ctx, clock, following: Following::default() }
}

impl Street<'_> {
    fn counts(&self, id: &str, scene: &str, over: Option<f64>, is_silent: bool) {
        let row = SceneCounterRow {
            scene: scene.parse().unwrap(),
            device: DeviceId::new(id).unwrap(),
            over_since: over.map(|_| at(NIGHT)),
            silent_since: is_silent.then(|| at(NIGHT)),
            reading: over.map(|value| ("passed".to_owned(), value)),
        };
        self.database.write_blocking(move |tx: &mut Tx| tx.keep_scene_counter(&row)).unwrap();
    }

    /// What was told now: the lamp and its brightness.
    fn follow(&mut self) -> Vec<(String, i64)> {
        let before = self.commands();
        let runs = block(self.following.follow(&self.ctx)).unwrap();
        let told = brightness(self.commands().into_iter().filter(|row| !before.contains(row)));
        assert_eq!(runs.iter().map(|run| run.devices as usize).sum::<usize>(), told.len());
        told
    }

    fn commands(&self) -> Vec<DeviceCommandRow> {
        let all = DeviceCommandFilter::default();
        self.database.read_blocking(move |db| db.list_device_commands(&all, 1_000)).unwrap()
    }

    fn held(&self) -> Vec<String> {
        let holds = self.database.read_blocking(|db| db.list_scene_holds()).unwrap();
        holds.into_iter().map(|hold| format!("{} {} {}", hold.device, hold.scene, hold.counter)).collect()
    }

    fn by_hand(&self, lamp: &str, brightness: i64) {
        let by =
            Actor::Staff { party: person(1), role: "duty_chief".parse().unwrap(), office: "centre".parse().unwrap() };
        let asked = Asked {
            device: DeviceId::new(lamp).unwrap(),
            command: "dim".to_owned(),
            arguments: [("brightness".to_owned(), json!(brightness))].into(),
            reason: "检修".to_owned(),
            by,
        };
        block(ask(&self.ctx, &demo().city.devices["street_lamp"], asked)).unwrap();
    }
}

/// Lamps and their brightness, by lamp.
fn brightness(rows: impl Iterator<Item = DeviceCommandRow>) -> Vec<(String, i64)> {
    let one = |row: DeviceCommandRow| {
        let arguments: serde_json::Value = serde_json::from_str(&row.arguments).unwrap();
        (row.device.to_string(), arguments["brightness"].as_i64().unwrap())
    };
    let mut told: Vec<_> = rows.map(one).collect();
    told.sort_unstable();
    told
}

fn lamps(list: &[(&str, i64)]) -> Vec<(String, i64)> {
    list.iter().map(|(lamp, brightness)| ((*lamp).to_owned(), *brightness)).collect()
}

const TRAFFIC: &str = "lights_traffic";

on_both_databases!(lamps_near_a_counter_follow_it_and_go_back_to_their_plan, |database| {
    let mut street = street(database);
    assert_eq!(brightness(street.commands().into_iter()), lamps(&[("lamp-1", 50), ("lamp-2", 50), ("lamp-3", 50)]));
    assert!(street.follow().is_empty());
    street.counts("counter-1", TRAFFIC, Some(14.0), false);
    assert_eq!(street.follow(), lamps(&[("lamp-1", 100), ("lamp-2", 100)]));
    assert_eq!(street.held(), ["lamp-1 lights_traffic counter-1", "lamp-2 lights_traffic counter-1"]);
    // Another program, or this one begun again, finds nothing to do.
    street.following = Following::default();
    assert!(street.follow().is_empty());
    // Any counter that is over is enough.
    street.counts("counter-2", TRAFFIC, Some(30.0), false);
    assert_eq!(street.follow(), lamps(&[("lamp-3", 100)]));
    street.counts("counter-1", TRAFFIC, None, false);
    assert_eq!(street.follow(), lamps(&[("lamp-1", 50), ("lamp-2", 50)]));
    // It is over and says nothing any more: what is planned.
    street.counts("counter-2", TRAFFIC, Some(30.0), true);
    assert_eq!(street.follow(), lamps(&[("lamp-3", 50)]));
    assert!(street.held().is_empty());
    let runs = database.read_blocking(|db| db.list_scene_runs(&TRAFFIC.parse().unwrap(), 9)).unwrap();
    let mut runs: Vec<_> = runs.into_iter().map(|run| (run.turn.unwrap(), run.counter.unwrap().to_string())).collect();
    runs.sort_unstable();
    let (follow, back) = (SceneTurn::Follow, SceneTurn::FallBack);
    let expect = [(follow, "counter-1"), (follow, "counter-2"), (back, "counter-1"), (back, "counter-2")];
    assert_eq!(runs, expect.map(|(turn, counter)| (turn, counter.to_owned())));
});

on_both_databases!(what_somebody_told_a_lamp_holds_until_the_next_planned_moment, |database| {
    let mut street = street(database);
    street.counts("counter-1", TRAFFIC, Some(14.0), false);
    assert_eq!(street.follow().len(), 2);
    street.clock.advance_us(MINUTE_US);
    street.by_hand("lamp-1", 10);
    street.clock.advance_us(2 * MINUTE_US);
    assert!(street.follow().is_empty(), "it is let go, and told nothing");
    assert_eq!(street.held(), ["lamp-2 lights_traffic counter-1"]);
    street.counts("counter-1", TRAFFIC, None, false);
    assert_eq!(street.follow(), lamps(&[("lamp-2", 50)]), "nor when the street is quiet again");
    street.counts("counter-1", TRAFFIC, Some(20.0), false);
    assert_eq!(street.follow(), lamps(&[("lamp-2", 100)]), "nor when it is not");
    // The evening's plan ends it, and the next night it follows again.
    street.counts("counter-1", TRAFFIC, None, false);
    assert_eq!(street.follow(), lamps(&[("lamp-2", 50)]));
    for planned in ["2026-11-03T07:30:00+08:00", "2026-11-03T18:00:00+08:00", "2026-11-03T23:30:30+08:00"] {
        street.clock.set(at(planned));
        assert_eq!(block(run_due(&street.ctx, &demo().city)).unwrap().len(), 1, "{planned}");
    }
    street.counts("counter-1", TRAFFIC, Some(14.0), false);
    assert_eq!(street.follow(), lamps(&[("lamp-1", 100), ("lamp-2", 100)]));
});

on_both_databases!(a_plan_leaves_held_lamps_alone_and_is_what_they_go_back_to, |database| {
    let mut street = street(database);
    street.clock.set(at("2026-11-03T18:00:00+08:00"));
    block(run_due(&street.ctx, &demo().city)).unwrap();
    street.clock.set(at("2026-11-03T23:10:00+08:00"));
    street.counts("counter-1", TRAFFIC, Some(14.0), false);
    assert!(street.follow().is_empty(), "full light is planned: they are held, and told nothing new");
    assert_eq!(street.held().len(), 2);
    street.clock.set(at("2026-11-03T23:30:01+08:00"));
    let planned = block(run_due(&street.ctx, &demo().city)).unwrap();
    assert_eq!((planned.len(), planned[0].devices), (1, 1), "the lamp far away alone");
    assert!(street.follow().is_empty());
    // Run by hand, everybody is told.
    let by = Actor::Staff { party: person(1), role: "duty_chief".parse().unwrap(), office: "centre".parse().unwrap() };
    let ran = block(run_scene(
        &street.ctx,
        &demo().city,
        &"festival".parse().unwrap(),
        Runner::Person(by, "灯会".to_owned()),
    ));
    assert_eq!(ran.unwrap().devices, 2);
    // Dawn ends the window, though the counter still counts much.
    street.clock.set(at("2026-11-04T06:20:00+08:00"));
    assert!(street.follow().is_empty(), "a hand came between");
    assert!(street.held().is_empty());
});

on_both_databases!(the_window_ends_what_a_counter_does_not, |database| {
    let mut street = street(database);
    street.counts("counter-1", TRAFFIC, Some(14.0), false);
    assert_eq!(street.follow().len(), 2);
    street.clock.set(at("2026-11-03T06:50:00+08:00"));
    assert_eq!(street.follow(), lamps(&[("lamp-1", 0), ("lamp-2", 0)]), "off is planned by now");
    street.clock.set(at("2026-11-03T13:00:00+08:00"));
    assert!(street.follow().is_empty());
});

on_both_databases!(lamps_of_the_counters_own_region_follow_it_where_the_pack_says_so, |database| {
    let mut city = (*demo().city).clone();
    let scene = city.scenes.get_mut(TRAFFIC).unwrap();
    scene.condition.as_mut().unwrap().reach = Reach::SameRegion;
    let mut street = street_of(database, Arc::new(Compiled::new(city).unwrap()));
    street.counts("counter-2", TRAFFIC, Some(14.0), false);
    assert_eq!(street.follow(), lamps(&[("lamp-3", 100)]));
    // A lamp that is shut out is held by nothing, and told nothing.
    let lamp = DeviceId::new("lamp-3").unwrap();
    database
        .write_blocking(move |tx: &mut Tx| {
            let row = tx.find_device(&lamp)?.unwrap();
            tx.update_device(&DeviceRow { state: DeviceState::Quarantined, ..row })
        })
        .unwrap();
    street.counts("counter-2", TRAFFIC, None, false);
    assert!(street.follow().is_empty() && street.held().is_empty());
});

#[test]
fn a_window_is_open_over_midnight() {
    let city = demo().city.clone();
    let window = city.scenes[TRAFFIC].condition.as_ref().unwrap().window;
    for (now, is_so) in [
        ("2026-11-02T22:59:59+08:00", false),
        ("2026-11-02T23:00:00+08:00", true),
        ("2026-11-03T00:00:01+08:00", true),
        ("2026-11-03T06:00:00+08:00", true),
        ("2026-11-03T06:50:00+08:00", false),
        ("2026-11-03T12:00:00+08:00", false),
    ] {
        assert_eq!(is_open(&city, window, at(now)), is_so, "{now}");
    }
    assert!(is_open(&city, None, at(MONDAY)));
}
