//! Keys as JSON Web Keys: Ed25519 (RFC 8037) and P-256 (RFC 7518 §6.2), and what they sign with.
//!
//! No key is made here: secret bytes are arguments.

use crate::text::{decode_base64url, digest, encode_base64url};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use p256::ecdsa::signature::Verifier as _;
use serde_json::{Map, Value, json};
use std::fmt;

/// A signature algorithm of JWS that we sign or verify with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037 §3.1).
    EdDsa,
    /// ECDSA with P-256 and SHA-256 (RFC 7518 §3.4).
    Es256,
}

impl Algorithm {
    /// The value of `alg`.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::EdDsa => "EdDSA",
            Algorithm::Es256 => "ES256",
        }
    }

    /// Reads a value of `alg`; `none`, MACs and all others are no algorithm of ours (RFC 8725 §3.1).
    pub fn find(alg: &str) -> Option<Algorithm> {
        [Algorithm::EdDsa, Algorithm::Es256].into_iter().find(|known| known.as_str() == alg)
    }

    /// The same, knowing `Ed25519` for what it is too: the name that RFC 9864 §2.2 gives EdDSA with that curve.
    pub fn find_any(alg: &str) -> Option<Algorithm> {
        if alg == "Ed25519" { Some(Algorithm::EdDsa) } else { Algorithm::find(alg) }
    }
}

/// Why something is not a key we can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a JSON object with the members of its type.
    #[error("a key is a JSON object with kty, crv, x and, for P-256, y")]
    Form,
    /// Another type of key or another curve.
    #[error("only Ed25519 (OKP) and P-256 (EC) keys are supported")]
    Unsupported,
    /// A private or symmetric member (`d`, `k`) where a public key belongs.
    #[error("the key has a private member where a public key belongs")]
    Private,
    /// Not a point of the curve, of small order, or not a secret scalar.
    #[error("the key is not a usable point or scalar of its curve")]
    Point,
    /// `use` is not `sig`, or `alg` is not that of the curve.
    #[error("the key is declared for another use or algorithm")]
    Use,
    /// The key id is empty, too long or has a control character.
    #[error("a key id has 1 to {} bytes and no control character", IssuerKey::MAX_KID_BYTES)]
    Kid,
}

/// A public key: of an issuer, or of a holder in `cnf` (RFC 7800 §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// Ed25519: `kty` `OKP`, `crv` `Ed25519`.
    Ed25519(VerifyingKey),
    /// NIST P-256: `kty` `EC`, `crv` `P-256`.
    P256(p256::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// Takes the 32 bytes of an Ed25519 public key.
    ///
    /// # Errors
    /// [`KeyError::Point`], also for a key of small order, under which anything verifies.
    pub fn from_ed25519(bytes: &[u8; 32]) -> Result<PublicKey, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Point)?;
        if key.is_weak() { Err(KeyError::Point) } else { Ok(PublicKey::Ed25519(key)) }
    }

    /// Reads a public JSON Web Key (RFC 7517 §4, RFC 8037 §2, RFC 7518 §6.2); members we do not know are ignored.
    ///
    /// # Errors
    /// Any [`KeyError`] but [`KeyError::Kid`].
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<PublicKey, KeyError> {
        if jwk.contains_key("d") || jwk.contains_key("k") {
            return Err(KeyError::Private);
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str).ok_or(KeyError::Form);
        let key = match (text("kty")?, jwk.get("crv").and_then(Value::as_str)) {
            ("OKP", Some("Ed25519")) => PublicKey::from_ed25519(&coordinate(text("x")?)?)?,
            ("EC", Some("P-256")) => {
                let (x, y) = (coordinate(text("x")?)?, coordinate(text("y")?)?);
                // An uncompressed point: 0x04, x, y (SEC 1 §2.3.3).
                let point = [&[4][..], &x, &y].concat();
                p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map(PublicKey::P256).map_err(|_| KeyError::Point)?
            }
            _ => return Err(KeyError::Unsupported),
        };
        let declared = |name: &str, value: &str| jwk.get(name).is_none_or(|is| is.as_str() == Some(value));
        if !declared("use", "sig") || !declared("alg", key.algorithm().as_str()) {
            return Err(KeyError::Use);
        }
        Ok(key)
    }

    /// Writes the required members of the JSON Web Key, in the order of RFC 7638 §3.2.
    pub fn to_jwk(&self) -> Map<String, Value> {
        let jwk = match self {
            PublicKey::Ed25519(key) => json!({"crv": "Ed25519", "kty": "OKP", "x": encode_base64url(key.as_bytes())}),
            PublicKey::P256(key) => {
                let point = key.to_sec1_point(false);
                let (x, y) = point.as_bytes()[1..].split_at(32);
                json!({"crv": "P-256", "kty": "EC", "x": encode_base64url(x), "y": encode_base64url(y)})
            }
        };
        match jwk {
            Value::Object(jwk) => jwk,
            _ => Map::new(),
        }
    }

    /// The JWK thumbprint with SHA-256 (RFC 7638): a key id that follows from the key.
    pub fn thumbprint(&self) -> String {
        digest(&Value::Object(self.to_jwk()).to_string())
    }

    /// The one algorithm this key verifies; a key never serves two (RFC 8725 §3.1).
    pub fn algorithm(&self) -> Algorithm {
        match self {
            PublicKey::Ed25519(_) => Algorithm::EdDsa,
            PublicKey::P256(_) => Algorithm::Es256,
        }
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            // Strict: one signature has one accepted form, and no small-order point passes.
            PublicKey::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            PublicKey::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }
}

/// 32 bytes in base64url: a coordinate keeps its leading zeros (RFC 7518 §6.2.1.2).
fn coordinate(text: &str) -> Result<[u8; 32], KeyError> {
    decode_base64url(text).and_then(|bytes| bytes.try_into().ok()).ok_or(KeyError::Form)
}

/// What signs a licence or a status list: an Ed25519 key and its key id.
#[derive(Clone)]
pub struct IssuerKey {
    kid: String,
    key: SigningKey,
}

impl IssuerKey {
    /// Longest key id.
    pub const MAX_KID_BYTES: usize = 256;

    /// Binds a signing key to the id its public half is known by.
    ///
    /// # Errors
    /// [`KeyError::Kid`].
    pub fn new(kid: &str, key: SigningKey) -> Result<IssuerKey, KeyError> {
        if is_kid(kid) { Ok(IssuerKey { kid: kid.to_owned(), key }) } else { Err(KeyError::Kid) }
    }

    /// The value of `kid` (RFC 7515 §4.1.4).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::Ed25519(self.key.verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign(message).to_bytes().to_vec()
    }
}

/// Shows the key id, never the secret.
impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

pub(crate) fn is_kid(kid: &str) -> bool {
    !kid.is_empty() && kid.len() <= IssuerKey::MAX_KID_BYTES && !kid.contains(char::is_control)
}

/// What signs a Key Binding JWT, the secret half of the key in `cnf`, or the tokens of an OpenID provider.
#[derive(Clone)]
pub enum HolderKey {
    /// Signs with EdDSA.
    Ed25519(SigningKey),
    /// Signs with ES256, deterministically (RFC 6979).
    P256(p256::ecdsa::SigningKey),
}

impl HolderKey {
    /// Takes the 32 secret bytes of an Ed25519 key.
    pub fn from_ed25519(secret: &[u8; 32]) -> HolderKey {
        HolderKey::Ed25519(SigningKey::from_bytes(secret))
    }

    /// Takes the 32 secret bytes of a P-256 key, big-endian.
    ///
    /// # Errors
    /// [`KeyError::Point`] for zero and for what is not below the order of the curve.
    pub fn from_p256(secret: &[u8; 32]) -> Result<HolderKey, KeyError> {
        p256::ecdsa::SigningKey::from_bytes(&(*secret).into()).map(HolderKey::P256).map_err(|_| KeyError::Point)
    }

    /// The public half, as it stands in `cnf`.
    pub fn public_key(&self) -> PublicKey {
        match self {
            HolderKey::Ed25519(key) => PublicKey::Ed25519(key.verifying_key()),
            HolderKey::P256(key) => PublicKey::P256(*key.verifying_key()),
        }
    }

    /// Writes a JWS in compact form with the header `alg`, `typ` and, when there is one, `kid`.
    pub fn sign_jws(&self, typ: &str, kid: Option<&str>, payload: &Map<String, Value>) -> String {
        crate::jws::sign(self.public_key().algorithm(), typ, kid, payload, |message| self.sign(message))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            HolderKey::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            HolderKey::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
        }
    }
}

/// Shows the algorithm, never the secret.
impl fmt::Debug for HolderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HolderKey").field(&self.public_key().algorithm()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::parse_object;

    /// RFC 8037 appendix A.2 and A.3.
    const RFC8037: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// RFC 9901 appendix A.5.
    const RFC9901: &str = r#"{"kty":"EC","crv":"P-256","x":"b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ","y":"Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8"}"#;

    fn read(text: &str) -> Result<PublicKey, KeyError> {
        PublicKey::from_jwk(&parse_object(text.as_bytes()).unwrap())
    }

    #[test]
    fn keys_of_the_standards_read_and_write_alike() {
        for text in [RFC8037, RFC9901] {
            let key = read(text).unwrap();
            assert_eq!(key.to_jwk(), parse_object(text.as_bytes()).unwrap());
            assert_eq!(PublicKey::from_jwk(&key.to_jwk()), Ok(key));
        }
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        assert_eq!(read(RFC8037).unwrap().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn keys_that_break_a_rule_are_refused() {
        let swap = |text: &str, from: &str, to: &str| text.replace(from, to);
        let weak = encode_base64url([0; 32]);
        for (text, error) in [
            ("{}".to_owned(), KeyError::Form),
            (swap(RFC8037, "}", r#","d":"AA"}"#), KeyError::Private),
            (swap(RFC8037, "}", r#","k":"AA"}"#), KeyError::Private),
            (swap(RFC8037, "OKP", "oct"), KeyError::Unsupported),
            (swap(RFC8037, "Ed25519", "X25519"), KeyError::Unsupported),
            (swap(RFC8037, "Ro", "Rp"), KeyError::Form),
            (swap(RFC8037, "11qY", ""), KeyError::Form),
            (swap(RFC8037, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", &weak), KeyError::Point),
            (swap(RFC8037, "}", r#","use":"enc"}"#), KeyError::Use),
            (swap(RFC8037, "}", r#","use":1}"#), KeyError::Use),
            (swap(RFC8037, "}", r#","alg":"ES256"}"#), KeyError::Use),
            (swap(RFC9901, "P-256", "P-384"), KeyError::Unsupported),
            (swap(RFC9901, "b28d", "b28e"), KeyError::Point),
            (swap(RFC9901, r#""y""#, r#""z""#), KeyError::Form),
        ] {
            assert_eq!(read(&text), Err(error), "{text}");
        }
        assert!(read(&swap(RFC8037, "}", r#","use":"sig","alg":"EdDSA","kid":"1"}"#)).is_ok());
    }

    #[test]
    fn a_key_verifies_what_its_other_half_signed_and_nothing_else() {
        for holder in [HolderKey::from_ed25519(&[1; 32]), HolderKey::from_p256(&[1; 32]).unwrap()] {
            let mut signature = holder.sign(b"m");
            assert!(holder.public_key().verifies(b"m", &signature));
            assert!(!holder.public_key().verifies(b"n", &signature));
            assert!(!holder.public_key().verifies(b"m", &signature[1..]));
            signature[0] ^= 1;
            assert!(!holder.public_key().verifies(b"m", &signature));
        }
        assert_eq!(HolderKey::from_p256(&[0; 32]).err(), Some(KeyError::Point));
        assert_eq!(HolderKey::from_p256(&[0xff; 32]).err(), Some(KeyError::Point));
    }

    #[test]
    fn no_secret_is_shown() {
        let issuer = IssuerKey::new("1", SigningKey::from_bytes(&[7; 32])).unwrap();
        assert_eq!(format!("{issuer:?}"), r#"IssuerKey { kid: "1", .. }"#);
        assert_eq!(format!("{:?}", HolderKey::from_ed25519(&[7; 32])), "HolderKey(EdDsa)");
        for kid in ["", "a\nb", &"k".repeat(257)] {
            assert_eq!(IssuerKey::new(kid, SigningKey::from_bytes(&[7; 32])).err(), Some(KeyError::Kid));
        }
    }
}
