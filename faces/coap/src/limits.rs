//! What one peer, one device, and all of them together may use; and the measures for it.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// What each listener may use. Whoever goes beyond its own is not answered, alone.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Datagrams a second from one address; those above are as if they had not come.
    pub datagrams_per_s: u32,
    /// Answers a second to whoever has not said who it is.
    pub strangers_per_s: u32,
    /// Requests a second of one device; above, it is told to wait (4.29).
    pub requests_per_s: u32,
    /// Addresses of devices that are remembered; more are told to come later.
    pub peers: usize,
    /// Addresses one device may speak from; the one that was silent longest is forgotten.
    pub peers_per_device: usize,
    /// Requests of one address that are known again when they come twice.
    pub exchanges_per_peer: usize,
    /// Requests that wait for the platform at a time.
    pub in_flight: usize,
    /// The same of one device.
    pub in_flight_per_device: usize,
    /// Longest message, in blocks or not, in bytes.
    pub message_bytes: usize,
    /// Longest command, in bytes.
    pub command_bytes: usize,
    /// Commands that wait for one device at one address.
    pub queue: usize,
    /// The largest size of blocks that is chosen: 16 · 2^block_szx bytes, at most 6.
    pub block_szx: u8,
    /// Time for the next block to come, or to be asked for.
    pub block_timeout: Duration,
    /// A request that the platform has not answered by then is acknowledged, and answered later.
    pub answer_within: Duration,
    /// Time for the first acknowledgement of ours; every further one has twice of it (RFC 7252 §4.8).
    pub ack_timeout: Duration,
    /// How often a message of ours is sent again.
    pub retransmissions: u32,
    /// How long a confirmable request is known again: EXCHANGE_LIFETIME of RFC 7252 §4.8.2.
    pub exchange_lifetime: Duration,
    /// Whoever observes is asked after this silence whether it still does (RFC 7641 §4.5: 24 hours).
    pub observe_check: Duration,
    /// DTLS sessions; the one that was silent longest makes room.
    pub sessions: usize,
    /// DTLS handshakes under way; one that nobody goes on with makes room.
    pub handshakes: usize,
    /// Time for a handshake.
    pub handshake_timeout: Duration,
    /// A DTLS session that was silent for so long ends.
    pub session_idle: Duration,
    /// Bytes of all messages that are kept: answers to be known again, blocks, commands, and what waits for the platform.
    pub memory_bytes: usize,
    /// Time for requests under way when the gateway stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            datagrams_per_s: 1_000,
            strangers_per_s: 2_000,
            requests_per_s: 500,
            peers: 50_000,
            peers_per_device: 4,
            exchanges_per_peer: 64,
            in_flight: 4_096,
            in_flight_per_device: 16,
            message_bytes: 64 << 10,
            command_bytes: 16 << 10,
            queue: 32,
            block_szx: 6,
            block_timeout: Duration::from_secs(60),
            answer_within: Duration::from_secs(1),
            ack_timeout: Duration::from_secs(2),
            retransmissions: 4,
            exchange_lifetime: Duration::from_secs(247),
            observe_check: Duration::from_secs(24 * 3600),
            sessions: 20_000,
            handshakes: 2_000,
            handshake_timeout: Duration::from_secs(30),
            session_idle: Duration::from_secs(48 * 3600),
            memory_bytes: 128 << 20,
            drain: Duration::from_secs(10),
        }
    }
}

/// Bytes that everybody shares.
#[derive(Debug)]
pub(crate) struct Memory {
    used: AtomicUsize,
    most: usize,
}

impl Memory {
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), most })
    }

    /// Takes bytes until the answer is dropped; `None` when there are not so many left.
    pub fn take(self: &Arc<Self>, bytes: usize) -> Option<Taken> {
        let fits = |used: usize| used.checked_add(bytes).filter(|used| *used <= self.most);
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits);
        taken.is_ok().then(|| Taken { memory: Arc::clone(self), bytes })
    }

    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

/// Bytes that were taken, given back when dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    memory: Arc<Memory>,
    bytes: usize,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// How much of something a second, with as much in hand as one second brings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    left: f32,
    at: Option<Instant>,
}

impl Bucket {
    pub const FULL: Self = Self { left: 0.0, at: None };

    /// Takes one, if one is left.
    pub fn take(&mut self, per_s: u32, now: Instant) -> bool {
        let per_s = per_s.max(1) as f32;
        let brought = self.at.map_or(per_s, |at| now.saturating_duration_since(at).as_secs_f32() * per_s);
        self.left = (self.left + brought).min(per_s);
        self.at = Some(now);
        let passes = self.left >= 1.0;
        if passes {
            self.left -= 1.0;
        }
        passes
    }
}

/// Places of the measure of addresses. Two addresses at one place share their rate; who meets whom cannot be foreseen.
const PLACES: usize = 1 << 14;

/// A rate for every address there is, in memory that does not grow: a flood cannot fill it.
#[derive(Debug)]
pub(crate) struct Gauge {
    places: Box<[Bucket]>,
    hasher: RandomState,
}

impl Gauge {
    pub fn new() -> Self {
        Self { places: vec![Bucket::FULL; PLACES].into(), hasher: RandomState::new() }
    }

    pub fn take(&mut self, peer: SocketAddr, per_s: u32, now: Instant) -> bool {
        let place = self.hasher.hash_one(peer) as usize % PLACES;
        self.places[place].take(per_s, now)
    }
}

/// Numbers that need not be secret: message ids, and when to send again.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// The next number: xorshift64 of Marsaglia, *Xorshift RNGs*, 2003.
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_and_never_overdrawn() {
        let memory = Memory::new(100);
        let first = memory.take(60).unwrap();
        assert!(memory.take(41).is_none() && memory.take(usize::MAX).is_none());
        let second = memory.take(40).unwrap();
        drop(first);
        assert_eq!(memory.used(), 40);
        drop(second);
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn a_bucket_lets_a_second_pass_at_once_and_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::FULL;
        for _ in 0..10 {
            assert!(bucket.take(10, start));
        }
        assert!(!bucket.take(10, start));
        assert!(bucket.take(10, start + Duration::from_millis(150)));
        assert!(!bucket.take(10, start + Duration::from_millis(160)));
        // Whatever the silence, no more than a second's worth is in hand.
        let later = start + Duration::from_secs(100);
        assert_eq!((0..20).filter(|_| bucket.take(10, later)).count(), 10);
    }

    #[test]
    fn a_flood_from_one_address_leaves_nearly_all_others_alone() {
        let (mut gauge, now) = (Gauge::new(), Instant::now());
        let peer = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let passed = (0..10_000).filter(|_| gauge.take(peer(1), 5, now)).count();
        assert_eq!(passed, 5);
        assert!((2..102).filter(|port| gauge.take(peer(*port), 5, now)).count() >= 98);
    }
}
