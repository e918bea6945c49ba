//! Records: in the log beside the events, under positions of one count.

#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_store as store;
use model::{Actor, DeviceId, EventId, Instant, NewRecord, Record, RecordBody};
use store::{Reader, Store, StoreError, Tx, canonical_record};
use testkit::{Story, on_both_databases};

/// As `canonical_events.jsonl`: written by another program, never changed.
const GOLDEN: &str = r#"{"actor":{"as":"system","part":"courier"},"at":1795435200000000,"body":{"command":"01KAT3DK0000000000000000AA","device":"lamp-1","kind":"command_ended","outcome":"好 \"ok\"","state":"done"},"id":"01KAT3DK000000000000000011","recorded_at":1795435200500000}"#;

fn noon() -> Instant {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn body(device: &str) -> RecordBody {
    RecordBody::CommandConfirmed { command: EventId::new(noon(), 1), device: DeviceId::new(device).unwrap() }
}

fn record(tx: &mut Tx, device: &str) -> Result<Record, StoreError> {
    tx.append_record(NewRecord { at: noon(), actor: Actor::system("courier"), body: body(device) }, noon())
}

fn unsealed(store: &Store, after: i64, limit: u32) -> Vec<i64> {
    let rows = store.read_blocking(move |db: &mut Reader| db.list_unsealed(after, limit)).unwrap();
    rows.iter().map(|row| row.position).collect()
}

on_both_databases!(records_and_events_have_positions_of_one_count, |database| {
    let positions = database.write_blocking(|tx: &mut Tx| {
        let first = record(tx, "lamp-1")?.position;
        Story::default().file(tx, noon())?;
        let second = record(tx, "lamp-2")?.position;
        Ok::<_, StoreError>([first, second])
    });
    assert_eq!(positions.unwrap(), [1, 4]);
    database.write_blocking(|tx: &mut Tx| record(tx, "lamp-1")).unwrap();
    database.write_blocking(|tx: &mut Tx| Story::default().file(tx, noon())).unwrap();
    // One that fails leaves no hole.
    let failed = database.write_blocking(|tx: &mut Tx| {
        record(tx, "lamp-1")?;
        Err::<(), _>(StoreError::NotFound { what: "office", id: "x".into() })
    });
    failed.unwrap_err();
    database.write_blocking(|tx: &mut Tx| record(tx, "lamp-1")).unwrap();
    assert_eq!(database.read_blocking(Reader::last_position).unwrap(), 8);
    assert_eq!(database.read_blocking(Reader::last_event_position).unwrap(), 7);
    assert_eq!(*database.subscribe().borrow(), 8);
    assert_eq!(unsealed(database, 0, 100), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(unsealed(database, 3, 2), [4, 5]);
    let events = database.read_blocking(|db: &mut Reader| db.list_events_after(0, 100)).unwrap();
    assert_eq!(events.iter().map(|event| event.position).collect::<Vec<_>>(), [2, 3, 6, 7]);
});

on_both_databases!(a_record_reads_back_as_it_was_appended_and_is_listed_by_what_it_is_about, |database| {
    let [first, other, second] = database
        .write_blocking(|tx: &mut Tx| {
            Ok::<_, StoreError>([record(tx, "lamp-1")?, record(tx, "lamp-2")?, record(tx, "lamp-1")?])
        })
        .unwrap();
    let id = other.id;
    assert_eq!(database.read_blocking(move |db: &mut Reader| db.find_record(id)).unwrap(), Some(other.clone()));
    let list = |before, limit| {
        database.read_blocking(move |db: &mut Reader| db.list_records("device/lamp-1", before, limit)).unwrap()
    };
    assert_eq!(list(None, 10), [second.clone(), first.clone()]);
    assert_eq!(list(None, 1), std::slice::from_ref(&second));
    assert_eq!(list(Some(second.position), 10), [first]);
    // What is sealed is what was written.
    let row = database.read_blocking(move |db: &mut Reader| db.find_seal_row(id)).unwrap().unwrap();
    assert_eq!((row.position, row.office), (2, None));
    assert_eq!(row.canonical, canonical_record(&other));
});

#[test]
fn the_text_that_the_ledger_commits_to_is_locked() {
    let value: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
    let record = Record {
        position: 1,
        id: value["id"].as_str().unwrap().parse().unwrap(),
        at: Instant::from_micros(value["at"].as_i64().unwrap()),
        recorded_at: Instant::from_micros(value["recorded_at"].as_i64().unwrap()),
        actor: serde_json::from_value(value["actor"].clone()).unwrap(),
        body: serde_json::from_value(value["body"].clone()).unwrap(),
    };
    assert_eq!(String::from_utf8(canonical_record(&record)).unwrap(), GOLDEN);
}
