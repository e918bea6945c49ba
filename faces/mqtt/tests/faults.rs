//! Bad input, floods, storms and slow readers: the one who does it suffers, and nobody else.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use dipper_mqtt::{Gone, Limits, Notice, Qos, Reason};
use proptest::prelude::*;
use support::{Connect, Raw, address, start, until};
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn names_and_passwords_are_asked_for() {
    let (broker, _platform) = start(Limits::default()).await;
    let table = [
        (4, "lamp", "wrong", 4),
        (5, "lamp", "wrong", 0x86),
        (4, "barred", "wrong", 5),
        (5, "barred", "wrong", 0x8a),
        (5, "a/b", "secret", 0x86),
    ];
    for (level, name, password, code) in table {
        let connect = Connect { level, name, password, ..Connect::default() };
        let (mut raw, first, body) = Raw::try_enter(address(&broker), connect).await;
        assert_eq!((first, body[1]), (0x20, code), "{level} {name}");
        assert!(raw.receive().await.is_none(), "and the connection ends");
    }
    assert_eq!(broker.metrics().connects_refused, 5);
}

#[tokio::test]
async fn other_protocols_and_ids_are_refused_as_the_standard_says() {
    let (broker, _platform) = start(Limits::default()).await;
    let mut old = Raw::open(address(&broker)).await;
    old.send(&support::packet(0x10, &[&support::text("MQIsdp")[..], &[3, 2, 0, 0, 0, 1, b'a']].concat())).await;
    assert_eq!(old.receive().await.unwrap(), (0x20, vec![0, 1]));
    let mut http = Raw::open(address(&broker)).await;
    http.send(b"GET / HTTP/1.1\r\n\r\n").await;
    assert!(http.receive().await.is_none());
    let nameless = Connect { level: 4, id: "", clean: false, ..Connect::default() };
    let (_, _, body) = Raw::try_enter(address(&broker), nameless).await;
    assert_eq!(body, [0, 2]);
    let long = "x".repeat(257);
    let (_, _, body) = Raw::try_enter(address(&broker), Connect { id: &long, ..Connect::default() }).await;
    assert_eq!(body[1], 0x85);
    let (_, _, body) = Raw::try_enter(address(&broker), Connect { id: "", ..Connect::default() }).await;
    assert!(body[1] == 0 && String::from_utf8_lossy(&body).contains("auto-"), "MQTT 5 is told the id it got");
    let method = [&[0x15][..], &support::text("SCRAM")].concat();
    let (_, _, body) = Raw::try_enter(address(&broker), Connect { properties: &method, ..Connect::default() }).await;
    assert_eq!(body[1], 0x8c);
}

#[tokio::test]
async fn a_broken_packet_ends_its_connection_alone() {
    let (broker, platform) = start(Limits { packet_bytes: 1000, ..Limits::default() }).await;
    let (mut good, _) = Raw::enter(address(&broker), Connect { name: "good", ..Connect::default() }).await;
    let second = Connect::default().bytes();
    let table: [(&[u8], Reason); 6] = [
        (&[0x00, 0], Reason::ProtocolError),
        (&[0x30, 0xff, 0xff, 0xff, 0xff], Reason::MalformedPacket),
        (&[0x32, 0xff, 0x7f], Reason::PacketTooLarge),
        (&second, Reason::ProtocolError),
        (&[0x30, 4, 0, 1, b'#', 0], Reason::TopicNameInvalid),
        (&[0x50, 2, 0, 1], Reason::ProtocolError),
    ];
    for (bytes, reason) in table {
        let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
        raw.send(bytes).await;
        assert_eq!(raw.end().await, Some(reason as u8), "{bytes:x?}");
        assert_eq!(platform.gone("lamp").await, Gone::Refused(reason));
        platform.gone.send_modify(Vec::clear);
    }
    good.publish("devices/good/t", "1", 1, 1).await;
    assert_eq!(good.receive().await.unwrap(), (0x40, vec![0, 1]));
    assert_eq!(broker.metrics().faults, 6);
}

#[test]
fn whatever_is_sent_the_broker_goes_on() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (broker, _platform) = runtime.block_on(start(Limits::default()));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(200));
    let bytes = prop::collection::vec(any::<u8>(), 1..80);
    let good = Connect::default().bytes();
    runner
        .run(&(bytes, any::<bool>(), any::<u8>()), |(bytes, inside, kind)| {
            runtime.block_on(async {
                let mut raw = Raw::open(address(&broker)).await;
                if inside {
                    raw.send(&good).await;
                    raw.receive().await.unwrap();
                    raw.send(&support::packet(kind, &bytes)).await;
                } else {
                    raw.send(&bytes).await;
                }
                let _ = raw.stream.shutdown().await;
                raw.end().await;
            });
            Ok(())
        })
        .unwrap();
    runtime.block_on(async {
        let (mut raw, _) = Raw::enter(address(&broker), Connect { name: "good", ..Connect::default() }).await;
        raw.publish("devices/good/t", "1", 1, 1).await;
        assert_eq!(raw.receive().await.unwrap(), (0x40, vec![0, 1]));
        broker.stop().await;
    });
}

#[tokio::test]
async fn silence_ends_a_connection_and_keep_alive_0_does_not() {
    let (broker, platform) = start(Limits::default()).await;
    let (mut quiet, _) = Raw::enter(address(&broker), Connect { name: "quiet", ..Connect::default() }).await;
    let (mut silent, _) = Raw::enter(address(&broker), Connect { keep_alive_s: 1, ..Connect::default() }).await;
    assert_eq!(silent.end().await, Some(0x8d));
    assert_eq!(platform.gone("lamp").await, Gone::TimedOut);
    quiet.ping().await;
    assert_eq!(quiet.receive().await.unwrap().0, 0xd0);
}

#[tokio::test]
async fn half_a_packet_does_not_wait_for_ever() {
    let timeouts = Duration::from_millis(200);
    let limits = Limits { connect_timeout: timeouts, packet_timeout: timeouts, ..Limits::default() };
    let (broker, platform) = start(limits).await;
    let mut mute = Raw::open(address(&broker)).await;
    mute.send(&Connect::default().bytes()[..9]).await;
    assert!(mute.receive().await.is_none());
    let (mut half, _) = Raw::enter(address(&broker), Connect::default()).await;
    half.send(&[0x32, 20, 0, 3]).await;
    half.end().await;
    assert_eq!(platform.gone("lamp").await, Gone::TimedOut);
}

#[tokio::test]
async fn a_flood_slows_its_device_alone() {
    let limits = Limits { packets_per_s: 20, in_flight: 1000, ..Limits::default() };
    let (broker, platform) = start(limits).await;
    let (mut flood, _) = Raw::enter(address(&broker), Connect { name: "flood", ..Connect::default() }).await;
    let bytes = flood.publish_bytes("devices/flood/t", b"x", 0, 0, 0).repeat(5_000);
    flood.send(&bytes).await;
    // The other one sends as fast as it is answered; its bucket is its own.
    let (mut good, _) = Raw::enter(address(&broker), Connect { name: "good", ..Connect::default() }).await;
    for pid in 1..=15 {
        good.publish("devices/good/t", "x", 1, pid).await;
        assert_eq!(good.receive().await.unwrap().0, 0x40);
    }
    let taken = platform.taken.borrow().clone();
    let count = |name: &str| taken.iter().filter(|(client, _)| client == name).count();
    assert_eq!(count("good"), 15);
    assert!(count("flood") < 1_000, "{} of 5000 messages passed at 20 a second", count("flood"));
    assert!(broker.metrics().slowed >= 1);
}

#[tokio::test]
async fn a_device_shares_its_rate_and_its_sessions() {
    let limits = Limits { packets_per_s: 10, sessions_per_device: 2, ..Limits::default() };
    let (broker, platform) = start(limits).await;
    let mut both = Vec::new();
    for id in ["1", "2"] {
        let (mut raw, _) = Raw::enter(address(&broker), Connect { id, ..Connect::default() }).await;
        let bytes = raw.publish_bytes("devices/lamp/t", b"x", 0, 0, 0).repeat(500);
        raw.send(&bytes).await;
        both.push(raw);
    }
    let (_, _, body) = Raw::try_enter(address(&broker), Connect { id: "3", ..Connect::default() }).await;
    assert_eq!(body[1], 0x97);
    platform.taken(10).await;
    assert!(platform.taken.borrow().len() < 200);
}

#[tokio::test]
async fn who_does_not_read_is_cut_and_costs_no_more_than_a_queue() {
    let limits = Limits { write_timeout: Duration::from_millis(300), queue: 100, ..Limits::default() };
    let (broker, platform) = start(limits).await;
    let (mut slow, _) = Raw::enter(address(&broker), Connect::default()).await;
    slow.subscribe("devices/lamp/#", 0).await;
    let payload = Bytes::from(vec![b'x'; 5_000]);
    let notice = Notice {
        topic: "devices/lamp/big".into(),
        payload,
        qos: Qos::AtMostOnce,
        retain: false,
        expiry: None,
        ticket: None,
        properties: None,
    };
    let mut dropped = 0;
    let mut most = 0;
    while platform.gone.borrow().is_empty() {
        dropped += broker.publish(notice.clone()).unwrap().dropped;
        most = most.max(broker.metrics().memory_bytes);
        tokio::task::yield_now().await;
    }
    assert_eq!(platform.gone("lamp").await, Gone::TimedOut);
    assert!(dropped > 0 && most <= 100 * 6_000, "{most}");
}

#[tokio::test]
async fn the_memory_of_all_is_bounded_and_comes_free_again() {
    let limits = Limits { memory_bytes: 60_000, in_flight: 1_000, ..Limits::default() };
    let (broker, platform) = start(limits).await;
    platform.held.send_replace(true);
    let mut clients = Vec::new();
    for number in 0..10 {
        let name = format!("lamp-{number}");
        let (mut raw, _) = Raw::enter(address(&broker), Connect { name: &name, ..Connect::default() }).await;
        let topic = format!("devices/{name}/t");
        for pid in 1..=20 {
            raw.publish(&topic, &"x".repeat(1_000), 1, pid).await;
        }
        clients.push(raw);
    }
    until(&platform.arrived, |arrived| *arrived >= 40).await;
    assert!(broker.metrics().memory_bytes <= 60_000 && broker.metrics().starved > 0);
    assert!(*platform.arrived.borrow() < 60);
    platform.held.send_replace(false);
    for raw in &mut clients {
        for pid in 1..=20_u16 {
            assert_eq!(raw.receive().await.unwrap(), (0x40, pid.to_be_bytes().to_vec()));
        }
    }
    assert_eq!(broker.metrics().memory_bytes, 0);
}

#[tokio::test]
async fn a_large_packet_arrives_whole_and_counts_while_it_comes() {
    let (broker, platform) = start(Limits::default()).await;
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    let payload = "x".repeat(200_000);
    let bytes = raw.publish_bytes("devices/lamp/t", payload.as_bytes(), 1, 1, 0);
    raw.send(&bytes[..100_000]).await;
    raw.send(&bytes[100_000..]).await;
    assert_eq!(raw.receive().await.unwrap(), (0x40, vec![0, 1]));
    assert_eq!(platform.taken(1).await[0].1.payload.len(), 200_000);
    assert_eq!(broker.metrics().memory_bytes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_clients_come_back_at_once() {
    const CLIENTS: usize = 2_000;
    // What was not acknowledged before the break is sent again: every message arrives, whoever breaks off.
    let (broker, platform) = start(Limits::default()).await;
    let address = address(&broker);
    for round in 1..=2_usize {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..CLIENTS {
            tasks.spawn(async move {
                let name = format!("lamp-{number}");
                let connect = Connect { level: 4, name: &name, clean: false, ..Connect::default() };
                let (mut raw, present) = Raw::enter(address, connect).await;
                assert_eq!(present, round == 2);
                raw.publish(&format!("devices/{name}/t"), &round.to_string(), 1, 1).await;
                assert_eq!(raw.receive().await.unwrap(), (0x40, vec![0, 1]));
                raw
            });
        }
        let clients = tasks.join_all().await;
        assert_eq!(broker.metrics().connections, CLIENTS as u64);
        drop(clients);
        until(&platform.gone, |gone| gone.len() == round * CLIENTS).await;
    }
    assert_eq!(platform.taken.borrow().len(), 2 * CLIENTS);
    assert_eq!(broker.metrics().sessions, CLIENTS as u64);
}

#[tokio::test]
async fn there_are_only_so_many_connections() {
    let (broker, platform) = start(Limits { connections: 2, ..Limits::default() }).await;
    let (first, _) = Raw::enter(address(&broker), Connect { id: "1", ..Connect::default() }).await;
    let (_second, _) = Raw::enter(address(&broker), Connect { id: "2", ..Connect::default() }).await;
    let mut third = Raw::open(address(&broker)).await;
    let _ = third.stream.write_all(&Connect::default().bytes()).await;
    assert!(third.receive().await.is_none());
    assert_eq!(broker.metrics().turned_away, 1);
    drop(first);
    platform.gone("lamp").await;
    while broker.metrics().connections > 1 {
        tokio::task::yield_now().await;
    }
    Raw::enter(address(&broker), Connect { id: "3", ..Connect::default() }).await;
}
