//! JSON Web Signatures in compact form (RFC 7515), of the few kinds that licences need.
//!
//! A key in a header (`jwk`, `jku`, `x5c`) never makes anybody trusted: trust comes from the caller alone. A proof of
//! possession ([`crate::verify_proof`]) says that somebody has the key in its header, and no more.

use crate::key::{Algorithm, KeyError, PublicKey};
use crate::text::{decode_base64url, encode_base64url, parse_object};
use serde_json::{Map, Value, json};

/// Why a JWS in compact form is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Not three parts of base64url, or header and payload are no JSON objects without names given twice.
    #[error("not a JWS: three parts of base64url, of which two are JSON objects")]
    Form,
    /// The header asks for extensions (`crit`), of which we know none (RFC 7515 §4.1.11).
    #[error("the header marks extensions as critical that are not supported")]
    Critical,
    /// `alg` is `none`, a MAC, unknown, or not that of the key (RFC 8725 §3.1).
    #[error("the signature algorithm must be EdDSA or ES256, and that of the key")]
    Algorithm,
    /// `typ` is not the one this kind of token has (RFC 8725 §3.11).
    #[error("the token must have typ {expected}")]
    Type {
        /// The type that belongs here.
        expected: &'static str,
    },
    /// The signature does not verify under the key.
    #[error("the signature does not verify")]
    Signature,
}

/// A JWS whose form is right and whose signature nobody has checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jws {
    signing_input_bytes: usize,
    text: String,
    signature: Vec<u8>,
    header: Map<String, Value>,
    /// The claims; not to be believed before [`Jws::verify`].
    pub payload: Map<String, Value>,
}

impl Jws {
    /// Takes a JWS apart.
    ///
    /// # Errors
    /// [`JwsError::Form`].
    pub fn parse(text: &str) -> Result<Jws, JwsError> {
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwsError::Form);
        };
        let object = |part: &str| decode_base64url(part).and_then(|bytes| parse_object(&bytes)).ok_or(JwsError::Form);
        Ok(Jws {
            signing_input_bytes: header.len() + 1 + payload.len(),
            text: text.to_owned(),
            signature: decode_base64url(signature).ok_or(JwsError::Form)?,
            header: object(header)?,
            payload: object(payload)?,
        })
    }

    /// The text it was read from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The word of `alg`, whatever it is, of a token without critical extensions: for who checks kinds of signatures that
    /// this crate does not.
    ///
    /// # Errors
    /// [`JwsError::Critical`], [`JwsError::Algorithm`] when there is none.
    pub fn algorithm_name(&self) -> Result<&str, JwsError> {
        if self.header.contains_key("crit") {
            return Err(JwsError::Critical);
        }
        self.header.get("alg").and_then(Value::as_str).ok_or(JwsError::Algorithm)
    }

    /// The bytes that are signed, and the signature.
    pub fn signed(&self) -> (&[u8], &[u8]) {
        (&self.text.as_bytes()[..self.signing_input_bytes], &self.signature)
    }

    /// The key id; `None` when the header has none.
    ///
    /// # Errors
    /// [`JwsError::Form`] for a `kid` that is no text.
    pub fn kid(&self) -> Result<Option<&str>, JwsError> {
        self.header.get("kid").map(|kid| kid.as_str().ok_or(JwsError::Form)).transpose()
    }

    /// The public key in the header, of which the signature may prove possession.
    pub(crate) fn own_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_jwk(self.header.get("jwk").and_then(Value::as_object).ok_or(KeyError::Form)?)
    }

    /// The algorithm that the header names, by its old name or its new one.
    ///
    /// # Errors
    /// [`JwsError::Critical`], [`JwsError::Algorithm`].
    pub fn algorithm(&self) -> Result<Algorithm, JwsError> {
        self.named(Algorithm::find_any)
    }

    fn named(&self, find: fn(&str) -> Option<Algorithm>) -> Result<Algorithm, JwsError> {
        if self.header.contains_key("crit") {
            return Err(JwsError::Critical);
        }
        self.header.get("alg").and_then(Value::as_str).and_then(find).ok_or(JwsError::Algorithm)
    }

    /// Checks what the header says of itself, before any key is looked for.
    ///
    /// # Errors
    /// [`JwsError`].
    pub fn check_header(&self, expected_type: &'static str) -> Result<Algorithm, JwsError> {
        let algorithm = self.named(Algorithm::find)?;
        if self.header.get("typ").and_then(Value::as_str) != Some(expected_type) {
            return Err(JwsError::Type { expected: expected_type });
        }
        Ok(algorithm)
    }

    /// Checks header and signature under a key.
    ///
    /// # Errors
    /// [`JwsError`].
    pub fn verify(&self, expected_type: &'static str, key: &PublicKey) -> Result<(), JwsError> {
        self.check_header(expected_type)?;
        self.verify_signature(key)
    }

    /// Checks the signature under a key, of a token whose type is known by where it stands (RFC 7523 names none).
    ///
    /// # Errors
    /// [`JwsError`].
    pub fn verify_signature(&self, key: &PublicKey) -> Result<(), JwsError> {
        if self.algorithm()? != key.algorithm() {
            return Err(JwsError::Algorithm);
        }
        let signing_input = &self.text.as_bytes()[..self.signing_input_bytes];
        if key.verifies(signing_input, &self.signature) { Ok(()) } else { Err(JwsError::Signature) }
    }
}

/// Writes a JWS with the header `alg`, `typ` and, when there is one, `kid`.
pub fn sign(
    algorithm: Algorithm,
    typ: &str,
    kid: Option<&str>,
    payload: &Map<String, Value>,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let mut header = json!({"alg": algorithm.as_str(), "typ": typ});
    if let Some(kid) = kid {
        header["kid"] = kid.into();
    }
    sign_under(&header, payload, sign)
}

/// Writes a JWS with a header made by the caller.
pub fn sign_under(header: &Value, payload: &Map<String, Value>, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let payload = serde_json::to_vec(payload).expect("a map with text keys is JSON");
    let mut text = format!("{}.{}", encode_base64url(header.to_string()), encode_base64url(payload));
    let signature = sign(text.as_bytes());
    text.push('.');
    text.push_str(&encode_base64url(signature));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::HolderKey;

    fn signed(header: &str, payload: &str, key: &HolderKey) -> String {
        let input = format!("{}.{}", encode_base64url(header), encode_base64url(payload));
        let signature = encode_base64url(key.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }

    #[test]
    fn the_signature_of_rfc_8037_verifies() {
        // Appendix A.4; its payload is no JSON, so only the signature is compared.
        let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let key = PublicKey::from_jwk(&parse_object(jwk.as_bytes()).unwrap()).unwrap();
        assert!(key.verifies(input.as_bytes(), &decode_base64url(signature).unwrap()));
    }

    #[test]
    fn each_rule_of_a_token_has_its_error() {
        let key = HolderKey::from_ed25519(&[1; 32]);
        let other = HolderKey::from_p256(&[1; 32]).unwrap();
        let wrong_type = JwsError::Type { expected: "t" };
        for (header, result) in [
            (r#"{"alg":"EdDSA","typ":"t"}"#, Ok(())),
            (r#"{"alg":"EdDSA","typ":"t","jwk":{}}"#, Ok(())),
            (r#"{"alg":"none","typ":"t"}"#, Err(JwsError::Algorithm)),
            (r#"{"alg":"HS256","typ":"t"}"#, Err(JwsError::Algorithm)),
            (r#"{"alg":"ES256","typ":"t"}"#, Err(JwsError::Algorithm)),
            (r#"{"alg":"eddsa","typ":"t"}"#, Err(JwsError::Algorithm)),
            (r#"{"typ":"t"}"#, Err(JwsError::Algorithm)),
            (r#"{"alg":"EdDSA","typ":"T"}"#, Err(wrong_type)),
            (r#"{"alg":"EdDSA"}"#, Err(wrong_type)),
            (r#"{"alg":"EdDSA","typ":"t","crit":[]}"#, Err(JwsError::Critical)),
        ] {
            let jws = Jws::parse(&signed(header, "{}", &key)).unwrap();
            assert_eq!(jws.verify("t", &key.public_key()), result, "{header}");
        }
        let jws = Jws::parse(&signed(r#"{"alg":"EdDSA","typ":"t"}"#, "{}", &other)).unwrap();
        assert_eq!(jws.verify("t", &key.public_key()), Err(JwsError::Signature));
    }

    #[test]
    fn what_has_not_the_form_is_refused() {
        let key = HolderKey::from_ed25519(&[1; 32]);
        let good = signed(r#"{"alg":"EdDSA"}"#, "{}", &key);
        assert!(Jws::parse(&good).is_ok());
        for text in [
            String::new(),
            format!("{good}."),
            format!("{good}="),
            format!("{good}\n"),
            good.replacen('.', "", 1),
            signed("[]", "{}", &key),
            signed("{}", "1", &key),
            signed("{}", r#"{"a":1,"a":1}"#, &key),
            signed(r#"{"alg":"none","alg":"EdDSA"}"#, "{}", &key),
        ] {
            assert_eq!(Jws::parse(&text), Err(JwsError::Form), "{text}");
        }
        assert_eq!(Jws::parse(&signed(r#"{"kid":1}"#, "{}", &key)).unwrap().kid(), Err(JwsError::Form));
    }
}
