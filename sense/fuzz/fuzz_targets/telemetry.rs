//! Any bytes of a device are read or refused, in every format; what is read is a finite value of one of its properties, at a time
//! that can be.
#![no_main]

#[allow(dead_code, reason = "the readers of dipper-sense, without what asks")]
#[path = "../../src/telemetry"]
mod telemetry {
    mod cbor;
    mod frame;
    pub mod payload;
    mod senml;
}

use libfuzzer_sys::fuzz_target;
use model::Instant;
use pack::{Checksum, Codec, DeviceClass, Frame, FrameField, FrameNumber, Property, PropertyKind};
use telemetry::payload::{AHEAD_US, BEHIND_US, Format, parse};

fn class() -> DeviceClass {
    let property = |id: &str, kind| Property {
        id: id.parse().expect("an id"),
        title: Default::default(),
        kind,
        unit: None,
        definition: None,
        min: None,
        max: None,
        is_battery: false,
    };
    let field = |property: &str, at, number| FrameField {
        property: property.parse().expect("an id"),
        at,
        number,
        bit: 3,
        scale: 0.1,
        offset: -40.0,
        absent: Some(255.0),
    };
    let fields = vec![
        field("power", 1, FrameNumber::F32),
        field("level", 5, FrameNumber::Bcd2),
        field("cars", 7, FrameNumber::I16),
        field("lit", 9, FrameNumber::Bit),
    ];
    let frame =
        Frame { length: 14, is_big_endian: false, start: vec![0x68], time_at: Some(10), checksum: Some(Checksum::Sum8), fields };
    DeviceClass {
        title: Default::default(),
        office: "centre".parse().expect("an id"),
        interval_seconds: 60,
        properties: vec![
            property("power", PropertyKind::Measurement),
            property("level", PropertyKind::Measurement),
            property("cars", PropertyKind::Count),
            property("lit", PropertyKind::Truth),
        ],
        commands: Vec::new(),
        codec: Codec::Frame(Frame { checksum: None, ..frame }),
        retention: None,
        video: None,
    }
}

fuzz_target!(|bytes: &[u8]| {
    let (class, now) = (class(), Instant::from_micros(1_795_766_400_000_000));
    for format in [Format::Own, Format::Plain, Format::Cbor, Format::Senml] {
        let Ok(readings) = parse(format, bytes, &class, now) else { continue };
        for one in readings {
            let age = now.micros_since(one.at);
            assert!(one.value.is_finite() && one.property < 4 && (-AHEAD_US..=BEHIND_US).contains(&age));
        }
    }
});
