//! The entry of an event: a fixed-size leaf that commits to it and says nothing of whom.
//!
//! Must never hold personal data, not even hashed: the hash of an identity
//! number can be found by trying all of them. Hence 32 random bytes of salt.
//! Destroy the salt and the event, and the leaf is random bytes to everybody,
//! while all proofs of other entries hold.
//!
//! # Layout, version 1: 128 bytes, numbers big-endian
//!
//! | bytes | content |
//! |---|---|
//! | 0 | version, 1 |
//! | 1 | kind: 1 an event |
//! | 2..8 | zero |
//! | 8..16 | position of the event in the event store, from 1 |
//! | 16..24 | minute it was recorded, counted from 1970-01-01T00:00Z |
//! | 24..32 | zero |
//! | 32..64 | commitment: SHA-256("dipper/event/v1" ‖ salt, 32 bytes ‖ canonical event) |
//! | 64..128 | zero |
//!
//! The zero bytes keep all kinds of entries at one length; a reader refuses
//! others than zero. Minutes, not seconds: a public log needs no finer trace.

use crate::hash::{Hash, leaf_hash};
use sha2::{Digest as _, Sha256};

/// Bytes of a leaf.
pub const LEAF_BYTES: usize = 128;

/// Bytes of a salt; fresh from a cryptographic random source for each event.
pub const SALT_BYTES: usize = 32;

/// What keeps this hash from meaning anything elsewhere.
const DOMAIN: &[u8] = b"dipper/event/v1";

const VERSION: u8 = 1;

/// What an entry commits to; the number is the leaf's second byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeafKind {
    /// One event of the event store.
    Event = 1,
}

/// The public part of an event's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventLeaf {
    /// What is committed to.
    pub kind: LeafKind,
    /// Position of the event in the event store, from 1.
    pub position: u64,
    /// Minute of recording, from 1970-01-01T00:00Z.
    pub minute: u64,
    /// The salted commitment to the event.
    pub commitment: Hash,
}

/// Why bytes are not a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Another number of bytes.
    #[error("a leaf has {LEAF_BYTES} bytes, not {got}")]
    Length {
        /// The number of bytes found.
        got: usize,
    },
    /// A version of the future.
    #[error("leaf version {got} is not known, only {VERSION}")]
    Version {
        /// The version found.
        got: u8,
    },
    /// A kind not known.
    #[error("leaf kind {got} is not known")]
    Kind {
        /// The kind found.
        got: u8,
    },
    /// Reserved bytes are in use.
    #[error("a reserved byte of the leaf is not zero")]
    Reserved,
}

impl EventLeaf {
    /// Commits to the canonical bytes of an event.
    ///
    /// The salt must be random and used once; `minute` is a time of recording in minutes since 1970 UTC.
    pub fn commit(salt: &[u8; SALT_BYTES], canonical: &[u8], position: u64, minute: u64) -> EventLeaf {
        EventLeaf { kind: LeafKind::Event, position, minute, commitment: commitment(salt, canonical) }
    }

    /// Writes the entry, as it stands in the log.
    pub fn to_bytes(&self) -> [u8; LEAF_BYTES] {
        let mut bytes = [0; LEAF_BYTES];
        bytes[0] = VERSION;
        bytes[1] = self.kind as u8;
        bytes[8..16].copy_from_slice(&self.position.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.minute.to_be_bytes());
        bytes[32..64].copy_from_slice(&self.commitment.0);
        bytes
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// [`LeafError`] naming the first rule broken.
    pub fn from_bytes(bytes: &[u8]) -> Result<EventLeaf, LeafError> {
        let bytes: &[u8; LEAF_BYTES] = bytes.try_into().map_err(|_| LeafError::Length { got: bytes.len() })?;
        if bytes[0] != VERSION {
            return Err(LeafError::Version { got: bytes[0] });
        }
        if bytes[1] != LeafKind::Event as u8 {
            return Err(LeafError::Kind { got: bytes[1] });
        }
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[8..16]);
        let position = u64::from_be_bytes(number);
        number.copy_from_slice(&bytes[16..24]);
        let minute = u64::from_be_bytes(number);
        let mut hash = [0; 32];
        hash.copy_from_slice(&bytes[32..64]);
        let leaf = EventLeaf { kind: LeafKind::Event, position, minute, commitment: Hash(hash) };
        // All that is not a field must be zero: then one leaf has one spelling.
        if leaf.to_bytes() == *bytes { Ok(leaf) } else { Err(LeafError::Reserved) }
    }

    /// Hash of the entry in the tree.
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(&self.to_bytes())
    }

    /// Whether this leaf commits to that event with that salt.
    pub fn opens(&self, salt: &[u8; SALT_BYTES], canonical: &[u8]) -> bool {
        self.commitment == commitment(salt, canonical)
    }
}

fn commitment(salt: &[u8; SALT_BYTES], canonical: &[u8]) -> Hash {
    let hash = Sha256::new().chain_update(DOMAIN).chain_update(salt).chain_update(canonical).finalize();
    Hash(hash.into())
}

/// What the holder of a receipt needs to see the event behind its leaf.
///
/// It is secret in the measure the event is, and travels as the extra data of
/// the proof: leaf (128 bytes), salt (32 bytes), canonical event (the rest).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The public leaf.
    pub leaf: EventLeaf,
    /// The salt.
    pub salt: [u8; SALT_BYTES],
    /// The canonical bytes of the event.
    pub canonical: Vec<u8>,
}

/// Why bytes do not open a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// Too short for leaf and salt.
    #[error("an opening has {} bytes and the event, not {got}", LEAF_BYTES + SALT_BYTES)]
    Length {
        /// The number of bytes found.
        got: usize,
    },
    /// The leaf is refused.
    #[error("the opening's leaf is refused")]
    Leaf(#[from] LeafError),
    /// The event or the salt is not the one committed to.
    #[error("the event and salt do not open the leaf")]
    Mismatch,
}

impl Opening {
    /// Writes leaf, salt and event.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.leaf.to_bytes()[..], &self.salt, &self.canonical].concat()
    }

    /// Reads an opening and checks that it opens its leaf.
    ///
    /// # Errors
    /// [`OpeningError`] naming the first rule broken.
    pub fn from_bytes(bytes: &[u8]) -> Result<Opening, OpeningError> {
        let length = OpeningError::Length { got: bytes.len() };
        let (leaf, rest) = bytes.split_first_chunk::<LEAF_BYTES>().ok_or(length)?;
        let (salt, canonical) = rest.split_first_chunk::<SALT_BYTES>().ok_or(length)?;
        let leaf = EventLeaf::from_bytes(leaf)?;
        if !leaf.opens(salt, canonical) {
            return Err(OpeningError::Mismatch);
        }
        Ok(Opening { leaf, salt: *salt, canonical: canonical.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn the_layout_is_as_documented() {
        let leaf = EventLeaf::commit(&[7; 32], b"{}", 0x0102, 0x0304);
        let bytes = leaf.to_bytes();
        let mut expect = vec![1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 3, 4];
        expect.extend([0; 8]);
        expect.extend(sha256(&[b"dipper/event/v1", &[7; 32][..], b"{}"].concat()).0);
        expect.extend([0; 64]);
        assert_eq!(bytes[..], expect[..]);
        assert_eq!(leaf.leaf_hash(), leaf_hash(&expect));
        let golden = "930848a6d29b921244b4ce411bc20b7f235f1b836119c9bfe7e14dbebc61d7f7";
        assert_eq!(leaf.commitment.to_hex(), golden);
    }

    #[test]
    fn leaves_that_break_a_rule_are_refused() {
        let bytes = EventLeaf::commit(&[7; 32], b"{}", 1, 2).to_bytes();
        let with = |place: usize, byte: u8| {
            let mut bytes = bytes;
            bytes[place] = byte;
            EventLeaf::from_bytes(&bytes)
        };
        assert_eq!(with(0, 2), Err(LeafError::Version { got: 2 }));
        assert_eq!(with(1, 0), Err(LeafError::Kind { got: 0 }));
        for place in (2..8).chain(24..32).chain(64..128) {
            assert_eq!(with(place, 1), Err(LeafError::Reserved), "byte {place}");
        }
        assert_eq!(EventLeaf::from_bytes(&bytes[1..]), Err(LeafError::Length { got: 127 }));
    }

    #[test]
    fn without_the_salt_equal_events_look_unrelated() {
        let one = EventLeaf::commit(&[1; 32], b"{}", 1, 2);
        let two = EventLeaf::commit(&[2; 32], b"{}", 1, 2);
        assert_ne!(one.commitment, two.commitment);
        assert!(!one.opens(&[2; 32], b"{}"));
        assert!(!one.opens(&[1; 32], b"{ }"));
    }

    #[test]
    fn an_opening_that_does_not_open_is_refused() {
        let (salt, canonical) = ([3; 32], b"{\"a\":1}".to_vec());
        let leaf = EventLeaf::commit(&salt, &canonical, 5, 6);
        let opening = Opening { leaf, salt, canonical };
        let bytes = opening.to_bytes();
        assert_eq!(Opening::from_bytes(&bytes), Ok(opening));
        assert_eq!(Opening::from_bytes(&bytes[..159]), Err(OpeningError::Length { got: 159 }));
        for place in 32..64 {
            let mut other = bytes.clone();
            other[place] ^= 1;
            assert_eq!(Opening::from_bytes(&other), Err(OpeningError::Mismatch));
        }
        for place in 128..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 1;
            assert_eq!(Opening::from_bytes(&other), Err(OpeningError::Mismatch));
        }
    }

    proptest! {
        #[test]
        fn leaves_round_trip_and_open(salt: [u8; 32], canonical in vec(any::<u8>(), 0..200), position: u64, minute: u64) {
            let leaf = EventLeaf::commit(&salt, &canonical, position, minute);
            prop_assert_eq!(EventLeaf::from_bytes(&leaf.to_bytes()), Ok(leaf));
            prop_assert!(leaf.opens(&salt, &canonical));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
            let _ = EventLeaf::from_bytes(&bytes);
            let _ = Opening::from_bytes(&bytes);
        }
    }
}
