//! CONNECT (3.1.1 §3.1, 5 §3.1).

use bytes::Bytes;

use super::properties::{self, Bag};
use super::read::Reader;
use super::{Connect, Fault, Protocol, Qos, Reason, Will, malformed, protocol_error};
use crate::topic;

/// Reads the body of a CONNECT.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Connect, Fault> {
    let protocol = protocol(reader)?;
    let flags = reader.byte()?;
    if flags & 1 != 0 {
        return Err(malformed("the reserved flag of CONNECT is set"));
    }
    let keep_alive_s = reader.short()?;
    let bag = match protocol {
        Protocol::V5 => Bag::read(reader, properties::CONNECT)?,
        Protocol::V311 => Bag::default(),
    };
    if bag.auth_method.is_some() || bag.auth_data.is_some() {
        let reason = Reason::BadAuthenticationMethod;
        return Err(Fault { reason, what: "no authentication method is offered, use name and password" });
    }
    let client_id = reader.text()?.into();
    let will = will(flags, reader, protocol)?;
    let user_name = if flags & 0x80 != 0 { Some(reader.text()?.into()) } else { None };
    let password = if flags & 0x40 != 0 { Some(Bytes::copy_from_slice(reader.binary()?)) } else { None };
    if protocol == Protocol::V311 && password.is_some() && user_name.is_none() {
        return Err(malformed("a password without a user name"));
    }
    Ok(Connect {
        protocol,
        client_id,
        clean_start: flags & 2 != 0,
        keep_alive_s,
        will,
        user_name,
        password,
        session_expiry_s: bag.session_expiry_s,
        receive_max: bag.receive_max.unwrap_or(u16::MAX),
        packet_max: bag.packet_max.unwrap_or(u32::MAX),
        wants_words: bag.wants_words.unwrap_or(true),
    })
}

/// The name and the level that a CONNECT begins with, as far as it can be told: how a refusal has to be written.
pub(crate) fn protocol(reader: &mut Reader<'_>) -> Result<Protocol, Fault> {
    let name = reader.binary()?;
    let level = reader.byte()?;
    match (name, level) {
        (b"MQTT", 4) => Ok(Protocol::V311),
        (b"MQTT", 5) => Ok(Protocol::V5),
        (b"MQTT" | b"MQIsdp", _) => {
            Err(Fault { reason: Reason::UnsupportedProtocol, what: "this is MQTT, and neither 3.1.1 nor 5" })
        }
        _ => Err(malformed("this is not MQTT")),
    }
}

fn will(flags: u8, reader: &mut Reader<'_>, protocol: Protocol) -> Result<Option<Will>, Fault> {
    let qos = Qos::from_bits((flags >> 3) & 3)?;
    let retain = flags & 0x20 != 0;
    if flags & 4 == 0 {
        let clean = qos == Qos::AtMostOnce && !retain;
        return if clean { Ok(None) } else { Err(malformed("flags of a will without a will")) };
    }
    let mut delay_s = 0;
    let mut properties = None;
    if protocol == Protocol::V5 {
        let bag = Bag::read(reader, properties::WILL)?;
        delay_s = bag.will_delay_s.unwrap_or(0);
        properties = bag.into_properties();
    }
    let topic = reader.text()?;
    if !topic::is_name(topic) {
        return Err(protocol_error("the topic of the will is empty or has wildcards"));
    }
    let payload = Bytes::copy_from_slice(reader.binary()?);
    Ok(Some(Will { topic: topic.into(), payload, qos, retain, delay_s, properties }))
}
