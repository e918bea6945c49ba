//! How fast the engine judges: 200 rules on 10,000 devices, one core.
//!
//! `cargo bench -p dipper-assess` prints readings and evaluations a second, how long one reading takes, the same with
//! windows, restart and memory. What a store does with the effects comes on top.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::cast_precision_loss, reason = "a measurement")]

use std::hint::black_box;
use std::time::{Duration, Instant as Monotonic};

use dipper_assess::{Engine, RuleConfig, Setup, State, Subject, compile_rules};
use grid::{Cell, Level, LonLat};
use model::{Instant, Reading, SeriesNo};
use serde_json::{Value, json};

const DEVICES: u32 = 10_000;
const RULES: u32 = 200;
const START_US: i64 = 1_795_737_600_000_000;

/// Rules that all look at every reading of temperature; none of them is the same.
fn rules(kind: &str) -> Value {
    let rule = |number: u32| {
        let threshold = 60.0 + f64::from(number) / 10.0;
        let when = match (kind, number % 4) {
            ("windows", 0) => format!("mean(\"temperature\", \"10m\") > {threshold:.1}"),
            ("windows", 1) => format!("rate(\"temperature\", \"10m\") > {threshold:.1}"),
            (_, 0) => format!("temperature > {threshold:.1}"),
            (_, 1) => format!("temperature > {threshold:.1} && humidity < 20.0"),
            (_, 2) => format!("(temperature - 32.0) / 1.8 > {threshold:.1} || humidity > 99.5"),
            _ => format!("temperature > {threshold:.1} || abs(temperature - humidity) > {threshold:.1}"),
        };
        json!({"id": format!("r{number}"), "when": when, "for": "1m"})
    };
    (0..RULES).map(rule).collect()
}

fn make(rules: &Value, state: &State) -> Engine {
    let configs: Vec<RuleConfig> = serde_json::from_value(rules.clone()).unwrap();
    let setup =
        Setup { rules: compile_rules(&configs).unwrap(), inhibitions: Vec::new(), zone: jiff::tz::TimeZone::UTC };
    Engine::new(setup, state).unwrap()
}

fn subjects() -> Vec<Subject> {
    let one = |number: u32| Subject {
        device: format!("sensor-{number}").parse().unwrap(),
        revision: 1,
        class: "thermometer".into(),
        areas: vec!["yaoguang".into()],
        group: None,
        tags: Vec::new(),
        parent: None,
        point: None,
        series: vec![(SeriesNo(number * 2 + 1), "temperature".into()), (SeriesNo(number * 2 + 2), "humidity".into())],
    };
    (0..DEVICES).map(one).collect()
}

/// Time on the processor: others who use the machine do not count. On other systems than Linux, time itself.
fn spent(since: Monotonic) -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

/// Reading number `count`: devices in turn, each every ten seconds; one in a thousand is hot.
fn reading(count: u32, cell: Cell) -> (usize, Reading, Instant) {
    let device = count.wrapping_mul(7_919) % DEVICES;
    let at = Instant::from_micros(START_US + i64::from(count) * 1_000);
    let hot = count.wrapping_mul(2_654_435_761).is_multiple_of(1_000);
    let value = if hot { 75.0 } else { 20.0 + f64::from(count % 97) / 10.0 };
    (device as usize, Reading { series: SeriesNo(device * 2 + 1), cell, at, received_at: at, value }, at)
}

fn measure(name: &str, rules: &Value, readings: u32) -> Engine {
    let subjects = subjects();
    let cell = Cell::encode(LonLat::new(116.0, 40.0).unwrap(), Level::L8).unwrap();
    let mut engine = make(rules, &State::default());
    for subject in &subjects {
        let at = Instant::from_micros(START_US - 1_000);
        let humidity = Reading { series: subject.series[1].0, cell, at, received_at: at, value: 50.0 };
        engine.observe(subject, &humidity, at);
    }
    let mut effects = 0;
    let mut slowest: Vec<Duration> = Vec::with_capacity(readings as usize);
    let begin = Monotonic::now();
    let before = spent(begin);
    for count in 0..readings {
        let (device, reading, now) = reading(count, cell);
        let one = Monotonic::now();
        effects += black_box(engine.observe(&subjects[device], &reading, now)).len();
        slowest.push(one.elapsed());
    }
    let secs = (spent(begin) - before).as_secs_f64();
    slowest.sort_unstable();
    let part = |per_mille: usize| slowest[slowest.len() * per_mille / 1_000];
    let rate = f64::from(readings) / secs;
    println!(
        "{name}: {rate:.0} readings/s, {:.1} M evaluations/s on one core, one reading p50 {:?} p99 {:?} p99.9 {:?}; {effects} effects",
        rate * f64::from(RULES) / 1e6,
        part(500),
        part(990),
        part(999)
    );
    println!("{name}: {} bytes a device", engine.heap_bytes() / DEVICES as usize);
    engine
}

fn main() {
    let simple = rules("simple");
    let mut engine = measure("200 rules", &simple, 200_000);
    let begin = Monotonic::now();
    let start = spent(begin);
    let state = engine.save();
    let bytes: usize = state.0.values().map(Vec::len).sum();
    let saved = spent(begin);
    black_box(make(&simple, &state));
    let made = spent(begin);
    black_box(engine.changes());
    let (save, make, changes) = (saved - start, made - saved, spent(begin) - made);
    println!("{} records, {bytes} bytes: written in {save:?}, a new start takes {make:?}", state.0.len());
    println!("changes of 10,000 devices in {changes:?}");
    measure("200 rules, half over windows", &rules("windows"), 100_000);
    let mut late = rules("simple");
    for rule in late.as_array_mut().unwrap() {
        rule["lateness"] = json!("30s");
    }
    measure("200 rules, 30 s lateness", &late, 200_000);
}
