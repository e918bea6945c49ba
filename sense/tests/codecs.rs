//! Messages that are not JSON. The bytes were written by other programs (Python's cbor2, struct and crcmod).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use dipper_sense as sense;
use model::{Instant, Text};
use pack::{Checksum, Codec, DeviceClass, Frame, FrameField, FrameNumber, Property, PropertyKind};
use proptest::prelude::*;
use sense::telemetry::{Format, Measured, PayloadError, parse};

fn now() -> Instant {
    "2026-11-27T08:00:00Z".parse().unwrap()
}

/// A frame of 15 bytes: 0x68, time, volume (BCD, hundredths), flow (tenths), temperature, flags, CRC.
fn frame(checksum: Checksum) -> Frame {
    let field = |property: &str, at, number, scale| FrameField {
        property: property.parse().unwrap(),
        at,
        number,
        bit: 0,
        scale,
        offset: 0.0,
        absent: None,
    };
    Frame {
        length: 13 + checksum.bytes(),
        is_big_endian: true,
        start: vec![0x68],
        time_at: Some(1),
        checksum: Some(checksum),
        fields: vec![
            field("volume", 5, FrameNumber::Bcd4, 0.01),
            FrameField { absent: Some(65_535.0), ..field("flow", 9, FrameNumber::U16, 0.1) },
            FrameField { offset: 40.0, ..field("temperature", 11, FrameNumber::I8, 1.0) },
            FrameField { bit: 2, ..field("open", 12, FrameNumber::Bit, 1.0) },
        ],
    }
}

fn class(codec: Codec) -> DeviceClass {
    let property = |id: &str, kind, unit: Option<&str>| Property {
        id: id.parse().unwrap(),
        title: Text::default(),
        kind,
        unit: unit.map(|unit| unit.parse().unwrap()),
        definition: None,
        min: None,
        max: Some(600.0),
        is_battery: false,
    };
    let measured = |id, unit| property(id, PropertyKind::Measurement, Some(unit));
    let truth = |id| Property { max: None, ..property(id, PropertyKind::Truth, None) };
    DeviceClass {
        title: Text::default(),
        office: "water".parse().unwrap(),
        interval_seconds: 300,
        messages_per_minute: None,
        properties: vec![
            measured("power", "W"),
            Property { max: None, ..property("cars", PropertyKind::Count, None) },
            truth("lit"),
            measured("volume", "m3"),
            measured("flow", "m3/h"),
            measured("temperature", "Cel"),
            truth("open"),
        ],
        commands: Vec::new(),
        codec,
        retention: None,
        video: None,
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// What was read: property, seconds from now and value; or why it was not.
fn read(format: Format, hex: &str, codec: Codec) -> String {
    let class = class(codec);
    let each = |one: &Measured| {
        let second = one.at.micros_since(now()) / 1_000_000;
        format!("{} {second} {}", class.properties[one.property].id, one.value)
    };
    match parse(format, &bytes(hex), &class, now()) {
        Ok(readings) => readings.iter().map(each).collect::<Vec<_>>().join("; "),
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn cbor_says_what_json_says() {
    for (hex, expect) in [
        ("a365706f776572fb403f800000000000636c6974f5646361727307", "power 0 31.5; lit 0 1; cars 0 7"),
        (
            "82a265706f776572016261741a6b093844a2626174c074323032362d31312d32375430373a30303a30305a65706f77657202",
            "power -60 1; power -3600 2",
        ),
        ("a3626174c11a6b09384465706f776572f6636c697400", "lit -60 0"),
        ("a165706f776572f94fc0", "power 0 31"),
        ("a265706f7765720165706f77657202", "the message cannot be read: power stands twice in one map"),
        ("a165706f776572f97e00", "the message cannot be read: NaN is no measurement; leave the property out"),
        ("a165706f77657241ff", "the message cannot be read: a byte string is no reading"),
        ("a165706f776572d82a01", "the message cannot be read: tag 42 means nothing here"),
        ("a165706f77657201ff", "the message cannot be read: 1 bytes follow the CBOR"),
        ("a165706f776572", "the message cannot be read: the CBOR ends too early"),
        ("a165706f7765721c", "the message cannot be read: it is no CBOR at byte 7"),
        (
            "a1646e6f6e6501",
            "\"none\" is no property of this device; known are power, cars, lit, volume, flow, temperature, open",
        ),
        ("a165706f7765721902bc", "power: 700 is beyond what the sensor can give (..600)"),
        ("a0", "the message holds no reading"),
        ("a141ff01", "the message cannot be read: a key is a text, or a label of SenML"),
        ("9f9f9f9f9f9f9f9f9f9fffffffffffffffffffff", "the message cannot be read: it is deeper than 8"),
    ] {
        assert_eq!(read(Format::Cbor, hex, Codec::Json), expect, "{hex}");
        assert_eq!(read(Format::Own, hex, Codec::Cbor), expect, "{hex}");
    }
}

#[test]
fn a_class_that_speaks_cbor_may_send_json() {
    let json: String = br#"{"power": 5}"#.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(read(Format::Own, &json, Codec::Cbor), "power 0 5");
}

#[test]
fn senml_is_read_in_cbor_too() {
    for (hex, expect) in [
        (
            "82a521676c616d702d372f22fb41dac24e110000002361570065706f77657202fb403f800000000000a300636c697404f501612f",
            "power -60 31.5; lit -60 1",
        ),
        (
            "81a421781d75726e3a6465763a6d61633a303032346265666666653830346666313a0065706f7765720161410203",
            "power is measured in \"W\", got \"A\"",
        ),
        ("81a20065706f7765720841ff", "the message cannot be read: vd (label 8) is data, which is no reading"),
        ("81a20065706f7765720901", "the message cannot be read: 9 is no label of SenML"),
    ] {
        assert_eq!(read(Format::Senml, hex, Codec::Json), expect, "{hex}");
    }
}

#[test]
fn frames_are_read_as_the_class_describes_them() {
    let modbus = "686b09384400012345013af9052d2c";
    for (hex, checksum, expect) in [
        (modbus, Checksum::Crc16Modbus, "volume -60 123.45; flow -60 31.4; temperature -60 33; open -60 1"),
        (
            "686b09384400012345013af905738e",
            Checksum::Crc16Xmodem,
            "volume -60 123.45; flow -60 31.4; temperature -60 33; open -60 1",
        ),
        (
            "686b09384400012345013af905fa",
            Checksum::Sum8,
            "volume -60 123.45; flow -60 31.4; temperature -60 33; open -60 1",
        ),
        (
            "686b09384400012345013af9052d2d",
            Checksum::Crc16Modbus,
            "the message cannot be read: frame 1: its CRC-16/MODBUS is 2d2c, it says 2d2d",
        ),
        (
            "696b09384400012345013af905fb",
            Checksum::Sum8,
            "the message cannot be read: frame 1: it begins with 69, not 68",
        ),
        ("686b09384400012a45013af90501", Checksum::Sum8, "volume: 00012a45 is not a number"),
        ("686b0938440001234501", Checksum::Sum8, "the message cannot be read: a frame has 14 bytes, got 10"),
        ("", Checksum::Sum8, "the message cannot be read: a frame has 14 bytes, got 0"),
    ] {
        assert_eq!(read(Format::Own, hex, Codec::Frame(frame(checksum))), expect, "{hex}");
    }
    let two = format!("{modbus}{modbus}");
    assert_eq!(read(Format::Own, &two, Codec::Frame(frame(Checksum::Crc16Modbus))).matches("volume").count(), 2);
    let timeless = Frame { time_at: None, ..frame(Checksum::Crc16Modbus) };
    assert!(read(Format::Own, &two, Codec::Frame(timeless.clone())).contains("need their times"));
    assert!(read(Format::Own, modbus, Codec::Frame(timeless)).starts_with("volume 0 123.45"), "measured now");
    assert!(read(Format::Frame, modbus, Codec::Json).contains("send no frames"));
}

#[test]
fn numbers_of_a_frame_are_read_in_either_order() {
    let one = |number: FrameNumber, is_big_endian, hex: &str| {
        let field = FrameField {
            property: "power".parse().unwrap(),
            at: 0,
            number,
            bit: 7,
            scale: 1.0,
            offset: 0.0,
            absent: Some(-1.0),
        };
        let length = number.bytes();
        let frame =
            Frame { length, is_big_endian, start: Vec::new(), time_at: None, checksum: None, fields: vec![field] };
        read(Format::Frame, hex, Codec::Frame(frame))
    };
    for (number, is_big_endian, hex, expect) in [
        (FrameNumber::U8, true, "fa", "power 0 250"),
        (FrameNumber::I8, true, "fa", "power 0 -6"),
        (FrameNumber::U16, true, "0102", "power 0 258"),
        (FrameNumber::U16, false, "0201", "power 0 258"),
        (FrameNumber::I16, false, "feff", "power 0 -2"),
        (FrameNumber::U32, true, "00000102", "power 0 258"),
        (FrameNumber::I32, false, "feffffff", "power 0 -2"),
        (FrameNumber::F32, true, "41fc0000", "power 0 31.5"),
        (FrameNumber::F32, false, "0000fc41", "power 0 31.5"),
        (FrameNumber::F32, true, "7fc00000", "power: 7fc00000 is not a number"),
        (FrameNumber::Bcd2, true, "0512", "power 0 512"),
        (FrameNumber::Bcd2, false, "1205", "power 0 512"),
        (FrameNumber::Bit, true, "80", "power 0 1"),
        (FrameNumber::Bit, true, "7f", "power 0 0"),
        (FrameNumber::I16, true, "ffff", "the message holds no reading"),
    ] {
        assert_eq!(one(number, is_big_endian, hex), expect, "{number:?} {hex}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let codecs = [Codec::Json, Codec::Cbor, Codec::Frame(frame(Checksum::Sum8))];
        for codec in codecs {
            for format in [Format::Own, Format::Plain, Format::Cbor, Format::Senml, Format::Frame] {
                match parse(format, &bytes, &class(codec.clone()), now()) {
                    Ok(readings) => prop_assert!(readings.iter().all(|one| one.value.is_finite())),
                    Err(fault) => prop_assert!(fault != PayloadError::TooLong { length: bytes.len() }, "it is short"),
                }
            }
        }
    }

    /// Whatever JSON says in CBOR is read alike.
    #[test]
    fn a_message_in_cbor_is_the_message_in_json(power in -10.0..700.0_f64, cars in 0_u32..100, lit: bool, late in 0_i64..100_000) {
        let at = now().as_micros() / 1_000_000 - late;
        let value = serde_json::json!({"at": at, "power": power, "cars": cars, "lit": lit});
        let mut cbor = Vec::new();
        ciborium::into_writer(&value, &mut cbor).unwrap();
        let class = class(Codec::Json);
        let json = parse(Format::Plain, value.to_string().as_bytes(), &class, now());
        prop_assert_eq!(json, parse(Format::Cbor, &cbor, &class, now()));
    }

    /// Numbers come back out of a frame as they were put in, and a changed byte is noticed.
    #[test]
    fn a_frame_holds_what_was_put_in(volume in 0_u32..60_000, flow in 0_u16..6_000, temperature in -40_i8..100, open: bool, at in 0_usize..15) {
        let digits = bytes(&format!("{volume:08}"));
        let mut one = vec![0x68];
        one.extend(u32::try_from(now().as_micros() / 1_000_000).unwrap().to_be_bytes());
        one.extend(digits);
        one.extend(flow.to_be_bytes());
        one.extend(temperature.to_be_bytes());
        one.push(u8::from(open) << 2);
        one.extend(crc::Crc::<u16>::new(&crc::CRC_16_MODBUS).checksum(&one).to_le_bytes());
        let class = class(Codec::Frame(frame(Checksum::Crc16Modbus)));
        let values: Vec<f64> = parse(Format::Own, &one, &class, now()).unwrap().iter().map(|one| one.value).collect();
        let expect = [f64::from(volume) / 100.0, f64::from(flow) / 10.0, f64::from(temperature) + 40.0, f64::from(u8::from(open))];
        prop_assert!(values.iter().zip(expect).all(|(value, expect)| (value - expect).abs() < 1e-9), "{values:?} {expect:?}");
        one[at] ^= 0x10;
        prop_assert!(parse(Format::Own, &one, &class, now()).is_err());
    }
}
