//! The register of devices on both databases: what is taken in, who may speak, and who did what.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{block, demo, party, town};
use dipper_sense::devices::{DeviceChange, NewDevice, change, change_secret, register, take_over_secret};
use dipper_sense::telemetry::{FaultKind, Fleet, Format, Refused};
use grid::LonLat;
use model::{Clock, DeviceId};
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
