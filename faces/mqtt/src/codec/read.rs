//! Reading: from bytes to packets.

use super::properties::{self, Bag};
use super::{
    Ack, AckKind, Disconnect, Fault, Options, Packet, Protocol, Publish, Qos, Reason, Subscribe, Unsubscribe, connect,
    malformed, protocol_error,
};
use crate::topic;

/// A whole frame at the beginning of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Type and flags.
    pub first: u8,
    /// Bytes before the body.
    pub head: usize,
    /// Bytes of the whole.
    pub total: usize,
}

/// Finds the first frame: `Ok(None)` while not even its length is there. The body may still be missing.
pub(crate) fn frame(bytes: &[u8], packet_max: usize) -> Result<Option<Frame>, Fault> {
    let Some(&first) = bytes.first() else { return Ok(None) };
    check_flags(first)?;
    let mut length = 0_usize;
    for at in 1..=4 {
        let Some(&byte) = bytes.get(at) else { return Ok(None) };
        length |= usize::from(byte & 0x7f) << (7 * (at - 1));
        if byte & 0x80 == 0 {
            let head = at + 1;
            if head + length > packet_max {
                return Err(Fault { reason: Reason::PacketTooLarge, what: "the packet is above the limit" });
            }
            return Ok(Some(Frame { first, head, total: head + length }));
        }
    }
    Err(malformed("a remaining length of more than four bytes"))
}

/// Types a client sends, with their fixed flags (3.1.1 §2.2.2, 5 §2.1.3).
fn check_flags(first: u8) -> Result<(), Fault> {
    let fits = match first >> 4 {
        3 => (first >> 1) & 3 != 3,
        6 | 8 | 10 => first & 15 == 2,
        1 | 4 | 5 | 7 | 12 | 14 | 15 => first & 15 == 0,
        _ => return Err(protocol_error("a packet that clients do not send")),
    };
    if fits { Ok(()) } else { Err(malformed("wrong flags in the fixed header")) }
}

/// Reads the body of a frame.
pub(crate) fn packet(first: u8, body: &[u8], protocol: Protocol) -> Result<Packet<'_>, Fault> {
    let mut reader = Reader::new(body);
    let packet = match first >> 4 {
        1 => Packet::Connect(Box::new(connect::read(&mut reader)?)),
        3 => return publish(first, reader, protocol).map(Packet::Publish),
        4 => ack(AckKind::Puback, &mut reader, protocol)?,
        5 => ack(AckKind::Pubrec, &mut reader, protocol)?,
        6 => ack(AckKind::Pubrel, &mut reader, protocol)?,
        7 => ack(AckKind::Pubcomp, &mut reader, protocol)?,
        8 => Packet::Subscribe(subscribe(&mut reader, protocol)?),
        10 => Packet::Unsubscribe(unsubscribe(&mut reader, protocol)?),
        12 => Packet::Ping,
        14 => Packet::Disconnect(disconnect(&mut reader, protocol)?),
        // AUTH continues an exchange that CONNECT began, and we begin none.
        _ => return Err(protocol_error("AUTH without an authentication method")),
    };
    if reader.is_empty() { Ok(packet) } else { Err(malformed("bytes after the end of the packet")) }
}

fn publish<'a>(first: u8, mut reader: Reader<'a>, protocol: Protocol) -> Result<Publish<'a>, Fault> {
    let qos = Qos::from_bits((first >> 1) & 3)?;
    let dup = first & 8 != 0;
    if dup && qos == Qos::AtMostOnce {
        return Err(malformed("DUP with QoS 0"));
    }
    let topic = reader.text()?;
    let pid = if qos == Qos::AtMostOnce { 0 } else { reader.pid()? };
    let (mut properties, mut alias) = (None, 0);
    if protocol == Protocol::V5 {
        let bag = Bag::read(&mut reader, properties::PUBLISH)?;
        if bag.alias == Some(0) {
            return Err(Fault { reason: Reason::TopicAliasInvalid, what: "topic alias 0" });
        }
        alias = bag.alias.unwrap_or(0);
        if bag.response_topic.as_deref().is_some_and(|topic| !topic::is_name(topic)) {
            return Err(protocol_error("the response topic is no topic"));
        }
        properties = bag.into_properties();
    }
    if !topic::is_name(topic) && (alias == 0 || !topic.is_empty()) {
        return Err(Fault { reason: Reason::TopicNameInvalid, what: "the topic is empty or has wildcards" });
    }
    let payload = reader.rest();
    let text = properties.as_ref().is_some_and(|properties| properties.text);
    if text && std::str::from_utf8(payload).is_err() {
        return Err(Fault { reason: Reason::PayloadFormatInvalid, what: "the payload is not the UTF-8 it says it is" });
    }
    Ok(Publish { dup, qos, retain: first & 1 != 0, pid, topic, alias, payload, properties })
}

fn ack<'a>(kind: AckKind, reader: &mut Reader<'_>, protocol: Protocol) -> Result<Packet<'a>, Fault> {
    let pid = reader.pid()?;
    let mut reason = 0;
    if protocol == Protocol::V5 && !reader.is_empty() {
        reason = reader.byte()?;
        if !reader.is_empty() {
            Bag::read(reader, properties::ACK)?;
        }
    }
    Ok(Packet::Ack(Ack { kind, pid, reason }))
}

fn subscribe(reader: &mut Reader<'_>, protocol: Protocol) -> Result<Subscribe, Fault> {
    let pid = reader.pid()?;
    let id = match protocol {
        Protocol::V5 => Bag::read(reader, properties::SUBSCRIBE)?.subscription_id,
        Protocol::V311 => None,
    };
    let mut filters = Vec::new();
    while !reader.is_empty() {
        let filter = reader.text()?;
        filters.push((filter.into(), options(reader.byte()?, protocol)?));
    }
    if filters.is_empty() {
        return Err(protocol_error("SUBSCRIBE without filters"));
    }
    Ok(Subscribe { pid, id, filters })
}

fn options(byte: u8, protocol: Protocol) -> Result<Options, Fault> {
    let qos = Qos::from_bits(byte & 3)?;
    let reserved = match protocol {
        Protocol::V311 => byte & 0xfc,
        Protocol::V5 => byte & 0xc0,
    };
    let retain_handling = (byte >> 4) & 3;
    if reserved != 0 || retain_handling == 3 {
        return Err(malformed("subscription options with reserved bits"));
    }
    Ok(Options { qos, no_local: byte & 4 != 0, retain_as_published: byte & 8 != 0, retain_handling })
}

fn unsubscribe(reader: &mut Reader<'_>, protocol: Protocol) -> Result<Unsubscribe, Fault> {
    let pid = reader.pid()?;
    if protocol == Protocol::V5 {
        Bag::read(reader, properties::UNSUBSCRIBE)?;
    }
    let mut filters = Vec::new();
    while !reader.is_empty() {
        filters.push(reader.text()?.into());
    }
    if filters.is_empty() {
        return Err(protocol_error("UNSUBSCRIBE without filters"));
    }
    Ok(Unsubscribe { pid, filters })
}

fn disconnect(reader: &mut Reader<'_>, protocol: Protocol) -> Result<Disconnect, Fault> {
    if protocol == Protocol::V311 || reader.is_empty() {
        return Ok(Disconnect { reason: 0, session_expiry_s: None });
    }
    let reason = reader.byte()?;
    let bag = if reader.is_empty() { Bag::default() } else { Bag::read(reader, properties::DISCONNECT)? };
    Ok(Disconnect { reason, session_expiry_s: bag.session_expiry_s })
}

/// Bytes that are read from the front.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(malformed("the packet ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, Fault> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub fn flag(&mut self) -> Result<bool, Fault> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(protocol_error("a flag is 0 or 1")),
        }
    }

    pub fn short(&mut self) -> Result<u16, Fault> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub fn long(&mut self) -> Result<u32, Fault> {
        self.take(4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A packet identifier.
    pub fn pid(&mut self) -> Result<u16, Fault> {
        match self.short()? {
            0 => Err(protocol_error("packet identifier 0")),
            pid => Ok(pid),
        }
    }

    /// A variable byte integer.
    pub fn variable(&mut self) -> Result<u32, Fault> {
        let mut value = 0_u32;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(malformed("a variable integer of more than four bytes"))
    }

    pub fn binary(&mut self) -> Result<&'a [u8], Fault> {
        let length = usize::from(self.short()?);
        self.take(length)
    }

    /// UTF-8 without U+0000 (3.1.1 §1.5.3, 5 §1.5.4).
    pub fn text(&mut self) -> Result<&'a str, Fault> {
        let text = std::str::from_utf8(self.binary()?).map_err(|_| malformed("a string is not UTF-8"))?;
        if text.as_bytes().contains(&0) { Err(malformed("a string with U+0000")) } else { Ok(text) }
    }
}
