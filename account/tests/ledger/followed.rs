//! A log followed from outside: what an auditor finds in order, and every way in which a log betrays itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use dipper_account::ledger::{FollowError, Followed, LogPlan, MachineDisk, Scope, Seen, follow};
use dipper_account::{Remote, RemoteError, Reply};
use ledger::checkpoint::Checkpoint;
use ledger::commitment::EventLeaf;
use ledger::hash::sha256;
use ledger::policy::Policy;
use ledger::tile::decode_bundle;
use model::Actor;
use std::sync::Arc;
use tempfile::TempDir;
use testkit::{Database, on_both_databases};

use crate::common::{Log, ORIGIN, noon, read_all, record, record_by};
use crate::witnessed::{Town, log_key};

/// The addresses of the world: a log's files, and what witnesses show.
#[derive(Default)]
struct World(Mutex<BTreeMap<String, Vec<u8>>>);

impl World {
    const LOG: &str = "http://log.example/ledger";

    fn serve(&self, folder: &Path) {
        let mut world = self.0.lock().unwrap();
        world.retain(|url, _| !url.starts_with(Self::LOG));
        world.extend(read_all(folder).into_iter().map(|(name, bytes)| (format!("{}/{name}", Self::LOG), bytes)));
    }

    fn put(&self, url: &str, bytes: &[u8]) {
        self.0.lock().unwrap().insert(url.to_owned(), bytes.to_vec());
    }

    fn flip(&self, name: &str) {
        let mut world = self.0.lock().unwrap();
        let bytes = world.get_mut(&format!("{}/{name}", Self::LOG)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    }
}

impl Remote for World {
    fn post(&self, url: &str, _: &[u8]) -> Result<Reply, RemoteError> {
        Err(RemoteError(format!("an auditor changes nothing, not even at {url}")))
    }

    fn get(&self, url: &str, limit: usize) -> Result<Reply, RemoteError> {
        let found = self.0.lock().unwrap().get(url).cloned();
        let (status, body) = found.map_or((404, Vec::new()), |bytes| (200, bytes));
        assert!(body.len() <= limit, "{url}");
        Ok(Reply { status, content_type: String::new(), body })
    }
}

struct Auditor {
    world: World,
    memory: TempDir,
}

impl Auditor {
    fn new() -> Self {
        Self { world: World::default(), memory: tempfile::tempdir().unwrap() }
    }

    fn visit(&self, policy: Option<&Policy>) -> Result<Followed, FollowError> {
        follow(&self.world, &format!("{}/", World::LOG), policy, &[], self.memory.path())
    }

    fn faults(&self) -> usize {
        read_all(self.memory.path()).keys().filter(|name| name.contains(".fault-")).count()
    }
}

#[test]
fn an_auditor_follows_a_log_as_it_grows() {
    let (database, log, auditor) = (Database::sqlite(), Log::new(), Auditor::new());
    let mut total = 0;
    for (more, entries) in [(100, 100), (100, 200), (400, 600), (40, 128), (0, 128)] {
        record(&database, more);
        total += more as u64;
        log.seal(&database);
        auditor.world.serve(log.folder());
        let found = auditor.visit(None).unwrap();
        assert_eq!((found.size, found.entries), (total, entries), "whole bundles are computed once");
        assert_eq!(found.took_key, total == 100);
        assert_eq!(found.before, (total > 100).then_some(total - more as u64));
        assert!(found.words().in_locale("en").contains(&format!("{total} entries")));
        assert!(found.words().in_locale("zh-CN").contains("签名有效"));
    }
    assert_eq!(auditor.faults(), 0);
}

#[test]
fn a_log_that_contradicts_itself_is_found_and_both_heads_are_kept() {
    let (database, log, auditor) = (Database::sqlite(), Log::new(), Auditor::new());
    record(&database, 300);
    log.seal(&database);
    let earlier = tempfile::tempdir().unwrap();
    crate::common::write_back(earlier.path(), &log.read_all());
    record(&database, 100);
    log.seal(&database);
    auditor.world.serve(log.folder());
    auditor.visit(None).unwrap();
    // Set back.
    auditor.world.serve(earlier.path());
    assert!(matches!(auditor.visit(None), Err(FollowError::Shrunk { before: 400, now: 300 })));
    assert_eq!(auditor.faults(), 2);
    // Another history under the same key, larger and of the same size.
    for more in [200, 100] {
        let (other, twin) = (Database::sqlite(), Log::new());
        record(&other, 300);
        record(&other, 6);
        record(&other, more - 6);
        twin.seal(&other);
        auditor.world.serve(twin.folder());
        let fault = auditor.visit(None).unwrap_err();
        assert!(matches!(&fault, FollowError::Fork { before: 400, .. }), "{fault}");
        assert!(fault.words().in_locale("zh-CN").contains("对人两面"));
    }
    assert_eq!(auditor.faults(), 6);
    // The honest log is followed on.
    auditor.world.serve(log.folder());
    assert_eq!(auditor.visit(None).unwrap().before, Some(400));
}

#[test]
fn a_log_whose_files_do_not_fit_is_named_by_the_file() {
    let (database, log) = (Database::sqlite(), Log::new());
    record(&database, 600);
    log.seal(&database);
    for name in ["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2"] {
        let auditor = Auditor::new();
        auditor.world.serve(log.folder());
        auditor.world.flip(name);
        let fault = auditor.visit(None).unwrap_err();
        assert!(matches!(&fault, FollowError::NotDerived { what } if what.ends_with(name)), "{name}: {fault}");
    }
    for name in ["tile/entries/000", "tile/entries/002.p/88"] {
        let auditor = Auditor::new();
        auditor.world.serve(log.folder());
        auditor.world.flip(name);
        assert!(matches!(auditor.visit(None), Err(FollowError::NotDerived { .. })), "{name}");
    }
    let auditor = Auditor::new();
    assert!(matches!(auditor.visit(None), Err(FollowError::Unreadable { .. })), "no log at all");
    auditor.world.serve(log.folder());
    auditor.world.flip("checkpoint");
    assert!(auditor.visit(None).is_err());
    auditor.world.serve(log.folder());
    auditor.visit(None).unwrap();
    // The key of the first visit is the one to judge by, whatever the server shows later.
    let (other, database) = (Log::new(), Database::sqlite());
    record(&database, 700);
    let mut sealer = other.open_as(&database, ORIGIN, 6).unwrap();
    while sealer.seal().unwrap().is_some() {}
    auditor.world.serve(other.folder());
    assert!(matches!(auditor.visit(None), Err(FollowError::Checkpoint(_))));
    // Without its memory nothing is known; a damaged one is said so.
    let visit = read_all(auditor.memory.path()).into_keys().find(|name| name.ends_with(".visit")).unwrap();
    fs::write(auditor.memory.path().join(visit), "nonsense").unwrap();
    assert!(matches!(auditor.visit(None), Err(FollowError::Memory(_))));
}

#[test]
fn witnesses_and_auditor_compare_what_they_saw() {
    let (database, log, auditor, town) = (Database::sqlite(), Log::new(), Auditor::new(), Town::new(2));
    let policy = Policy::parse(&town.policy(2, &["w1", "w2"])).unwrap();
    record(&database, 300);
    log.seal(&database);
    auditor.world.serve(log.folder());
    assert!(matches!(auditor.visit(Some(&policy)), Err(FollowError::NoQuorum { got: 0 })));
    let mut sealer = log.open_witnessed(&database, town.witnesses(2, &["w1", "w2"])).unwrap();
    sealer.seal().unwrap();
    auditor.world.serve(log.folder());
    let address = |name: &str| format!("http://{name}.example/{}/checkpoint", sha256(ORIGIN.as_bytes()).to_hex());
    auditor.world.put(&address("w1"), town.shown("w1").as_bytes());
    let found = auditor.visit(Some(&policy)).unwrap();
    assert_eq!(found.cosigners, ["w1", "w2"]);
    assert_eq!(found.witnesses, [("w1".to_owned(), Seen::Agrees(300)), ("w2".to_owned(), Seen::Nothing)]);
    // One witness has seen another face of the log.
    let (other, twin) = (Database::sqlite(), Log::new());
    record(&other, 6);
    record(&other, 194);
    let elsewhere = Town::new(2);
    let mut forked = twin.open_witnessed(&other, elsewhere.witnesses(2, &["w1", "w2"])).unwrap();
    forked.seal().unwrap();
    auditor.world.put(&address("w2"), elsewhere.shown("w2").as_bytes());
    let fault = auditor.visit(Some(&policy)).unwrap_err();
    assert!(matches!(&fault, FollowError::Fork { who, before: 200, now: 300 } if who == "w2"), "{fault}");
    assert_eq!(auditor.faults(), 2);
    // A witness ahead of the log, and one whose line is not its own.
    record(&database, 10);
    sealer.seal().unwrap();
    auditor.world.put(&address("w1"), town.shown("w1").as_bytes());
    auditor.world.put(&address("w2"), town.shown("w1").as_bytes());
    let found = auditor.visit(Some(&policy)).unwrap();
    assert_eq!(found.witnesses[0].1, Seen::Ahead(310));
    assert!(matches!(&found.witnesses[1].1, Seen::Silent(why) if why.contains("does not hold")));
    let stranger = Policy::parse(&town.policy(2, &["w1", "w2"]).replace(&log_key().to_string(), &other_key())).unwrap();
    assert!(matches!(auditor.visit(Some(&stranger)), Err(FollowError::UnknownLog { .. })));
}

fn other_key() -> String {
    use ledger::key::{KeyKind, KeyName, VerifierKey};
    let key = ledger::SigningKey::from_bytes(&[77; 32]).verifying_key();
    VerifierKey::new(KeyName::new("elsewhere.example").unwrap(), KeyKind::Ed25519, key).unwrap().to_string()
}

on_both_databases!(the_log_of_an_office_holds_what_its_people_did, |database| {
    let staff = |office: &str| Actor::Staff {
        party: model::PartyId::new(noon(), 7),
        role: "clerk".parse().unwrap(),
        office: office.parse().unwrap(),
    };
    let (city, water) = (Log::new(), Log::new());
    let offices: BTreeSet<model::OfficeId> = ["water", "water-east"].map(|id| id.parse().unwrap()).into();
    let plan = || LogPlan {
        origin: format!("{ORIGIN}/water"),
        scope: Scope::Offices(offices.clone()),
        ..water.plan(Arc::new(MachineDisk))
    };
    let mut sealer = water.start(database, plan()).unwrap();
    assert_eq!(sealer.seal().unwrap(), None);
    record(database, 50);
    assert_eq!(sealer.seal().unwrap(), None, "residents are no office");
    record_by(database, 300, &staff("water"));
    record_by(database, 100, &staff("roads"));
    record_by(database, 30, &staff("water-east"));
    while sealer.seal().unwrap().is_some() {}
    // Each case begins with two events of its reporter.
    let expect = 300 - 6 + 30 - 2;
    assert_eq!(sealer.size(), expect);
    drop(sealer);
    record_by(database, 10, &staff("water"));
    let mut sealer = water.start(database, plan()).unwrap();
    while sealer.seal().unwrap().is_some() {}
    drop(sealer);
    let size = expect + 8;
    let key = water.key();
    let scope = Scope::Offices(offices.clone());
    let found = dipper_account::ledger::audit(&water.files(), &key, &scope, Some(database)).unwrap();
    assert_eq!((found.size, found.origin), (size, format!("{ORIGIN}/water")));
    // The very entries of the city's log, in the same order.
    city.seal(database);
    let leaves = |log: &Log| -> Vec<Vec<u8>> {
        let files = log.read_all();
        let checkpoint = String::from_utf8(files["checkpoint"].clone()).unwrap();
        let size =
            checkpoint.split("\n\n").next().map(|text| format!("{text}\n").parse::<Checkpoint>().unwrap().size());
        ledger::tile::bundles_between(0, size.unwrap())
            .flat_map(|coord| {
                let entries = decode_bundle(&files[&coord.to_string()], coord.width()).unwrap();
                entries.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>()
            })
            .collect()
    };
    let (all, some) = (leaves(&city), leaves(&water));
    let mut rest = all.iter();
    assert!(some.iter().all(|entry| rest.any(|other| other == entry)), "a part of the city's log, in order");
    let last = EventLeaf::from_bytes(some.last().unwrap()).unwrap();
    assert_eq!(last.position, database.read_blocking(|db| db.last_position()).unwrap().unsigned_abs());
});
