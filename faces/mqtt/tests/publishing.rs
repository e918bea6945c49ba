//! What devices publish: acknowledged after the platform took it, in order, and never more than is allowed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use dipper_mqtt::{Gone, Limits, Qos};
use support::{Connect, Raw, address, start, until};

const TOPIC: &str = "devices/lamp/v1.1/Datastreams(1)/Observations?$select=result,'x'";

#[tokio::test]
async fn nothing_is_acknowledged_before_the_platform_took_it() {
    for (level, qos, ack) in [(4, 1, 0x40), (5, 1, 0x40), (4, 2, 0x50), (5, 2, 0x50)] {
        let (broker, platform) = start(Limits::default()).await;
        let (mut raw, _) = Raw::enter(address(&broker), Connect { level, ..Connect::default() }).await;
        platform.held.send_replace(true);
        raw.publish(TOPIC, "21.5", qos, 9).await;
        until(&platform.arrived, |arrived| *arrived == 1).await;
        raw.ping().await;
        assert_eq!(raw.receive().await.unwrap(), (0xd0, vec![]), "the ping is answered, the message is not");
        assert!(platform.taken.borrow().is_empty());
        platform.held.send_replace(false);
        assert_eq!(raw.receive().await.unwrap(), (ack, vec![0, 9]));
        let taken = platform.taken(1).await;
        assert_eq!((&*taken[0].1.topic, &taken[0].1.payload[..]), (TOPIC, &b"21.5"[..]));
        broker.stop().await;
    }
}

#[tokio::test]
async fn many_are_under_way_and_acknowledged_in_order() {
    let (broker, platform) = start(Limits { in_flight: 20, ..Limits::default() }).await;
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    platform.held.send_replace(true);
    for pid in 1..=50 {
        raw.publish("devices/lamp/t", &pid.to_string(), 1, pid).await;
    }
    until(&platform.arrived, |arrived| *arrived == 20).await;
    platform.held.send_replace(false);
    for pid in 1..=50_u16 {
        assert_eq!(raw.receive().await.unwrap(), (0x40, pid.to_be_bytes().to_vec()));
    }
    let taken = platform.taken(50).await;
    let order: Vec<String> =
        taken.iter().map(|(_, message)| String::from_utf8_lossy(&message.payload).into()).collect();
    assert_eq!(order, (1..=50).map(|number: u16| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_window_is_never_exceeded() {
    let (broker, platform) = start(Limits { in_flight: 5, ..Limits::default() }).await;
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    platform.held.send_replace(true);
    for pid in 1..=9 {
        raw.publish("devices/lamp/t", "x", 1, pid).await;
    }
    until(&platform.arrived, |arrived| *arrived == 5).await;
    // A second client goes the whole way: the first had every chance to be read further.
    let (mut other, _) = Raw::enter(address(&broker), Connect { name: "other", ..Connect::default() }).await;
    other.ping().await;
    other.receive().await.unwrap();
    assert_eq!(*platform.arrived.borrow(), 5);
    platform.held.send_replace(false);
    platform.taken(9).await;
}

#[tokio::test]
async fn a_device_publishes_only_what_is_its_own() {
    let (broker, platform) = start(Limits::default()).await;
    let (mut new, _) = Raw::enter(address(&broker), Connect::default()).await;
    new.publish("devices/other/t", "1", 1, 3).await;
    let (first, body) = new.receive().await.unwrap();
    assert_eq!((first, &body[..3]), (0x40, &[0, 3, 0x87][..]), "not authorized, and the connection goes on");
    new.publish("devices/other/t", "2", 0, 0).await;
    new.publish("devices/lamp/bad", "3", 1, 4).await;
    let (_, body) = new.receive().await.unwrap();
    assert_eq!(&body[..3], [0, 4, 0x99]);
    assert!(String::from_utf8_lossy(&body).contains("no number"));

    let connect = Connect { level: 4, name: "old", ..Connect::default() };
    let (mut old, _) = Raw::enter(address(&broker), connect).await;
    old.publish("devices/lamp/t", "4", 1, 3).await;
    assert_eq!(old.end().await, None, "3.1.1 has no negative answer: the connection ends, without an acknowledgement");
    assert_eq!(platform.gone("old").await, Gone::Refused(dipper_mqtt::Reason::NotAuthorized));
    assert!(platform.taken.borrow().is_empty());
    assert_eq!(broker.metrics().refused, 4);
}

#[tokio::test]
async fn what_cannot_be_kept_now_is_not_acknowledged_and_comes_again() {
    let (broker, platform) = start(Limits::default()).await;
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    raw.publish("devices/lamp/later", "1", 1, 3).await;
    assert_eq!(raw.end().await, Some(0x89));
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    let again = raw.publish_bytes("devices/lamp/now", b"1", 1, 3, 8);
    raw.send(&again).await;
    assert_eq!(raw.receive().await.unwrap(), (0x40, vec![0, 3]));
    assert!(platform.taken(1).await[0].1.dup);
}

#[tokio::test]
async fn qos_2_is_taken_once_however_often_it_is_sent() {
    for level in [4, 5] {
        let (broker, platform) = start(Limits::default()).await;
        let kept = Connect {
            level,
            clean: false,
            properties: if level == 5 { &[0x11, 0, 0, 0, 99] } else { &[] },
            ..Connect::default()
        };
        let (mut raw, _) = Raw::enter(address(&broker), kept.clone()).await;
        raw.publish("devices/lamp/t", "1", 2, 7).await;
        assert_eq!(raw.receive().await.unwrap(), (0x50, vec![0, 7]));
        drop(raw);
        let (mut raw, present) = Raw::enter(address(&broker), kept).await;
        assert!(present);
        let again = raw.publish_bytes("devices/lamp/t", b"1", 2, 7, 8);
        raw.send(&again).await;
        assert_eq!(raw.receive().await.unwrap(), (0x50, vec![0, 7]));
        raw.acknowledge(0x62, 7).await;
        assert_eq!(raw.receive().await.unwrap(), (0x70, vec![0, 7]));
        raw.acknowledge(0x62, 7).await;
        let unknown = if level == 5 { vec![0, 7, 0x92, 0] } else { vec![0, 7] };
        assert_eq!(raw.receive().await.unwrap(), (0x70, unknown), "released before");
        raw.publish("devices/lamp/t", "2", 2, 7).await;
        assert_eq!(raw.receive().await.unwrap(), (0x50, vec![0, 7]));
        assert_eq!(platform.taken.borrow().len(), 2);
    }
}

#[tokio::test]
async fn what_is_under_way_is_finished_when_its_client_goes() {
    let (broker, platform) = start(Limits::default()).await;
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    platform.held.send_replace(true);
    raw.publish("devices/lamp/t", "1", 0, 0).await;
    raw.publish("devices/lamp/t", "2", 1, 1).await;
    raw.send(&[0xe0, 0]).await;
    raw.end().await;
    assert!(platform.gone.borrow().is_empty(), "it is not gone while its messages are under way");
    platform.held.send_replace(false);
    assert_eq!(platform.gone("lamp").await, Gone::Left);
    assert_eq!(platform.taken.borrow().len(), 2);
    drop(broker);
}

#[tokio::test]
async fn stopping_answers_what_is_under_way_and_says_goodbye() {
    let (broker, platform) = start(Limits::default()).await;
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    platform.held.send_replace(true);
    raw.publish("devices/lamp/t", "1", 1, 5).await;
    until(&platform.arrived, |arrived| *arrived == 1).await;
    let address = address(&broker);
    let stopping = tokio::spawn(broker.stop());
    // Nobody new is taken in; only then the platform answers.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    platform.held.send_replace(false);
    assert_eq!(raw.receive().await.unwrap(), (0x40, vec![0, 5]));
    assert_eq!(raw.end().await, Some(0x8b));
    stopping.await.unwrap();
    assert_eq!(platform.gone("lamp").await, Gone::Stopped);
}

#[tokio::test]
async fn properties_and_flags_reach_the_platform() {
    let (broker, platform) = start(Limits::default()).await;
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    let mut body = support::text("devices/lamp/t");
    body.extend_from_slice(&[0, 1]);
    let mut properties = vec![0x01, 1, 0x02, 0, 0, 0, 60, 0x03];
    properties.extend(support::text("application/json"));
    properties.push(0x26);
    properties.extend(support::text("n"));
    properties.extend(support::text("v"));
    body.push(u8::try_from(properties.len()).unwrap());
    body.extend(properties);
    body.extend_from_slice("{}".as_bytes());
    raw.send(&support::packet(0x33, &body)).await;
    let (_, message) = platform.taken(1).await.remove(0);
    let properties = message.properties.unwrap();
    assert!(message.retain && message.qos == Qos::AtLeastOnce && properties.text);
    assert_eq!((properties.expiry_s, properties.content_type.as_deref()), (Some(60), Some("application/json")));
    assert_eq!(properties.user, [("n".into(), "v".into())]);
}

#[tokio::test]
async fn a_topic_may_have_a_number() {
    let (broker, platform) = start(Limits { aliases: 2, ..Limits::default() }).await;
    let publish = |topic: &str, alias: u8| {
        let properties = [3, 0x23, 0, alias];
        support::packet(0x30, &[&support::text(topic)[..], &properties, b"x"].concat())
    };
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    for (topic, alias) in
        [("devices/lamp/a", 1), ("devices/lamp/b", 2), ("", 1), ("devices/lamp/c", 1), ("", 1), ("", 2)]
    {
        raw.send(&publish(topic, alias)).await;
    }
    let taken = platform.taken(6).await;
    let topics: Vec<&str> = taken.iter().map(|(_, message)| message.topic.rsplit('/').next().unwrap()).collect();
    assert_eq!(topics, ["a", "b", "a", "c", "c", "b"]);
    raw.send(&publish("devices/lamp/d", 3)).await;
    assert_eq!(raw.end().await, Some(0x94));
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    raw.send(&publish("", 1)).await;
    assert_eq!(raw.end().await, Some(0x82), "numbers end with their connection");
    let (mut raw, _) = Raw::enter(address(&broker), Connect::default()).await;
    raw.send(&publish("devices/other/a", 1)).await;
    raw.send(&publish("", 1)).await;
    raw.ping().await;
    raw.receive().await.unwrap();
    assert_eq!((platform.taken.borrow().len(), broker.metrics().refused), (6, 2), "a number gives no right");
}
