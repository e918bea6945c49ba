//! Properties of MQTT 5 (§2.2.2.2): a length, then identifier and value pairs.

use bytes::Bytes;

use super::read::Reader;
use super::{Fault, Properties, malformed, protocol_error};

/// Every property a client may send; what a packet may carry is said where it is read.
#[derive(Debug, Default)]
pub(crate) struct Bag {
    pub text: Option<bool>,
    pub expiry_s: Option<u32>,
    pub content_type: Option<Box<str>>,
    pub response_topic: Option<Box<str>>,
    pub correlation: Option<Bytes>,
    pub subscription_id: Option<u32>,
    pub session_expiry_s: Option<u32>,
    pub auth_method: Option<Box<str>>,
    pub will_delay_s: Option<u32>,
    pub wants_response_topic: Option<bool>,
    pub wants_words: Option<bool>,
    pub reason_string: Option<()>,
    pub receive_max: Option<u16>,
    pub alias_max: Option<u16>,
    pub alias: Option<u16>,
    pub packet_max: Option<u32>,
    pub auth_data: Option<()>,
    pub user: Vec<(Box<str>, Box<str>)>,
}

/// Identifiers that packets may carry.
pub(crate) const PUBLISH: &[u8] = &[0x01, 0x02, 0x03, 0x08, 0x09, 0x23, 0x26];
pub(crate) const WILL: &[u8] = &[0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26];
pub(crate) const CONNECT: &[u8] = &[0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27];
pub(crate) const SUBSCRIBE: &[u8] = &[0x0b, 0x26];
pub(crate) const UNSUBSCRIBE: &[u8] = &[0x26];
pub(crate) const ACK: &[u8] = &[0x1f, 0x26];
pub(crate) const DISCONNECT: &[u8] = &[0x11, 0x1f, 0x26];

impl Bag {
    /// Reads a length and the properties it covers.
    pub fn read(reader: &mut Reader<'_>, allowed: &[u8]) -> Result<Self, Fault> {
        let length = reader.variable()? as usize;
        let mut inner = Reader::new(reader.take(length)?);
        let mut bag = Self::default();
        while !inner.is_empty() {
            let identifier = inner.byte()?;
            if !allowed.contains(&identifier) {
                return Err(protocol_error("a property that this packet does not have"));
            }
            bag.read_one(identifier, &mut inner)?;
        }
        Ok(bag)
    }

    fn read_one(&mut self, identifier: u8, from: &mut Reader<'_>) -> Result<(), Fault> {
        match identifier {
            0x01 => once(&mut self.text, from.flag()?),
            0x02 => once(&mut self.expiry_s, from.long()?),
            0x03 => once(&mut self.content_type, from.text()?.into()),
            0x08 => once(&mut self.response_topic, from.text()?.into()),
            0x09 => once(&mut self.correlation, Bytes::copy_from_slice(from.binary()?)),
            0x0b => once(&mut self.subscription_id, not_zero(from.variable()?)?),
            0x11 => once(&mut self.session_expiry_s, from.long()?),
            0x15 => once(&mut self.auth_method, from.text()?.into()),
            0x16 => from.binary().and_then(|_| once(&mut self.auth_data, ())),
            0x17 => once(&mut self.wants_words, from.flag()?),
            0x18 => once(&mut self.will_delay_s, from.long()?),
            0x19 => once(&mut self.wants_response_topic, from.flag()?),
            0x1f => from.text().and_then(|_| once(&mut self.reason_string, ())),
            0x21 => once(&mut self.receive_max, not_zero(from.short()?)?),
            0x22 => once(&mut self.alias_max, from.short()?),
            0x23 => once(&mut self.alias, from.short()?),
            0x26 => {
                self.user.push((from.text()?.into(), from.text()?.into()));
                Ok(())
            }
            0x27 => once(&mut self.packet_max, not_zero(from.long()?)?),
            _ => Err(malformed("an unknown property")),
        }
    }

    /// The part that is handed on with a message.
    pub fn into_properties(self) -> Option<Box<Properties>> {
        let properties = Properties {
            text: self.text.unwrap_or(false),
            expiry_s: self.expiry_s,
            content_type: self.content_type,
            response_topic: self.response_topic,
            correlation: self.correlation,
            user: self.user,
        };
        (properties != Properties::default()).then(|| Box::new(properties))
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Fault> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(protocol_error("a property comes twice")),
    }
}

fn not_zero<T: PartialEq + Default>(value: T) -> Result<T, Fault> {
    if value == T::default() { Err(protocol_error("a property must not be 0")) } else { Ok(value) }
}
