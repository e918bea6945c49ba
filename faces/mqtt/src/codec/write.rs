//! Writing: what a server sends.

use bytes::{BufMut, BytesMut};

use super::{AckKind, Properties, Protocol, Qos, Reason};

/// What CONNACK tells a client of MQTT 5.
#[derive(Debug, Default)]
pub(crate) struct Offer<'a> {
    pub session_expiry_s: Option<u32>,
    pub receive_max: u16,
    pub packet_max: u32,
    pub alias_max: u16,
    pub assigned_client_id: Option<&'a str>,
}

/// A refusal, or an acceptance without anything to tell.
pub(crate) fn connack_refused(out: &mut BytesMut, protocol: Protocol, reason: Reason, words: Option<&str>) {
    match protocol {
        Protocol::V311 => out.put_slice(&[0x20, 2, 0, reason.return_code()]),
        Protocol::V5 => {
            let mut body = BytesMut::new();
            body.put_slice(&[0, reason as u8]);
            put_words(&mut body, words);
            put_packet(out, 0x20, &body);
        }
    }
}

pub(crate) fn connack(out: &mut BytesMut, protocol: Protocol, session_present: bool, offer: &Offer<'_>) {
    if protocol == Protocol::V311 {
        out.put_slice(&[0x20, 2, u8::from(session_present), 0]);
        return;
    }
    let mut properties = BytesMut::new();
    if let Some(expiry_s) = offer.session_expiry_s {
        properties.put_u8(0x11);
        properties.put_u32(expiry_s);
    }
    properties.put_u8(0x21);
    properties.put_u16(offer.receive_max);
    properties.put_u8(0x27);
    properties.put_u32(offer.packet_max);
    properties.put_u8(0x22);
    properties.put_u16(offer.alias_max);
    if let Some(client_id) = offer.assigned_client_id {
        properties.put_u8(0x12);
        put_text(&mut properties, client_id);
    }
    // Shared subscriptions are not offered.
    properties.put_slice(&[0x2a, 0]);
    let mut body = BytesMut::new();
    body.put_slice(&[u8::from(session_present), 0]);
    put_variable(&mut body, properties.len());
    body.put_slice(&properties);
    put_packet(out, 0x20, &body);
}

/// PUBACK, PUBREC, PUBREL and PUBCOMP.
pub(crate) fn ack(
    out: &mut BytesMut,
    protocol: Protocol,
    kind: AckKind,
    pid: u16,
    reason: Reason,
    words: Option<&str>,
) {
    let first = (kind as u8) << 4 | if kind == AckKind::Pubrel { 2 } else { 0 };
    if protocol == Protocol::V311 || reason == Reason::Success {
        out.put_slice(&[first, 2]);
        out.put_u16(pid);
        return;
    }
    let mut body = BytesMut::new();
    body.put_u16(pid);
    body.put_u8(reason as u8);
    put_words(&mut body, words);
    put_packet(out, first, &body);
}

pub(crate) fn suback(out: &mut BytesMut, protocol: Protocol, pid: u16, codes: &[u8]) {
    put_codes(out, 0x90, protocol, pid, codes);
}

pub(crate) fn unsuback(out: &mut BytesMut, protocol: Protocol, pid: u16, codes: &[u8]) {
    put_codes(out, 0xb0, protocol, pid, if protocol == Protocol::V5 { codes } else { &[] });
}

fn put_codes(out: &mut BytesMut, first: u8, protocol: Protocol, pid: u16, codes: &[u8]) {
    let mut body = BytesMut::with_capacity(codes.len() + 3);
    body.put_u16(pid);
    if protocol == Protocol::V5 {
        body.put_u8(0);
    }
    body.put_slice(codes);
    put_packet(out, first, &body);
}

pub(crate) fn pong(out: &mut BytesMut) {
    out.put_slice(&[0xd0, 0]);
}

/// Only MQTT 5 has a DISCONNECT from the server; the others see the connection end.
pub(crate) fn disconnect(out: &mut BytesMut, protocol: Protocol, reason: Reason, words: Option<&str>) {
    if protocol == Protocol::V5 {
        let mut body = BytesMut::new();
        body.put_u8(reason as u8);
        put_words(&mut body, words);
        put_packet(out, 0xe0, &body);
    }
}

/// A message to a subscriber.
#[derive(Debug)]
pub(crate) struct Delivery<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub qos: Qos,
    pub retain: bool,
    pub dup: bool,
    pub pid: u16,
    pub properties: Option<&'a Properties>,
    pub expiry_s: Option<u32>,
    pub subscription_ids: &'a [u32],
}

/// Writes a PUBLISH; false when it would be longer than `packet_max`, and then nothing is written.
pub(crate) fn publish(out: &mut BytesMut, protocol: Protocol, packet_max: u32, message: &Delivery<'_>) -> bool {
    let mut properties = BytesMut::new();
    if protocol == Protocol::V5 {
        put_properties(&mut properties, message);
    }
    let mut length = 2 + message.topic.len() + message.payload.len();
    length += if message.qos == Qos::AtMostOnce { 0 } else { 2 };
    length += if protocol == Protocol::V5 { variable_length(properties.len()) + properties.len() } else { 0 };
    if 1 + variable_length(length) + length > packet_max as usize {
        return false;
    }
    let first = 0x30 | u8::from(message.dup) << 3 | (message.qos as u8) << 1 | u8::from(message.retain);
    out.reserve(5 + length);
    out.put_u8(first);
    put_variable(out, length);
    put_text(out, message.topic);
    if message.qos != Qos::AtMostOnce {
        out.put_u16(message.pid);
    }
    if protocol == Protocol::V5 {
        put_variable(out, properties.len());
        out.put_slice(&properties);
    }
    out.put_slice(message.payload);
    true
}

fn put_properties(out: &mut BytesMut, message: &Delivery<'_>) {
    if let Some(expiry_s) = message.expiry_s {
        out.put_u8(0x02);
        out.put_u32(expiry_s);
    }
    for id in message.subscription_ids {
        out.put_u8(0x0b);
        put_variable(out, *id as usize);
    }
    let Some(properties) = message.properties else { return };
    if properties.text {
        out.put_slice(&[0x01, 1]);
    }
    if let Some(content_type) = &properties.content_type {
        out.put_u8(0x03);
        put_text(out, content_type);
    }
    if let Some(response_topic) = &properties.response_topic {
        out.put_u8(0x08);
        put_text(out, response_topic);
    }
    if let Some(correlation) = &properties.correlation {
        out.put_u8(0x09);
        put_binary(out, correlation);
    }
    for (name, value) in &properties.user {
        out.put_u8(0x26);
        put_text(out, name);
        put_text(out, value);
    }
}

fn put_packet(out: &mut BytesMut, first: u8, body: &[u8]) {
    out.reserve(5 + body.len());
    out.put_u8(first);
    put_variable(out, body.len());
    out.put_slice(body);
}

/// The properties of an answer: none, or a reason string.
fn put_words(out: &mut BytesMut, words: Option<&str>) {
    let Some(words) = words else { return out.put_u8(0) };
    let mut end = words.len().min(200);
    while !words.is_char_boundary(end) {
        end -= 1;
    }
    let words = &words[..end];
    put_variable(out, 3 + words.len());
    out.put_u8(0x1f);
    put_text(out, words);
}

/// Strings that came by MQTT, or that [`Bag`](super::properties::Bag) would take, are at most 65 535 bytes long.
fn put_text(out: &mut BytesMut, text: &str) {
    put_binary(out, text.as_bytes());
}

fn put_binary(out: &mut BytesMut, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    out.put_u16(length);
    out.put_slice(&bytes[..usize::from(length)]);
}

fn put_variable(out: &mut BytesMut, mut value: usize) {
    loop {
        let byte = (value % 128) as u8;
        value /= 128;
        out.put_u8(if value > 0 { byte | 0x80 } else { byte });
        if value == 0 {
            return;
        }
    }
}

fn variable_length(value: usize) -> usize {
    match value {
        0..=127 => 1,
        128..=16_383 => 2,
        16_384..=2_097_151 => 3,
        _ => 4,
    }
}
