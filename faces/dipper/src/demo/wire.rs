//! What a fictional device measured, in the codec of its class: as a real one would put it on the air.

use model::Instant;
use pack::{Checksum, Codec, Frame, FrameField, FrameNumber};
use serde_json::{Map, Value};

/// A message of readings, one or several, each at its instant.
pub fn write(codec: &Codec, found: &[(Instant, Map<String, Value>)]) -> Vec<u8> {
    let objects = || found.iter().map(|(at, values)| dated(*at, values)).collect::<Vec<_>>();
    match codec {
        Codec::Json => serde_json::to_vec(&objects()).unwrap_or_default(),
        Codec::Cbor => {
            let mut bytes = Vec::new();
            // A list in memory takes every byte.
            let _ = ciborium::into_writer(&objects(), &mut bytes);
            bytes
        }
        Codec::Frame(frame) => found.iter().flat_map(|(at, values)| framed(frame, *at, values)).collect(),
    }
}

fn dated(at: Instant, values: &Map<String, Value>) -> Map<String, Value> {
    let mut values = values.clone();
    values.insert("at".to_owned(), Value::String(at.to_string()));
    values
}

fn framed(frame: &Frame, at: Instant, values: &Map<String, Value>) -> Vec<u8> {
    let mut bytes = vec![0; usize::from(frame.length)];
    bytes[..frame.start.len()].copy_from_slice(&frame.start);
    if let Some(place) = frame.time_at {
        let seconds = u32::try_from(at.as_micros() / 1_000_000).unwrap_or_default();
        put(&mut bytes, place, 4, seconds, frame.is_big_endian);
    }
    for field in &frame.fields {
        if let Some(raw) = values.get(field.property.as_str()).and_then(|value| raw_of(field, value)) {
            let old = if field.number == FrameNumber::Bit { u32::from(bytes[usize::from(field.at)]) } else { 0 };
            put(&mut bytes, field.at, field.number.bytes(), raw | old, frame.is_big_endian);
        }
    }
    seal(frame, bytes)
}

/// The number as it stands in the frame.
fn raw_of(field: &FrameField, value: &Value) -> Option<u32> {
    if field.number == FrameNumber::Bit {
        return value.as_bool().map(|truth| u32::from(truth) << field.bit);
    }
    let raw = ((value.as_f64()? - field.offset) / field.scale).round();
    match field.number {
        // `as` keeps the bits of a negative number, and the ends of the range for what is beyond it.
        FrameNumber::I8 | FrameNumber::I16 | FrameNumber::I32 => Some(raw as i32 as u32),
        FrameNumber::F32 => Some((raw as f32).to_bits()),
        FrameNumber::Bcd2 | FrameNumber::Bcd4 => {
            let digits = format!("{:0>1$}", raw.max(0.0) as u32, usize::from(field.number.bytes()) * 2);
            u32::from_str_radix(&digits, 16).ok()
        }
        FrameNumber::U8 | FrameNumber::U16 | FrameNumber::U32 | FrameNumber::Bit => Some(raw as u32),
    }
}

fn put(bytes: &mut [u8], at: u16, length: u16, value: u32, is_big_endian: bool) {
    let (at, length) = (usize::from(at), usize::from(length));
    for place in 0..length {
        let shift = if is_big_endian { length - 1 - place } else { place } * 8;
        bytes[at + place] = (value >> shift).to_le_bytes()[0];
    }
}

fn seal(frame: &Frame, mut bytes: Vec<u8>) -> Vec<u8> {
    let Some(checksum) = frame.checksum else { return bytes };
    let body = bytes.len() - usize::from(checksum.bytes());
    let sum = match checksum {
        Checksum::Crc16Modbus => {
            crc::Crc::<u16>::new(&crc::CRC_16_MODBUS).checksum(&bytes[..body]).to_le_bytes().to_vec()
        }
        Checksum::Crc16Xmodem => {
            crc::Crc::<u16>::new(&crc::CRC_16_XMODEM).checksum(&bytes[..body]).to_be_bytes().to_vec()
        }
        Checksum::Sum8 => vec![bytes[..body].iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte))],
    };
    bytes[body..].copy_from_slice(&sum);
    bytes
}
