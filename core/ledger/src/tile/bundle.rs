//! Entry bundles: the entries of one tile, each with its length in front.

use super::TILE_WIDTH;

/// Longest entry, as its length has 16 bits. Larger things are entered by their digest.
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// Why entries or bytes are not a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not 1 to 256 entries.
    #[error("a bundle has 1 to {TILE_WIDTH} entries, not {got}")]
    Count {
        /// The number of entries.
        got: usize,
    },
    /// An entry is too long.
    #[error("entry {place} of the bundle has {got} bytes, the limit is {MAX_ENTRY_BYTES}")]
    EntryTooLong {
        /// Its place in the bundle.
        place: usize,
        /// Its length.
        got: usize,
    },
    /// The bytes end within an entry.
    #[error("the bundle ends within entry {place}")]
    Truncated {
        /// The entry cut off.
        place: usize,
    },
    /// Bytes follow the last entry.
    #[error("{got} bytes follow the last entry of the bundle")]
    Trailing {
        /// The number of bytes too many.
        got: usize,
    },
}

/// Writes 1 to 256 entries as a bundle.
///
/// # Errors
/// [`BundleError::Count`] or [`BundleError::EntryTooLong`].
pub fn encode_bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, BundleError> {
    check_count(entries.len())?;
    let mut bytes = Vec::with_capacity(entries.iter().map(|e| 2 + e.as_ref().len()).sum());
    for (place, entry) in entries.iter().enumerate() {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong { place, got: entry.len() })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Reads a bundle of exactly `width` entries.
///
/// # Errors
/// [`BundleError`]; a byte too few or too many is an error.
pub fn decode_bundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    check_count(usize::from(width))?;
    let mut entries = Vec::with_capacity(usize::from(width));
    let mut rest = bytes;
    for place in 0..usize::from(width) {
        let truncated = BundleError::Truncated { place };
        let (length, tail) = rest.split_first_chunk::<2>().ok_or(truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, tail) = tail.split_at_checked(length).ok_or(truncated)?;
        entries.push(entry);
        rest = tail;
    }
    if !rest.is_empty() {
        return Err(BundleError::Trailing { got: rest.len() });
    }
    Ok(entries)
}

fn check_count(got: usize) -> Result<(), BundleError> {
    if (1..=usize::from(TILE_WIDTH)).contains(&got) { Ok(()) } else { Err(BundleError::Count { got }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_big_endian() {
        assert_eq!(encode_bundle(&[&b"ab"[..], b"", b"c"]).unwrap(), b"\0\x02ab\0\0\0\x01c");
    }

    #[test]
    fn limits_are_named() {
        assert_eq!(encode_bundle::<Vec<u8>>(&[]), Err(BundleError::Count { got: 0 }));
        assert_eq!(encode_bundle(&vec![b"x"; 257]), Err(BundleError::Count { got: 257 }));
        let longest = vec![0; MAX_ENTRY_BYTES];
        let bytes = encode_bundle(&[&longest]).unwrap();
        assert_eq!(decode_bundle(&bytes, 1).unwrap(), [&longest[..]]);
        let too_long = vec![0; MAX_ENTRY_BYTES + 1];
        assert_eq!(encode_bundle(&[too_long]), Err(BundleError::EntryTooLong { place: 0, got: 65_536 }));
    }

    #[test]
    fn a_byte_more_or_less_is_refused() {
        let bytes = encode_bundle(&[b"ab", b"cd"]).unwrap();
        assert_eq!(decode_bundle(&bytes[..7], 2), Err(BundleError::Truncated { place: 1 }));
        assert_eq!(decode_bundle(&bytes, 1), Err(BundleError::Trailing { got: 4 }));
        assert_eq!(decode_bundle(&bytes, 3), Err(BundleError::Truncated { place: 2 }));
        assert_eq!(decode_bundle(&[], 0), Err(BundleError::Count { got: 0 }));
        assert_eq!(decode_bundle(&[], 257), Err(BundleError::Count { got: 257 }));
    }

    proptest! {
        #[test]
        fn bundles_round_trip(entries in vec(vec(any::<u8>(), 0..40), 1..=256)) {
            let bytes = encode_bundle(&entries).unwrap();
            prop_assert_eq!(decode_bundle(&bytes, entries.len() as u16).unwrap(), entries);
        }

        #[test]
        fn what_reads_as_a_bundle_writes_alike(bytes in vec(0u8..4, 0..40), width in 0u16..20) {
            if let Ok(entries) = decode_bundle(&bytes, width) {
                prop_assert_eq!(encode_bundle(&entries).unwrap(), bytes);
            }
        }
    }
}
