//! Messages in CBOR (RFC 8949): the same objects as in JSON, and SenML with its labels as numbers (RFC 8428 §6).
//!
//! A message becomes the JSON it says, and is read as that: one meaning, whatever it is written in. What JSON cannot say is
//! refused: byte strings, keys that are no text, numbers that are none, a key twice.

use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

use super::payload::PayloadError;

/// Lists within maps within lists are all there is; deeper is no message of ours.
const DEPTH_MAX: usize = 8;

/// Labels of SenML in CBOR (RFC 8428 table 4).
const LABELS: [(i128, &str); 14] = [
    (-1, "bver"),
    (-2, "bn"),
    (-3, "bt"),
    (-4, "bu"),
    (-5, "bv"),
    (-6, "bs"),
    (0, "n"),
    (1, "u"),
    (2, "v"),
    (3, "vs"),
    (4, "vb"),
    (5, "s"),
    (6, "t"),
    (7, "ut"),
];

/// `vd`, a byte string, is of no property; it is refused with a word of its own.
const DATA_LABEL: i128 = 8;

/// Reads a message into the JSON it says.
///
/// # Errors
/// [`PayloadError::Form`].
pub(super) fn to_json(bytes: &[u8]) -> Result<Value, PayloadError> {
    let mut rest = bytes;
    let value: Cbor = ciborium::from_reader_with_buffer(&mut rest, &mut [0; 1_024]).map_err(|error| {
        form(match error {
            ciborium::de::Error::Syntax(at) => format!("it is no CBOR at byte {at}"),
            ciborium::de::Error::Io(_) => "the CBOR ends too early".to_owned(),
            ciborium::de::Error::RecursionLimitExceeded => "the CBOR is too deep".to_owned(),
            ciborium::de::Error::Semantic(at, why) => {
                at.map_or_else(|| why.clone(), |at| format!("{why}, at byte {at}"))
            }
        })
    })?;
    if !rest.is_empty() {
        return Err(form(format!("{} bytes follow the CBOR", rest.len())));
    }
    convert(value, DEPTH_MAX)
}

fn convert(value: Cbor, depth: usize) -> Result<Value, PayloadError> {
    let Some(deeper) = depth.checked_sub(1) else { return Err(form(format!("it is deeper than {DEPTH_MAX}"))) };
    match value {
        Cbor::Null => Ok(Value::Null),
        Cbor::Bool(truth) => Ok(Value::Bool(truth)),
        Cbor::Text(text) => Ok(Value::String(text)),
        Cbor::Integer(number) => {
            let number = i128::from(number);
            let small = i64::try_from(number).map(Number::from).or_else(|_| u64::try_from(number).map(Number::from));
            small.map(Value::Number).map_err(|_| form(format!("{number} is beyond any sensor")))
        }
        Cbor::Float(number) => {
            let finite = Number::from_f64(number).map(Value::Number);
            finite.ok_or_else(|| form(format!("{number} is no measurement; leave the property out")))
        }
        // 0: a time as text; 1: seconds since 1970 (RFC 8949 §3.4). What follows says the same without the tag.
        Cbor::Tag(0 | 1, inner) => convert(*inner, deeper),
        Cbor::Tag(tag, _) => Err(form(format!("tag {tag} means nothing here"))),
        Cbor::Bytes(_) => Err(form("a byte string is no reading")),
        Cbor::Array(items) => {
            items.into_iter().map(|item| convert(item, deeper)).collect::<Result<_, _>>().map(Value::Array)
        }
        Cbor::Map(pairs) => {
            let mut map = Map::with_capacity(pairs.len().min(64));
            for (key, value) in pairs {
                let key = key_of(key)?;
                if map.contains_key(&key) {
                    let key: String = key.chars().take(64).collect();
                    return Err(form(format!("{key} stands twice in one map")));
                }
                map.insert(key, convert(value, deeper)?);
            }
            Ok(Value::Object(map))
        }
        _ => Err(form("it has a simple value that means nothing here")),
    }
}

fn key_of(key: Cbor) -> Result<String, PayloadError> {
    match key {
        Cbor::Text(text) => Ok(text),
        Cbor::Integer(label) => {
            let label = i128::from(label);
            if label == DATA_LABEL {
                return Err(form("vd (label 8) is data, which is no reading"));
            }
            let known = LABELS.iter().find(|(number, _)| *number == label);
            known.map(|(_, name)| (*name).to_owned()).ok_or_else(|| form(format!("{label} is no label of SenML")))
        }
        _ => Err(form("a key is a text, or a label of SenML")),
    }
}

fn form(words: impl Into<String>) -> PayloadError {
    PayloadError::Form(words.into())
}
