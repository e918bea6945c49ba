//! A gate that remembers, and a client that sends whatever datagrams it is given.
#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs, and fails when it cannot go on")]

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dipper_coap::message::{Code, Kind, Message, Token, Writer, number, uint};
use dipper_coap::{
    Admitted, Block, Command, Credential, Gate, Hello, Key, Limits, Listener, Message as Said, NotTaken, Refused,
    Server,
};
use model::DeviceId;
use sha2::{Digest, Sha256};
use tokio::net::UdpSocket;
use tokio::sync::watch;

/// Everything in a test that waits for something waits no longer than this: it fails then, it does not hang.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// What is not to come has not come after this.
pub const SILENCE: Duration = Duration::from_millis(150);

/// Devices have the password `secret`; `barred` may not speak.
#[derive(Debug)]
pub struct Platform {
    pub taken: watch::Sender<Vec<(String, Said)>>,
    pub delivered: watch::Sender<Vec<(String, u64)>>,
    pub undelivered: watch::Sender<Vec<(String, u64)>>,
    /// Devices that observe, once for every time they said so.
    pub observed: watch::Sender<Vec<String>>,
    pub unobserved: watch::Sender<Vec<String>>,
    /// While true, nothing is taken.
    pub held: watch::Sender<bool>,
    /// Messages that arrived, taken or not.
    pub arrived: watch::Sender<usize>,
    /// Commands for whoever asks once.
    pub waiting: Mutex<VecDeque<Command>>,
}

impl Default for Platform {
    fn default() -> Self {
        Self {
            taken: watch::Sender::default(),
            delivered: watch::Sender::default(),
            undelivered: watch::Sender::default(),
            observed: watch::Sender::default(),
            unobserved: watch::Sender::default(),
            held: watch::Sender::new(false),
            arrived: watch::Sender::default(),
            waiting: Mutex::default(),
        }
    }
}

/// The key of every device: the SHA-256 of its password, as hexadecimal text.
pub fn key() -> String {
    Sha256::digest(b"secret").iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Gate for Platform {
    type Client = String;

    fn key(&self, identity: &str) -> Option<Key> {
        (identity != "nobody").then(|| Key(key().into_bytes()))
    }

    fn admit(&self, hello: Hello<'_>) -> Result<Admitted<String>, Refused> {
        let device = DeviceId::new(hello.device).map_err(|_| Refused::Credentials)?;
        let is_right = match hello.credential {
            Credential::Nothing => false,
            Credential::Password(password) => password == "secret",
            Credential::Proven { identity, key: proven } => identity == hello.device && proven.0 == key().as_bytes(),
        };
        if !is_right {
            return Err(Refused::Credentials);
        }
        if hello.device == "barred" {
            return Err(Refused::NotAllowed);
        }
        Ok(Admitted { device, client: hello.device.to_owned() })
    }

    async fn take(&self, client: &String, message: Said) -> Result<(), NotTaken> {
        self.arrived.send_modify(|count| *count += 1);
        self.held.subscribe().wait_for(|held| !held).await.unwrap();
        match &message.payload[..] {
            b"bad" => return Err(NotTaken::Never { words: "no number".into() }),
            b"later" => return Err(NotTaken::Later),
            b"gone" => return Err(NotTaken::Gone),
            b"panic" => panic!("a platform that fails"),
            _ => {}
        }
        self.taken.send_modify(|taken| taken.push((client.clone(), message)));
        Ok(())
    }

    async fn next_command(&self, _client: &String) -> Result<Option<Command>, NotTaken> {
        Ok(self.waiting.lock().unwrap().front().cloned())
    }

    fn may_observe(&self, client: &String) -> Result<(), NotTaken> {
        if client == "deaf" { Err(NotTaken::NotFound) } else { Ok(()) }
    }

    fn observed(&self, client: &String) {
        self.observed.send_modify(|observed| observed.push(client.clone()));
    }

    fn unobserved(&self, client: &String) {
        self.unobserved.send_modify(|unobserved| unobserved.push(client.clone()));
    }

    fn delivered(&self, device: &DeviceId, ticket: u64) {
        self.delivered.send_modify(|delivered| delivered.push((device.to_string(), ticket)));
    }

    fn undelivered(&self, device: &DeviceId, ticket: u64) {
        self.undelivered.send_modify(|undelivered| undelivered.push((device.to_string(), ticket)));
    }
}

/// Waits for a value.
pub async fn until<T: Clone>(of: &watch::Sender<T>, is: impl FnMut(&T) -> bool) -> T {
    let mut receiver = of.subscribe();
    let found = tokio::time::timeout(PATIENCE, receiver.wait_for(is)).await;
    found.expect("it comes in time").unwrap().clone()
}

/// Limits under which a message of ours is sent again soon.
pub fn hasty() -> Limits {
    Limits {
        ack_timeout: Duration::from_millis(200),
        answer_within: Duration::from_millis(200),
        retransmissions: 2,
        ..Limits::default()
    }
}

/// A gateway on ports of the system's choice: in the clear, and over DTLS.
pub async fn start(limits: Limits) -> (Server<Platform>, Arc<Platform>) {
    let platform = Arc::new(Platform::default());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listeners = [false, true].map(|secure| Listener { address, secure });
    (Server::start(listeners.to_vec(), limits, Arc::clone(&platform)).await.unwrap(), platform)
}

pub fn device(name: &str) -> DeviceId {
    DeviceId::new(name).unwrap()
}

/// A client that sends datagrams.
#[derive(Debug)]
pub struct Raw {
    pub socket: UdpSocket,
    pub mid: u16,
}

/// A message that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    pub kind: Kind,
    pub code: String,
    pub mid: u16,
    pub token: Vec<u8>,
    pub options: Vec<(u16, Vec<u8>)>,
    pub payload: Vec<u8>,
    pub length: usize,
}

impl Came {
    pub fn uint(&self, wanted: u16) -> Option<u32> {
        let found = self.options.iter().find(|(number, _)| *number == wanted)?;
        uint(&found.1, 4)
    }

    pub fn block(&self, wanted: u16) -> Option<(u32, bool, u8)> {
        let found = self.options.iter().find(|(number, _)| *number == wanted)?;
        Block::read(&found.1).map(|block| (block.num, block.more, block.szx))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.payload).unwrap()
    }
}

/// A request to be sent.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    pub kind: Kind,
    pub code: Code,
    pub token: &'a [u8],
    /// With the query after `?`.
    pub path: &'a str,
    pub options: Vec<(u16, u32)>,
    pub payload: &'a [u8],
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Self {
            kind: Kind::Confirmable,
            code: Code::POST,
            token: b"t",
            path: "devices/lamp/readings?k=secret",
            options: Vec::new(),
            payload: b"",
        }
    }
}

impl Ask<'_> {
    pub fn bytes(&self, mid: u16) -> Vec<u8> {
        let number_of = |value: u32| {
            let bytes = value.to_be_bytes();
            bytes[value.leading_zeros() as usize / 8..].to_vec()
        };
        let mut options: Vec<_> = self.options.iter().map(|(number, value)| (*number, number_of(*value))).collect();
        let (path, query) = self.path.split_once('?').map_or((self.path, None), |(path, query)| (path, Some(query)));
        options.extend(path.split('/').map(|segment| (number::URI_PATH, segment.as_bytes().to_vec())));
        options.extend(query.map(|query| (number::URI_QUERY, query.as_bytes().to_vec())));
        options.sort_by_key(|(number, _)| *number);
        let token = Token::new(self.token).unwrap();
        let mut writer = Writer::new(self.kind, self.code, mid, &token, self.payload.len());
        for (number, value) in &options {
            writer.option(*number, value);
        }
        writer.end(self.payload).to_vec()
    }
}

impl Raw {
    /// Speaks in the clear.
    pub async fn open(server: &Server<Platform>) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket.connect(server.local_addresses()[0]).await.unwrap();
        Self { socket, mid: 0 }
    }

    pub async fn send(&self, bytes: &[u8]) {
        self.socket.send(bytes).await.unwrap();
    }

    /// Sends a request with a new number, and answers with that.
    pub async fn ask(&mut self, ask: &Ask<'_>) -> u16 {
        self.mid += 1;
        self.send(&ask.bytes(self.mid)).await;
        self.mid
    }

    pub async fn receive(&self) -> Came {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("an answer in time")
    }

    /// Nothing comes.
    pub async fn silence(&self) {
        if let Ok(came) = tokio::time::timeout(SILENCE, self.read()).await {
            panic!("something came: {came:?}");
        }
    }

    async fn read(&self) -> Came {
        let mut buffer = vec![0; 70_000];
        let length = self.socket.recv(&mut buffer).await.unwrap();
        let message = Message::read(&buffer[..length]).unwrap();
        Came {
            kind: message.kind,
            code: message.code.to_string(),
            mid: message.mid,
            token: message.token.as_bytes().to_vec(),
            options: message.options().map(|(number, value)| (number, value.to_vec())).collect(),
            payload: message.payload.to_vec(),
            length,
        }
    }

    /// Asks, and answers with what came back for it.
    pub async fn call(&mut self, ask: &Ask<'_>) -> Came {
        let mid = self.ask(ask).await;
        let came = self.receive().await;
        if ask.kind == Kind::Confirmable {
            assert_eq!((came.kind, came.mid), (Kind::Acknowledgement, mid), "{came:?}");
        }
        came
    }

    /// Posts readings, and answers with the code.
    pub async fn post(&mut self, path: &str, payload: &[u8]) -> String {
        self.call(&Ask { path, payload, ..Ask::default() }).await.code
    }

    pub async fn acknowledge(&self, came: &Came) {
        self.send(&[0x60, 0, (came.mid >> 8) as u8, came.mid as u8]).await;
    }

    pub async fn reset(&self, came: &Came) {
        self.send(&[0x70, 0, (came.mid >> 8) as u8, came.mid as u8]).await;
    }
}
