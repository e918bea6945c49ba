//! Messages in blocks (RFC 7959), both ways.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use bytes::Bytes;
use dipper_coap::message::{Code, number};
use dipper_coap::{Command, Limits};
use support::{Ask, Raw, device, start, until};

/// The value of a block option.
fn block(num: u32, more: bool, szx: u8) -> u32 {
    num << 4 | u32::from(more) << 3 | u32::from(szx)
}

async fn give(raw: &mut Raw, num: u32, more: bool, szx: u8, payload: &[u8]) -> String {
    let options = vec![(number::BLOCK1, block(num, more, szx))];
    let came = raw.call(&Ask { options, payload, ..Ask::default() }).await;
    if came.code.starts_with('2') {
        assert_eq!(came.block(number::BLOCK1), Some((num, more, szx)));
    }
    came.code
}

#[tokio::test]
async fn a_message_in_blocks_is_taken_as_one() {
    let (server, platform) = start(Limits::default()).await;
    let mut raw = Raw::open(&server).await;
    let body: Vec<u8> = (0..60_000_u32).map(|at| b'a' + (at % 26) as u8).collect();
    let blocks: Vec<_> = body.chunks(1024).collect();
    for (num, payload) in blocks.iter().enumerate() {
        let more = num + 1 < blocks.len();
        let expect = if more { "2.31" } else { "2.04" };
        assert_eq!(give(&mut raw, num as u32, more, 6, payload).await, expect, "{num}");
    }
    assert_eq!(platform.taken.borrow()[0].1.payload, body);
    assert_eq!(*platform.arrived.borrow(), 1);
}

#[tokio::test]
async fn blocks_out_of_order_and_too_many_are_refused() {
    let (server, platform) = start(Limits { message_bytes: 64, ..Limits::default() }).await;
    let mut raw = Raw::open(&server).await;
    assert_eq!(give(&mut raw, 1, true, 0, &[b'x'; 16]).await, "4.08");
    assert_eq!(give(&mut raw, 0, true, 0, &[b'x'; 16]).await, "2.31");
    assert_eq!(give(&mut raw, 2, true, 0, &[b'x'; 16]).await, "4.08");
    assert_eq!(give(&mut raw, 1, true, 0, &[b'x'; 15]).await, "4.00");
    for num in 0..4 {
        assert_eq!(give(&mut raw, num, true, 0, &[b'x'; 16]).await, "2.31");
    }
    assert_eq!(give(&mut raw, 4, false, 0, b"x").await, "4.13");
    // Two devices behind one address do not mix.
    let other = "devices/post/readings?k=secret";
    assert_eq!(give(&mut raw, 0, true, 0, &[b'x'; 16]).await, "2.31");
    let options = vec![(number::BLOCK1, block(1, false, 0))];
    let ask = Ask { path: other, options, payload: b"y", ..Ask::default() };
    assert_eq!(raw.call(&ask).await.code, "4.08");
    assert_eq!(give(&mut raw, 1, false, 0, b"y").await, "2.04");
    assert_eq!(platform.taken.borrow()[0].1.payload, [&[b'x'; 16][..], b"y"].concat());
}

#[tokio::test]
async fn a_block_that_comes_twice_is_one_block() {
    let (server, platform) = start(Limits::default()).await;
    let mut raw = Raw::open(&server).await;
    let ask = |num, more, payload| {
        let options = vec![(number::BLOCK1, block(num, more, 0))];
        Ask { options, payload, ..Ask::default() }
    };
    for num in 0..3 {
        let ask = ask(num, true, &[b'x'; 16]);
        let first = raw.call(&ask).await;
        raw.send(&ask.bytes(raw.mid)).await;
        assert_eq!(raw.receive().await, first);
    }
    assert_eq!(raw.call(&ask(3, false, b"y")).await.code, "2.04");
    assert_eq!(platform.taken.borrow()[0].1.payload.len(), 49);
}

#[tokio::test]
async fn a_long_command_is_fetched_in_blocks_and_delivered_with_the_last() {
    let (server, platform) = start(Limits { block_szx: 2, ..Limits::default() }).await;
    let mut raw = Raw::open(&server).await;
    let path = "devices/lamp/commands?k=secret";
    let get = Ask { code: Code::GET, path, ..Ask::default() };
    raw.call(&Ask { options: vec![(number::OBSERVE, 0)], ..get.clone() }).await;
    let body: String = (0..50).map(|number| format!("{number:03}")).collect();
    for ticket in [5, 6] {
        server.publish(&device("lamp"), Bytes::from(body.clone()), ticket).await.unwrap();
    }
    for ticket in [5, 6] {
        let first = raw.receive().await;
        assert_eq!(first.block(number::BLOCK2), Some((0, true, 2)));
        assert_eq!(first.uint(number::SIZE2), Some(150));
        raw.acknowledge(&first).await;
        let (mut whole, etag) = (first.text().to_owned(), first.uint(number::ETAG));
        // Half of it in larger steps than the client likes; it asks for smaller ones.
        for num in 4..10 {
            assert!(!platform.delivered.borrow().iter().any(|(_, delivered)| *delivered == ticket));
            let options = vec![(number::BLOCK2, block(num, false, 0))];
            let came = raw.call(&Ask { options, ..get.clone() }).await;
            assert_eq!((came.uint(number::ETAG), came.block(number::BLOCK2)), (etag, Some((num, num < 9, 0))));
            whole += came.text();
        }
        assert_eq!(whole, body);
    }
    assert_eq!(
        until(&platform.delivered, |delivered| delivered.len() == 2).await,
        [("lamp".to_owned(), 5), ("lamp".to_owned(), 6)]
    );
}

#[tokio::test]
async fn a_device_that_asks_once_fetches_a_long_command_too() {
    let (server, platform) = start(Limits::default()).await;
    let mut raw = Raw::open(&server).await;
    let body = Bytes::from(vec![b'x'; 1_500]);
    platform.waiting.lock().unwrap().push_back(Command { payload: body, ticket: 9 });
    let get = Ask { code: Code::GET, path: "devices/lamp/commands?k=secret", ..Ask::default() };
    let first = raw.call(&get).await;
    assert_eq!((first.payload.len(), first.block(number::BLOCK2)), (1024, Some((0, true, 6))));
    let last = raw.call(&Ask { options: vec![(number::BLOCK2, block(1, false, 6))], ..get.clone() }).await;
    assert_eq!((last.payload.len(), last.block(number::BLOCK2)), (476, Some((1, false, 6))));
    until(&platform.delivered, |delivered| *delivered == [("lamp".to_owned(), 9)]).await;
    // There is nothing behind the last one.
    assert_eq!(raw.call(&Ask { options: vec![(number::BLOCK2, block(2, false, 6))], ..get }).await.code, "4.00");
}
