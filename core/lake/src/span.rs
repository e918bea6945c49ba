//! Parts of objects in memory: what was read of a store is not asked for again soon.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::index::BLOCK_BYTES;

/// Bytes that are asked of a store at a time, a whole number of blocks that are checked. A request to a store costs some
/// 10 to 50 ms whatever it asks for, about as long as a quarter of a megabyte takes to come.
pub(crate) const SPAN_BYTES: usize = 16 * BLOCK_BYTES;

/// Which part of which file.
pub(crate) type SpanKey = (u64, u64);

#[derive(Debug)]
struct Span {
    bytes: Bytes,
    used_at: u64,
}

#[derive(Debug, Default)]
struct Kept {
    spans: HashMap<SpanKey, Span>,
    bytes: usize,
    /// Counts uses.
    now: u64,
}

/// Spans that were checked, as many as fit; the one used longest ago goes first.
#[derive(Debug)]
pub(crate) struct Spans {
    most_bytes: usize,
    kept: Mutex<Kept>,
}

impl Spans {
    pub fn new(most_bytes: usize) -> Self {
        Self { most_bytes, kept: Mutex::default() }
    }

    pub fn find(&self, key: SpanKey) -> Option<Bytes> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.now += 1;
        let now = kept.now;
        let span = kept.spans.get_mut(&key)?;
        span.used_at = now;
        Some(span.bytes.clone())
    }

    pub fn put(&self, key: SpanKey, bytes: Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.now += 1;
        let used_at = kept.now;
        kept.bytes += bytes.len();
        if let Some(before) = kept.spans.insert(key, Span { bytes, used_at }) {
            kept.bytes -= before.bytes.len();
        }
        while kept.bytes > self.most_bytes {
            // Some hundreds at most: a list in order would cost more than it saves.
            let Some(oldest) = kept.spans.iter().min_by_key(|(_, span)| span.used_at).map(|(key, _)| *key) else {
                return;
            };
            if let Some(gone) = kept.spans.remove(&oldest) {
                kept.bytes -= gone.bytes.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let spans = Spans::new(30);
        for span in 0..3 {
            spans.put((1, span), Bytes::from_static(&[7; 10]));
        }
        assert!(spans.find((1, 0)).is_some());
        spans.put((1, 3), Bytes::from_static(&[8; 10]));
        assert!(spans.find((1, 1)).is_none());
        assert!([0, 2, 3].iter().all(|span| spans.find((1, *span)).is_some()));
        spans.put((1, 3), Bytes::from_static(&[9; 10]));
        assert!(spans.find((1, 0)).is_some(), "one in the place of another takes no more room");
    }
}
