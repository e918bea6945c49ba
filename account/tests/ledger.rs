//! The log from sealed events to receipts: grown, stopped, set back and tampered with.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::Path;

use dipper_account::ledger::{AuditError, LogFiles, ReceiptError, SealError, Sealed, Sealer, audit, explain, receipt};
use ledger::SigningKey;
use ledger::checkpoint::SignedCheckpoint;
use ledger::key::VerifierKey;
use model::{Actor, Case, EventBody, Instant, NewEvent, Reporter};
use store::{DatabaseUrl, Store, StoreError, Tx};
use tempfile::TempDir;
use testkit::{Database, SeededEntropy, Story, on_both_databases};

const ORIGIN: &str = "yaoguang.example/ledger";

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn noon() -> Instant {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// Adds events to the log: cases of 100 events each, so that many are made quickly.
fn record(store: &Store, events: usize) {
    let mut left = events;
    while left > 0 {
        let some = left.min(100);
        store
            .write_blocking(move |tx: &mut Tx| {
                let story = Story::default();
                let case = story.file(tx, noon())?;
                let case = grow(tx, &story, &case, some.saturating_sub(2))?;
                Ok::<_, StoreError>(case)
            })
            .unwrap();
        // Filing makes two events; a lone odd one is added to a case of its own.
        left = left.saturating_sub(some.max(2));
    }
}

fn grow(tx: &mut Tx, story: &Story, case: &Case, events: usize) -> Result<Case, StoreError> {
    let joined =
        || NewEvent { at: noon(), actor: Actor::Anonymous, body: EventBody::Joined { reporter: Reporter::ANONYMOUS } };
    if events == 0 {
        return Ok(case.clone());
    }
    Ok(story.append(tx, case.id, Some(case), noon(), (0..events).map(|_| joined()).collect())?.0)
}

/// A log in a folder of its own.
struct Log {
    dir: TempDir,
}

impl Log {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn folder(&self) -> &Path {
        self.dir.path()
    }

    fn files(&self) -> LogFiles {
        LogFiles::open(self.folder()).unwrap()
    }

    fn try_open(&self) -> Result<Sealer, SealError> {
        Sealer::open(self.files(), ORIGIN, SigningKey::from_bytes(&[5; 32]))
    }

    fn open(&self) -> Sealer {
        self.try_open().unwrap()
    }

    fn key(&self) -> VerifierKey {
        fs::read_to_string(self.folder().join("key")).unwrap().trim().parse().unwrap()
    }

    /// Seals until nothing is left.
    fn seal(&self, store: &Store) -> u64 {
        let mut sealer = self.open();
        block(sealer.check_store(store)).unwrap();
        while block(sealer.seal(store)).unwrap().is_some() {}
        sealer.size()
    }

    fn audit(&self, store: Option<&Store>) -> Result<u64, AuditError> {
        audit(&self.files(), &self.key(), store).map(|audited| audited.size)
    }

    /// Every file but the lock, by its path.
    fn read_all(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.folder().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("writer.lock") {
                    let name = path.strip_prefix(self.folder()).unwrap().to_str().unwrap().to_owned();
                    files.insert(name, fs::read(&path).unwrap());
                }
            }
        }
        files
    }
}

fn event_ids(store: &Store) -> Vec<model::EventId> {
    store.read_blocking(|db| db.list_events_after(0, 20_000)).unwrap().into_iter().map(|event| event.id).collect()
}

on_both_databases!(rounds_across_bundles_and_restarts_give_the_log_of_one_round, |database| {
    let log = Log::new();
    let mut total = 0;
    // Sizes on both sides of one and two bundles; each round by a new process.
    for size in [2, 254, 255, 256, 257, 300, 511, 512, 513, 770] {
        record(database, size - total);
        total = event_ids(database).len();
        assert_eq!(log.seal(database), total as u64);
        assert_eq!(log.audit(Some(database)).unwrap(), total as u64);
    }
    let at_once = Log::new();
    at_once.seal(database);
    let (grown, fresh) = (log.read_all(), at_once.read_all());
    assert_eq!(grown["checkpoint"], fresh["checkpoint"], "the same root and signature, however it grew");
    for (name, bytes) in &fresh {
        assert_eq!(grown.get(name), Some(bytes), "{name}");
    }
    assert!(
        grown.keys().all(|name| !name.starts_with("tile/0/000.p") && !name.starts_with("tile/entries/000.p")),
        "partial forms of full tiles are gone"
    );
    assert!(grown.keys().all(|name| !name.ends_with(".part")), "nothing half written is left");
});

#[test]
fn more_than_one_round_of_events_is_sealed_to_the_end_and_every_receipt_holds() {
    let (database, log) = (Database::sqlite(), Log::new());
    record(&database, 4_200);
    let mut sealer = log.open();
    assert_eq!(block(sealer.seal(&database)).unwrap(), Some(Sealed { from: 0, to: 4_096 }));
    let ids = event_ids(&database);
    let last = block(receipt(&database, &log.files(), &log.key(), ids[4_199]));
    assert!(matches!(last, Err(ReceiptError::NotSealedYet)), "recorded, not yet sealed");
    assert_eq!(block(sealer.seal(&database)).unwrap(), Some(Sealed { from: 4_096, to: 4_200 }));
    assert_eq!(block(sealer.seal(&database)).unwrap(), None);
    for index in (0..4_200).step_by(97).chain([0, 255, 256, 257, 4_095, 4_096, 4_199]) {
        let given = block(receipt(&database, &log.files(), &log.key(), ids[index])).unwrap();
        assert_eq!((given.index, given.size), (index as u64, 4_200));
        let explained = explain(given.text.as_bytes(), &log.key()).unwrap();
        assert!(explained.event.contains(&ids[index].to_string()), "it carries the event it is about");
        assert!(explained.words.in_locale("en").contains(&format!("entry {}", index + 1)));
    }
    let missing = block(receipt(&database, &log.files(), &log.key(), model::EventId::new(noon(), 1)));
    assert!(matches!(missing, Err(ReceiptError::NotFound)));
}

#[test]
fn a_changed_letter_of_a_receipt_is_found() {
    let (database, log) = (Database::sqlite(), Log::new());
    record(&database, 300);
    log.seal(&database);
    let given = block(receipt(&database, &log.files(), &log.key(), event_ids(&database)[100])).unwrap();
    explain(given.text.as_bytes(), &log.key()).unwrap();
    let mut believed = Vec::new();
    for at in (0..given.text.len()).step_by(7) {
        let mut bytes = given.text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        if explain(&bytes, &log.key()).is_ok() {
            believed.push(at);
        }
    }
    assert!(believed.is_empty(), "changed at {believed:?} and believed:\n{}", given.text);
    let other: VerifierKey = {
        let other = Log::new();
        drop(Sealer::open(other.files(), ORIGIN, SigningKey::from_bytes(&[6; 32])).unwrap());
        other.key()
    };
    assert!(explain(given.text.as_bytes(), &other).is_err(), "signed by another key");
}

#[test]
fn death_between_the_files_and_the_checkpoint_is_mended_byte_for_byte() {
    for (first, then) in [(10, 20), (250, 257), (256, 300), (300, 520)] {
        let (database, log) = (Database::sqlite(), Log::new());
        record(&database, first);
        let first = log.seal(&database);
        let before = log.read_all();
        record(&database, then - usize::try_from(first).unwrap());
        log.seal(&database);
        let after = log.read_all();
        // All files of the second round are there, only the checkpoint is the first one's; then too the partial
        // forms that had been removed are missing.
        fs::write(log.folder().join("checkpoint"), &before["checkpoint"]).unwrap();
        fs::write(log.folder().join("tile/0/x001.part"), b"half").unwrap();
        assert_eq!(log.audit(Some(&database)).unwrap(), first, "{first}: the older log stands by itself");
        let sealer = log.open();
        assert_eq!(sealer.size(), first);
        drop(sealer);
        log.seal(&database);
        fs::remove_file(log.folder().join("tile/0/x001.part")).unwrap();
        assert_eq!(log.read_all(), after, "{first} → {then}");
        // And with only some of the second round's files.
        for name in after.keys().filter(|name| !before.contains_key(*name)) {
            fs::remove_file(log.folder().join(name)).unwrap();
        }
        for (name, bytes) in &before {
            fs::create_dir_all(log.folder().join(name).parent().unwrap()).unwrap();
            fs::write(log.folder().join(name), bytes).unwrap();
        }
        log.seal(&database);
        assert_eq!(log.read_all(), after, "{first} → {then}, from the files before");
    }
}

#[test]
fn what_was_tampered_with_is_named() {
    let (database, log) = (Database::sqlite(), Log::new());
    record(&database, 600);
    log.seal(&database);
    let good = log.read_all();
    let flip = |name: &str| {
        let mut bytes = good[name].clone();
        let place = bytes.len() / 2;
        bytes[place] ^= 1;
        fs::write(log.folder().join(name), bytes).unwrap();
    };
    for name in
        ["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88", "checkpoint"]
    {
        flip(name);
        let found = log.audit(Some(&database)).unwrap_err();
        match (name, &found) {
            ("checkpoint", AuditError::Checkpoint(_))
            | (_, AuditError::File { .. } | AuditError::Tile { .. } | AuditError::Entry { .. }) => {}
            _ => panic!("{name}: {found}"),
        }
        if name.starts_with("tile/0") || name.starts_with("tile/1") {
            assert!(found.to_string().contains(name), "{name}: {found}");
        }
        assert!(log.audit(None).is_err(), "{name}: found without the database too");
        fs::write(log.folder().join(name), &good[name]).unwrap();
    }
    for name in ["tile/0/001", "tile/entries/002.p/88"] {
        fs::remove_file(log.folder().join(name)).unwrap();
        assert!(matches!(log.audit(None), Err(AuditError::File { file, .. }) if file == name));
        fs::write(log.folder().join(name), &good[name]).unwrap();
    }
    assert_eq!(log.audit(Some(&database)).unwrap(), 600);
}

/// A database opened beside the store, as somebody with the file would.
fn tamper(path: &Path, sql: &str) {
    let done = std::process::Command::new("sqlite3").arg(path).arg(sql).output();
    let Ok(done) = done else { panic!("sqlite3") };
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn an_event_changed_in_the_database_is_found_and_has_no_receipt() {
    if std::process::Command::new("sqlite3").arg("--version").output().is_err() {
        println!("skipped: no sqlite3");
        return;
    }
    let (dir, log) = (tempfile::tempdir().unwrap(), Log::new());
    let path = dir.path().join("city.db");
    let store = Store::open(&DatabaseUrl::sqlite(path.clone()), SeededEntropy::new(3)).unwrap();
    store.migrate().unwrap();
    record(&store, 300);
    log.seal(&store);
    let id = event_ids(&store)[77];
    for sql in [
        "UPDATE events SET at_us = at_us - 60000000 WHERE position = 78",
        "UPDATE events SET body = replace(body, 'joined', 'claimed') WHERE position = 78",
        "UPDATE events SET salt = zeroblob(32) WHERE position = 78",
    ] {
        let keep = dir.path().join("keep.db");
        store.backup_to(&keep).unwrap();
        tamper(&keep, sql);
        let other = Store::open(&DatabaseUrl::sqlite(keep.clone()), SeededEntropy::new(4)).unwrap();
        assert!(matches!(log.audit(Some(&other)), Err(AuditError::Entry { index: 77, position: 78 })), "{sql}");
        let refused = block(receipt(&other, &log.files(), &log.key(), id));
        assert!(matches!(refused, Err(ReceiptError::Log(_))), "{sql}: {refused:?}");
        other.close();
        fs::remove_file(&keep).unwrap();
    }
}

#[test]
fn a_database_set_back_is_refused_before_a_second_history_is_signed() {
    let (dir, log) = (tempfile::tempdir().unwrap(), Log::new());
    let store = Store::open(&DatabaseUrl::sqlite(dir.path().join("city.db")), SeededEntropy::new(3)).unwrap();
    store.migrate().unwrap();
    record(&store, 100);
    store.backup_to(&dir.path().join("old.db")).unwrap();
    record(&store, 60);
    assert_eq!(log.seal(&store), 160);
    let before = log.read_all();
    let old = Store::open(&DatabaseUrl::sqlite(dir.path().join("old.db")), SeededEntropy::new(9)).unwrap();
    let sealer = log.open();
    assert!(matches!(block(sealer.check_store(&old)), Err(SealError::SetBack { sealed: 160 })));
    // It went on without its ledger and has more events than were sealed: other events.
    record(&old, 200);
    assert!(matches!(block(sealer.check_store(&old)), Err(SealError::SetBack { sealed: 160 })));
    assert!(block(sealer.check_store(&store)).is_ok());
    assert_eq!(log.read_all(), before);
}

#[test]
fn a_log_is_written_by_one_process_and_with_its_own_key_only() {
    let (database, log) = (Database::sqlite(), Log::new());
    record(&database, 10);
    let sealer = log.open();
    assert!(matches!(log.try_open(), Err(SealError::InUse)));
    drop(sealer);
    log.seal(&database);
    let key = fs::read(log.folder().join("key")).unwrap();
    let other = Sealer::open(log.files(), ORIGIN, SigningKey::from_bytes(&[6; 32]));
    assert!(matches!(other, Err(SealError::Checkpoint(_))));
    let renamed = Sealer::open(log.files(), "other.example/ledger", SigningKey::from_bytes(&[5; 32]));
    assert!(matches!(renamed, Err(SealError::Checkpoint(_))));
    assert_eq!(fs::read(log.folder().join("key")).unwrap(), key, "a refused key is not published");
    fs::write(log.folder().join("tile/0/000.p/10"), [0; 320]).unwrap();
    assert!(matches!(log.try_open(), Err(SealError::Root { size: 10 })));
}

#[test]
fn what_is_served_is_verified_by_a_stranger_with_the_key_alone() {
    let (database, log) = (Database::sqlite(), Log::new());
    record(&database, 700);
    log.seal(&database);
    let files = log.read_all();
    let key: VerifierKey = String::from_utf8(files["key"].clone()).unwrap().trim().parse().unwrap();
    let signed = SignedCheckpoint::open(&files["checkpoint"], ORIGIN, std::slice::from_ref(&key)).unwrap();
    let size = signed.checkpoint().size();
    let mut edge = ledger::tile::RightEdge::new();
    for coord in ledger::tile::bundles_between(0, size) {
        let bytes = &files[&coord.to_string()];
        for entry in ledger::tile::decode_bundle(bytes, coord.width()).unwrap() {
            edge.push(ledger::hash::leaf_hash(entry), |tile| {
                assert_eq!(files[&tile.coord.to_string()], tile.to_bytes())
            })
            .unwrap();
        }
    }
    for tile in edge.partial_tiles() {
        assert_eq!(files[&tile.coord.to_string()], tile.to_bytes());
    }
    assert_eq!((edge.size(), edge.root()), (700, signed.checkpoint().root()));
    let named = ledger::tile::tiles_of_size(size).count() + ledger::tile::bundles_between(0, size).count();
    assert_eq!(files.len(), 2 + named, "no file beyond those the format names");
}

#[test]
fn go_reads_what_is_served() {
    let go = Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog");
    if !go.is_dir() || std::process::Command::new("go").arg("version").output().is_err() {
        println!("skipped: no Go with golang.org/x/mod (golang-go, golang-golang-x-mod-dev)");
        return;
    }
    let (database, log, work) = (Database::sqlite(), Log::new(), tempfile::tempdir().unwrap());
    record(&database, 700);
    log.seal(&database);
    fs::copy(log.folder().join("key"), log.folder().join("vkey")).unwrap();
    // The proofs of its own that the verifier asks for: those of the receipts.
    let mut proofs = String::new();
    for id in event_ids(&database).into_iter().step_by(50) {
        let given = block(receipt(&database, &log.files(), &log.key(), id)).unwrap();
        let proof = ledger::proof::Proof::parse(given.text.as_bytes()).unwrap();
        proofs.push_str(&format!("record {}", given.index));
        proof.path().iter().for_each(|hash| proofs.push_str(&format!(" {hash}")));
        proofs.push('\n');
    }
    fs::write(log.folder().join("proofs"), proofs).unwrap();
    let program = work.path().join("verify");
    let built = std::process::Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../core/ledger/tests/go/verify.go"))
        .envs([("GO111MODULE", "off"), ("GOFLAGS", ""), ("GOPATH", "/usr/share/gocode")])
        .env("GOCACHE", work.path().join("cache"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let output = std::process::Command::new(&program).arg(log.folder()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        said,
        "signatures 1 tiles 4 entries 700 records 14 growths 0\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
