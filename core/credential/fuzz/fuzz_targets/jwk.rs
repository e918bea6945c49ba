//! A key that reads is written so that it reads alike.
#![no_main]

use dipper_credential::PublicKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(jwk) = serde_json::from_str(text) else { return };
    if let Ok(key) = PublicKey::from_jwk(&jwk) {
        assert_eq!(PublicKey::from_jwk(&key.to_jwk()), Ok(key));
    }
});
