//! Packets of MQTT 3.1.1 and 5 as a server reads and writes them. No I/O: bytes in, packets out, and the other way.
//!
//! A frame is cut out first and read alone, so that a length inside it can never reach beyond it.

pub(crate) mod connect;
pub(crate) mod properties;
pub(crate) mod read;
mod reason;
pub(crate) mod write;

pub use reason::Reason;

use bytes::Bytes;

/// Which MQTT a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// MQTT 3.1.1 (ISO/IEC 20922).
    V311,
    /// MQTT 5.0.
    V5,
}

/// How surely a message is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qos {
    /// At most once: nothing is acknowledged.
    AtMostOnce = 0,
    /// At least once.
    AtLeastOnce = 1,
    /// Exactly once; taken from clients, never used towards them.
    ExactlyOnce = 2,
}

impl Qos {
    fn from_bits(bits: u8) -> Result<Self, Fault> {
        match bits {
            0 => Ok(Self::AtMostOnce),
            1 => Ok(Self::AtLeastOnce),
            2 => Ok(Self::ExactlyOnce),
            _ => Err(malformed("QoS 3")),
        }
    }
}

/// What a message of MQTT 5 carries besides its payload, handed on as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties {
    /// The payload is said to be UTF-8 (and was looked at).
    pub text: bool,
    /// Seconds after which nobody wants it any more.
    pub expiry_s: Option<u32>,
    /// MIME type of the payload.
    pub content_type: Option<Box<str>>,
    /// Where an answer is wanted.
    pub response_topic: Option<Box<str>>,
    /// What the answer has to carry.
    pub correlation: Option<Bytes>,
    /// Name and value pairs, in order.
    pub user: Vec<(Box<str>, Box<str>)>,
}

/// Why a packet, and with it the connection, is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Fault {
    /// For the DISCONNECT of MQTT 5.
    pub reason: Reason,
    /// For people.
    pub what: &'static str,
}

pub(crate) const fn malformed(what: &'static str) -> Fault {
    Fault { reason: Reason::MalformedPacket, what }
}

pub(crate) const fn protocol_error(what: &'static str) -> Fault {
    Fault { reason: Reason::ProtocolError, what }
}

/// A packet from a client.
#[derive(Debug, PartialEq)]
pub(crate) enum Packet<'a> {
    Connect(Box<Connect>),
    Publish(Publish<'a>),
    Ack(Ack),
    Subscribe(Subscribe),
    Unsubscribe(Unsubscribe),
    Ping,
    Disconnect(Disconnect),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Connect {
    pub protocol: Protocol,
    pub client_id: Box<str>,
    pub clean_start: bool,
    pub keep_alive_s: u16,
    pub will: Option<Will>,
    pub user_name: Option<Box<str>>,
    pub password: Option<Bytes>,
    /// `None`: ends with the connection (5), or is kept as long as we like (3.1.1 without clean session).
    pub session_expiry_s: Option<u32>,
    /// Messages it takes unacknowledged.
    pub receive_max: u16,
    /// Longest packet it takes.
    pub packet_max: u32,
    /// It wants to be told why in words.
    pub wants_words: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Will {
    pub topic: Box<str>,
    pub payload: Bytes,
    pub qos: Qos,
    pub retain: bool,
    pub delay_s: u32,
    pub properties: Option<Box<Properties>>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Publish<'a> {
    pub dup: bool,
    pub qos: Qos,
    pub retain: bool,
    /// 0 with QoS 0, where there is none.
    pub pid: u16,
    /// Empty when an alias stands for it.
    pub topic: &'a str,
    /// A number for the topic; 0 for none.
    pub alias: u16,
    pub payload: &'a [u8],
    pub properties: Option<Box<Properties>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AckKind {
    Puback = 4,
    Pubrec = 5,
    Pubrel = 6,
    Pubcomp = 7,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ack {
    pub kind: AckKind,
    pub pid: u16,
    /// 0 in MQTT 3.1.1.
    pub reason: u8,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Subscribe {
    pub pid: u16,
    pub id: Option<u32>,
    pub filters: Vec<(Box<str>, Options)>,
}

/// How one filter is subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    pub qos: Qos,
    pub no_local: bool,
    pub retain_as_published: bool,
    /// 0 send retained messages, 1 send them when the subscription is new, 2 do not.
    pub retain_handling: u8,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Unsubscribe {
    pub pid: u16,
    pub filters: Vec<Box<str>>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Disconnect {
    pub reason: u8,
    pub session_expiry_s: Option<u32>,
}

#[cfg(test)]
mod tests;
