//! The working calendar of Boston against the deadlines the real city gave in 2011.

#![allow(clippy::unwrap_used, reason = "a test may fail at once")]

use std::collections::BTreeMap;
use std::path::Path;

use dipper_pack::{Calendars, load};
use jiff::civil::DateTime;
use model::{CalendarId, Instant, Limit};

/// Rows of one type: how many had a target, and how many of those the calendar meets.
#[derive(Default)]
struct Count {
    rows: u32,
    within_2_s: u32,
    within_60_s: u32,
}

/// The city's own system set its targets some seconds after it read the clock, and often ignored the hour before
/// opening, Saturdays and some holidays; the shares below are what the declared rule explains of its habit.
#[test]
fn the_calendar_explains_most_real_targets() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join("../shared/data/cases/boston311_2011H2.csv");
    if !path.exists() {
        println!("skipped: no shared data");
        return;
    }
    let city = load(&root.join("packs/boston")).unwrap().city;
    let calendars = Calendars::compile(&city).unwrap();
    let calendar = calendars.get(&CalendarId::new("working").unwrap()).unwrap();
    let expected: [(&str, &str, [f64; 2]); 6] = [
        ("Schedule a Bulk Item Pickup", "2 working_day", [0.566, 0.815]),
        ("Request for Pothole Repair", "2 working_day", [0.667, 0.696]),
        ("Sidewalk Repair (Make Safe)", "2 working_day", [0.702, 0.752]),
        ("Traffic Signal Repair", "1 working_day", [0.558, 0.575]),
        ("Rodent Activity", "30 calendar_day", [0.977, 0.998]),
        ("Unsatisfactory Living Conditions", "120 calendar_day", [0.97, 0.999]),
    ];
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for row in csv::Reader::from_path(path).unwrap().deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        let Some((kind, limit, _)) = expected.iter().find(|(kind, ..)| *kind == row["type"]) else { continue };
        if row["target"].is_empty() {
            continue;
        }
        let instant = |text: &str| {
            let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).unwrap();
            Instant::from_timestamp(calendar.zone().to_timestamp(civil).unwrap())
        };
        let due = calendar.due(limit.parse::<Limit>().unwrap(), instant(&row["opened"])).unwrap();
        let off_us = due.micros_since(instant(&row["target"])).abs();
        let count = counts.entry((*kind).to_owned()).or_default();
        count.rows += 1;
        count.within_2_s += u32::from(off_us <= 2_000_000);
        count.within_60_s += u32::from(off_us <= 60_000_000);
    }
    for (kind, limit, [exact, near]) in expected {
        let count = &counts[kind];
        let share = |part: u32| f64::from(part) / f64::from(count.rows);
        println!(
            "{kind}: {limit} explains {:.4} within 2 s, {:.4} within 60 s of {}",
            share(count.within_2_s),
            share(count.within_60_s),
            count.rows
        );
        assert!(share(count.within_2_s) >= exact, "{kind}: {}", share(count.within_2_s));
        assert!(share(count.within_60_s) >= near, "{kind}: {}", share(count.within_60_s));
    }
}
