#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

pub mod checkpoint;
pub mod commitment;
pub mod cosignature;
pub mod hash;
pub mod key;
pub mod membership;
pub mod merkle;
pub mod note;
pub mod policy;
pub mod proof;
mod text;
pub mod tile;
pub mod witness;

pub use ed25519_dalek::{SigningKey, VerifyingKey};

/// Most entries of a log: 2^63 - 1, so that sizes fit the signed integers of
/// databases and of the other implementations.
pub const MAX_SIZE: u64 = i64::MAX as u64;
