//! Building proofs from the complete nodes of a tree (RFC 6962 §2.1.1, §2.1.2).

use super::{fold_roots, split};
use crate::hash::Hash;

/// Gives complete nodes of a tree, from wherever they are kept.
pub trait NodeReader {
    /// Why a node could not be read.
    type Error;

    /// Reads the root of the perfect subtree of 2^`level` leaves that begins at leaf `index << level`.
    ///
    /// # Errors
    /// Whatever keeps the node from being read.
    fn read_node(&mut self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// Why a proof could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// The entry is not in the tree.
    #[error("entry {index} is not in a tree of size {size}")]
    Index {
        /// The index asked for.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The old size is 0 or beyond the new one.
    #[error("a consistency proof goes from size 1 or more to the same size or more, not from {from} to {to}")]
    Sizes {
        /// The older size.
        from: u64,
        /// The newer size.
        to: u64,
    },
    /// A node could not be read.
    #[error("cannot read a node of the tree")]
    Read(#[source] E),
}

/// Computes the root of the tree of the first `size` leaves.
///
/// # Errors
/// The reader's error.
pub fn tree_root<R: NodeReader>(reader: &mut R, size: u64) -> Result<Hash, R::Error> {
    range_root(reader, 0, size)
}

/// Builds the path from leaf `index` to the root of the tree of `size` leaves, leaf end first.
///
/// # Errors
/// [`ProveError::Index`] where `index >= size`, else the reader's error.
pub fn prove_inclusion<R: NodeReader>(
    reader: &mut R,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    if index >= size {
        return Err(ProveError::Index { index, size });
    }
    let mut path = Vec::new();
    let (mut low, mut high) = (0, size);
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range_root(reader, middle, high).map_err(ProveError::Read)?);
            high = middle;
        } else {
            path.push(range_root(reader, low, middle).map_err(ProveError::Read)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Builds the proof that the tree of `to` leaves begins with the tree of `from` leaves.
///
/// Empty where the sizes are equal.
///
/// # Errors
/// [`ProveError::Sizes`] unless `1 <= from <= to`, else the reader's error.
pub fn prove_consistency<R: NodeReader>(reader: &mut R, from: u64, to: u64) -> Result<Vec<Hash>, ProveError<R::Error>> {
    if from == 0 || from > to {
        return Err(ProveError::Sizes { from, to });
    }
    let mut path = Vec::new();
    let (mut low, mut high) = (0, to);
    while from != high {
        let middle = low + split(high - low);
        if from <= middle {
            path.push(range_root(reader, middle, high).map_err(ProveError::Read)?);
            high = middle;
        } else {
            path.push(range_root(reader, low, middle).map_err(ProveError::Read)?);
            low = middle;
        }
    }
    // The verifier knows the old root; a remainder that is not the whole old tree must be told.
    if low != 0 {
        path.push(range_root(reader, low, high).map_err(ProveError::Read)?);
    }
    path.reverse();
    Ok(path)
}

/// Root of the leaves `low..high`, where `low` is a multiple of the range's size rounded up to a power of two.
fn range_root<R: NodeReader>(reader: &mut R, mut low: u64, high: u64) -> Result<Hash, R::Error> {
    let mut roots = Vec::new();
    while low < high {
        let level = (high - low).ilog2();
        roots.push(reader.read_node(level as u8, low >> level)?);
        low += 1 << level;
    }
    Ok(fold_roots(&roots))
}
