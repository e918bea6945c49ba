//! The log from sealed events to receipts: grown, stopped, set back and tampered with.

use std::fs;
use std::path::Path;

use dipper_account::ledger::{AuditError, ReceiptError, SealError, Sealed, explain, receipt};
use ledger::checkpoint::SignedCheckpoint;
use ledger::key::VerifierKey;
use model::{Actor, DeviceId, EventId, NewRecord, RecordBody};
use store::{DatabaseUrl, Store, Tx};
use testkit::{Database, SeededEntropy, on_both_databases};

use crate::common::{Log, ORIGIN, block, event_ids, noon, record};

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
    at_once.clock.advance_minutes(1);
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
    let mut sealer = log.open(&database);
    assert_eq!(sealer.seal().unwrap(), Some(Sealed { from: 0, to: 4_096 }));
    let ids = event_ids(&database);
    let last = block(receipt(&database, &log.files(), &log.key(), ids[4_199]));
    assert!(matches!(last, Err(ReceiptError::NotSealedYet)), "recorded, not yet sealed");
    assert_eq!(sealer.seal().unwrap(), Some(Sealed { from: 4_096, to: 4_200 }));
    assert_eq!(sealer.seal().unwrap(), None);
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

on_both_databases!(records_beside_the_cases_are_sealed_and_have_receipts, |database| {
    let log = Log::new();
    let body =
        || RecordBody::CommandConfirmed { command: EventId::new(noon(), 1), device: DeviceId::new("lamp-1").unwrap() };
    let one = move |tx: &mut Tx| {
        tx.append_record(NewRecord { at: noon(), actor: Actor::system("courier"), body: body() }, noon())
    };
    record(database, 300);
    let kept = database.write_blocking(one).unwrap();
    record(database, 4);
    let last = database.write_blocking(one).unwrap();
    assert_eq!((kept.position, last.position), (301, 306));
    assert_eq!(log.seal(database), 306);
    assert_eq!(log.audit(Some(database)).unwrap(), 306);
    for record in [kept, last] {
        let given = block(receipt(database, &log.files(), &log.key(), record.id)).unwrap();
        assert_eq!(given.index, record.position.unsigned_abs() - 1);
        let words = explain(given.text.as_bytes(), &log.key()).unwrap().words.in_locale("en").to_owned();
        assert!(words.contains(&format!("record {} (command_confirmed) was recorded", record.id)), "{words}");
    }
});

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
        drop(other.open_as(&Database::sqlite(), ORIGIN, 6).unwrap());
        other.key()
    };
    assert!(explain(given.text.as_bytes(), &other).is_err(), "signed by another key");
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
    store.backup_to(&dir.path().join("unsealed.db")).unwrap();
    log.seal(&store);
    store.backup_to(&dir.path().join("old.db")).unwrap();
    record(&store, 60);
    assert_eq!(log.seal(&store), 160);
    let before = log.read_all();
    let old = |name: &str| Store::open(&DatabaseUrl::sqlite(dir.path().join(name)), SeededEntropy::new(9)).unwrap();
    let behind = old("old.db");
    let refused = log.try_open(&behind).err().unwrap();
    assert!(matches!(refused, SealError::LockedBehind { published: 160, locked: 100 }), "{refused}");
    assert!(refused.to_string().contains("set back"), "{refused}");
    // It went on without its ledger and has more events than were sealed: other events.
    record(&behind, 200);
    assert!(matches!(log.try_open(&behind), Err(SealError::LockedBehind { .. })));
    // Older than the first locked head: only the events themselves can tell.
    let unlocked = old("unsealed.db");
    assert!(matches!(log.try_open(&unlocked), Err(SealError::SetBack { sealed: 160 })));
    record(&unlocked, 200);
    assert!(matches!(log.try_open(&unlocked), Err(SealError::SetBack { sealed: 160 })));
    assert!(log.try_open(&store).is_ok());
    assert_eq!(log.read_all(), before);
}

on_both_databases!(a_log_is_written_by_one_process_and_with_its_own_key_only, |database| {
    let log = Log::new();
    record(database, 10);
    let sealer = log.open(database);
    assert!(matches!(log.try_open(database), Err(SealError::InUse)));
    drop(sealer);
    log.seal(database);
    let key = fs::read(log.folder().join("key")).unwrap();
    assert!(matches!(log.open_as(database, ORIGIN, 6), Err(SealError::Checkpoint(_))));
    assert!(matches!(log.open_as(database, "other.example/ledger", 5), Err(SealError::Checkpoint(_))));
    assert_eq!(fs::read(log.folder().join("key")).unwrap(), key, "a refused key is not published");
    // The folder is gone, the database remembers what was signed, and by whom.
    let empty = Log::new();
    assert!(matches!(empty.open_as(database, ORIGIN, 6), Err(SealError::Head(_))));
    fs::write(log.folder().join("tile/0/000.p/10"), [0; 320]).unwrap();
    assert!(matches!(log.try_open(database), Err(SealError::Root { size: 10, .. })));
});

on_both_databases!(a_log_from_before_heads_were_locked_goes_on, |database| {
    let (log, earlier) = (Log::new(), twin(database));
    record(&earlier, 300);
    log.seal(&earlier);
    // The same events in a database that has never locked a head.
    record(database, 300);
    assert_eq!(database.read_blocking(|db| db.find_ledger_head(ORIGIN)).unwrap(), None);
    let before = log.read_all();
    drop(log.open(database));
    assert_eq!(log.read_all(), before);
    assert_eq!(database.read_blocking(|db| db.find_ledger_head(ORIGIN)).unwrap().unwrap().size, 300);
    record(database, 20);
    assert_eq!(log.seal(database), 320);
    assert_eq!(log.audit(Some(database)).unwrap(), 320);
});

/// Another database of the same kind: what is recorded alike has the same ids and salts.
fn twin(database: &Database) -> Database {
    if database.name() == "sqlite" { Database::sqlite() } else { Database::postgres().unwrap() }
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
    let (database, log) = (Database::sqlite(), Log::new());
    record(&database, 700);
    log.seal(&database);
    if let Some(said) = read_by_go(&log, &database) {
        assert_eq!(said, "signatures 1 tiles 4 entries 700 records 14 growths 0\n");
    }
}

/// What Go's `golang.org/x/mod/sumdb` says of a log; absent, with a printed word, where it is not installed.
pub fn read_by_go(log: &Log, database: &Store) -> Option<String> {
    let go = Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog");
    if !go.is_dir() || std::process::Command::new("go").arg("version").output().is_err() {
        println!("skipped: no Go with golang.org/x/mod (golang-go, golang-golang-x-mod-dev)");
        return None;
    }
    let work = tempfile::tempdir().unwrap();
    fs::copy(log.folder().join("key"), log.folder().join("vkey")).unwrap();
    // The proofs of its own that the verifier asks for: those of the receipts.
    let mut proofs = String::new();
    for id in event_ids(database).into_iter().step_by(50) {
        let given = block(receipt(database, &log.files(), &log.key(), id)).unwrap();
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
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    Some(said)
}
