//! The same logs seen by independent implementations: crates `tlog_tiles` and `signed_note`.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Files, Nodes, SIZES, entry, leaf};
use dipper_ledger::SigningKey;
use dipper_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use dipper_ledger::hash::Hash;
use dipper_ledger::key::{KeyKind, KeyName, VerifierKey};
use dipper_ledger::merkle::{prove_consistency, prove_inclusion, verify_consistency, verify_inclusion};
use dipper_ledger::note::Note;
use dipper_ledger::tile::{RightEdge, TileCoord, tiles_between};
use proptest::prelude::*;
use signed_note::{StandardVerifier, VerifierList};
use std::cell::RefCell;
use tlog_tiles::{Error, HashReader, Tile, TileHashReader, TileReader};

/// Our tiles offered to their reader, through the path each side would use.
struct Offered {
    files: Files,
    asked: RefCell<usize>,
}

impl TileReader for Offered {
    fn height(&self) -> u8 {
        8
    }
    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        *self.asked.borrow_mut() += tiles.len();
        Ok(tiles.iter().map(|tile| self.files.0[&our_path(tile)].clone()).collect())
    }
    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// Their paths name the height, 8, before the level; ours, of C2SP, do not.
fn our_path(tile: &Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1)
}

fn theirs(hash: Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(hash.0)
}

#[test]
fn tlog_tiles_reads_our_tiles_and_makes_our_proofs() {
    for size in SIZES.into_iter().filter(|size| *size > 0) {
        let (mut nodes, tree) = Nodes::of_size(size);
        let mut files = Files::default();
        files.grow(&mut RightEdge::new(), size);
        let root = theirs(tree.root());
        let offered = Offered { files, asked: RefCell::new(0) };
        // Their reader checks every tile against the root before it uses a hash.
        let reader = TileHashReader::new(size, root, &offered);
        assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap(), root);
        for index in (0..size).step_by(1 + size as usize / 20).chain([size - 1]) {
            let path = prove_inclusion(&mut nodes, index, size).unwrap();
            let path: Vec<_> = path.into_iter().map(theirs).collect();
            assert_eq!(tlog_tiles::prove_record(size, index, &reader).unwrap(), path);
            let record = tlog_tiles::record_hash(&entry(index));
            tlog_tiles::check_record(&path, size, root, index, record).unwrap();
            let path = prove_consistency(&mut nodes, index + 1, size).unwrap();
            let path: Vec<_> = path.into_iter().map(theirs).collect();
            assert_eq!(tlog_tiles::prove_tree(size, index + 1, &reader).unwrap(), path);
        }
        assert!(*offered.asked.borrow() > 0);
        let leaf_place = [tlog_tiles::stored_hash_index(0, size - 1)];
        assert_eq!(reader.read_hashes(&leaf_place).unwrap(), [theirs(leaf(size - 1))]);
    }
}

#[test]
fn tlog_tiles_writes_the_tiles_we_write() {
    for from in SIZES {
        for to in SIZES.into_iter().filter(|to| from < *to) {
            let ours: Vec<String> = tiles_between(from, to).map(|tile| tile.to_string()).collect();
            let their_tiles = Tile::new_tiles(8, from, to);
            let their_paths: Vec<String> = their_tiles.iter().map(our_path).collect();
            assert_eq!(ours, their_paths, "{from} to {to}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tlog_tiles_decides_each_claim_alike(
        size in 1u64..40, claimed in 0u64..42, index in 0u64..42, drop in 0usize..8, grow: bool, swap: bool,
    ) {
        let (mut nodes, tree) = Nodes::of_size(size);
        let mut path = prove_inclusion(&mut nodes, index % size, size).unwrap();
        path.truncate(path.len().saturating_sub(drop / 4 * (drop % 4)));
        if grow { path.push(tree.root()); }
        if swap { path.reverse(); }
        let ours = verify_inclusion(index, claimed, &leaf(index), &path, &tree.root()).is_ok();
        let path: Vec<_> = path.into_iter().map(theirs).collect();
        let record = tlog_tiles::record_hash(&entry(index));
        // Their check needs index < size to be a claim at all.
        let other = index < claimed
            && tlog_tiles::check_record(&path, claimed, theirs(tree.root()), index, record).is_ok();
        prop_assert_eq!(ours, other);
    }

    #[test]
    fn tlog_tiles_decides_each_growth_alike(
        to in 1u64..40, pick: u64, claimed in 1u64..42, grow: bool, swap: bool,
    ) {
        let from = 1 + pick % to;
        let (mut nodes, tree) = Nodes::of_size(to);
        let mut path = prove_consistency(&mut nodes, from, to).unwrap();
        if grow { path.push(tree.root()); }
        if swap { path.reverse(); }
        let old = common::naive_root(&(0..from).map(leaf).collect::<Vec<_>>());
        let ours = verify_consistency(from, claimed, &old, &tree.root(), &path).is_ok();
        let path: Vec<_> = path.into_iter().map(theirs).collect();
        let other = from <= claimed
            && tlog_tiles::check_tree(&path, claimed, theirs(tree.root()), from, theirs(old)).is_ok();
        prop_assert_eq!(ours, other);
    }

    #[test]
    fn tlog_tiles_reads_our_paths(level in 0u8..64, index in 0u64..1 << 40, width in 1u16..=256) {
        let kind = dipper_ledger::tile::TileKind::Hashes(level);
        let ours = TileCoord::new(kind, index, width).unwrap();
        let path = ours.to_string().replacen("tile/", "tile/8/", 1);
        let tile = Tile::from_path(&path).unwrap();
        prop_assert_eq!(tile, Tile::new(8, level, index, u32::from(width), false));
    }

    #[test]
    fn signed_note_believes_what_we_believe(seed: [u8; 32], size in 1u64..1 << 60, root: [u8; 32], flip in 0usize..4000) {
        let (name, key) = (KeyName::new("log.example/city").unwrap(), SigningKey::from_bytes(&seed));
        let note = Checkpoint::new("log.example/city", size, Hash(root)).unwrap().sign(&name, &key).unwrap();
        let vkey = VerifierKey::new(name, KeyKind::Ed25519, key.verifying_key()).unwrap();
        let mut bytes = note.to_string().into_bytes();
        if flip / 8 < bytes.len() {
            bytes[flip / 8] ^= 1 << (flip % 8);
        }
        let verifier = StandardVerifier::new(&vkey.to_string()).unwrap();
        let known = VerifierList::new(vec![Box::new(verifier)]);
        let other = signed_note::Note::from_bytes(&bytes).is_ok_and(|n| n.verify(&known).is_ok());
        let keys = [vkey];
        let ours = Note::parse(&bytes).is_ok_and(|n| n.verify(&keys).is_ok());
        prop_assert_eq!(ours, other);
        let opened = SignedCheckpoint::open(&bytes, "log.example/city", &keys);
        prop_assert_eq!(opened.is_ok(), flip / 8 >= bytes.len());
        if opened.is_ok() {
            let text = signed_note::Note::from_bytes(&bytes).unwrap().text().to_vec();
            let read = tlog_tiles::Checkpoint::from_bytes(&text).unwrap();
            prop_assert_eq!((read.size(), read.hash().0), (size, root));
        }
    }
}
