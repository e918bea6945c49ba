//! Figures of the ledger, one JSON object a line: durable entries a second beside the raw fsync of the same disk, proofs,
//! bytes an entry, cost of an append. `cargo bench -p dipper-account --bench ledger -- [--folder DIR] [--entries N]`.
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on fails")]

use std::collections::HashMap;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use dipper_account::ledger::{LogFiles, LogPlan, Scope, Sealer};
use ledger::SigningKey;
use ledger::commitment::EventLeaf;
use ledger::hash::leaf_hash;
use ledger::merkle::{prove_consistency, prove_inclusion, verify_consistency, verify_inclusion};
use ledger::tile::{RightEdge, TileCoord, TileKind, TileNodes, TileReader, encode_bundle};
use model::{Actor, Case, EventBody, NewEvent, Reporter};
use store::{DatabaseUrl, Store, StoreError, Tx};
use testkit::{FixedClock, SeededEntropy, Story, TickingClock};

const NOW: &str = "2026-11-23T12:00:00Z";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().position(|argument| argument == name).map(|at| arguments[at + 1].clone());
    let folder = value("--folder").map_or_else(std::env::temp_dir, PathBuf::from);
    let entries: u64 = value("--entries").map_or(1_000_000, |count| count.parse().unwrap());
    let folder = folder.join(format!("ledger-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    durable(&folder);
    grown(&folder, entries);
    fs::remove_dir_all(&folder).unwrap();
}

fn say(section: &str, name: &str, values: &[(&str, f64)]) {
    let values: String = values.iter().map(|(key, value)| format!(", \"{key}\": {value}")).collect();
    println!("{{\"section\": \"{section}\", \"name\": \"{name}\"{values}}}");
}

fn seconds(took: &[Duration]) -> f64 {
    let mut took = took.to_vec();
    took.sort_unstable();
    took[took.len() / 2].as_secs_f64()
}

/// Whole rounds of the real writer (database, staging, lock, tiles, checkpoint) and, in turn with them, one write of the
/// same bytes with one fsync.
fn durable(folder: &Path) {
    let store = Store::open(&DatabaseUrl::sqlite(folder.join("city.db")), SeededEntropy::new(3)).unwrap();
    store.migrate().unwrap();
    let clock = Arc::new(TickingClock::of(FixedClock::at(NOW)));
    let plan = LogPlan {
        files: LogFiles::open(&folder.join("ledger")).unwrap(),
        origin: "city.example/ledger".to_owned(),
        key: SigningKey::from_bytes(&[5; 32]),
        scope: Scope::City,
        witnesses: None,
    };
    let mut sealer = Sealer::open(store.clone(), clock, plan).unwrap();
    let mut raw = File::options().create(true).append(true).open(folder.join("raw")).unwrap();
    for (batch, rounds) in [(2, 40), (256, 30), (1_024, 20), (4_096, 12)] {
        let (mut sealed, mut synced) = (Vec::new(), Vec::new());
        let bytes = vec![7_u8; batch * 130];
        for _ in 0..rounds {
            record(&store, batch);
            let began = Stopwatch::now();
            let round = sealer.seal().unwrap().unwrap();
            sealed.push(began.elapsed());
            assert_eq!(round.to - round.from, batch as u64);
            let began = Stopwatch::now();
            raw.write_all(&bytes).unwrap();
            raw.sync_all().unwrap();
            synced.push(began.elapsed());
        }
        let (sealed, synced) = (seconds(&sealed), seconds(&synced));
        let values = [
            ("round_ms", sealed * 1e3),
            ("per_second", batch as f64 / sealed),
            ("raw_ms", synced * 1e3),
            ("raw_per_second", batch as f64 / synced),
            ("part", synced / sealed),
        ];
        say("durable", &batch.to_string(), &values);
    }
    drop(sealer);
    store.close();
}

/// One case with that many events, in one command.
fn record(store: &Store, events: usize) {
    let now = NOW.parse().unwrap();
    let joined = move || NewEvent {
        at: now,
        actor: Actor::Anonymous,
        body: EventBody::Joined { reporter: Reporter::ANONYMOUS },
    };
    store
        .write_blocking(move |tx: &mut Tx| {
            let story = Story::default();
            let case: Case = story.file(tx, now)?;
            let more: Vec<NewEvent> = (2..events).map(|_| joined()).collect();
            if !more.is_empty() {
                story.append(tx, case.id, Some(&case), now, more)?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

/// Tiles in memory, as a proof reads them.
struct Tiles(HashMap<TileCoord, Vec<u8>>);

impl TileReader for &Tiles {
    type Error = String;
    fn read_tile(&mut self, coord: TileCoord) -> Result<Vec<u8>, String> {
        self.0.get(&coord).cloned().ok_or_else(|| coord.to_string())
    }
}

fn entry(i: u64) -> [u8; 128] {
    EventLeaf::commit(&[7; 32], &i.to_be_bytes(), i + 1, 29_000_000).to_bytes()
}

/// A log of that many entries: the cost of each tenth, its files, and proofs out of its tiles.
fn grown(folder: &Path, size: u64) {
    let (mut edge, mut tiles, mut bundle) = (RightEdge::new(), Tiles(HashMap::new()), Vec::new());
    let mut bytes = Vec::new();
    let mut place = |coord: TileCoord, content: &[u8]| {
        let path = folder.join("grown").join(coord.to_string());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        bytes.push(content.len() as u64);
    };
    for tenth in 1..=10 {
        let (from, to) = (edge.size(), size * tenth / 10);
        let mut took = Duration::ZERO;
        for i in from..to {
            let entry = entry(i);
            let began = Stopwatch::now();
            let mut full = Vec::new();
            edge.push(leaf_hash(&entry), |tile| full.push(tile)).unwrap();
            took += began.elapsed();
            bundle.push(entry);
            if bundle.len() == 256 {
                let coord = TileCoord::new(TileKind::Entries, i / 256, 256).unwrap();
                place(coord, &encode_bundle(&bundle).unwrap());
                bundle.clear();
            }
            for tile in full {
                place(tile.coord, &tile.to_bytes());
                tiles.0.insert(tile.coord, tile.to_bytes());
            }
        }
        say("append", &to.to_string(), &[("ns", took.as_nanos() as f64 / (to - from) as f64)]);
    }
    if !bundle.is_empty() {
        let coord = TileCoord::new(TileKind::Entries, size / 256, u16::try_from(bundle.len()).unwrap()).unwrap();
        place(coord, &encode_bundle(&bundle).unwrap());
    }
    for tile in edge.partial_tiles() {
        place(tile.coord, &tile.to_bytes());
        tiles.0.insert(tile.coord, tile.to_bytes());
    }
    let (whole, blocks): (u64, u64) =
        bytes.iter().fold((0, 0), |(whole, blocks), length| (whole + length, blocks + length.div_ceil(4_096) * 4_096));
    let values = [
        ("bytes", whole as f64 / size as f64),
        ("on_disk", blocks as f64 / size as f64),
        ("files", bytes.len() as f64),
    ];
    say("storage", &size.to_string(), &values);
    proofs(&tiles, size, edge.root());
}

fn proofs(tiles: &Tiles, size: u64, root: ledger::hash::Hash) {
    const COUNT: u32 = 2_000;
    let picks: Vec<u64> =
        (0..u64::from(COUNT)).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (size - 1) + 1).collect();
    let micros = |began: Stopwatch| began.elapsed().as_secs_f64() * 1e6 / f64::from(COUNT);
    let began = Stopwatch::now();
    let paths: Vec<_> =
        picks.iter().map(|index| prove_inclusion(&mut TileNodes::new(tiles, size), *index, size).unwrap()).collect();
    let built = micros(began);
    let leaves: Vec<_> = picks.iter().map(|index| leaf_hash(&entry(*index))).collect();
    let began = Stopwatch::now();
    for ((index, path), leaf) in picks.iter().zip(&paths).zip(&leaves) {
        verify_inclusion(*index, size, leaf, path, &root).unwrap();
    }
    say("proof", "inclusion", &[("build_us", built), ("verify_us", micros(began))]);
    let began = Stopwatch::now();
    let paths: Vec<_> =
        picks.iter().map(|from| prove_consistency(&mut TileNodes::new(tiles, size), *from, size).unwrap()).collect();
    let built = micros(began);
    let old: Vec<_> =
        picks.iter().map(|from| ledger::merkle::tree_root(&mut TileNodes::new(tiles, size), *from).unwrap()).collect();
    let began = Stopwatch::now();
    for ((from, path), old) in picks.iter().zip(&paths).zip(&old) {
        black_box(verify_consistency(*from, size, old, &root, path)).unwrap();
    }
    say("proof", "consistency", &[("build_us", built), ("verify_us", micros(began))]);
}
