//! Disclosures, and the payload they complete (RFC 9901 §4.2 and §7.1).
//!
//! Decides form alone: whether the issuer signed the digests is decided elsewhere.

use crate::text::{decode_base64url, digest, encode_base64url, parse_json};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};

/// Names that carry digests; no claim may have them (RFC 9901 §4.1).
pub(crate) const RESERVED: [&str; 3] = ["_sd", "_sd_alg", "..."];

/// Claims that must not be selectively disclosed (SD-JWT VC, registered JWT claims).
pub(crate) const ALWAYS_DISCLOSED: [&str; 7] = ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status"];

/// Levels of objects and arrays in a completed payload. One JSON text nests 128 deep at most in `serde_json`, but
/// disclosures within disclosures would add up; licences nest 4 deep.
const MAX_DEPTH: usize = 64;

/// Why disclosures do not fit their payload (RFC 9901 §7.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    /// Not base64url of a JSON array: salt, name, value, or salt, value (§4.2.1, §4.2.2).
    #[error("disclosure {index} is not an array of salt, name and value, or of salt and value")]
    Form {
        /// Which disclosure, from 0.
        index: usize,
    },
    /// The same disclosure stands twice.
    #[error("disclosure {index} stands twice")]
    Twice {
        /// Which disclosure, from 0.
        index: usize,
    },
    /// No digest of the payload or of another disclosure belongs to it (step 5).
    #[error("disclosure {index} is referenced by no digest")]
    NotReferenced {
        /// Which disclosure, from 0.
        index: usize,
    },
    /// An array element where a claim belongs, or a claim where an array element belongs (step 3).
    #[error("disclosure {index} is of the wrong kind for the place of its digest")]
    Kind {
        /// Which disclosure, from 0.
        index: usize,
    },
    /// `_sd` is no array, or a digest no SHA-256 in base64url (§4.2.4).
    #[error("a digest is not a SHA-256 in base64url")]
    DigestForm,
    /// One digest stands in two places (step 4).
    #[error("a digest stands in two places")]
    DigestTwice,
    /// A claim is named `_sd`, `_sd_alg` or `...`, or these stand where they mean nothing (step 3).
    #[error("the name {name} is reserved and stands where it must not")]
    Reserved {
        /// The reserved name.
        name: String,
    },
    /// A claim is disclosed that stands there already (step 3).
    #[error("the claim {name} stands twice in one object")]
    ClaimTwice {
        /// The claim's name.
        name: String,
    },
    /// A claim is withheld and disclosed that every verifier must see (SD-JWT VC, registered JWT claims).
    #[error("the claim {name} must not be selectively disclosed")]
    AlwaysDisclosed {
        /// The claim's name.
        name: String,
    },
    /// Objects and arrays nest too deep.
    #[error("claims nest deeper than {MAX_DEPTH} levels")]
    Depth,
}

/// One disclosure: the text whose digest the issuer signed, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disclosure {
    /// Base64url, as it travels.
    pub text: String,
    /// Base64url of the SHA-256 of the text.
    pub digest: String,
    /// The claim's name; an array element has none.
    name: Option<String>,
    value: Value,
}

impl Disclosure {
    /// Writes the disclosure of a claim (§4.2.1).
    pub fn of_claim(salt: &[u8; 16], name: &str, value: &Value) -> Disclosure {
        let text = encode_base64url(json!([encode_base64url(salt), name, value]).to_string());
        Disclosure { digest: digest(&text), text, name: Some(name.to_owned()), value: value.clone() }
    }

    /// Reads a disclosure; `None` when it has not the form.
    pub fn parse(text: &str) -> Option<Disclosure> {
        let Value::Array(parts) = parse_json(&decode_base64url(text)?)? else { return None };
        let (name, value) = match <[Value; 3]>::try_from(parts) {
            Ok([Value::String(_), Value::String(name), value]) => (Some(name), value),
            Ok(_) => return None,
            Err(parts) => match <[Value; 2]>::try_from(parts) {
                Ok([Value::String(_), value]) => (None, value),
                _ => return None,
            },
        };
        Some(Disclosure { digest: digest(text), text: text.to_owned(), name, value })
    }
}

/// A payload with its disclosures put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Completed {
    /// The processed payload: without digests and without `_sd_alg`.
    pub claims: Map<String, Value>,
    /// For each disclosure the claim of the outermost object it stands under.
    pub places: Vec<String>,
}

/// Puts disclosures in the place of their digests (§7.1 steps 3 to 5).
pub(crate) fn complete(payload: &Map<String, Value>, disclosures: &[Disclosure]) -> Result<Completed, DisclosureError> {
    let mut by_digest = HashMap::new();
    for (index, disclosure) in disclosures.iter().enumerate() {
        if by_digest.insert(disclosure.digest.as_str(), index).is_some() {
            return Err(DisclosureError::Twice { index });
        }
    }
    let mut walk = Walk { disclosures, by_digest, seen: HashSet::new(), places: vec![None; disclosures.len()] };
    let claims = walk.object(payload, None, 0)?;
    let place = |(index, place): (usize, Option<String>)| place.ok_or(DisclosureError::NotReferenced { index });
    let places = walk.places.into_iter().enumerate().map(place).collect::<Result<_, _>>()?;
    Ok(Completed { claims, places })
}

struct Walk<'a> {
    disclosures: &'a [Disclosure],
    by_digest: HashMap<&'a str, usize>,
    seen: HashSet<&'a str>,
    places: Vec<Option<String>>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, value: &'a Value, place: &str, depth: usize) -> Result<Value, DisclosureError> {
        match value {
            Value::Object(object) => self.object(object, Some(place), depth + 1).map(Value::Object),
            Value::Array(elements) => self.array(elements, place, depth + 1).map(Value::Array),
            plain => Ok(plain.clone()),
        }
    }

    /// Completes one object; `place` is `None` for the payload itself.
    fn object(
        &mut self,
        object: &'a Map<String, Value>,
        place: Option<&str>,
        depth: usize,
    ) -> Result<Map<String, Value>, DisclosureError> {
        if depth > MAX_DEPTH {
            return Err(DisclosureError::Depth);
        }
        let mut claims = Map::new();
        for (name, value) in object {
            match name.as_str() {
                "_sd" => {}
                "_sd_alg" if place.is_none() => {}
                reserved if RESERVED.contains(&reserved) => {
                    return Err(DisclosureError::Reserved { name: name.clone() });
                }
                _ => {
                    let value = self.value(value, place.unwrap_or(name), depth)?;
                    claims.insert(name.clone(), value);
                }
            }
        }
        let digests = match object.get("_sd") {
            None => &[][..],
            Some(Value::Array(digests)) => digests,
            Some(_) => return Err(DisclosureError::DigestForm),
        };
        for digest in digests {
            let Some(index) = self.find(digest)? else { continue };
            let disclosure = &self.disclosures[index];
            let name = disclosure.name.as_ref().ok_or(DisclosureError::Kind { index })?;
            if RESERVED.contains(&name.as_str()) {
                return Err(DisclosureError::Reserved { name: name.clone() });
            }
            if place.is_none() && ALWAYS_DISCLOSED.contains(&name.as_str()) {
                return Err(DisclosureError::AlwaysDisclosed { name: name.clone() });
            }
            let place = place.unwrap_or(name);
            self.places[index] = Some(place.to_owned());
            let value = self.value(&disclosure.value, place, depth)?;
            if claims.insert(name.clone(), value).is_some() {
                return Err(DisclosureError::ClaimTwice { name: name.clone() });
            }
        }
        Ok(claims)
    }

    fn array(&mut self, elements: &'a [Value], place: &str, depth: usize) -> Result<Vec<Value>, DisclosureError> {
        if depth > MAX_DEPTH {
            return Err(DisclosureError::Depth);
        }
        let mut completed = Vec::new();
        for element in elements {
            let digest = element.as_object().filter(|object| object.len() == 1).and_then(|object| object.get("..."));
            let Some(digest) = digest else {
                completed.push(self.value(element, place, depth)?);
                continue;
            };
            let Some(index) = self.find(digest)? else { continue };
            let disclosure = &self.disclosures[index];
            if disclosure.name.is_some() {
                return Err(DisclosureError::Kind { index });
            }
            self.places[index] = Some(place.to_owned());
            completed.push(self.value(&disclosure.value, place, depth)?);
        }
        Ok(completed)
    }

    /// Takes note of a digest and finds its disclosure; a decoy or a withheld claim has none.
    fn find(&mut self, digest: &'a Value) -> Result<Option<usize>, DisclosureError> {
        let digest = digest.as_str().ok_or(DisclosureError::DigestForm)?;
        if decode_base64url(digest).is_none_or(|bytes| bytes.len() != 32) {
            return Err(DisclosureError::DigestForm);
        }
        if !self.seen.insert(digest) {
            return Err(DisclosureError::DigestTwice);
        }
        Ok(self.by_digest.get(digest).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digests_of_rfc_9901_are_computed() {
        for (text, digest) in [
            // §4.2.1 and §4.2.3, with the white space of the example.
            (
                "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0",
                "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0",
            ),
            // §4.2.2.
            ("WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0", "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"),
        ] {
            assert_eq!(Disclosure::parse(text).unwrap().digest, digest);
        }
    }

    #[test]
    fn what_has_not_the_form_is_no_disclosure() {
        for json in [
            "{}",
            "[]",
            r#"["s"]"#,
            r#"[1,"n",1]"#,
            r#"["s",1,1]"#,
            r#"[1,"v"]"#,
            r#"["s","n",1,1]"#,
            r#"["s","n",{"a":1,"a":1}]"#,
            "\"s\"",
        ] {
            assert_eq!(Disclosure::parse(&encode_base64url(json)), None, "{json}");
        }
        assert_eq!(Disclosure::parse("*"), None);
        assert!(Disclosure::parse(&encode_base64url(r#"["s",null]"#)).is_some());
    }

    #[test]
    fn what_is_written_reads_alike() {
        let written = Disclosure::of_claim(&[9; 16], "name", &json!({"a": [1, "宽"]}));
        assert_eq!(Disclosure::parse(&written.text), Some(written));
    }
}
