//! Commands: observed (RFC 7641), asked for once, sent until they are acknowledged.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use dipper_coap::message::{Code, Kind, number};
use dipper_coap::{Command, Handed, Limits, NotPublished, Server};
use support::{Ask, Came, Platform, Raw, device, hasty, start, until};

const COMMANDS: &str = "devices/lamp/commands?k=secret";

fn get(observe: Option<u32>, token: &[u8]) -> Ask<'_> {
    let options = observe.map(|value| (number::OBSERVE, value)).into_iter().collect();
    Ask { code: Code::GET, path: COMMANDS, options, token, ..Ask::default() }
}

async fn publish(server: &Server<Platform>, payload: &'static str, ticket: u64) -> Handed {
    server.publish(&device("lamp"), Bytes::from_static(payload.as_bytes()), ticket).await.unwrap()
}

/// Waits for a notification; those sent again are answered as the first was.
async fn notification(raw: &Raw) -> Came {
    let came = raw.receive().await;
    assert_eq!((came.kind, came.code.as_str()), (Kind::Confirmable, "2.05"), "{came:?}");
    came
}

#[tokio::test]
async fn a_device_is_sent_its_commands_in_order_and_each_is_delivered_when_it_says_so() {
    let (server, platform) = start(Limits::default()).await;
    let mut raw = Raw::open(&server).await;
    assert_eq!(publish(&server, "nobody there", 1).await, Handed { queued: 0, dropped: 0 });
    let first = raw.call(&get(Some(0), b"o")).await;
    assert_eq!((first.code.as_str(), &first.payload[..]), ("2.05", &b""[..]));
    assert!(first.uint(number::MAX_AGE) > Some(24 * 3600));
    until(&platform.observed, |observed| *observed == ["lamp"]).await;
    for (payload, ticket) in [("one", 1), ("two", 2)] {
        assert_eq!(publish(&server, payload, ticket).await, Handed { queued: 1, dropped: 0 });
    }
    let mut sequence = first.uint(number::OBSERVE).unwrap();
    for (payload, ticket) in [("one", 1), ("two", 2)] {
        let came = notification(&raw).await;
        assert_eq!((came.text(), &came.token[..], came.uint(number::CONTENT_FORMAT)), (payload, &b"o"[..], Some(50)));
        let next = came.uint(number::OBSERVE).unwrap();
        assert!((next.wrapping_sub(sequence) & 0xff_ffff) < 1 << 23, "{sequence} {next}");
        sequence = next;
        // One at a time, and not delivered before it says so.
        raw.silence().await;
        assert_eq!(platform.delivered.borrow().len() as u64, ticket - 1);
        raw.acknowledge(&came).await;
        until(&platform.delivered, |delivered| delivered.last() == Some(&("lamp".to_owned(), ticket))).await;
    }
    let came = raw.call(&get(Some(1), b"o")).await;
    assert_eq!((came.code.as_str(), came.uint(number::OBSERVE)), ("2.05", None));
    until(&platform.unobserved, |unobserved| *unobserved == ["lamp"]).await;
    assert_eq!(publish(&server, "three", 3).await, Handed::default());
    assert_eq!(server.metrics().delivered, 2);
}

#[tokio::test]
async fn a_command_whose_acknowledgement_is_lost_comes_again_the_same() {
    let (server, platform) = start(hasty()).await;
    let mut raw = Raw::open(&server).await;
    raw.call(&get(Some(0), b"o")).await;
    publish(&server, "one", 1).await;
    let came = notification(&raw).await;
    assert_eq!(notification(&raw).await, came);
    raw.acknowledge(&came).await;
    until(&platform.delivered, |delivered| delivered.len() == 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    raw.silence().await;
    // A second acknowledgement is of nothing.
    raw.acknowledge(&came).await;
    publish(&server, "two", 2).await;
    assert_eq!(notification(&raw).await.text(), "two");
    assert_eq!(platform.delivered.borrow().len(), 1);
}

#[tokio::test]
async fn a_device_that_does_not_answer_is_given_up_with_all_its_commands() {
    let (server, platform) = start(hasty()).await;
    let mut raw = Raw::open(&server).await;
    raw.call(&get(Some(0), b"o")).await;
    for ticket in [1, 2] {
        publish(&server, "x", ticket).await;
    }
    let first = notification(&raw).await;
    assert_eq!(notification(&raw).await, first);
    // The last time it has another number, and is the same for the rest: some acknowledge one number once.
    let last = notification(&raw).await;
    assert_ne!(last.mid, first.mid);
    assert_eq!(last, Came { mid: last.mid, ..first });
    let lamp = |ticket| ("lamp".to_owned(), ticket);
    until(&platform.undelivered, |undelivered| *undelivered == [lamp(1), lamp(2)]).await;
    until(&platform.unobserved, |unobserved| *unobserved == ["lamp"]).await;
    assert_eq!((server.metrics().sent_again, server.metrics().given_up), (2, 1));
    assert_eq!(publish(&server, "y", 3).await, Handed::default());
}

#[tokio::test]
async fn a_device_that_has_forgotten_resets_and_is_forgotten() {
    let (server, platform) = start(Limits::default()).await;
    let mut raw = Raw::open(&server).await;
    raw.call(&get(Some(0), b"o")).await;
    publish(&server, "x", 1).await;
    raw.reset(&notification(&raw).await).await;
    until(&platform.unobserved, |unobserved| *unobserved == ["lamp"]).await;
    assert_eq!(*platform.undelivered.borrow(), [("lamp".to_owned(), 1)]);
}

#[tokio::test]
async fn a_device_that_observes_anew_is_sent_what_it_has_not_acknowledged() {
    let (server, platform) = start(Limits::default()).await;
    let mut raw = Raw::open(&server).await;
    raw.call(&get(Some(0), b"o")).await;
    publish(&server, "x", 1).await;
    let old = notification(&raw).await;
    // The same again changes nothing; another token is another beginning.
    raw.call(&get(Some(0), b"o")).await;
    raw.silence().await;
    raw.call(&get(Some(0), b"new")).await;
    let new = notification(&raw).await;
    assert_eq!((new.text(), &new.token[..]), ("x", &b"new"[..]));
    assert_ne!(new.mid, old.mid);
    raw.reset(&old).await;
    raw.acknowledge(&new).await;
    until(&platform.delivered, |delivered| delivered.len() == 1).await;
    assert!(platform.unobserved.borrow().is_empty() && platform.undelivered.borrow().is_empty());
}

#[tokio::test]
async fn a_device_at_a_new_address_is_sent_commands_at_both_until_the_old_one_is_silent() {
    let (server, platform) = start(hasty()).await;
    let (mut old, mut new) = (Raw::open(&server).await, Raw::open(&server).await);
    old.call(&get(Some(0), b"o")).await;
    new.call(&get(Some(0), b"o")).await;
    assert_eq!(publish(&server, "x", 1).await, Handed { queued: 2, dropped: 0 });
    new.acknowledge(&notification(&new).await).await;
    until(&platform.delivered, |delivered| delivered.len() == 1).await;
    until(&platform.unobserved, |unobserved| unobserved.len() == 1).await;
    assert_eq!(publish(&server, "y", 2).await, Handed { queued: 1, dropped: 0 });
}

#[tokio::test]
async fn a_device_that_asks_once_is_answered_until_it_has_the_command() {
    let (server, platform) = start(hasty()).await;
    let mut raw = Raw::open(&server).await;
    let none = raw.call(&get(None, b"p")).await;
    assert_eq!((none.code.as_str(), none.payload.len(), none.uint(number::MAX_AGE)), ("2.05", 0, Some(0)));
    platform.waiting.lock().unwrap().push_back(Command { payload: Bytes::from_static(b"go"), ticket: 4 });
    let ask = get(None, b"q");
    let mid = raw.ask(&ask).await;
    let ack = raw.receive().await;
    assert_eq!((ack.kind, ack.mid, ack.length), (Kind::Acknowledgement, mid, 4));
    let came = notification(&raw).await;
    assert_eq!((came.text(), &came.token[..], came.uint(number::OBSERVE)), ("go", &b"q"[..], None));
    assert_eq!(notification(&raw).await, came);
    raw.send(&ask.bytes(mid)).await;
    assert_eq!(raw.receive().await, ack);
    assert!(platform.delivered.borrow().is_empty());
    raw.acknowledge(&came).await;
    until(&platform.delivered, |delivered| *delivered == [("lamp".to_owned(), 4)]).await;
}

#[tokio::test]
async fn whoever_was_silent_for_long_is_asked_whether_it_is_there() {
    let limits = Limits { observe_check: Duration::from_millis(500), ..hasty() };
    let (server, platform) = start(limits).await;
    let mut raw = Raw::open(&server).await;
    raw.call(&get(Some(0), b"o")).await;
    for _ in 0..2 {
        let came = notification(&raw).await;
        assert!(came.payload.is_empty() && came.uint(number::OBSERVE).is_some());
        raw.acknowledge(&came).await;
    }
    // Now it is not.
    until(&platform.unobserved, |unobserved| *unobserved == ["lamp"]).await;
    assert!(platform.undelivered.borrow().is_empty() && platform.delivered.borrow().is_empty());
    drop(server);
}

#[tokio::test]
async fn queues_and_commands_have_bounds_and_a_device_can_be_cut() {
    let (server, platform) = start(Limits { queue: 2, command_bytes: 100, ..Limits::default() }).await;
    let mut raw = Raw::open(&server).await;
    raw.call(&get(Some(0), b"o")).await;
    let mut handed = Vec::new();
    for ticket in 0..4 {
        handed.push(publish(&server, "x", ticket).await.queued);
    }
    // One is on its way, two wait.
    assert_eq!(handed, [1, 1, 1, 0]);
    let long = Bytes::from(vec![b'x'; 101]);
    assert_eq!(server.publish(&device("lamp"), long, 9).await, Err(NotPublished::TooLarge(100)));
    server.disconnect(&device("lamp"));
    until(&platform.undelivered, |undelivered| undelivered.len() == 3).await;
    until(&platform.unobserved, |unobserved| unobserved.len() == 1).await;
    let came = notification(&raw).await;
    raw.acknowledge(&came).await;
    raw.silence().await;
    assert!(platform.delivered.borrow().is_empty());
    assert_eq!(server.metrics().memory_bytes, 0);
}
