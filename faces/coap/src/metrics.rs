//! Counts of what passed through.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What has happened since the start, and what is there now; of all listeners together.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Metrics {
            $($(#[$doc])* pub $name: u64,)+
            /// Bytes of messages held now.
            pub memory_bytes: u64,
        }

        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub $name: AtomicU64,)+
        }

        impl Counters {
            pub fn read(&self) -> Metrics {
                Metrics { $($name: self.$name.load(Ordering::Relaxed),)+ ..Metrics::default() }
            }
        }
    };
}

counts! {
    /// Datagrams that came.
    received,
    /// Datagrams not looked at: too many from one address.
    slowed,
    /// Datagrams that are no messages.
    faults,
    /// Requests that came again and were answered as before.
    duplicates,
    /// Requests whose device is not known, or may not speak.
    turned_away,
    /// Requests told to come later: rates, and what may be under way.
    held_off,
    /// Messages the platform took.
    taken,
    /// Messages the platform refused.
    refused,
    /// Requests answered later than their acknowledgement.
    late,
    /// Messages of ours sent again.
    sent_again,
    /// Messages of ours that nobody acknowledged.
    given_up,
    /// Commands sent to devices.
    commands,
    /// Commands that devices acknowledged.
    delivered,
    /// DTLS handshakes that were completed.
    handshakes,
    /// DTLS handshakes that were not.
    handshakes_failed,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
