//! The one text of a value: JSON with sorted keys and no spaces. What is stored, and what the ledger commits to.
//!
//! Must never change: a receipt given out once is checked against this text for ever.

use std::fmt::Write;

use model::{Event, Record};
use serde::Serialize;
use serde_json::Value;

/// The event as the ledger commits to it: UTF-8 JSON, keys sorted, no spaces, times in microseconds.
///
/// Keys: `actor`, `at`, `body`, `case`, `id`, `recorded_at`, `version`. The position is left out: it belongs to
/// the log, not to the fact. Locked by a golden file.
pub fn canonical_event(event: &Event) -> Vec<u8> {
    assemble(&Parts {
        actor: &canonical_json(&event.actor),
        body: &canonical_json(&event.body),
        at_us: event.at.as_micros(),
        recorded_at_us: event.recorded_at.as_micros(),
        case: &event.case.to_string(),
        id: &event.id.to_string(),
        version: event.version,
    })
}

/// The record as the ledger commits to it: as an event, without `case` and `version`. Locked by a golden file.
pub fn canonical_record(record: &Record) -> Vec<u8> {
    assemble_record(&RecordParts {
        actor: &canonical_json(&record.actor),
        body: &canonical_json(&record.body),
        at_us: record.at.as_micros(),
        recorded_at_us: record.recorded_at.as_micros(),
        id: &record.id.to_string(),
    })
}

/// The parts of an event as they are stored.
pub(crate) struct Parts<'a> {
    pub(crate) actor: &'a str,
    pub(crate) body: &'a str,
    pub(crate) at_us: i64,
    pub(crate) recorded_at_us: i64,
    pub(crate) case: &'a str,
    pub(crate) id: &'a str,
    pub(crate) version: u32,
}

/// Puts stored texts together without parsing them: what was written once is committed to, byte for byte.
pub(crate) fn assemble(parts: &Parts<'_>) -> Vec<u8> {
    let Parts { actor, body, at_us, recorded_at_us, case, id, version } = parts;
    format!(
        "{{\"actor\":{actor},\"at\":{at_us},\"body\":{body},\"case\":\"{case}\",\"id\":\"{id}\",\"recorded_at\":{recorded_at_us},\"version\":{version}}}"
    )
    .into_bytes()
}

/// The parts of a record as they are stored.
pub(crate) struct RecordParts<'a> {
    pub(crate) actor: &'a str,
    pub(crate) body: &'a str,
    pub(crate) at_us: i64,
    pub(crate) recorded_at_us: i64,
    pub(crate) id: &'a str,
}

/// Puts stored texts together, as [`assemble`] does.
pub(crate) fn assemble_record(parts: &RecordParts<'_>) -> Vec<u8> {
    let RecordParts { actor, body, at_us, recorded_at_us, id } = parts;
    format!("{{\"actor\":{actor},\"at\":{at_us},\"body\":{body},\"id\":\"{id}\",\"recorded_at\":{recorded_at_us}}}")
        .into_bytes()
}

/// JSON with the keys of every object sorted by their bytes, and no spaces.
pub(crate) fn canonical_json(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("what the platform stores is plain data with string keys");
    let mut text = String::with_capacity(256);
    write(&value, &mut text);
    text
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            // Not left to the map: its order depends on a feature that any crate may switch on.
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_plain(&Value::from(key.as_str()), out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        plain => write_plain(plain, out),
    }
}

fn write_plain(value: &Value, out: &mut String) {
    write!(out, "{value}").expect("a string takes every byte");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value: Value = serde_json::from_str(r#"{"b":[{"z":1,"a":2.5}],"a":"瑶\n光","Z":null}"#).unwrap();
        assert_eq!(canonical_json(&value), r#"{"Z":null,"a":"瑶\n光","b":[{"a":2.5,"z":1}]}"#);
    }
}
