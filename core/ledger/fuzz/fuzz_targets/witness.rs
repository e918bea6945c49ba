//! A request that reads writes the same bytes; deciding never panics and never cosigns an unsigned one.
#![no_main]

use dipper_ledger::witness::{AddCheckpoint, Admitted, CosignatureLines, TrustedLog, parse_size};
use libfuzzer_sys::fuzz_target;

const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        assert_eq!(request.to_string().as_bytes(), bytes);
    }
    let log = TrustedLog::of_key(VKEY.parse().expect("the key of the specification"));
    if let Ok(admitted) = Admitted::parse(bytes, &[log]) {
        let _ = admitted.extend(None);
    }
    if let Ok(lines) = CosignatureLines::parse(bytes) {
        assert_eq!(lines.to_string().as_bytes(), bytes);
    }
    if let Some(size) = parse_size(bytes) {
        assert_eq!(format!("{size}\n").as_bytes(), bytes);
    }
});
