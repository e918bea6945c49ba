//! Notices of alarms: groups, what was told of them, and who has looked; each rule on both databases.

#![allow(clippy::unwrap_used, reason = "a test")]

use dipper_store as store;
use model::{Channel, DeliveryState, DeviceId, EventId, Grant, Instant, PartyId};
use serde_json::json;
use store::{
    AlarmGroupCounts, AlarmGroupFilter, AlarmGroupRow, AlarmNoticeRow, DeviceAlarmFilter, DeviceAlarmRow, DeviceRow,
    DeviceState, NewOutboxRow, PartyRow, StoreError, Tx,
};
use testkit::{Database, on_both_databases};

const MINUTE_US: i64 = 60_000_000;

fn at(minutes: i64) -> Instant {
    let noon: Instant = "2026-11-23T12:00:00Z".parse().unwrap();
    noon.plus_micros(minutes * MINUTE_US)
}

fn id(number: u128) -> EventId {
    EventId::new(at(0), number)
}

fn person(number: u128) -> PartyId {
    PartyId::new(at(0), number)
}

/// A cover in a district, with an alarm of that number.
fn alarm(tx: &mut Tx, number: u128, district: &str) -> Result<DeviceAlarmRow, StoreError> {
    let device = DeviceId::new(&format!("cover-{number}")).unwrap();
    let region_path = format!("city/{district}/");
    tx.record_device(
        &DeviceRow {
            id: device.clone(),
            class: "manhole_cover".parse().unwrap(),
            title: device.to_string(),
            parent: None,
            office: "drainage".parse().unwrap(),
            region: district.parse().unwrap(),
            region_path: region_path.clone(),
            point: (112.8961, 32.5087),
            height_m: None,
            cell: grid::Cell::encode(grid::LonLat::new(112.8961, 32.5087).unwrap(), grid::Level::L10).unwrap(),
            labels: Vec::new(),
            state: DeviceState::Active,
            reason: None,
            secret: [0; 32],
            next_secret: None,
            registered_at: at(0),
            changed_at: at(0),
        },
        &[],
    )?;
    let row = DeviceAlarmRow {
        id: id(number),
        rule: "cover_open".parse().unwrap(),
        device,
        part: String::new(),
        class: "manhole_cover".parse().unwrap(),
        region_path,
        severity: "major".to_owned(),
        property: None,
        value: None,
        since: at(0),
        raised_at: at(0),
        cleared_at: None,
        cleared_by: None,
        acknowledged_at: None,
        acknowledged_by: None,
        quiet: None,
        case_id: None,
    };
    tx.record_device_alarm(&row)?;
    Ok(row)
}

fn group(number: u128, last: u128) -> AlarmGroupRow {
    AlarmGroupRow {
        id: id(number),
        route: "covers".parse().unwrap(),
        labels: vec![("rule".to_owned(), "cover_open".to_owned()), ("region".to_owned(), "\"north\" [x]".to_owned())],
        last_notice: id(last),
        last_at: at(1),
    }
}

fn notice(group: u128, number: u128, kind: &str) -> AlarmNoticeRow {
    AlarmNoticeRow {
        id: id(number),
        group: id(group),
        position: -i64::try_from(number).unwrap(),
        kind: kind.to_owned(),
        step: (kind == "escalation").then_some(0),
        role: "duty_chief".parse().unwrap(),
        office: None,
        open: 2,
        closed: 0,
        severity: "major".to_owned(),
        at: at(1),
    }
}

fn message(position: i64, to: PartyId) -> NewOutboxRow {
    NewOutboxRow {
        position,
        kind: store::ALARM_KIND.to_owned(),
        channel: Channel::InApp,
        recipient: to.to_string(),
        case: None,
        body: json!({}),
        state: DeliveryState::Delivered,
        next_at: None,
        reason: None,
    }
}

/// Two groups: one of an alarm in the north and one in the south, one of another in the south.
fn told(database: &Database) {
    let write = |tx: &mut Tx| {
        for (number, district) in [(1, "north"), (2, "south"), (3, "south")] {
            alarm(tx, number, district)?;
        }
        tx.record_alarm_notice(&group(10, 10), &notice(10, 10, "first"))?;
        tx.record_alarm_notice(&group(20, 20), &notice(20, 20, "first"))?;
        tx.record_alarm_notice(&group(10, 30), &notice(10, 30, "escalation"))?;
        for (group, alarm) in [(10, 1), (10, 2), (10, 2), (20, 3)] {
            tx.join_alarm_group(id(group), id(alarm))?;
        }
        for row in [message(-10, person(1)), message(-30, person(1)), message(-30, person(2)), message(-20, person(2))]
        {
            tx.record_message(&row, at(1))?;
        }
        Ok::<_, StoreError>(())
    };
    database.write_blocking(write).unwrap();
}

fn listed(database: &Database, filter: AlarmGroupFilter) -> Vec<EventId> {
    let rows = database.read_blocking(move |db| db.list_alarm_groups(&filter, 10)).unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

on_both_databases!(groups_are_listed_by_their_newest_notice_where_one_may_see_them, |database| {
    told(database);
    let all = AlarmGroupFilter::default;
    let within = |path: &str| AlarmGroupFilter { within: vec![path.to_owned()], ..all() };
    for (filter, expect) in [
        (all(), vec![10, 20]),
        (within("city/"), vec![10, 20]),
        (within("city/north/"), vec![10]),
        (within("city/nor/"), vec![]),
        (AlarmGroupFilter { open: Some(true), ..all() }, vec![10, 20]),
        (AlarmGroupFilter { told: Some(person(1)), ..all() }, vec![10]),
        (AlarmGroupFilter { told: Some(person(3)), ..all() }, vec![]),
        (AlarmGroupFilter { before: Some(id(30)), ..all() }, vec![20]),
    ] {
        let expect: Vec<EventId> = expect.into_iter().map(id).collect();
        assert_eq!(listed(database, filter.clone()), expect, "{filter:?}");
    }
    database
        .write_blocking(|tx| {
            let over = tx.find_device_alarm(id(3))?.map(|row| DeviceAlarmRow { cleared_at: Some(at(5)), ..row });
            tx.update_device_alarm(&over.unwrap())
        })
        .unwrap();
    assert_eq!(listed(database, AlarmGroupFilter { open: Some(false), ..all() }), [id(20)]);
    assert_eq!(listed(database, AlarmGroupFilter { open: Some(true), ..all() }), [id(10)]);
    let (found, notices) = database
        .read_blocking(|db| {
            let labels = group(10, 10).labels;
            let newest = db.find_newest_alarm_group(&"covers".parse().unwrap(), &labels)?;
            Ok::<_, StoreError>((newest, db.list_notices_of_group(id(10))?))
        })
        .unwrap();
    assert_eq!(found, Some(group(20, 20)), "the newest of those labels");
    assert_eq!(notices, [notice(10, 30, "escalation"), notice(10, 10, "first")]);
});

on_both_databases!(alarms_of_a_group_are_counted_where_one_may_see_them, |database| {
    told(database);
    database
        .write_blocking(|tx| {
            let noted = tx.find_device_alarm(id(2))?.map(|row| DeviceAlarmRow { acknowledged_at: Some(at(7)), ..row });
            tx.update_device_alarm(&noted.unwrap())
        })
        .unwrap();
    let count = |paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        database.read_blocking(move |db| db.count_group_alarms(&[id(10), id(20), id(99)], &paths)).unwrap()
    };
    let counts = |alarms, open, waiting, noted: Option<i64>| AlarmGroupCounts {
        alarms,
        open,
        waiting,
        acknowledged_at: noted.map(at),
    };
    let all = count(&[]);
    assert_eq!((all.len(), all[&id(10)], all[&id(20)]), (2, counts(2, 2, 1, Some(7)), counts(1, 1, 1, None)));
    let north = count(&["city/north/"]);
    assert_eq!((north.len(), north[&id(10)]), (1, counts(1, 1, 1, None)));
    let filter = DeviceAlarmFilter { group: Some(id(10)), ..DeviceAlarmFilter::default() };
    let alarms = database.read_blocking(move |db| db.list_device_alarms(&filter, 10)).unwrap();
    assert_eq!(alarms.iter().map(|row| row.id).collect::<Vec<_>>(), [id(2), id(1)]);
});

on_both_databases!(what_one_was_told_of_is_unread_until_one_looks, |database| {
    told(database);
    let unread = |who: u128| {
        let count = move |db: &mut store::Reader| {
            let of_each = db.count_unread_of_groups(person(who), &[id(10), id(20)])?;
            let of_each = [10, 20].map(|group| of_each.get(&id(group)).copied().unwrap_or_default());
            Ok::<_, StoreError>((db.count_unread_groups(person(who))?, of_each))
        };
        database.read_blocking(count).unwrap()
    };
    assert_eq!([unread(1), unread(2), unread(3)], [(1, [2, 0]), (2, [1, 1]), (0, [0, 0])]);
    let read = |who| database.write_blocking(move |tx| tx.mark_group_read(person(who), id(10), at(9))).unwrap();
    assert_eq!([read(1), read(1)], [2, 0]);
    assert_eq!([unread(1), unread(2)], [(0, [0, 0]), (2, [1, 1])]);
    let messages = database.read_blocking(|db| db.list_messages_at(-30)).unwrap();
    let looked: Vec<_> = messages.iter().map(|row| (row.message.recipient.clone(), row.read_at)).collect();
    assert_eq!(looked.len(), 2);
    assert!(looked.contains(&(person(1).to_string(), Some(at(9)))) && looked.contains(&(person(2).to_string(), None)));
});

on_both_databases!(holders_of_a_role_are_found_in_every_office_unless_they_may_not_sign_in, |database| {
    let write = |tx: &mut Tx| {
        for (number, login, role, office) in [
            (1, "a", "chief", "north"),
            (2, "b", "chief", "south"),
            (3, "c", "clerk", "north"),
            (4, "d", "chief", "north"),
        ] {
            let row = PartyRow::staff(person(number), login, login, at(0));
            tx.record_party(&PartyRow { disabled: number == 4, ..row })?;
            let grant =
                Grant { role: role.parse().unwrap(), office: office.parse().unwrap(), region: "city".parse().unwrap() };
            tx.record_grant(person(number), &grant)?;
        }
        // Two posts in one region are one person.
        let again =
            Grant { role: "chief".parse().unwrap(), office: "east".parse().unwrap(), region: "city".parse().unwrap() };
        tx.record_grant(person(1), &again)
    };
    database.write_blocking(write).unwrap();
    let found = database.read_blocking(|db| db.list_holders_of_role(&"chief".parse().unwrap())).unwrap();
    assert_eq!(found.iter().map(|holder| holder.party).collect::<Vec<_>>(), [person(1), person(2)]);
});
