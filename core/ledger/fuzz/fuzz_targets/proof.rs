//! A proof file that reads writes the same bytes, and verifying it never panics.
#![no_main]

use dipper_ledger::hash::leaf_hash;
use dipper_ledger::policy::Policy;
use dipper_ledger::proof::Proof;
use libfuzzer_sys::fuzz_target;

const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

fuzz_target!(|bytes: &[u8]| {
    if let Ok(proof) = Proof::parse(bytes) {
        assert_eq!(proof.to_string().as_bytes(), bytes);
        let policy = Policy::of_log(VKEY.parse().expect("the key of the specification"));
        assert!(proof.verify(&leaf_hash(b""), &policy).is_err());
    }
});
