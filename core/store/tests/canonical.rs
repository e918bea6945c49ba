//! The text the ledger commits to is locked: a receipt given once must open for ever.

#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_store as store;
use model::{Event, Instant};

/// One event of every kind, written by another program (sorted keys, no spaces, UTF-8 unescaped).
/// Lines are only ever added. When this fails, receipts already given out no longer open.
const GOLDEN: &str = include_str!("golden/canonical_events.jsonl");

fn parse(line: &str) -> Event {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    let text = |key: &str| value[key].as_str().unwrap();
    let number = |key: &str| value[key].as_i64().unwrap();
    Event {
        position: 1,
        id: text("id").parse().unwrap(),
        case: text("case").parse().unwrap(),
        version: u32::try_from(number("version")).unwrap(),
        at: Instant::from_micros(number("at")),
        recorded_at: Instant::from_micros(number("recorded_at")),
        actor: serde_json::from_value(value["actor"].clone()).unwrap(),
        body: serde_json::from_value(value["body"].clone()).unwrap(),
    }
}

#[test]
fn every_kind_of_event_keeps_its_text() {
    let mut kinds = std::collections::BTreeSet::new();
    for line in GOLDEN.lines() {
        let event = parse(line);
        kinds.insert(event.body.kind());
        assert_eq!(String::from_utf8(store::canonical_event(&event)).unwrap(), line);
    }
    assert_eq!(kinds.len(), 14, "{kinds:?}");
}
