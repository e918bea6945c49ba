//! What waits for clients: commands, states, wills; sessions kept, resumed, taken over and ended.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use dipper_mqtt::{Broker, Gone, Handed, Limits, NotPublished, Notice, Owner, Qos};
use support::{Connect, Platform, Raw, address, start, until};

fn notice(topic: &str, payload: &str) -> Notice {
    Notice {
        topic: topic.into(),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
        qos: Qos::AtLeastOnce,
        retain: false,
        expiry: None,
        ticket: None,
        properties: None,
    }
}

fn queued(broker: &Broker<Platform>, notice: Notice) -> usize {
    let handed = broker.publish(notice).unwrap();
    assert_eq!(handed.dropped, 0);
    handed.queued
}

/// A session that outlives its connection.
fn kept(level: u8) -> Connect<'static> {
    let properties: &[u8] = if level == 5 { &[0x11, 0, 0, 0, 99] } else { &[] };
    Connect { level, clean: false, properties, ..Connect::default() }
}

#[tokio::test]
async fn a_command_waits_for_a_device_that_is_away_and_is_sent_until_it_is_acknowledged() {
    for level in [4, 5] {
        let (broker, platform) = start(Limits::default()).await;
        let (mut raw, present) = Raw::enter(address(&broker), kept(level)).await;
        assert!(!present);
        assert_eq!(raw.subscribe("devices/lamp/commands/+", 1).await, 1);
        let empty = broker.metrics().memory_bytes;
        assert_eq!(queued(&broker, Notice { ticket: Some(41), ..notice("devices/lamp/commands/1", "on") }), 1);
        assert_eq!(raw.message().await, (2, "devices/lamp/commands/1".into(), 1, "on".into()));
        drop(raw);
        platform.gone("lamp").await;
        assert_eq!(queued(&broker, Notice { ticket: Some(42), ..notice("devices/lamp/commands/2", "off") }), 1);
        assert_eq!(queued(&broker, Notice { qos: Qos::AtMostOnce, ..notice("devices/lamp/commands/0", "now") }), 0);
        assert!(!broker.is_connected(&Owner::Device("lamp".parse().unwrap())));
        assert!(platform.delivered.borrow().is_empty());

        let (mut raw, present) = Raw::enter(address(&broker), kept(level)).await;
        assert!(present);
        assert_eq!(raw.message().await, (2 | 8, "devices/lamp/commands/1".into(), 1, "on".into()), "again, with DUP");
        assert_eq!(raw.message().await, (2, "devices/lamp/commands/2".into(), 2, "off".into()));
        raw.acknowledge(0x40, 2).await;
        raw.acknowledge(0x40, 1).await;
        let delivered = until(&platform.delivered, |delivered| delivered.len() == 2).await;
        assert_eq!(delivered, [("lamp".to_owned(), 42), ("lamp".to_owned(), 41)]);
        assert_eq!(broker.metrics().memory_bytes, empty);
    }
}

#[tokio::test]
async fn a_command_that_expired_is_not_sent_and_the_time_left_is_told() {
    let (broker, platform) = start(Limits::default()).await;
    let (mut raw, _) = Raw::enter(address(&broker), kept(5)).await;
    raw.subscribe("devices/lamp/#", 1).await;
    drop(raw);
    platform.gone("lamp").await;
    queued(&broker, Notice { expiry: Some(Duration::ZERO), ..notice("devices/lamp/a", "late") });
    queued(&broker, Notice { expiry: Some(Duration::from_secs(3600)), ..notice("devices/lamp/b", "timely") });
    let (mut raw, _) = Raw::enter(address(&broker), kept(5)).await;
    let (_, body) = raw.receive().await.unwrap();
    let at = body.iter().rposition(|byte| *byte == 0x02).unwrap();
    let left_s = u32::from_be_bytes(body[at + 1..at + 5].try_into().unwrap());
    assert!(body.ends_with(b"timely") && (3590..=3600).contains(&left_s), "{body:?}");
    assert_eq!(broker.metrics().dropped, 1);
}

#[tokio::test]
async fn the_same_client_takes_its_session_over_and_another_device_cannot() {
    let (broker, platform) = start(Limits::default()).await;
    let (mut first, _) = Raw::enter(address(&broker), kept(5)).await;
    first.subscribe("devices/lamp/#", 1).await;
    let stranger = Connect { name: "other", ..kept(5) };
    let (mut stranger, present) = Raw::enter(address(&broker), stranger).await;
    assert!(!present, "a client id means nothing to another device");
    stranger.ping().await;
    stranger.receive().await.unwrap();
    first.ping().await;
    assert_eq!(first.receive().await.unwrap().0, 0xd0, "and takes nothing away from the first");

    let (mut second, present) = Raw::enter(address(&broker), kept(5)).await;
    assert!(present);
    assert_eq!(first.end().await, Some(0x8e));
    assert_eq!(platform.gone("lamp").await, Gone::TakenOver);
    queued(&broker, notice("devices/lamp/x", "1"));
    assert_eq!(second.message().await.3, "1");
    let (mut third, present) = Raw::enter(address(&broker), Connect { clean: true, ..kept(5) }).await;
    assert!(!present, "a clean start ends the session before");
    assert_eq!(queued(&broker, notice("devices/lamp/x", "2")), 0);
    third.ping().await;
    assert_eq!(third.receive().await.unwrap().0, 0xd0);
    assert_eq!(broker.metrics().taken_over, 2);
}

#[tokio::test]
async fn filters_are_under_rights_and_limits() {
    let (broker, platform) = start(Limits { subscriptions: 3, ..Limits::default() }).await;
    for (level, refused) in [(4, [0x80; 4]), (5, [0x87, 0x87, 0x8f, 0x9e])] {
        let (mut raw, _) = Raw::enter(address(&broker), Connect { level, ..Connect::default() }).await;
        for (filter, code) in ["#", "devices/other/#", "a/#/b", "$share/g/devices/lamp/#"].iter().zip(refused) {
            assert_eq!(raw.subscribe(filter, 1).await, code, "{filter}");
        }
        assert_eq!(raw.subscribe("devices/lamp/+/a", 2).await, 1, "QoS 2 is granted as 1");
        assert_eq!(raw.subscribe("v1.1/Datastreams(1)/Observations?$select=result,phenomenonTime", 0).await, 0);
        assert_eq!(raw.subscribe("devices/lamp/#", 0).await, 0);
        assert_eq!(raw.subscribe("devices/lamp/four", 0).await, if level == 5 { 0x97 } else { 0x80 });
        let mut body = vec![0, 9];
        if level == 5 {
            body.push(0);
        }
        body.extend(support::text("devices/lamp/#"));
        body.extend(support::text("devices/lamp/never"));
        raw.send(&support::packet(0xa2, &body)).await;
        let expected = if level == 5 { vec![0, 9, 0, 0, 0x11] } else { vec![0, 9] };
        assert_eq!(raw.receive().await.unwrap(), (0xb0, expected));
        assert_eq!(queued(&broker, notice("devices/lamp/x/b", "1")), 0);
        assert_eq!(queued(&broker, notice("v1.1/Datastreams(1)/Observations?$select=result,phenomenonTime", "2")), 1);
        assert_eq!(raw.message().await.3, "2");
        queued(&broker, notice("devices/lamp/x/a", "3"));
        assert_eq!(raw.message().await.3, "3");
        assert_eq!(platform.filters.borrow().len(), 2);
        drop(raw);
        until(&platform.filters, Vec::is_empty).await;
    }
}

#[tokio::test]
async fn a_resumed_session_keeps_only_what_it_may_still_have() {
    let (broker, platform) = start(Limits::default()).await;
    let (mut raw, _) = Raw::enter(address(&broker), Connect { name: "admin", ..kept(4) }).await;
    raw.subscribe("city/#", 1).await;
    raw.subscribe("v1.1/#", 1).await;
    drop(raw);
    platform.gone("admin").await;
    // The same device with fewer rights: the gate of the test knows rights by name.
    assert_eq!(queued(&broker, notice("city/a", "1")), 1);
    assert_eq!(queued(&broker, notice("v1.1/a", "1")), 1);
    let (_raw, present) = Raw::enter(address(&broker), Connect { name: "admin", password: "less", ..kept(4) }).await;
    assert!(present);
    assert_eq!(queued(&broker, notice("city/a", "2")), 0);
    assert_eq!(queued(&broker, notice("v1.1/a", "2")), 1);
}

#[tokio::test]
async fn states_are_retained_and_shown_to_those_who_come_later() {
    let (broker, _platform) = start(Limits::default()).await;
    let retained = |topic: &str, payload: &str| Notice { retain: true, ..notice(topic, payload) };
    queued(&broker, retained("devices/lamp/state/a", "old"));
    queued(&broker, retained("devices/lamp/state/a", "new"));
    queued(&broker, retained("devices/lamp/state/b", "other"));
    queued(&broker, retained("devices/lamp/state/c", "gone"));
    queued(&broker, retained("devices/lamp/state/c", ""));
    assert_eq!(broker.metrics().retained, 2);
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    assert_eq!(raw.subscribe("devices/lamp/state/+", 1).await, 1);
    let first = raw.message().await;
    assert_eq!((first.0 & 1, &*first.1, &*first.3), (1, "devices/lamp/state/a", "new"));
    assert_eq!(raw.message().await.3, "other");
    queued(&broker, retained("devices/lamp/state/a", "newer"));
    let live = raw.message().await;
    assert_eq!((live.0 & 1, &*live.3), (0, "newer"), "live messages are not marked as retained");
    // Retain handling: 1 only for a new subscription, 2 never; retain as published keeps the mark.
    raw.subscribe("devices/lamp/state/+", 0x10 | 8 | 1).await;
    queued(&broker, retained("devices/lamp/state/a", "newest"));
    let live = raw.message().await;
    assert_eq!((live.0 & 1, &*live.3), (1, "newest"));
    raw.subscribe("devices/lamp/+/b", 0x20 | 1).await;
    raw.ping().await;
    assert_eq!(raw.receive().await.unwrap().0, 0xd0);
}

#[tokio::test]
async fn overlapping_filters_bring_a_message_once_and_no_local_spares_the_sender() {
    let (broker, _platform) = start(Limits::default()).await;
    let (mut admin, _) = Raw::enter(address(&broker), Connect { name: "admin", ..Connect::default() }).await;
    let (mut lamp, _) = Raw::enter(address(&broker), Connect::default()).await;
    for filter in ["devices/lamp/#", "devices/lamp/+", "devices/lamp/t"] {
        lamp.subscribe(filter, u8::from(filter.ends_with('+'))).await;
    }
    admin.subscribe("devices/#", 4).await;
    admin.publish("devices/lamp/t", "once", 1, 1).await;
    assert_eq!(admin.receive().await.unwrap(), (0x40, vec![0, 1]));
    assert_eq!(lamp.message().await, (2, "devices/lamp/t".into(), 1, "once".into()));
    for raw in [&mut admin, &mut lamp] {
        raw.ping().await;
        assert_eq!(raw.receive().await.unwrap().0, 0xd0, "and nothing else");
    }
}

#[tokio::test]
async fn wills_are_published_when_a_client_is_lost_and_only_then() {
    let (broker, platform) = start(Limits::default()).await;
    let will = Some(("devices/lamp/state", "lost", 1, false, 0));
    for level in [4, 5] {
        let (mut polite, _) = Raw::enter(address(&broker), Connect { level, will, ..Connect::default() }).await;
        polite.send(&[0xe0, 0]).await;
        polite.end().await;
        let (rude, _) = Raw::enter(address(&broker), Connect { level, will, ..Connect::default() }).await;
        drop(rude);
        let taken = platform.taken(usize::from(level) - 3).await;
        assert_eq!(taken.len(), usize::from(level) - 3);
        assert_eq!((&*taken[0].1.topic, &taken[0].1.payload[..]), ("devices/lamp/state", &b"lost"[..]));
    }
    let foreign = Some(("devices/other/state", "lost", 1, false, 0));
    let (_, first, body) = Raw::try_enter(address(&broker), Connect { will: foreign, ..Connect::default() }).await;
    assert_eq!((first, body[1]), (0x20, 0x87));
}

#[tokio::test]
async fn a_delayed_will_is_void_when_the_client_returns_and_comes_when_it_does_not() {
    let (broker, platform) = start(Limits::default()).await;
    let connect = Connect { will: Some(("devices/lamp/state", "lost", 1, false, 1)), ..kept(5) };
    let (raw, _) = Raw::enter(address(&broker), connect.clone()).await;
    drop(raw);
    platform.gone("lamp").await;
    let (raw, present) = Raw::enter(address(&broker), connect).await;
    assert!(present && platform.taken.borrow().is_empty());
    drop(raw);
    assert_eq!(platform.taken(1).await.len(), 1, "one will, of the second connection");
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over() {
    let (broker, platform) = start(Limits { session_expiry: Duration::ZERO, ..Limits::default() }).await;
    let (mut raw, _) = Raw::enter(address(&broker), kept(4)).await;
    raw.subscribe("devices/lamp/#", 1).await;
    drop(raw);
    until(&platform.filters, Vec::is_empty).await;
    assert_eq!(broker.publish(notice("devices/lamp/x", "1")), Ok(Handed::default()));
    let (_raw, present) = Raw::enter(address(&broker), kept(4)).await;
    assert!(!present);
    let short = Connect { properties: &[0x11, 0, 0, 0, 1], ..Connect::default() };
    let (broker, platform) = start(Limits::default()).await;
    let (mut raw, _) = Raw::enter(address(&broker), short).await;
    raw.subscribe("devices/lamp/#", 1).await;
    drop(raw);
    until(&platform.filters, Vec::is_empty).await;
    assert_eq!(broker.metrics().sessions, 0);
}

#[tokio::test]
async fn a_device_is_cut_at_once() {
    let (broker, platform) = start(Limits::default()).await;
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    let (mut other, _) = Raw::enter(address(&broker), Connect { name: "other", ..Connect::default() }).await;
    assert_eq!(broker.disconnect(&Owner::Device("lamp".parse().unwrap())), 1);
    assert_eq!(raw.end().await, Some(0x98));
    assert_eq!(platform.gone("lamp").await, Gone::Cut);
    other.ping().await;
    assert_eq!(other.receive().await.unwrap().0, 0xd0);
}

#[tokio::test]
async fn a_full_queue_says_so_and_what_cannot_be_published_is_refused() {
    let (broker, platform) = start(Limits { queue: 2, ..Limits::default() }).await;
    let (mut raw, _) = Raw::enter(address(&broker), kept(4)).await;
    raw.subscribe("devices/lamp/#", 1).await;
    drop(raw);
    platform.gone("lamp").await;
    assert_eq!(queued(&broker, notice("devices/lamp/1", "1")), 1);
    assert_eq!(queued(&broker, notice("devices/lamp/2", "2")), 1);
    assert_eq!(broker.publish(notice("devices/lamp/3", "3")), Ok(Handed { queued: 0, dropped: 1 }));
    for topic in ["", "a/+", "a/#", &"x".repeat(65_536)] {
        assert_eq!(broker.publish(notice(topic, "1")), Err(NotPublished::NoTopic));
    }
}

#[tokio::test]
async fn a_message_above_what_the_client_takes_is_left_out() {
    let (broker, _platform) = start(Limits::default()).await;
    let connect = Connect { properties: &[0x27, 0, 0, 0, 40], ..Connect::default() };
    let (mut raw, _) = Raw::enter(address(&broker), connect).await;
    raw.subscribe("devices/lamp/#", 1).await;
    queued(&broker, notice("devices/lamp/x", &"y".repeat(100)));
    queued(&broker, notice("devices/lamp/x", "short"));
    assert_eq!(raw.message().await.3, "short");
    assert_eq!(broker.metrics().dropped, 1);
}

#[tokio::test]
async fn filters_and_wills_count_as_memory() {
    let (broker, platform) = start(Limits { memory_bytes: 1_000, ..Limits::default() }).await;
    let will = Some(("devices/lamp/state", "lost", 1, false, 0));
    let (mut raw, _) = Raw::enter(address(&broker), Connect { will, ..Connect::default() }).await;
    let codes = [raw.subscribe("devices/lamp/a", 1).await, raw.subscribe("devices/lamp/b", 1).await];
    assert_eq!(codes, [1, 1]);
    assert_eq!(raw.subscribe("devices/lamp/c", 1).await, 0x97);
    let large = "x".repeat(2_000);
    let will = Some(("devices/other/state", &*large, 1, false, 0));
    let (_, _, body) = Raw::try_enter(address(&broker), Connect { name: "other", will, ..Connect::default() }).await;
    assert_eq!(body[1], 0x97);
    raw.send(&[0xe0, 0]).await;
    raw.end().await;
    platform.gone("lamp").await;
    until(&platform.filters, Vec::is_empty).await;
    assert_eq!(broker.metrics().memory_bytes, 0);
}
