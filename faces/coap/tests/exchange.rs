//! Requests and answers: acknowledged after the platform has kept a message, known again when they come twice.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use dipper_coap::message::{Code, Kind, number};
use dipper_coap::{Format, Limits, Resource};
use support::{Ask, PATIENCE, Platform, Raw, hasty, start, until};

fn said(platform: &Platform) -> Vec<String> {
    let text = |payload: &[u8]| String::from_utf8(payload.to_vec()).unwrap();
    platform.taken.borrow().iter().map(|(name, message)| format!("{name}: {}", text(&message.payload))).collect()
}

#[tokio::test]
async fn a_reading_is_acknowledged_when_it_is_kept_and_not_before() {
    let (server, platform) = start(Limits::default()).await;
    let mut raw = Raw::open(&server).await;
    platform.held.send_replace(true);
    let mid = raw.ask(&Ask { payload: b"{\"power\":3}", ..Ask::default() }).await;
    until(&platform.arrived, |arrived| *arrived == 1).await;
    raw.silence().await;
    platform.held.send_replace(false);
    let came = raw.receive().await;
    assert_eq!(
        (came.kind, came.code.as_str(), came.mid, &came.token[..]),
        (Kind::Acknowledgement, "2.04", mid, &b"t"[..])
    );
    let (name, message) = platform.taken.borrow()[0].clone();
    assert_eq!((name.as_str(), message.resource, message.format), ("lamp", Resource::Readings, Format::Own));
    assert_eq!(server.metrics().taken, 1);
}

#[tokio::test]
async fn a_request_that_comes_twice_is_taken_once_and_answered_twice() {
    let (server, platform) = start(Limits::default()).await;
    for kind in [Kind::Confirmable, Kind::NonConfirmable] {
        let mut raw = Raw::open(&server).await;
        let ask = Ask { kind, payload: b"1", ..Ask::default() };
        let mid = raw.ask(&ask).await;
        let first = raw.receive().await;
        raw.send(&ask.bytes(mid)).await;
        assert_eq!(raw.receive().await, first);
        assert_eq!(first.kind == Kind::NonConfirmable, kind == Kind::NonConfirmable);
    }
    assert_eq!((platform.taken.borrow().len(), server.metrics().duplicates), (2, 2));
}

#[tokio::test]
async fn a_request_that_comes_again_while_it_is_under_way_is_not_put_twice() {
    let (server, platform) = start(Limits::default()).await;
    let mut raw = Raw::open(&server).await;
    platform.held.send_replace(true);
    let mid = raw.ask(&Ask::default()).await;
    until(&platform.arrived, |arrived| *arrived == 1).await;
    raw.send(&Ask::default().bytes(mid)).await;
    raw.silence().await;
    platform.held.send_replace(false);
    assert_eq!(raw.receive().await.code, "2.04");
    raw.silence().await;
    assert_eq!(*platform.arrived.borrow(), 1);
}

#[tokio::test]
async fn what_takes_long_is_acknowledged_first_and_answered_by_a_message_of_its_own() {
    let (server, platform) = start(hasty()).await;
    let mut raw = Raw::open(&server).await;
    platform.held.send_replace(true);
    let mid = raw.ask(&Ask { payload: b"1", ..Ask::default() }).await;
    let ack = raw.receive().await;
    assert_eq!((ack.kind, ack.code.as_str(), ack.mid, ack.length), (Kind::Acknowledgement, "0.00", mid, 4));
    // The acknowledgement was lost: it is said again.
    raw.send(&Ask { payload: b"1", ..Ask::default() }.bytes(mid)).await;
    assert_eq!(raw.receive().await, ack);
    platform.held.send_replace(false);
    let answer = raw.receive().await;
    assert_eq!((answer.kind, answer.code.as_str(), &answer.token[..]), (Kind::Confirmable, "2.04", &b"t"[..]));
    // Ours is lost: it comes again, the same, until it is acknowledged.
    assert_eq!(raw.receive().await, answer);
    raw.acknowledge(&answer).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    raw.silence().await;
    let metrics = server.metrics();
    assert_eq!((metrics.late, metrics.sent_again, metrics.given_up), (1, 1, 0));
}

#[tokio::test]
async fn what_cannot_be_is_answered_with_what_is_wrong() {
    let (server, platform) = start(Limits::default()).await;
    let mut raw = Raw::open(&server).await;
    let ours = "devices/lamp/readings?k=secret";
    for (code, path, payload, expect) in [
        (Code::PUT, ours, &b"1"[..], "2.04"),
        (Code::GET, ours, b"", "4.05"),
        (Code(4), ours, b"", "4.05"),
        (Code(31), ours, b"", "4.05"),
        (Code::POST, "devices/lamp/commands?k=secret", b"", "4.05"),
        (Code::POST, ".well-known/core", b"", "4.05"),
        (Code::POST, "devices/lamp?k=secret", b"", "4.04"),
        (Code::POST, "devices/lamp/readings", b"", "4.01"),
        (Code::POST, "devices/lamp/readings?k=wrong", b"", "4.01"),
        (Code::POST, "devices/no such/readings?k=secret", b"", "4.01"),
        (Code::POST, "devices/barred/readings?k=secret", b"", "4.03"),
        (Code::POST, ours, b"gone", "4.03"),
        (Code::POST, ours, b"panic", "5.00"),
        (Code::GET, "devices/deaf/commands?k=secret", b"", "2.05"),
    ] {
        assert_eq!(raw.call(&Ask { code, path, payload, ..Ask::default() }).await.code, expect, "{code} {path}");
    }
    let came = raw.call(&Ask { payload: b"bad", ..Ask::default() }).await;
    assert_eq!((came.code.as_str(), came.text()), ("4.00", "no number"));
    let came = raw.call(&Ask { payload: b"later", ..Ask::default() }).await;
    assert_eq!((came.code.as_str(), came.uint(number::MAX_AGE)), ("5.03", Some(2)));
    let observe = Ask { code: Code::GET, path: "devices/deaf/commands?k=secret", ..Ask::default() };
    assert_eq!(raw.call(&Ask { options: vec![(number::OBSERVE, 0)], ..observe }).await.code, "4.04");
    assert_eq!(said(&platform), ["lamp: 1"]);
}

#[tokio::test]
async fn formats_options_and_lengths_are_looked_at() {
    let (server, platform) = start(Limits { message_bytes: 2_000, ..Limits::default() }).await;
    let mut raw = Raw::open(&server).await;
    let senml = "devices/lamp/senml?k=secret";
    let get = ("devices/lamp/commands?k=secret", Code::GET);
    for ((path, code), option, expect) in [
        (("devices/lamp/readings?k=secret", Code::POST), (number::CONTENT_FORMAT, 50), "2.04"),
        (("devices/lamp/readings?k=secret", Code::POST), (number::CONTENT_FORMAT, 0), "4.15"),
        ((senml, Code::POST), (number::CONTENT_FORMAT, 110), "2.04"),
        ((senml, Code::POST), (number::CONTENT_FORMAT, 112), "2.04"),
        ((senml, Code::POST), (number::CONTENT_FORMAT, 60), "4.15"),
        (("devices/lamp/readings?k=secret", Code::POST), (number::CONTENT_FORMAT, 42), "2.04"),
        ((senml, Code::POST), (number::SIZE1, 2_001), "4.13"),
        ((senml, Code::POST), (9, 1), "4.02"),
        ((senml, Code::POST), (number::PROXY_SCHEME, 1), "5.05"),
        (get, (number::ACCEPT, 50), "2.05"),
        (get, (number::ACCEPT, 60), "4.06"),
    ] {
        let ask = Ask { code, path, options: vec![option], payload: b"[]", ..Ask::default() };
        assert_eq!(raw.call(&ask).await.code, expect, "{path} {option:?}");
    }
    let came = raw.call(&Ask { payload: &[b'1'; 2_001], ..Ask::default() }).await;
    assert_eq!((came.code.as_str(), came.uint(number::SIZE1)), ("4.13", Some(2_000)));
    assert_eq!(raw.post(senml, &[b'1'; 2_000]).await, "2.04");
    assert_eq!(platform.taken.borrow().last().unwrap().1.format, Format::Own);
    // What is not confirmable and not understood is not answered at all.
    raw.ask(&Ask { kind: Kind::NonConfirmable, options: vec![(9, 1)], ..Ask::default() }).await;
    raw.silence().await;
}

#[tokio::test]
async fn what_is_no_request_is_reset_or_not_answered() {
    let (server, _platform) = start(Limits::default()).await;
    let raw = Raw::open(&server).await;
    for (bytes, is_reset) in [
        // A ping; an answer nobody asked for; a reserved class; a message that ends early.
        (&[0x40, 0, 1, 2][..], true),
        (&[0x40, 0x45, 1, 2], true),
        (&[0x40, 0x21, 1, 2], true),
        (&[0x40, 2, 1, 2, 0x0f], true),
        (&[0x50, 0, 1, 2], false),
        (&[0x50, 0x45, 1, 2], false),
        (&[0x50, 2, 1, 2, 0x0f], false),
        (&[0x60, 0, 1, 2], false),
        (&[0x70, 0, 1, 2], false),
        (&[0xc0, 0, 1, 2], false),
        (&[0x40, 0], false),
        (&[], false),
    ] {
        raw.send(bytes).await;
        if is_reset {
            let came = raw.receive().await;
            assert_eq!((came.kind, came.mid, came.length), (Kind::Reset, 0x0102, 4), "{bytes:?}");
        } else {
            raw.silence().await;
        }
    }
}

#[tokio::test]
async fn what_there_is_is_listed_in_blocks_that_flood_nobody() {
    let (server, _platform) = start(Limits::default()).await;
    let mut raw = Raw::open(&server).await;
    let (mut whole, mut num) = (String::new(), 0);
    loop {
        let options = if num == 0 { vec![] } else { vec![(number::BLOCK2, num << 4 | 1)] };
        let ask = Ask { code: Code::GET, path: ".well-known/core", options, ..Ask::default() };
        let came = raw.call(&ask).await;
        assert!(came.length <= 3 * ask.bytes(1).len(), "{} bytes", came.length);
        assert_eq!((came.code.as_str(), came.uint(number::CONTENT_FORMAT)), ("2.05", Some(40)));
        whole += came.text();
        let (got, more, szx) = came.block(number::BLOCK2).unwrap();
        assert_eq!((got, szx), (num, 1));
        num += 1;
        if !more {
            break;
        }
    }
    assert!(whole.starts_with("</devices>;") && num > 1, "{whole}");
}

#[tokio::test]
async fn a_flood_from_one_address_is_not_felt_by_others() {
    let (server, platform) = start(Limits { datagrams_per_s: 100, ..Limits::default() }).await;
    let flood = Raw::open(&server).await;
    let stop = tokio::sync::watch::Sender::new(false);
    let stopped = stop.subscribe();
    let bytes = Ask { path: "devices/lamp/readings?k=wrong", ..Ask::default() }.bytes(1);
    let flooding = tokio::spawn(async move {
        let mut sent = 0_u64;
        while !*stopped.borrow() {
            for _ in 0..50 {
                flood.send(&bytes).await;
                sent += 1;
            }
            tokio::task::yield_now().await;
        }
        sent
    });
    let mut raw = Raw::open(&server).await;
    for number in 0..50 {
        // A datagram may be lost on the way, as at any time: then it is sent again, as devices do.
        let ask = Ask { path: "devices/post/readings?k=secret", payload: b"1", ..Ask::default() };
        let mid = raw.ask(&ask).await;
        let came = loop {
            match tokio::time::timeout(Duration::from_millis(500), raw.receive()).await {
                Ok(came) => break came,
                Err(_) => raw.send(&ask.bytes(mid)).await,
            }
        };
        assert_eq!((came.code.as_str(), came.mid), ("2.04", mid), "{number}");
    }
    stop.send_replace(true);
    let sent = flooding.await.unwrap();
    assert_eq!(platform.taken.borrow().len(), 50);
    let metrics = server.metrics();
    assert!(metrics.slowed > 0 && metrics.turned_away < metrics.slowed, "{sent} sent, {metrics:?}");
}

#[tokio::test]
async fn a_device_that_asks_too_often_is_told_to_wait_alone() {
    let (server, _platform) = start(Limits { requests_per_s: 3, ..Limits::default() }).await;
    let mut raw = Raw::open(&server).await;
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(raw.post("devices/lamp/readings?k=secret", b"1").await);
    }
    assert_eq!(codes[..3], ["2.04", "2.04", "2.04"]);
    assert_eq!(codes[4], "4.29");
    assert_eq!(raw.post("devices/post/readings?k=secret", b"1").await, "2.04");
}

#[tokio::test]
async fn what_is_under_way_has_a_bound() {
    let (server, platform) = start(Limits { in_flight_per_device: 2, ..Limits::default() }).await;
    let mut raw = Raw::open(&server).await;
    platform.held.send_replace(true);
    for _ in 0..2 {
        raw.ask(&Ask::default()).await;
    }
    until(&platform.arrived, |arrived| *arrived == 2).await;
    assert_eq!(raw.call(&Ask::default()).await.code, "4.29");
    platform.held.send_replace(false);
    assert_eq!((raw.receive().await.code, raw.receive().await.code), ("2.04".to_owned(), "2.04".to_owned()));
    assert_eq!(raw.call(&Ask::default()).await.code, "2.04");
}

#[tokio::test]
async fn a_gateway_that_stops_answers_what_it_has_taken() {
    let (server, platform) = start(Limits::default()).await;
    let mut raw = Raw::open(&server).await;
    platform.held.send_replace(true);
    raw.ask(&Ask::default()).await;
    until(&platform.arrived, |arrived| *arrived == 1).await;
    let stopping = tokio::spawn(server.stop());
    tokio::time::sleep(support::SILENCE).await;
    platform.held.send_replace(false);
    assert_eq!(raw.receive().await.code, "2.04");
    tokio::time::timeout(PATIENCE, stopping).await.unwrap().unwrap();
}
