//! Names, ids and public keys of those who sign notes (C2SP signed-note).

use crate::cosignature;
use crate::hash::{decode_hex, encode_hex};
use crate::text::{decode_base64, encode_base64, has_control};
use ed25519_dalek::{Signature as Ed25519Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// The name a key signs under: a log's origin, a witness's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// Longest name; a subtree cosignature gives a name one byte of length.
    pub const MAX_BYTES: usize = 255;

    /// Takes a name: not empty, no Unicode space, no `+`, no control character.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn new(name: &str) -> Result<KeyName, KeyError> {
        let refused = |c: char| c.is_whitespace() || c < ' ' || c == '+';
        if name.is_empty() || name.len() > KeyName::MAX_BYTES || name.contains(refused) {
            return Err(KeyError::Name);
        }
        Ok(KeyName(name.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first four bytes of a hash over name, type and key: a hint, not an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_hex(&self.0))
    }
}

/// What a key signs and how; the number is the type byte of C2SP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// A plain Ed25519 signature of the text, as a log makes it.
    Ed25519 = 0x01,
    /// A timestamped Ed25519 cosignature of a checkpoint, as a witness makes it.
    Cosignature = 0x04,
}

impl KeyKind {
    fn from_byte(byte: u8) -> Option<KeyKind> {
        match byte {
            0x01 => Some(KeyKind::Ed25519),
            0x04 => Some(KeyKind::Cosignature),
            _ => None,
        }
    }
}

/// Why text is not a name or a key we can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name breaks a rule.
    #[error("a key name has 1 to 255 bytes and no space, control character or plus sign")]
    Name,
    /// Not of the form `name+id+key`.
    #[error("a verifier key is name+<8 lower-case hex digits>+<base64>")]
    Form,
    /// A type of key other than Ed25519 and Ed25519 cosignature.
    #[error("key type {kind:#04x} is not supported, only 0x01 and 0x04")]
    Kind {
        /// The type byte.
        kind: u8,
    },
    /// Not 32 bytes of a strong Ed25519 public key.
    #[error("the public key is not a usable Ed25519 key")]
    Key,
    /// The id does not belong to this name and key.
    #[error("the key id is {got}, but this name and key have {expected}")]
    Id {
        /// The id computed.
        expected: KeyId,
        /// The id written.
        got: KeyId,
    },
}

/// A public key one trusts for something, with the name it signs under.
///
/// Its text form is the vkey of C2SP: `example.com/log+530d903a+AekyeR…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    kind: KeyKind,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Binds a public key to a name and a kind of signature.
    ///
    /// # Errors
    /// [`KeyError::Key`] for a key of small order, under which anything verifies.
    pub fn new(name: KeyName, kind: KeyKind, key: VerifyingKey) -> Result<VerifierKey, KeyError> {
        if key.is_weak() {
            return Err(KeyError::Key);
        }
        Ok(VerifierKey { name, kind, key })
    }

    /// The name it signs under.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What it signs and how.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The bare public key.
    pub fn public_key(&self) -> &VerifyingKey {
        &self.key
    }

    /// SHA-256(name || 0x0A || type || key), first four bytes.
    pub fn id(&self) -> KeyId {
        key_id(&self.name, self.kind, &self.key)
    }

    /// Checks a signature payload over a note's text; gives the time of a cosignature.
    pub(crate) fn verify(&self, text: &str, payload: &[u8]) -> Result<Option<u64>, BadSignature> {
        match self.kind {
            KeyKind::Ed25519 => self.verify_bytes(text.as_bytes(), payload).map(|()| None),
            KeyKind::Cosignature => {
                let (time_s, signature) = cosignature::split_payload(payload).ok_or(BadSignature)?;
                self.verify_bytes(&cosignature::message(time_s, text), signature)?;
                Ok(Some(time_s))
            }
        }
    }

    fn verify_bytes(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let signature = Ed25519Signature::from_slice(signature).map_err(|_| BadSignature)?;
        // Strict: one signature has one accepted form, and no small-order point passes.
        self.key.verify_strict(message, &signature).map_err(|_| BadSignature)
    }
}

/// A signature that does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadSignature;

/// Computes a key's id (the recommended rule of signed-note, mandatory for types 01 and 04).
pub(crate) fn key_id(name: &KeyName, kind: KeyKind, key: &VerifyingKey) -> KeyId {
    let hash = Sha256::new()
        .chain_update(name.as_str())
        .chain_update([b'\n', kind as u8])
        .chain_update(key.as_bytes())
        .finalize();
    KeyId([hash[0], hash[1], hash[2], hash[3]])
}

/// Writes the vkey text.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.kind as u8];
        key.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, self.id(), encode_base64(&key))
    }
}

/// Reads the vkey text, only as `Display` writes it.
impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<VerifierKey, KeyError> {
        if has_control(text) || text.len() > 512 {
            return Err(KeyError::Form);
        }
        // Base64 has plus signs too, so only the first two separate.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let name = KeyName::new(name)?;
        let id = decode_hex(id).and_then(|id| <[u8; 4]>::try_from(id).ok()).ok_or(KeyError::Form)?;
        let key = decode_base64(key).ok_or(KeyError::Form)?;
        let (kind, key) = key.split_first().ok_or(KeyError::Form)?;
        let kind = KeyKind::from_byte(*kind).ok_or(KeyError::Kind { kind: *kind })?;
        let key = <[u8; 32]>::try_from(key).map_err(|_| KeyError::Key)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| KeyError::Key)?;
        let key = VerifierKey::new(name, kind, key)?;
        let (expected, got) = (key.id(), KeyId(id));
        if expected != got {
            return Err(KeyError::Id { expected, got });
        }
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;
    use proptest::prelude::*;

    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    #[test]
    fn the_key_of_the_specification_reads_and_writes_alike() {
        let key: VerifierKey = VKEY.parse().unwrap();
        assert_eq!(key.name().as_str(), "example.com/foo");
        assert_eq!(key.kind(), KeyKind::Ed25519);
        assert_eq!(key.to_string(), VKEY);
    }

    #[test]
    fn keys_that_break_a_rule_are_refused() {
        let zero = encode_base64(&[&[1], &[0; 32][..]].concat());
        let short = encode_base64(&[1; 32]);
        for (text, error) in [
            ("".to_owned(), KeyError::Form),
            ("example.com/foo".to_owned(), KeyError::Form),
            ("example.com/foo+530d903a".to_owned(), KeyError::Form),
            (VKEY.replace("example.com/foo", ""), KeyError::Name),
            (VKEY.replace("example.com/foo", "a b"), KeyError::Name),
            (VKEY.replace("example.com/foo", "a\u{3000}b"), KeyError::Name),
            (VKEY.replace("530d903a", "530D903A"), KeyError::Form),
            (VKEY.replace("530d903a", "530d903"), KeyError::Form),
            (VKEY.replace("+AekyeR", "+BekyeR"), KeyError::Kind { kind: 5 }),
            (VKEY.replace("U2k", "U2l="), KeyError::Form),
            (format!("{VKEY}\n"), KeyError::Form),
            (format!("a+00000000+{zero}"), KeyError::Key),
            (format!("a+00000000+{short}"), KeyError::Key),
        ] {
            assert_eq!(text.parse::<VerifierKey>(), Err(error), "{text}");
        }
        let got = KeyId([0x53, 0x0d, 0x90, 0x3b]);
        let expected = KeyId([0x53, 0x0d, 0x90, 0x3a]);
        let other = VKEY.replace("530d903a", "530d903b");
        assert_eq!(other.parse::<VerifierKey>(), Err(KeyError::Id { expected, got }));
    }

    proptest! {
        #[test]
        fn keys_round_trip(name in "[a-z./\u{4e00}-\u{4e10}]{1,40}", seed: [u8; 32], witness: bool) {
            let kind = if witness { KeyKind::Cosignature } else { KeyKind::Ed25519 };
            let public = SigningKey::from_bytes(&seed).verifying_key();
            let key = VerifierKey::new(KeyName::new(&name).unwrap(), kind, public).unwrap();
            prop_assert_eq!(key.to_string().parse(), Ok(key));
        }

        #[test]
        fn any_text_reads_alike_or_is_refused(text in "[a-z]{0,3}\\+?[0-9a-f]{7,9}\\+?[A-Za-z0-9+/=]{40,48}") {
            if let Ok(key) = text.parse::<VerifierKey>() {
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }
}
