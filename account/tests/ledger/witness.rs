//! The witness: every status over its real state on disk, killed between any two steps, asked by two at once.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use dipper_account::ledger::{Disk, MachineDisk};
use dipper_account::witness::{Witness, WitnessError};
use ledger::SigningKey;
use ledger::checkpoint::Checkpoint;
use ledger::hash::{Hash, leaf_hash, sha256};
use ledger::key::{KeyKind, KeyName, VerifierKey};
use ledger::merkle::{Frontier, NodeReader, prove_consistency};
use ledger::note::Note;
use ledger::witness::{AddCheckpoint, CosignatureLines, SIZE_CONTENT_TYPE, TrustedLog};
use std::collections::BTreeMap;
use std::convert::Infallible;

use crate::common::{noon, read_all, write_back};
use crate::faults::{Fault, FaultyDisk};

pub const LOG: &str = "log.example/one";

/// A log in memory; faces differ from entry 5 on.
pub struct MemoryLog {
    nodes: BTreeMap<(u8, u64), Hash>,
    roots: Vec<Hash>,
}

impl NodeReader for &MemoryLog {
    type Error = Infallible;
    fn read_node(&mut self, level: u8, index: u64) -> Result<Hash, Infallible> {
        Ok(self.nodes[&(level, index)])
    }
}

impl MemoryLog {
    pub fn new(face: u8) -> Self {
        let (mut tree, mut nodes, mut roots) = (Frontier::new(), BTreeMap::new(), vec![Hash::EMPTY_ROOT]);
        for i in 0..200_u8 {
            let keep = |node: ledger::merkle::Node| {
                nodes.insert((node.level, node.index), node.hash);
            };
            tree.push(leaf_hash(&[if i < 5 { 0 } else { face }, i]), keep).unwrap();
            roots.push(tree.root());
        }
        Self { nodes, roots }
    }

    fn name() -> KeyName {
        KeyName::new(LOG).unwrap()
    }

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[3; 32])
    }

    pub fn trusted() -> TrustedLog {
        TrustedLog::of_key(VerifierKey::new(Self::name(), KeyKind::Ed25519, Self::key().verifying_key()).unwrap())
    }

    pub fn note(&self, size: u64) -> Note {
        let root = self.roots[usize::try_from(size).unwrap()];
        Checkpoint::new(LOG, size, root).unwrap().sign(&Self::name(), &Self::key()).unwrap()
    }

    pub fn body(&self, old: u64, size: u64) -> Vec<u8> {
        let proof = if old == 0 { vec![] } else { prove_consistency(&mut { self }, old, size).unwrap() };
        AddCheckpoint::new(old, proof, self.note(size)).unwrap().to_string().into_bytes()
    }
}

fn machine() -> Arc<dyn Disk> {
    Arc::new(MachineDisk)
}

fn create(folder: &Path) -> VerifierKey {
    Witness::create(&MachineDisk, folder, "witness.example/w", &[8; 32]).unwrap()
}

fn open(folder: &Path) -> Result<Witness, WitnessError> {
    Witness::open(machine(), folder, vec![MemoryLog::trusted()], noon())
}

#[test]
fn a_witness_cosigns_what_grows_and_shows_what_it_cosigned() {
    let dir = tempfile::tempdir().unwrap();
    let key = create(dir.path());
    assert_eq!(Witness::read_key(&MachineDisk, dir.path()).unwrap(), key);
    let log = MemoryLog::new(0);
    let hash = sha256(LOG.as_bytes()).to_hex();
    let mut witness = open(dir.path()).unwrap();
    assert_eq!(witness.find_checkpoint(&hash), None);
    let mut old = 0;
    for size in [3, 3, 4, 120, 200] {
        let reply = witness.answer(&log.body(old, size), noon());
        assert_eq!(reply.status, 200, "{}", reply.excerpt());
        let lines = CosignatureLines::parse(&reply.body).unwrap();
        let (_, time_s) = lines.find_by(&key, &log.note(size)).unwrap();
        assert_eq!(time_s, u64::try_from(noon().as_micros() / 1_000_000).unwrap());
        let shown = Note::parse(witness.find_checkpoint(&hash).unwrap().as_bytes()).unwrap();
        let keys = [key.clone(), MemoryLog::trusted().keys[0].clone()];
        assert_eq!((shown.text(), shown.verify(&keys).unwrap().len()), (log.note(size).text(), 2), "both lines");
        old = size;
        drop(witness);
        witness = open(dir.path()).unwrap();
        assert!(witness.find_checkpoint(&hash).unwrap().starts_with(log.note(size).text()), "after a restart too");
    }
    assert_eq!(witness.find_checkpoint("00"), None);
}

#[test]
fn every_refusal_has_its_status_and_what_the_log_signed_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let witness = open(dir.path()).unwrap();
    let (log, fork) = (MemoryLog::new(0), MemoryLog::new(1));
    assert_eq!(witness.answer(&log.body(0, 20), noon()).status, 200);
    let other = String::from_utf8(log.body(20, 30)).unwrap().replace(LOG, "log.example/two");
    let stranger = {
        let note = Note::sign(log.note(30).text(), &MemoryLog::name(), &SigningKey::from_bytes(&[4; 32])).unwrap();
        AddCheckpoint::new(20, vec![], note).unwrap().to_string()
    };
    let empty = AddCheckpoint::new(20, vec![], fork.note(20)).unwrap().to_string();
    for (what, body, status, kept) in [
        ("no request", b"hello".to_vec(), 400, 0),
        ("too large", vec![b'x'; 70_000], 413, 0),
        ("another log", other.into_bytes(), 404, 0),
        ("another key", stranger.into_bytes(), 403, 0),
        ("a larger tree from the wrong size: asked again", log.body(10, 30), 409, 0),
        ("the tree cosigned, from the wrong size", log.body(0, 20), 409, 0),
        ("a smaller tree", log.body(0, 10), 409, 1),
        ("the same once more", log.body(0, 10), 409, 1),
        ("a fork at a larger size", fork.body(20, 30), 422, 2),
        ("a fork at the same size", empty.into_bytes(), 422, 3),
        ("a fork at a smaller size that is kept already", fork.body(0, 10), 409, 4),
    ] {
        let reply = witness.answer(&body, noon());
        assert_eq!(reply.status, status, "{what}: {}", reply.excerpt());
        if status == 409 {
            assert_eq!((reply.content_type.as_str(), &reply.body[..]), (SIZE_CONTENT_TYPE, &b"20\n"[..]), "{what}");
        }
        let requests = evidence(dir.path()).into_iter().filter(|(name, _)| name.ends_with(".request"));
        assert_eq!(requests.count(), kept, "{what}");
    }
    assert_eq!(witness.answer(&log.body(20, 30), noon()).status, 200, "the honest log goes on");
    let forks: Vec<_> = evidence(dir.path()).into_iter().filter(|(name, _)| name.contains("-fork-")).collect();
    assert_eq!(forks.len(), 4, "two forks, each with what was cosigned then");
    // Both heads of the fork at size 20 convince a stranger who has the log's key alone.
    let find =
        |end: &str| forks.iter().find(|(name, _)| name.contains("-20-") && name.ends_with(end)).unwrap().1.clone();
    let request = AddCheckpoint::parse(&find(".request")).unwrap();
    let cosigned = Note::parse(&find(".cosigned")).unwrap();
    let keys = MemoryLog::trusted().keys;
    request.note().verify(&keys).unwrap();
    cosigned.verify(&keys).unwrap();
    let known: Checkpoint = cosigned.text().parse().unwrap();
    assert_eq!(known.size(), request.checkpoint().size());
    assert_ne!(known.root(), request.checkpoint().root());
}

pub fn evidence(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    read_all(folder).into_iter().filter(|(name, _)| name.starts_with("evidence/")).collect()
}

#[test]
fn evidence_is_bounded_and_forks_are_not_pushed_out() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let (log, fork) = (MemoryLog::new(0), MemoryLog::new(1));
    for round in 0..2 {
        let witness = open(dir.path()).unwrap();
        if round == 0 {
            assert_eq!(witness.answer(&log.body(0, 20), noon()).status, 200);
            let same = AddCheckpoint::new(20, vec![], fork.note(20)).unwrap().to_string();
            assert_eq!(witness.answer(same.as_bytes(), noon()).status, 422);
        }
        // Anybody can send true checkpoints with wrong proofs.
        for size in 21..150 {
            let wrong = AddCheckpoint::new(20, vec![sha256(b"x")], log.note(size)).unwrap().to_string();
            assert_eq!(witness.answer(wrong.as_bytes(), noon()).status, 422);
        }
        let names: Vec<_> = evidence(dir.path()).into_keys().filter(|name| name.ends_with(".request")).collect();
        assert_eq!(names.iter().filter(|name| name.contains("-refused-")).count(), 64, "round {round}");
        assert_eq!(names.iter().filter(|name| name.contains("-fork-")).count(), 1, "round {round}");
        let newest = names.iter().any(|name| name.contains("-refused-149-"));
        assert!(newest, "the newest are kept");
    }
}

#[test]
fn a_witness_killed_at_any_step_never_cosigns_two_histories() {
    let (log, fork) = (MemoryLog::new(0), MemoryLog::new(1));
    for fault in [Fault::Crash, Fault::PowerLoss] {
        for first in [0, 20] {
            for step in 0.. {
                let dir = tempfile::tempdir().unwrap();
                let key = create(dir.path());
                if first > 0 {
                    assert_eq!(open(dir.path()).unwrap().answer(&log.body(0, first), noon()).status, 200);
                }
                let disk = FaultyDisk::new(fault);
                let witness =
                    Witness::open(Arc::clone(&disk) as Arc<dyn Disk>, dir.path(), vec![MemoryLog::trusted()], noon());
                let witness = witness.unwrap();
                disk.arm(step);
                let reply = witness.answer(&log.body(first, 30), noon());
                let is_last = !disk.has_happened();
                assert_eq!(reply.status == 200, is_last, "{fault:?} at step {step}: {}", reply.excerpt());
                drop(witness);
                disk.lose_power();
                let witness = open(dir.path()).unwrap();
                // Whatever was signed or shown must be what the next answers extend.
                let reply = witness.answer(&fork.body(first, 30), noon());
                let lines = CosignatureLines::parse(&reply.body);
                let is_forked = reply.status == 200 && lines.unwrap().find_by(&key, &fork.note(30)).is_ok();
                assert!(!(is_forked && is_last), "{fault:?} at step {step}: cosigned both");
                if first > 0 {
                    assert!(!is_forked, "{fault:?} at step {step}: the fork does not extend what was cosigned");
                    let again = witness.answer(&log.body(first, 30), noon());
                    assert!(again.status == 200 || again.body == b"30\n", "{fault:?} at step {step}");
                }
                if is_last {
                    break;
                }
            }
        }
    }
}

#[test]
fn of_two_forks_at_once_one_is_cosigned() {
    let (log, fork) = (MemoryLog::new(0), MemoryLog::new(1));
    for size in 20..40 {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path());
        let witness = open(dir.path()).unwrap();
        let statuses = std::thread::scope(|scope| {
            let bodies = [log.body(0, size), fork.body(0, size)];
            let witness = &witness;
            let asked = bodies.map(|body| scope.spawn(move || witness.answer(&body, noon()).status));
            asked.map(|thread| thread.join().unwrap())
        });
        assert!(statuses == [200, 409] || statuses == [409, 200], "{statuses:?}");
    }
}

#[test]
fn a_key_without_its_state_is_retired() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(open(dir.path()), Err(WitnessError::NoKey)));
    create(dir.path());
    assert!(matches!(
        Witness::create(&MachineDisk, dir.path(), "witness.example/w", &[9; 32]),
        Err(WitnessError::KeyExists)
    ));
    let witness = open(dir.path()).unwrap();
    assert!(matches!(open(dir.path()), Err(WitnessError::InUse)));
    assert_eq!(witness.answer(&MemoryLog::new(0).body(0, 20), noon()).status, 200);
    drop(witness);
    let whole = read_all(dir.path());
    let state = format!("state/{}", sha256(LOG.as_bytes()).to_hex());
    for lost in ["state/bound", state.as_str()] {
        fs::remove_file(dir.path().join(lost)).unwrap();
        let refused = open(dir.path()).err().unwrap();
        assert!(matches!(&refused, WitnessError::StateLost(what) if what.contains(lost)), "{refused}");
        assert!(refused.to_string().contains("retire this key"), "{refused}");
        write_back(dir.path(), &whole);
    }
    // The state of another key, as if somebody had copied the key file alone.
    let other = tempfile::tempdir().unwrap();
    Witness::create(&MachineDisk, other.path(), "witness.example/v", &[9; 32]).unwrap();
    fs::copy(dir.path().join("witness.key"), other.path().join("witness.key")).unwrap();
    assert!(matches!(open(other.path()), Err(WitnessError::StateLost(_))));
    // A checkpoint that no configured key has signed.
    fs::write(dir.path().join(&state), MemoryLog::new(0).note(20).to_string().replace("\n20\n", "\n21\n")).unwrap();
    assert!(matches!(open(dir.path()), Err(WitnessError::State { .. })));
    write_back(dir.path(), &whole);
    assert!(open(dir.path()).is_ok());
}
