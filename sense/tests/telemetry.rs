//! What devices may send: messages as a table, and the register with its secrets on both databases.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use dipper_sense as sense;
use model::{Instant, Text};
use pack::{Codec, DeviceClass, Property, PropertyKind};
use sense::telemetry::{Format, Measured, PayloadError, READINGS_MAX, parse};

fn now() -> Instant {
    "2026-11-27T08:00:00Z".parse().unwrap()
}

fn class() -> DeviceClass {
    let property = |id: &str, kind, unit: Option<&str>, min, max| Property {
        id: id.parse().unwrap(),
        title: Text::default(),
        kind,
        unit: unit.map(|unit| unit.parse().unwrap()),
        definition: None,
        min,
        max,
        is_battery: false,
    };
    DeviceClass {
        title: Text::default(),
        office: "lighting".parse().unwrap(),
        interval_seconds: 300,
        messages_per_minute: None,
        commands: Vec::new(),
        codec: Codec::Json,
        retention: None,
        video: None,
        properties: vec![
            property("power", PropertyKind::Measurement, Some("W"), Some(0.0), Some(600.0)),
            property("level", PropertyKind::Measurement, Some("cm"), None, None),
            property("water_level", PropertyKind::Measurement, Some("%"), None, None),
            property("cars", PropertyKind::Count, None, Some(0.0), None),
            property("lit", PropertyKind::Truth, None, None, None),
        ],
    }
}

fn read(format: Format, text: &str) -> Result<Vec<(usize, i64, f64)>, PayloadError> {
    let second = |at: Instant| at.micros_since(now()) / 1_000_000;
    let each = |one: Measured| (one.property, second(one.at), one.value);
    Ok(parse(format, text.as_bytes(), &class(), now())?.into_iter().map(each).collect())
}

/// A property, seconds from now, and a value.
type Found = (usize, i64, f64);

#[test]
fn plain_messages_are_read() {
    let cases: [(&str, &[Found]); 9] = [
        (r#"{"power": 31.5}"#, &[(0, 0, 31.5)]),
        (r#"{"power": 31, "lit": true, "cars": 7}"#, &[(0, 0, 31.0), (4, 0, 1.0), (3, 0, 7.0)]),
        (r#"{"power": 1, "at": "2026-11-27T07:59:00Z"}"#, &[(0, -60, 1.0)]),
        (r#"{"at": "2026-11-27T15:59:00+08:00", "power": 1}"#, &[(0, -60, 1.0)]),
        (r#"{"at": 1795766340, "power": 1}"#, &[(0, -60, 1.0)]),
        (r#"{"at": 1795766400.5, "power": 1}"#, &[(0, 0, 1.0)]),
        (r#"[{"power": 1}, {"at": "2026-11-27T07:00:00Z", "power": 2}]"#, &[(0, 0, 1.0), (0, -3600, 2.0)]),
        (r#"{"power": null, "lit": 0}"#, &[(4, 0, 0.0)]),
        ("{\"po\\u0077er\": 5}", &[(0, 0, 5.0)]),
    ];
    for (text, expect) in cases {
        assert_eq!(read(Format::Plain, text).unwrap(), expect, "{text}");
    }
}

#[test]
fn senml_messages_are_read() {
    let cases: [(&str, &[Found]); 8] = [
        (r#"[{"n": "power", "u": "W", "v": 31.5}]"#, &[(0, 0, 31.5)]),
        // RFC 8428 §5.1.2: base name, base time, relative times.
        (
            r#"[{"bn": "urn:dev:mac:0024befffe804ff1:", "bt": 1795766400, "bu": "W", "bver": 10, "n": "power", "v": 120.1},
                {"n": "power", "t": -5, "v": 119}, {"n": "cars", "u": "count", "t": -4, "v": 3}]"#,
            &[(0, 0, 120.1), (0, -5, 119.0), (3, -4, 3.0)],
        ),
        (r#"[{"bt": -60, "n": "power", "v": 1}]"#, &[(0, -60, 1.0)]),
        (r#"[{"bn": "lamp-7/"}, {"n": "lit", "vb": true}]"#, &[(4, 0, 1.0)]),
        (r#"[{"n": "site_water_level", "u": "%RH", "v": 40}]"#, &[(2, 0, 40.0)]),
        (r#"[{"n": "gauge:level", "v": 40}]"#, &[(1, 0, 40.0)]),
        (r#"[{"bn": "power", "bv": 20, "v": 1}, {"v": 2}]"#, &[(0, 0, 21.0), (0, 0, 22.0)]),
        (r#"[{"bn": "power", "bv": 20, "t": -1}, {"n": "", "v": 0.5}]"#, &[(0, 0, 20.5)]),
    ];
    for (text, expect) in cases {
        assert_eq!(read(Format::Senml, text).unwrap(), expect, "{text}");
    }
}

#[test]
fn messages_that_do_not_fit_are_refused_whole_with_the_reason() {
    let many = format!("[{}]", vec![r#"{"power":1}"#; READINGS_MAX + 1].join(","));
    let long = format!("{{\"power\": 1{}}}", " ".repeat(300_000));
    let cases: [(Format, &str, &str); 26] = [
        (Format::Plain, "", "cannot be read: EOF"),
        (Format::Plain, "{}", "holds no reading"),
        (Format::Plain, "[]", "holds no reading"),
        (Format::Plain, r#"{"power": null}"#, "holds no reading"),
        (Format::Plain, "7", "an object of readings, or a list"),
        (Format::Plain, r#"[[{"power": 1}]]"#, "an object of readings"),
        (Format::Plain, r#"{"power": 1} x"#, "cannot be read: trailing"),
        (Format::Plain, r#"{"power": 1"#, "cannot be read: EOF"),
        (Format::Plain, r#"{"power": "1"}"#, "a number, true, false or null"),
        (Format::Plain, r#"{"power": {"v": 1}}"#, "a number, true, false or null"),
        (Format::Plain, r#"{"power": 1e999}"#, "cannot be read: number out of range"),
        (Format::Plain, r#"{"power": 1, "power": 2}"#, "power stands twice"),
        (
            Format::Plain,
            r#"{"powr": 1}"#,
            "\"powr\" is no property of this device; known are power, level, water_level, cars, lit",
        ),
        (Format::Plain, r#"{"power": 600.5}"#, "600.5 is beyond what the sensor can give (0..600)"),
        (Format::Plain, r#"{"power": -1, "lit": true}"#, "-1 is beyond"),
        (Format::Plain, r#"{"power": true}"#, "true is not a number"),
        (Format::Plain, r#"{"cars": 1.5}"#, "1.5 is not a whole number"),
        (Format::Plain, r#"{"lit": 2}"#, "2 is not true or false"),
        (Format::Plain, r#"{"power": 1, "at": "yesterday"}"#, "RFC 3339"),
        (Format::Plain, r#"{"power": 1, "at": "2026-11-27T08:05:01Z"}"#, "set the device's clock"),
        (Format::Plain, r#"{"power": 1, "at": 1}"#, "set the device's clock"),
        (Format::Plain, r#"{"power": 1, "at": 1e300}"#, "set the device's clock"),
        (Format::Senml, r#"[{"n": "power", "u": "kW", "v": 1}]"#, "power is measured in \"W\", got \"kW\""),
        (Format::Senml, r#"[{"n": "power", "vs": "a"}]"#, "one number or truth"),
        (Format::Senml, r#"[{"bver": 11, "n": "power", "v": 1}]"#, "SenML version 11; 10 is read"),
        (Format::Senml, r#"[{"n": "willpower", "v": 1}]"#, "\"willpower\" is no property"),
    ];
    for (format, text, expect) in cases {
        let message = read(format, text).unwrap_err().to_string();
        assert!(message.contains(expect), "{text}: {message}");
    }
    assert_eq!(read(Format::Plain, &many).unwrap_err(), PayloadError::TooMany);
    assert!(matches!(read(Format::Plain, &long).unwrap_err(), PayloadError::TooLong { .. }));
}
