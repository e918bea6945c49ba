//! Days of a lake: numbered from 1970-01-01 at a fixed offset from UTC, one folder each.

use jiff::civil::Date;
use model::Instant;

use crate::options::Retention;

/// Microseconds of an hour.
pub(crate) const HOUR_US: i64 = 3_600_000_000;
/// Microseconds of a day.
pub(crate) const DAY_US: i64 = 24 * HOUR_US;
/// The first instant no reading may have: the year 10000, less a day for any zone.
pub(crate) const END_US: i64 = 253_402_300_800_000_000 - DAY_US;

/// Divides time into days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone {
    offset_us: i64,
}

impl Zone {
    /// At so many seconds from UTC.
    pub fn new(offset_s: i32) -> Self {
        Self { offset_us: i64::from(offset_s) * 1_000_000 }
    }

    /// The day of an instant.
    pub fn day(self, at_us: i64) -> i32 {
        let day = at_us.saturating_add(self.offset_us).div_euclid(DAY_US);
        day.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
    }

    /// The instant a day begins.
    pub fn begin(self, day: i32) -> i64 {
        i64::from(day) * DAY_US - self.offset_us
    }

    /// From when on readings of a day are not kept as such; `None` when always.
    pub fn raw_until(self, day: i32, retention: Retention) -> Option<i64> {
        retention.raw_days.map(|days| self.begin(day) + (i64::from(days) + 1) * DAY_US)
    }

    /// From when on hourly means of a day are not kept.
    pub fn hourly_until(self, day: i32, retention: Retention) -> Option<i64> {
        let days = if retention.keeps_hours() { retention.hourly_days } else { retention.raw_days };
        days.map(|days| self.begin(day) + (i64::from(days) + 1) * DAY_US)
    }

    /// Whether a reading is too old to be kept at `now`.
    pub fn is_too_old(self, at: Instant, retention: Retention, now: i64) -> bool {
        self.raw_until(self.day(at.as_micros()), retention).is_some_and(|until| until <= now)
    }
}

/// The folder of a day, as other programs read partitions: `day=2026-11-23`.
pub(crate) fn folder(day: i32) -> String {
    let date = Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap_or(Date::MAX);
    format!("day={date}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_its_zone() {
        let china = Zone::new(28_800);
        let at = |text: &str| text.parse::<Instant>().unwrap().as_micros();
        let day = china.day(at("2026-11-23T00:00:00+08:00"));
        assert_eq!(folder(day), "day=2026-11-23");
        assert_eq!(china.day(at("2026-11-22T23:59:59.999999+08:00")), day - 1);
        assert_eq!(china.begin(day), at("2026-11-23T00:00:00+08:00"));
        assert_eq!(folder(0), "day=1970-01-01");
    }
}
