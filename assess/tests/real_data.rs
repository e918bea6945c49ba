//! The dry run over a city's own readings, against a count by hand: car parks that are over full, below nothing or
//! stuck (Birmingham 2016), air that was not measured (Beijing 2013–2017).
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;

use common::{device, reading, setup};
use dipper_assess::{Episode, Subject, dry_run};
use model::{Instant, Reading};
use serde_json::json;

fn data(file: &str) -> Option<csv::Reader<std::fs::File>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/iot").join(file);
    if !path.exists() {
        println!("skipped: no shared data");
        return None;
    }
    Some(csv::Reader::from_path(path).unwrap())
}

/// `2016-10-04 07:59:42`, taken as UTC.
fn instant(text: &str) -> Instant {
    text.trim()
        .replacen(' ', "T", 1)
        .parse::<jiff::civil::DateTime>()
        .map(|time| Instant::from_timestamp(jiff::tz::TimeZone::UTC.to_ambiguous_timestamp(time).compatible().unwrap()))
        .unwrap()
}

/// Capacity, and what was counted when; the first of each instant.
type Park = (f64, BTreeMap<Instant, f64>);

/// A device with series, instants and values.
type Measured = (Subject, Vec<(u32, Instant, f64)>);

/// Car parks by name.
fn parks() -> Option<BTreeMap<String, Park>> {
    let mut parks: BTreeMap<String, Park> = BTreeMap::new();
    for row in data("parking_birmingham_2016.csv")?.deserialize() {
        let (name, capacity, occupancy, at): (String, f64, f64, String) = row.unwrap();
        let park = parks.entry(name).or_insert_with(|| (capacity, BTreeMap::new()));
        park.1.entry(instant(&at)).or_insert(occupancy);
    }
    Some(parks)
}

/// All readings of some devices in the order of their time.
fn in_order(series: &[Measured]) -> Vec<(&Subject, Reading)> {
    let mut all: Vec<(&Subject, Reading)> = Vec::new();
    for (subject, readings) in series {
        all.extend(readings.iter().map(|(series, at, value)| (subject, reading(*series, *at, *value))));
    }
    all.sort_by_key(|(subject, reading)| (reading.at, subject.device.clone(), reading.series));
    all
}

fn of<'e>(episodes: &'e [Episode], rule: &'e str, device: &'e str) -> Vec<(Instant, Option<Instant>)> {
    let mine = episodes.iter().filter(|one| *one.alarm.rule == *rule && one.alarm.device.as_str() == device);
    mine.map(|one| (one.raised_at, one.cleared_at)).collect()
}

/// From when to when something held, of moments in order.
fn spells(moments: impl IntoIterator<Item = (Instant, bool)>) -> Vec<(Instant, Option<Instant>)> {
    let mut spells: Vec<(Instant, Option<Instant>)> = Vec::new();
    for (at, holds) in moments {
        let open = spells.last_mut().filter(|spell| spell.1.is_none());
        match (open, holds) {
            (None, true) => spells.push((at, None)),
            (Some(spell), false) => spell.1 = Some(at),
            _ => {}
        }
    }
    spells
}

#[test]
fn car_parks_over_full_below_nothing_or_stuck_are_found() {
    let Some(parks) = parks() else { return };
    let rules = json!([
        {"id": "over_full", "when": "occupancy > capacity", "severity": "major"},
        {"id": "below_nothing", "when": "occupancy < 0.0"},
        {"id": "stuck", "when": "count(\"occupancy\", \"3h\") >= 5 && max(\"occupancy\", \"3h\") == min(\"occupancy\", \"3h\")"}
    ]);
    let mut series = Vec::new();
    for (number, (name, (capacity, counts))) in (0_u32..).zip(&parks) {
        let name: String = name.chars().filter(|letter| letter.is_ascii_alphanumeric()).collect();
        let subject = device(&name, number * 2 + 1, &["occupancy", "capacity"]);
        let begin = counts.keys().next().unwrap().plus_micros(-1);
        let mut readings = vec![(number * 2 + 2, begin, *capacity)];
        readings.extend(counts.iter().map(|(at, value)| (number * 2 + 1, *at, *value)));
        series.push((subject, readings));
    }
    let end = instant("2017-01-01 00:00:00");
    let episodes = dry_run(setup(&rules), in_order(&series), end);
    let mut totals = [0; 3];
    for ((subject, _), (capacity, counts)) in series.iter().zip(parks.values()) {
        let name = subject.device.as_str();
        let over = spells(counts.iter().map(|(at, value)| (*at, value > capacity)));
        let below = spells(counts.iter().map(|(at, value)| (*at, *value < 0.0)));
        // Every moment at which a reading comes, or one becomes three hours old.
        let span = 3 * 3_600_000_000;
        let mut moments: Vec<Instant> = counts.keys().flat_map(|at| [*at, at.plus_micros(span)]).collect();
        moments.sort_unstable();
        moments.dedup();
        let stuck = spells(moments.iter().map(|now| {
            let within = counts.range(now.plus_micros(1 - span)..=*now).map(|(_, value)| *value);
            let values: Vec<f64> = within.collect();
            (*now, values.len() >= 5 && values.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits()))
        }));
        for (place, (rule, expect)) in
            [("over_full", over), ("below_nothing", below), ("stuck", stuck)].into_iter().enumerate()
        {
            totals[place] += expect.len();
            assert_eq!(of(&episodes, rule, name), expect, "{rule} {name}");
        }
    }
    println!("over full {}, below nothing {}, stuck {} of {} car parks", totals[0], totals[1], totals[2], parks.len());
    assert!(totals.iter().all(|total| *total > 0), "{totals:?}");
}

#[test]
fn air_that_was_not_measured_is_found() {
    let stations = ["Aotizhongxin", "Dongsi"];
    let mut series = Vec::new();
    for (number, station) in (0_u32..).zip(stations) {
        let Some(mut file) = data(&format!("air_beijing/PRSA_{station}.csv")) else { return };
        let mut readings = Vec::new();
        for row in file.deserialize() {
            let row: BTreeMap<String, String> = row.unwrap();
            let part = |name: &str| row[name].parse::<u32>().unwrap();
            let at = format!("{}-{:02}-{:02} {:02}:00:00", part("year"), part("month"), part("day"), part("hour"));
            for (place, name) in ["PM2.5", "O3"].iter().enumerate() {
                if let Ok(value) = row[*name].parse::<f64>() {
                    readings.push((number * 2 + 1 + u32::try_from(place).unwrap(), instant(&at), value));
                }
            }
        }
        series.push((device(station, number * 2 + 1, &["pm25", "o3"]), readings));
    }
    let rules = json!([
        {"id": "unheard", "selector": {"properties": ["pm25", "o3"]}, "no_data_after": "3h"},
        {"id": "heavy", "when": "pm25 > 250.0", "for": "6h", "clear": "pm25 < 150.0", "severity": "critical"}
    ]);
    let end = instant("2017-03-01 00:00:00");
    let episodes = dry_run(setup(&rules), in_order(&series), end);
    let (mut gaps, mut heavy) = (0, 0);
    for (subject, readings) in &series {
        for (place, (number, name)) in subject.series.iter().enumerate() {
            let times: Vec<Instant> = readings.iter().filter(|one| one.0 == number.0).map(|one| one.1).collect();
            // What is measured first is heard of only then; before that, silence counts from when the device was known.
            let span = 3 * 3_600_000_000;
            let mut expect = Vec::new();
            let known = readings.iter().map(|one| one.1).min().unwrap();
            for (from, to) in
                std::iter::once(known).chain(times.iter().copied()).zip(times.iter().copied().map(Some).chain([None]))
            {
                if to.unwrap_or(end).micros_since(from) > span {
                    expect.push((from.plus_micros(span), to));
                }
            }
            gaps += expect.len();
            let part = format!("no_data/{name}");
            let found = episodes.iter().filter(|one| one.alarm.device == subject.device && *one.alarm.part == *part);
            assert_eq!(found.map(|one| (one.raised_at, one.cleared_at)).collect::<Vec<_>>(), expect, "{place} {name}");
        }
        // Six hours above 250, until below 150.
        let mut state: (Option<Instant>, Option<Instant>) = (None, None);
        let mut expect = Vec::new();
        for (_, at, value) in readings.iter().filter(|one| one.0 == subject.series[0].0.0) {
            // A `for` that ends between two readings fires in between.
            if let (Some(since), None) = state {
                let due = since.plus_micros(6 * 3_600_000_000);
                if due < *at {
                    state.1 = Some(due);
                    expect.push((due, None));
                }
            }
            state.0 = if *value > 250.0 { Some(state.0.unwrap_or(*at)) } else { None };
            match state {
                (Some(since), None) if at.micros_since(since) >= 6 * 3_600_000_000 => {
                    state.1 = Some(*at);
                    expect.push((*at, None));
                }
                (None, Some(_)) if *value < 150.0 => {
                    state.1 = None;
                    expect.last_mut().unwrap().1 = Some(*at);
                }
                _ => {}
            }
        }
        heavy += expect.len();
        assert_eq!(of(&episodes, "heavy", subject.device.as_str()), expect);
    }
    println!("{gaps} gaps of more than three hours, {heavy} spells of heavy pollution");
    assert!(gaps > 100 && heavy > 10);
}
