//! Issue, show any choice of claims, verify: exactly that choice arrives.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    AUDIENCE, ISSUER, NONCE, NOW_S, Raw, VCT, disclosure, expected, issuer_key, members, sha, trusted, unbound,
};
use dipper_credential::{
    Claims, HolderKey, IssueError, IssuerKey, KeyBindingError, ParseError, PresentError, PublicKey, SdJwt, Standing,
    StatusRef, issue, verify,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

fn claims(holder: Option<PublicKey>, always: Map<String, Value>, selective: Map<String, Value>) -> Claims {
    Claims {
        issuer: ISSUER.to_owned(),
        vct: VCT.to_owned(),
        issued_at_s: NOW_S - 20,
        not_before_s: Some(NOW_S - 10),
        expires_at_s: Some(NOW_S + 10),
        holder,
        status: None,
        always,
        selective,
    }
}

fn key() -> IssuerKey {
    IssuerKey::new("1", issuer_key()).unwrap()
}

/// Salts that never repeat; not random.
fn salts() -> impl FnMut() -> [u8; 16] {
    let mut count = 0_u128;
    move || {
        count += 1;
        count.to_be_bytes()
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no infinity", |x| x.is_finite()).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z\u{4e00}-\u{4e20}]{1,6}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_choice_arrives_and_nothing_else(
        always in prop::collection::btree_map("a_[a-z]{0,5}", any_json(), 0..4),
        selective in prop::collection::btree_map("s_[a-z\u{4e00}-\u{4e20}]{0,5}", (any_json(), any::<bool>()), 0..8),
        decoys in 0..5_u8,
        p256: bool,
    ) {
        let holder = if p256 { HolderKey::from_p256(&[3; 32]).unwrap() } else { HolderKey::from_ed25519(&[3; 32]) };
        let all: Map<_, _> = selective.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect();
        let always: Map<_, _> = always.into_iter().collect();
        let claims = claims(Some(holder.public_key()), always.clone(), all);
        let issued = issue(&key(), &claims, decoys, salts()).unwrap();
        prop_assert_eq!(SdJwt::parse(issued.as_str()).unwrap(), issued.clone());

        let chosen: Vec<&str> =
            selective.iter().filter(|(_, (_, shown))| *shown).map(|(name, _)| name.as_str()).collect();
        let shown = issued.present(&chosen).unwrap().with_key_binding(&holder, NONCE, AUDIENCE, NOW_S).unwrap();
        let verified = verify(shown.as_str(), &trusted(), NOW_S, &expected(), None).unwrap();
        let mut expected_claims = always;
        for name in &chosen {
            expected_claims.insert((*name).to_owned(), selective[*name].0.clone());
        }
        prop_assert_eq!(verified.claims, expected_claims);
        prop_assert_eq!(verified.holder, Some(holder.public_key()));
        prop_assert_eq!(verified.status, Standing::NoStatus);
        // What is withheld cannot be read out of what is shown.
        let names: BTreeSet<&str> = shown.list_disclosable().into_iter().collect();
        prop_assert_eq!(names, chosen.into_iter().collect());
    }

    #[test]
    fn one_changed_byte_is_never_accepted(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let raw = Raw::sound();
        let mut bytes = raw.text().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(verify(&text, &trusted(), NOW_S, &expected(), None).is_err());
        }
    }

    #[test]
    fn any_text_reads_alike_or_is_refused(text in "[A-Za-z0-9_~.-]{0,200}") {
        if let Ok(sd_jwt) = SdJwt::parse(&text) {
            prop_assert_eq!(sd_jwt.to_string(), text);
        }
    }
}

#[test]
fn a_claim_within_a_claim_comes_with_its_parents() {
    // An address whose parts are withheld singly, in a claim that is withheld too; a list with withheld elements.
    let street = disclosure(json!(["1", "street", "瑶光路"]));
    let address = disclosure(json!(["2", "address", {"city": "瑶光市", "_sd": [sha(&street)]}]));
    let first = disclosure(json!(["3", {"_sd": [sha("decoy")], "kind": "retail"}]));
    let second = disclosure(json!(["4", "wholesale"]));
    let mut raw = Raw::sound();
    raw.payload["_sd"] = json!([sha(&address)]);
    raw.payload["kinds"] = json!([{"...": sha(&first)}, "food", {"...": sha(&second)}, {"...": sha("withheld")}]);
    raw.disclosures = vec![street, second, address, first];
    let whole = SdJwt::parse(&raw.unbound()).unwrap();
    assert_eq!(whole.list_disclosable(), ["address", "kinds"]);
    let shown = |names: &[&str]| {
        let shown = whole.present(names).unwrap();
        Value::Object(verify(shown.as_str(), &trusted(), NOW_S, &unbound(), None).unwrap().claims)
    };
    let address = json!({"city": "瑶光市", "street": "瑶光路"});
    let kinds = json!([{"kind": "retail"}, "food", "wholesale"]);
    assert_eq!(shown(&["address"]), json!({"number": "JY1", "kinds": ["food"], "address": address}));
    assert_eq!(shown(&["kinds", "number"]), json!({"number": "JY1", "kinds": kinds}));
    assert_eq!(shown(&[]), json!({"number": "JY1", "kinds": ["food"]}));
}

#[test]
fn only_what_is_there_can_be_shown() {
    let issued = issue(&key(), &claims(None, Map::new(), members(json!({"a": 1, "b": 2}))), 0, salts()).unwrap();
    let unknown = |name: &str| Err(PresentError::Unknown { name: name.to_owned() });
    assert_eq!(issued.present(&["a", "c"]), unknown("c"));
    assert_eq!(issued.present(&["a"]).unwrap().present(&["b"]), unknown("b"));
    assert_eq!(issued.present(&["b", "a"]).unwrap(), issued);
}

#[test]
fn only_the_holder_binds() {
    let holder = HolderKey::from_ed25519(&[3; 32]);
    let bound = issue(&key(), &claims(Some(holder.public_key()), Map::new(), Map::new()), 0, salts()).unwrap();
    let bearer = issue(&key(), &claims(None, Map::new(), Map::new()), 0, salts()).unwrap();
    let bind = |sd_jwt: &SdJwt, key: &HolderKey, nonce| sd_jwt.with_key_binding(key, nonce, AUDIENCE, NOW_S).err();
    assert_eq!(bind(&bearer, &holder, "n"), Some(KeyBindingError::NoHolder));
    assert_eq!(bind(&bound, &HolderKey::from_ed25519(&[4; 32]), "n"), Some(KeyBindingError::OtherHolder));
    assert_eq!(bind(&bound, &HolderKey::from_p256(&[3; 32]).unwrap(), "n"), Some(KeyBindingError::OtherHolder));
    assert_eq!(bind(&bound, &holder, ""), Some(KeyBindingError::Empty));
    assert_eq!(bind(&bound, &holder, &"n".repeat(64 * 1024)), Some(KeyBindingError::TooLarge));
    let once = bound.with_key_binding(&holder, "1", AUDIENCE, NOW_S).unwrap();
    let again = once.with_key_binding(&holder, NONCE, AUDIENCE, NOW_S).unwrap();
    assert!(once.has_key_binding() && !once.present(&[]).unwrap().has_key_binding());
    assert!(verify(again.as_str(), &trusted(), NOW_S, &expected(), None).is_ok());
}

#[test]
fn issued_licences_have_the_form_of_the_standards() {
    let mut claims = claims(None, members(json!({"number": "JY1"})), members(json!({"b": 1, "a": 2})));
    claims.status = Some(StatusRef { uri: common::LIST.to_owned(), index: 3 });
    let issued = issue(&key(), &claims, 3, salts()).unwrap();
    let part = |n: usize| {
        let text = issued.as_str().split(['.', '~']).nth(n).unwrap();
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text).unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    assert_eq!(part(0), json!({"alg": "EdDSA", "typ": "dc+sd-jwt", "kid": "1"}));
    let payload = part(1);
    let digests: Vec<_> = payload["_sd"].as_array().unwrap().iter().map(|digest| digest.as_str().unwrap()).collect();
    assert_eq!(digests.len(), 5);
    assert!(digests.is_sorted());
    assert_eq!(payload["_sd_alg"], "sha-256");
    assert_eq!(payload["status"], json!({"status_list": {"idx": 3, "uri": common::LIST}}));
    assert_eq!(part(3), json!(["AAAAAAAAAAAAAAAAAAAAAQ", "b", 1]));
    let plain = issue(&key(), &self::claims(None, Map::new(), Map::new()), 0, salts()).unwrap();
    assert_eq!(plain.as_str().matches('~').count(), 1);
    assert!(!plain.unverified_claims().contains_key("_sd"));
}

#[test]
fn claims_that_break_a_rule_are_not_issued() {
    let issued = |change: fn(&mut Claims)| {
        let mut claims = claims(None, members(json!({"a": 1})), members(json!({"s": 1})));
        change(&mut claims);
        issue(&key(), &claims, 1, salts()).map(|_| ())
    };
    let reserved = |name: &str| Err(IssueError::Reserved { name: name.to_owned() });
    assert_eq!(issued(|_| {}), Ok(()));
    assert_eq!(issued(|claims| claims.issuer.clear()), Err(IssueError::Empty { claim: "iss" }));
    assert_eq!(issued(|claims| claims.vct.clear()), Err(IssueError::Empty { claim: "vct" }));
    let no_uri: fn(&mut Claims) = |claims| claims.status = Some(StatusRef { uri: String::new(), index: 0 });
    assert_eq!(issued(no_uri), Err(IssueError::Empty { claim: "status uri" }));
    assert_eq!(
        issued(|claims| drop(claims.always.insert("s".into(), json!(1)))),
        Err(IssueError::Twice { name: "s".into() })
    );
    assert_eq!(issued(|claims| drop(claims.always.insert("_sd".into(), json!([])))), reserved("_sd"));
    assert_eq!(issued(|claims| drop(claims.always.insert("x".into(), json!([{"...": 1}])))), reserved("..."));
    assert_eq!(issued(|claims| drop(claims.selective.insert("x".into(), json!({"_sd_alg": 1})))), reserved("_sd_alg"));
    for name in ["iss", "vct", "iat", "nbf", "exp", "cnf", "status", "aud", "vct#integrity"] {
        let mut claims = claims(None, Map::new(), members(json!({name: 1})));
        assert_eq!(issue(&key(), &claims, 0, salts()).map(|_| ()), reserved(name));
        std::mem::swap(&mut claims.always, &mut claims.selective);
        assert_eq!(issue(&key(), &claims, 0, salts()).map(|_| ()), reserved(name));
    }
    assert_eq!(issued(|claims| claims.expires_at_s = claims.not_before_s), Err(IssueError::Window));
    let large: fn(&mut Claims) = |claims| drop(claims.selective.insert("x".into(), json!("x".repeat(64 * 1024))));
    assert_eq!(issued(large), Err(IssueError::Unreadable(ParseError::TooLarge)));
    let twice = issue(&key(), &claims(None, Map::new(), members(json!({"s": 1}))), 1, || [0; 16]);
    assert_eq!(twice, Err(IssueError::SaltTwice));
}
