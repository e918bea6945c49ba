//! Any signed list of any bytes reads within its bounds or is refused.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dipper_credential::{MAX_STATUS_BYTES, PublicKey, SigningKey, StatusList, TrustedKey, TrustedKeys};
use ed25519_dalek::Signer as _;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (bits, list) = input;
    let key = SigningKey::from_bytes(&[1; 32]);
    let public = PublicKey::Ed25519(key.verifying_key());
    let trusted = TrustedKey { issuer: "a".to_owned(), kid: "1".to_owned(), key: public };
    let keys = TrustedKeys::new(vec![trusted]).expect("one key");
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","typ":"statuslist+jwt","kid":"1"}"#);
    let lst = URL_SAFE_NO_PAD.encode(list);
    let payload = format!(r#"{{"sub":"u","iat":0,"status_list":{{"bits":{bits},"lst":"{lst}"}}}}"#);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).to_bytes());
    if let Ok(list) = StatusList::verify(&format!("{signed}.{signature}"), &keys, "a", 0) {
        assert_eq!(list.count() * u64::from(bits) % 8, 0);
        assert!(list.count() * u64::from(bits) / 8 <= MAX_STATUS_BYTES as u64);
        assert!(list.find(list.count() - 1).is_some() && list.find(list.count()).is_none());
    }
});
