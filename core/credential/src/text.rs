//! Base64url without padding, SHA-256 digests as text, and JSON that refuses a name given twice.
//!
//! Nothing here knows of licences.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Writes bytes as base64url without padding (RFC 7515 §2).
pub fn encode_base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url without padding; one sequence of bytes has one accepted spelling.
pub fn decode_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Base64url of the SHA-256 of a text (RFC 9901 §4.2.3).
pub fn digest(text: &str) -> String {
    encode_base64url(Sha256::digest(text.as_bytes()))
}

/// Reads JSON in which no object names a member twice (RFC 8259 §4 leaves that open, RFC 7519 §4 lets us refuse it).
pub fn parse_json(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Strict>(bytes).ok().map(|strict| strict.0)
}

/// Reads a JSON object in which no object names a member twice.
pub fn parse_object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match parse_json(bytes)? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Strict, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without a member named twice")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(Strict(element)) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, Strict>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is named twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_given_twice_is_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"a":2}}]"#, r#"{"a":1,"\u0061":2}"#, "{} {}", "[1,]", "NaN"] {
            assert_eq!(parse_json(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_object(b"[]"), None);
        assert_eq!(parse_object(b" {} "), Some(Map::new()));
    }

    #[test]
    fn base64url_has_one_spelling() {
        assert_eq!(decode_base64url("_-8"), Some(vec![0xff, 0xef]));
        for text in ["_-8=", "_-9", "/+8", "_", "_-8\n"] {
            assert_eq!(decode_base64url(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn json_reads_as_the_library_reads_it(text in r#"[\[\]{}:,"a-c0-9.e \\u-]{0,40}"#) {
            let lenient = serde_json::from_str::<Value>(&text).ok();
            if let Some(strict) = parse_json(text.as_bytes()) {
                prop_assert_eq!(Some(strict), lenient);
            }
        }
    }
}
