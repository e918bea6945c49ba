//! Small logs verified by Go's `golang.org/x/mod/sumdb`, where Go and that package are installed.
//!
//! On Debian: packages `golang-go` and `golang-golang-x-mod-dev`.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Files, Nodes, entry};
use dipper_ledger::SigningKey;
use dipper_ledger::checkpoint::Checkpoint;
use dipper_ledger::key::{KeyKind, KeyName, VerifierKey};
use dipper_ledger::merkle::{prove_consistency, prove_inclusion};
use dipper_ledger::tile::{RightEdge, bundles_between, encode_bundle};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

const ORIGIN: &str = "log.example/city";
const GO_PATH: &str = "/usr/share/gocode";

/// Builds the verifier; None, said aloud, where it cannot be built.
fn build(folder: &Path) -> Option<std::path::PathBuf> {
    if !Path::new(GO_PATH).join("src/golang.org/x/mod/sumdb/tlog").is_dir() {
        println!("skipped: golang.org/x/mod is not installed (golang-golang-x-mod-dev)");
        return None;
    }
    let program = folder.join("verify");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/go/verify.go"))
        .env("GO111MODULE", "off")
        .env("GOFLAGS", "")
        .env("GOPATH", GO_PATH)
        .env("GOCACHE", folder.join("cache"))
        .output();
    match built {
        Err(error) => {
            println!("skipped: go does not run: {error}");
            None
        }
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(program)
        }
    }
}

/// Writes a log of `size` entries with all its tiles and a spread of proofs.
fn write_log(folder: &Path, size: u64) -> (u64, u64) {
    let (mut files, mut edge) = (Files::default(), RightEdge::new());
    files.grow(&mut edge, size);
    for bundle in bundles_between(0, size) {
        let first = bundle.index() << 8;
        let entries: Vec<_> = (first..first + u64::from(bundle.width())).map(entry).collect();
        files.0.insert(bundle.to_string(), encode_bundle(&entries).unwrap());
    }
    let (name, key) = (KeyName::new(ORIGIN).unwrap(), SigningKey::from_bytes(&[5; 32]));
    let note = Checkpoint::new(ORIGIN, size, edge.root()).unwrap().sign(&name, &key).unwrap();
    let vkey = VerifierKey::new(name, KeyKind::Ed25519, key.verifying_key()).unwrap();
    files.0.insert("checkpoint".into(), note.to_string().into_bytes());
    files.0.insert("vkey".into(), format!("{vkey}\n").into_bytes());
    let (mut nodes, _) = Nodes::of_size(size);
    let (mut proofs, mut count) = (String::new(), 0);
    for i in (0..size).step_by(1 + size as usize / 40) {
        let record = prove_inclusion(&mut nodes, i, size).unwrap();
        let growth = prove_consistency(&mut nodes, i + 1, size).unwrap();
        for (kind, n, path) in [("record", i, record), ("tree", i + 1, growth)] {
            write!(proofs, "{kind} {n}").unwrap();
            path.iter().for_each(|hash| write!(proofs, " {hash}").unwrap());
            proofs.push('\n');
        }
        count += 1;
    }
    files.0.insert("proofs".into(), proofs.into_bytes());
    for (path, bytes) in &files.0 {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let tiles = dipper_ledger::tile::tiles_of_size(size).count() as u64;
    (tiles, count)
}

#[test]
fn go_believes_our_logs_and_sees_a_changed_byte() {
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = build(folder.path()) else { return };
    for size in [1, 2, 3, 255, 256, 257, 300, 511, 70_000] {
        let log = folder.path().join(format!("log{size}"));
        let (tiles, proofs) = write_log(&log, size);
        let output = Command::new(&program).arg(&log).output().unwrap();
        let (said, erred) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let expect = format!("signatures 1 tiles {tiles} entries {size} records {proofs} growths {proofs}\n");
        assert_eq!(said, expect, "size {size}: {erred}");
    }
    for (file, place) in
        [("checkpoint", 20), ("tile/0/000", 5000), ("tile/1/000.p/1", 0), ("tile/entries/000", 9), ("proofs", 20)]
    {
        let path = folder.path().join("log300").join(file);
        let good = std::fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[place] ^= 1;
        std::fs::write(&path, bad).unwrap();
        let output = Command::new(&program).arg(folder.path().join("log300")).output().unwrap();
        assert!(!output.status.success(), "{file} was changed and believed");
        std::fs::write(&path, good).unwrap();
    }
}
