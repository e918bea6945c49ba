//! A gate that remembers, and a client that sends whatever bytes it is given.
#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs, and fails when it cannot go on")]

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dipper_mqtt::{
    Admitted, Broker, ConnectRefused, Gate, Gone, Hello, Limits, Listener, Message, PublishRefused, Reason, Route, Tls,
};
use model::DeviceId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Everything in a test that waits for something waits no longer than this: it fails then, it does not hang.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Devices have the password `secret` and publish below `devices/<name>/` alone; `admin` may do all.
#[derive(Debug)]
pub struct Platform {
    pub taken: watch::Sender<Vec<(String, Message)>>,
    pub gone: watch::Sender<Vec<(String, Gone)>>,
    pub delivered: watch::Sender<Vec<(String, u64)>>,
    pub filters: watch::Sender<Vec<String>>,
    /// While true, nothing is taken.
    pub held: watch::Sender<bool>,
    /// Messages that arrived, taken or not.
    pub arrived: watch::Sender<usize>,
    pub passwords: Mutex<HashMap<String, String>>,
}

impl Default for Platform {
    fn default() -> Self {
        Self {
            taken: watch::Sender::default(),
            gone: watch::Sender::default(),
            delivered: watch::Sender::default(),
            filters: watch::Sender::default(),
            held: watch::Sender::new(false),
            arrived: watch::Sender::default(),
            passwords: Mutex::default(),
        }
    }
}

impl Gate for Platform {
    type Client = String;

    async fn connect(&self, hello: Hello) -> Result<Admitted<String>, ConnectRefused> {
        let name = hello.user_name.ok_or(ConnectRefused::BadUserNameOrPassword)?.to_string();
        let device = DeviceId::new(&name).map_err(|_| ConnectRefused::BadUserNameOrPassword)?;
        let expected = self.passwords.lock().unwrap().get(&name).cloned().unwrap_or_else(|| "secret".to_owned());
        match hello.password {
            Some(password) if password == expected.as_bytes() => Ok(Admitted { owner: device.into(), client: name }),
            // The same device with the rights of another name.
            Some(password) if *password == b"less"[..] => {
                Ok(Admitted { owner: device.into(), client: "nobody".to_owned() })
            }
            _ if name == "barred" => Err(ConnectRefused::Banned),
            _ => Err(ConnectRefused::BadUserNameOrPassword),
        }
    }

    fn may_publish(&self, client: &String, topic: &str) -> bool {
        client == "admin" || topic.starts_with(&format!("devices/{client}/"))
    }

    fn may_subscribe(&self, client: &String, filter: &str) -> bool {
        client == "admin" || filter.starts_with(&format!("devices/{client}/")) || filter.starts_with("v1.1/")
    }

    async fn publish(&self, client: &String, message: Message) -> Result<Route, PublishRefused> {
        self.arrived.send_modify(|count| *count += 1);
        self.held.subscribe().wait_for(|held| !held).await.unwrap();
        if message.topic.ends_with("/bad") {
            return Err(PublishRefused::Never { reason: Reason::PayloadFormatInvalid, words: "no number".into() });
        }
        if message.topic.ends_with("/later") {
            return Err(PublishRefused::Later);
        }
        self.taken.send_modify(|taken| taken.push((client.clone(), message)));
        Ok(if client == "admin" { Route::Subscribers } else { Route::Stop })
    }

    fn subscribed(&self, _client: &String, filter: &str) {
        self.filters.send_modify(|filters| filters.push(filter.to_owned()));
    }

    fn unsubscribed(&self, _client: &String, filter: &str) {
        self.filters.send_modify(|filters| filters.retain(|held| held != filter));
    }

    fn delivered(&self, client: &String, ticket: u64) {
        self.delivered.send_modify(|delivered| delivered.push((client.clone(), ticket)));
    }

    fn gone(&self, client: &String, why: Gone) {
        self.gone.send_modify(|gone| gone.push((client.clone(), why)));
    }
}

impl Platform {
    /// Waits until so many messages were taken, and answers them.
    pub async fn taken(&self, count: usize) -> Vec<(String, Message)> {
        until(&self.taken, |taken| taken.len() >= count).await
    }

    /// Waits for the end of a client's connection.
    pub async fn gone(&self, client: &str) -> Gone {
        let gone = until(&self.gone, |gone| gone.iter().any(|(name, _)| name == client)).await;
        gone.iter().rfind(|(name, _)| name == client).unwrap().1
    }
}

/// Waits for a value.
pub async fn until<T: Clone>(of: &watch::Sender<T>, is: impl FnMut(&T) -> bool) -> T {
    let mut receiver = of.subscribe();
    let found = tokio::time::timeout(PATIENCE, receiver.wait_for(is)).await;
    found.expect("it comes in time").unwrap().clone()
}

/// A broker on a port of the system's choice.
pub async fn start(limits: Limits) -> (Broker<Platform>, Arc<Platform>) {
    start_with(limits, None).await
}

pub async fn start_with(limits: Limits, tls: Option<Tls>) -> (Broker<Platform>, Arc<Platform>) {
    let platform = Arc::new(Platform::default());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listeners = vec![Listener { address, tls }];
    (Broker::start(listeners, limits, Arc::clone(&platform)).await.unwrap(), platform)
}

pub fn address(broker: &Broker<Platform>) -> SocketAddr {
    broker.local_addresses()[0]
}

/// A client that writes bytes; `5` and `4` are the levels of the protocol.
#[derive(Debug)]
pub struct Raw {
    pub stream: TcpStream,
    pub level: u8,
}

/// How a raw client connects.
#[derive(Debug, Clone)]
pub struct Connect<'a> {
    pub level: u8,
    pub name: &'a str,
    pub password: &'a str,
    pub id: &'a str,
    pub clean: bool,
    pub keep_alive_s: u16,
    /// Properties of MQTT 5, without their length.
    pub properties: &'a [u8],
    /// Topic, payload, QoS, retain, delay in seconds.
    pub will: Option<(&'a str, &'a str, u8, bool, u32)>,
}

impl Default for Connect<'_> {
    fn default() -> Self {
        let (name, password) = ("lamp", "secret");
        Self { level: 5, name, password, id: "c", clean: true, keep_alive_s: 0, properties: &[], will: None }
    }
}

pub fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    loop {
        let byte = (length % 128) as u8;
        length /= 128;
        bytes.push(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

impl Connect<'_> {
    pub fn bytes(&self) -> Vec<u8> {
        let mut body = text("MQTT");
        let will = self.will.map_or(0, |(_, _, qos, retain, _)| 4 | qos << 3 | u8::from(retain) << 5);
        body.extend_from_slice(&[self.level, 0xc0 | u8::from(self.clean) << 1 | will]);
        body.extend_from_slice(&self.keep_alive_s.to_be_bytes());
        if self.level == 5 {
            body.push(u8::try_from(self.properties.len()).unwrap());
            body.extend_from_slice(self.properties);
        }
        body.extend(text(self.id));
        if let Some((topic, payload, _, _, delay_s)) = self.will {
            if self.level == 5 {
                body.extend_from_slice(&[5, 0x18]);
                body.extend_from_slice(&delay_s.to_be_bytes());
            }
            body.extend(text(topic));
            body.extend(text(payload));
        }
        body.extend(text(self.name));
        body.extend(text(self.password));
        packet(0x10, &body)
    }
}

impl Raw {
    pub async fn open(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), level: 5 }
    }

    /// Connects and is let in; whether a session was there.
    pub async fn enter(address: SocketAddr, connect: Connect<'_>) -> (Self, bool) {
        let (raw, first, body) = Self::try_enter(address, connect).await;
        assert_eq!((first, body[1]), (0x20, 0), "let in: {body:?}");
        (raw, body[0] == 1)
    }

    pub async fn try_enter(address: SocketAddr, connect: Connect<'_>) -> (Self, u8, Vec<u8>) {
        let mut raw = Self::open(address).await;
        raw.level = connect.level;
        raw.send(&connect.bytes()).await;
        let (first, body) = raw.receive().await.expect("an answer to CONNECT");
        (raw, first, body)
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub fn publish_bytes(&self, topic: &str, payload: &[u8], qos: u8, pid: u16, flags: u8) -> Vec<u8> {
        let mut body = text(topic);
        if qos > 0 {
            body.extend_from_slice(&pid.to_be_bytes());
        }
        if self.level == 5 {
            body.push(0);
        }
        body.extend_from_slice(payload);
        packet(0x30 | qos << 1 | flags, &body)
    }

    pub async fn publish(&mut self, topic: &str, payload: &str, qos: u8, pid: u16) {
        let bytes = self.publish_bytes(topic, payload.as_bytes(), qos, pid, 0);
        self.send(&bytes).await;
    }

    /// Subscribes, and answers the code.
    pub async fn subscribe(&mut self, filter: &str, options: u8) -> u8 {
        let mut body = vec![0, 77];
        if self.level == 5 {
            body.push(0);
        }
        body.extend(text(filter));
        body.push(options);
        self.send(&packet(0x82, &body)).await;
        let (first, body) = self.receive().await.unwrap();
        assert_eq!((first, &body[..2]), (0x90, &[0, 77][..]));
        *body.last().unwrap()
    }

    pub async fn acknowledge(&mut self, first: u8, pid: u16) {
        self.send(&packet(first, &pid.to_be_bytes())).await;
    }

    pub async fn ping(&mut self) {
        self.send(&[0xc0, 0]).await;
    }

    /// The next packet: first byte and body. `None` at the end of the connection.
    pub async fn receive(&mut self) -> Option<(u8, Vec<u8>)> {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("an answer in time")
    }

    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.stream.read_u8().await.ok()?;
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let byte = self.stream.read_u8().await.ok()?;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.ok()?;
        Some((first, body))
    }

    /// The next packet, which is a PUBLISH without properties: flags, topic, number, payload.
    pub async fn message(&mut self) -> (u8, String, u16, String) {
        let (first, body) = self.receive().await.expect("a message");
        assert_eq!(first >> 4, 3, "a message: {first:x} {body:?}");
        let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let topic = String::from_utf8(body[2..2 + length].to_vec()).unwrap();
        let mut at = 2 + length;
        let mut pid = 0;
        if first & 6 != 0 {
            pid = u16::from_be_bytes([body[at], body[at + 1]]);
            at += 2;
        }
        if self.level == 5 {
            at += 1 + usize::from(body[at]);
        }
        (first & 15, topic, pid, String::from_utf8(body[at..].to_vec()).unwrap())
    }

    /// Reads to the end of the connection; the reason of the DISCONNECT before it.
    pub async fn end(&mut self) -> Option<u8> {
        let mut reason = None;
        while let Some((first, body)) = self.receive().await {
            if first == 0xe0 {
                reason = body.first().copied();
            }
        }
        reason
    }
}
