//! What one device, and what all of them together, may use; and the two measures for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// What clients may use. A device that goes beyond its own is slowed down or cut, alone.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; more are closed at once.
    pub connections: usize,
    /// Sessions kept, connected or not.
    pub sessions: usize,
    /// Sessions one device may have.
    pub sessions_per_device: usize,
    /// Questions to [`Gate::connect`](crate::Gate::connect) at a time; other newcomers wait.
    pub greetings: usize,
    /// Time for CONNECT to come, and for the gate to answer.
    pub connect_timeout: Duration,
    /// Longest CONNECT, in bytes: its sender is not known yet.
    pub connect_bytes: usize,
    /// Longest packet, in bytes.
    pub packet_bytes: usize,
    /// Longest topic or filter, in bytes.
    pub topic_bytes: usize,
    /// Time for a packet to be complete once it began.
    pub packet_timeout: Duration,
    /// Time in which a client that is sent something has to read some of it.
    pub write_timeout: Duration,
    /// Topics one connection may give a number to (MQTT 5).
    pub aliases: u16,
    /// Messages of one connection that wait for the platform at a time; told to MQTT 5 as Receive Maximum.
    pub in_flight: u16,
    /// Messages to one client that wait for its acknowledgement at a time.
    pub out_flight: u16,
    /// Packets a second of one device; it is read more slowly above.
    pub packets_per_s: u32,
    /// Bytes a second of one device.
    pub bytes_per_s: u32,
    /// Messages that wait for one client, connected or away.
    pub queue: usize,
    /// Bytes that wait for one client.
    pub queue_bytes: usize,
    /// Filters of one session.
    pub subscriptions: usize,
    /// Longest time a session is kept for a client that is away.
    pub session_expiry: Duration,
    /// Retained messages.
    pub retained: usize,
    /// Bytes of all messages that wait for the platform, for clients, or are retained, of wills and of filters. Beside
    /// it a connection has buffers of 4 KiB, and of some 50 KiB while it is busy.
    pub memory_bytes: usize,
    /// Time for messages under way when a connection or the broker ends.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            sessions: 100_000,
            sessions_per_device: 4,
            greetings: 64,
            connect_timeout: Duration::from_secs(10),
            connect_bytes: 16 << 10,
            packet_bytes: 256 << 10,
            topic_bytes: 1024,
            packet_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
            aliases: 16,
            in_flight: 64,
            out_flight: 32,
            packets_per_s: 2_000,
            bytes_per_s: 2 << 20,
            queue: 1_000,
            queue_bytes: 1 << 20,
            subscriptions: 100,
            session_expiry: Duration::from_secs(7 * 24 * 3600),
            retained: 200_000,
            memory_bytes: 256 << 20,
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
    pub bytes: usize,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// How much of something a second, with as much in hand as one second brings.
#[derive(Debug)]
pub(crate) struct Bucket {
    per_s: f64,
    /// May be negative: a packet larger than a second's worth passes, and is paid off afterwards.
    left: f64,
    at: Instant,
}

impl Bucket {
    pub fn new(per_s: u32, now: Instant) -> Self {
        let per_s = f64::from(per_s.max(1));
        Self { per_s, left: per_s, at: now }
    }

    /// How long to wait until anything is left.
    pub fn wait(&mut self, now: Instant) -> Option<Duration> {
        let passed = now.saturating_duration_since(self.at);
        self.at = now;
        self.left = (self.left + passed.as_secs_f64() * self.per_s).min(self.per_s);
        (self.left < 1.0).then(|| Duration::from_secs_f64((1.0 - self.left) / self.per_s))
    }

    pub fn take(&mut self, amount: f64) {
        self.left -= amount;
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
        let mut bucket = Bucket::new(10, start);
        for _ in 0..10 {
            assert_eq!(bucket.wait(start), None);
            bucket.take(1.0);
        }
        assert_eq!(bucket.wait(start), Some(Duration::from_millis(100)));
        assert_eq!(bucket.wait(start + Duration::from_millis(100)), None);
        bucket.take(21.0);
        assert!(bucket.wait(start + Duration::from_millis(1100)).is_some());
        assert_eq!(bucket.wait(start + Duration::from_millis(2400)), None);
    }
}
