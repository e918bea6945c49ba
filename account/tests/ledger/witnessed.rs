//! A log with witnesses: quorum before publishing, witnesses that fail in every way, and the equivocation drill.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use dipper_account::ledger::{Disk, MachineDisk, SealError, Witnesses, explain, receipt};
use dipper_account::witness::Witness;
use dipper_account::{Remote, RemoteError, Reply};
use ledger::SigningKey;
use ledger::checkpoint::Checkpoint;
use ledger::hash::leaf_hash;
use ledger::key::{KeyKind, KeyName, VerifierKey};
use ledger::note::Note;
use ledger::policy::Policy;
use ledger::proof::Proof;
use ledger::tile::decode_bundle;
use ledger::witness::{AddCheckpoint, TrustedLog};
use tempfile::TempDir;
use testkit::{Database, on_both_databases};

use crate::common::{Log, ORIGIN, block, event_ids, noon, record};
use crate::log::read_by_go;
use crate::witness::evidence;

pub fn log_key() -> VerifierKey {
    let key = SigningKey::from_bytes(&[5; 32]).verifying_key();
    VerifierKey::new(KeyName::new(ORIGIN).unwrap(), KeyKind::Ed25519, key).unwrap()
}

/// A witness with its folder; absent while it is down.
type House = (TempDir, Mutex<Option<Witness>>);

/// Real witnesses with their own folders, reached by name instead of over a network.
#[derive(Clone)]
pub struct Town {
    witnesses: Arc<BTreeMap<String, House>>,
    keys: Vec<VerifierKey>,
    asked: Arc<AtomicUsize>,
}

impl Town {
    pub fn new(count: u8) -> Self {
        let mut witnesses = BTreeMap::new();
        let mut keys = Vec::new();
        for i in 1..=count {
            let dir = tempfile::tempdir().unwrap();
            let name = format!("w{i}");
            keys.push(Witness::create(&MachineDisk, dir.path(), &format!("{name}.example"), &[i + 20; 32]).unwrap());
            let witness = Self::open(&dir);
            witnesses.insert(name, (dir, Mutex::new(Some(witness))));
        }
        Self { witnesses: Arc::new(witnesses), keys, asked: Arc::default() }
    }

    fn open(dir: &TempDir) -> Witness {
        let disk: Arc<dyn Disk> = Arc::new(MachineDisk);
        Witness::open(disk, dir.path(), vec![TrustedLog::of_key(log_key())], noon()).unwrap()
    }

    /// What a witness's own server shows of the log.
    pub fn shown(&self, name: &str) -> String {
        let witness = self.witnesses[name].1.lock().unwrap();
        witness.as_ref().unwrap().find_checkpoint(&ledger::hash::sha256(ORIGIN.as_bytes()).to_hex()).unwrap()
    }

    fn set_up(&self, name: &str, is_up: bool) {
        let (dir, witness) = &self.witnesses[name];
        let mut witness = witness.lock().unwrap();
        *witness = None;
        if is_up {
            *witness = Some(Self::open(dir));
        }
    }

    /// `k` of those named.
    pub fn policy(&self, k: usize, names: &[&str]) -> String {
        let mut text = format!("log {}\n", log_key());
        for name in names {
            let at: usize = name[1..].parse().unwrap();
            text.push_str(&format!("witness {name} {} http://{name}.example/\n", self.keys[at - 1]));
        }
        text + &format!("group g {k} {}\nquorum g\n", names.join(" "))
    }

    pub fn witnesses(&self, k: usize, names: &[&str]) -> Witnesses {
        self.with(&self.policy(k, names), self.clone())
    }

    fn with(&self, policy: &str, remote: impl Remote + 'static) -> Witnesses {
        Witnesses::new(Policy::parse(policy).unwrap(), Arc::new(remote)).unwrap()
    }
}

impl Remote for Town {
    fn post(&self, url: &str, body: &[u8]) -> Result<Reply, RemoteError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let name = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix(".example/add-checkpoint")).unwrap();
        let witness = self.witnesses[name].1.lock().unwrap();
        let witness = witness.as_ref().ok_or_else(|| RemoteError("connection refused".to_owned()))?;
        Ok(witness.answer(body, noon()))
    }

    fn get(&self, url: &str, _limit: usize) -> Result<Reply, RemoteError> {
        Err(RemoteError(format!("{url} is not asked for")))
    }
}

on_both_databases!(a_log_is_published_once_its_quorum_has_cosigned, |database| {
    let (log, town) = (Log::new(), Town::new(3));
    let policy = Policy::parse(&town.policy(2, &["w1", "w2", "w3"])).unwrap();
    record(database, 20);
    let mut sealer = log.open_witnessed(database, town.witnesses(2, &["w1", "w2", "w3"])).unwrap();
    assert_eq!(sealer.seal().unwrap().unwrap().to, 20);
    let published = || Note::parse(&log.files().read_checkpoint().unwrap().unwrap()).unwrap();
    assert_eq!(policy.list_cosigners(&published()).unwrap().len(), 3, "all were quick");
    // One may be away.
    town.set_up("w2", false);
    record(database, 300);
    assert_eq!(sealer.seal().unwrap().unwrap().to, 320);
    assert_eq!(policy.list_cosigners(&published()).unwrap().len(), 2);
    // With two away the old checkpoint stays, and the error says who and why.
    town.set_up("w3", false);
    record(database, 10);
    let waiting = sealer.seal().unwrap_err();
    assert!(matches!(&waiting, SealError::NoQuorum { size: 330, shortfall } if shortfall.got == 1), "{waiting}");
    assert!(waiting.may_pass() && waiting.to_string().contains("w3: not reached: connection refused"), "{waiting}");
    assert_eq!(published().text().lines().nth(1), Some("320"));
    record(database, 10);
    assert!(sealer.seal().is_err(), "the head that is locked comes first");
    // Back from its own disk, a witness takes the proof from the size that it remembers.
    town.set_up("w2", true);
    assert_eq!(sealer.seal().unwrap().unwrap().to, 330);
    assert_eq!(sealer.seal().unwrap().unwrap().to, 340);
    assert_eq!(sealer.seal().unwrap(), None);
    assert_eq!(log.audit(Some(database)).unwrap(), 340);
    // A receipt carries the witnesses' lines and convinces under the policy, not only under the log's key.
    let given = block(receipt(database, &log.files(), &log.key(), event_ids(database)[333])).unwrap();
    explain(given.text.as_bytes(), &log.key()).unwrap();
    let proof = Proof::parse(given.text.as_bytes()).unwrap();
    let bundle = &log.read_all()["tile/entries/001.p/84"];
    let leaf = leaf_hash(decode_bundle(bundle, 84).unwrap()[333 - 256]);
    assert_eq!(proof.verify(&leaf, &policy).unwrap().cosigners.len(), 2);
});

on_both_databases!(a_head_that_waited_for_witnesses_is_published_after_a_restart, |database| {
    let (log, town) = (Log::new(), Town::new(2));
    record(database, 20);
    town.set_up("w1", false);
    let mut sealer = log.open_witnessed(database, town.witnesses(2, &["w1", "w2"])).unwrap();
    assert!(matches!(sealer.seal(), Err(SealError::NoQuorum { .. })));
    drop(sealer);
    assert_eq!(log.files().read_checkpoint().unwrap(), None);
    record(database, 5);
    town.set_up("w1", true);
    let mut sealer = log.open_witnessed(database, town.witnesses(2, &["w1", "w2"])).unwrap();
    assert_eq!(sealer.seal().unwrap().unwrap().to, 20);
    assert_eq!(sealer.seal().unwrap().unwrap().to, 25);
});

#[test]
fn a_log_that_gets_witnesses_shows_them_what_it_published_without() {
    let (database, log, town) = (Database::sqlite(), Log::new(), Town::new(1));
    record(&database, 20);
    log.seal(&database);
    let mut sealer = log.open_witnessed(&database, town.witnesses(1, &["w1"])).unwrap();
    assert_eq!(sealer.seal().unwrap().unwrap().to, 20);
    let policy = Policy::parse(&town.policy(1, &["w1"])).unwrap();
    let note = Note::parse(&log.files().read_checkpoint().unwrap().unwrap()).unwrap();
    assert_eq!(policy.list_cosigners(&note).unwrap().len(), 1);
    drop(sealer);
    let asked = town.asked.load(Ordering::SeqCst);
    let mut sealer = log.open_witnessed(&database, town.witnesses(1, &["w1"])).unwrap();
    assert_eq!(sealer.seal().unwrap(), None);
    assert_eq!(town.asked.load(Ordering::SeqCst), asked, "nobody is asked about what they have cosigned");
}

#[test]
fn a_policy_that_cannot_be_met_is_refused_at_once() {
    let town = Town::new(2);
    let text = town.policy(2, &["w1", "w2"]).replace(" http://w2.example/", "");
    let refused = Witnesses::new(Policy::parse(&text).unwrap(), Arc::new(town)).err().unwrap();
    assert_eq!(refused.reachable, 1);
}

/// A witness whose answers somebody changes on the way, or who never meant well.
struct Twisted {
    town: Town,
    twist: fn(Reply) -> Result<Reply, RemoteError>,
}

impl Remote for Twisted {
    fn post(&self, url: &str, body: &[u8]) -> Result<Reply, RemoteError> {
        (self.twist)(self.town.post(url, body)?)
    }

    fn get(&self, url: &str, limit: usize) -> Result<Reply, RemoteError> {
        self.town.get(url, limit)
    }
}

#[test]
fn an_answer_that_does_not_hold_is_never_merged() {
    type Twist = fn(Reply) -> Result<Reply, RemoteError>;
    let twists: [(&str, Twist); 7] = [
        ("not reached", |_| Err(RemoteError("timed out".to_owned()))),
        ("answer is refused", |reply| Ok(Reply { body: Vec::new(), ..reply })),
        ("answer is refused", |mut reply| {
            let at = reply.body.len() - 10;
            reply.body[at] = if reply.body[at] == b'A' { b'B' } else { b'A' };
            Ok(reply)
        }),
        ("refused with status 503: maintenance", |reply| {
            Ok(Reply { status: 503, body: b"maintenance\nof the house\n".to_vec(), ..reply })
        }),
        ("refused with status 409", |_| {
            Ok(Reply { status: 409, content_type: "text/x.tlog.size".to_owned(), body: b"7\n".to_vec() })
        }),
        ("refused with status 409: 5", |reply| Ok(Reply { status: 409, body: b"5\n".to_vec(), ..reply })),
        ("cosigned size 900 of this log", |_| {
            Ok(Reply { status: 409, content_type: "text/x.tlog.size".to_owned(), body: b"900\n".to_vec() })
        }),
    ];
    for (expect, twist) in twists {
        let (database, log, town) = (Database::sqlite(), Log::new(), Town::new(1));
        record(&database, 20);
        let witnesses = town.with(&town.policy(1, &["w1"]), Twisted { town: town.clone(), twist });
        let mut sealer = log.open_witnessed(&database, witnesses).unwrap();
        let refused = sealer.seal().unwrap_err().to_string();
        assert!(refused.contains(expect), "{expect}: {refused}");
        assert_eq!(log.files().read_checkpoint().unwrap(), None);
    }
}

/// Two logs with one key and different entries, before the same three witnesses, two of which make the quorum; each
/// reaches some of them only, as an attacker who splits the world would arrange it.
#[test]
fn equivocation_drill() {
    for (name, first_sees, second_sees, sizes) in [
        ("all see both, one size", ["w1", "w2", "w3"].as_slice(), ["w1", "w2", "w3"].as_slice(), (20, 20)),
        ("all see both, other sizes", &["w1", "w2", "w3"], &["w1", "w2", "w3"], (20, 300)),
        ("a split world", &["w1", "w2"], &["w2", "w3"], (20, 20)),
        ("a split world, other sizes", &["w1", "w2"], &["w2", "w3"], (300, 20)),
    ] {
        let town = Town::new(3);
        let logs = [Log::new(), Log::new()];
        let databases = [Database::sqlite(), Database::sqlite()];
        record(&databases[0], sizes.0);
        record(&databases[1], 6);
        record(&databases[1], sizes.1 - 6);
        let publish = |at: usize, sees: &[&str]| {
            // The policy is the same for both; who cannot be reached has no say.
            let policy = town.policy(2, &["w1", "w2", "w3"]);
            for away in ["w1", "w2", "w3"] {
                town.set_up(away, sees.contains(&away));
            }
            let mut sealer = logs[at].open_witnessed(&databases[at], town.with(&policy, town.clone())).unwrap();
            sealer.seal()
        };
        let first = publish(0, first_sees);
        let second = publish(1, second_sees);
        assert!(first.is_ok(), "{name}");
        assert!(matches!(second, Err(SealError::NoQuorum { .. })), "{name}: {second:?}");
        assert!(logs[0].files().read_checkpoint().unwrap().is_some(), "{name}");
        assert_eq!(logs[1].files().read_checkpoint().unwrap(), None, "{name}: the second is never published");
        // The witness that saw both holds the proof: two heads signed by one key, of which neither extends the other.
        let kept = evidence(town.witnesses["w2"].0.path());
        let find = |end: &str| kept.iter().find(|(file, _)| file.ends_with(end)).map(|(_, bytes)| bytes.clone());
        let request = AddCheckpoint::parse(&find(".request").unwrap_or_else(|| panic!("{name}"))).unwrap();
        let cosigned = Note::parse(&find(".cosigned").unwrap()).unwrap();
        request.note().verify(&[log_key()]).unwrap();
        cosigned.verify(&[log_key()]).unwrap();
        let cosigned: Checkpoint = cosigned.text().parse().unwrap();
        assert_eq!(cosigned.size(), sizes.0 as u64, "{name}");
        assert_eq!(request.checkpoint().size(), sizes.1 as u64, "{name}");
        assert_ne!(cosigned.root(), request.checkpoint().root(), "{name}");
        assert_eq!(kept.keys().any(|file| file.contains("-fork-")), sizes.0 == sizes.1, "{name}");
    }
}

#[test]
fn other_peoples_programs_verify_what_a_witnessed_log_serves() {
    let (database, log, town) = (Database::sqlite(), Log::new(), Town::new(3));
    record(&database, 600);
    let mut sealer = log.open_witnessed(&database, town.witnesses(2, &["w1", "w2", "w3"])).unwrap();
    while sealer.seal().unwrap().is_some() {}
    let files = log.read_all();
    let checkpoint = String::from_utf8(files["checkpoint"].clone()).unwrap();
    assert_eq!(checkpoint.matches('\u{2014}').count(), 4, "the log's line and three witnesses'");
    oracle::checkpoint(checkpoint.as_bytes(), &log_key().to_string());
    oracle::tiles(files, &checkpoint);
    if let Some(said) = read_by_go(&log, &database) {
        assert!(said.starts_with("signatures 1 ") && said.contains(" entries 600 records 12 "), "{said}");
    }
}

/// The crates `signed_note` and `tlog_tiles`, written by others.
mod oracle {
    use std::collections::BTreeMap;

    use signed_note::{Note, StandardVerifier, VerifierList};
    use tlog_tiles::{Error, Tile, TileHashReader, TileReader};

    use ledger::tile::{bundles_between, decode_bundle};

    pub fn checkpoint(bytes: &[u8], vkey: &str) {
        let key = StandardVerifier::new(vkey).unwrap();
        let note = Note::from_bytes(bytes).unwrap();
        let (verified, others) = note.verify(&VerifierList::new(vec![Box::new(key)])).unwrap();
        assert_eq!((verified.len(), others.len()), (1, 3));
    }

    struct Offered(BTreeMap<String, Vec<u8>>);

    impl TileReader for Offered {
        fn height(&self) -> u8 {
            8
        }
        fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
            let path = |tile: &Tile| tile.path().replacen("tile/8/", "tile/", 1);
            Ok(tiles.iter().map(|tile| self.0[&path(tile)].clone()).collect())
        }
        fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
    }

    /// Their reader checks every tile against the signed root before it uses a hash.
    pub fn tiles(files: BTreeMap<String, Vec<u8>>, checkpoint: &str) {
        let (text, _) = checkpoint.split_once("\n\n").unwrap();
        let read = tlog_tiles::Checkpoint::from_bytes(format!("{text}\n").as_bytes()).unwrap();
        let (size, root) = (read.size(), *read.hash());
        let bundles: Vec<_> = bundles_between(0, size).collect();
        let offered = Offered(files);
        let reader = TileHashReader::new(size, root, &offered);
        assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap(), root);
        for bundle in bundles {
            let bytes = &offered.0[&bundle.to_string()];
            let entries = decode_bundle(bytes, bundle.width()).unwrap();
            for at in [0, entries.len() - 1] {
                let index = bundle.index() * 256 + at as u64;
                let path = tlog_tiles::prove_record(size, index, &reader).unwrap();
                let record = tlog_tiles::record_hash(entries[at]);
                tlog_tiles::check_record(&path, size, root, index, record).unwrap();
            }
        }
    }
}
