//! DTLS where things go wrong: datagrams are lost, a device begins anew, strangers join in.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dimpl::{Config, Dtls, Output, PskResolver};
use dipper_coap::message::{Code, Message, number};
use dipper_coap::{Limits, Server};
use support::{Ask, PATIENCE, Platform, device, key, start, until};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

struct Own(String);

impl PskResolver for Own {
    fn resolve(&self, _identity: &[u8]) -> Option<Vec<u8>> {
        Some(self.0.clone().into_bytes())
    }
}

/// A device that speaks DTLS.
struct Device {
    dtls: Dtls,
    socket: Arc<UdpSocket>,
    is_connected: bool,
    heard: Vec<Vec<u8>>,
    due: Instant,
    mid: u16,
}

impl Device {
    async fn new(server: &Server<Platform>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(server.local_addresses()[1]).await.unwrap();
        Self::at(Arc::new(socket))
    }

    /// A device that has just been switched on.
    fn at(socket: Arc<UdpSocket>) -> Self {
        let config = Config::builder()
            .with_crypto_provider(dimpl::crypto::rust_crypto::default_provider())
            .flight_start_rto(Duration::from_millis(200))
            .with_psk_client(b"lamp".to_vec(), Arc::new(Own(key())))
            .build()
            .unwrap();
        let now = Instant::now();
        let mut dtls = Dtls::new_12_psk(Arc::new(config), now.into_std());
        dtls.set_active(true);
        dtls.handle_timeout(now.into_std()).unwrap();
        Self { dtls, socket, is_connected: false, heard: Vec::new(), due: now, mid: 0 }
    }

    /// Sends what is to be sent, but those that are lost.
    async fn drain(&mut self, lost: &mut impl FnMut() -> bool) {
        let mut buffer = vec![0; 4096];
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(packet) if lost() => drop(packet.to_vec()),
                Output::Packet(packet) => drop(self.socket.send(packet).await.unwrap()),
                Output::Connected => self.is_connected = true,
                Output::ApplicationData(bytes) => self.heard.push(bytes.to_vec()),
                Output::Timeout(at) => {
                    self.due = Instant::from_std(at);
                    return;
                }
                _ => {}
            }
        }
    }

    /// Waits for one datagram, or for its time.
    async fn step(&mut self, lost: &mut impl FnMut() -> bool) {
        self.drain(lost).await;
        let mut buffer = vec![0; 4096];
        let came = tokio::time::timeout_at(self.due, self.socket.recv(&mut buffer)).await;
        self.dtls.handle_timeout(Instant::now().into_std()).unwrap();
        if let Ok(length) = came
            && !lost()
        {
            self.dtls.handle_packet(&buffer[..length.unwrap()]).unwrap();
        }
        self.drain(lost).await;
    }

    async fn connect(&mut self, mut lost: impl FnMut() -> bool) {
        let connecting = async {
            while !self.is_connected {
                self.step(&mut lost).await;
            }
        };
        timeout(PATIENCE, connecting).await.expect("a session in time");
    }

    async fn hear(&mut self) -> Vec<u8> {
        let hearing = async {
            while self.heard.is_empty() {
                self.step(&mut || false).await;
            }
        };
        timeout(PATIENCE, hearing).await.expect("an answer in time");
        self.heard.remove(0)
    }

    /// Sends a request, and answers with the code and the payload that came back.
    async fn call(&mut self, ask: &Ask<'_>) -> (String, Vec<u8>) {
        self.mid += 1;
        self.dtls.send_application_data(&ask.bytes(self.mid)).unwrap();
        let answer = self.hear().await;
        let message = Message::read(&answer).unwrap();
        assert_eq!(message.mid, self.mid);
        (message.code.to_string(), message.payload.to_vec())
    }

    async fn post(&mut self, path: &str, payload: &[u8]) -> String {
        self.call(&Ask { path, payload, ..Ask::default() }).await.0
    }
}

#[tokio::test]
async fn a_session_says_who_a_device_is_and_for_that_one_alone() {
    let (server, platform) = start(Limits::default()).await;
    let mut lamp = Device::new(&server).await;
    lamp.connect(|| false).await;
    assert_eq!(lamp.post("devices/lamp/readings", b"1").await, "2.04");
    assert_eq!(lamp.post("devices/post/readings", b"1").await, "4.01");
    // The password of another changes nothing of it.
    assert_eq!(lamp.post("devices/post/readings?k=secret", b"1").await, "4.01");
    assert_eq!(platform.taken.borrow().len(), 1);
    let (code, listing) = lamp.call(&Ask { code: Code::GET, path: ".well-known/core", ..Ask::default() }).await;
    assert_eq!((code.as_str(), listing.starts_with(b"</devices/lamp/readings>")), ("2.05", true));
    assert_eq!(server.metrics().handshakes, 1);
}

#[tokio::test]
async fn a_handshake_goes_on_when_every_third_datagram_is_lost() {
    let (server, platform) = start(Limits { ack_timeout: Duration::from_millis(200), ..Limits::default() }).await;
    for first in 0..3 {
        let mut lamp = Device::new(&server).await;
        let mut count = first;
        lamp.connect(move || {
            count += 1;
            count % 3 == 0
        })
        .await;
        assert_eq!(lamp.post("devices/lamp/readings", b"1").await, "2.04");
    }
    assert_eq!((platform.taken.borrow().len(), server.metrics().handshakes), (3, 3));
}

#[tokio::test]
async fn a_device_that_begins_anew_at_the_same_address_is_another_conversation() {
    let (server, platform) = start(Limits::default()).await;
    let mut lamp = Device::new(&server).await;
    lamp.connect(|| false).await;
    assert_eq!(lamp.post("devices/lamp/readings", b"old").await, "2.04");
    let get = Ask { code: Code::GET, path: "devices/lamp/commands", ..Ask::default() };
    lamp.call(&Ask { options: vec![(number::OBSERVE, 0)], ..get }).await;
    // A beginning that is not gone on with leaves the old session as it is.
    let half = Device::at(Arc::clone(&lamp.socket));
    let mut dtls = half.dtls;
    let mut buffer = vec![0; 4096];
    if let Output::Packet(packet) = dtls.poll_output(&mut buffer) {
        lamp.socket.send(packet).await.unwrap();
    }
    lamp.socket.recv(&mut buffer).await.unwrap();
    assert_eq!(lamp.post("devices/lamp/readings", b"still").await, "2.04");

    let mut anew = Device::at(Arc::clone(&lamp.socket));
    anew.connect(|| false).await;
    // Its numbers begin anew as well: nothing of what was before is taken for it.
    assert_eq!(anew.post("devices/lamp/readings", b"new").await, "2.04");
    let payloads: Vec<_> = platform.taken.borrow().iter().map(|(_, message)| message.payload.clone()).collect();
    assert_eq!(payloads, ["old", "still", "new"]);
    until(&platform.unobserved, |unobserved| *unobserved == ["lamp"]).await;
    assert_eq!(server.metrics().handshakes, 2);
}

#[tokio::test]
async fn commands_come_through_a_session() {
    let (server, platform) = start(Limits::default()).await;
    let mut lamp = Device::new(&server).await;
    lamp.connect(|| false).await;
    let get = Ask { code: Code::GET, path: "devices/lamp/commands", ..Ask::default() };
    lamp.call(&Ask { options: vec![(number::OBSERVE, 0)], ..get }).await;
    server.publish(&device("lamp"), Bytes::from_static(b"{}"), 3).await.unwrap();
    let command = lamp.hear().await;
    let message = Message::read(&command).unwrap();
    assert_eq!(message.payload, b"{}");
    let ack = [0x60, 0, (message.mid >> 8) as u8, message.mid as u8];
    lamp.dtls.send_application_data(&ack).unwrap();
    lamp.drain(&mut || false).await;
    until(&platform.delivered, |delivered| *delivered == [("lamp".to_owned(), 3)]).await;
}

#[tokio::test]
async fn strangers_get_nothing_and_disturb_nobody() {
    let (server, platform) = start(Limits { handshakes: 2, ..Limits::default() }).await;
    let mut lamp = Device::new(&server).await;
    lamp.connect(|| false).await;
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    stranger.connect(server.local_addresses()[1]).await.unwrap();
    let clear = Ask::default().bytes(1);
    let alert = [21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40];
    let data = [23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4];
    for bytes in [&clear[..], &alert, &data, &[22; 100], b""] {
        stranger.send(bytes).await.unwrap();
        // The same as if it came from the device.
        lamp.socket.send(bytes).await.unwrap();
    }
    let mut buffer = [0; 100];
    assert!(timeout(support::SILENCE, stranger.recv(&mut buffer)).await.is_err());
    // Handshakes that are begun and left do not keep others out.
    for _ in 0..10 {
        let mut left = Device::new(&server).await;
        left.drain(&mut || false).await;
    }
    let mut other = Device::new(&server).await;
    other.connect(|| false).await;
    assert_eq!(other.post("devices/lamp/readings", b"1").await, "2.04");
    assert_eq!(lamp.post("devices/lamp/readings", b"2").await, "2.04");
    assert_eq!(platform.taken.borrow().len(), 2);
}
