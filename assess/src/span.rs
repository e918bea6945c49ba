//! Spans of time as rules write them: `90s`, `10m`, `1h30m`, `2d`. Never a calendar's days or months.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// Longest span of a rule: 31 days.
pub const SPAN_MAX: Span = Span(31 * 86_400 * 1_000_000);

/// Units with their length in microseconds, longest first.
const UNITS: [(&str, i64); 5] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000)];

/// A length of time in microseconds, 0 to 31 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(i64);

/// Why a text is not a span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Not numbers with units.
    #[error(
        "a span is whole numbers with units d, h, m, s, ms from the longest to the shortest, such as \"1h30m\", got {0:?}"
    )]
    Shape(String),
    /// Too long.
    #[error("a span is at most 31d, got {0:?}")]
    Long(String),
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many seconds, at most 31 days.
    pub fn from_secs(secs: u32) -> Self {
        Self((i64::from(secs) * 1_000_000).min(SPAN_MAX.0))
    }

    /// So many microseconds, if a span can be that long.
    pub(crate) fn from_micros(micros: i64) -> Option<Self> {
        (0..=SPAN_MAX.0).contains(&micros).then_some(Self(micros))
    }

    /// In microseconds.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// True when it has no length.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let shape = || SpanError::Shape(text.chars().take(32).collect());
        let (mut rest, mut micros, mut from) = (text, 0_i64, 0);
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let letters = rest[digits..].bytes().take_while(u8::is_ascii_lowercase).count();
            if !(1..=9).contains(&digits) {
                return Err(shape());
            }
            let amount: i64 = rest[..digits].parse().map_err(|_| shape())?;
            let unit = &rest[digits..digits + letters];
            let place = UNITS.iter().position(|(word, _)| *word == unit).filter(|place| *place >= from);
            let place = place.ok_or_else(shape)?;
            micros = micros.saturating_add(amount.saturating_mul(UNITS[place].1));
            from = place + 1;
            rest = &rest[digits + letters..];
        }
        match micros {
            _ if text.is_empty() => Err(shape()),
            _ if micros > SPAN_MAX.0 => Err(SpanError::Long(text.to_owned())),
            _ => Ok(Self(micros)),
        }
    }
}

impl TryFrom<String> for Span {
    type Error = SpanError;

    fn try_from(text: String) -> Result<Self, SpanError> {
        text.parse()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, micros) in UNITS {
            if rest >= micros {
                write!(f, "{}{unit}", rest / micros)?;
                rest %= micros;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_numbers_with_units_from_long_to_short() {
        for (text, expect) in [
            ("90s", Some("1m30s")),
            ("1h30m", Some("1h30m")),
            ("250ms", Some("250ms")),
            ("0s", Some("0s")),
            ("31d", Some("31d")),
            ("32d", None),
            ("", None),
            ("10", None),
            ("m", None),
            ("30m1h", None),
            ("1m1m", None),
            ("-1m", None),
            ("1.5h", None),
            ("1 h", None),
            ("9999999999s", None),
            ("1灯", None),
        ] {
            assert_eq!(text.parse::<Span>().ok().map(|span| span.to_string()).as_deref(), expect, "{text:?}");
        }
    }
}
