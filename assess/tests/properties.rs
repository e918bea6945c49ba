//! What must hold for any readings: order within the lateness, copies, and a new start change nothing.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::{at, device, reading, setup, told};
use dipper_assess::{Engine, Inhibition, State, Subject, Via};
use model::{Instant, Reading};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Every part of a rule at once, all of one lateness.
fn rules(lateness: &str) -> Value {
    let mut rules = json!([
        {"id": "hold", "when": "a > 5.0", "for": "20s", "keep_firing": "15s"},
        {"id": "ladder", "levels": [
            {"severity": "minor", "when": "a > 3.0"},
            {"severity": "major", "when": "a > 6.0 && b < 5.0", "for": "10s"},
            {"severity": "critical", "when": "a > 8.0"}]},
        {"id": "often", "when": "b > 6.0", "repeat": {"count": 3, "within": "40s"}, "clear": "b < 3.0"},
        {"id": "window", "when": "mean(\"a\", \"30s\") > 5.0 || count(\"b\", \"1m\") >= 6", "for": "5s"},
        {"id": "slope", "when": "delta(\"b\", \"20s\") > 5.0", "hysteresis": 2.0},
        {"id": "silent", "no_data_after": "25s", "no_data_severity": "major"},
        {"id": "flappy", "when": "b > 5.0", "flap": {"raises": 3, "within": "1m", "quiet": "20s"}},
        {"id": "each", "selector": {"properties": ["a", "b"]}, "when": "value > 7.0", "no_data_after": "40s"},
        {"id": "odd", "selector": {"properties": ["a"]}, "when": "value - neighbours(\"value\") > 4.0", "for": "5s",
            "neighbours": {"same_group": true, "at_least": 1, "fresh": "30s"}}
    ]);
    for rule in rules.as_array_mut().unwrap() {
        rule["lateness"] = json!(lateness);
    }
    rules
}

fn make(lateness: &str, state: &State) -> Engine {
    let inhibitions = vec![Inhibition { source: "silent".into(), targets: vec!["hold".into()], via: Via::Parent }];
    Engine::new(dipper_assess::Setup { inhibitions, ..setup(&rules(lateness)) }, state).unwrap()
}

fn devices() -> Vec<Subject> {
    let one = |name: &str, first: u32| Subject { group: Some("g".into()), ..device(name, first, &["a", "b"]) };
    let child = |name: &str, first: u32| Subject { parent: Some("d0".parse().unwrap()), ..one(name, first) };
    vec![one("d0", 1), child("d1", 3), child("d2", 5)]
}

/// One reading: which device, which property, when, how long it travels.
#[derive(Debug, Clone)]
struct Sent {
    device: usize,
    prop: u32,
    at_s: i64,
    delay_ms: i64,
    value: f64,
}

fn sent(longest_ms: i64) -> impl Strategy<Value = Vec<Sent>> {
    let one = (0..3_usize, 0..2_u32, 0..300_i64, 0..longest_ms, 0..10_i32);
    let one = one.prop_map(|(device, prop, at_s, delay_ms, value)| {
        let value = f64::from(value);
        Sent { device, prop, at_s, delay_ms, value }
    });
    proptest::collection::vec(one, 0..120).prop_map(|mut all| {
        // One reading of a series at an instant: copies are the matter of another test.
        let mut seen = BTreeSet::new();
        all.retain(|one| seen.insert((one.device, one.prop, one.at_s)));
        all
    })
}

/// Readings in the order they arrive, each with its instant of arrival.
fn arrivals(all: &[Sent], devices: &[Subject]) -> Vec<(usize, Reading, Instant)> {
    let one = |sent: &Sent| {
        let received = at(sent.at_s).plus_micros(sent.delay_ms * 1_000);
        let series = devices[sent.device].series[0].0.0 + sent.prop;
        let reading = Reading { received_at: received, ..reading(series, at(sent.at_s), sent.value) };
        (sent.device, reading, received)
    };
    let mut arrivals: Vec<_> = all.iter().map(one).collect();
    arrivals.sort_by_key(|(.., received)| *received);
    arrivals
}

/// What an engine says about alarms, from the first device's registration to long after the last reading.
fn play(
    mut engine: Engine,
    arrivals: &[(usize, Reading, Instant)],
    mut between: impl FnMut(Engine) -> Engine,
) -> Vec<String> {
    let devices = devices();
    let mut said = Vec::new();
    for subject in &devices {
        said.extend(engine.register(subject, at(0)));
    }
    for (device, reading, now) in arrivals {
        said.extend(engine.observe(&devices[*device], reading, *now));
        engine = between(engine);
    }
    for late in 0..40 {
        said.extend(engine.tick(at(330 + late * 7)));
        engine = between(engine);
    }
    said.iter().filter(|effect| effect.alarm().is_some()).map(told).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_order_of_arrival_within_the_lateness_does_not_matter(
        all in sent(1), delays in proptest::collection::vec(prop_oneof![0..=30_000_i64, Just(0), Just(30_000)], 120),
    ) {
        let devices = devices();
        let straight = play(make("30s", &State::default()), &arrivals(&all, &devices), |engine| engine);
        let shuffled: Vec<Sent> =
            all.iter().zip(delays).map(|(one, delay_ms)| Sent { delay_ms, ..one.clone() }).collect();
        let shuffled = play(make("30s", &State::default()), &arrivals(&shuffled, &devices), |engine| engine);
        prop_assert_eq!(straight, shuffled);
    }

    #[test]
    fn copies_change_nothing(all in sent(20_000), copies in proptest::collection::vec((any::<proptest::sample::Index>(), 0..60_000_i64), 0..60), lateness in prop_oneof![Just("0s"), Just("30s")]) {
        let devices = devices();
        let once = arrivals(&all, &devices);
        let mut more = once.clone();
        for (which, delay_ms) in copies.iter().filter(|_| !once.is_empty()) {
            let (device, reading, received) = once[which.index(once.len())];
            more.push((device, reading, received.plus_micros(delay_ms * 1_000)));
        }
        // The original comes before its copy.
        more.sort_by_key(|(.., received)| *received);
        let straight = play(make(lateness, &State::default()), &once, |engine| engine);
        let copied = play(make(lateness, &State::default()), &more, |engine| engine);
        prop_assert_eq!(straight, copied);
    }

    #[test]
    fn a_new_start_at_any_point_changes_nothing(all in sent(40_000), lateness in prop_oneof![Just("0s"), Just("30s")], every in 1..9_usize) {
        let arrivals = arrivals(&all, &devices());
        let straight = play(make(lateness, &State::default()), &arrivals, |engine| engine);
        let mut count = 0;
        let restarted = play(make(lateness, &State::default()), &arrivals, |engine| {
            count += 1;
            if count % every == 0 { make(lateness, &engine.save()) } else { engine }
        });
        prop_assert_eq!(&straight, &restarted);
        // The same from the records that changed alone.
        let mut kept = State::default();
        let mut count = 0;
        let from_changes = play(make(lateness, &State::default()), &arrivals, |mut engine| {
            count += 1;
            if count % every == 0 {
                kept.apply(engine.changes());
                // What was touched by nothing but time is not written: only the records of samples and alarms decide.
                let mut again = make(lateness, &kept);
                kept.apply(again.changes());
                again
            } else {
                engine
            }
        });
        prop_assert_eq!(straight, from_changes);
    }

    #[test]
    fn a_torn_state_is_refused_or_read_but_never_kills(all in sent(10_000), cut in any::<proptest::sample::Index>(), flip in any::<(usize, u8)>()) {
        let mut engine = make("30s", &State::default());
        let devices = devices();
        for (device, reading, now) in arrivals(&all, &devices) {
            engine.observe(&devices[device], &reading, now);
        }
        let mut state = engine.save();
        let key = state.0.keys().nth(cut.index(state.0.len())).unwrap().clone();
        let record = state.0.get_mut(&key).unwrap();
        let place = flip.0 % record.len();
        record[place] ^= flip.1;
        let setup = setup(&rules("30s"));
        if let Ok(mut engine) = Engine::new(setup.clone(), &state) {
            engine.tick(at(1000));
        }
        state.0.get_mut(&key).unwrap().truncate(place);
        prop_assert!(Engine::new(setup, &state).is_err(), "{key:?} cut at {place}");
    }
}

#[test]
fn an_edit_forgets_pending_of_the_changed_rule_alone_and_keeps_open_alarms() {
    let rule = |id: &str, hold: &str| json!({"id": id, "when": "a > 5.0", "for": hold, "severity": "major"});
    let before = json!([rule("changed", "1m"), rule("same", "1m"), rule("open", "0s"), rule("gone", "0s")]);
    let mut engine = common::engine(&before);
    let subject = device("d", 1, &["a"]);
    engine.observe(&subject, &reading(1, at(0), 6.0), at(0));
    assert_eq!(engine.list_alarms().len(), 4);
    let mut open = rule("open", "10m");
    open["severity"] = json!("critical");
    let after = json!([open, rule("same", "1m"), rule("changed", "50s")]);
    let mut engine = Engine::new(setup(&after), &engine.save()).unwrap();
    let mut said: Vec<String> = engine.tick(at(30)).iter().map(told).collect();
    said.extend(engine.observe(&subject, &reading(1, at(40), 7.0), at(40)).iter().map(told));
    said.extend(engine.tick(at(120)).iter().map(told));
    said.extend(engine.observe(&subject, &reading(1, at(130), 1.0), at(130)).iter().map(told));
    assert_eq!(
        said,
        [
            "gone@d cleared 0 Scope",
            "changed@d pending 40 due 90",
            "same@d raised 60 Major since 0",
            "changed@d raised 90 Major since 40",
            "open@d cleared 130 Condition",
            "same@d cleared 130 Condition",
            "changed@d cleared 130 Condition",
        ]
    );
}
