//! The tree of RFC 6962 §2.1: grow it, prove in it, check what others prove.
//!
//! Must never pad a tree, duplicate a leaf or trust a proof's length.

mod frontier;
mod prove;
mod subtree;
mod verify;

pub use frontier::{Frontier, FrontierError, Node, TreeFull};
pub use prove::{NodeReader, ProveError, prove_consistency, prove_inclusion, tree_root};
pub use subtree::{verify_subtree_consistency, verify_subtree_inclusion};
pub use verify::{VerifyError, inclusion_root, verify_consistency, verify_inclusion};

use crate::hash::{Hash, node_hash};

/// Folds the roots of perfect subtrees, largest first, into one root.
fn fold_roots(roots: &[Hash]) -> Hash {
    let Some((last, rest)) = roots.split_last() else {
        return Hash::EMPTY_ROOT;
    };
    rest.iter().rev().fold(*last, |right, left| node_hash(left, &right))
}

/// The size of the left half of a range of `n > 1` leaves: the largest power of two below `n`.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}
