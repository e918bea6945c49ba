//! Time and randomness that tests command.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::{Clock, Instant};
use store::Entropy;

/// A clock that stands still until it is moved. Clones show the same time.
#[derive(Debug, Clone)]
pub struct FixedClock(Arc<AtomicI64>);

impl FixedClock {
    /// A clock that shows that instant, RFC 3339.
    ///
    /// # Panics
    /// When the text is not an instant.
    pub fn at(text: &str) -> Self {
        let at: Instant = text.parse().expect("a test names an instant in RFC 3339");
        Self(Arc::new(AtomicI64::new(at.as_micros())))
    }

    /// Moves it forward (back when negative).
    pub fn advance_us(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Moves it forward by whole minutes.
    pub fn advance_minutes(&self, minutes: i64) {
        self.advance_us(minutes * 60_000_000);
    }

    /// Sets it.
    pub fn set(&self, at: Instant) {
        self.0.store(at.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// A clock that moves on by a microsecond whenever it is read, as a real one does.
#[derive(Debug, Clone)]
pub struct TickingClock(FixedClock);

impl TickingClock {
    /// Ticks on from what the other shows, and moves it along.
    pub const fn of(clock: FixedClock) -> Self {
        Self(clock)
    }
}

impl Clock for TickingClock {
    fn now(&self) -> Instant {
        self.0.advance_us(1);
        self.0.now()
    }
}

/// Bytes that look random and are the same in every run (splitmix64).
#[derive(Debug, Clone)]
pub struct SeededEntropy(u64);

impl SeededEntropy {
    /// Begins the sequence of that seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number of the sequence.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    }
}
