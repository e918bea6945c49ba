//! A text that reads writes the same text, and nobody unsigned is believed.
#![no_main]

use dipper_credential::{Expectations, KeyBinding, SdJwt, TrustedKeys, verify};
use libfuzzer_sys::fuzz_target;

const KEYS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"1","iss":"a"}]}"#;

fuzz_target!(|text: &str| {
    if let Ok(sd_jwt) = SdJwt::parse(text) {
        assert_eq!(sd_jwt.as_str(), text);
        let shown = sd_jwt.present(&[]).expect("nothing can always be shown");
        assert!(shown.list_disclosable().is_empty());
        let _ = sd_jwt.find_holder();
    }
    let keys = TrustedKeys::parse(KEYS, None).expect("the key of RFC 8037");
    let expected = Expectations { vct: None, key_binding: KeyBinding::NotRequired, leeway_s: 0 };
    assert!(verify(text, &keys, 0, &expected, None).is_err());
});
