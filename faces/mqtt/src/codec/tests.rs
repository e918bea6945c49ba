//! Our reading against another's writing, and against bytes nobody wrote.

use bytes::{Bytes, BytesMut};
use mqtt_proto::{Pid, QosPid, TopicName, v3, v5};
use proptest::prelude::*;

use super::*;

fn read(bytes: &[u8], protocol: Protocol) -> Result<Packet<'_>, Fault> {
    let frame = read::frame(bytes, 1 << 20)?.expect("a whole header");
    assert_eq!(frame.total, bytes.len());
    read::packet(frame.first, &bytes[frame.head..], protocol)
}

fn topics() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9/ ()?$,'灯]{1,40}"
}

fn qos_pid(qos: u8, pid: u16) -> QosPid {
    let pid = Pid::try_from(pid).unwrap();
    match qos {
        0 => QosPid::Level0,
        1 => QosPid::Level1(pid),
        _ => QosPid::Level2(pid),
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), first in any::<u8>()) {
        for protocol in [Protocol::V311, Protocol::V5] {
            let _ = read::frame(&bytes, 1000);
            let _ = read::packet(first, &bytes, protocol);
        }
    }

    #[test]
    fn a_publish_another_wrote_is_read_as_it_was_meant(
        topic in topics(),
        payload in prop::collection::vec(any::<u8>(), 0..300),
        qos in 0_u8..3,
        pid in 1_u16..,
        retain in any::<bool>(),
        dup in any::<bool>(),
        expiry in any::<Option<u32>>(),
        content_type in prop::option::of("[a-z/]{0,20}"),
    ) {
        let dup = dup && qos > 0;
        let name = TopicName::try_from(topic.as_str()).unwrap();
        let mut old = v3::Publish::new(qos_pid(qos, pid), name.clone(), Bytes::from(payload.clone()));
        (old.dup, old.retain) = (dup, retain);
        let mut new = v5::Publish::new(qos_pid(qos, pid), name, Bytes::from(payload.clone()));
        (new.dup, new.retain) = (dup, retain);
        new.properties.message_expiry_interval = expiry;
        new.properties.content_type = content_type.as_deref().map(Into::into);
        let old = v3::Packet::from(old).encode().unwrap();
        let new = v5::Packet::from(new).encode().unwrap();
        for (bytes, protocol) in [(old.as_ref(), Protocol::V311), (new.as_ref(), Protocol::V5)] {
            let Packet::Publish(publish) = read(bytes, protocol).unwrap() else { panic!("a PUBLISH") };
            prop_assert_eq!((publish.topic, publish.payload), (topic.as_str(), &payload[..]));
            prop_assert_eq!((publish.qos as u8, publish.dup, publish.retain), (qos, dup, retain));
            prop_assert_eq!(publish.pid, if qos == 0 { 0 } else { pid });
            if protocol == Protocol::V5 {
                let properties = publish.properties.unwrap_or_default();
                prop_assert_eq!(properties.expiry_s, expiry);
                prop_assert_eq!(properties.content_type.as_deref(), content_type.as_deref());
            }
        }
    }

    #[test]
    fn a_cut_or_bent_packet_is_refused_or_read_but_never_beyond_its_end(
        topic in topics(),
        payload in prop::collection::vec(any::<u8>(), 0..60),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let name = TopicName::try_from(topic.as_str()).unwrap();
        let publish = v5::Publish::new(qos_pid(1, 7), name, Bytes::from(payload));
        let mut bytes = v5::Packet::from(publish).encode().unwrap().as_ref().to_vec();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        bytes.truncate(cut.index(bytes.len()) + 1);
        if let Ok(Some(frame)) = read::frame(&bytes, 1000)
            && bytes.len() >= frame.total
        {
            let _ = read::packet(frame.first, &bytes[frame.head..frame.total], Protocol::V5);
            let _ = read::packet(frame.first, &bytes[frame.head..frame.total], Protocol::V311);
        }
    }

    #[test]
    fn another_reads_what_we_deliver(
        topic in topics(),
        payload in prop::collection::vec(any::<u8>(), 0..300),
        qos in 0_u8..2,
        pid in 1_u16..,
        retain in any::<bool>(),
        expiry_s in any::<Option<u32>>(),
        id in prop::option::of(1_u32..268_435_455),
    ) {
        let ids: Vec<u32> = id.into_iter().collect();
        let delivery = write::Delivery {
            topic: &topic,
            payload: &payload,
            qos: if qos == 0 { Qos::AtMostOnce } else { Qos::AtLeastOnce },
            retain,
            dup: false,
            pid,
            properties: None,
            expiry_s,
            subscription_ids: &ids,
        };
        let mut out = BytesMut::new();
        prop_assert!(write::publish(&mut out, Protocol::V5, u32::MAX, &delivery));
        let Some(v5::Packet::Publish(read)) = v5::Packet::decode(&out).unwrap() else { panic!("a PUBLISH") };
        prop_assert_eq!((&*read.topic_name, &read.payload[..]), (topic.as_str(), &payload[..]));
        prop_assert_eq!((read.qos_pid, read.retain), (qos_pid(qos, pid), retain));
        prop_assert_eq!(read.properties.message_expiry_interval, expiry_s);
        prop_assert_eq!(read.properties.subscription_id.map(|id| id.value()), id);
        let length = u32::try_from(out.len()).unwrap();
        let mut none = BytesMut::new();
        prop_assert!(!write::publish(&mut none, Protocol::V5, length - 1, &delivery) && none.is_empty());
        prop_assert!(write::publish(&mut none, Protocol::V311, u32::MAX, &delivery));
        let Some(v3::Packet::Publish(read)) = v3::Packet::decode(&none).unwrap() else { panic!("a PUBLISH") };
        prop_assert_eq!((&*read.topic_name, &read.payload[..]), (topic.as_str(), &payload[..]));
    }
}

#[test]
fn frames_wait_for_their_length_and_are_bounded() {
    assert_eq!(read::frame(&[], 100), Ok(None));
    assert_eq!(read::frame(&[0x30], 100), Ok(None));
    assert_eq!(read::frame(&[0x30, 0x80], 100), Ok(None));
    let whole = read::frame(&[0x30, 98], 100).unwrap().unwrap();
    assert_eq!((whole.head, whole.total), (2, 100));
    assert_eq!(read::frame(&[0x30, 99], 100).unwrap_err().reason, Reason::PacketTooLarge);
    let endless = read::frame(&[0x30, 0xff, 0xff, 0xff, 0xff], usize::MAX).unwrap_err();
    assert_eq!(endless.reason, Reason::MalformedPacket);
}

#[test]
fn what_no_client_may_send_is_refused() {
    let table: &[(&[u8], Protocol, Reason)] = &[
        (&[0x00, 0], Protocol::V311, Reason::ProtocolError),
        (&[0x20, 2, 0, 0], Protocol::V5, Reason::ProtocolError),
        (&[0x36, 4, 0, 1, b'a', 0], Protocol::V5, Reason::MalformedPacket),
        (&[0x38, 3, 0, 1, b'a'], Protocol::V311, Reason::MalformedPacket),
        (&[0x32, 5, 0, 1, b'a', 0, 0], Protocol::V311, Reason::ProtocolError),
        (&[0x30, 3, 0, 1, b'+'], Protocol::V311, Reason::TopicNameInvalid),
        (&[0x30, 2, 0, 0], Protocol::V311, Reason::TopicNameInvalid),
        (&[0x30, 3, 0, 1, 0], Protocol::V311, Reason::MalformedPacket),
        (&[0x30, 3, 0, 1, 0xff], Protocol::V311, Reason::MalformedPacket),
        (&[0x30, 3, 0, 9, b'a'], Protocol::V311, Reason::MalformedPacket),
        (&[0x30, 7, 0, 1, b'a', 3, 0x23, 0, 0], Protocol::V5, Reason::TopicAliasInvalid),
        (&[0x30, 3, 0, 0, 0], Protocol::V5, Reason::TopicNameInvalid),
        (&[0x30, 8, 0, 1, b'a', 4, 0x01, 1, 0x01, 1], Protocol::V5, Reason::ProtocolError),
        (&[0x30, 6, 0, 1, b'a', 2, 0x01, 2], Protocol::V5, Reason::ProtocolError),
        (&[0x30, 7, 0, 1, b'a', 2, 0x01, 1, 0xff], Protocol::V5, Reason::PayloadFormatInvalid),
        (&[0x30, 6, 0, 1, b'a', 2, 0x0b, 1], Protocol::V5, Reason::ProtocolError),
        (&[0x82, 2, 0, 1], Protocol::V311, Reason::ProtocolError),
        (&[0x80, 6, 0, 1, 0, 1, b'a', 0], Protocol::V311, Reason::MalformedPacket),
        (&[0x82, 6, 0, 1, 0, 1, b'a', 3], Protocol::V311, Reason::MalformedPacket),
        (&[0x82, 6, 0, 1, 0, 1, b'a', 4], Protocol::V311, Reason::MalformedPacket),
        (&[0x82, 7, 0, 1, 0, 0, 1, b'a', 0x30], Protocol::V5, Reason::MalformedPacket),
        (&[0xa2, 2, 0, 1], Protocol::V311, Reason::ProtocolError),
        (&[0x40, 2, 0, 0], Protocol::V311, Reason::ProtocolError),
        (&[0x40, 3, 0, 1, 0], Protocol::V311, Reason::MalformedPacket),
        (&[0x60, 2, 0, 1], Protocol::V311, Reason::MalformedPacket),
        (&[0xc0, 1, 0], Protocol::V311, Reason::MalformedPacket),
        (&[0xf0, 0], Protocol::V5, Reason::ProtocolError),
    ];
    for (bytes, protocol, reason) in table {
        let fault = read::frame(bytes, 1000)
            .and_then(|frame| read::packet(bytes[0], &bytes[frame.unwrap().head..], *protocol))
            .expect_err(&format!("{bytes:x?}"));
        assert_eq!(fault.reason, *reason, "{bytes:x?}: {fault}");
    }
}

#[test]
fn connects_another_wrote_are_read() {
    let mut connect = v5::Connect::new("id".to_owned().into(), 30);
    connect.username = Some("lamp".to_owned().into());
    connect.password = Some(Bytes::from_static(b"secret"));
    connect.properties.session_expiry_interval = Some(60);
    connect.properties.receive_max = Some(5);
    let topic = TopicName::try_from("devices/lamp/state").unwrap();
    let mut will = v5::LastWill::new(mqtt_proto::QoS::Level1, topic, Bytes::from_static(b"gone"));
    will.properties.delay_interval = Some(9);
    connect.last_will = Some(will);
    let bytes = v5::Packet::from(connect).encode().unwrap();
    let Packet::Connect(read) = read(bytes.as_ref(), Protocol::V5).unwrap() else { panic!("a CONNECT") };
    assert_eq!((&*read.client_id, read.keep_alive_s, read.session_expiry_s), ("id", 30, Some(60)));
    assert_eq!((read.receive_max, read.user_name.as_deref()), (5, Some("lamp")));
    let will = read.will.unwrap();
    assert_eq!(
        (&*will.topic, &will.payload[..], will.qos, will.delay_s),
        ("devices/lamp/state", &b"gone"[..], Qos::AtLeastOnce, 9)
    );
}
