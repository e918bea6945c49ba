//! SenML (RFC 8428) in JSON or CBOR: records with base values, resolved against the properties of a device.

use serde::Deserialize;

use super::payload::{PayloadError, READINGS_MAX, Taken, Value, seconds_since_1970};

/// The version this reads (RFC 8428 §4.4).
const VERSION: u8 = 10;

/// Times below are relative to now (RFC 8428 §4.5.3): 2^28 seconds.
const RELATIVE_BELOW: f64 = 268_435_456.0;

/// A record. Labels that begin with a letter and are not known are passed over, those that end with `_` must be understood
/// (RFC 8428 §4.4): there are none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record {
    bn: Option<String>,
    bt: Option<f64>,
    bu: Option<String>,
    bv: Option<f64>,
    bver: Option<u8>,
    n: Option<String>,
    u: Option<String>,
    v: Option<f64>,
    vb: Option<bool>,
    vs: Option<String>,
    vd: Option<String>,
    s: Option<f64>,
    t: Option<f64>,
}

/// Base values so far.
#[derive(Default)]
struct Base {
    name: String,
    time: f64,
    unit: Option<String>,
    value: Option<f64>,
}

pub(super) fn read(bytes: &[u8], taken: &mut Taken<'_>) -> Result<(), serde_json::Error> {
    read_records(serde_json::from_slice(bytes)?, taken)
}

/// The same, of a message that was CBOR.
pub(super) fn read_value(value: serde_json::Value, taken: &mut Taken<'_>) -> Result<(), serde_json::Error> {
    read_records(serde_json::from_value(value)?, taken)
}

fn read_records(records: Vec<Record>, taken: &mut Taken<'_>) -> Result<(), serde_json::Error> {
    if records.len() > READINGS_MAX {
        return taken.refuse(PayloadError::TooMany);
    }
    let mut base = Base::default();
    for record in records {
        read_record(record, &mut base, taken)?;
    }
    Ok(())
}

fn read_record(record: Record, base: &mut Base, taken: &mut Taken<'_>) -> Result<(), serde_json::Error> {
    if let Some(version) = record.bver.filter(|version| *version != VERSION) {
        return taken.refuse(PayloadError::Form(format!("SenML version {version}; {VERSION} is read")));
    }
    if let Some(name) = record.bn {
        base.name = name;
    }
    base.time = record.bt.unwrap_or(base.time);
    base.unit = record.bu.or(base.unit.take());
    base.value = record.bv.or(base.value);
    let is_bare = record.n.is_none() && record.v.is_none() && record.vb.is_none();
    if is_bare && record.vs.is_none() && record.vd.is_none() && record.s.is_none() {
        return Ok(());
    }
    let name = format!("{}{}", base.name, record.n.unwrap_or_default());
    let property = find(&name, taken)?;
    let value = match (record.v, record.vb) {
        (Some(value), None) => Value::Number(value + base.value.unwrap_or(0.0)),
        (None, Some(truth)) => Value::Truth(truth),
        (None, None) if base.value.is_some() => Value::Number(base.value.unwrap_or_default()),
        _ => {
            let got = "a text, data, a sum or nothing".to_owned();
            return taken.refuse(PayloadError::Kind { property: name, got, wanted: "one number or truth (v or vb)" });
        }
    };
    check_unit(property, record.u.as_ref().or(base.unit.as_ref()), taken)?;
    let from = taken.readings.len();
    taken.take(property, value)?;
    let time = base.time + record.t.unwrap_or(0.0);
    let now_s = taken.now.as_micros() as f64 / 1e6;
    let at = seconds_since_1970(if time < RELATIVE_BELOW { now_s + time } else { time });
    // What was measured now keeps the instant of arrival to the microsecond.
    if time == 0.0 { Ok(()) } else { taken.date(from, at) }
}

/// A name is a property, with any names of devices before it: `urn:dev:mac:0024befffe804ff1:power`, `lamp-7/power`.
fn find(name: &str, taken: &mut Taken<'_>) -> Result<usize, serde_json::Error> {
    let ends =
        |id: &str| name.strip_suffix(id).is_some_and(|before| before.is_empty() || before.ends_with([':', '/', '_']));
    let named = taken.class.properties.iter().enumerate().filter(|(_, property)| ends(property.id.as_str()));
    // `water_level` ends with `level` too: the longest is meant.
    let longest = named.max_by_key(|(_, property)| property.id.as_str().len()).map(|(at, _)| at);
    longest.map_or_else(|| taken.find(name), Ok)
}

fn check_unit(property: usize, unit: Option<&String>, taken: &mut Taken<'_>) -> Result<(), serde_json::Error> {
    let known = &taken.class.properties[property];
    let Some(unit) = unit else { return Ok(()) };
    // Truths and counts are plain numbers to SenML.
    let fits = known.unit.map_or(matches!(unit.as_str(), "/" | "1" | "count"), |known| known.is_named(unit));
    if fits {
        return Ok(());
    }
    let wanted = known.unit.map_or_else(|| "1".to_owned(), |unit| unit.ucum().to_owned());
    let unit = unit.chars().take(32).collect();
    taken.refuse(PayloadError::Unit { property: known.id.to_string(), unit, wanted })
}
