//! A bundle that reads writes the same bytes.
#![no_main]

use dipper_ledger::tile::{decode_bundle, encode_bundle};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &[u8])| {
    let (width, bytes) = input;
    if let Ok(entries) = decode_bundle(bytes, width) {
        assert_eq!(encode_bundle(&entries).expect("what was read can be written"), bytes);
    }
});
