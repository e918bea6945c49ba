//! The register of devices on both databases: what is taken in, who may speak, and who did what.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{block, demo, party, town};
use dipper_sense::devices::{
    DeviceChange, Installation, NewDevice, change, change_secret, install, label, register, take_over_secret,
};
use dipper_sense::telemetry::{FaultKind, Fleet, Format, Refused};
use grid::LonLat;
use model::{Clock, DeviceId, DeviceLabel, EventId, EvidenceId};
use store::{DeviceAlarmFilter, DeviceAlarmRow, EvidenceRow, OpenAlarms, Tx};
use testkit::on_both_databases;

fn lamp(id: &str) -> NewDevice {
    NewDevice {
        id: DeviceId::new(id).unwrap(),
        class: "street_lamp".parse().unwrap(),
        title: String::new(),
        parent: None,
        point: LonLat::new(112.8961, 32.5087).unwrap(),
        height_m: None,
        office: None,
        through: None,
    }
}

on_both_databases!(a_device_is_put_on_the_grid_and_numbered, |database| {
    let town = town(database);
    let found = block(register(&town.ctx, Some(party(1)), lamp("lamp-1"))).unwrap();
    let row = &found.device;
    assert_eq!((row.title.as_str(), row.office.as_str()), ("路灯控制器", "street_lighting"), "those of its class");
    assert!(row.region_path.starts_with("yaoguang/") && row.region_path.ends_with(&format!("{}/", row.region)));
    let properties: Vec<_> = found.series.iter().map(|(property, _)| property.as_str()).collect();
    assert_eq!(properties, ["power", "voltage", "lit"]);
    let other = block(register(&town.ctx, None, lamp("lamp-2"))).unwrap();
    let numbers: Vec<_> = found.series.iter().chain(&other.series).map(|(_, series)| series.0).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "numbers are never given twice: {numbers:?}");
    let kept = database.read_blocking(|db| db.find_device(&DeviceId::new("lamp-1").unwrap())).unwrap().unwrap();
    assert_eq!(&kept, row);
    let changes = database.read_blocking(|db| db.list_device_changes(&DeviceId::new("lamp-1").unwrap(), 10)).unwrap();
    assert_eq!(
        changes.iter().map(|one| (one.kind.as_str(), one.party)).collect::<Vec<_>>(),
        [("registered", Some(party(1)))]
    );
});

on_both_databases!(what_does_not_fit_is_refused_with_its_limit, |database| {
    let town = town(database);
    block(register(&town.ctx, None, lamp("taken"))).unwrap();
    let far = LonLat::new(2.35, 48.85).unwrap();
    for (new, words) in [
        (lamp("taken"), "a device taken is registered already"),
        (NewDevice { class: "rocket".parse().unwrap(), ..lamp("a") }, "class: the city has no class rocket; known are"),
        (NewDevice { point: far, ..lamp("a") }, "point: it is outside the city"),
        (NewDevice { height_m: Some(5_000.0), ..lamp("a") }, "height_m: 5000 is not within -2000 to 1000 m"),
        (NewDevice { title: "x".repeat(201), ..lamp("a") }, "title: 1 to 200 characters"),
        (NewDevice { office: Some("nobody".parse().unwrap()), ..lamp("a") }, "office: the city has no office nobody"),
        (NewDevice { parent: Some(DeviceId::new("ghost").unwrap()), ..lamp("a") }, "parent: there is no device ghost"),
    ] {
        let error = block(register(&town.ctx, None, new)).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}");
    }
});

on_both_databases!(states_follow_from_each_other, |database| {
    let town = town(database);
    block(register(&town.ctx, None, lamp("lamp-1"))).unwrap();
    let id = DeviceId::new("lamp-1").unwrap();
    let shut = || DeviceChange::Quarantine("it floods".to_owned());
    for (what, expect) in [
        (DeviceChange::Release, Err("device lamp-1 is active; it speaks already")),
        (
            DeviceChange::Quarantine(" ".repeat(300)),
            Err("reason: 1 to 200 characters without control characters, got 300"),
        ),
        (shut(), Ok("quarantined")),
        (shut(), Ok("quarantined")),
        (DeviceChange::Release, Ok("active")),
        (DeviceChange::Retire, Ok("retired")),
        (DeviceChange::Release, Err("device lamp-1 is retired; a retired device is registered anew")),
        (shut(), Err("device lamp-1 is retired; a retired device is registered anew")),
    ] {
        let found = block(change(&town.ctx, None, id.clone(), what)).map(|row| row.state.as_str());
        assert_eq!(found.map_err(|error| error.to_string()), expect.map_err(str::to_owned));
    }
    let ghost = block(change(&town.ctx, None, DeviceId::new("ghost").unwrap(), shut())).unwrap_err();
    assert_eq!(ghost.to_string(), "there is no device ghost");
});

on_both_databases!(a_new_password_ends_the_old_one_when_it_is_used, |database| {
    let town = town(database);
    let id = DeviceId::new("lamp-1").unwrap();
    let first = block(register(&town.ctx, None, lamp("lamp-1"))).unwrap().secret;
    let (_, second) = block(change_secret(&town.ctx, None, id.clone())).unwrap();
    let admit = |secret: &str| {
        let fleet = Fleet::load(database.store(), &demo()).unwrap();
        fleet.admit("lamp-1", secret).map(|(_, is_new)| is_new)
    };
    assert_eq!((admit(first.reveal()), admit(second.reveal())), (Ok(false), Ok(true)));
    block(take_over_secret(&town.ctx, id.clone())).unwrap();
    assert_eq!((admit(first.reveal()), admit(second.reveal())), (Err(Refused::Credentials), Ok(false)));
    assert_eq!(block(take_over_secret(&town.ctx, id.clone())).unwrap(), None, "once");
    assert_eq!(admit(""), Err(Refused::Credentials));
    let fleet = Fleet::load(database.store(), &demo()).unwrap();
    assert!(fleet.admit("ghost", second.reveal()).is_err() && fleet.admit("", "").is_err());
    block(change(&town.ctx, None, id, DeviceChange::Quarantine("it floods".to_owned()))).unwrap();
    assert_eq!(admit(second.reveal()), Err(Refused::Quarantined));
});

on_both_databases!(a_key_is_shared_with_a_device_for_each_of_its_passwords, |database| {
    let town = town(database);
    let id = DeviceId::new("lamp-1").unwrap();
    let first = block(register(&town.ctx, None, lamp("lamp-1"))).unwrap().secret;
    let load = || Fleet::load(database.store(), &demo()).unwrap();
    let old = load().shared_key("lamp-1").unwrap();
    assert!(old.len() == 64 && old != first.reveal() && load().shared_key("lamp-1/next") == Some(old.clone()));
    block(change_secret(&town.ctx, None, id.clone())).unwrap();
    let fleet = load();
    let next = fleet.shared_key("lamp-1/next").unwrap();
    assert_eq!(fleet.shared_key("lamp-1"), Some(old.clone()));
    let admit = |key: &str| fleet.admit_by_key("lamp-1", key).map(|(_, is_new)| is_new);
    assert_eq!((admit(&old), admit(&next)), (Ok(false), Ok(true)));
    // The key opens no door of those for passwords, nor the password that for keys.
    assert!(fleet.admit("lamp-1", &old).is_err() && admit(first.reveal()).is_err());
    block(take_over_secret(&town.ctx, id)).unwrap();
    let fleet = load();
    assert_eq!([fleet.shared_key("lamp-1"), fleet.shared_key("lamp-1/next")], [Some(next.clone()), Some(next)]);
    assert_eq!((fleet.shared_key("ghost"), fleet.shared_key("/next"), fleet.shared_key("")), (None, None, None));
});

on_both_databases!(the_fleet_reads_messages_of_its_members, |database| {
    let town = town(database);
    let registered = block(register(&town.ctx, None, lamp("lamp-1"))).unwrap();
    let fleet = Fleet::load(database.store(), &demo()).unwrap();
    let member = fleet.find(&DeviceId::new("lamp-1").unwrap()).unwrap();
    let now = town.clock.now();
    let readings = member.read(Format::Plain, br#"{"lit": true, "power": 31.5}"#, now).unwrap();
    let found: Vec<_> = readings.iter().map(|reading| (reading.series, reading.value, reading.cell)).collect();
    let series = |at: usize| registered.series[at].1;
    assert_eq!(found, [(series(2), 1.0, registered.device.cell), (series(0), 31.5, registered.device.cell)]);
    assert_eq!(fleet.of_series(series(1)).unwrap().property, 1);
    let shut_out = (0..25).position(|_| fleet.blame(&member.row.id, FaultKind::Form, "unreadable".to_owned(), now));
    assert_eq!(shut_out, Some(19), "the twentieth in ten minutes");
    assert!(!fleet.blame(&member.row.id, FaultKind::Form, "unreadable".to_owned(), now), "then it begins anew");
});

on_both_databases!(a_device_that_floods_is_named_then_shut_out_alone, |database| {
    let town = town(database);
    for id in ["lamp-1", "lamp-2"] {
        block(register(&town.ctx, None, lamp(id))).unwrap();
    }
    let fleet = Fleet::load(database.store(), &demo()).unwrap();
    let most = 600;
    let member = |id: &str| {
        let mut member = (*fleet.find(&DeviceId::new(id).unwrap()).unwrap()).clone();
        let class = pack::DeviceClass { messages_per_minute: Some(most), ..(*member.class).clone() };
        member.class = std::sync::Arc::new(class);
        member
    };
    let (flood, other) = (member("lamp-1"), member("lamp-2"));
    let minute = |number: i64| model::Instant::from_micros(1_800_000_000_000_000 + number * 60_000_000);
    let send = |member: &dipper_sense::telemetry::Member, at: i64, count: u32| {
        (0..count).find_map(|_| fleet.count(member, minute(at)))
    };
    assert_eq!(send(&flood, 0, most), None);
    assert_eq!(fleet.fault(&flood.row.id), None, "as many as it may");
    assert_eq!(send(&flood, 0, 1), None);
    let named = fleet.fault(&flood.row.id).expect("named with the first that is too many");
    assert_eq!((named.kind, named.words.contains("600 messages a minute")), (FaultKind::Flood, true), "{named:?}");
    // A quiet minute between: it begins anew.
    assert_eq!([send(&flood, 1, most + 9), send(&flood, 2, 1), send(&flood, 3, most + 1)], [None, None, None]);
    assert_eq!(send(&flood, 4, most + 1), None);
    let words = send(&flood, 5, most + 1).expect("the third minute running");
    assert!(words.contains("in 3 minutes running"), "{words}");
    assert_eq!([send(&other, 0, 10), send(&other, 5, 10)], [None, None]);
    assert_eq!(fleet.fault(&other.row.id), None, "the others are left alone");
});

fn labels(words: &[&str]) -> Vec<DeviceLabel> {
    words.iter().map(|word| DeviceLabel::new(word).unwrap()).collect()
}

fn ids(names: &[&str]) -> Vec<DeviceId> {
    names.iter().map(|name| DeviceId::new(name).unwrap()).collect()
}

on_both_databases!(labels_are_given_to_all_devices_or_to_none, |database| {
    let town = town(database);
    for id in ["lamp-1", "lamp-2"] {
        block(register(&town.ctx, None, lamp(id))).unwrap();
    }
    let give = |names: &[&str], add: &[&str], remove: &[&str]| {
        block(label(&town.ctx, party(1), ids(names), labels(add), labels(remove)))
            .map(|rows| rows.len())
            .map_err(|error| error.to_string())
    };
    let kept = |name: &str| {
        let fleet = Fleet::load(database.store(), &demo()).unwrap();
        let member = fleet.find(&DeviceId::new(name).unwrap()).unwrap();
        member.row.labels.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(give(&["lamp-1", "lamp-2"], &["汛期重点", "a1"], &[]), Ok(2));
    assert_eq!(give(&["lamp-1", "lamp-2"], &["a1"], &[]), Ok(0), "they have it");
    assert_eq!(give(&["lamp-1"], &["b2"], &["a1", "nothing"]), Ok(1));
    assert_eq!((kept("lamp-1").as_str(), kept("lamp-2").as_str()), ("b2 汛期重点", "a1 汛期重点"));
    let seven = ["g1", "g2", "g3", "g4", "g5", "g6"];
    assert_eq!(give(&["lamp-2"], &seven, &[]), Ok(1));
    let refused = give(&["lamp-1", "lamp-2"], &["g7"], &[]).unwrap_err();
    assert_eq!(refused, "add: lamp-2 would have 9 labels; 8 are allowed");
    assert_eq!(give(&["lamp-1", "ghost"], &["g7"], &[]).unwrap_err(), "there is no device ghost");
    assert_eq!(kept("lamp-1"), "b2 汛期重点", "all of them or none");
    let read = |db: &mut store::Reader| db.list_device_changes(&DeviceId::new("lamp-1").unwrap(), 10);
    let changes = database.read_blocking(read).unwrap();
    let mut noted: Vec<_> =
        changes.iter().filter(|one| one.kind == "labelled").map(|one| one.reason.as_deref()).collect();
    noted.sort_unstable();
    assert_eq!(noted, [Some("a1, 汛期重点"), Some("b2, 汛期重点")]);
});

on_both_databases!(a_device_that_is_put_up_stands_where_the_phone_was, |database| {
    let town = town(database);
    let before = block(register(&town.ctx, None, lamp("lamp-1"))).unwrap().device;
    let picture: EvidenceId = "ab".repeat(32).parse().unwrap();
    let evidence = EvidenceRow {
        id: picture,
        media_type: "image/jpeg".to_owned(),
        bytes: 10,
        width: 1,
        height: 1,
        taken_at: None,
        lon: None,
        lat: None,
        stored_at: town.clock.now(),
        uploaded_by: Some(party(2)),
    };
    database.write_blocking(move |tx: &mut Tx| tx.record_evidence(&evidence)).unwrap();
    let new = Installation {
        device: before.id.clone(),
        class: "street_lamp".parse().unwrap(),
        point: LonLat::new(112.8969, 32.5089).unwrap(),
        accuracy_m: Some(7.5),
        is_adjusted: false,
        picture: Some(picture),
    };
    let refuse = |by, new: Installation| block(install(&town.ctx, party(by), new)).unwrap_err().to_string();
    let cover = Installation { class: "manhole_cover".parse().unwrap(), ..new.clone() };
    assert_eq!(refuse(2, cover), "class: the register has lamp-1 as a street_lamp, not a manhole_cover");
    assert_eq!(refuse(1, new.clone()), "picture: upload the picture first", "somebody else's picture");
    let far = Installation { point: LonLat::new(2.35, 48.85).unwrap(), ..new.clone() };
    assert!(refuse(2, far).starts_with("point: it is outside the city"));
    let rough = Installation { accuracy_m: Some(1e6), ..new.clone() };
    assert_eq!(refuse(2, rough), "accuracy_m: 1000000 is not within 0 to 10000 m");
    let after = block(install(&town.ctx, party(2), new.clone())).unwrap();
    assert_eq!(after.point, (112.8969, 32.5089));
    assert_ne!(after.cell, before.cell);
    assert_eq!((after.secret, after.registered_at), (before.secret, before.registered_at));
    let found = database
        .read_blocking({
            let id = before.id.clone();
            move |db| db.list_device_installations(&id, 10)
        })
        .unwrap();
    let [row] = found.as_slice() else { panic!("one installation, not {}", found.len()) };
    assert_eq!((row.party, row.accuracy_m, row.is_adjusted, row.picture), (party(2), Some(7.5), false, Some(picture)));
    assert_eq!(database.read_blocking(move |db| db.list_devices_on(&picture)).unwrap(), ids(&["lamp-1"]));
    block(change(&town.ctx, None, before.id.clone(), DeviceChange::Retire)).unwrap();
    assert_eq!(refuse(2, new), "device lamp-1 is retired; a retired device is registered anew");
});

on_both_databases!(open_alarms_are_counted_by_device_without_quiet_ones, |database| {
    let town = town(database);
    let now = town.clock.now();
    for id in ["lamp-1", "lamp-2", "lamp-3", "lamp-4"] {
        block(register(&town.ctx, None, lamp(id))).unwrap();
    }
    let rows = [
        ("lamp-1", "dark", "major", None, false, "city/d1/"),
        ("lamp-1", "hot", "major", None, false, "city/d1/"),
        ("lamp-1", "wet", "minor", None, false, "city/d1/"),
        ("lamp-2", "dark", "critical", Some("silence"), false, "city/d1/"),
        ("lamp-3", "dark", "critical", None, true, "city/d1/"),
        ("lamp-4", "dark", "info", None, false, "city/d2/"),
    ];
    for (n, (device, rule, severity, quiet, is_over, path)) in rows.into_iter().enumerate() {
        let row = DeviceAlarmRow {
            id: EventId::new(now, n as u128),
            rule: rule.parse().unwrap(),
            device: DeviceId::new(device).unwrap(),
            part: String::new(),
            class: "street_lamp".parse().unwrap(),
            region_path: path.to_owned(),
            severity: severity.to_owned(),
            property: None,
            value: None,
            since: now,
            raised_at: now,
            cleared_at: is_over.then_some(now),
            cleared_by: is_over.then(|| "hand".to_owned()),
            acknowledged_at: None,
            acknowledged_by: None,
            quiet: quiet.map(str::to_owned),
            case_id: None,
        };
        database.write_blocking(move |tx: &mut Tx| tx.record_device_alarm(&row)).unwrap();
    }
    let count = |paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let found = database.read_blocking(move |db| db.count_open_alarms(&paths)).unwrap();
        let words = |one: OpenAlarms| format!("{} {} {}", one.device, one.severity, one.count);
        found.into_iter().map(words).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(count(&["city/"]), "lamp-1 major 2, lamp-1 minor 1, lamp-4 info 1");
    assert_eq!(count(&["city/d2/"]), "lamp-4 info 1");
    let of = |devices: Option<Vec<DeviceId>>| {
        let filter = DeviceAlarmFilter { devices, ..DeviceAlarmFilter::default() };
        database.read_blocking(move |db| db.list_device_alarms(&filter, 10)).unwrap().len()
    };
    assert_eq!((of(None), of(Some(ids(&["lamp-1", "lamp-4"]))), of(Some(Vec::new()))), (6, 4, 0));
});

on_both_databases!(a_wrong_password_is_noted_and_counts_for_nothing, |database| {
    let town = town(database);
    block(register(&town.ctx, None, lamp("lamp-1"))).unwrap();
    let fleet = Fleet::load(database.store(), &demo()).unwrap();
    let id = DeviceId::new("lamp-1").unwrap();
    let now = town.clock.now();
    for _ in 0..50 {
        fleet.note_wrong_password("lamp-1", now);
        fleet.note_wrong_password("ghost", now);
    }
    assert_eq!(fleet.fault(&id).map(|fault| fault.kind), Some(FaultKind::Credentials));
    assert!(!fleet.blame(&id, FaultKind::Form, "unreadable".to_owned(), now), "the first unreadable message");
    assert_eq!(fleet.fault(&id).map(|fault| fault.kind), Some(FaultKind::Form));
});
