//! Proof of possession: a device shows that it has the key a licence is to be bound to (OpenID4VCI, appendix F.1).
//!
//! It proves that and nothing else: who may have the licence is the caller's to know.

use crate::jws::{Jws, JwsError, sign_under};
use crate::key::{HolderKey, KeyError, PublicKey};
use serde_json::{Value, json};

/// The `typ` of a key proof (OpenID4VCI F.1).
const PROOF_TYPE: &str = "openid4vci-proof+jwt";

/// Longest proof that is read: one has some 400 bytes.
const MAX_PROOF_BYTES: usize = 4 * 1024;

/// Why a proof does not prove possession.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Longer than a proof can be.
    #[error("a key proof has at most {MAX_PROOF_BYTES} bytes")]
    TooLarge,
    /// Form, type, algorithm or signature.
    #[error("key proof: {0}")]
    Jws(#[from] JwsError),
    /// The header has no key that we can use.
    #[error("the key of the proof: {0}")]
    Key(#[from] KeyError),
    /// Made for somebody else, or in answer to another question.
    #[error("the key proof is for another issuer or another question")]
    Other,
    /// Made too long ago or in the future.
    #[error("the key proof was not made within the last {max_age_s} seconds")]
    Time {
        /// How old it may be.
        max_age_s: u32,
    },
}

/// The key whose possession a proof shows, made for `audience` (`aud`) and the question `nonce` no more than `max_age_s`
/// ago. Clocks may differ by as much.
///
/// # Errors
/// [`ProofError`], for the first rule that is broken.
pub fn verify_proof(
    text: &str,
    audience: &str,
    nonce: &str,
    now_s: i64,
    max_age_s: u32,
) -> Result<PublicKey, ProofError> {
    if text.len() > MAX_PROOF_BYTES {
        return Err(ProofError::TooLarge);
    }
    let proof = Jws::parse(text)?;
    proof.check_header(PROOF_TYPE)?;
    let key = proof.own_key()?;
    proof.verify(PROOF_TYPE, &key)?;
    let text = |claim: &str| proof.payload.get(claim).and_then(Value::as_str);
    if text("aud") != Some(audience) || text("nonce") != Some(nonce) {
        return Err(ProofError::Other);
    }
    let made_at_s = proof.payload.get("iat").and_then(Value::as_i64);
    let is_fresh = made_at_s.is_some_and(|made_at_s| made_at_s.abs_diff(now_s) <= u64::from(max_age_s));
    if is_fresh { Ok(key) } else { Err(ProofError::Time { max_age_s }) }
}

/// Makes a proof of possession, as a holder's device does.
pub fn prove(key: &HolderKey, audience: &str, nonce: &str, now_s: i64) -> String {
    let own = key.public_key();
    let header = json!({"alg": own.algorithm().as_str(), "typ": PROOF_TYPE, "jwk": own.to_jwk()});
    let claims = [("aud", json!(audience)), ("nonce", json!(nonce)), ("iat", json!(now_s))];
    let payload = claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    sign_under(&header, &payload, |message| key.sign(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::encode_base64url;

    fn proof(header: Value, payload: Value, key: &HolderKey) -> String {
        let input = format!("{}.{}", encode_base64url(header.to_string()), encode_base64url(payload.to_string()));
        format!("{input}.{}", encode_base64url(key.sign(input.as_bytes())))
    }

    #[test]
    fn a_proof_is_for_one_issuer_one_question_and_a_short_time() {
        let key = HolderKey::from_p256(&[1; 32]).unwrap();
        let other = HolderKey::from_p256(&[2; 32]).unwrap();
        let header = json!({"alg": "ES256", "typ": PROOF_TYPE, "jwk": key.public_key().to_jwk()});
        let payload = json!({"aud": "urn:city", "nonce": "one", "iat": 1_000});
        let with = |from: &Value, name: &str, value: Value| {
            let mut changed = from.clone();
            changed[name] = value;
            changed
        };
        let late = Err(ProofError::Time { max_age_s: 300 });
        for (what, text, expect) in [
            ("as asked", proof(header.clone(), payload.clone(), &key), Ok(key.public_key())),
            ("made by us", prove(&key, "urn:city", "one", 1_000), Ok(key.public_key())),
            (
                "another issuer",
                proof(header.clone(), with(&payload, "aud", json!("urn:x")), &key),
                Err(ProofError::Other),
            ),
            (
                "another question",
                proof(header.clone(), with(&payload, "nonce", json!("two")), &key),
                Err(ProofError::Other),
            ),
            (
                "no question",
                proof(header.clone(), json!({"aud": "urn:city", "iat": 1_000}), &key),
                Err(ProofError::Other),
            ),
            ("old", proof(header.clone(), with(&payload, "iat", json!(699)), &key), late.clone()),
            ("to come", proof(header.clone(), with(&payload, "iat", json!(1_301)), &key), late.clone()),
            ("no time", proof(header.clone(), with(&payload, "iat", json!("1000")), &key), late),
            (
                "signed by another",
                proof(header.clone(), payload.clone(), &other),
                Err(ProofError::Jws(JwsError::Signature)),
            ),
            (
                "no key",
                proof(with(&header, "jwk", Value::Null), payload.clone(), &key),
                Err(ProofError::Key(KeyError::Form)),
            ),
            (
                "a key binding",
                proof(with(&header, "typ", json!("kb+jwt")), payload.clone(), &key),
                Err(ProofError::Jws(JwsError::Type { expected: PROOF_TYPE })),
            ),
            ("too large", "a".repeat(MAX_PROOF_BYTES + 1), Err(ProofError::TooLarge)),
        ] {
            assert_eq!(verify_proof(&text, "urn:city", "one", 1_000, 300), expect, "{what}");
        }
    }
}
