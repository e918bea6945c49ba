//! Status lists: the vectors of the draft, every refusal, and what they mean for a licence.
#![allow(clippy::unwrap_used)]

mod common;

use common::{ISSUER, LIST, NOW_S, Raw, base64url, issuer_key, jws, trusted, unbound};
use dipper_credential::{
    IssuerKey, JwsError, MAX_STATUS_BYTES, MAX_STATUS_JWT_BYTES, Standing, Status, StatusBits, StatusList,
    StatusListBuilder, StatusListClaims, StatusListError, StatusRef, TrustedKey, TrustedKeys, VerifyError, verify,
};
use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;
use serde_json::{Value, json};

type ChangeClaims = fn(&mut StatusListClaims);
/// Changes header and payload.
type ChangeToken = fn(&mut Value, &mut Value);

fn claims() -> StatusListClaims {
    StatusListClaims {
        issuer: ISSUER.to_owned(),
        uri: LIST.to_owned(),
        issued_at_s: NOW_S,
        expires_at_s: Some(NOW_S + 10),
        ttl_s: Some(60),
    }
}

fn key() -> IssuerKey {
    IssuerKey::new("1", issuer_key()).unwrap()
}

fn read(text: &str) -> Result<StatusList, StatusListError> {
    StatusList::verify(text, &trusted(), ISSUER, NOW_S)
}

/// A token made by hand around a list.
fn token(bits: Value, lst: Value) -> String {
    let payload = json!({"sub": LIST, "iat": NOW_S, "status_list": {"bits": bits, "lst": lst}});
    jws(r#"{"alg":"EdDSA","typ":"statuslist+jwt","kid":"1"}"#, &payload.to_string(), &issuer_key())
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::with_capacity(bytes.len() + 1024);
    Compress::new(Compression::best(), true).compress_vec(bytes, &mut compressed, FlushCompress::Finish).unwrap();
    compressed
}

#[test]
fn the_lists_of_the_draft_read() {
    // §4.1 and §4.2: a list of one bit and one of two.
    for (bits, lst, statuses) in [
        (1, "eNrbuRgAAhcBXQ", &[1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1][..]),
        (2, "eNo76fITAAPfAgc", &[1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]),
    ] {
        let list = read(&token(json!(bits), json!(lst))).unwrap();
        assert_eq!(list.count(), statuses.len() as u64);
        let read: Vec<_> = (0..list.count()).map(|index| list.find(index).unwrap().0).collect();
        assert_eq!(read, statuses);
        assert_eq!(list.find(list.count()), None);
    }
}

#[test]
fn a_list_has_bounds() {
    let new = |bits, entries| StatusListBuilder::new(bits, entries).err();
    let most = MAX_STATUS_BYTES as u64;
    assert_eq!(new(StatusBits::One, 0), Some(StatusListError::Size));
    assert_eq!(new(StatusBits::One, most * 8), None);
    assert_eq!(new(StatusBits::One, most * 8 + 1), Some(StatusListError::Size));
    assert_eq!(new(StatusBits::Eight, most + 1), Some(StatusListError::Size));
    assert_eq!(new(StatusBits::Eight, u64::MAX), Some(StatusListError::Size));
    let mut list = StatusListBuilder::new(StatusBits::One, 9).unwrap();
    assert_eq!(list.set(16, Status::INVALID), Err(StatusListError::Index { index: 16 }));
    assert_eq!(list.set(u64::MAX, Status::INVALID), Err(StatusListError::Index { index: u64::MAX }));
    assert_eq!(list.set(0, Status::SUSPENDED), Err(StatusListError::Value { status: 2, bits: 1 }));
    assert_eq!(list.find(16), None);
}

#[test]
fn impossible_claims_are_not_signed() {
    let list = StatusListBuilder::new(StatusBits::One, 8).unwrap();
    let cases: [(&str, ChangeClaims); 4] = [
        ("iss", |claims| claims.issuer.clear()),
        ("sub", |claims| claims.uri.clear()),
        ("exp", |claims| claims.expires_at_s = Some(NOW_S)),
        ("ttl", |claims| claims.ttl_s = Some(0)),
    ];
    for (claim, change) in cases {
        let mut claims = claims();
        change(&mut claims);
        assert_eq!(list.sign(&key(), &claims), Err(StatusListError::Claim { claim }));
    }
}

#[test]
fn each_rule_of_a_token_has_its_error() {
    let header = json!({"alg": "EdDSA", "typ": "statuslist+jwt", "kid": "1"});
    let payload = json!({"sub": LIST, "iat": NOW_S, "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}});
    let claim = |claim| StatusListError::Claim { claim };
    let wrong_type = StatusListError::Jws(JwsError::Type { expected: "statuslist+jwt" });
    let cases: Vec<(ChangeToken, StatusListError)> = vec![
        (|header, _| header["alg"] = json!("none"), StatusListError::Jws(JwsError::Algorithm)),
        (|header, _| header["kid"] = json!("2"), StatusListError::Jws(JwsError::Algorithm)),
        (|header, _| header["typ"] = json!("dc+sd-jwt"), wrong_type),
        (|header, _| (header["typ"], header["kid"]) = (json!("JWT"), json!("3")), wrong_type),
        (|header, _| header["kid"] = json!("3"), StatusListError::UnknownKey),
        (|_, payload| payload["iss"] = json!("https://evil.example"), claim("iss")),
        (|_, payload| payload["sub"] = json!(""), claim("sub")),
        (|_, payload| payload["iat"] = json!("1"), claim("iat")),
        (|_, payload| payload["exp"] = json!(NOW_S), StatusListError::Expired),
        (|_, payload| payload["exp"] = json!(0.5), claim("exp")),
        (|_, payload| payload["ttl"] = json!(0), claim("ttl")),
        (|_, payload| payload["ttl"] = json!(-1), claim("ttl")),
        (|_, payload| payload["status_list"] = json!([]), claim("bits")),
        (|_, payload| payload["status_list"]["bits"] = json!(3), claim("bits")),
        (|_, payload| payload["status_list"]["bits"] = json!("1"), claim("bits")),
        (|_, payload| payload["status_list"]["lst"] = json!("*"), claim("lst")),
        (|_, payload| drop(payload.as_object_mut().unwrap().shift_remove("status_list")), claim("status_list")),
    ];
    let text = |header: &Value, payload: &Value| jws(&header.to_string(), &payload.to_string(), &issuer_key());
    assert!(read(&text(&header, &payload)).is_ok());
    for (change, error) in cases {
        let (mut header, mut payload) = (header.clone(), payload.clone());
        change(&mut header, &mut payload);
        assert_eq!(read(&text(&header, &payload)), Err(error), "{header} {payload}");
    }
    let forged = jws(&header.to_string(), &payload.to_string(), &common::holder_key());
    assert_eq!(read(&forged), Err(StatusListError::Jws(JwsError::Signature)));
    let stranger = StatusList::verify(&text(&header, &payload), &trusted(), "https://b.example", NOW_S);
    assert_eq!(stranger, Err(StatusListError::UnknownIssuer));
    assert_eq!(read(&"a".repeat(MAX_STATUS_JWT_BYTES + 1)), Err(StatusListError::TooLarge));
}

#[test]
fn a_list_that_swells_or_goes_on_is_refused() {
    let sound = zlib(&[1; 100]);
    let list = |bytes: &[u8]| read(&token(json!(8), json!(base64url(bytes)))).map(|list| list.count());
    assert_eq!(list(&sound), Ok(100));
    assert_eq!(list(&zlib(&vec![0; MAX_STATUS_BYTES])), Ok(MAX_STATUS_BYTES as u64));
    for bytes in [
        zlib(&vec![0; MAX_STATUS_BYTES + 1]),
        zlib(&vec![0; 64 * MAX_STATUS_BYTES]),
        [&sound[..], &[0]].concat(),
        sound[..sound.len() - 1].to_vec(),
        sound[2..].to_vec(),
        vec![0; 20],
        Vec::new(),
    ] {
        assert_eq!(list(&bytes), Err(StatusListError::Compression));
    }
    assert_eq!(list(&zlib(&[])), Err(StatusListError::Size));
}

#[test]
fn a_licence_has_the_status_of_its_index() {
    let show = |status: Status, at_s: i64, uri: &str| {
        let mut builder = StatusListBuilder::new(StatusBits::Four, 4).unwrap();
        builder.set(3, status).unwrap();
        let token = builder.sign(&key(), &StatusListClaims { uri: uri.to_owned(), ..claims() }).unwrap();
        let list = read(&token).unwrap();
        verify(&Raw::sound().unbound(), &trusted(), at_s, &unbound(), Some(&list)).map(|verified| verified.status)
    };
    let place = StatusRef { uri: LIST.to_owned(), index: 3 };
    assert_eq!(show(Status::VALID, NOW_S, LIST), Ok(Standing::Valid(place)));
    assert_eq!(show(Status::INVALID, NOW_S, LIST), Err(VerifyError::Revoked));
    assert_eq!(show(Status::SUSPENDED, NOW_S, LIST), Err(VerifyError::Suspended));
    assert_eq!(show(Status(3), NOW_S, LIST), Err(VerifyError::NotValid { status: 3 }));
    assert_eq!(show(Status::VALID, NOW_S, "https://city.example/status/2"), Err(VerifyError::OtherStatusList));
    // The licence has a leeway of 5 seconds, its list none.
    assert_eq!(show(Status::VALID, NOW_S + 10, LIST), Err(VerifyError::StatusListExpired));
}

#[test]
fn an_index_beyond_the_list_is_not_valid() {
    let token = StatusListBuilder::new(StatusBits::Eight, 3).unwrap().sign(&key(), &claims()).unwrap();
    let result = verify(&Raw::sound().unbound(), &trusted(), NOW_S, &unbound(), Some(&read(&token).unwrap()));
    assert_eq!(result, Err(VerifyError::StatusIndex));
}

#[test]
fn another_issuer_does_not_lift_a_revocation() {
    let other = TrustedKey {
        issuer: "https://b.example".to_owned(),
        kid: "1".to_owned(),
        key: common::public(&common::holder_key()),
    };
    let keys = TrustedKeys::new([trusted().list_keys(), &[other]].concat()).unwrap();
    let forger = IssuerKey::new("1", common::holder_key()).unwrap();
    let list = StatusListBuilder::new(StatusBits::One, 8).unwrap();
    let token = list.sign(&forger, &StatusListClaims { issuer: "https://b.example".to_owned(), ..claims() }).unwrap();
    let list = StatusList::verify(&token, &keys, "https://b.example", NOW_S).unwrap();
    let result = verify(&Raw::sound().unbound(), &keys, NOW_S, &unbound(), Some(&list));
    assert_eq!(result, Err(VerifyError::OtherStatusList));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_set_is_read(
        bits in prop::sample::select(vec![StatusBits::One, StatusBits::Two, StatusBits::Four, StatusBits::Eight]),
        entries in 1..40_000_u64,
        changes in prop::collection::vec((any::<u64>(), any::<u8>()), 0..50),
    ) {
        let mut builder = StatusListBuilder::new(bits, entries).unwrap();
        let mut expected = std::collections::BTreeMap::new();
        for (index, status) in changes {
            let (index, status) = (index % entries, status & (u8::MAX >> (8 - bits as u8)));
            builder.set(index, Status(status)).unwrap();
            expected.insert(index, status);
        }
        let list = read(&builder.sign(&key(), &claims()).unwrap()).unwrap();
        prop_assert_eq!(list.claims(), &claims());
        for index in 0..list.count() {
            prop_assert_eq!(list.find(index).unwrap().0, expected.get(&index).copied().unwrap_or(0));
        }
        prop_assert_eq!(StatusListBuilder::from(list), builder);
    }

    #[test]
    fn any_bytes_read_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..60), cut in 0..60_usize) {
        let mut list = zlib(&bytes);
        list.truncate(cut.max(1));
        let _ = read(&token(json!(1), json!(base64url(&list))));
        let _ = read(&token(json!(1), json!(base64url(&bytes))));
    }
}
