//! Limits (时限): an amount and the kind of time it counts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kind of time a limit counts (GB/T 30428's 时限 grades, see the pack's calendars).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitUnit {
    /// 紧急工作分: a minute that runs day and night.
    UrgentMinute,
    /// 紧急工作时: an hour that runs day and night.
    UrgentHour,
    /// 紧急工作日: 24 hours that run day and night.
    UrgentDay,
    /// A minute within the calendar's opening hours.
    WorkingMinute,
    /// 工作时: an hour within the calendar's opening hours.
    WorkingHour,
    /// 工作日: a working day of the calendar; the clock time of the start is kept.
    WorkingDay,
    /// 自然日: a civil day of the calendar's time zone; the clock time of the start is kept.
    CalendarDay,
}

/// Every unit with its canonical word, then the words accepted beside it (those of common case standards).
const WORDS: [(LimitUnit, &str, &[&str]); 7] = [
    (LimitUnit::UrgentMinute, "urgent_minute", &["minute"]),
    (LimitUnit::UrgentHour, "urgent_hour", &["urgent_work_hour", "urgent_working_hour", "hour"]),
    (LimitUnit::UrgentDay, "urgent_day", &["urgent_work_day", "urgent_working_day"]),
    (LimitUnit::WorkingMinute, "working_minute", &["work_minute"]),
    (LimitUnit::WorkingHour, "working_hour", &["work_hour"]),
    (LimitUnit::WorkingDay, "working_day", &["work_day"]),
    (LimitUnit::CalendarDay, "calendar_day", &["day"]),
];

impl LimitUnit {
    /// The canonical word, such as `working_day`.
    pub fn as_str(self) -> &'static str {
        WORDS.iter().find(|(unit, ..)| *unit == self).map_or("", |(_, word, _)| word)
    }
}

/// Most units in one limit: ten years of days; more is a mistake of the pack.
const AMOUNT_MAX: u32 = 3_660;

/// An amount of one kind of time, such as `3 working_day`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Limit {
    amount: u32,
    unit: LimitUnit,
}

/// Why a text is not a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Not a number and a unit.
    #[error("a limit is a whole number and a unit, such as \"3 working_day\", got {0:?}")]
    Shape(String),
    /// The unit is not known.
    #[error(
        "unknown unit {0:?}: use urgent_minute, urgent_hour, urgent_day, working_minute, working_hour, working_day or calendar_day"
    )]
    Unit(String),
    /// The amount is out of range.
    #[error("a limit must be 1 to {AMOUNT_MAX} units, got {0}")]
    Amount(u64),
}

impl Limit {
    /// Makes a limit of `amount` units.
    ///
    /// # Errors
    /// [`LimitError::Amount`] when the amount is 0 or above 3 660.
    pub fn new(amount: u32, unit: LimitUnit) -> Result<Self, LimitError> {
        if (1..=AMOUNT_MAX).contains(&amount) {
            Ok(Self { amount, unit })
        } else {
            Err(LimitError::Amount(amount.into()))
        }
    }

    /// How many units.
    pub const fn amount(self) -> u32 {
        self.amount
    }

    /// Which kind of time.
    pub const fn unit(self) -> LimitUnit {
        self.unit
    }
}

impl FromStr for Limit {
    type Err = LimitError;
    fn from_str(text: &str) -> Result<Self, LimitError> {
        let mut words = text.split_whitespace();
        let (Some(amount), Some(unit), None) = (words.next(), words.next(), words.next()) else {
            return Err(LimitError::Shape(text.to_owned()));
        };
        let amount: u64 = amount.parse().map_err(|_| LimitError::Shape(text.to_owned()))?;
        let unit = WORDS
            .iter()
            .find(|(_, word, others)| *word == unit || others.contains(&unit))
            .map(|(unit, ..)| *unit)
            .ok_or_else(|| LimitError::Unit(unit.to_owned()))?;
        u32::try_from(amount).map_err(|_| LimitError::Amount(amount)).and_then(|amount| Self::new(amount, unit))
    }
}

impl TryFrom<String> for Limit {
    type Error = LimitError;
    fn try_from(text: String) -> Result<Self, LimitError> {
        text.parse()
    }
}

impl From<Limit> for String {
    fn from(limit: Limit) -> Self {
        limit.to_string()
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.unit.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_parse_to_their_canonical_words() {
        for (text, expect) in [
            ("3 working_day", Ok("3 working_day")),
            ("2 urgent_work_hour", Ok("2 urgent_hour")),
            ("4 work_hour", Ok("4 working_hour")),
            ("0 working_day", Err(LimitError::Amount(0))),
            ("3", Err(LimitError::Shape("3".into()))),
            ("3 fortnight", Err(LimitError::Unit("fortnight".into()))),
            ("-1 working_day", Err(LimitError::Shape("-1 working_day".into()))),
        ] {
            assert_eq!(text.parse::<Limit>().map(|limit| limit.to_string()), expect.map(str::to_owned), "{text}");
        }
    }
}
