//! The persisted language of records: every kind as it is stored.
//!
//! A golden file is never changed, only added: what was written once must read the same for ever.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use dipper_model as model;
use model::{
    CaseId, CommandAsked, DeviceId, EventId, FlightId, FlightSealed, InspectionEnded, InspectionRunId, Instant,
    LakeFileSealed, RecordBody, RecordingSealed,
};
use serde_json::{Map, json};

fn golden(name: &str, text: &str) {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/records")).join(name);
    match fs::read_to_string(&path) {
        Ok(kept) => assert_eq!(kept, text, "{name} is the language of the log and never changes"),
        Err(_) => {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            panic!("{name} was not there and has been written: read it, then run again");
        }
    }
}

fn at(minute: i64) -> Instant {
    "2026-11-02T01:00:00Z".parse::<Instant>().unwrap().plus_micros(minute * 60_000_000)
}

fn lamp() -> DeviceId {
    DeviceId::new("lamp-0001").unwrap()
}

fn command() -> EventId {
    EventId::new(at(0), 7)
}

/// Every kind, under the name of its file and with its subject; a kind with parts that may be absent has two.
fn every_kind() -> Vec<(&'static str, &'static str, RecordBody)> {
    let asked = CommandAsked {
        command: command(),
        device: lamp(),
        name: "dim".to_owned(),
        arguments: Map::from_iter([("brightness".to_owned(), json!(40))]),
        reason: "节能演练".to_owned(),
        scene_run: Some(EventId::new(at(0), 6)),
        is_dangerous: false,
        expires_at: at(10),
    };
    let bare = CommandAsked { arguments: Map::new(), scene_run: None, is_dangerous: true, ..asked.clone() };
    let ended = |state: &str, outcome: Option<&str>| RecordBody::CommandEnded {
        command: command(),
        device: lamp(),
        state: state.to_owned(),
        outcome: outcome.map(str::to_owned),
    };
    let sealed = LakeFileSealed {
        file: "raw/day=2026-11-02/0000000007.parquet".to_owned(),
        sha256: "6f4b".to_owned(),
        rows: 576_000,
        from: at(-60),
        to: at(0),
    };
    let camera = DeviceId::new("camera-0001").unwrap();
    let viewed =
        RecordBody::CameraViewed { camera: camera.clone(), purpose: "核查积水警情".to_owned(), until: at(480) };
    let recording = RecordingSealed { camera, from: at(0), to: at(1), sha256: "9c1d".to_owned(), bytes: 15_000_000 };
    let run = InspectionRunId::new(at(0), 9);
    let inspected = InspectionEnded {
        run,
        inspection: "gulou_power_rooms".parse().unwrap(),
        started_at: at(-30),
        answers: 8,
        faults: 1,
        sha256: "9c2e".to_owned(),
    };
    let (flight, region) = (FlightId::new(at(0), 11), "gulou".parse::<model::RegionId>().unwrap());
    let flown = FlightSealed {
        flight,
        purpose: "违建核查".to_owned(),
        region: region.clone(),
        files: 3,
        bytes: 30_000_000,
        sha256: "4d5f".to_owned(),
    };
    let attached = RecordBody::FlightAttached { flight, region, case: CaseId::new(at(0), 12) };
    let of_flight = "flight/01M6CWACM0000000000000000B";
    let of_lamp = "device/lamp-0001";
    vec![
        ("command_asked", of_lamp, RecordBody::CommandAsked(Box::new(asked))),
        ("command_asked_bare", of_lamp, RecordBody::CommandAsked(Box::new(bare))),
        ("command_confirmed", of_lamp, RecordBody::CommandConfirmed { command: command(), device: lamp() }),
        ("command_ended", of_lamp, ended("done", Some("ok"))),
        ("command_ended_bare", of_lamp, ended("expired", None)),
        ("lake_file_sealed", "lake/6f4b", RecordBody::LakeFileSealed(Box::new(sealed))),
        ("camera_viewed", "device/camera-0001", viewed),
        ("recording_sealed", "recording/9c1d", RecordBody::RecordingSealed(Box::new(recording))),
        (
            "inspection_ended",
            "inspection-run/01M6CWACM00000000000000009",
            RecordBody::InspectionEnded(Box::new(inspected)),
        ),
        ("flight_sealed", of_flight, RecordBody::FlightSealed(Box::new(flown))),
        ("flight_attached", of_flight, attached),
    ]
}

#[test]
fn every_kind_of_record_is_stored_as_its_golden_file_says() {
    for (name, subject, body) in every_kind() {
        let text = serde_json::to_string_pretty(&body).unwrap() + "\n";
        golden(&format!("{name}.json"), &text);
        assert_eq!(serde_json::from_str::<RecordBody>(&text).unwrap(), body, "{name}");
        assert!(text.contains(&format!("\"kind\": \"{}\"", body.kind())), "{name}");
        assert_eq!(body.subject(), subject, "{name}");
    }
}

/// The words of the kinds stand in the log for ever; a new one has to be added here, and to the files.
#[test]
fn no_kind_is_without_a_golden_file() {
    let kinds: BTreeSet<_> = every_kind().iter().map(|(_, _, body)| body.kind()).collect();
    assert_eq!(kinds.len(), 9, "{kinds:?}");
}
