//! Cameras on both databases: addresses are sealed, viewings are recorded with why, files are sealed once and let go in time.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Town, block, demo, party, town};
use dipper_sense::cameras::{
    CameraError, Recorded, VIEWING_US, begin_viewing, list_expired, note_deleted, seal_recording, set_stream, stream_of,
};
use dipper_sense::devices::{DeviceChange, NewDevice, change, register};
use dipper_sense::telemetry::{Fleet, Member};
use grid::LonLat;
use model::{Actor, Clock, DeviceId, RecordBody};
use std::sync::Arc;
use store::RecordingFilter;
use testkit::{Database, on_both_databases};

const ADDRESS: &str = "rtsp://admin:s3cret@10.0.0.7:554/ch1";

fn camera(town: &Town, database: &Database, id: &str, class: &str) -> Arc<Member> {
    let new = NewDevice {
        id: DeviceId::new(id).unwrap(),
        class: class.parse().unwrap(),
        title: String::new(),
        parent: None,
        point: LonLat::new(112.8961, 32.5087).unwrap(),
        height_m: None,
        office: None,
        through: None,
    };
    block(register(&town.ctx, None, new)).unwrap();
    Fleet::load(database.store(), &demo()).unwrap().find(&DeviceId::new(id).unwrap()).unwrap()
}

fn chief() -> Actor {
    Actor::Staff { party: party(1), role: "duty_chief".parse().unwrap(), office: "supervision_centre".parse().unwrap() }
}

on_both_databases!(an_address_is_sealed_and_shown_without_its_secret, |database| {
    let town = town(database);
    let square = camera(&town, database, "camera-1", "square_camera");
    block(set_stream(&town.ctx, Some(party(1)), &square, Some(ADDRESS))).unwrap();
    let id = square.row.id.clone();
    let row = database.read_blocking(move |db| db.find_camera_stream(&id)).unwrap().unwrap();
    assert_eq!(row.shown, "rtsp://10.0.0.7:554");
    assert!(!row.sealed.windows(6).any(|part| part == b"s3cret"), "the row holds the password in clear");
    let opened = block(stream_of(&town.ctx, square.row.id.clone())).unwrap().unwrap();
    assert_eq!(opened.reveal(), ADDRESS);
    // What was done is in the register's history, without the secret.
    let changes = database.read_blocking(|db| db.list_device_changes(&DeviceId::new("camera-1").unwrap(), 10)).unwrap();
    let set = changes.iter().find(|change| change.kind == "stream_set").unwrap();
    assert_eq!((set.reason.as_deref(), set.party), (Some("rtsp://10.0.0.7:554"), Some(party(1))));
    // Moved to another camera it does not open.
    let other = camera(&town, database, "camera-2", "square_camera");
    let moved = store::StreamRow { device: other.row.id.clone(), ..row };
    database.write_blocking(move |tx: &mut store::Tx| tx.record_camera_stream(&moved)).unwrap();
    block(stream_of(&town.ctx, other.row.id.clone())).unwrap_err();
    block(set_stream(&town.ctx, None, &square, None)).unwrap();
    assert_eq!(block(stream_of(&town.ctx, square.row.id.clone())).unwrap(), None);
});

on_both_databases!(what_is_no_camera_or_no_address_is_refused, |database| {
    let town = town(database);
    let lamp = camera(&town, database, "lamp-1", "street_lamp");
    let square = camera(&town, database, "camera-1", "square_camera");
    for (device, address, words) in [
        (&lamp, ADDRESS, "device lamp-1 is no camera: its class has no video"),
        (&square, "http://10.0.0.7/", "it begins with rtsp://, rtsps://, rtmp:// or rtmps://"),
    ] {
        let error = block(set_stream(&town.ctx, None, device, Some(address))).unwrap_err();
        assert_eq!(error.to_string(), words);
    }
    block(change(&town.ctx, None, square.row.id.clone(), DeviceChange::Retire)).unwrap();
    let square = Fleet::load(database.store(), &demo()).unwrap().find(&square.row.id).unwrap();
    let error = block(set_stream(&town.ctx, None, &square, Some(ADDRESS))).unwrap_err();
    assert!(matches!(error, CameraError::Retired(_)), "{error}");
});

on_both_databases!(who_watches_says_why_once_and_it_is_in_the_log, |database| {
    let town = town(database);
    let ids: Vec<DeviceId> =
        ["camera-1", "camera-2"].map(|id| camera(&town, database, id, "square_camera").row.id.clone()).into();
    let watched = || ids.iter().map(|id| (id.clone(), chief())).collect::<Vec<_>>();
    let error = block(begin_viewing(&town.ctx, (party(1), watched()), " 看 ")).unwrap_err();
    assert!(matches!(error, CameraError::Purpose), "{error}");
    let error = block(begin_viewing(&town.ctx, (party(1), Vec::new()), "核查积水警情")).unwrap_err();
    assert!(matches!(error, CameraError::Count(0)), "{error}");
    let until = block(begin_viewing(&town.ctx, (party(1), watched()), " 核查积水警情 ")).unwrap();
    assert_eq!(until, town.clock.now().plus_micros(VIEWING_US));
    for id in &ids {
        let (one, subject) = (id.clone(), format!("device/{id}"));
        let records = database.read_blocking(move |db| db.list_records(&subject, None, 10)).unwrap();
        let purpose = "核查积水警情".to_owned();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].body, RecordBody::CameraViewed { camera: one.clone(), purpose, until });
        assert_eq!(records[0].actor, chief());
        let find = |number| {
            let one = one.clone();
            database.read_blocking(move |db| db.find_viewing(&one, party(number))).unwrap()
        };
        assert_eq!((find(1), find(2)), (Some(until), None), "it is theirs alone");
    }
});

on_both_databases!(a_recorded_file_is_sealed_once_and_its_row_outlives_it, |database| {
    let town = town(database);
    let square = camera(&town, database, "camera-1", "square_camera");
    let now = town.clock.now();
    let recorded = |minute: i64| Recorded {
        camera: square.row.id.clone(),
        from: now.plus_micros(minute * 60_000_000),
        to: now.plus_micros((minute + 1) * 60_000_000),
        sha256: format!("{minute:064x}"),
        bytes: 1_000,
    };
    let first = block(seal_recording(&town.ctx, recorded(0))).unwrap();
    assert_eq!(block(seal_recording(&town.ctx, recorded(0))).unwrap(), first, "told twice, sealed once");
    let second = block(seal_recording(&town.ctx, recorded(1))).unwrap();
    let id = first.id;
    let record = database.read_blocking(move |db| db.find_record(id)).unwrap().unwrap();
    assert_eq!(record.body.subject(), format!("recording/{:064x}", 0));
    let list = |filter| {
        let id = DeviceId::new("camera-1").unwrap();
        database.read_blocking(move |db| db.list_recordings(&id, filter, 10)).unwrap()
    };
    assert_eq!(list(RecordingFilter::default()), [second.clone(), first.clone()]);
    assert_eq!(list(RecordingFilter { to: Some(second.from), from: None }), std::slice::from_ref(&first));
    assert_eq!(list(RecordingFilter { from: Some(second.from), to: None }), std::slice::from_ref(&second));
    // Thirty days after its end, as its class says.
    let day = 86_400_000_000_i64;
    town.clock.set(first.to.plus_micros(30 * day));
    assert_eq!(block(list_expired(&town.ctx, &square, 10)).unwrap(), []);
    town.clock.set(first.to.plus_micros(30 * day + 1));
    let expired = block(list_expired(&town.ctx, &square, 10)).unwrap();
    assert_eq!(expired, std::slice::from_ref(&first));
    block(note_deleted(&town.ctx, expired)).unwrap();
    assert_eq!(block(list_expired(&town.ctx, &square, 10)).unwrap(), []);
    let kept = list(RecordingFilter::default());
    assert_eq!((kept.len(), kept[1].deleted_at), (2, Some(town.clock.now())), "the row stays");
    assert!(database.read_blocking(move |db| db.find_record(id)).unwrap().is_some(), "so does the record");
    let junction = camera(&town, database, "camera-2", "traffic_camera");
    assert_eq!(block(list_expired(&town.ctx, &junction, 10)).unwrap(), [], "it is not recorded");
});
