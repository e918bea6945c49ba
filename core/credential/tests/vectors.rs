//! The worked example of RFC 9901, appendix A.3: an identity document with nested disclosures, bound to its holder.
#![allow(clippy::unwrap_used)]

use dipper_credential::{
    Expectations, JwsError, KeyBinding, SdJwt, Standing, TrustedKeys, Verified, VerifyError, verify,
};
use serde_json::{Value, json};

/// The SD-JWT+KB of the appendix, a line for each part.
const SHOWN: &str = include_str!("rfc9901_a3.txt");
/// Appendix A.5; the examples have no `kid`, so the id is ours.
const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"A.5",
    "x":"b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ","y":"Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8"}]}"#;
/// When the holder signed.
const SIGNED_AT_S: i64 = 1_748_361_941;

fn shown() -> String {
    SHOWN.replace('\n', "")
}

fn verify_example(text: &str) -> Result<Verified, VerifyError> {
    let keys = TrustedKeys::parse(KEYS, Some("https://pid-issuer.bund.de.example")).unwrap();
    let audience = "https://verifier.example.org";
    let key_binding = KeyBinding::Required { audience, nonce: "1234567890", max_age_s: 60 };
    let expected = Expectations { vct: Some("urn:eudi:pid:de:1"), key_binding, leeway_s: 0 };
    verify(text, &keys, SIGNED_AT_S, &expected, None)
}

#[test]
fn the_presentation_of_the_standard_verifies() {
    let verified = verify_example(&shown()).unwrap();
    let claims = json!({"age_equal_or_over": {"18": true}, "nationalities": ["DE"]});
    assert_eq!(Value::Object(verified.claims), claims);
    assert!(verified.key_bound);
    assert_eq!(verified.expires_at_s, Some(1_883_000_000));
    assert_eq!(verified.status, Standing::NoStatus);
}

#[test]
fn its_digest_is_that_of_the_standard() {
    assert_eq!(SdJwt::parse(&shown()).unwrap().sd_hash(), "J0-bl8hbIg0xtsw27GvBuEVLIJl3eInyTFVQXND4ttc");
}

#[test]
fn it_does_not_verify_with_its_halves_exchanged() {
    let text = shown();
    let parts: Vec<&str> = text.split('~').collect();
    let exchanged = [parts[0], parts[2], parts[1], parts[3], parts[4]].join("~");
    assert_eq!(verify_example(&exchanged), Err(VerifyError::KeyBindingHash));
    // Without the parent of the nested disclosure there is no place for it.
    let orphan = [parts[0], parts[2], ""].join("~");
    assert!(SdJwt::parse(&orphan).is_err());
    let forged = text.replace("3lRFu", "3lRFv");
    assert_eq!(verify_example(&forged), Err(VerifyError::Issued(JwsError::Signature)));
}
