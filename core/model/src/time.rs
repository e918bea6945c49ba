//! Instants, and the clock that gives them. Nothing in the platform reads a clock by itself.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970-01-01T00:00:00Z, without leap seconds (POSIX).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// The instant `micros` later (earlier when negative), held at the ends of the range.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to `self`; negative when `earlier` is the later one.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The same instant as a jiff timestamp.
    ///
    /// # Panics
    /// Never: every instant made by [`Instant::from_timestamp`] is in range, others are clamped to jiff's range.
    pub fn to_timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// From a jiff timestamp, rounded down to the microsecond.
    pub fn from_timestamp(timestamp: jiff::Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC, such as `2026-11-23T08:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_timestamp(), f)
    }
}

impl std::str::FromStr for Instant {
    type Err = jiff::Error;

    /// Parses RFC 3339 with a zone offset.
    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<jiff::Timestamp>().map(Self::from_timestamp)
    }
}

/// Gives the present instant. The only real one is made in the executable; tests move theirs by hand.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Instant;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_print_and_parse_as_rfc_3339() {
        let at: Instant = "2026-11-23T16:00:00.5+08:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-11-23T08:00:00.5Z");
        assert!("2026-11-23 16:00".parse::<Instant>().is_err(), "a zone is required");
    }
}
