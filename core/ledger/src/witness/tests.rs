#![allow(clippy::unwrap_used, reason = "a test")]

use super::*;
use crate::checkpoint::Checkpoint;
use crate::cosignature::cosign;
use crate::hash::{Hash, leaf_hash, sha256};
use crate::key::{KeyKind, KeyName, VerifierKey};
use crate::merkle::{Frontier, NodeReader, VerifyError, prove_consistency};
use crate::note::{Note, NoteError, Signature};
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::convert::Infallible;

const ORIGIN: &str = "city.example/ledger";

struct Log {
    name: KeyName,
    key: SigningKey,
    nodes: BTreeMap<(u8, u64), Hash>,
    roots: Vec<Hash>,
}

impl NodeReader for &Log {
    type Error = Infallible;
    fn read_node(&mut self, level: u8, index: u64) -> Result<Hash, Infallible> {
        Ok(self.nodes[&(level, index)])
    }
}

impl Log {
    /// A log of `size` entries that differ from those of another `face` from entry 5 on.
    fn new(face: u8, size: u64) -> Log {
        let (mut tree, mut nodes) = (Frontier::new(), BTreeMap::new());
        let mut roots = vec![Hash::EMPTY_ROOT];
        for i in 0..size {
            let leaf = leaf_hash(&[if i < 5 { 0 } else { face }, i as u8]);
            tree.push(leaf, |node| {
                nodes.insert((node.level, node.index), node.hash);
            })
            .unwrap();
            roots.push(tree.root());
        }
        Log { name: KeyName::new(ORIGIN).unwrap(), key: SigningKey::from_bytes(&[3; 32]), nodes, roots }
    }

    fn trusted(&self) -> TrustedLog {
        TrustedLog::of_key(VerifierKey::new(self.name.clone(), KeyKind::Ed25519, self.key.verifying_key()).unwrap())
    }

    fn note(&self, size: u64) -> Note {
        let root = self.roots[size as usize];
        Checkpoint::new(ORIGIN, size, root).unwrap().sign(&self.name, &self.key).unwrap()
    }

    fn body(&self, old: u64, size: u64) -> String {
        let proof = if old == 0 { vec![] } else { prove_consistency(&mut { self }, old, size).unwrap() };
        AddCheckpoint::new(old, proof, self.note(size)).unwrap().to_string()
    }

    fn seen(&self, size: u64) -> Seen {
        Seen::open(self.note(size).to_string().as_bytes(), &self.trusted()).unwrap()
    }
}

fn ask(body: &str, log: &Log, last: Option<&Seen>) -> Result<Seen, Refusal> {
    Admitted::parse(body.as_bytes(), &[log.trusted()])?.extend(last)
}

/// Signs any size and root, as a broken log would.
fn signed(log: &Log, size: u64, root: Hash) -> Note {
    Note::sign(&format!("{ORIGIN}\n{size}\n{root}\n"), &log.name, &log.key).unwrap()
}

#[test]
fn every_status_of_the_specification_is_answered_in_its_order() {
    let (log, fork) = (Log::new(0, 20), Log::new(1, 20));
    let seen = log.seen(8);
    let last = Some(&seen);
    let good = log.body(8, 12);
    let stranger = Log { key: SigningKey::from_bytes(&[4; 32]), ..Log::new(0, 20) };
    let other_origin = good.replace(ORIGIN, "other.example/ledger");
    let false_line = {
        let (head, sig) = good.rsplit_once(' ').unwrap();
        format!("{head} {}{}", &sig[..20], sig[20..].replacen('A', "B", 1))
    };
    let long = format!("old 8\n{}\n{}", format!("{}\n", Hash::EMPTY_ROOT).repeat(64), log.note(12));
    let fat = format!("{good}{}", "x".repeat(MAX_REQUEST_BYTES));
    let one_too_many = format!("old 0\n{}\n\n{}", Hash::EMPTY_ROOT, log.note(3));
    let empty_wrong = AddCheckpoint::new(0, vec![], signed(&log, 0, sha256(b"x"))).unwrap().to_string();
    let same_other_root = AddCheckpoint::new(8, vec![], fork.note(8)).unwrap().to_string();
    let same_with_proof = AddCheckpoint::new(8, vec![sha256(b"p")], log.note(8)).unwrap().to_string();
    let wrong_proof = log.body(8, 12).replacen(log.body(8, 12).lines().nth(1).unwrap(), &sha256(b"x").to_string(), 1);
    for (what, body, last, status) in [
        ("a first cosignature", log.body(0, 12), None, 200),
        ("an extension", good.clone(), last, 200),
        ("the same tree again", log.body(8, 8), last, 200),
        ("an empty log", log.body(0, 0), None, 200),
        ("no first line", "new 8\n\n".to_owned(), last, 400),
        ("a number with a leading zero", good.replacen("old 8", "old 08", 1), last, 400),
        ("a number with a sign", good.replacen("old 8", "old +8", 1), last, 400),
        ("too many proof lines", long, last, 400),
        ("a proof line that is no hash", good.replacen("old 8\n", "old 8\nAAAA\n", 1), last, 400),
        ("no note", "old 8\n\nnothing\n".to_owned(), last, 400),
        ("too many bytes", fat, last, 413),
        ("another log", other_origin, last, 404),
        ("another key", stranger.body(8, 12), last, 403),
        ("a false line of the log's key", false_line, last, 403),
        ("an old size beyond the new one", log.body(8, 12).replacen("old 8", "old 13", 1), last, 400),
        ("another old size", log.body(6, 12), last, 409),
        ("an old size of nought after a first cosignature", log.body(0, 12), last, 409),
        ("an old size before any cosignature", good.clone(), None, 409),
        ("an empty log with another root", empty_wrong, None, 422),
        ("a proof from nothing", one_too_many, None, 422),
        ("a wrong proof", wrong_proof, last, 422),
        ("a fork at a larger size", fork.body(8, 12), last, 422),
        ("a fork at the same size", same_other_root, last, 422),
        ("the same size with a proof", same_with_proof, last, 422),
    ] {
        let got = ask(&body, &log, last).map_or_else(|refusal| refusal.status(), |_| 200);
        assert_eq!(got, status, "{what}");
    }
}

#[test]
fn what_was_seen_is_what_the_log_signed_without_the_lines_of_others() {
    let log = Log::new(0, 12);
    let witness = (KeyName::new("witness.example/w").unwrap(), SigningKey::from_bytes(&[9; 32]));
    let line = cosign(log.note(12).text(), 7, &witness.0, &witness.1).unwrap();
    let body = AddCheckpoint::new(0, vec![], log.note(12).with(line).unwrap()).unwrap().to_string();
    let seen = ask(&body, &log, None).unwrap();
    assert_eq!((seen.size(), seen.root()), (12, log.roots[12]));
    assert_eq!(seen.note(), &log.note(12));
    assert_eq!(Seen::open(seen.note().to_string().as_bytes(), &log.trusted()).unwrap(), seen);
    let conflict = ask(&body, &log, Some(&seen)).unwrap_err();
    assert_eq!((conflict.status(), conflict.conflict_size()), (409, Some(12)));
}

#[test]
fn a_key_of_a_witness_does_not_sign_for_a_log() {
    let log = Log::new(0, 12);
    let key = VerifierKey::new(log.name.clone(), KeyKind::Cosignature, log.key.verifying_key()).unwrap();
    let line = cosign(log.note(12).text(), 7, &log.name, &log.key).unwrap();
    let note = Note::new(log.note(12).text(), vec![line]).unwrap();
    let body = AddCheckpoint::new(0, vec![], note).unwrap().to_string();
    let refused = Admitted::parse(body.as_bytes(), &[TrustedLog::of_key(key)]).unwrap_err();
    assert_eq!(refused, Refusal::Signature(NoteError::NoKnownKey));
}

#[test]
fn one_size_with_two_roots_is_a_fork_and_nothing_else_is() {
    let (log, fork) = (Log::new(0, 20), Log::new(1, 20));
    let admitted = |log: &Log, size| Admitted::parse(log.body(0, size).as_bytes(), &[log.trusted()]).unwrap();
    assert!(admitted(&fork, 8).is_fork_of(&log.seen(8)));
    assert!(!admitted(&fork, 5).is_fork_of(&log.seen(5)), "alike so far");
    assert!(!admitted(&fork, 9).is_fork_of(&log.seen(8)));
    assert!(!admitted(&log, 8).is_fork_of(&log.seen(8)));
}

#[test]
fn an_answer_is_merged_only_where_its_line_holds() {
    let log = Log::new(0, 12);
    let (name, key) = (KeyName::new("witness.example/w").unwrap(), SigningKey::from_bytes(&[9; 32]));
    let known = VerifierKey::new(name.clone(), KeyKind::Cosignature, key.verifying_key()).unwrap();
    let line = cosign(log.note(12).text(), 77, &name, &key).unwrap();
    let answer = CosignatureLines::of(line.clone()).to_string();
    let lines = CosignatureLines::parse(answer.as_bytes()).unwrap();
    assert_eq!(lines.find_by(&known, &log.note(12)).unwrap(), (line, 77));
    let over_another = lines.find_by(&known, &log.note(11)).unwrap_err();
    assert_eq!(over_another, AnswerError::Line(NoteError::BadSignature { name: name.clone() }));
    let plain = Signature::sign(log.note(12).text(), &name, &key);
    let plain = CosignatureLines::parse(format!("{plain}\n").as_bytes()).unwrap();
    assert_eq!(plain.find_by(&known, &log.note(12)), Err(AnswerError::NoLine { name: name.to_string() }));
    for bad in ["", "\n", "nothing\n", answer.trim_end(), &answer.repeat(17), &"x".repeat(70_000)] {
        assert!(CosignatureLines::parse(bad.as_bytes()).is_err(), "{bad:.40}");
    }
}

#[test]
fn a_size_has_one_spelling() {
    for (text, expect) in
        [("0\n", Some(0)), ("12\n", Some(12)), ("12", None), ("012\n", None), ("12\n\n", None), ("", None)]
    {
        assert_eq!(parse_size(text.as_bytes()), expect, "{text:?}");
    }
}

proptest! {
    #[test]
    fn requests_round_trip(old in 0u64..20, more in 0u64..20) {
        let log = Log::new(0, 40);
        let body = log.body(old, old + more);
        let read = AddCheckpoint::parse(body.as_bytes()).unwrap();
        prop_assert_eq!(read.to_string(), body);
        prop_assert_eq!((read.old(), read.checkpoint().size()), (old, old + more));
    }

    #[test]
    fn a_flipped_bit_anywhere_is_never_cosigned_as_something_else(at in 0usize..10_000, bit in 0u8..8) {
        let log = Log::new(0, 20);
        let seen = log.seen(7);
        let mut body = log.body(7, 13).into_bytes();
        let place = at % body.len();
        body[place] ^= 1 << bit;
        let got = Admitted::parse(&body, &[log.trusted()]).and_then(|admitted| admitted.extend(Some(&seen)));
        // A signature line's name may only change into an unknown one; every flip costs the log its line or its proof.
        prop_assert!(got.is_err(), "flipped bit {bit} of byte {place}");
    }

    #[test]
    fn a_log_that_only_grows_is_cosigned_at_every_step(steps in proptest::collection::vec(0u64..9, 1..12)) {
        let log = Log::new(0, 120);
        let (mut last, mut size) = (None, 0);
        for step in steps {
            let body = log.body(size, size + step);
            size += step;
            let seen = ask(&body, &log, last.as_ref()).unwrap();
            prop_assert_eq!(seen.size(), size);
            last = Some(seen);
        }
    }
}

#[test]
fn a_conflict_names_the_rule_and_an_inconsistency_the_size() {
    let (log, fork) = (Log::new(0, 20), Log::new(1, 20));
    let seen = log.seen(8);
    let refused = ask(&fork.body(8, 12), &log, Some(&seen)).unwrap_err();
    assert_eq!(refused, Refusal::Inconsistent { size: 8, source: VerifyError::Root });
    assert!(refused.to_string().contains("size 8"), "{refused}");
}
