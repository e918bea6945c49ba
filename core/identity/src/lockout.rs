//! Lock-out: a login that fails again and again must wait longer and longer.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::Instant;

/// Failures before the first wait: a person may mistype a few times.
pub const FREE_FAILURES: u32 = 5;

/// The first wait, 30 s; it doubles with every further failure.
const FIRST_WAIT_US: i64 = 30_000_000;

/// The longest wait, 1 h: long enough against guessing (24 tries a day), short enough for its owner.
const LONGEST_WAIT_US: i64 = 3_600_000_000;

/// Until when a login is locked after that many failures in a row, the last one at `now`.
pub fn locked_until(failures: u32, now: Instant) -> Option<Instant> {
    let beyond = failures.checked_sub(FREE_FAILURES)?;
    let wait_us = FIRST_WAIT_US.saturating_mul(1_i64.checked_shl(beyond.min(20)).unwrap_or(i64::MAX));
    Some(now.plus_micros(wait_us.min(LONGEST_WAIT_US)))
}

/// Logins kept in memory that exist nowhere: 10 000 × about 64 bytes.
const UNKNOWN_MAX: usize = 10_000;

/// How often it failed, and until when it is locked.
type Failures = (u32, Option<Instant>);

/// Failures of logins that do not exist, counted like those of logins that do, so that the answers tell nothing.
#[derive(Debug, Default)]
pub struct UnknownLogins(Mutex<HashMap<[u8; 32], Failures>>);

impl UnknownLogins {
    /// Until when this login is locked.
    pub fn locked_until(&self, login_hash: &[u8; 32]) -> Option<Instant> {
        let logins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logins.get(login_hash).and_then(|(_, until)| *until)
    }

    /// Counts a failure.
    pub fn record_failure(&self, login_hash: [u8; 32], now: Instant) {
        let mut logins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if logins.len() >= UNKNOWN_MAX && !logins.contains_key(&login_hash) {
            logins.retain(|_, (_, until)| until.is_some_and(|until| now < until));
            if logins.len() >= UNKNOWN_MAX {
                logins.clear();
            }
        }
        let (failures, until) = logins.entry(login_hash).or_default();
        *failures = failures.saturating_add(1);
        *until = locked_until(*failures, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_begins_at_the_fifth_failure_and_doubles_to_an_hour() {
        let now = Instant::from_micros(0);
        for (failures, expect_s) in [
            (0, None),
            (4, None),
            (5, Some(30)),
            (6, Some(60)),
            (7, Some(120)),
            (11, Some(1_920)),
            (12, Some(3_600)),
            (400, Some(3_600)),
        ] {
            let waits_s = locked_until(failures, now).map(|until| until.as_micros() / 1_000_000);
            assert_eq!(waits_s, expect_s, "after {failures} failures");
        }
    }

    #[test]
    fn logins_that_do_not_exist_lock_like_those_that_do() {
        let logins = UnknownLogins::default();
        let now = Instant::from_micros(0);
        (0..FREE_FAILURES).for_each(|_| logins.record_failure([1; 32], now));
        assert_eq!(logins.locked_until(&[1; 32]), locked_until(FREE_FAILURES, now));
        assert_eq!(logins.locked_until(&[2; 32]), None);
    }

    #[test]
    fn memory_for_unknown_logins_is_bounded() {
        let logins = UnknownLogins::default();
        for n in 0..UNKNOWN_MAX + 10 {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&n.to_be_bytes());
            logins.record_failure(hash, Instant::from_micros(0));
        }
        assert!(logins.0.lock().unwrap().len() <= UNKNOWN_MAX);
    }
}
