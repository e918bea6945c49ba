//! From alarms to notices: grouped, not too often, climbing, ending; and a storm.
#![allow(clippy::unwrap_used)]

mod common;

use common::{at, device, engine, reading, secs};
use dipper_assess::{
    AlarmFacts, AlarmKey, ClearedBy, Effect, NoticeKind, Notifier, NotifyError, NotifyState, Route, Severity, Subject,
    Suppressor,
};
use serde_json::{Value, json};

fn make(routes: &Value, state: &NotifyState) -> Notifier {
    Notifier::new(serde_json::from_value(routes.clone()).unwrap(), state).unwrap()
}

fn key(device: &str) -> AlarmKey {
    AlarmKey { rule: "dark".into(), device: device.parse().unwrap(), part: "".into() }
}

fn raised(device: &str, severity: Severity) -> Effect {
    let (since, at) = (at(0), at(0));
    Effect::Raised { alarm: key(device), severity, since, at, flapping: false, evidence: Vec::new() }
}

fn cleared(device: &str) -> Effect {
    Effect::Cleared { alarm: key(device), at: at(0), by: ClearedBy::Condition }
}

fn feeder(name: &str) -> AlarmFacts {
    AlarmFacts {
        class: "lamp".into(),
        areas: vec!["north".into(), "city".into()],
        levels: vec!["street".into(), "city".into()],
        parent: Some(name.into()),
    }
}

/// What is said up to an instant, with the state written and read back before each word.
fn until(notifier: &mut Notifier, routes: &Value, end: i64) -> Vec<String> {
    let mut said = Vec::new();
    while let Some(due) = notifier.next_due().filter(|due| *due <= at(end)) {
        *notifier = make(routes, &notifier.save());
        for notice in notifier.tick(due) {
            let labels = notice.labels.join(",");
            let (kind, worst) = (notice.kind, notice.worst);
            let counts = format!("{} open {} closed", notice.open, notice.closed);
            said.push(format!("{} {}[{labels}] {kind:?} {counts} {worst:?}", secs(notice.at), notice.to));
        }
    }
    said
}

const LAMPS: &str = r#"[{"id": "lamps", "to": "lighting", "group_by": ["parent"], "group_wait": "30s", "group_interval": "5m",
    "repeat_interval": "1h", "escalation": [{"after": "20m", "to": "chief"}, {"after": "40m", "to": "centre"}]}]"#;

fn lamps() -> Value {
    serde_json::from_str(LAMPS).unwrap()
}

#[test]
fn a_hundred_lamps_on_one_feeder_are_one_message() {
    let mut notifier = make(&lamps(), &NotifyState::default());
    for lamp in 0..100 {
        notifier.take(&raised(&format!("l{lamp}"), Severity::Minor), &feeder("f1"), at(lamp / 10));
    }
    notifier.take(&raised("m1", Severity::Major), &feeder("f2"), at(12));
    assert_eq!(
        until(&mut notifier, &lamps(), 200),
        ["30 lighting[f1] First 100 open 0 closed Minor", "42 lighting[f2] First 1 open 0 closed Major"]
    );
    // News waits for the interval; the end of all is told once.
    notifier.take(&cleared("l0"), &feeder("f1"), at(201));
    notifier.take(&cleared("m1"), &feeder("f2"), at(202));
    assert_eq!(
        until(&mut notifier, &lamps(), 400),
        ["330 lighting[f1] Update 99 open 1 closed Minor", "342 lighting[f2] Resolved 0 open 1 closed Major"]
    );
    assert_eq!(notifier.count_open(), 99);
}

#[test]
fn what_nobody_heard_of_ends_unheard() {
    let mut notifier = make(&lamps(), &NotifyState::default());
    notifier.take(&raised("l1", Severity::Minor), &feeder("f1"), at(0));
    notifier.take(&cleared("l1"), &feeder("f1"), at(10));
    assert_eq!(until(&mut notifier, &lamps(), 10_000), Vec::<String>::new());
    assert!(notifier.save().0.is_empty());
}

#[test]
fn notices_climb_until_somebody_takes_note_and_repeat() {
    let mut notifier = make(&lamps(), &NotifyState::default());
    notifier.take(&raised("l1", Severity::Minor), &feeder("f1"), at(0));
    assert_eq!(
        until(&mut notifier, &lamps(), 2_000),
        ["30 lighting[f1] First 1 open 0 closed Minor", "1230 chief[f1] Escalation(0) 1 open 0 closed Minor"]
    );
    notifier.take(&Effect::Acknowledged { alarm: key("l1"), at: at(2_000) }, &feeder("f1"), at(2_000));
    assert_eq!(
        until(&mut notifier, &lamps(), 8_000),
        ["3630 lighting[f1] Repeat 1 open 0 closed Minor", "7230 lighting[f1] Repeat 1 open 0 closed Minor"]
    );
    // What comes after somebody took note waits its own time before it climbs, and climbs from the beginning.
    notifier.take(&raised("l2", Severity::Minor), &feeder("f1"), at(7_300));
    assert_eq!(
        until(&mut notifier, &lamps(), 9_000),
        ["7530 lighting[f1] Update 2 open 0 closed Minor", "8730 chief[f1] Escalation(0) 2 open 0 closed Minor"]
    );
}

#[test]
fn a_group_is_of_a_level_and_a_notice_says_what_it_is_about_and_what_is_new() {
    let routes = json!([{"id": "all", "to": "duty", "group_by": ["area"], "area_level": "city", "group_wait": "0s", "group_interval": "1m"},
                        {"id": "near", "to": "grid", "group_by": ["area"], "group_wait": "0s"}]);
    let mut notifier = make(&routes, &NotifyState::default());
    let names = |keys: &[AlarmKey]| keys.iter().map(|key| key.device.to_string()).collect::<Vec<_>>().join(" ");
    let mut said = Vec::new();
    for (device, time) in [("l2", 0), ("l1", 60)] {
        notifier.take(&raised(device, Severity::Minor), &feeder("f1"), at(time));
        for notice in notifier.tick(at(time)) {
            let (about, fresh) = (names(&notice.about), names(&notice.fresh));
            said.push(format!("{} {:?}: {about}; new {fresh}", notice.to, notice.labels));
        }
    }
    assert_eq!(
        said,
        [r#"duty ["city"]: l2; new l2"#, r#"grid ["north"]: l2; new l2"#, r#"duty ["city"]: l1 l2; new l1"#]
    );
}

#[test]
fn what_is_kept_quiet_is_not_told_until_it_is_loud() {
    let mut notifier = make(&lamps(), &NotifyState::default());
    notifier.take(&raised("l1", Severity::Minor), &feeder("f1"), at(0));
    let by = Suppressor::Silence("works".into());
    notifier.take(&Effect::Suppressed { alarm: key("l1"), by }, &feeder("f1"), at(0));
    assert_eq!(until(&mut notifier, &lamps(), 5_000), Vec::<String>::new());
    notifier.take(&Effect::Resumed { alarm: key("l1") }, &feeder("f1"), at(5_000));
    assert_eq!(until(&mut notifier, &lamps(), 5_100).len(), 1);
}

#[test]
fn a_worse_alarm_is_news_and_may_be_for_more_people() {
    let routes = json!([
        {"id": "all", "to": "duty", "group_wait": "0s", "group_interval": "1m"},
        {"id": "worst", "to": "mayor", "at_least": "critical", "group_wait": "0s"}
    ]);
    let mut notifier = make(&routes, &NotifyState::default());
    notifier.take(&raised("l1", Severity::Minor), &feeder("f1"), at(0));
    let mut said = until(&mut notifier, &routes, 9);
    let (from, severity) = (Severity::Minor, Severity::Critical);
    notifier.take(&Effect::Changed { alarm: key("l1"), from, severity, at: at(10) }, &feeder("f1"), at(10));
    said.extend(until(&mut notifier, &routes, 200));
    assert_eq!(
        said,
        [
            "0 duty[] First 1 open 0 closed Minor",
            "10 mayor[] First 1 open 0 closed Critical",
            "60 duty[] Update 1 open 0 closed Critical"
        ]
    );
}

#[test]
fn a_storm_gives_few_notices_and_loses_nothing() {
    let rules = json!([{"id": "dark", "selector": {"classes": ["sensor"]}, "when": "power < 1.0"}]);
    // By device, which would be ten thousand messages.
    let routes = json!([
        {"id": "lamps", "to": "lighting", "group_by": ["parent"], "group_wait": "10s", "group_interval": "1m"},
        {"id": "each", "to": "owners", "group_by": ["device"], "group_wait": "10s", "group_interval": "1m"}
    ]);
    let mut engine = engine(&rules);
    let mut notifier = make(&routes, &NotifyState::default());
    let mut told = 0;
    for lamp in 0..10_000_u32 {
        let group: Box<str> = format!("f{}", lamp / 100).into();
        let subject = Subject { group: Some(group), ..device(&format!("l{lamp}"), lamp + 1, &["power"]) };
        let now = at(0).plus_micros(i64::from(lamp) * 100);
        for effect in engine.observe(&subject, &reading(lamp + 1, now, 0.0), now) {
            let facts = AlarmFacts { parent: subject.group.clone(), ..feeder("") };
            notifier.take(&effect, &facts, now);
            told += 1;
        }
    }
    assert_eq!((told, engine.list_alarms().len()), (10_000, 10_000));
    let notices = {
        let mut notices = Vec::new();
        for second in 0..60 {
            notices.extend(notifier.tick(at(second)));
        }
        notices
    };
    let of = |route: &str| notices.iter().filter(|notice| notice.route == route).collect::<Vec<_>>();
    assert_eq!(of("lamps").len(), 100, "one for each feeder");
    assert_eq!(of("each").len(), 501, "one for each of 500 devices, one for the rest");
    for route in ["lamps", "each"] {
        assert_eq!(of(route).iter().map(|notice| notice.open).sum::<usize>(), 10_000);
    }
    let rest = of("each").into_iter().find(|notice| *notice.labels[0] == *"*").unwrap();
    assert_eq!((rest.open, rest.named.len()), (9_500, 10));
    // A new start in the middle of it.
    let mut notifier = make(&routes, &notifier.save());
    for alarm in engine.list_alarms() {
        let effect = Effect::Cleared { alarm: alarm.alarm, at: at(61), by: ClearedBy::Condition };
        notifier.take(&effect, &feeder(""), at(61));
    }
    let ends: Vec<_> = (62..200).flat_map(|second| notifier.tick(at(second))).collect();
    assert_eq!(ends.len(), 601);
    assert!(ends.iter().all(|notice| notice.kind == NoticeKind::Resolved));
    assert!(notifier.save().0.is_empty() && notifier.next_due().is_none());
}

#[test]
fn changes_add_up_to_the_state() {
    let mut notifier = make(&lamps(), &NotifyState::default());
    let mut kept = NotifyState::default();
    for second in 0..3_000_i64 {
        let lamp = format!("l{}", second * 7 % 20);
        let feeder = feeder(&format!("f{}", second * 7 % 20 % 3));
        match second % 13 {
            0 => notifier.take(&raised(&lamp, Severity::Minor), &feeder, at(second)),
            5 => notifier.take(&cleared(&lamp), &feeder, at(second)),
            9 => drop(notifier.tick(at(second))),
            _ => {}
        }
        if second % 50 == 0 {
            kept.apply(notifier.changes());
            assert_eq!(kept, notifier.save(), "at {second}");
        }
    }
}

#[test]
fn a_route_that_cannot_be_says_which_field_and_why() {
    for (routes, field) in [
        (json!([{"id": "", "to": "x"}]), "id"),
        (json!([{"id": "a", "to": "x"}, {"id": "a", "to": "x"}]), "id"),
        (json!([{"id": "a", "to": ""}]), "to"),
        (json!([{"id": "a", "to": "x", "group_by": ["area", "area"]}]), "group_by"),
        (json!([{"id": "a", "to": "x", "group_interval": "0s"}]), "group_interval"),
        (
            json!([{"id": "a", "to": "x", "escalation": [{"after": "2h", "to": "y"}, {"after": "1h", "to": "z"}]}]),
            "escalation",
        ),
    ] {
        let routes: Vec<Route> = serde_json::from_value(routes).unwrap();
        match Notifier::new(routes, &NotifyState::default()) {
            Err(NotifyError::Route(error)) => assert_eq!(error.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}
