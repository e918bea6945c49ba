//! How devices of a class write down what they measured.

use std::fmt;

use model::PropertyId;
use serde::{Deserialize, Serialize};

/// How a message of readings is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// An object of readings in JSON.
    #[default]
    Json,
    /// The same in CBOR (RFC 8949).
    Cbor,
    /// Bytes at fixed places.
    Frame(Frame),
}

impl Codec {
    /// Whether it is the one that a class has without a word.
    pub fn is_json(&self) -> bool {
        *self == Self::Json
    }

    /// Its word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Cbor => "cbor",
            Self::Frame(_) => "frame",
        }
    }
}

/// A message of bytes at fixed places. A message may hold several frames one after another where each has its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Bytes of a frame.
    pub length: u16,
    /// Whether the greatest byte of a number comes first.
    pub is_big_endian: bool,
    /// The bytes that every frame begins with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub start: Vec<u8>,
    /// Where it says when it was measured, seconds since 1970 in four bytes; now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_at: Option<u16>,
    /// What tells a damaged frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
    /// What was measured.
    pub fields: Vec<FrameField>,
}

/// What a frame says of one property.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameField {
    /// Which property of the class, by its id.
    pub property: PropertyId,
    /// Its first byte, from 0.
    pub at: u16,
    /// How it is written.
    pub number: FrameNumber,
    /// Which bit of the byte, from the least, 0 to 7.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bit: u8,
    /// The number is multiplied by this …
    pub scale: f64,
    /// … and this is added.
    pub offset: f64,
    /// The number that says that nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<f64>,
}

/// How a number is written in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameNumber {
    /// One byte.
    U8,
    /// One byte, two's complement.
    I8,
    /// Two bytes.
    U16,
    /// Two bytes, two's complement.
    I16,
    /// Four bytes.
    U32,
    /// Four bytes, two's complement.
    I32,
    /// Four bytes, IEEE 754.
    F32,
    /// Two bytes of two decimal digits each, as meters write (CJ/T 188, DL/T 645).
    Bcd2,
    /// Four bytes of two decimal digits each.
    Bcd4,
    /// One bit of a byte.
    Bit,
}

impl FrameNumber {
    /// Bytes it takes.
    pub const fn bytes(self) -> u16 {
        match self {
            Self::U8 | Self::I8 | Self::Bit => 1,
            Self::U16 | Self::I16 | Self::Bcd2 => 2,
            Self::U32 | Self::I32 | Self::F32 | Self::Bcd4 => 4,
        }
    }
}

/// What tells a damaged frame: it stands in its last bytes and is of all bytes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checksum {
    /// CRC-16/MODBUS, the lesser byte first.
    Crc16Modbus,
    /// CRC-16/XMODEM (CCITT, from 0), the greater byte first.
    Crc16Xmodem,
    /// The sum of all bytes, modulo 256 (CJ/T 188, DL/T 645).
    Sum8,
}

impl Checksum {
    /// Bytes it takes.
    pub const fn bytes(self) -> u16 {
        match self {
            Self::Crc16Modbus | Self::Crc16Xmodem => 2,
            Self::Sum8 => 1,
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crc16Modbus => "CRC-16/MODBUS",
            Self::Crc16Xmodem => "CRC-16/XMODEM",
            Self::Sum8 => "sum",
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(bit: &u8) -> bool {
    *bit == 0
}
