//! Counts of what passed through.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What has happened since the start, and what is there now.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Metrics {
            $($(#[$doc])* pub $name: u64,)+
            /// Connections there are now.
            pub connections: u64,
            /// Sessions kept now, connected or not.
            pub sessions: u64,
            /// Retained messages now.
            pub retained: u64,
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
    /// Connections taken from the network.
    accepted,
    /// Connections closed at once because there are too many.
    turned_away,
    /// CONNECTs the gate or a limit refused.
    connects_refused,
    /// CONNECTs let in.
    connects,
    /// Messages clients published.
    received,
    /// Bytes of packets from clients.
    received_bytes,
    /// Messages the platform took.
    taken,
    /// Messages refused, by right, by limit or by the platform.
    refused,
    /// Packets or connections broken by their clients.
    faults,
    /// Times a device was slowed down by its rate.
    slowed,
    /// Times a connection waited for memory.
    starved,
    /// Messages sent to clients.
    sent,
    /// Messages clients acknowledged.
    delivered,
    /// Messages for clients dropped: queue full, expired, too long for them.
    dropped,
    /// Connections closed because nothing was heard or could be sent.
    timed_out,
    /// Sessions taken over by a new connection.
    taken_over,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
