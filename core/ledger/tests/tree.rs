//! Trees, tiles and proofs against the definition of RFC 6962 itself.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Files, Nodes, SIZES, leaf, naive_consistency, naive_inclusion, naive_root};
use dipper_ledger::hash::Hash;
use dipper_ledger::merkle::{
    Frontier, ProveError, VerifyError, prove_consistency, prove_inclusion, tree_root, verify_consistency,
    verify_inclusion, verify_subtree_consistency,
};
use dipper_ledger::tile::{EdgeError, RightEdge, TileNodes, TileReadError, tiles_between, tiles_of_size};
use proptest::prelude::*;

const MANY: u64 = 600;

fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(leaf).collect()
}

#[test]
fn every_prefix_has_the_root_of_the_definition() {
    let all = leaves(MANY);
    let mut tree = Frontier::new();
    for (i, leaf) in all.iter().enumerate() {
        assert_eq!(tree.root(), naive_root(&all[..i]));
        assert_eq!(tree.push(*leaf, |_| {}), Ok(i as u64));
        assert_eq!(tree.roots().len(), tree.size().count_ones() as usize);
    }
}

#[test]
fn every_inclusion_proof_below_600_is_that_of_the_definition() {
    let all = leaves(MANY);
    let (mut nodes, _) = Nodes::of_size(MANY);
    // The naive path costs the whole tree, so it is compared on a sample and
    // the verification, which is cheap, is made for every pair.
    for size in 1..=MANY {
        let root = tree_root(&mut nodes, size).unwrap();
        for index in 0..size {
            let path = prove_inclusion(&mut nodes, index, size).unwrap();
            verify_inclusion(index, size, &leaf(index), &path, &root).unwrap();
            if size <= 70 || (index * 31 + size) % 97 == 0 {
                assert_eq!(path, naive_inclusion(index as usize, &all[..size as usize]), "{index} of {size}");
            }
        }
    }
}

#[test]
fn every_consistency_proof_below_600_is_that_of_the_definition() {
    let all = leaves(MANY);
    let (mut nodes, _) = Nodes::of_size(MANY);
    let roots: Vec<Hash> = (0..=MANY).map(|n| tree_root(&mut nodes, n).unwrap()).collect();
    for to in 1..=MANY {
        for from in 1..=to {
            let path = prove_consistency(&mut nodes, from, to).unwrap();
            let (old, new) = (&roots[from as usize], &roots[to as usize]);
            verify_consistency(from, to, old, new, &path).unwrap();
            verify_subtree_consistency(0, from, to, old, new, &path).unwrap();
            if to <= 70 || (from * 31 + to) % 97 == 0 {
                assert_eq!(path, naive_consistency(from as usize, &all[..to as usize], true), "{from} to {to}");
            }
        }
    }
}

#[test]
fn a_proof_out_of_range_is_not_built() {
    let (mut nodes, _) = Nodes::of_size(5);
    for (index, size) in [(5, 5), (0, 0), (u64::MAX, 5)] {
        assert_eq!(prove_inclusion(&mut nodes, index, size), Err(ProveError::Index { index, size }));
        let verdict = verify_inclusion(index, size, &leaf(0), &[], &leaf(0));
        assert_eq!(verdict, Err(VerifyError::Index { index, size }));
    }
    for (from, to) in [(0, 5), (6, 5), (0, 0)] {
        assert_eq!(prove_consistency(&mut nodes, from, to), Err(ProveError::Sizes { from, to }));
        let verdict = verify_consistency(from, to, &leaf(0), &leaf(0), &[]);
        assert_eq!(verdict, Err(VerifyError::Sizes { from, to }));
    }
}

#[test]
fn tiles_of_every_edge_size_give_the_tree_back() {
    for size in SIZES {
        let (mut nodes, tree) = Nodes::of_size(size);
        let (mut files, mut edge) = (Files::default(), RightEdge::new());
        let written = files.grow(&mut edge, size);
        assert_eq!(edge.root(), tree.root(), "size {size}");
        assert_eq!(edge.frontier(), tree, "size {size}");
        let mut expect: Vec<_> = tiles_of_size(size).collect();
        expect.sort();
        assert_eq!(written, expect, "size {size}");
        assert_eq!(RightEdge::load(size, &mut files), Ok(edge), "size {size}");
        let mut tiles = TileNodes::new(files, size);
        assert_eq!(tree_root(&mut tiles, size), Ok(tree.root()), "size {size}");
        for index in (0..size).step_by(1 + size as usize / 50).chain(size.checked_sub(1)) {
            let path = prove_inclusion(&mut tiles, index, size).unwrap();
            assert_eq!(path, prove_inclusion(&mut nodes, index, size).unwrap());
            verify_inclusion(index, size, &leaf(index), &path, &tree.root()).unwrap();
            if index > 0 {
                let path = prove_consistency(&mut tiles, index, size).unwrap();
                assert_eq!(path, prove_consistency(&mut nodes, index, size).unwrap());
            }
        }
    }
}

#[test]
fn a_log_grown_in_steps_has_the_tiles_of_one_grown_at_once() {
    for (a, b) in [(0, 255), (255, 256), (256, 257), (1, 600), (300, 511), (511, 512), (65_000, 66_000)] {
        let (mut at_once, mut in_steps) = (Files::default(), Files::default());
        let (mut whole, mut edge) = (RightEdge::new(), RightEdge::new());
        at_once.grow(&mut whole, b);
        in_steps.grow(&mut edge, a);
        let written = in_steps.grow(&mut edge, b);
        let mut expect: Vec<_> = tiles_between(a, b).collect();
        expect.sort();
        assert_eq!(written, expect, "{a} to {b}");
        assert_eq!(edge, whole);
        for (path, bytes) in &at_once.0 {
            assert_eq!(in_steps.0.get(path), Some(bytes), "{path} of {a} to {b}");
        }
    }
}

#[test]
fn a_full_tile_stands_in_for_its_deleted_partial_one() {
    let (mut files, mut edge) = (Files::default(), RightEdge::new());
    files.grow(&mut edge, 300);
    let old_root = edge.root();
    files.grow(&mut edge, 600);
    assert!(files.0.remove("tile/0/001.p/44").is_some());
    let full = files.0["tile/0/001"].clone();
    files.0.insert("tile/0/001.p/44".into(), full);
    assert_eq!(tree_root(&mut TileNodes::new(files, 300), 300), Ok(old_root));
}

#[test]
fn damage_is_named_by_tile() {
    let (mut files, mut edge) = (Files::default(), RightEdge::new());
    files.grow(&mut edge, 300);
    let mut short = files.clone();
    short.0.get_mut("tile/0/001.p/44").unwrap().pop();
    let Err(EdgeError::Length { coord, source }) = RightEdge::load(300, &mut short) else {
        panic!("a short tile was loaded")
    };
    assert_eq!((coord.to_string().as_str(), source.got), ("tile/0/001.p/44", 44 * 32 - 1));
    assert!(matches!(tree_root(&mut TileNodes::new(short, 300), 300), Err(TileReadError::Length { .. })));
    let beyond = tree_root(&mut TileNodes::new(files.clone(), 300), 301);
    assert!(matches!(beyond, Err(TileReadError::Incomplete { .. })));
    files.0.remove("tile/1/000.p/1");
    let missing = RightEdge::load(300, &mut files).unwrap_err();
    assert_eq!(missing.to_string(), "cannot read tile/1/000.p/1");
    assert_eq!(RightEdge::load(1 << 63, &mut Files::default()), Err(EdgeError::Size { size: 1 << 63 }));
}

fn flip(hash: &Hash, bit: usize) -> Hash {
    let mut hash = *hash;
    hash.0[bit / 8 % 32] ^= 1 << (bit % 8);
    hash
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_flipped_bit_breaks_an_inclusion_proof(size in 1u64..600, pick: u64, bit: usize, place: usize) {
        let index = pick % size;
        let (mut nodes, tree) = Nodes::of_size(size);
        let path = prove_inclusion(&mut nodes, index, size).unwrap();
        let root = tree.root();
        prop_assert!(verify_inclusion(index, size, &flip(&leaf(index), bit), &path, &root).is_err());
        prop_assert!(verify_inclusion(index, size, &leaf(index), &path, &flip(&root, bit)).is_err());
        prop_assert!(verify_inclusion(index ^ (1 << (bit % 64)), size, &leaf(index), &path, &root).is_err());
        if !path.is_empty() {
            let (mut bad, place) = (path.clone(), place % path.len());
            bad[place] = flip(&bad[place], bit);
            prop_assert!(verify_inclusion(index, size, &leaf(index), &bad, &root).is_err());
            prop_assert!(verify_inclusion(index, size, &leaf(index), &path[1..], &root).is_err());
            prop_assert!(verify_inclusion(index, size, &leaf(index), &path[..path.len() - 1], &root).is_err());
        }
        let longer = [&path[..], &[root]].concat();
        prop_assert!(verify_inclusion(index, size, &leaf(index), &longer, &root).is_err());
    }

    #[test]
    fn one_flipped_bit_breaks_a_consistency_proof(to in 2u64..600, pick: u64, bit: usize, place: usize) {
        let from = 1 + pick % (to - 1);
        let (mut nodes, tree) = Nodes::of_size(to);
        let path = prove_consistency(&mut nodes, from, to).unwrap();
        let (old, new) = (tree_root(&mut nodes, from).unwrap(), tree.root());
        prop_assert!(verify_consistency(from, to, &old, &new, &path).is_ok());
        prop_assert!(verify_consistency(from, to, &flip(&old, bit), &new, &path).is_err());
        prop_assert!(verify_consistency(from, to, &old, &flip(&new, bit), &path).is_err());
        let (mut bad, place) = (path.clone(), place % path.len());
        bad[place] = flip(&bad[place], bit);
        prop_assert!(verify_consistency(from, to, &old, &new, &bad).is_err());
        prop_assert!(verify_consistency(from, to, &old, &new, &path[1..]).is_err());
        let longer = [&path[..], &[new]].concat();
        prop_assert!(verify_consistency(from, to, &old, &new, &longer).is_err());
    }

    #[test]
    fn any_sizes_and_path_are_decided(a: u64, b: u64, c: u64, path in proptest::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let path: Vec<Hash> = path.into_iter().map(Hash).collect();
        let hash = leaf(0);
        prop_assert!(verify_inclusion(a, b, &hash, &path, &hash).is_err() || path.is_empty());
        prop_assert!(verify_consistency(a, b, &hash, &flip(&hash, 0), &path).is_err());
        let _ = verify_subtree_consistency(a, b, c, &hash, &hash, &path);
    }
}
