//! Leaves, openings and saved trees that read write the same bytes.
#![no_main]

use dipper_ledger::commitment::{EventLeaf, Opening};
use dipper_ledger::merkle::Frontier;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(leaf) = EventLeaf::from_bytes(bytes) {
        assert_eq!(leaf.to_bytes(), bytes);
    }
    if let Ok(opening) = Opening::from_bytes(bytes) {
        assert_eq!(opening.to_bytes(), bytes);
    }
    if let Ok(tree) = Frontier::from_bytes(bytes) {
        assert_eq!(tree.to_bytes(), bytes);
    }
});
