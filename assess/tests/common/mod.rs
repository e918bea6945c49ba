//! Devices, readings and a short way to write what an engine says.
#![allow(clippy::unwrap_used, dead_code)]

use dipper_assess::{Effect, Engine, RuleConfig, Setup, State, Subject, compile_rules};
use grid::{Cell, Level, LonLat};
use jiff::tz::TimeZone;
use model::{Instant, Reading, SeriesNo};
use serde_json::Value;

/// 2026-11-27T00:00:00Z, a Friday.
pub const START_US: i64 = 1_795_737_600_000_000;

/// So many seconds after the start.
pub fn at(secs: i64) -> Instant {
    Instant::from_micros(START_US + secs * 1_000_000)
}

/// Seconds after the start.
pub fn secs(at: Instant) -> i64 {
    at.micros_since(Instant::from_micros(START_US)) / 1_000_000
}

/// Rules from JSON.
pub fn setup(rules: &Value) -> Setup {
    let configs: Vec<RuleConfig> = serde_json::from_value(rules.clone()).unwrap();
    let rules = compile_rules(&configs).unwrap();
    Setup { rules, inhibitions: Vec::new(), zone: TimeZone::get("Asia/Shanghai").unwrap() }
}

pub fn engine(rules: &Value) -> Engine {
    Engine::new(setup(rules), &State::default()).unwrap()
}

/// A device that measures some properties, numbered from `first`.
pub fn device(name: &str, first: u32, properties: &[&str]) -> Subject {
    Subject {
        device: name.parse().unwrap(),
        revision: 1,
        class: "sensor".into(),
        areas: vec!["yaoguang/north".into(), "yaoguang".into()],
        group: None,
        tags: Vec::new(),
        parent: None,
        point: None,
        series: (first..).map(SeriesNo).zip(properties.iter().map(|name| (*name).into())).collect(),
    }
}

pub fn reading(series: u32, at: Instant, value: f64) -> Reading {
    let cell = Cell::encode(LonLat::new(116.0, 40.0).unwrap(), Level::L8).unwrap();
    Reading { series: SeriesNo(series), cell, at, received_at: at, value }
}

/// An effect in few words; times are seconds after the start.
pub fn told(effect: &Effect) -> String {
    let short = |alarm: &dipper_assess::AlarmKey| {
        let part = if alarm.part.is_empty() { String::new() } else { format!("/{}", alarm.part) };
        format!("{}@{}{part}", alarm.rule, alarm.device)
    };
    match effect {
        Effect::Pending { alarm, since, due } => {
            let due = due.map_or("-".to_owned(), |due| secs(due).to_string());
            format!("{} pending {} due {due}", short(alarm), secs(*since))
        }
        Effect::Passed { alarm, at } => format!("{} passed {}", short(alarm), secs(*at)),
        Effect::Raised { alarm, severity, since, at, flapping, .. } => {
            let flapping = if *flapping { " flapping" } else { "" };
            format!("{} raised {} {severity:?} since {}{flapping}", short(alarm), secs(*at), secs(*since))
        }
        Effect::Changed { alarm, from, severity, at } => {
            format!("{} changed {} {from:?} to {severity:?}", short(alarm), secs(*at))
        }
        Effect::Recovering { alarm, at, due } => {
            format!("{} recovering {} due {}", short(alarm), secs(*at), secs(*due))
        }
        Effect::Relapsed { alarm, severity, at } => format!("{} relapsed {} {severity:?}", short(alarm), secs(*at)),
        Effect::Cleared { alarm, at, by } => format!("{} cleared {} {by:?}", short(alarm), secs(*at)),
        Effect::Suppressed { alarm, by } => match by {
            dipper_assess::Suppressor::Alarm(by) => format!("{} suppressed by {}", short(alarm), short(by)),
            by => format!("{} suppressed by {by:?}", short(alarm)),
        },
        Effect::Resumed { alarm } => format!("{} resumed", short(alarm)),
        Effect::Acknowledged { alarm, at } => format!("{} acknowledged {}", short(alarm), secs(*at)),
        Effect::Ignored { at, why, .. } => format!("ignored {} {why:?}", secs(*at)),
        other => format!("{other:?}"),
    }
}
