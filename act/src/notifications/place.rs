//! The place of a message in the outbox that no event tells of.

use sha2::{Digest, Sha256};

/// The part of a digest that makes the place of a message in the outbox: 62 bits.
const PLACE_MASK: u64 = (1 << 62) - 1;

/// A place below those of all events, by a name: what is told twice under one name is written once.
pub(super) fn place_of(name: &str) -> i64 {
    let digest: [u8; 32] = Sha256::digest(name).into();
    let (first, _) = digest.split_first_chunk::<8>().expect("32 bytes have 8");
    -1 - i64::try_from(u64::from_be_bytes(*first) & PLACE_MASK).expect("62 bits fit")
}
