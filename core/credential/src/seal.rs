//! Seals of documents: who made a file, and when, over the SHA-256 of its bytes.
//!
//! A licence proves itself. The paper it is printed on does not: a seal by the same issuer says that not a stroke of it was
//! changed since.

use crate::jws::{self, Jws, JwsError};
use crate::key::{Algorithm, IssuerKey};
use crate::text::{decode_base64url, encode_base64url};
use crate::trust::{TrustedKeys, Untrusted};
use serde_json::{Map, Value, json};

/// The `typ` of a seal, of no other token of this crate.
const SEAL_TYPE: &str = "dipper-seal+jwt";

/// Longest seal read, bytes.
const MAX_SEAL_BYTES: usize = 4 * 1024;

/// Why a seal does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is longer than any seal.
    #[error("a seal has at most {MAX_SEAL_BYTES} bytes")]
    TooLarge,
    /// Form, algorithm, type or signature.
    #[error("the seal: {0}")]
    Jws(#[from] JwsError),
    /// A claim is missing or of the wrong type.
    #[error("the claim {claim} of the seal is missing or of the wrong type")]
    Claim {
        /// The claim.
        claim: &'static str,
    },
    /// No key of its issuer is trusted.
    #[error("the issuer of the seal is not trusted")]
    UnknownIssuer,
    /// The issuer is trusted, but not under this `kid`.
    #[error("the issuer of the seal has no trusted key of this kid")]
    UnknownKey,
    /// The document was changed after it was sealed.
    #[error("the document was changed after it was made")]
    Changed,
}

/// A seal that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// `iss`: who sealed.
    pub issuer: String,
    /// `iat`: when, in seconds since 1970-01-01 UTC.
    pub sealed_at_s: i64,
}

/// Seals a document by the SHA-256 of its bytes. Seals of one key, issuer and time are of one length.
pub fn seal(key: &IssuerKey, issuer: &str, now_s: i64, digest: &[u8; 32]) -> String {
    let mut payload = Map::new();
    payload.insert("iss".to_owned(), json!(issuer));
    payload.insert("iat".to_owned(), json!(now_s));
    payload.insert("sha256".to_owned(), json!(encode_base64url(digest)));
    jws::sign(Algorithm::EdDsa, SEAL_TYPE, Some(key.kid()), &payload, |message| key.sign(message))
}

/// Checks a seal against the SHA-256 of the document it is on.
///
/// # Errors
/// [`SealError`], for the first rule that is broken.
pub fn verify_seal(text: &str, keys: &TrustedKeys, digest: &[u8; 32]) -> Result<Seal, SealError> {
    if text.len() > MAX_SEAL_BYTES {
        return Err(SealError::TooLarge);
    }
    let jws = Jws::parse(text)?;
    jws.check_header(SEAL_TYPE)?;
    let issuer = jws.payload.get("iss").and_then(Value::as_str).ok_or(SealError::Claim { claim: "iss" })?;
    let key = keys.find(issuer, jws.kid()?).map_err(|untrusted| match untrusted {
        Untrusted::Issuer => SealError::UnknownIssuer,
        Untrusted::Key => SealError::UnknownKey,
    })?;
    jws.verify(SEAL_TYPE, key)?;
    let sealed_at_s = jws.payload.get("iat").and_then(Value::as_i64).ok_or(SealError::Claim { claim: "iat" })?;
    let sealed = jws.payload.get("sha256").and_then(Value::as_str).and_then(decode_base64url);
    if sealed.ok_or(SealError::Claim { claim: "sha256" })? != digest {
        return Err(SealError::Changed);
    }
    Ok(Seal { issuer: issuer.to_owned(), sealed_at_s })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::TrustedKey;
    use ed25519_dalek::SigningKey;

    const ISSUER: &str = "https://a";
    const DIGEST: [u8; 32] = [7; 32];

    fn key(kid: &str, secret: u8) -> IssuerKey {
        IssuerKey::new(kid, SigningKey::from_bytes(&[secret; 32])).unwrap()
    }

    fn trusted() -> TrustedKeys {
        let key = key("1", 1);
        TrustedKeys::new(vec![TrustedKey { issuer: ISSUER.into(), kid: "1".into(), key: key.public_key() }]).unwrap()
    }

    #[test]
    fn each_rule_has_its_error() {
        let good = seal(&key("1", 1), ISSUER, 5, &DIGEST);
        let signed = |typ: &str, payload: Value| {
            let payload = payload.as_object().unwrap().clone();
            let key = key("1", 1);
            jws::sign(Algorithm::EdDsa, typ, Some("1"), &payload, |message| key.sign(message))
        };
        let digest = encode_base64url(DIGEST);
        let wrong_type = SealError::Jws(JwsError::Type { expected: SEAL_TYPE });
        for (text, expected) in [
            (good.clone(), Ok(Seal { issuer: ISSUER.into(), sealed_at_s: 5 })),
            (format!("{good}A"), Err(SealError::Jws(JwsError::Signature))),
            ("x.y".to_owned(), Err(SealError::Jws(JwsError::Form))),
            ("a".repeat(4_097), Err(SealError::TooLarge)),
            (seal(&key("2", 1), ISSUER, 5, &DIGEST), Err(SealError::UnknownKey)),
            (seal(&key("1", 2), ISSUER, 5, &DIGEST), Err(SealError::Jws(JwsError::Signature))),
            (seal(&key("1", 1), "https://b", 5, &DIGEST), Err(SealError::UnknownIssuer)),
            (seal(&key("1", 1), ISSUER, 5, &[8; 32]), Err(SealError::Changed)),
            (signed("statuslist+jwt", json!({"iss": ISSUER, "iat": 5, "sha256": digest})), Err(wrong_type)),
            (signed(SEAL_TYPE, json!({"iat": 5, "sha256": digest})), Err(SealError::Claim { claim: "iss" })),
            (signed(SEAL_TYPE, json!({"iss": ISSUER, "sha256": digest})), Err(SealError::Claim { claim: "iat" })),
            (signed(SEAL_TYPE, json!({"iss": ISSUER, "iat": 5})), Err(SealError::Claim { claim: "sha256" })),
        ] {
            assert_eq!(verify_seal(&text, &trusted(), &DIGEST), expected, "{text}");
        }
    }

    #[test]
    fn seals_are_of_one_length() {
        let length = |digest| seal(&key("1", 1), ISSUER, 5, digest).len();
        assert_eq!(length(&[0; 32]), length(&[0xff; 32]));
    }
}
