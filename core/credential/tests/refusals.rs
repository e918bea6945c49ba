//! Every rule of verification broken once, starting from a licence that is accepted.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    AUDIENCE, ISSUER, LIST, NONCE, NOW_S, Raw, VCT, base64url, disclosure, expected, holder_key, issuer_key, sha,
    trusted, unbound,
};
use dipper_credential::{
    DisclosureError, Expectations, HolderKey, JwsError, KeyError, MAX_SD_JWT_BYTES, ParseError, SdJwt, SigningKey,
    Standing, StatusRef, VerifyError, verify,
};
use serde_json::{Value, json};

type Change = fn(&mut Raw);

/// Changes a sound licence and compares the error.
fn check(cases: Vec<(&str, Change, VerifyError)>) {
    for (name, change, error) in cases {
        let mut raw = Raw::sound();
        change(&mut raw);
        assert_eq!(raw.verify(), Err(error), "{name}");
    }
}

fn disclosed(error: DisclosureError) -> VerifyError {
    VerifyError::Parse(ParseError::Disclosure(error))
}

#[test]
fn a_sound_licence_is_accepted() {
    let verified = Raw::sound().verify().unwrap();
    assert_eq!(Value::Object(verified.claims), json!({"number": "JY1", "shop_name": "莲花面馆"}));
    assert_eq!((verified.issuer.as_str(), verified.vct.as_str()), (ISSUER, VCT));
    assert_eq!(verified.holder, Some(common::public(&holder_key())));
    assert!(verified.key_bound);
    let times = (verified.issued_at_s, verified.not_before_s, verified.expires_at_s);
    assert_eq!(times, (Some(NOW_S - 20), Some(NOW_S - 10), Some(NOW_S + 10)));
    assert_eq!(verified.status, Standing::NotChecked(StatusRef { uri: LIST.to_owned(), index: 3 }));
}

#[test]
fn the_issuer_signed_jwt_must_be_the_issuers() {
    use VerifyError::Issued;
    let wrong_type = || Issued(JwsError::Type { expected: "dc+sd-jwt" });
    check(vec![
        ("none", |raw| raw.header["alg"] = json!("none"), Issued(JwsError::Algorithm)),
        ("a MAC", |raw| raw.header["alg"] = json!("HS256"), Issued(JwsError::Algorithm)),
        ("the algorithm of another key", |raw| raw.header["alg"] = json!("ES256"), Issued(JwsError::Algorithm)),
        ("a key of another algorithm", |raw| raw.header["kid"] = json!("2"), Issued(JwsError::Algorithm)),
        ("another type", |raw| raw.header["typ"] = json!("kb+jwt"), wrong_type()),
        ("the old type", |raw| raw.header["typ"] = json!("vc+sd-jwt"), wrong_type()),
        ("no type", |raw| raw.header["typ"] = Value::Null, wrong_type()),
        (
            "another type of another issuer: what it is comes before whose it is",
            |raw| (raw.header["typ"], raw.payload["iss"]) = (json!("JWT"), json!("https://evil.example")),
            wrong_type(),
        ),
        ("an extension", |raw| raw.header["crit"] = json!(["b64"]), Issued(JwsError::Critical)),
        ("another issuer", |raw| raw.payload["iss"] = json!("https://evil.example"), VerifyError::UnknownIssuer),
        ("no issuer", |raw| raw.payload["iss"] = Value::Null, VerifyError::Claim { claim: "iss" }),
        ("another kid", |raw| raw.header["kid"] = json!("3"), VerifyError::UnknownKey),
        ("a kid that is no text", |raw| raw.header["kid"] = json!(1), Issued(JwsError::Form)),
        (
            "no kid where there are two keys",
            |raw| raw.header = json!({"alg": "EdDSA", "typ": "dc+sd-jwt"}),
            VerifyError::UnknownKey,
        ),
        ("another key", |raw| raw.issuer = SigningKey::from_bytes(&[1; 32]), Issued(JwsError::Signature)),
    ]);
}

#[test]
fn a_changed_payload_does_not_verify() {
    let raw = Raw::sound();
    let issued = common::jws(&raw.header.to_string(), &raw.payload.to_string(), &raw.issuer);
    let other = base64url(raw.payload.to_string().replace("JY1", "JY2"));
    let parts: Vec<_> = issued.split('.').collect();
    let text = format!("{}.{other}.{}~", parts[0], parts[2]);
    let result = verify(&text, &trusted(), NOW_S, &unbound(), None);
    assert_eq!(result, Err(VerifyError::Issued(JwsError::Signature)));
}

#[test]
fn claims_must_be_those_asked_for_and_in_time() {
    use VerifyError::{Claim, Expired, NotYetValid};
    check(vec![
        ("another kind", |raw| raw.payload["vct"] = json!("x"), VerifyError::WrongVct),
        ("no kind", |raw| raw.payload["vct"] = Value::Null, Claim { claim: "vct" }),
        ("expired", |raw| raw.payload["exp"] = json!(NOW_S - 5), Expired { expires_at_s: NOW_S - 5 }),
        ("expired long ago", |raw| raw.payload["exp"] = json!(i64::MIN), Expired { expires_at_s: i64::MIN }),
        ("not yet valid", |raw| raw.payload["nbf"] = json!(NOW_S + 6), NotYetValid { not_before_s: NOW_S + 6 }),
        ("never valid", |raw| raw.payload["nbf"] = json!(i64::MAX), NotYetValid { not_before_s: i64::MAX }),
        ("a time that is text", |raw| raw.payload["exp"] = json!("1"), Claim { claim: "exp" }),
        ("a time in parts of seconds", |raw| raw.payload["nbf"] = json!(1.5), Claim { claim: "nbf" }),
        ("for others", |raw| raw.payload["aud"] = json!(["https://shop.example"]), VerifyError::WrongAudience),
        ("another status", |raw| raw.payload["status"] = json!({"other": 1}), Claim { claim: "status" }),
    ]);
    let edges: [Change; 4] = [
        |raw| raw.payload["exp"] = json!(NOW_S - 4),
        |raw| raw.payload["nbf"] = json!(NOW_S + 5),
        |raw| raw.payload["aud"] = json!([AUDIENCE, "https://shop.example"]),
        |raw| raw.payload["aud"] = json!(AUDIENCE),
    ];
    for change in edges {
        let mut raw = Raw::sound();
        change(&mut raw);
        assert!(raw.verify().is_ok());
    }
    let mut raw = Raw::sound();
    raw.payload["aud"] = json!(AUDIENCE);
    assert_eq!(verify(&raw.text(), &trusted(), NOW_S, &unbound(), None), Err(VerifyError::WrongAudience));
}

#[test]
fn disclosures_must_fit_the_payload() {
    check(vec![
        (
            "not referenced",
            |raw| raw.disclosures.push(disclosure(json!(["s", "n", 1]))),
            disclosed(DisclosureError::NotReferenced { index: 1 }),
        ),
        (
            "changed",
            |raw| raw.disclosures[0] = disclosure(json!(["salt", "shop_name", "牡丹面馆"])),
            disclosed(DisclosureError::NotReferenced { index: 0 }),
        ),
        (
            "twice",
            |raw| raw.disclosures.push(raw.disclosures[0].clone()),
            disclosed(DisclosureError::Twice { index: 1 }),
        ),
        ("no array", |raw| raw.disclose(json!({})), disclosed(DisclosureError::Form { index: 1 })),
        ("empty", |raw| raw.disclosures.push(String::new()), disclosed(DisclosureError::Form { index: 1 })),
        ("an element as claim", |raw| raw.disclose(json!(["s", 1])), disclosed(DisclosureError::Kind { index: 1 })),
        (
            "a claim as element",
            |raw| {
                let text = disclosure(json!(["s", "n", 1]));
                raw.payload["array"] = json!([{"...": sha(&text)}]);
                raw.disclosures.push(text);
            },
            disclosed(DisclosureError::Kind { index: 1 }),
        ),
        (
            "a claim that stands there",
            |raw| raw.disclose(json!(["s", "number", 1])),
            disclosed(DisclosureError::ClaimTwice { name: "number".to_owned() }),
        ),
        (
            "a claim disclosed twice",
            |raw| raw.disclose(json!(["s", "shop_name", 1])),
            disclosed(DisclosureError::ClaimTwice { name: "shop_name".to_owned() }),
        ),
        (
            "one digest twice in an object",
            |raw| raw.payload["_sd"] = json!([sha(&raw.disclosures[0]), sha("a"), sha("a")]),
            disclosed(DisclosureError::DigestTwice),
        ),
        (
            "one digest in two places",
            |raw| raw.payload["array"] = json!([{"...": sha(&raw.disclosures[0])}]),
            disclosed(DisclosureError::Kind { index: 0 }),
        ),
        (
            "a withheld digest in two places",
            |raw| raw.payload["array"] = json!([{"_sd": [sha("withheld")]}]),
            disclosed(DisclosureError::DigestTwice),
        ),
        (
            "digests that are no array",
            |raw| raw.payload["a"] = json!({"_sd": 1}),
            disclosed(DisclosureError::DigestForm),
        ),
        ("a digest that is no text", |raw| raw.payload["_sd"][1] = json!(1), disclosed(DisclosureError::DigestForm)),
        ("a short digest", |raw| raw.payload["_sd"][1] = json!("AAAA"), disclosed(DisclosureError::DigestForm)),
        (
            "another hash",
            |raw| raw.payload["_sd_alg"] = json!("sha-512"),
            VerifyError::Parse(ParseError::HashAlgorithm),
        ),
    ]);
}

#[test]
fn reserved_and_registered_names_are_not_disclosed() {
    let reserved = |name: &str| disclosed(DisclosureError::Reserved { name: name.to_owned() });
    check(vec![
        ("_sd", |raw| raw.disclose(json!(["s", "_sd", []])), reserved("_sd")),
        ("...", |raw| raw.disclose(json!(["s", "...", 1])), reserved("...")),
        ("_sd_alg", |raw| raw.disclose(json!(["s", "_sd_alg", "md5"])), reserved("_sd_alg")),
        ("_sd_alg within", |raw| raw.payload["a"] = json!({"_sd_alg": "sha-256"}), reserved("_sd_alg")),
        ("... in an object", |raw| raw.payload["..."] = json!(sha("a")), reserved("...")),
        ("... with another member", |raw| raw.payload["a"] = json!([{"...": sha("a"), "b": 1}]), reserved("...")),
        ("... within a disclosure", |raw| raw.disclose(json!(["s", "n", {"...": 1}])), reserved("...")),
    ]);
    for name in ["iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status"] {
        let mut raw = Raw::sound();
        raw.payload.as_object_mut().unwrap().shift_remove(name);
        raw.disclose(json!(["s", name, 1]));
        assert_eq!(raw.verify(), Err(disclosed(DisclosureError::AlwaysDisclosed { name: name.to_owned() })));
    }
    // Within a claim they are plain words.
    let mut raw = Raw::sound();
    raw.disclose(json!(["s", "parent", {"iss": 1}]));
    assert!(raw.verify().is_ok());
}

#[test]
fn depth_is_bounded_across_disclosures() {
    let nested = |levels: usize| {
        let mut raw = Raw::sound();
        let mut inner = json!(1);
        for level in 0..levels {
            let text = disclosure(json!([format!("{level}"), "n", inner]));
            inner = json!({"_sd": [sha(&text)]});
            raw.disclosures.push(text);
        }
        raw.payload["deep"] = inner;
        raw.verify().map(|_| ())
    };
    assert_eq!(nested(64), Ok(()));
    assert_eq!(nested(65), Err(disclosed(DisclosureError::Depth)));
    assert_eq!(nested(400), Err(disclosed(DisclosureError::Depth)));
    let mut raw = Raw::sound();
    raw.payload["deep"] = (0..65).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(raw.verify(), Err(disclosed(DisclosureError::Depth)));
}

#[test]
fn the_holder_must_have_signed_for_us_and_now() {
    use VerifyError::{KeyBinding, KeyBindingClaim};
    check(vec![
        ("no key", |raw| raw.payload["cnf"] = Value::Null, VerifyError::Holder(KeyError::Form)),
        ("a key by name", |raw| raw.payload["cnf"] = json!({"kid": "1"}), VerifyError::Holder(KeyError::Unsupported)),
        ("a key that is none", |raw| raw.payload["cnf"]["jwk"] = json!(1), VerifyError::Holder(KeyError::Form)),
        ("a private key", |raw| raw.payload["cnf"]["jwk"]["d"] = json!("AA"), VerifyError::Holder(KeyError::Private)),
        (
            "bound to nobody",
            |raw| drop(raw.payload.as_object_mut().unwrap().shift_remove("cnf")),
            VerifyError::NoHolder,
        ),
        (
            "no binding",
            |raw| raw.after = |text| text[..=text.rfind('~').unwrap()].to_owned(),
            VerifyError::KeyBindingMissing,
        ),
        ("none", |raw| raw.binding_header["alg"] = json!("none"), KeyBinding(JwsError::Algorithm)),
        ("another algorithm", |raw| raw.binding_header["alg"] = json!("ES256"), KeyBinding(JwsError::Algorithm)),
        (
            "another type",
            |raw| raw.binding_header["typ"] = json!("JWT"),
            KeyBinding(JwsError::Type { expected: "kb+jwt" }),
        ),
        ("another key", |raw| raw.holder = issuer_key(), KeyBinding(JwsError::Signature)),
        ("another nonce", |raw| raw.binding["nonce"] = json!("n"), VerifyError::KeyBindingNonce),
        ("no nonce", |raw| raw.binding["nonce"] = json!(1), KeyBindingClaim { claim: "nonce" }),
        ("another audience", |raw| raw.binding["aud"] = json!("x"), VerifyError::KeyBindingAudience),
        ("many audiences", |raw| raw.binding["aud"] = json!([AUDIENCE]), KeyBindingClaim { claim: "aud" }),
        ("another hash", |raw| raw.binding["sd_hash"] = json!(sha("a")), VerifyError::KeyBindingHash),
        ("no hash", |raw| raw.binding["sd_hash"] = Value::Null, KeyBindingClaim { claim: "sd_hash" }),
        ("too old", |raw| raw.binding["iat"] = json!(NOW_S - 66), VerifyError::KeyBindingTime),
        ("in the future", |raw| raw.binding["iat"] = json!(NOW_S + 6), VerifyError::KeyBindingTime),
        ("no time", |raw| raw.binding = json!({"nonce": NONCE, "aud": AUDIENCE}), KeyBindingClaim { claim: "iat" }),
        ("expired itself", |raw| raw.binding["exp"] = json!(NOW_S - 5), VerifyError::KeyBindingTime),
        ("not yet valid itself", |raw| raw.binding["nbf"] = json!(NOW_S + 6), VerifyError::KeyBindingTime),
        ("a time that is text", |raw| raw.binding["iat"] = json!("1"), KeyBindingClaim { claim: "iat" }),
    ]);
}

#[test]
fn a_binding_does_not_fit_other_disclosures() {
    // A disclosure dropped after the holder signed.
    let bound = Raw::sound().text();
    let parts: Vec<_> = bound.split('~').collect();
    let text = format!("{}~{}", parts[0], parts[2]);
    assert_eq!(verify(&text, &trusted(), NOW_S, &expected(), None), Err(VerifyError::KeyBindingHash));
}

#[test]
fn a_binding_not_asked_for_is_not_relied_on() {
    let mut raw = Raw::sound();
    raw.holder = issuer_key();
    let verified = verify(&raw.text(), &trusted(), NOW_S, &unbound(), None).unwrap();
    assert!(!verified.key_bound);
}

#[test]
fn any_kind_is_taken_when_none_is_asked_for() {
    let any = Expectations { vct: None, ..unbound() };
    let mut raw = Raw::sound();
    raw.payload["vct"] = json!("x");
    assert_eq!(verify(&raw.unbound(), &trusted(), NOW_S, &any, None).unwrap().vct, "x");
}

#[test]
fn what_has_not_the_form_is_no_sd_jwt() {
    let text = Raw::sound().text();
    let (issued, rest) = text.split_once('~').unwrap();
    let issued_error = ParseError::Issued(JwsError::Form);
    for (text, error) in [
        (String::new(), ParseError::Form),
        (issued.to_owned(), ParseError::Form),
        ("~".to_owned(), issued_error.clone()),
        (format!("~{rest}"), issued_error.clone()),
        (format!(" {text}"), issued_error.clone()),
        (format!("{text}\n"), ParseError::KeyBinding(JwsError::Form)),
        (format!("{issued}~~"), ParseError::Disclosure(DisclosureError::Form { index: 0 })),
        (format!("{issued}~*~"), ParseError::Disclosure(DisclosureError::Form { index: 0 })),
        (format!("{issued}~{}", "A".repeat(MAX_SD_JWT_BYTES)), ParseError::TooLarge),
    ] {
        assert_eq!(SdJwt::parse(&text), Err(error), "{}", &text[..text.len().min(80)]);
    }
    let twice = common::jws("{}", r#"{"iss":"a","iss":"b"}"#, &issuer_key());
    assert_eq!(SdJwt::parse(&format!("{twice}~")), Err(issued_error));
}

#[test]
fn a_key_of_p_256_signs_for_an_issuer_too() {
    let mut raw = Raw::sound();
    raw.header = json!({"alg": "ES256", "typ": "dc+sd-jwt", "kid": "2"});
    let input = format!("{}.{}", base64url(raw.header.to_string()), base64url(raw.payload.to_string()));
    let HolderKey::P256(key) = HolderKey::from_p256(&[9; 32]).unwrap() else { unreachable!() };
    let signature: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(&key, input.as_bytes());
    let text = format!("{input}.{}~{}~", base64url(signature.to_bytes()), raw.disclosures[0]);
    assert!(verify(&text, &trusted(), NOW_S, &unbound(), None).is_ok());
}
