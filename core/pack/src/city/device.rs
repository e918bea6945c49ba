//! Devices (设备): what a class of them measures, in which units, and how often.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use model::{OfficeId, PropertyId, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::codec::Codec;

/// A class of devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceClass {
    /// Its name.
    pub title: Text,
    /// The office that answers for the devices.
    pub office: OfficeId,
    /// How often each property is expected, seconds.
    pub interval_seconds: u32,
    /// The most messages of one device within a minute; any number when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages_per_minute: Option<u32>,
    /// What they measure.
    pub properties: Vec<Property>,
    /// What they can be told to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<DeviceCommand>,
    /// How they write down what they measured.
    #[serde(default, skip_serializing_if = "Codec::is_json")]
    pub codec: Codec,
    /// How long what they measured is kept; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// What becomes of their pictures, where they are cameras.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<Video>,
}

/// What becomes of the pictures of a class of cameras.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Video {
    /// How they are recorded; shown while somebody watches, and kept nowhere, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<Recording>,
    /// Whether pictures in another form than H.264 are written anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub transcode: bool,
}

/// How cameras are recorded: all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// Seconds of a file.
    pub segment_seconds: u32,
    /// Whole days that a file is kept after its end.
    pub retention_days: u32,
}

/// How long readings are kept, in whole days after the day they were measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Every reading.
    pub readings_days: u32,
    /// Count, least, greatest and mean of each hour; nothing outlives the readings when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hourly_days: Option<u32>,
}

/// What devices of a class can be told to do (SensorThings: TaskingCapability).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceCommand {
    /// Its id.
    pub id: PropertyId,
    /// Its name.
    pub title: Text,
    /// The values it takes, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Property>,
    /// Whether a second person confirms it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_dangerous: bool,
    /// After so many seconds nobody does it any more.
    pub expires_seconds: u32,
}

/// What devices of a class measure (SensorThings: ObservedProperty and unitOfMeasurement).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Property {
    /// Its id: the key of readings.
    pub id: PropertyId,
    /// Its name.
    pub title: Text,
    /// What its values are.
    pub kind: PropertyKind,
    /// The unit of a measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// URI that defines it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Least value the sensor can give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Greatest value the sensor can give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Whether it is the charge of the device's battery, in per cent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_battery: bool,
}

/// What the values of a property are (O&M observation types).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertyKind {
    /// A number in a unit (`OM_Measurement`).
    Measurement,
    /// A whole number of things (`OM_CountObservation`).
    Count,
    /// True or false, kept as 1 and 0 (`OM_TruthObservation`).
    Truth,
}

impl DeviceCommand {
    /// Checks the values of a command: each of its kind and within its bounds, none missing, none too many.
    ///
    /// # Errors
    /// [`ArgumentFault`].
    pub fn check(&self, arguments: &BTreeMap<String, Value>) -> Result<(), ArgumentFault> {
        let fault = |name: &str, message: String| ArgumentFault { name: name.to_owned(), message };
        if let Some(name) = arguments.keys().find(|name| self.parameters.iter().all(|known| known.id.as_str() != *name))
        {
            return Err(fault(name, format!("{} takes no such value", self.id)));
        }
        for parameter in &self.parameters {
            let name = parameter.id.as_str();
            let value = arguments.get(name).ok_or_else(|| fault(name, "is missing".to_owned()))?;
            parameter.check(value).map_err(|message| fault(name, message))?;
        }
        Ok(())
    }
}

/// A value of a command does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} {message}")]
pub struct ArgumentFault {
    /// Which value.
    pub name: String,
    /// Why, and what would fit.
    pub message: String,
}

impl Property {
    fn check(&self, value: &Value) -> Result<(), String> {
        let number = match (self.kind, value) {
            (PropertyKind::Truth, Value::Bool(_)) => return Ok(()),
            (PropertyKind::Truth, _) => return Err("must be true or false".to_owned()),
            (_, value) => value.as_f64().ok_or("must be a number")?,
        };
        if self.kind == PropertyKind::Count && number.fract() != 0.0 {
            return Err("must be a whole number".to_owned());
        }
        match (self.min, self.max) {
            (Some(min), Some(max)) if !(min..=max).contains(&number) => {
                Err(format!("must be {min} to {max}, got {number}"))
            }
            (Some(min), None) if number < min => Err(format!("must be at least {min}, got {number}")),
            (None, Some(max)) if number > max => Err(format!("must be at most {max}, got {number}")),
            _ => Ok(()),
        }
    }
}

impl DeviceClass {
    /// The command of that id.
    pub fn command(&self, id: &str) -> Option<&DeviceCommand> {
        self.commands.iter().find(|command| command.id.as_str() == id)
    }

    /// The property of that id.
    pub fn property(&self, id: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.id.as_str() == id)
    }

    /// After how long without a reading a device is called silent, microseconds: three intervals.
    pub fn silent_after_us(&self) -> i64 {
        i64::from(self.interval_seconds) * 3_000_000
    }
}

/// A unit, by its UCUM code (case-sensitive). The list is what cities measure; it grows with need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Unit(&'static UnitRow);

#[derive(Debug, PartialEq, Eq)]
struct UnitRow {
    ucum: &'static str,
    /// The same unit in SenML (RFC 8428 §12.1, RFC 8798); where absent it has none.
    senml: Option<&'static str>,
    /// As people write it.
    symbol: &'static str,
}

macro_rules! units {
    ($($ucum:literal $senml:expr, $symbol:literal;)*) => {
        const UNITS: &[UnitRow] = &[$(UnitRow { ucum: $ucum, senml: $senml, symbol: $symbol }),*];

        impl Unit {
            /// The codes that are known.
            pub const CODES: &'static [&'static str] = &[$($ucum),*];
        }
    };
}

units! {
    "1" Some("/"), "";
    "%" Some("%"), "%";
    "[ppm]" Some("ppm"), "ppm";
    "Cel" Some("Cel"), "°C";
    "K" Some("K"), "K";
    "m" Some("m"), "m";
    "mm" Some("mm"), "mm";
    "cm" None, "cm";
    "km" Some("km"), "km";
    "m/s" Some("m/s"), "m/s";
    "km/h" Some("km/h"), "km/h";
    "m2" Some("m2"), "m²";
    "m3" Some("m3"), "m³";
    "L" Some("l"), "L";
    "m3/h" None, "m³/h";
    "L/min" None, "L/min";
    "kg" Some("kg"), "kg";
    "g" Some("g"), "g";
    "t" None, "t";
    "s" Some("s"), "s";
    "min" Some("min"), "min";
    "h" Some("h"), "h";
    "Hz" Some("Hz"), "Hz";
    "V" Some("V"), "V";
    "mV" Some("mV"), "mV";
    "A" Some("A"), "A";
    "mA" Some("mA"), "mA";
    "W" Some("W"), "W";
    "kW" Some("kW"), "kW";
    "kW.h" Some("kWh"), "kW·h";
    "Pa" Some("Pa"), "Pa";
    "hPa" Some("hPa"), "hPa";
    "kPa" None, "kPa";
    "MPa" None, "MPa";
    "lx" Some("lx"), "lx";
    "dB" Some("dB"), "dB";
    "dB[SPL]" None, "dB(A)";
    "deg" Some("deg"), "°";
    "ug/m3" Some("ug/m3"), "µg/m³";
    "mg/m3" None, "mg/m³";
    "mg/L" Some("mg/l"), "mg/L";
    "[pH]" Some("pH"), "pH";
    "uS/cm" None, "µS/cm";
    "{NTU}" None, "NTU";
    "mm/h" None, "mm/h";
    "W/m2" Some("W/m2"), "W/m²";
    "dB[mW]" Some("dBm"), "dBm";
}

impl Unit {
    /// Its UCUM code.
    pub const fn ucum(self) -> &'static str {
        self.0.ucum
    }

    /// As people write it; empty for a plain number.
    pub const fn symbol(self) -> &'static str {
        self.0.symbol
    }

    /// Whether a SenML unit, or a UCUM code, names this unit. SenML's `%RH` and `%EL` are per cent of something.
    pub fn is_named(self, name: &str) -> bool {
        name == self.0.ucum || self.0.senml == Some(name) || (self.0.ucum == "%" && matches!(name, "%RH" | "%EL"))
    }
}

/// The code is not one of the units known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not a UCUM code known here: use {}", Unit::CODES.join(" "))]
pub struct UnitError;

impl FromStr for Unit {
    type Err = UnitError;

    fn from_str(code: &str) -> Result<Self, UnitError> {
        UNITS.iter().find(|row| row.ucum == code).map(Self).ok_or(UnitError)
    }
}

impl TryFrom<String> for Unit {
    type Error = UnitError;

    fn try_from(code: String) -> Result<Self, UnitError> {
        code.parse()
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.ucum().to_owned()
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ucum())
    }
}
