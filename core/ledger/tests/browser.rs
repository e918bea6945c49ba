//! What the verifier in the browser must agree with: `golden/browser.json`, receipts and refusals decided here.
//!
//! `web/packages/ledger` reads the same file and must come to the same verdict on each. Where the two differ the test
//! writes what is decided now beside the build and names it, to be copied after a change that is meant.
#![allow(clippy::unwrap_used)]

use dipper_ledger::SigningKey;
use dipper_ledger::checkpoint::{Checkpoint, CheckpointError};
use dipper_ledger::commitment::{EventLeaf, LeafError, Opening, OpeningError};
use dipper_ledger::cosignature::cosign;
use dipper_ledger::hash::{Hash, node_hash};
use dipper_ledger::key::{KeyError, KeyKind, KeyName, VerifierKey};
use dipper_ledger::merkle::{Frontier, VerifyError};
use dipper_ledger::note::{Note, NoteError};
use dipper_ledger::policy::{Policy, PolicyError};
use dipper_ledger::proof::{Proof, ProofError, ProofFormatError};
use serde_json::{Value, json};
use std::path::Path;

const ORIGIN: &str = "瑶光.example/ledger";

/// Canonical events as the store writes them.
const EVENTS: [&str; 3] = [
    r#"{"actor":{"as":"anonymous"},"at":1795430000000000,"body":{"answers":{},"category":"c0101","channel":"web","description":"井盖破损 \"x\"\n","evidence":["0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"],"kind":"reported","no":"YG20261123-000042","pack":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","place":{"address":"天枢路 12 号","cell":"N42G325A207325143752","point":[67.917373773,25.375389942],"region":"s1"},"process":"urban_case","reporter":{"contact":"01KACTDW0000000000000000C1"},"stage":"accept","state":"received","task":{"clock":"task","office":"centre","role":"acceptor"}},"case":"01KACTDW0000000000000000A1","id":"01KACTDW000000000000000000","recorded_at":1795430000500000,"version":1}"#,
    r#"{"actor":{"as":"staff","office":"centre","party":"01KACTDW0000000000000000P1","role":"acceptor"},"at":1795430000000001,"body":{"action":"dispatch","answers":{"limit":"3 working_day"},"from":"filed","handler":"roads","kind":"moved","note":"请尽快","public":true,"stage":"dispose","to":"assigned"},"case":"01KACTDW0000000000000000A1","id":"01KACTDW000000000000000001","recorded_at":1795430060500001,"version":2}"#,
    r#"{"actor":{"as":"resident","party":"01KACTDW0000000000000000P2"},"at":1795430000000013,"body":{"kind":"rated","note":"好","stars":5},"case":"01KACTDW0000000000000000A1","id":"01KACTDW000000000000000013","recorded_at":1795430120500013,"version":3}"#,
];

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn name(text: &str) -> KeyName {
    KeyName::new(text).unwrap()
}

fn vkey(origin: &str, kind: KeyKind, seed: u8) -> VerifierKey {
    VerifierKey::new(name(origin), kind, key(seed).verifying_key()).unwrap()
}

fn opening(index: u64) -> Opening {
    let canonical = EVENTS[usize::try_from(index).unwrap() % EVENTS.len()].as_bytes().to_vec();
    let salt: [u8; 32] = std::array::from_fn(|at| u8::try_from((index * 31 + at as u64 * 7) % 251).unwrap());
    Opening { leaf: EventLeaf::commit(&salt, &canonical, index + 1, 29_923_833 + index % 3), salt, canonical }
}

/// The path of a leaf by RFC 6962's own words: the roots of what is beside it, from the leaf upwards.
fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() == 1 {
        return vec![];
    }
    let half = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(half);
    let (mut found, beside) =
        if index < half { (path(left, index), root(right)) } else { (path(right, index - half), root(left)) };
    found.push(beside);
    found
}

fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&root(left), &root(right))
        }
    }
}

/// A receipt of entry `index` of a log of `size`, cosigned by these witnesses.
fn receipt(index: u64, size: u64, witnesses: &[u8]) -> Proof {
    let leaves: Vec<Hash> = (0..size).map(|at| opening(at).leaf.leaf_hash()).collect();
    let mut tree = Frontier::new();
    for leaf in &leaves {
        tree.push(*leaf, |_| {}).unwrap();
    }
    let checkpoint = Checkpoint::new(ORIGIN, size, tree.root()).unwrap();
    let mut note = checkpoint.sign(&name(ORIGIN), &key(1)).unwrap();
    for seed in witnesses {
        let time_s = 1_795_430_100 + u64::from(*seed);
        note = note
            .clone()
            .with(cosign(note.text(), time_s, &name(&format!("w{seed}.example")), &key(*seed)).unwrap())
            .unwrap();
    }
    let path = path(&leaves, usize::try_from(index).unwrap());
    Proof::new(index, path, note, Some(opening(index).to_bytes())).unwrap()
}

fn policies() -> Vec<(&'static str, String)> {
    let log = format!("log {} https://瑶光.example/ledger\n", vkey(ORIGIN, KeyKind::Ed25519, 1));
    let witness = |seed: u8| {
        format!(
            "witness w{seed} {} https://w{seed}.example\n",
            vkey(&format!("w{seed}.example"), KeyKind::Cosignature, seed)
        )
    };
    let all: String = [2, 3, 4].map(witness).concat();
    let other_key = format!("log {}\nquorum none\n", vkey(ORIGIN, KeyKind::Ed25519, 9));
    let other_log = format!("log {}\nquorum none\n", vkey("other.example/ledger", KeyKind::Ed25519, 1));
    vec![
        ("log", format!("{log}quorum none\n")),
        ("two", format!("# Two of three.\n{log}{all}group g 2 w2 w3 w4\nquorum g\n")),
        ("nested", format!("{log}{all}group inner any w2 w3\ngroup outer all inner w4\nquorum outer\n")),
        ("one", format!("{log}{all}quorum w3\n")),
        ("other_key", other_key),
        ("other_log", other_log),
    ]
}

fn policy(id: &str) -> Policy {
    Policy::parse(&policies().into_iter().find(|(name, _)| *name == id).unwrap().1).unwrap()
}

/// The first thing that does not hold, by its rule; as `dipper verify` goes about it.
fn decide(bytes: &[u8], policy: &Policy) -> Result<Value, &'static str> {
    let proof = Proof::parse(bytes).map_err(|error| format_rule(&error))?;
    let opening = Opening::from_bytes(proof.extra().ok_or("opening.none")?).map_err(opening_rule)?;
    let verified = proof.verify(&opening.leaf.leaf_hash(), policy).map_err(|error| proof_rule(&error))?;
    let cosigners: Vec<Value> =
        verified.cosigners.iter().map(|c| json!([c.name, c.key_name, c.time_s.to_string()])).collect();
    Ok(json!({
        "index": verified.index.to_string(), "size": verified.size.to_string(), "origin": verified.origin,
        "root": verified.root.to_base64(), "position": opening.leaf.position.to_string(),
        "minute": opening.leaf.minute.to_string(), "event": String::from_utf8(opening.canonical).unwrap(),
        "cosigners": cosigners,
    }))
}

fn format_rule(error: &ProofFormatError) -> &'static str {
    match error {
        ProofFormatError::TooLarge { .. } => "proof.too_large",
        ProofFormatError::Characters => "proof.characters",
        ProofFormatError::Header => "proof.header",
        ProofFormatError::Extra => "proof.extra",
        ProofFormatError::Index => "proof.index",
        ProofFormatError::Path { .. } => "proof.path",
        ProofFormatError::LongPath => "proof.long_path",
        ProofFormatError::Form => "proof.form",
        ProofFormatError::Note(error) => note_rule(error),
    }
}

fn proof_rule(error: &ProofError) -> &'static str {
    match error {
        ProofError::Checkpoint(error) => checkpoint_rule(error),
        ProofError::UnknownLog { .. } => "proof.unknown_log",
        ProofError::Signatures(error) => note_rule(error),
        ProofError::NoQuorum { .. } => "proof.no_quorum",
        ProofError::Inclusion(VerifyError::Index { .. }) => "merkle.index",
        ProofError::Inclusion(VerifyError::Length { .. }) => "merkle.length",
        ProofError::Inclusion(VerifyError::Root) => "merkle.root",
        ProofError::Inclusion(VerifyError::Sizes { .. } | VerifyError::Subtree { .. }) => "merkle.sizes",
    }
}

fn note_rule(error: &NoteError) -> &'static str {
    match error {
        NoteError::TooLarge { .. } => "note.too_large",
        NoteError::Characters => "note.characters",
        NoteError::Text => "note.text",
        NoteError::Form => "note.form",
        NoteError::Line => "note.line",
        NoteError::Name(_) => "note.name",
        NoteError::Unsigned => "note.unsigned",
        NoteError::TooManySignatures => "note.too_many_signatures",
        NoteError::Duplicate { .. } => "note.duplicate",
        NoteError::Ambiguous { .. } => "note.ambiguous",
        NoteError::BadSignature { .. } => "note.bad_signature",
        NoteError::NoKnownKey => "note.no_known_key",
    }
}

fn checkpoint_rule(error: &CheckpointError) -> &'static str {
    match error {
        CheckpointError::Origin => "checkpoint.origin",
        CheckpointError::Size => "checkpoint.size",
        CheckpointError::Root(_) => "checkpoint.root",
        CheckpointError::Form => "checkpoint.form",
        CheckpointError::EmptyRoot => "checkpoint.empty_root",
        CheckpointError::Note(error) => note_rule(error),
        CheckpointError::OtherOrigin { .. } => "checkpoint.other_origin",
    }
}

fn opening_rule(error: OpeningError) -> &'static str {
    match error {
        OpeningError::Length { .. } => "opening.length",
        OpeningError::Leaf(LeafError::Length { .. }) => "leaf.length",
        OpeningError::Leaf(LeafError::Version { .. }) => "leaf.version",
        OpeningError::Leaf(LeafError::Kind { .. }) => "leaf.kind",
        OpeningError::Leaf(LeafError::Reserved) => "leaf.reserved",
        OpeningError::Mismatch => "opening.mismatch",
    }
}

fn key_rule(error: KeyError) -> &'static str {
    match error {
        KeyError::Name => "key.name",
        KeyError::Form => "key.form",
        KeyError::Kind { .. } => "key.kind",
        KeyError::Key => "key.key",
        KeyError::Id { .. } => "key.id",
    }
}

fn policy_rule(error: &PolicyError) -> &'static str {
    match error {
        PolicyError::TooLarge { .. } => "policy.too_large",
        PolicyError::Characters { .. } => "policy.characters",
        PolicyError::Newline => "policy.newline",
        PolicyError::Form { .. } => "policy.form",
        PolicyError::Key { .. } => "policy.key",
        PolicyError::Kind { .. } => "policy.kind",
        PolicyError::DuplicateKey { .. } => "policy.duplicate_key",
        PolicyError::DuplicateName { .. } => "policy.duplicate_name",
        PolicyError::Unknown { .. } => "policy.unknown",
        PolicyError::Regrouped { .. } => "policy.regrouped",
        PolicyError::Threshold { .. } => "policy.threshold",
        PolicyError::SecondQuorum { .. } => "policy.second_quorum",
        PolicyError::NoQuorum => "policy.no_quorum",
    }
}

/// `ok`, or the rule broken.
fn word<T>(outcome: Result<T, &'static str>) -> Value {
    outcome.map_or_else(Value::from, |_| Value::from("ok"))
}

fn receipts() -> Value {
    let cases: [(u64, u64, &[u8], &str); 12] = [
        (0, 1, &[], "log"),
        (0, 2, &[], "log"),
        (1, 2, &[2], "log"),
        (2, 3, &[2, 4, 9], "two"),
        (5, 7, &[3, 4], "nested"),
        (299, 300, &[2, 3, 4], "two"),
        (255, 257, &[3], "one"),
        (100, 256, &[2], "two"),
        (4, 8, &[2, 3], "nested"),
        (4, 8, &[4], "one"),
        (1, 3, &[2, 3], "other_key"),
        (1, 3, &[2, 3], "other_log"),
    ];
    let decided = cases.map(|(index, size, witnesses, id)| {
        let text = receipt(index, size, witnesses).to_string();
        let outcome = decide(text.as_bytes(), &policy(id));
        let (verdict, proved) = outcome.map_or_else(|rule| (rule, Value::Null), |proved| ("ok", proved));
        json!({ "receipt": text, "policy": id, "verdict": verdict, "proved": proved })
    });
    Value::from(decided.to_vec())
}

/// One receipt with every byte changed in one bit, and cut off after every byte; the verdicts as runs.
fn damaged() -> Value {
    let text = receipt(2, 3, &[2, 4]).to_string();
    let policy = policy("two");
    let flip = |at: usize| {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1 << (at % 8);
        word(decide(&bytes, &policy))
    };
    let cut = |at: usize| word(decide(&text.as_bytes()[..at], &policy));
    json!({
        "receipt": text, "policy": "two",
        "flipped": runs((0..text.len()).map(flip)), "cut": runs((0..text.len()).map(cut)),
    })
}

fn runs(verdicts: impl Iterator<Item = Value>) -> Vec<(Value, usize)> {
    let mut runs: Vec<(Value, usize)> = vec![];
    for verdict in verdicts {
        match runs.last_mut() {
            Some((last, count)) if *last == verdict => *count += 1,
            _ => runs.push((verdict, 1)),
        }
    }
    runs
}

/// The receipt with one text replaced by another.
fn edited() -> Value {
    let good = receipt(2, 3, &[2, 4]).to_string();
    let line = good.lines().last().unwrap().to_owned();
    let first_hash = good.lines().nth(3).unwrap().to_owned();
    let root = good.lines().nth(7).unwrap_or_default().to_owned();
    let extra = good.lines().nth(1).unwrap().to_owned();
    let long = vec![first_hash.as_str(); 70].join("\n");
    let many: String = (0..100).map(|at| format!("\u{2014} k{at} AAAAAAA=\n")).collect();
    let edits: Vec<(&str, String)> = vec![
        ("tlog-proof@v1", "tlog-proof@v2".into()),
        ("c2sp", "\u{feff}c2sp".into()),
        ("\nindex", "\r\nindex".into()),
        (&extra, "extra ".into()),
        (&extra, format!("{extra}=")),
        (&extra, extra.replacen("extra ", "extra  ", 1)),
        (&extra, "Extra AAAA".into()),
        (&extra, "extra AAAA".into()),
        ("index 2", "index 02".into()),
        ("index 2", "index -2".into()),
        ("index 2", "index 3".into()),
        ("index 2", "index 1".into()),
        ("index 2", "index 9223372036854775807".into()),
        ("index 2", "index 9223372036854775808".into()),
        ("index 2\n", String::new()),
        (&first_hash, "AAAA".into()),
        (&first_hash, format!("{first_hash}\n{first_hash}")),
        (&first_hash, long),
        ("\n\n", "\n".into()),
        ("\n3\n", "\n4\n".into()),
        ("\n3\n", "\n03\n".into()),
        (&root, format!("{root}\nan extension")),
        (&root, format!("{root}\n")),
        (&line, format!("{line}\n{line}")),
        (&line, format!("{line}\n")),
        (&line, format!("{line} ")),
        (&line, line.replacen('\u{2014}', "-", 1)),
        (&line, line.replacen("w4", "w\u{3000}4", 1)),
        (&line, line.replacen("w4", "w5", 1)),
        (&line, format!("{line}\n{}", many.trim_end())),
        (&line, format!("{line}\n\u{2014} x.example AAAAAAA=")),
        (&line, format!("{line}\n\u{2014} x.example AAAAAA==")),
    ];
    let policy = policy("two");
    let decided = edits.into_iter().map(|(from, to)| {
        let text = good.replacen(from, &to, 1);
        json!([text, word(decide(text.as_bytes(), &policy))])
    });
    Value::from(decided.collect::<Vec<_>>())
}

fn keys() -> Value {
    const GOOD: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let mut texts: Vec<String> = vec![
        GOOD.into(),
        vkey(ORIGIN, KeyKind::Cosignature, 5).to_string(),
        String::new(),
        "example.com/foo".into(),
        "example.com/foo+530d903a".into(),
        format!("{GOOD}\n"),
        format!(" {GOOD}"),
        "a\nb+00000000+AA==".into(),
        "a+00000000+".into(),
        "a+00000000+AQ==".into(),
        format!("{}+530d903a+AQ==", "n".repeat(256)),
        format!("{}+530d903a+AQ==", "天".repeat(86)),
        format!("{GOOD}{}", "A".repeat(512)),
    ];
    for (from, to) in [
        ("example.com/foo", ""),
        ("example.com/foo", "a b"),
        ("example.com/foo", "a\u{3000}b"),
        ("example.com/foo", "a\u{85}b"),
        ("example.com/foo", "a\u{feff}b"),
        ("530d903a", "530D903A"),
        ("530d903a", "530d903"),
        ("530d903a", "530d903b"),
        ("+AekyeR", "+BekyeR"),
        ("+AekyeR", "+BOkyeR"),
        ("U2k", "U2l="),
        ("U2k", "U2"),
    ] {
        texts.push(GOOD.replacen(from, to, 1));
    }
    // Points of small order, numbers above the field's, and numbers that are no point.
    for byte in [0u8, 1, 2, 3, 0xec, 0xed, 0xee, 0xff] {
        for (middle, last) in [(0u8, 0u8), (0, 0x80), (0xff, 0x7f), (0xff, 0xff)] {
            let mut public = [middle; 32];
            (public[0], public[31]) = (byte, last);
            let bytes = [&[1][..], &public].concat();
            texts.push(format!("a+00000000+{}", base64(&bytes)));
        }
    }
    let decided = texts.into_iter().map(|text| {
        let verdict = word(text.parse::<VerifierKey>().map_err(key_rule));
        json!([text, verdict])
    });
    Value::from(decided.collect::<Vec<_>>())
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn refused_policies() -> Value {
    let witness =
        |id: &str, seed: u8| format!("witness {id} {}\n", vkey(&format!("k{seed}"), KeyKind::Cosignature, seed));
    let (w, v) = (witness("W", 1), witness("V", 2));
    let log = format!("log {}\n", vkey("k1", KeyKind::Ed25519, 1));
    let texts = [
        String::new(),
        "\n".into(),
        w.clone(),
        "quorum none".into(),
        "quorum none\n".into(),
        " \tquorum\tnone \n".into(),
        "quorum none\n\n".into(),
        "quorum none\nquorum none\n".into(),
        "quorum W\n".into(),
        format!("quorum W\n{w}"),
        format!("{w}quorum W\n"),
        format!("{w}{w}"),
        format!("{w}{log}"),
        format!("{w}{}", witness("W", 2)),
        witness("none", 1),
        format!("{w}group W all W\n"),
        format!("{w}group G all G\n"),
        format!("{w}group G all none\n"),
        format!("{w}group G all W W\n"),
        format!("{w}{v}group G all W\ngroup H any V W\n"),
        format!("{w}group G 0 W\n"),
        format!("{w}group G 2 W\n"),
        format!("{w}group G 01 W\n"),
        format!("{w}group G 99999999999999999999 W\n"),
        format!("{w}group G ALL W\n"),
        format!("{w}group G all\n"),
        format!("{w}group G\n"),
        "Quorum none\n".into(),
        "quorum none # why\n".into(),
        "log a b c d\n".into(),
        "log\n".into(),
        "witness W\n".into(),
        "\n\rquorum none\n".into(),
        "quorum\u{a0}none\n".into(),
        "log x\n".into(),
        "\u{7f}\n".into(),
        format!("log {}\n", vkey("k1", KeyKind::Cosignature, 1)),
        format!("witness W {}\n", vkey("k1", KeyKind::Ed25519, 1)),
        "#".repeat(65_537),
    ];
    let decided = texts.map(|text| {
        let verdict = word(Policy::parse(&text).map_err(|error| policy_rule(&error)));
        json!([text, verdict])
    });
    Value::from(decided.to_vec())
}

fn notes() -> Value {
    let texts = [
        "",
        "\n",
        "a\n",
        "a\n\n",
        "a\n\n\n",
        "\n\n\u{2014} k AAAAAAA=\n",
        "a\n\n\u{2014} k AAAAAAA=\n",
        "a\n\n\u{2014} k AAAAAAA=",
        "a\t\n\n\u{2014} k AAAAAAA=\n",
        "a\u{85}\n\n\u{2014} k AAAAAAA=\n",
        "a\n\nb\n\n\u{2014} k AAAAAAA=\n",
        "a\n\n\u{2014} k  AAAAAAA=\n",
        "a\n\n\u{2014}  AAAAAAA=\n",
        "a\n\n\u{2014} k+ AAAAAAA=\n",
        "a\n\n\u{2014} k\u{2028} AAAAAAA=\n",
        "a\n\n\u{2014} k\u{7f} AAAAAAA=\n",
    ];
    let decided =
        texts.map(|text| json!([text, word(Note::parse(text.as_bytes()).map_err(|error| note_rule(&error)))]));
    Value::from(decided.to_vec())
}

#[test]
fn the_browser_is_tested_against_what_is_decided_here() {
    let policies: serde_json::Map<String, Value> =
        policies().into_iter().map(|(id, text)| (id.to_owned(), Value::from(text))).collect();
    let golden = json!({
        "policies": policies, "receipts": receipts(), "damaged": damaged(), "edited": edited(),
        "keys": keys(), "refused_policies": refused_policies(), "notes": notes(),
    });
    let text = format!("{}\n", serde_json::to_string_pretty(&golden).unwrap());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/browser.json");
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let now = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser.json");
    if kept != text {
        std::fs::write(&now, &text).unwrap();
    }
    assert!(kept == text, "{} is not what is decided now, {}", file.display(), now.display());
}
