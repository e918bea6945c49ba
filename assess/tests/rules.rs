//! What each part of a rule does, as tables: readings in, words out.
#![allow(clippy::unwrap_used)]

mod common;

use common::{at, device, engine, reading, setup, told};
use dipper_assess::{
    AlarmKey, CommandError, Engine, Inhibition, Matcher, RuleConfig, Silence, State, Subject, Via, compile_rules,
};
use serde_json::{Value, json};

/// Runs one rule over one thermometer: `(second, value)` is a reading, `(second, NaN)` a tick.
fn run(rule: &Value, steps: &[(i64, f64)]) -> Vec<String> {
    let mut engine = engine(&json!([rule]));
    let subject = device("t1", 1, &["temperature"]);
    let mut said = Vec::new();
    for (second, value) in steps {
        let now = at(*second);
        let effects =
            if value.is_nan() { engine.tick(now) } else { engine.observe(&subject, &reading(1, now, *value), now) };
        said.extend(effects.iter().map(told));
    }
    said
}

const TICK: f64 = f64::NAN;

fn check(rule: &Value, steps: &[(i64, f64)], expect: &[&str]) {
    let rule = {
        let mut rule = rule.clone();
        rule["id"] = json!("hot");
        rule
    };
    let said: Vec<String> = run(&rule, steps).iter().map(|said| said.replace("hot@t1 ", "")).collect();
    assert_eq!(said, expect, "{rule}");
}

#[test]
fn a_condition_raises_and_its_end_clears() {
    check(
        &json!({"when": "temperature > 60.0", "severity": "major"}),
        &[(0, 50.0), (60, 61.0), (120, 62.0), (180, 60.0)],
        &["raised 60 Major since 60", "cleared 180 Condition"],
    );
}

#[test]
fn for_fires_with_no_new_message() {
    check(
        &json!({"when": "temperature > 60.0", "for": "10m"}),
        &[(0, 61.0), (300, TICK), (600, TICK), (601, TICK), (700, TICK)],
        &["pending 0 due 600", "raised 600 Minor since 0"],
    );
    // At one instant the reading goes before the timer.
    check(
        &json!({"when": "temperature > 60.0", "for": "10m"}),
        &[(0, 61.0), (600, TICK), (600, 59.0), (601, TICK)],
        &["pending 0 due 600", "passed 600"],
    );
    check(
        &json!({"when": "temperature > 60.0", "for": "10m"}),
        &[(0, 61.0), (599, 59.0), (601, TICK), (660, 61.0), (1260, 61.0)],
        &["pending 0 due 600", "passed 599", "pending 660 due 1260", "raised 1260 Minor since 660"],
    );
}

#[test]
fn repeats_count_readings_within_a_span() {
    check(
        &json!({"when": "temperature > 60.0", "repeat": {"count": 3, "within": "10m"}}),
        &[(0, 61.0), (60, 50.0), (120, 61.0), (120, 61.0), (610, 61.0), (620, 61.0)],
        &["pending 0 due -", "passed 60", "pending 120 due -", "ignored 120 Late", "raised 620 Minor since 120"],
    );
}

#[test]
fn a_clear_condition_and_a_band_hold_an_alarm_open() {
    check(
        &json!({"when": "temperature > 60.0", "clear": "temperature < 50.0"}),
        &[(0, 61.0), (60, 55.0), (120, 49.0)],
        &["raised 0 Minor since 0", "cleared 120 Condition"],
    );
    check(
        &json!({"when": "temperature > 60.0", "hysteresis": 5.0}),
        &[(0, 56.0), (10, 61.0), (60, 55.5), (120, 55.0), (130, 56.0)],
        &["raised 10 Minor since 10", "cleared 120 Condition"],
    );
}

#[test]
fn keep_firing_waits_and_forgets_the_wait_on_relapse() {
    check(
        &json!({"when": "temperature > 60.0", "keep_firing": "5m"}),
        &[(0, 61.0), (60, 50.0), (120, 61.0), (180, 50.0), (480, TICK), (481, TICK)],
        &[
            "raised 0 Minor since 0",
            "recovering 60 due 360",
            "relapsed 120 Minor",
            "recovering 180 due 480",
            "cleared 480 Condition",
        ],
    );
}

#[test]
fn the_worst_level_that_holds_is_the_severity() {
    let ladder = json!({"levels": [
        {"severity": "minor", "when": "temperature > 60.0"},
        {"severity": "major", "when": "temperature > 80.0", "for": "1m"},
        {"severity": "critical", "when": "temperature > 100.0"},
    ]});
    check(
        &ladder,
        &[(0, 61.0), (10, 81.0), (60, TICK), (71, TICK), (80, 101.0), (90, 85.0), (100, 70.0), (110, 20.0)],
        &[
            "raised 0 Minor since 0",
            "changed 70 Minor to Major",
            "changed 80 Major to Critical",
            "changed 90 Critical to Major",
            "changed 100 Major to Minor",
            "cleared 110 Condition",
        ],
    );
}

#[test]
fn silence_is_an_alarm_of_its_own_that_needs_no_message() {
    check(
        &json!({"no_data_after": "30m", "no_data_severity": "major"}),
        &[(0, 1.0), (600, 1.0), (1800, TICK), (2401, TICK), (3000, 1.0)],
        &["/no_data raised 2400 Major since 2400", "/no_data cleared 3000 Condition"]
            .map(|said| Box::leak(said.replacen("/no_data", "hot@t1/no_data", 1).into_boxed_str()) as &str),
    );
}

#[test]
fn a_device_that_never_spoke_is_silent_too() {
    let mut engine = engine(&json!([{"id": "gone", "no_data_after": "30m"}]));
    assert!(engine.register(&device("t1", 1, &["temperature"]), at(0)).is_empty());
    let due = engine.next_due().unwrap();
    assert!(engine.tick(due.plus_micros(-1)).is_empty());
    assert_eq!(engine.tick(due).iter().map(told).collect::<Vec<_>>(), ["gone@t1/no_data raised 1800 Minor since 1800"]);
    assert_eq!(engine.next_due(), None);
}

#[test]
fn an_engine_can_move_between_threads() {
    fn moves<T: Send>() {}
    moves::<Engine>();
    moves::<dipper_assess::Notifier>();
}

#[test]
fn an_alarm_that_stayed_for_long_no_longer_flaps() {
    check(
        &json!({"when": "temperature > 60.0", "flap": {"raises": 2, "within": "1m", "quiet": "10m"}}),
        &[(0, 61.0), (10, 0.0), (20, 61.0), (100, 0.0)],
        &[
            "raised 0 Minor since 0",
            "cleared 10 Condition",
            "raised 20 Minor since 20 flapping",
            "cleared 100 Condition",
        ],
    );
}

#[test]
fn flapping_is_damped() {
    check(
        &json!({"when": "temperature > 60.0", "flap": {"raises": 3, "within": "1h", "quiet": "10m"}}),
        &[(0, 61.0), (10, 0.0), (20, 61.0), (30, 0.0), (40, 61.0), (50, 0.0), (60, 61.0), (70, 0.0), (671, TICK)],
        &[
            "raised 0 Minor since 0",
            "cleared 10 Condition",
            "raised 20 Minor since 20",
            "cleared 30 Condition",
            "raised 40 Minor since 40 flapping",
            "recovering 50 due 650",
            "relapsed 60 Minor",
            "recovering 70 due 670",
            "cleared 670 Condition",
        ],
    );
}

#[test]
fn a_window_moves_without_readings() {
    check(
        &json!({"when": "count(\"temperature\", \"10m\") >= 3"}),
        &[(0, 1.0), (60, 1.0), (120, 1.0), (599, TICK), (601, TICK)],
        &["raised 120 Minor since 120", "cleared 600 Condition"],
    );
    check(
        &json!({"when": "rate(\"temperature\", \"10m\") > 2.0"}),
        &[(0, 20.0), (60, 20.5), (120, 25.0), (240, 25.0), (661, TICK), (719, TICK), (721, TICK)],
        &["raised 120 Minor since 120", "cleared 240 Condition"],
    );
    // What is left of the window says nothing: the alarm stays as it was, silence has alarms of its own.
    check(
        &json!({"when": "rate(\"temperature\", \"10m\") > 2.0"}),
        &[(0, 20.0), (60, 25.0), (1000, TICK)],
        &["raised 60 Minor since 60"],
    );
}

#[test]
fn a_rule_watches_within_its_hours() {
    // 08:00 in Shanghai is the start.
    check(
        &json!({"when": "temperature > 60.0", "schedule": {"weekdays": ["fri"], "from": "08:30", "to": "09:00"}}),
        &[(0, 61.0), (1799, TICK), (1801, TICK), (3601, TICK), (3700, 61.0)],
        &["raised 1800 Minor since 1800", "cleared 3600 Condition"],
    );
}

#[test]
fn each_property_has_its_own_alarm_over_value() {
    let rule = json!([{"id": "high", "selector": {"properties": ["pm25", "pm10"]}, "when": "value > 100.0"}]);
    let mut engine = engine(&rule);
    let subject = device("air", 1, &["pm25", "pm10", "ozone"]);
    let mut said = Vec::new();
    for (series, value) in [(1, 101.0), (2, 50.0), (3, 500.0), (2, 120.0), (1, 20.0)] {
        let now = at(said.len() as i64 + i64::from(series) * 100 + value as i64);
        said.extend(engine.observe(&subject, &reading(series, now, value), now).iter().map(told));
    }
    let said: Vec<&str> = said.iter().map(|said| said.split(" since").next().unwrap()).collect();
    assert_eq!(said, ["high@air/pm25 raised 201 Minor", "high@air/pm10 raised 321 Minor", "ignored 122 Late"]);
}

#[test]
fn neighbours_are_compared_when_enough_have_spoken() {
    let rule = json!([{"id": "odd", "selector": {"properties": ["pm25"]}, "when": "abs(value - neighbours(\"value\")) > 50.0",
        "neighbours": {"within_m": 1000.0, "at_least": 2, "fresh": "1h"}}]);
    let mut engine = engine(&rule);
    let near = |name: &str, series: u32, lon: f64| Subject {
        point: Some(grid::LonLat::new(lon, 40.0).unwrap()),
        ..device(name, series, &["pm25"])
    };
    let steps = [
        // One of them is far away: one other is not enough.
        (near("a", 1, 116.000), 20.0, ""),
        (near("far", 9, 116.500), 900.0, ""),
        (near("b", 2, 116.005), 90.0, ""),
        (near("c", 3, 116.006), 30.0, ""),
        (near("b", 2, 116.005), 95.0, "odd@b/pm25 raised 40 Minor since 40"),
        (near("b", 2, 116.005), 70.0, "odd@b/pm25 cleared 50 Condition"),
    ];
    for (step, (subject, value, expect)) in (0..).zip(steps) {
        let now = at(step * 10);
        let effects = engine.observe(&subject, &reading(subject.series[0].0.0, now, value), now);
        assert_eq!(effects.iter().map(told).collect::<Vec<_>>().join("; "), expect, "step {step}");
    }
    // What is older than an hour counts no more.
    let late = at(4000);
    assert!(engine.observe(&near("b", 2, 116.005), &reading(2, late, 900.0), late).is_empty());
}

#[test]
fn missing_values_leave_an_alarm_as_it_was() {
    let mut engine = engine(&json!([{"id": "fire", "when": "temperature > 60.0 && humidity < 20.0"}]));
    let subject = device("t1", 1, &["temperature", "humidity"]);
    let mut said = Vec::new();
    for (second, series, value) in [(0, 1, 70.0), (10, 2, 10.0), (20, 2, 30.0)] {
        said.extend(engine.observe(&subject, &reading(series, at(second), value), at(second)).iter().map(told));
    }
    assert_eq!(said, ["fire@t1 raised 10 Minor since 10", "fire@t1 cleared 20 Condition"]);
}

#[test]
fn lateness_lets_readings_wait_for_earlier_ones() {
    let mut engine = engine(&json!([{"id": "hot", "when": "temperature > 60.0", "for": "1m", "lateness": "30s"}]));
    let subject = device("t1", 1, &["temperature"]);
    let mut said = Vec::new();
    // The dip at 40 comes after the reading at 60, within the bound; the one at 10 after it.
    for (now, measured, value) in
        [(0, 0, 61.0), (60, 60, 61.0), (65, 40, 50.0), (80, 10, 50.0), (85, 40, 50.0), (90, 40, 50.0)]
    {
        said.extend(engine.observe(&subject, &reading(1, at(measured), value), at(now)).iter().map(told));
    }
    for now in [91, 149, 150, 151] {
        said.extend(engine.tick(at(now)).iter().map(told));
    }
    assert_eq!(
        said,
        [
            "hot@t1 pending 0 due 60",
            "ignored 10 Late",
            "hot@t1 passed 40",
            "ignored 40 Late",
            "hot@t1 pending 60 due 120",
            "hot@t1 raised 120 Minor since 60"
        ]
    );
}

#[test]
fn readings_that_cannot_be_are_told() {
    let mut engine = engine(&json!([{"id": "hot", "when": "temperature > 60.0"}]));
    let subject = device("t1", 1, &["temperature"]);
    for (given, expect) in [
        (reading(1, at(400), 1.0), "ignored 400 Future"),
        (reading(7, at(0), 1.0), "ignored 0 Series"),
        (reading(1, at(0), f64::NAN), "ignored 0 Value"),
    ] {
        assert_eq!(engine.observe(&subject, &given, at(0)).iter().map(told).collect::<Vec<_>>(), [expect]);
    }
    // A clock that is a little ahead is believed when its time has come.
    assert!(engine.observe(&subject, &reading(1, at(60), 61.0), at(0)).is_empty());
    assert_eq!(engine.next_due(), Some(at(60)));
    assert_eq!(engine.tick(at(60)).iter().map(told).collect::<Vec<_>>(), ["hot@t1 raised 60 Minor since 60"]);
}

fn key(rule: &str, device: &str) -> AlarmKey {
    AlarmKey { rule: rule.into(), device: device.parse().unwrap(), part: "".into() }
}

#[test]
fn people_acknowledge_shelve_and_clear() {
    let mut engine = engine(&json!([{"id": "hot", "when": "temperature > 60.0"}]));
    let subject = device("t1", 1, &["temperature"]);
    let alarm = key("hot", "t1");
    assert_eq!(engine.acknowledge(&alarm, at(0)), Err(CommandError::NotOpen(alarm.clone())));
    engine.observe(&subject, &reading(1, at(0), 61.0), at(0));
    let words = |effects: Vec<dipper_assess::Effect>| effects.iter().map(told).collect::<Vec<_>>();
    assert_eq!(words(engine.acknowledge(&alarm, at(1)).unwrap()), ["hot@t1 acknowledged 1"]);
    assert!(engine.acknowledge(&alarm, at(2)).unwrap().is_empty(), "once");
    assert!(words(engine.shelve(&alarm, at(100), at(3)).unwrap())[0].starts_with("hot@t1 suppressed by Shelf"));
    assert_eq!(engine.next_due(), Some(at(100)));
    assert_eq!(words(engine.tick(at(100))), ["hot@t1 resumed"]);
    assert_eq!(words(engine.clear(&alarm, at(110)).unwrap()), ["hot@t1 cleared 110 Hand"]);
    // Still hot: not raised again before it has cooled.
    for (second, value, expect) in
        [(120, 65.0, vec![]), (130, 50.0, vec![]), (140, 65.0, vec!["hot@t1 raised 140 Minor since 140"])]
    {
        assert_eq!(words(engine.observe(&subject, &reading(1, at(second), value), at(second))), expect);
    }
    assert!(!engine.list_alarms()[0].acknowledged, "a new alarm is new to everybody");
}

#[test]
fn silences_and_gateways_keep_alarms_quiet_that_stay_open() {
    let rules = json!([
        {"id": "gateway_down", "selector": {"classes": ["gateway"]}, "no_data_after": "5m"},
        {"id": "lamp_dark", "selector": {"classes": ["lamp"]}, "when": "power < 1.0"}
    ]);
    let inhibition = Inhibition { source: "gateway_down".into(), targets: vec![], via: Via::Parent };
    let mut engine =
        Engine::new(dipper_assess::Setup { inhibitions: vec![inhibition], ..setup(&rules) }, &State::default())
            .unwrap();
    let gateway = Subject { class: "gateway".into(), ..device("gw", 1, &["uptime"]) };
    let lamp = Subject { class: "lamp".into(), parent: Some("gw".parse().unwrap()), ..device("l1", 2, &["power"]) };
    let mut said = Vec::new();
    said.extend(engine.observe(&gateway, &reading(1, at(0), 1.0), at(0)));
    said.extend(engine.observe(&lamp, &reading(2, at(10), 0.0), at(10)));
    said.extend(engine.tick(at(301)));
    let silence = Silence {
        id: "works".into(),
        matcher: Matcher { rules: vec!["lamp_dark".into()], ..Matcher::default() },
        from: at(400),
        until: at(500),
        reason: "new cables".to_owned(),
    };
    said.extend(engine.silence(silence, at(350)).unwrap());
    said.extend(engine.tick(at(400)));
    said.extend(engine.observe(&gateway, &reading(1, at(450), 1.0), at(450)));
    said.extend(engine.tick(at(500)));
    assert_eq!(
        said.iter().map(told).collect::<Vec<_>>(),
        [
            "lamp_dark@l1 raised 10 Minor since 10",
            "gateway_down@gw/no_data raised 300 Minor since 300",
            "lamp_dark@l1 suppressed by gateway_down@gw/no_data",
            "lamp_dark@l1 suppressed by Silence(\"works\")",
            "gateway_down@gw/no_data cleared 450 Condition",
            "lamp_dark@l1 resumed",
        ]
    );
}

#[test]
fn a_device_that_changes_keeps_its_alarms_or_closes_them() {
    let mut engine = engine(&json!([
        {"id": "hot", "when": "temperature > 60.0"},
        {"id": "indoor", "selector": {"tags": ["indoor"]}, "when": "temperature > 40.0"}
    ]));
    let inside = Subject { tags: vec!["indoor".into()], ..device("t1", 1, &["temperature"]) };
    engine.observe(&inside, &reading(1, at(0), 61.0), at(0));
    let outside = Subject { revision: 2, ..device("t1", 1, &["humidity", "temperature"]) };
    let outside =
        Subject { series: vec![(model::SeriesNo(5), "humidity".into()), inside.series[0].clone()], ..outside };
    let effects = engine.register(&outside, at(10));
    assert_eq!(effects.iter().map(told).collect::<Vec<_>>(), ["indoor@t1 cleared 10 Scope"]);
    assert_eq!(engine.list_alarms().len(), 1);
    let effects = engine.observe(&outside, &reading(1, at(20), 10.0), at(20));
    assert_eq!(effects.iter().map(told).collect::<Vec<_>>(), ["hot@t1 cleared 20 Condition"]);
}

#[test]
fn what_is_not_seen_again_can_clear() {
    check(
        &json!({"when": "count(\"temperature\", \"10m\") > 0", "severity": "info"}),
        &[(0, 1.0), (300, 1.0), (899, TICK), (901, TICK)],
        &["raised 0 Info since 0", "cleared 900 Condition"],
    );
}

#[test]
fn an_alarm_may_explain_those_of_its_group() {
    let rules = json!([
        {"id": "feeder_cut", "selector": {"classes": ["meter"]}, "when": "voltage < 100.0"},
        {"id": "lamp_dark", "selector": {"classes": ["lamp"]}, "when": "power < 1.0"}
    ]);
    let inhibition = Inhibition { source: "feeder_cut".into(), targets: vec!["lamp_dark".into()], via: Via::Group };
    let mut engine = Engine::empty(dipper_assess::Setup { inhibitions: vec![inhibition], ..setup(&rules) });
    let of = |class: &str, name: &str, series: u32, property: &str| Subject {
        class: class.into(),
        group: Some("f1".into()),
        ..device(name, series, &[property])
    };
    let (meter, lamp) = (of("meter", "m", 1, "voltage"), of("lamp", "l", 2, "power"));
    let mut said = Vec::new();
    for (second, subject, series, value) in [(0, &meter, 1, 0.0), (1, &lamp, 2, 0.0), (9, &meter, 1, 230.0)] {
        said.extend(engine.observe(subject, &reading(series, at(second), value), at(second)).iter().map(told));
    }
    assert_eq!(
        said,
        [
            "feeder_cut@m raised 0 Minor since 0",
            "lamp_dark@l raised 1 Minor since 1",
            "lamp_dark@l suppressed by feeder_cut@m",
            "feeder_cut@m cleared 9 Condition",
            "lamp_dark@l resumed"
        ]
    );
}

#[test]
fn changes_add_up_through_commands_and_changing_devices() {
    let rules = json!([
        {"id": "hot", "when": "temperature > 60.0", "keep_firing": "1m"},
        {"id": "indoor", "selector": {"tags": ["indoor"]}, "when": "mean(\"temperature\", \"1m\") > 40.0", "for": "10s"},
        {"id": "silent", "no_data_after": "2m", "lateness": "10s"}
    ]);
    let mut engine = engine(&rules);
    let mut kept = State::default();
    let mut seen = 0;
    for step in 0..400_i64 {
        let now = at(step * 7);
        let inside = step / 50 % 2 == 0;
        let tags = if inside { vec!["indoor".into()] } else { Vec::new() };
        let revision = u32::try_from(step / 50).unwrap();
        let subject = Subject { tags, revision, ..device("t1", 1, &["temperature"]) };
        let value = f64::from(i32::try_from(step * 37 % 90).unwrap());
        match step % 11 {
            0 => drop(engine.acknowledge(&key("hot", "t1"), now)),
            1 => drop(engine.shelve(&key("hot", "t1"), now.plus_micros(20_000_000), now)),
            2 => drop(engine.clear(&key("hot", "t1"), now)),
            3 => {
                let matcher = Matcher::default();
                let until = now.plus_micros(30_000_000);
                let id = format!("s{}", step % 3).into();
                drop(engine.silence(Silence { id, matcher, from: now, until, reason: String::new() }, now));
            }
            4 => drop(engine.end_silence("s1", now)),
            5 if step % 3 == 0 => drop(engine.tick(now.plus_micros(500_000_000))),
            _ => drop(engine.observe(&subject, &reading(1, now, value), now)),
        }
        kept.apply(engine.changes());
        let whole = engine.save();
        assert_eq!(kept.0.keys().collect::<Vec<_>>(), whole.0.keys().collect::<Vec<_>>(), "step {step}");
        let again = Engine::new(setup(&rules), &kept).unwrap();
        assert_eq!(again.list_alarms(), engine.list_alarms(), "step {step}");
        assert_eq!(again.next_due(), Engine::new(setup(&rules), &whole).unwrap().next_due(), "step {step}");
        seen += again.list_alarms().len();
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn a_rule_that_cannot_be_says_which_field_and_why() {
    for (rule, field, words) in [
        (json!({"id": "Hot", "when": "true"}), "id", "a-z"),
        (json!({"id": "hot"}), "when", "either when or levels"),
        (json!({"id": "hot", "when": "true", "levels": [{"severity": "minor", "when": "true"}]}), "when", "either"),
        (json!({"id": "hot", "when": "temperature >"}), "when", "at character 14"),
        (
            json!({"id": "hot", "levels": [{"severity": "minor", "when": "true"}, {"severity": "major", "when": "1"}]}),
            "levels[1].when",
            "true or false",
        ),
        (
            json!({"id": "hot", "levels": [{"severity": "major", "when": "true"}, {"severity": "minor", "when": "true"}]}),
            "levels",
            "from the least to the worst",
        ),
        (json!({"id": "hot", "when": "value > 1.0"}), "selector.properties", "watched by itself"),
        (json!({"id": "hot", "when": "a > b", "hysteresis": 1.0}), "hysteresis", "constant"),
        (json!({"id": "hot", "when": "a > 1.0", "hysteresis": 0.0}), "hysteresis", "must be"),
        (json!({"id": "hot", "when": "a > 1.0", "hysteresis": 1.0, "clear": "a < 1.0"}), "clear", "not both"),
        (json!({"id": "hot", "when": "a > 1.0", "repeat": {"count": 1, "within": "1m"}}), "repeat.count", "2 to 100"),
        (json!({"id": "hot", "when": "a > 1.0", "lateness": "2h"}), "lateness", "0s to 3600s"),
        (json!({"id": "hot", "when": "neighbours(\"a\") > 1.0"}), "when", "neighbours"),
        (
            json!({"id": "hot", "when": "neighbours(\"a\") > 1.0", "neighbours": {"at_least": 3}}),
            "neighbours",
            "one of the two",
        ),
        (json!({"id": "hot", "no_data_after": "1h", "for": "1m"}), "for", "without when"),
        (json!({"id": "hot", "when": "true", "no_data_severity": "major"}), "no_data_severity", "without"),
    ] {
        let config: RuleConfig = serde_json::from_value(rule.clone()).unwrap();
        let error = compile_rules(&[config]).unwrap_err();
        assert!(error.field == field && error.to_string().contains(words), "{rule}: {error}");
    }
    for rule in [
        json!({"id": "hot", "when": "true", "fro": "1m"}),
        json!({"id": "hot", "when": "true", "for": "ten minutes"}),
        json!({"id": "hot", "when": "true", "schedule": {"from": "8:00"}}),
        json!({"id": "hot", "when": "true", "severity": "bad"}),
    ] {
        assert!(serde_json::from_value::<RuleConfig>(rule.clone()).is_err(), "{rule}");
    }
    let twice: Vec<RuleConfig> =
        serde_json::from_value(json!([{"id": "hot", "when": "true"}, {"id": "hot", "when": "true"}])).unwrap();
    assert_eq!(compile_rules(&twice).unwrap_err().field, "id");
}

#[test]
fn nobody_is_called_silent_for_the_time_in_which_nobody_listened() {
    let rules = json!([{"id": "gone", "no_data_after": "30m"}]);
    let (silent, talking) = (device("t1", 1, &["temperature"]), device("t2", 2, &["temperature"]));
    let mut before = engine(&rules);
    before.register(&silent, at(0));
    before.observe(&talking, &reading(2, at(1_700), 20.0), at(1_700));
    let said = |effects: Vec<dipper_assess::Effect>| effects.iter().map(told).collect::<Vec<_>>();
    assert_eq!(said(before.tick(at(1_801))), ["gone@t1/no_data raised 1800 Minor since 1800"]);
    let mut after = Engine::new(setup(&rules), &before.save()).unwrap();
    after.listen_from(at(9_000));
    assert!(said(after.tick(at(9_001))).is_empty(), "what is open stays open, what is not has its whole time");
    assert!(after.next_due().unwrap() <= at(10_801));
    assert_eq!(said(after.tick(at(10_801))), ["gone@t2/no_data raised 10800 Minor since 10800"]);
    assert_eq!(
        said(after.observe(&silent, &reading(1, at(10_900), 20.0), at(10_900))),
        ["gone@t1/no_data cleared 10900 Condition"]
    );
}
