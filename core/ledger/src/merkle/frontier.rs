//! The right edge of an append-only tree: all that is needed to grow it.

use super::fold_roots;
use crate::MAX_SIZE;
use crate::hash::{Hash, node_hash};

/// A complete node: the root of the perfect subtree of 2^level leaves that
/// begins at leaf `index << level`. Such a node never changes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Height above the leaves; a leaf has level 0.
    pub level: u8,
    /// Place within its level, from 0.
    pub index: u64,
    /// Its hash.
    pub hash: Hash,
}

/// The perfect subtrees of a tree, largest first, one for each 1 bit of its size.
///
/// Appending costs two hashes on average and holds at most 63 hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

/// The tree holds 2^63 - 1 leaves and takes no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log is full: {MAX_SIZE} entries")]
pub struct TreeFull;

/// Why bytes or parts are not the state of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// The size is beyond 2^63 - 1.
    #[error("tree size {size} is beyond the limit of {MAX_SIZE}")]
    Size {
        /// The size found.
        size: u64,
    },
    /// Another number of hashes than 1 bits in the size.
    #[error("a tree of size {size} has {expected} perfect subtrees, not {got}")]
    Roots {
        /// The size found.
        size: u64,
        /// The number of 1 bits in the size.
        expected: usize,
        /// The number of hashes found.
        got: usize,
    },
    /// Not 8 bytes of size and whole hashes.
    #[error("a frontier is 8 bytes and then 32 bytes a subtree, not {got} bytes")]
    Length {
        /// The number of bytes found.
        got: usize,
    },
}

impl Frontier {
    /// The tree without leaves.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// Restores a tree from its size and the roots of its perfect subtrees, largest first.
    ///
    /// # Errors
    /// [`FrontierError`] where the parts do not fit each other.
    pub fn from_parts(size: u64, roots: Vec<Hash>) -> Result<Frontier, FrontierError> {
        if size > MAX_SIZE {
            return Err(FrontierError::Size { size });
        }
        let expected = size.count_ones() as usize;
        if roots.len() != expected {
            return Err(FrontierError::Roots { size, expected, got: roots.len() });
        }
        Ok(Frontier { size, roots })
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the perfect subtrees, largest first.
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// Root of the whole tree.
    pub fn root(&self) -> Hash {
        fold_roots(&self.roots)
    }

    /// Appends a leaf and returns its index; `emit` gets every node this completes,
    /// the leaf itself first, upward.
    ///
    /// # Errors
    /// [`TreeFull`] at 2^63 - 1 leaves; nothing is emitted.
    pub fn push(&mut self, leaf: Hash, mut emit: impl FnMut(Node)) -> Result<u64, TreeFull> {
        if self.size == MAX_SIZE {
            return Err(TreeFull);
        }
        let index = self.size;
        let mut node = Node { level: 0, index, hash: leaf };
        emit(node);
        // One carry of a binary counter: equal neighbours merge.
        while node.index & 1 == 1 {
            let left = self.roots.pop().expect("a 1 bit of the size has its subtree");
            node = Node { level: node.level + 1, index: node.index >> 1, hash: node_hash(&left, &node.hash) };
            emit(node);
        }
        self.roots.push(node.hash);
        self.size += 1;
        Ok(index)
    }

    /// Writes the state: size as 8 big-endian bytes, then the subtree roots.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.roots.iter().flat_map(|root| root.0));
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`FrontierError`] naming what does not fit.
    pub fn from_bytes(bytes: &[u8]) -> Result<Frontier, FrontierError> {
        let length = FrontierError::Length { got: bytes.len() };
        let (size, rest) = bytes.split_first_chunk::<8>().ok_or(length)?;
        let (roots, odd) = rest.as_chunks::<32>();
        if !odd.is_empty() || roots.len() > 63 {
            return Err(length);
        }
        Frontier::from_parts(u64::from_be_bytes(*size), roots.iter().map(|r| Hash(*r)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;
    use proptest::prelude::*;

    #[test]
    fn the_last_leaf_of_a_pair_completes_its_parents() {
        let mut tree = Frontier::new();
        let mut shape = Vec::new();
        for i in 0..4u8 {
            tree.push(leaf_hash(&[i]), |n| shape.push((n.level, n.index))).unwrap();
        }
        assert_eq!(shape, [(0, 0), (0, 1), (1, 0), (0, 2), (0, 3), (1, 1), (2, 0)]);
        assert_eq!(tree.root(), tree.roots()[0]);
    }

    #[test]
    fn a_full_tree_takes_no_more() {
        let mut tree = Frontier::from_parts(MAX_SIZE, vec![Hash::EMPTY_ROOT; 63]).unwrap();
        let before = tree.clone();
        let refused = tree.push(Hash::EMPTY_ROOT, |_| panic!("nothing is emitted"));
        assert_eq!(refused, Err(TreeFull));
        assert_eq!(tree, before);
    }

    #[test]
    fn a_state_that_does_not_fit_its_size_is_refused() {
        let hash = Hash::EMPTY_ROOT;
        assert_eq!(Frontier::from_parts(3, vec![hash]), Err(FrontierError::Roots { size: 3, expected: 2, got: 1 }));
        assert_eq!(Frontier::from_parts(1 << 63, vec![hash]), Err(FrontierError::Size { size: 1 << 63 }));
        assert_eq!(Frontier::from_bytes(&[0; 7]), Err(FrontierError::Length { got: 7 }));
        assert_eq!(Frontier::from_bytes(&[0; 9]), Err(FrontierError::Length { got: 9 }));
    }

    proptest! {
        #[test]
        fn a_restored_tree_grows_as_the_first(a in 0u16..300, b in 0u16..300) {
            let mut tree = Frontier::new();
            for i in 0..a { tree.push(leaf_hash(&i.to_be_bytes()), |_| {}).unwrap(); }
            let mut restored = Frontier::from_bytes(&tree.to_bytes()).unwrap();
            for i in 0..b {
                tree.push(leaf_hash(&i.to_le_bytes()), |_| {}).unwrap();
                restored.push(leaf_hash(&i.to_le_bytes()), |_| {}).unwrap();
            }
            prop_assert_eq!(restored, tree);
        }

        #[test]
        fn any_bytes_read_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(tree) = Frontier::from_bytes(&bytes) {
                prop_assert_eq!(tree.to_bytes(), bytes);
            }
        }
    }
}
