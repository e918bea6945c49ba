//! A log in memory and the definition of a tree, to measure the crate against.
#![allow(dead_code, clippy::unwrap_used)]

use dipper_ledger::hash::{Hash, leaf_hash, node_hash};
use dipper_ledger::merkle::{Frontier, NodeReader};
use dipper_ledger::tile::{RightEdge, TileCoord, TileReader};
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::path::PathBuf;

/// Sizes around every edge of tiles of 256 (specification §12).
pub const SIZES: [u64; 13] = [0, 1, 2, 3, 255, 256, 257, 300, 511, 65_535, 65_536, 65_537, 70_000];

/// Entry `i` of the test log.
pub fn entry(i: u64) -> Vec<u8> {
    format!("entry {i}").into_bytes()
}

/// Leaf hash of entry `i`.
pub fn leaf(i: u64) -> Hash {
    leaf_hash(&entry(i))
}

/// RFC 6962 §2.1, word for word.
pub fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::EMPTY_ROOT,
        [one] => *one,
        _ => {
            let (left, right) = halves(leaves);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// RFC 6962 §2.1.1, word for word.
pub fn naive_inclusion(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() < 2 {
        return vec![];
    }
    let (left, right) = halves(leaves);
    let (mut path, other) = if index < left.len() {
        (naive_inclusion(index, left), right)
    } else {
        (naive_inclusion(index - left.len(), right), left)
    };
    path.push(naive_root(other));
    path
}

/// RFC 6962 §2.1.2, SUBPROOF, word for word.
pub fn naive_consistency(from: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if from == leaves.len() {
        return if known { vec![] } else { vec![naive_root(leaves)] };
    }
    let (left, right) = halves(leaves);
    let (mut path, other) = if from <= left.len() {
        (naive_consistency(from, left, known), right)
    } else {
        (naive_consistency(from - left.len(), right, false), left)
    };
    path.push(naive_root(other));
    path
}

fn halves(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
    leaves.split_at(leaves.len().next_power_of_two() / 2)
}

/// All complete nodes of a tree, by level and index.
#[derive(Default)]
pub struct Nodes(BTreeMap<(u8, u64), Hash>);

impl Nodes {
    /// Grows a tree and keeps what it completes.
    pub fn of_size(size: u64) -> (Nodes, Frontier) {
        let (mut nodes, mut tree) = (Nodes::default(), Frontier::new());
        for i in 0..size {
            tree.push(leaf(i), |node| {
                assert_eq!(nodes.0.insert((node.level, node.index), node.hash), None);
            })
            .unwrap();
        }
        (nodes, tree)
    }
}

impl NodeReader for Nodes {
    type Error = Infallible;
    fn read_node(&mut self, level: u8, index: u64) -> Result<Hash, Infallible> {
        Ok(self.0[&(level, index)])
    }
}

/// Tiles by path, as a folder would hold them.
#[derive(Default, Clone)]
pub struct Files(pub HashMap<String, Vec<u8>>);

impl Files {
    /// Grows the log and keeps the tiles.
    pub fn grow(&mut self, edge: &mut RightEdge, to: u64) -> Vec<TileCoord> {
        let tiles = edge.append((edge.size()..to).map(leaf)).unwrap();
        for tile in &tiles {
            self.0.insert(tile.coord.to_string(), tile.to_bytes());
        }
        tiles.iter().map(|tile| tile.coord).collect()
    }
}

impl TileReader for Files {
    type Error = String;
    fn read_tile(&mut self, coord: TileCoord) -> Result<Vec<u8>, String> {
        self.0.get(&coord.to_string()).cloned().ok_or_else(|| format!("no {coord}"))
    }
}

/// The shared vectors beside the repository; None, said aloud, where they are absent.
pub fn find_vectors() -> Option<PathBuf> {
    let path = "/../../../shared/vectors/ledger/rfc6962-merkle/testdata";
    let path = PathBuf::from(format!("{}{path}", env!("CARGO_MANIFEST_DIR")));
    if !path.is_dir() {
        println!("skipped: no shared data");
        return None;
    }
    Some(path)
}
