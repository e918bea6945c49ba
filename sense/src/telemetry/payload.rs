//! Messages of devices: plain JSON, CBOR, frames and SenML (RFC 8428), read into readings of the device's own properties.
//!
//! Plain: `{"power": 31.5, "lit": true}`, with `"at"` (RFC 3339, or seconds since 1970) where it is not now, or a list of
//! such objects.

use std::borrow::Cow;
use std::fmt;

use model::Instant;
use pack::{Codec, DeviceClass, Property, PropertyKind};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{cbor, frame, senml};

/// Longest message, bytes.
pub const MESSAGE_MAX: usize = 256 * 1024;

/// Most readings of one message.
pub const READINGS_MAX: usize = 5_000;

/// How far a device's clock may be ahead, microseconds: five minutes.
pub const AHEAD_US: i64 = 5 * 60 * 1_000_000;

/// The oldest reading that is taken, microseconds: 400 days, for meters read once a year.
pub const BEHIND_US: i64 = 400 * 86_400 * 1_000_000;

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// As the class says: JSON, CBOR or a frame. A class that speaks CBOR may send JSON as well: no message of either is one
    /// of the other.
    Own,
    /// Our own plain JSON.
    Plain,
    /// The same in CBOR, `application/cbor`.
    Cbor,
    /// SenML, `application/senml+json` or `application/senml+cbor`: no message of one is one of the other.
    Senml,
    /// A frame, `application/octet-stream`.
    Frame,
}

/// One value that a device measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Which property of its class, by its place there.
    pub property: usize,
    /// When.
    pub at: Instant,
    /// The value.
    pub value: f64,
}

/// Why a message was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PayloadError {
    /// It is longer than any message may be.
    #[error("the message has {length} bytes; {MESSAGE_MAX} are allowed")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// It is not the JSON that is expected.
    #[error("the message cannot be read: {0}")]
    Form(String),
    /// It holds no reading.
    #[error("the message holds no reading")]
    Empty,
    /// It holds more readings than any message may.
    #[error("the message holds more than {READINGS_MAX} readings")]
    TooMany,
    /// The class has no such property.
    #[error("{name:?} is no property of this device; known are {known}")]
    Unknown {
        /// The name given.
        name: String,
        /// Those that are known.
        known: String,
    },
    /// It is in another unit.
    #[error("{property} is measured in {wanted:?}, got {unit:?}")]
    Unit {
        /// The property.
        property: String,
        /// The unit given.
        unit: String,
        /// The unit it has.
        wanted: String,
    },
    /// It is no value of that kind.
    #[error("{property}: {got} is not {wanted}")]
    Kind {
        /// The property.
        property: String,
        /// What was given.
        got: String,
        /// What it is.
        wanted: &'static str,
    },
    /// The sensor cannot give it.
    #[error("{property}: {value} is beyond what the sensor can give ({range})")]
    Range {
        /// The property.
        property: String,
        /// The value.
        value: f64,
        /// What it can give.
        range: String,
    },
    /// It is of a time that cannot be.
    #[error(
        "the reading is of {at}; readings of the last 400 days and at most 5 minutes ahead are taken: set the device's clock"
    )]
    Time {
        /// The time given.
        at: Instant,
    },
}

/// What is wrong with a message, or with who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// It cannot be read, or it holds nothing, or too much.
    Form,
    /// The class has no such property.
    Property,
    /// It is in another unit.
    Unit,
    /// The sensor cannot give such a value.
    Value,
    /// The clock is off.
    Clock,
    /// The password is wrong.
    Credentials,
    /// The answer to a command cannot be.
    Answer,
    /// It sends more than its class may.
    Flood,
}

impl PayloadError {
    /// What kind it is.
    pub const fn kind(&self) -> FaultKind {
        match self {
            Self::TooLong { .. } | Self::Form(_) | Self::Empty | Self::TooMany => FaultKind::Form,
            Self::Unknown { .. } => FaultKind::Property,
            Self::Unit { .. } => FaultKind::Unit,
            Self::Kind { .. } | Self::Range { .. } => FaultKind::Value,
            Self::Time { .. } => FaultKind::Clock,
        }
    }
}

/// Reads a message of a device of that class; what has no time of its own was measured now.
///
/// # Errors
/// [`PayloadError`], for the first thing that does not fit.
pub fn parse(format: Format, bytes: &[u8], class: &DeviceClass, now: Instant) -> Result<Vec<Measured>, PayloadError> {
    if bytes.len() > MESSAGE_MAX {
        return Err(PayloadError::TooLong { length: bytes.len() });
    }
    let mut taken = Taken { class, now, readings: Vec::new(), fault: None };
    let read = match (format_of(format, bytes, class), &class.codec) {
        (Format::Cbor, _) => {
            MessageSeed(&mut taken).deserialize(cbor::to_json(bytes)?).map_err(|fault| fault.to_string())
        }
        (Format::Senml, _) if is_json(bytes) => senml::read(bytes, &mut taken).map_err(|fault| fault.to_string()),
        (Format::Senml, _) => senml::read_value(cbor::to_json(bytes)?, &mut taken).map_err(|fault| fault.to_string()),
        (Format::Frame, Codec::Frame(frame)) => {
            frame::read(bytes, frame, &mut taken).map_err(|fault| fault.to_string())
        }
        (Format::Frame, _) => return Err(PayloadError::Form("devices of this class send no frames".to_owned())),
        (Format::Own | Format::Plain, _) => {
            let mut reader = serde_json::Deserializer::from_slice(bytes);
            let read = MessageSeed(&mut taken).deserialize(&mut reader).and_then(|()| reader.end());
            read.map_err(|fault| fault.to_string())
        }
    };
    if let Some(fault) = taken.fault {
        return Err(fault);
    }
    read.map_err(PayloadError::Form)?;
    if taken.readings.is_empty() { Err(PayloadError::Empty) } else { Ok(taken.readings) }
}

/// What a message is written in, where the device did not say.
fn format_of(format: Format, bytes: &[u8], class: &DeviceClass) -> Format {
    match (format, &class.codec) {
        (Format::Own, Codec::Json) => Format::Plain,
        (Format::Own, Codec::Cbor) if is_json(bytes) => Format::Plain,
        (Format::Own, Codec::Cbor) => Format::Cbor,
        (Format::Own, Codec::Frame(_)) => Format::Frame,
        (said, _) => said,
    }
}

/// Whether a message is JSON and no CBOR, in which `{` and `[` begin a text and a byte string, and of them no message is made.
fn is_json(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| matches!(first, b'{' | b'[' | b' ' | b'\t' | b'\r' | b'\n'))
}

/// What has been read so far. A fault is kept beside serde's own error, which is text.
pub(super) struct Taken<'a> {
    pub class: &'a DeviceClass,
    pub now: Instant,
    pub readings: Vec<Measured>,
    pub fault: Option<PayloadError>,
}

impl Taken<'_> {
    /// Keeps a fault; the reader is told to stop by an error that nobody sees.
    pub fn refuse<T, E: serde::de::Error>(&mut self, fault: PayloadError) -> Result<T, E> {
        self.fault.get_or_insert(fault);
        Err(E::custom("refused"))
    }

    /// The place of a property in the class.
    pub fn find<E: serde::de::Error>(&mut self, name: &str) -> Result<usize, E> {
        match self.class.properties.iter().position(|property| property.id.as_str() == name) {
            Some(at) => Ok(at),
            None => {
                let known: Vec<_> = self.class.properties.iter().map(|property| property.id.as_str()).collect();
                let name: String = name.chars().take(64).collect();
                self.refuse(PayloadError::Unknown { name, known: known.join(", ") })
            }
        }
    }

    /// Takes a value, when it is one that the property can have.
    pub fn take<E: serde::de::Error>(&mut self, property: usize, value: Value) -> Result<(), E> {
        if self.readings.len() >= READINGS_MAX {
            return self.refuse(PayloadError::TooMany);
        }
        match number(&self.class.properties[property], value) {
            Ok(value) => self.readings.push(Measured { property, at: self.now, value }),
            Err(fault) => return self.refuse(fault),
        }
        Ok(())
    }

    /// Sets the time of readings from a place on.
    pub fn date<E: serde::de::Error>(&mut self, from: usize, at: Instant) -> Result<(), E> {
        let age = self.now.micros_since(at);
        if !(-AHEAD_US..=BEHIND_US).contains(&age) {
            return self.refuse(PayloadError::Time { at });
        }
        self.readings[from..].iter_mut().for_each(|reading| reading.at = at);
        Ok(())
    }
}

/// A value as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Truth(bool),
}

fn number(property: &Property, value: Value) -> Result<f64, PayloadError> {
    let kind = |got: String, wanted| PayloadError::Kind { property: property.id.to_string(), got, wanted };
    let value = match (property.kind, value) {
        (PropertyKind::Truth, Value::Truth(truth)) => f64::from(u8::from(truth)),
        (PropertyKind::Truth, Value::Number(number)) if number == 0.0 || number == 1.0 => number,
        (PropertyKind::Truth, Value::Number(number)) => return Err(kind(number.to_string(), "true or false")),
        (_, Value::Truth(truth)) => return Err(kind(truth.to_string(), "a number")),
        (PropertyKind::Count, Value::Number(number)) if number.fract() != 0.0 => {
            return Err(kind(number.to_string(), "a whole number"));
        }
        (_, Value::Number(number)) => number,
    };
    if property.min.is_some_and(|min| value < min) || property.max.is_some_and(|max| value > max) {
        let bound = |bound: Option<f64>| bound.map_or_else(String::new, |bound| bound.to_string());
        let range = format!("{}..{}", bound(property.min), bound(property.max));
        return Err(PayloadError::Range { property: property.id.to_string(), value, range });
    }
    Ok(value)
}

/// One object, or a list of them.
struct MessageSeed<'a, 'c>(&'a mut Taken<'c>);

impl<'de> DeserializeSeed<'de> for MessageSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of readings, or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        read_record(self.0, map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        while records.next_element_seed(RecordSeed(&mut *self.0))?.is_some() {}
        Ok(())
    }
}

struct RecordSeed<'a, 'c>(&'a mut Taken<'c>);

impl<'de> DeserializeSeed<'de> for RecordSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RecordSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of readings")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        read_record(self.0, map)
    }
}

/// `{"at": …, "property": value, …}`, with `at` anywhere.
fn read_record<'de, A: MapAccess<'de>>(taken: &mut Taken<'_>, mut map: A) -> Result<(), A::Error> {
    let from = taken.readings.len();
    let mut at = None;
    let mut seen = 0_u64;
    while let Some(name) = map.next_key_seed(NameSeed)? {
        if name == "at" {
            at = Some(map.next_value_seed(TimeSeed)?);
            continue;
        }
        let property = taken.find(&name)?;
        // A class has at most 32 properties.
        if seen & (1 << property) != 0 {
            return Err(A::Error::custom(format!("{name} stands twice in one object")));
        }
        seen |= 1 << property;
        if let Some(value) = map.next_value_seed(ValueSeed)? {
            taken.take(property, value)?;
        }
    }
    at.map_or(Ok(()), |at| taken.date(from, at))
}

/// A key, borrowed where JSON lets us.
struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a property")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// A number, a truth, or nothing.
struct ValueSeed;

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, true, false or null")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<Value>, E> {
        Ok(Some(Value::Truth(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Option<Value>, E> {
        Ok(Some(Value::Number(value as f64)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Option<Value>, E> {
        Ok(Some(Value::Number(value as f64)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Option<Value>, E> {
        Ok(Some(Value::Number(value)))
    }

    /// The sensor had nothing to say.
    fn visit_unit<E>(self) -> Result<Option<Value>, E> {
        Ok(None)
    }
}

/// RFC 3339 with an offset, or seconds since 1970.
struct TimeSeed;

impl<'de> DeserializeSeed<'de> for TimeSeed {
    type Value = Instant;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Instant, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TimeSeed {
    type Value = Instant;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time (2026-11-27T08:00:00Z, or seconds since 1970)")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Instant, E> {
        text.parse().map_err(|_| E::custom("\"at\" is RFC 3339 with an offset, such as 2026-11-27T08:00:00Z"))
    }

    fn visit_u64<E>(self, seconds: u64) -> Result<Instant, E> {
        Ok(Instant::from_micros(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000)))
    }

    fn visit_i64<E>(self, seconds: i64) -> Result<Instant, E> {
        Ok(Instant::from_micros(seconds.saturating_mul(1_000_000)))
    }

    fn visit_f64<E>(self, seconds: f64) -> Result<Instant, E> {
        Ok(seconds_since_1970(seconds))
    }
}

/// `as` holds what is beyond the range at its ends, and such a time is refused.
pub(super) fn seconds_since_1970(seconds: f64) -> Instant {
    Instant::from_micros((seconds * 1e6).round() as i64)
}
