//! Any bytes as a manifest: never a panic, and what is read writes itself back.
#![no_main]

use dipper_lake::manifest::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(manifest) = Manifest::parse(bytes) {
        assert_eq!(Manifest::parse(manifest.to_text().as_bytes()), Ok(manifest));
    }
});
