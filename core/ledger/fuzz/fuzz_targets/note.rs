//! A note that reads writes the same bytes, and verifying it never panics.
#![no_main]

use dipper_ledger::key::VerifierKey;
use dipper_ledger::note::Note;
use libfuzzer_sys::fuzz_target;

const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

fuzz_target!(|bytes: &[u8]| {
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes);
        let known: [VerifierKey; 1] = [VKEY.parse().expect("the key of the specification")];
        let _ = note.verify(&known);
    }
});
