//! Checking proofs somebody else built (RFC 9162 §2.1.3.2, §2.1.4.2).
//!
//! Sizes and indexes must come from a signed checkpoint, never from the proof's bearer.

use crate::hash::{Hash, node_hash};

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The entry cannot be in a tree of this size.
    #[error("entry {index} is not in a tree of size {size}")]
    Index {
        /// The index claimed.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The sizes are outside `1 <= from <= to`.
    #[error("a consistency proof goes from size 1 or more to the same size or more, not from {from} to {to}")]
    Sizes {
        /// The older size.
        from: u64,
        /// The newer size.
        to: u64,
    },
    /// Not a subtree: the start must be a multiple of the size rounded up to a power of two.
    #[error("leaves {start} to {end} are not a subtree")]
    Subtree {
        /// First leaf.
        start: u64,
        /// One after the last leaf.
        end: u64,
    },
    /// Too few or too many hashes for these sizes.
    #[error("a proof of {got} hashes has the wrong length for its sizes")]
    Length {
        /// The number of hashes found.
        got: usize,
    },
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Computes the root that a path claims for a leaf.
///
/// # Errors
/// [`VerifyError::Index`] or [`VerifyError::Length`].
pub fn inclusion_root(index: u64, size: u64, leaf: &Hash, path: &[Hash]) -> Result<Hash, VerifyError> {
    if index >= size {
        return Err(VerifyError::Index { index, size });
    }
    let length = VerifyError::Length { got: path.len() };
    let (mut node, mut last) = (index, size - 1);
    let mut root = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(length);
        }
        if node & 1 == 1 || node == last {
            root = node_hash(sibling, &root);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            root = node_hash(&root, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(length);
    }
    Ok(root)
}

/// Checks that `leaf` is entry `index` of the tree with `size` leaves and this root.
///
/// # Errors
/// [`VerifyError`] naming the first rule broken.
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, path: &[Hash], root: &Hash) -> Result<(), VerifyError> {
    if inclusion_root(index, size, leaf, path)? == *root { Ok(()) } else { Err(VerifyError::Root) }
}

/// Checks that the tree of `to` leaves begins with the tree of `from` leaves.
///
/// The empty tree is a beginning of every tree and needs no proof: `from == 0` is the caller's case.
///
/// # Errors
/// [`VerifyError`] naming the first rule broken.
pub fn verify_consistency(
    from: u64,
    to: u64,
    from_root: &Hash,
    to_root: &Hash,
    path: &[Hash],
) -> Result<(), VerifyError> {
    if from == 0 || from > to {
        return Err(VerifyError::Sizes { from, to });
    }
    let length = VerifyError::Length { got: path.len() };
    if from == to {
        return match (path.is_empty(), from_root == to_root) {
            (false, _) => Err(length),
            (true, false) => Err(VerifyError::Root),
            (true, true) => Ok(()),
        };
    }
    let (mut node, mut last) = (from - 1, to - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    // A perfect old tree is itself the first node of the path.
    let (first, rest) = if from.is_power_of_two() { (from_root, path) } else { path.split_first().ok_or(length)? };
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(length);
        }
        if node & 1 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(length);
    }
    if old == *from_root && new == *to_root { Ok(()) } else { Err(VerifyError::Root) }
}
