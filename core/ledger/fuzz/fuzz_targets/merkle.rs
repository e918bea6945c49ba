//! Any sizes and any path are decided without panic, and no path proves two roots.
#![no_main]

use dipper_ledger::hash::{Hash, leaf_hash};
use dipper_ledger::merkle::{
    inclusion_root, verify_consistency, verify_inclusion, verify_subtree_consistency,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u64, u64, u64, Vec<[u8; 32]>)| {
    let (a, b, c, path) = input;
    let path: Vec<Hash> = path.into_iter().map(Hash).collect();
    let (one, two) = (leaf_hash(b"1"), leaf_hash(b"2"));
    if let Ok(root) = inclusion_root(a, b, &one, &path) {
        assert!(verify_inclusion(a, b, &one, &path, &root).is_ok());
        assert!(verify_inclusion(a, b, &two, &path, &root).is_err());
    }
    let consistent = verify_consistency(a, b, &one, &two, &path).is_ok();
    // A consistency proof is a subtree proof that begins at leaf 0.
    assert_eq!(consistent, verify_subtree_consistency(0, a, b, &one, &two, &path).is_ok());
    let _ = verify_subtree_consistency(a, b, c, &one, &two, &path);
});
