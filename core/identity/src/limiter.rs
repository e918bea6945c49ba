//! Rate limits: a token bucket per key, in memory, bounded, with the clock as an argument.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use model::Instant;

/// How much is allowed: `burst` at once, then `per_minute` a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests at once from a rested key.
    pub burst: u32,
    /// Requests a minute in the long run; at least 1.
    pub per_minute: u32,
}

impl Rate {
    /// Microseconds in which one request is earned back.
    const fn cost_us(self) -> i64 {
        60_000_000 / if self.per_minute == 0 { 1 } else { self.per_minute as i64 }
    }
}

/// Counts requests per key.
///
/// Kept as GCRA: one instant a key, the time at which its bucket would be full again.
#[derive(Debug)]
pub struct RateLimiter<K> {
    rate: Rate,
    keys_max: usize,
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> RateLimiter<K> {
    /// Begins with nothing used. At most `keys_max` keys are remembered; beyond that the rested ones are forgotten
    /// first and, when none is rested, everybody begins anew: memory is bounded before fairness.
    pub fn new(rate: Rate, keys_max: usize) -> Self {
        Self { rate, keys_max, full_at: Mutex::new(HashMap::new()) }
    }

    /// Takes one request from the key's bucket.
    ///
    /// # Errors
    /// The wait in whole seconds, rounded up, when the bucket is empty.
    pub fn take(&self, key: K, now: Instant) -> Result<(), u64> {
        let cost_us = self.rate.cost_us();
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= self.keys_max && !full_at.contains_key(&key) {
            full_at.retain(|_, at| now < *at);
            if full_at.len() >= self.keys_max {
                full_at.clear();
            }
        }
        let at = full_at.entry(key).or_insert(now);
        let next = (*at).max(now).plus_micros(cost_us);
        let excess_us = next.micros_since(now) - cost_us.saturating_mul(self.rate.burst.into());
        if excess_us > 0 {
            return Err(excess_us.unsigned_abs().div_ceil(1_000_000));
        }
        *at = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate_then_a_wait() {
        let limiter = RateLimiter::new(Rate { burst: 3, per_minute: 60 }, 10);
        let at = |s: i64| Instant::from_micros(s * 1_000_000);
        for (second, expect) in [
            (0, Ok(())),
            (0, Ok(())),
            (0, Ok(())),
            (0, Err(1)),
            (1, Ok(())),
            (1, Err(1)),
            (10, Ok(())),
            (10, Ok(())),
            (10, Ok(())),
            (10, Err(1)),
        ] {
            assert_eq!(limiter.take("a", at(second)), expect, "at {second} s");
        }
        assert_eq!(limiter.take("b", at(1)), Ok(()), "keys do not share a bucket");
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = RateLimiter::new(Rate { burst: 1, per_minute: 1 }, 100);
        (0..1_000).for_each(|key| {
            let _ = limiter.take(key, Instant::from_micros(0));
        });
        assert!(limiter.full_at.lock().unwrap().len() <= 100);
    }

    #[test]
    fn rested_keys_are_forgotten_before_busy_ones() {
        let limiter = RateLimiter::new(Rate { burst: 1, per_minute: 1 }, 2);
        let at = |s: i64| Instant::from_micros(s * 1_000_000);
        assert_eq!(limiter.take("rested", at(0)), Ok(()));
        assert_eq!(limiter.take("busy", at(59)), Ok(()));
        assert_eq!(limiter.take("new", at(61)), Ok(()));
        assert_eq!(limiter.take("busy", at(61)), Err(58));
    }
}
