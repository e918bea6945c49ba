//! Checking proofs about a subtree: the leaves `start..end` of a larger tree.
//!
//! A subtree starts at a multiple of its size rounded up to a power of two, so
//! its root is made of nodes of the whole tree (draft-ietf-plants-merkle-tree-certs §4).

use super::verify::{VerifyError, verify_inclusion};
use crate::hash::{Hash, node_hash};

/// Checks that `leaf` is entry `index` of the log, within the subtree `start..end` with this root.
///
/// # Errors
/// [`VerifyError`] naming the first rule broken.
pub fn verify_subtree_inclusion(
    index: u64,
    start: u64,
    end: u64,
    leaf: &Hash,
    path: &[Hash],
    root: &Hash,
) -> Result<(), VerifyError> {
    check_subtree(start, end)?;
    if index < start || end <= index {
        return Err(VerifyError::Index { index, size: end });
    }
    verify_inclusion(index - start, end - start, leaf, path, root)
}

/// Checks that the subtree `start..end` with `subtree_root` is part of the tree of `size` leaves.
///
/// An empty subtree, `start == end`, is part of every tree: its root must be that of nothing.
///
/// # Errors
/// [`VerifyError`] naming the first rule broken.
pub fn verify_subtree_consistency(
    start: u64,
    end: u64,
    size: u64,
    subtree_root: &Hash,
    root: &Hash,
    path: &[Hash],
) -> Result<(), VerifyError> {
    if end > size {
        return Err(VerifyError::Sizes { from: end, to: size });
    }
    let length = VerifyError::Length { got: path.len() };
    if start == end {
        return match (path.is_empty(), *subtree_root == Hash::EMPTY_ROOT) {
            (false, _) => Err(length),
            (true, false) => Err(VerifyError::Root),
            (true, true) => Ok(()),
        };
    }
    check_subtree(start, end)?;
    let (mut first, mut node, mut last) = (start, end - 1, size - 1);
    // Up to the largest complete node at the subtree's right end.
    while first != node && (node == last || node & 1 == 1) {
        first >>= 1;
        node >>= 1;
        last >>= 1;
    }
    let (seed, rest) = if first == node { (subtree_root, path) } else { path.split_first().ok_or(length)? };
    let (mut old, mut new) = (*seed, *seed);
    for sibling in rest {
        if last == 0 {
            return Err(length);
        }
        if node & 1 == 1 || node == last {
            if first < node {
                old = node_hash(sibling, &old);
            }
            new = node_hash(sibling, &new);
            while node & 1 == 0 {
                first >>= 1;
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        first >>= 1;
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(length);
    }
    if old == *subtree_root && new == *root { Ok(()) } else { Err(VerifyError::Root) }
}

fn check_subtree(start: u64, end: u64) -> Result<(), VerifyError> {
    // A subtree of more than 2^63 leaves can only be the whole tree.
    let is_aligned = |step: Option<u64>| step.map_or(start == 0, |step| start.is_multiple_of(step));
    let aligned = start < end && is_aligned((end - start).checked_next_power_of_two());
    if aligned { Ok(()) } else { Err(VerifyError::Subtree { start, end }) }
}
