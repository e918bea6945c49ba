//! A document that reads is written so that it reads alike.
#![no_main]

use dipper_credential::TrustedKeys;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(keys) = TrustedKeys::parse(text, Some("a")) {
        assert_eq!(TrustedKeys::parse(&keys.to_string(), None), Ok(keys));
    }
});
