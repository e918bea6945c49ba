//! The staging bundle: the entries of one round, on the disk before the head that holds them is signed and locked.
//!
//! A crash after the lock finds here what the signed root promises. Its own digest tells a torn bundle from a whole one.
//!
//! Layout: the line `dipper/staging/v1`, size before and after (8 bytes each, big-endian), root before and after
//! (32 bytes each), the entries each after its length (2 bytes), SHA-256 of all that.

use ledger::hash::{Hash, sha256};

const HEADER: &[u8] = b"dipper/staging/v1\n";

/// Entries of a round with the trees before and after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Staged {
    pub from: u64,
    pub to: u64,
    pub before: Hash,
    pub after: Hash,
    pub entries: Vec<Vec<u8>>,
}

impl Staged {
    pub fn to_bytes(&self) -> Vec<u8> {
        let length: usize = self.entries.iter().map(|entry| entry.len() + 2).sum();
        let mut bytes = Vec::with_capacity(HEADER.len() + 80 + length + Hash::LEN);
        bytes.extend_from_slice(HEADER);
        bytes.extend_from_slice(&self.from.to_be_bytes());
        bytes.extend_from_slice(&self.to.to_be_bytes());
        bytes.extend_from_slice(&self.before.0);
        bytes.extend_from_slice(&self.after.0);
        for entry in &self.entries {
            // Our entries have 128 bytes; what does not fit is refused when the bundle is encoded.
            let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(entry);
        }
        let digest = sha256(&bytes);
        bytes.extend_from_slice(&digest.0);
        bytes
    }

    /// `None` for a bundle that is torn, damaged or of another version.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (body, digest) = bytes.split_at_checked(bytes.len().checked_sub(Hash::LEN)?)?;
        if sha256(body).0 != *digest {
            return None;
        }
        let rest = body.strip_prefix(HEADER)?;
        let (from, rest) = rest.split_first_chunk::<8>()?;
        let (to, rest) = rest.split_first_chunk::<8>()?;
        let (before, rest) = rest.split_first_chunk::<32>()?;
        let (after, mut rest) = rest.split_first_chunk::<32>()?;
        let (from, to) = (u64::from_be_bytes(*from), u64::from_be_bytes(*to));
        let mut entries = Vec::new();
        while let Some((length, tail)) = rest.split_first_chunk::<2>() {
            let (entry, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            entries.push(entry.to_vec());
            rest = tail;
        }
        let is_whole = rest.is_empty() && to.checked_sub(from)? == entries.len() as u64;
        is_whole.then_some(Self { from, to, before: Hash(*before), after: Hash(*after), entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged() -> Staged {
        let entries = vec![vec![1; 128], vec![2; 3], vec![]];
        Staged { from: 7, to: 10, before: sha256(b"a"), after: sha256(b"b"), entries }
    }

    #[test]
    fn a_bundle_reads_back_and_a_torn_or_flipped_one_does_not() {
        let bytes = staged().to_bytes();
        assert_eq!(Staged::parse(&bytes), Some(staged()));
        for length in 0..bytes.len() {
            assert_eq!(Staged::parse(&bytes[..length]), None, "torn at {length}");
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 4;
            assert_eq!(Staged::parse(&flipped), None, "flipped at {at}");
        }
    }

    #[test]
    fn a_bundle_of_another_number_of_entries_is_refused() {
        let bytes = Staged { to: 11, ..staged() }.to_bytes();
        assert_eq!(Staged::parse(&bytes), None);
    }
}
