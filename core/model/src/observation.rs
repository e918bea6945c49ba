//! Observations (观测): readings of sensors. They are no events: there are too many, and the lake keeps them.

use std::fmt;

use grid::Cell;

use crate::ids::IdError;
use crate::time::Instant;

/// Longest name of a device, in bytes: an IMEI has 15, a serial number seldom more than 32.
const DEVICE_ID_MAX: usize = 64;

/// The name a device has in the field: the user name it connects with, a segment of its topics.
///
/// Letters, digits, `-`, `_`, `.` and `:`, at most 64 bytes: nothing that means something to MQTT, CoAP or a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(Box<str>);

impl DeviceId {
    /// Parses a name.
    ///
    /// # Errors
    /// [`IdError::NotDevice`] when it is empty, too long or has another character.
    pub fn new(text: &str) -> Result<Self, IdError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if begins && text.len() <= DEVICE_ID_MAX && text.bytes().all(fits) {
            Ok(Self(text.into()))
        } else {
            Err(IdError::NotDevice { max: DEVICE_ID_MAX })
        }
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for DeviceId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::new(text)
    }
}

impl serde::Serialize for DeviceId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for DeviceId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// Longest label, in characters.
const LABEL_MAX: usize = 24;

/// A label of devices (分组): a word of those who run them, such as `汛期重点` or `batch-7`.
///
/// Letters and digits of any script, `-`, `_`, `.`, `·` and single spaces within, at most 24 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceLabel(Box<str>);

impl DeviceLabel {
    /// Parses a label; space around it is dropped.
    ///
    /// # Errors
    /// [`IdError::NotLabel`] when it is empty, too long or has another character.
    pub fn new(text: &str) -> Result<Self, IdError> {
        let text = text.trim();
        let fits = |one: char| one.is_alphanumeric() || matches!(one, '-' | '_' | '.' | '·' | ' ');
        let is_short = (1..=LABEL_MAX).contains(&text.chars().count());
        if is_short && text.chars().all(fits) && !text.contains("  ") {
            Ok(Self(text.into()))
        } else {
            Err(IdError::NotLabel { max: LABEL_MAX })
        }
    }

    /// The label itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for DeviceLabel {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::new(text)
    }
}

impl serde::Serialize for DeviceLabel {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for DeviceLabel {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// A series (SensorThings: Datastream): one property of one device, numbered when the device is registered, from 1.
/// Numbers are never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesNo(pub u32);

impl fmt::Display for SeriesNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One reading (SensorThings: Observation) of a series.
///
/// A second reading of the same series at the same instant takes the place of the first: devices send again what was
/// not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Of which series.
    pub series: SeriesNo,
    /// Where the device was, at the finest level of cells in two dimensions that the lake sorts by.
    pub cell: Cell,
    /// When it was measured, by the clock of the device as far as it was believed.
    pub at: Instant,
    /// When it arrived.
    pub received_at: Instant,
    /// The value in the property's unit; 0 and 1 for false and true. Finite.
    pub value: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices_mean_nothing_to_topics_and_paths() {
        for name in ["a", "861234567890123", "lamp-0417.north_2", "AA:BB:CC:DD:EE:FF"] {
            assert_eq!(DeviceId::new(name).unwrap().as_str(), name);
        }
        let long = "a".repeat(65);
        for name in ["", "-a", ".a", "a/b", "a+", "#", "a b", "灯", "a\0", "$SYS", &long] {
            assert!(DeviceId::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn labels_are_short_words_of_any_script() {
        for (text, expect) in
            [("汛期重点", "汛期重点"), (" batch-7 ", "batch-7"), ("鼓楼 东", "鼓楼 东"), ("a.b_c·d", "a.b_c·d")]
        {
            assert_eq!(DeviceLabel::new(text).unwrap().as_str(), expect);
        }
        let long = "灯".repeat(25);
        for text in ["", "  ", "a,b", "a  b", "<b>", "a\nb", "\"", "a/b", "%", &long] {
            assert!(DeviceLabel::new(text).is_err(), "{text:?}");
        }
        assert!(DeviceLabel::new(&"灯".repeat(24)).is_ok());
    }
}
