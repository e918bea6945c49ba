//! The document of trusted issuer keys: a JSON Web Key Set (RFC 7517 §5) whose keys name their issuer.
//!
//! Who is trusted is decided by whoever writes the document, never by a token.

use crate::key::{KeyError, PublicKey, is_kid};
use crate::text::parse_object;
use serde_json::{Map, Value, json};
use std::fmt;

/// Longest document: at some 200 bytes a key, room for about a thousand.
const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// Why a document of trusted keys is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Longer than 256 KiB.
    #[error("a document of trusted keys has at most {MAX_DOCUMENT_BYTES} bytes")]
    TooLarge,
    /// Not a JSON object with an array `keys` of objects.
    #[error("a document of trusted keys is a JSON object with an array keys")]
    Form,
    /// One key breaks a rule.
    #[error("key {index}: {error}")]
    Key {
        /// Which key, from 0.
        index: usize,
        /// The rule.
        error: KeyError,
    },
    /// A key names no issuer, and none is given for the whole document.
    #[error("key {index} names no issuer (iss)")]
    NoIssuer {
        /// Which key, from 0.
        index: usize,
    },
    /// One issuer has two keys of the same id.
    #[error("key {index} has the issuer and the id of a key before it")]
    Twice {
        /// Which key, from 0.
        index: usize,
    },
}

/// A key, its id, and the issuer it is trusted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The value `iss` has in what it signs.
    pub issuer: String,
    /// The value `kid` has in the header of what it signs.
    pub kid: String,
    /// The public key.
    pub key: PublicKey,
}

/// Keys trusted to issue, each for one issuer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedKeys {
    keys: Vec<TrustedKey>,
}

/// Why no key is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Untrusted {
    Issuer,
    Key,
}

impl TrustedKeys {
    /// Gathers keys.
    ///
    /// # Errors
    /// [`TrustError::NoIssuer`] for an empty issuer, [`TrustError::Twice`], or [`TrustError::Key`] for an impossible id.
    pub fn new(keys: Vec<TrustedKey>) -> Result<TrustedKeys, TrustError> {
        for (index, key) in keys.iter().enumerate() {
            if key.issuer.is_empty() {
                return Err(TrustError::NoIssuer { index });
            }
            if !is_kid(&key.kid) {
                return Err(TrustError::Key { index, error: KeyError::Kid });
            }
            if keys[..index].iter().any(|before| before.issuer == key.issuer && before.kid == key.kid) {
                return Err(TrustError::Twice { index });
            }
        }
        Ok(TrustedKeys { keys })
    }

    /// Reads a key set: `{"keys":[{"kty","crv","x","kid","use","alg","iss"}]}`.
    ///
    /// `issuer` is that of the keys without `iss`, for sets published by an issuer itself. Unlike RFC 7517 §5 asks of
    /// readers of foreign sets, a key of an unknown type is an error and not passed over: an operator wrote it.
    ///
    /// # Errors
    /// [`TrustError`], for the first rule that is broken.
    pub fn parse(text: &str, issuer: Option<&str>) -> Result<TrustedKeys, TrustError> {
        if text.len() > MAX_DOCUMENT_BYTES {
            return Err(TrustError::TooLarge);
        }
        let document = parse_object(text.as_bytes()).ok_or(TrustError::Form)?;
        let keys = document.get("keys").and_then(Value::as_array).ok_or(TrustError::Form)?;
        let read = |(index, jwk): (usize, &Value)| read_key(index, jwk.as_object().ok_or(TrustError::Form)?, issuer);
        TrustedKeys::new(keys.iter().enumerate().map(read).collect::<Result<_, _>>()?)
    }

    /// The keys, in the order of the document.
    pub fn list_keys(&self) -> &[TrustedKey] {
        &self.keys
    }

    /// The key of an issuer with an id; without an id, the only key of the issuer.
    pub(crate) fn find(&self, issuer: &str, kid: Option<&str>) -> Result<&PublicKey, Untrusted> {
        let of_issuer = || self.keys.iter().filter(|key| key.issuer == issuer);
        if of_issuer().next().is_none() {
            return Err(Untrusted::Issuer);
        }
        let mut matching = of_issuer().filter(|key| kid.is_none_or(|kid| key.kid == kid));
        match (matching.next(), matching.next()) {
            (Some(only), None) => Ok(&only.key),
            _ => Err(Untrusted::Key),
        }
    }
}

fn read_key(index: usize, jwk: &Map<String, Value>, issuer: Option<&str>) -> Result<TrustedKey, TrustError> {
    let key = PublicKey::from_jwk(jwk).map_err(|error| TrustError::Key { index, error })?;
    let kid = jwk.get("kid").and_then(Value::as_str).ok_or(TrustError::Key { index, error: KeyError::Kid })?;
    let issuer = match jwk.get("iss") {
        Some(iss) => iss.as_str(),
        None => issuer,
    };
    let issuer = issuer.ok_or(TrustError::NoIssuer { index })?;
    Ok(TrustedKey { issuer: issuer.to_owned(), kid: kid.to_owned(), key })
}

/// Writes the document, each key with its issuer; what is written reads alike.
impl fmt::Display for TrustedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let write = |key: &TrustedKey| {
            let mut jwk = key.key.to_jwk();
            let members =
                [("kid", &*key.kid), ("use", "sig"), ("alg", key.key.algorithm().as_str()), ("iss", &key.issuer)];
            for (name, value) in members {
                jwk.insert(name.to_owned(), value.into());
            }
            Value::Object(jwk)
        };
        let keys: Vec<_> = self.keys.iter().map(write).collect();
        write!(f, "{:#}", json!({"keys": keys}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::HolderKey;

    const KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"1","iss":"https://a"}"#;

    fn document(keys: &[&str]) -> String {
        format!("{{\"keys\":[{}]}}", keys.join(","))
    }

    #[test]
    fn documents_that_break_a_rule_are_refused() {
        let other = |from: &str, to: &str| document(&[KEY, &KEY.replace(from, to)]);
        for (text, error) in [
            ("[]".to_owned(), TrustError::Form),
            ("{}".to_owned(), TrustError::Form),
            (r#"{"keys":{}}"#.to_owned(), TrustError::Form),
            (document(&["1"]), TrustError::Form),
            (r#"{"keys":[],"keys":[]}"#.to_owned(), TrustError::Form),
            (" ".repeat(MAX_DOCUMENT_BYTES + 1), TrustError::TooLarge),
            (other("https://a", ""), TrustError::NoIssuer { index: 1 }),
            (other(r#","iss":"https://a""#, ""), TrustError::NoIssuer { index: 1 }),
            (other(r#""https://a""#, "1"), TrustError::NoIssuer { index: 1 }),
            (other(r#""1""#, "1"), TrustError::Key { index: 1, error: KeyError::Kid }),
            (other(r#""1""#, r#""""#), TrustError::Key { index: 1, error: KeyError::Kid }),
            (other("OKP", "RSA"), TrustError::Key { index: 1, error: KeyError::Unsupported }),
            (other("}", r#","d":"AA"}"#), TrustError::Key { index: 1, error: KeyError::Private }),
            (document(&[KEY, KEY]), TrustError::Twice { index: 1 }),
        ] {
            assert_eq!(TrustedKeys::parse(&text, None), Err(error), "{}", &text[..text.len().min(400)]);
        }
    }

    #[test]
    fn a_key_without_issuer_takes_that_of_the_document() {
        let bare = KEY.replace(r#","iss":"https://a""#, "");
        let keys = TrustedKeys::parse(&document(&[&bare]), Some("https://b")).unwrap();
        assert_eq!(keys.list_keys()[0].issuer, "https://b");
        let keys = TrustedKeys::parse(&document(&[KEY]), Some("https://b")).unwrap();
        assert_eq!(keys.list_keys()[0].issuer, "https://a");
    }

    #[test]
    fn what_is_written_reads_alike() {
        let key = |issuer: &str, kid: &str, key: PublicKey| TrustedKey { issuer: issuer.into(), kid: kid.into(), key };
        let keys = TrustedKeys::new(vec![
            key("https://a", "1", HolderKey::from_ed25519(&[1; 32]).public_key()),
            key("https://b", "1", HolderKey::from_p256(&[1; 32]).unwrap().public_key()),
        ])
        .unwrap();
        assert_eq!(TrustedKeys::parse(&keys.to_string(), None), Ok(keys));
        assert_eq!(TrustedKeys::parse(&TrustedKeys::default().to_string(), None), Ok(TrustedKeys::default()));
    }

    #[test]
    fn a_key_is_found_for_its_issuer_alone() {
        let second = KEY.replace(r#""1""#, r#""2""#);
        let keys = TrustedKeys::parse(&document(&[KEY, &second, &KEY.replace("//a", "//b")]), None).unwrap();
        for (issuer, kid, found) in [
            ("https://a", Some("2"), Ok(())),
            ("https://b", Some("1"), Ok(())),
            ("https://b", None, Ok(())),
            ("https://b", Some("2"), Err(Untrusted::Key)),
            ("https://a", None, Err(Untrusted::Key)),
            ("https://a/", Some("1"), Err(Untrusted::Issuer)),
        ] {
            assert_eq!(keys.find(issuer, kid).map(|_| ()), found, "{issuer} {kid:?}");
        }
    }
}
