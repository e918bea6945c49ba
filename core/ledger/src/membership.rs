//! A tree of people within one entry: an entry about many commits to a root, and each of them can be shown to be among
//! them, without naming anybody else.
//!
//! Leaves are hashed as those of the log are (RFC 6962 §2.1), each over a salt of its own: once a salt is gone, its leaf
//! says nothing, and the paths of all others still hold.

use std::convert::Infallible;

use crate::hash::{Hash, leaf_hash, node_hash};
use crate::merkle::{NodeReader, prove_inclusion, tree_root, verify_inclusion};

/// Length of a salt, bytes.
pub const SALT_BYTES: usize = 32;

/// What a leaf begins with, so that it is a leaf of nothing else.
const DOMAIN: &[u8] = b"dipper/extract/v1\0";

/// The leaf of a statement about one person.
pub fn statement_leaf(salt: &[u8; SALT_BYTES], statement: &[u8]) -> Hash {
    leaf_hash(&[DOMAIN, salt, statement].concat())
}

/// The root over all leaves, in their order.
pub fn root_of(leaves: &[Hash]) -> Hash {
    let Ok(root) = tree_root(&mut Leaves(leaves), leaves.len() as u64);
    root
}

/// The path from a leaf to the root; `None` when there is no such leaf.
pub fn path_to(leaves: &[Hash], seat: u64) -> Option<Vec<Hash>> {
    prove_inclusion(&mut Leaves(leaves), seat, leaves.len() as u64).ok()
}

/// Whether a statement is the leaf at a seat of the tree with this root.
pub fn is_member(root: &Hash, count: u64, seat: u64, salt: &[u8; SALT_BYTES], statement: &[u8], path: &[Hash]) -> bool {
    verify_inclusion(seat, count, &statement_leaf(salt, statement), path, root).is_ok()
}

/// Leaves in memory as the nodes of their tree.
struct Leaves<'a>(&'a [Hash]);

impl NodeReader for Leaves<'_> {
    type Error = Infallible;

    fn read_node(&mut self, level: u8, index: u64) -> Result<Hash, Infallible> {
        let (from, to) = ((index << level) as usize, ((index + 1) << level) as usize);
        Ok(perfect(&self.0[from..to]))
    }
}

/// The root of a power of two of leaves.
fn perfect(leaves: &[Hash]) -> Hash {
    match leaves {
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len() / 2);
            node_hash(&perfect(left), &perfect(right))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_in_a_tree_of_any_size_is_shown_and_nobody_else() {
        for count in 1_u8..=33 {
            let statement = |seat: u8| format!("statement {seat}").into_bytes();
            let leaves: Vec<Hash> = (0..count).map(|seat| statement_leaf(&[seat; 32], &statement(seat))).collect();
            let root = root_of(&leaves);
            for seat in 0..count {
                let path = path_to(&leaves, seat.into()).expect("it is there");
                let holds = |at: u8, salt: u8, words: &[u8]| {
                    is_member(&root, count.into(), at.into(), &[salt; 32], words, &path)
                };
                assert!(holds(seat, seat, &statement(seat)), "{seat} of {count}");
                assert!(!holds(seat, seat, b"another statement"));
                assert!(!holds(seat, seat ^ 1, &statement(seat)), "another salt");
                assert!(!holds(seat ^ 1, seat, &statement(seat)), "another seat");
            }
            assert_eq!(path_to(&leaves, count.into()), None);
        }
    }

    #[test]
    fn a_leaf_is_no_entry_of_the_log() {
        let bare = [&[7_u8; 32][..], b"x"].concat();
        assert_ne!(statement_leaf(&[7; 32], b"x"), leaf_hash(&bare));
    }
}
