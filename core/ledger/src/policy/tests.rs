//! Policies read, refused and decided.

use super::*;
use crate::key::KeyName;
use ed25519_dalek::SigningKey;
use proptest::prelude::*;

fn vkey(seed: u8, kind: KeyKind) -> String {
    let key = SigningKey::from_bytes(&[seed; 32]).verifying_key();
    VerifierKey::new(KeyName::new(&format!("k{seed}")).unwrap(), kind, key).unwrap().to_string()
}

fn witness(name: &str, seed: u8) -> String {
    format!("witness {name} {}\n", vkey(seed, KeyKind::Cosignature))
}

fn example() -> String {
    let witnesses: String =
        ["X1", "X2", "X3", "Y1", "Y2", "Y3"].iter().zip(1..).map(|(n, seed)| witness(n, seed)).collect();
    format!(
        "# An example.\n\nlog {} https://example.com/log\n{witnesses}\
         group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n\
         \t group X-and-Y all X-witnesses\tY-witnesses \nquorum X-and-Y\n",
        vkey(100, KeyKind::Ed25519)
    )
}

#[test]
fn the_quorum_of_the_specification_needs_two_x_and_one_y() {
    let policy = Policy::parse(&example()).unwrap();
    assert_eq!(policy.logs()[0].url.as_deref(), Some("https://example.com/log"));
    assert_eq!(policy.witnesses().len(), 6);
    for (names, expect) in [
        (&["X1", "X2", "Y1"][..], true),
        (&["X1", "X3", "Y3", "Y2"], true),
        (&["X1", "X2", "X3"], false),
        (&["X1", "Y1", "Y2", "Y3"], false),
        (&["X1", "X1", "Y1"], false),
        (&["X-and-Y"], false),
        (&[], false),
    ] {
        assert_eq!(policy.is_quorum(names.iter().copied()), expect, "{names:?}");
    }
}

#[test]
fn a_quorum_is_none_or_one_witness_too() {
    assert!(Policy::parse("quorum none\n").unwrap().is_quorum([]));
    let policy = Policy::parse(&format!("{}quorum W\n", witness("W", 1))).unwrap();
    assert!(policy.is_quorum(["W"]));
    assert!(!policy.is_quorum([]));
}

#[test]
fn a_policy_that_breaks_a_rule_is_refused() {
    let (w, v) = (witness("W", 1), witness("V", 2));
    let log = format!("log {}\n", vkey(1, KeyKind::Ed25519));
    let name = |s: &str| s.to_owned();
    for (text, error) in [
        (String::new(), PolicyError::NoQuorum),
        (w.clone(), PolicyError::NoQuorum),
        ("quorum none".into(), PolicyError::Newline),
        ("quorum none\nquorum none\n".into(), PolicyError::SecondQuorum { line: 2 }),
        ("quorum W\n".into(), PolicyError::Unknown { line: 1, name: name("W") }),
        (format!("quorum W\n{w}"), PolicyError::Unknown { line: 1, name: name("W") }),
        (format!("{w}{w}"), PolicyError::DuplicateKey { line: 2 }),
        (format!("{w}{log}"), PolicyError::DuplicateKey { line: 2 }),
        (format!("{w}{}", witness("W", 2)), PolicyError::DuplicateName { line: 2, name: name("W") }),
        (witness("none", 1), PolicyError::DuplicateName { line: 1, name: name("none") }),
        (format!("{w}group W all W\n"), PolicyError::DuplicateName { line: 2, name: name("W") }),
        (format!("{w}group G all G\n"), PolicyError::Unknown { line: 2, name: name("G") }),
        (format!("{w}group G all none\n"), PolicyError::Unknown { line: 2, name: name("none") }),
        (format!("{w}group G all W W\n"), PolicyError::Regrouped { line: 2, name: name("W") }),
        (format!("{w}{v}group G all W\ngroup H any V W\n"), PolicyError::Regrouped { line: 4, name: name("W") }),
        (format!("{w}group G 0 W\n"), PolicyError::Threshold { line: 2, members: 1 }),
        (format!("{w}group G 2 W\n"), PolicyError::Threshold { line: 2, members: 1 }),
        (format!("{w}group G 01 W\n"), PolicyError::Threshold { line: 2, members: 1 }),
        (format!("{w}group G ALL W\n"), PolicyError::Threshold { line: 2, members: 1 }),
        (format!("{w}group G all\n"), PolicyError::Form { line: 2 }),
        ("Quorum none\n".into(), PolicyError::Form { line: 1 }),
        ("quorum none # why\n".into(), PolicyError::Form { line: 1 }),
        ("log a b c d\n".into(), PolicyError::Form { line: 1 }),
        ("\n\rquorum none\n".into(), PolicyError::Characters { line: 2 }),
        ("log x\n".into(), PolicyError::Key { line: 1, source: KeyError::Form }),
        (format!("log {}\n", vkey(1, KeyKind::Cosignature)), PolicyError::Kind { line: 1 }),
        (format!("witness W {}\n", vkey(1, KeyKind::Ed25519)), PolicyError::Kind { line: 1 }),
        ("#".repeat(65_537), PolicyError::TooLarge { got: 65_537 }),
    ] {
        assert_eq!(Policy::parse(&text), Err(error), "{text}");
    }
}

#[test]
fn thirty_two_of_each_are_supported() {
    let mut text = String::new();
    for i in 0..32 {
        text += &format!("log {}\n{}", vkey(i, KeyKind::Ed25519), witness(&format!("w{i}"), 100 + i));
        text += &format!("group g{i} all w{i}\n");
    }
    let groups: Vec<String> = (0..32).map(|i| format!("g{i}")).collect();
    text += &format!("group G 17 {}\nquorum G\n", groups.join(" "));
    let policy = Policy::parse(&text).unwrap();
    let names: Vec<String> = (0..17).map(|i| format!("w{i}")).collect();
    assert!(policy.is_quorum(names.iter().map(String::as_str)));
    assert!(!policy.is_quorum(names[1..].iter().map(String::as_str)));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "((log|witness|group|quorum|none|all|[0-9a-c+#]{1,3})[ \t\n]{1,2}){0,12}") {
        let _ = Policy::parse(&text);
    }

    #[test]
    fn a_group_counts_to_its_threshold(k in 1usize..=8, present in proptest::collection::vec(any::<bool>(), 8)) {
        let mut text: String = (0..8).map(|i| witness(&format!("w{i}"), i + 1)).collect();
        text += &format!("group G {k} w0 w1 w2 w3 w4 w5 w6 w7\nquorum G\n");
        let policy = Policy::parse(&text).unwrap();
        let names: Vec<String> =
            (0..8).filter(|i| present[*i]).map(|i| format!("w{i}")).collect();
        prop_assert_eq!(policy.is_quorum(names.iter().map(String::as_str)), names.len() >= k);
    }
}
