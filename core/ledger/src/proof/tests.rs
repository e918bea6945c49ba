//! Receipts that convince, and all that must not.

use super::*;
use crate::cosignature::cosign;
use crate::hash::leaf_hash;
use crate::key::{KeyKind, KeyName};
use crate::merkle::Frontier;
use ed25519_dalek::SigningKey;
use proptest::prelude::*;

const ORIGIN: &str = "log.example/city";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn vkey(name: &str, kind: KeyKind, seed: u8) -> VerifierKey {
    VerifierKey::new(KeyName::new(name).unwrap(), kind, key(seed).verifying_key()).unwrap()
}

/// Log key 1; witnesses w2, w3, w4 of which two are needed.
fn policy() -> Policy {
    let witness = |seed| {
        let key = vkey(&format!("w{seed}.example"), KeyKind::Cosignature, seed);
        format!("witness w{seed} {key}\n")
    };
    let text = format!(
        "log {}\n{}{}{}group all-w 2 w2 w3 w4\nquorum all-w\n",
        vkey(ORIGIN, KeyKind::Ed25519, 1),
        witness(2),
        witness(3),
        witness(4),
    );
    Policy::parse(&text).unwrap()
}

fn leaves() -> [Hash; 3] {
    [leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")]
}

/// The entry `b` of the three, cosigned by these witnesses.
fn proof(witnesses: &[u8]) -> Proof {
    let [a, b, c] = leaves();
    let mut tree = Frontier::new();
    for leaf in [a, b, c] {
        tree.push(leaf, |_| {}).unwrap();
    }
    let checkpoint = Checkpoint::new(ORIGIN, 3, tree.root()).unwrap();
    let mut note = checkpoint.sign(&KeyName::new(ORIGIN).unwrap(), &key(1)).unwrap();
    for seed in witnesses {
        let name = KeyName::new(&format!("w{seed}.example")).unwrap();
        let line = cosign(note.text(), 1_700_000_000 + u64::from(*seed), &name, &key(*seed)).unwrap();
        note = note.with(line).unwrap();
    }
    Proof::new(1, vec![a, c], note, Some(b"extra".to_vec())).unwrap()
}

#[test]
fn a_receipt_says_where_when_and_who() {
    let read = Proof::parse(proof(&[2, 4, 9]).to_string().as_bytes()).unwrap();
    let verified = read.verify(&leaves()[1], &policy()).unwrap();
    assert_eq!((verified.index, verified.size, verified.origin.as_str()), (1, 3, ORIGIN));
    let seen: Vec<_> = verified.cosigners.iter().map(|c| (c.name.as_str(), c.time_s)).collect();
    assert_eq!(seen, [("w2", 1_700_000_002), ("w4", 1_700_000_004)]);
    assert_eq!(read.extra(), Some(&b"extra"[..]));
}

#[test]
fn too_few_witnesses_do_not_convince() {
    assert_eq!(proof(&[2]).verify(&leaves()[1], &policy()), Err(ProofError::NoQuorum { got: 1 }));
    assert_eq!(proof(&[2, 9, 8]).verify(&leaves()[1], &policy()), Err(ProofError::NoQuorum { got: 1 }));
    let alone = Policy::of_log(vkey(ORIGIN, KeyKind::Ed25519, 1));
    assert_eq!(proof(&[]).verify(&leaves()[1], &alone).unwrap().cosigners, []);
}

#[test]
fn another_entry_another_log_or_another_key_does_not_convince() {
    let proof = proof(&[2, 3]);
    assert_eq!(proof.verify(&leaves()[0], &policy()), Err(ProofError::Inclusion(VerifyError::Root)));
    let other_log = Policy::of_log(vkey("log.example/other", KeyKind::Ed25519, 1));
    let unknown = ProofError::UnknownLog { origin: ORIGIN.into() };
    assert_eq!(proof.verify(&leaves()[1], &other_log), Err(unknown));
    let other_key = Policy::of_log(vkey(ORIGIN, KeyKind::Ed25519, 9));
    let unsigned = ProofError::Signatures(NoteError::NoKnownKey);
    assert_eq!(proof.verify(&leaves()[1], &other_key), Err(unsigned));
}

#[test]
fn a_false_line_of_a_known_witness_spoils_a_quorum() {
    let good = proof(&[2, 3]);
    let note = good.checkpoint().clone();
    let name = KeyName::new("w4.example").unwrap();
    let stray = cosign("another text\n", 1_700_000_000, &name, &key(4)).unwrap();
    let spoilt = Proof::new(1, good.path().to_vec(), note.with(stray).unwrap(), None).unwrap();
    let bad = ProofError::Signatures(NoteError::BadSignature { name });
    assert_eq!(spoilt.verify(&leaves()[1], &policy()), Err(bad));
}

#[test]
fn a_file_out_of_form_is_refused() {
    let text = proof(&[]).to_string();
    let hash = leaves()[0].to_base64();
    for (from, to, error) in [
        ("tlog-proof@v1", "tlog-proof@v2", ProofFormatError::Header),
        ("extra ZXh0cmE=", "extra ", ProofFormatError::Extra),
        ("extra ZXh0cmE=", "extra ZXh0cmE", ProofFormatError::Extra),
        ("extra ZXh0cmE=", "extra  ZXh0cmE=", ProofFormatError::Extra),
        ("extra ZXh0cmE=", "Extra ZXh0cmE=", ProofFormatError::Index),
        ("index 1", "index 01", ProofFormatError::Index),
        ("index 1", "index -1", ProofFormatError::Index),
        ("index 1", "index  1", ProofFormatError::Index),
        ("index 1\n", "", ProofFormatError::Index),
        (&hash, "AAAA", ProofFormatError::Path { line: 1, source: HashError::Base64 }),
        (&text, "", ProofFormatError::Header),
        ("c2sp", "\u{feff}c2sp", ProofFormatError::Header),
    ] {
        assert_eq!(Proof::parse(text.replacen(from, to, 1).as_bytes()), Err(error), "{from} → {to}");
    }
    let long = text.replacen(&hash, &vec![hash.as_str(); 63].join("\n"), 1);
    assert_eq!(Proof::parse(long.as_bytes()), Err(ProofFormatError::LongPath));
    let cut = &text[..text.find("\n\n").unwrap() + 1];
    assert_eq!(Proof::parse(cut.as_bytes()), Err(ProofFormatError::Form));
    assert_eq!(Proof::parse(b"\xff\n"), Err(ProofFormatError::Characters));
    let note = proof(&[]).checkpoint().clone();
    assert_eq!(Proof::new(0, vec![], note.clone(), Some(vec![])), Err(ProofFormatError::Extra));
    assert_eq!(Proof::new(1 << 63, vec![], note, None), Err(ProofFormatError::Index));
}

#[test]
fn no_flipped_bit_goes_unnoticed() {
    let (proof, policy) = (proof(&[2, 3]), policy());
    // Extra data is unauthenticated by design, so it is left out here.
    let proof = Proof::new(1, proof.path().to_vec(), proof.checkpoint().clone(), None).unwrap();
    let bytes = proof.to_string().into_bytes();
    let leaf = leaves()[1];
    let first = Proof::parse(&bytes).unwrap().verify(&leaf, &policy).unwrap();
    let is_accepted = |bytes: &[u8], leaf: &Hash| Proof::parse(bytes).is_ok_and(|p| p.verify(leaf, &policy).is_ok());
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(!is_accepted(&flipped, &leaf), "bit {bit}");
    }
    for bit in 0..256 {
        let mut other = first.root;
        other.0[bit / 8] ^= 1 << (bit % 8);
        assert!(!is_accepted(&bytes, &other));
        let mut other = leaf;
        other.0[bit / 8] ^= 1 << (bit % 8);
        assert!(!is_accepted(&bytes, &other));
    }
}

/// A version-40-L QR code holds 2,953 bytes.
#[test]
fn a_receipt_of_a_billion_entries_fits_one_qr_code() {
    let note = proof(&[2, 3, 4]).checkpoint().clone();
    let bytes = |entries: u64| {
        let path = vec![leaves()[0]; entries.next_power_of_two().ilog2() as usize];
        Proof::new(entries - 1, path, note.clone(), None).unwrap().to_string().len()
    };
    assert!((1_700..1_900).contains(&bytes(100_000_000)), "{}", bytes(100_000_000));
    assert!(bytes(1_000_000_000) < 2_953);
}

proptest! {
    #[test]
    fn proofs_round_trip(index in 0..=crate::MAX_SIZE, path in proptest::collection::vec(any::<[u8; 32]>(), 0..=63), extra in proptest::option::of(proptest::collection::vec(any::<u8>(), 1..50))) {
        let note = proof(&[]).checkpoint().clone();
        let path = path.into_iter().map(Hash).collect();
        let proof = Proof::new(index, path, note, extra).unwrap();
        prop_assert_eq!(Proof::parse(proof.to_string().as_bytes()), Ok(proof));
    }

    #[test]
    fn any_edit_reads_alike_or_is_refused(at in 0usize..400, with in "[ -~\n]{0,3}") {
        let mut text = proof(&[2]).to_string();
        if text.is_char_boundary(at) && at < text.len() {
            text.insert_str(at, &with);
        }
        if let Ok(proof) = Proof::parse(text.as_bytes()) {
            prop_assert_eq!(proof.to_string(), text);
        }
    }
}
