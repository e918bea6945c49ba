//! Messages of bytes at fixed places, as a class of the pack describes them.

use crc::{CRC_16_MODBUS, CRC_16_XMODEM, Crc};
use model::Instant;
use pack::{Checksum, Frame, FrameField, FrameNumber, PropertyKind};
use serde::de::value::Error;

use super::payload::{PayloadError, Taken, Value};

/// Reads frames, one after another, into readings.
pub(super) fn read(bytes: &[u8], frame: &Frame, taken: &mut Taken<'_>) -> Result<(), Error> {
    let length = usize::from(frame.length);
    if bytes.is_empty() || !bytes.len().is_multiple_of(length) {
        return taken.refuse(PayloadError::Form(format!("a frame has {length} bytes, got {}", bytes.len())));
    }
    if bytes.len() > length && frame.time_at.is_none() {
        let words = format!("several frames in one message need their times; one of {length} bytes is taken");
        return taken.refuse(PayloadError::Form(words));
    }
    for (number, one) in bytes.chunks_exact(length).enumerate() {
        if let Err(words) = check(one, frame) {
            return taken.refuse(PayloadError::Form(format!("frame {}: {words}", number + 1)));
        }
        let from = taken.readings.len();
        for field in &frame.fields {
            read_field(one, frame, field, taken)?;
        }
        if let Some(at) = frame.time_at {
            let seconds = unsigned(part(one, at, 4), frame.is_big_endian);
            taken.date(from, Instant::from_micros(i64::from(seconds) * 1_000_000))?;
        }
    }
    Ok(())
}

/// Its start and its checksum.
fn check(bytes: &[u8], frame: &Frame) -> Result<(), String> {
    if !bytes.starts_with(&frame.start) {
        return Err(format!("it begins with {}, not {}", hex(&bytes[..frame.start.len()]), hex(&frame.start)));
    }
    let Some(checksum) = frame.checksum else { return Ok(()) };
    let (body, given) = bytes.split_at(bytes.len() - usize::from(checksum.bytes()));
    let wanted = match checksum {
        Checksum::Crc16Modbus => Crc::<u16>::new(&CRC_16_MODBUS).checksum(body).to_le_bytes().to_vec(),
        Checksum::Crc16Xmodem => Crc::<u16>::new(&CRC_16_XMODEM).checksum(body).to_be_bytes().to_vec(),
        Checksum::Sum8 => vec![body.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte))],
    };
    if given == wanted { Ok(()) } else { Err(format!("its {checksum} is {}, it says {}", hex(&wanted), hex(given))) }
}

fn read_field(bytes: &[u8], frame: &Frame, field: &FrameField, taken: &mut Taken<'_>) -> Result<(), Error> {
    let property = taken.find::<Error>(field.property.as_str())?;
    let Some(number) = number(bytes, frame, field) else {
        let got = hex(part(bytes, field.at, field.number.bytes()));
        let property = field.property.to_string();
        return taken.refuse(PayloadError::Kind { property, got, wanted: "a number" });
    };
    if field.absent == Some(number) {
        return Ok(());
    }
    let is_truth = taken.class.properties[property].kind == PropertyKind::Truth;
    let value = if field.number == FrameNumber::Bit && is_truth {
        Value::Truth(number != 0.0)
    } else {
        // Twelve digits: 1234 × 0.001 is 1.234, as the meter shows it.
        let exact = number * field.scale + field.offset;
        Value::Number(format!("{exact:.12e}").parse().unwrap_or(exact))
    };
    taken.take(property, value)
}

/// The number as it is written; `None` where its digits are none, or it is not finite.
fn number(bytes: &[u8], frame: &Frame, field: &FrameField) -> Option<f64> {
    let bytes = part(bytes, field.at, field.number.bytes());
    let raw = unsigned(bytes, frame.is_big_endian);
    match field.number {
        FrameNumber::U8 | FrameNumber::U16 | FrameNumber::U32 => Some(f64::from(raw)),
        // As many bytes as the type has: `as` keeps every bit of them.
        FrameNumber::I8 => Some(f64::from(raw as u8 as i8)),
        FrameNumber::I16 => Some(f64::from(raw as u16 as i16)),
        FrameNumber::I32 => Some(f64::from(raw as i32)),
        FrameNumber::F32 => Some(f64::from(f32::from_bits(raw))).filter(|number| number.is_finite()),
        FrameNumber::Bcd2 | FrameNumber::Bcd4 => {
            let digits = (0..bytes.len() * 2).rev().map(|place| (raw >> (place * 4)) & 15);
            digits
                .map(|digit| (digit < 10).then_some(f64::from(digit)))
                .try_fold(0.0, |sum, digit| Some(sum * 10.0 + digit?))
        }
        FrameNumber::Bit => Some(f64::from((raw >> field.bit.min(7)) & 1)),
    }
}

/// Bytes at a place. The pack is checked: they are within the frame.
fn part(bytes: &[u8], at: u16, length: u16) -> &[u8] {
    let from = usize::from(at).min(bytes.len());
    &bytes[from..(from + usize::from(length)).min(bytes.len())]
}

fn unsigned(bytes: &[u8], is_big_endian: bool) -> u32 {
    let add = |sum: u32, byte: &u8| (sum << 8) | u32::from(*byte);
    if is_big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
