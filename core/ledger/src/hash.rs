//! SHA-256 hashes of leaves and nodes (RFC 6962 §2.1).
//!
//! The prefixes 0x00 and 0x01 keep a leaf from ever being read as a node.

use crate::text::{decode_base64, encode_base64};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A SHA-256 hash: of a leaf, of a node, or the root of a tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Bytes of a hash.
    pub const LEN: usize = 32;

    /// The root of the tree without leaves: SHA-256 of nothing.
    pub const EMPTY_ROOT: Hash = Hash([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae,
        0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ]);

    /// Reads exactly 32 bytes.
    ///
    /// # Errors
    /// [`HashError::Length`] for any other number of bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Hash, HashError> {
        bytes.try_into().map(Hash).map_err(|_| HashError::Length { got: bytes.len() })
    }

    /// Writes 64 lower-case hexadecimal digits.
    pub fn to_hex(&self) -> String {
        encode_hex(&self.0)
    }

    /// Reads 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`HashError::Hex`] for anything else, upper case included.
    pub fn from_hex(text: &str) -> Result<Hash, HashError> {
        let bytes = decode_hex(text).ok_or(HashError::Hex)?;
        Hash::from_slice(&bytes)
    }

    /// Writes standard base64 with padding, 44 characters.
    pub fn to_base64(&self) -> String {
        encode_base64(&self.0)
    }

    /// Reads the 44 characters [`Hash::to_base64`] writes.
    ///
    /// # Errors
    /// [`HashError::Base64`] where the text is not canonical base64,
    /// [`HashError::Length`] where it is not 32 bytes.
    pub fn from_base64(text: &str) -> Result<Hash, HashError> {
        if text.len() != 44 {
            return Err(HashError::Base64);
        }
        let bytes = decode_base64(text).ok_or(HashError::Base64)?;
        Hash::from_slice(&bytes)
    }
}

/// Shows base64, the spelling of checkpoints and proofs.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// Why bytes or text are not a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Another number of bytes than 32.
    #[error("a hash has 32 bytes, not {got}")]
    Length {
        /// The number of bytes found.
        got: usize,
    },
    /// Not lower-case hexadecimal.
    #[error("a hash in hexadecimal has 64 digits 0-9 a-f")]
    Hex,
    /// Not canonical base64 of 32 bytes.
    #[error("a hash in base64 has 44 characters, standard alphabet, canonical padding")]
    Base64,
}

/// Hashes plain bytes.
pub fn sha256(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

/// Hashes an entry into its leaf: H(0x00 || entry).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0x00]).chain_update(entry).finalize().into())
}

/// Hashes two siblings into their parent: H(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut block = [0x01; 65];
    block[1..33].copy_from_slice(&left.0);
    block[33..].copy_from_slice(&right.0);
    sha256(&block)
}

/// Writes lower-case hexadecimal.
pub(crate) fn encode_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

/// Reads lower-case hexadecimal.
pub(crate) fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        assert_eq!(Hash::EMPTY_ROOT, sha256(b""));
        assert_eq!(Hash::EMPTY_ROOT.to_base64(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn a_leaf_is_never_a_node() {
        let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
        let joined = [a.0, b.0].concat();
        assert_ne!(leaf_hash(&joined), node_hash(&a, &b));
        assert_eq!(node_hash(&a, &b), sha256(&[&[1], &joined[..]].concat()));
        assert_eq!(leaf_hash(b"a"), sha256(b"\x00a"));
    }

    #[test]
    fn other_spellings_are_refused() {
        let hash = sha256(b"x");
        assert_eq!(Hash::from_hex(&hash.to_hex().to_uppercase()), Err(HashError::Hex));
        assert_eq!(Hash::from_hex("0"), Err(HashError::Hex));
        assert_eq!(Hash::from_hex("00"), Err(HashError::Length { got: 1 }));
        assert_eq!(Hash::from_base64(hash.to_base64().trim_end_matches('=')), Err(HashError::Base64));
        assert_eq!(Hash::from_base64("AAAA"), Err(HashError::Base64));
    }

    proptest! {
        #[test]
        fn both_spellings_round_trip(bytes: [u8; 32]) {
            let hash = Hash(bytes);
            prop_assert_eq!(Hash::from_hex(&hash.to_hex()), Ok(hash));
            prop_assert_eq!(Hash::from_base64(&hash.to_base64()), Ok(hash));
        }

        #[test]
        fn what_reads_as_a_hash_writes_alike(text in "[A-Za-z0-9+/]{42}[A-Za-z0-9+/=]{2}") {
            if let Ok(hash) = Hash::from_base64(&text) {
                prop_assert_eq!(hash.to_base64(), text);
            }
        }
    }
}
