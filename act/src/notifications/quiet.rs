//! Quiet hours: a part of the day, in the city's time zone, in which nobody's phone rings for what can wait.

use jiff::ToSpan;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use model::Instant;
use store::QuietRow;

/// Minutes of a day.
const DAY_MIN: u16 = 24 * 60;

/// From a minute of the day to another, over midnight when the second comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from_min: u16,
    to_min: u16,
}

/// Why two times are no quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("quiet hours are two different times of the day, written 22:00 and 08:00")]
pub struct QuietError;

impl Default for QuietHours {
    /// 22:00 to 08:00.
    fn default() -> Self {
        Self { from_min: 22 * 60, to_min: 8 * 60 }
    }
}

impl QuietHours {
    /// Takes two times of the day written `HH:MM`.
    ///
    /// # Errors
    /// [`QuietError`] when one is none, or both are the same.
    pub fn parse(from: &str, to: &str) -> Result<Self, QuietError> {
        let hours = Self { from_min: minute_of(from)?, to_min: minute_of(to)? };
        if hours.from_min == hours.to_min { Err(QuietError) } else { Ok(hours) }
    }

    /// Quiet hours as they were kept; `None` where none are wanted.
    pub(super) const fn of_row(row: QuietRow) -> Option<Self> {
        match row {
            QuietRow::Never => None,
            QuietRow::Hours { from_min, to_min } => Some(Self { from_min, to_min }),
        }
    }

    /// As they are kept.
    pub(super) const fn to_row(self) -> QuietRow {
        QuietRow::Hours { from_min: self.from_min, to_min: self.to_min }
    }

    /// When they begin, `HH:MM`.
    pub fn from(self) -> String {
        written(self.from_min)
    }

    /// When they end, `HH:MM`.
    pub fn to(self) -> String {
        written(self.to_min)
    }

    /// The end of the quiet hours that `now` lies in; `None` outside them. A time that the clocks skip is the one after,
    /// one that comes twice the first.
    pub fn end(self, now: Instant, zone: &TimeZone) -> Option<Instant> {
        let local = zone.to_datetime(now.to_timestamp());
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).ok()?;
        let (from, to) = (self.from_min, self.to_min);
        let is_within = if from < to { from <= minute && minute < to } else { from <= minute || minute < to };
        if !is_within {
            return None;
        }
        let ends_tomorrow = to <= minute;
        let day = if ends_tomorrow { local.date().checked_add(1.day()).ok()? } else { local.date() };
        let time = Time::new(i8::try_from(to / 60).ok()?, i8::try_from(to % 60).ok()?, 0, 0).ok()?;
        let end = zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().ok()?;
        // Where clocks go back the end may lie behind us already.
        Some(Instant::from_timestamp(end)).filter(|end| now < *end)
    }
}

fn minute_of(text: &str) -> Result<u16, QuietError> {
    let (hours, minutes) = text.split_once(':').ok_or(QuietError)?;
    let number = |text: &str, max: u16| {
        let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| text.parse::<u16>().ok()).flatten().filter(|number| *number <= max).ok_or(QuietError)
    };
    Ok((number(hours, 23)? * 60 + number(minutes, 59)?) % DAY_MIN)
}

fn written(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hours: (&str, &str), zone: &str, now: &str, expect: Option<&str>) {
        let quiet = QuietHours::parse(hours.0, hours.1).unwrap();
        let zone = TimeZone::get(zone).unwrap();
        let end = quiet.end(now.parse().unwrap(), &zone).map(|end| end.to_string());
        assert_eq!(end.as_deref(), expect, "{hours:?} at {now}");
    }

    #[test]
    fn quiet_hours_end_in_the_city_s_zone() {
        const NIGHT: (&str, &str) = ("22:00", "08:00");
        for (now, expect) in [
            ("2026-11-26T21:59:59+08:00", None),
            ("2026-11-26T22:00:00+08:00", Some("2026-11-27T00:00:00Z")),
            ("2026-11-26T23:59:59+08:00", Some("2026-11-27T00:00:00Z")),
            ("2026-11-27T00:00:00+08:00", Some("2026-11-27T00:00:00Z")),
            ("2026-11-27T07:59:59+08:00", Some("2026-11-27T00:00:00Z")),
            ("2026-11-27T08:00:00+08:00", None),
            ("2026-12-31T22:30:00+08:00", Some("2027-01-01T00:00:00Z")),
            // The same instant, told in another zone, is the same.
            ("2026-11-26T14:30:00Z", Some("2026-11-27T00:00:00Z")),
            ("2026-11-26T23:30:00-05:00", None),
        ] {
            check(NIGHT, "Asia/Shanghai", now, expect);
        }
    }

    #[test]
    fn quiet_hours_within_a_day() {
        const NOON: (&str, &str) = ("12:30", "14:00");
        for (now, expect) in [
            ("2026-11-26T12:29:00+08:00", None),
            ("2026-11-26T12:30:00+08:00", Some("2026-11-26T06:00:00Z")),
            ("2026-11-26T14:00:00+08:00", None),
            ("2026-11-26T23:00:00+08:00", None),
        ] {
            check(NOON, "Asia/Shanghai", now, expect);
        }
    }

    #[test]
    fn clocks_that_change_in_the_night() {
        // 2026-03-08: 02:00 becomes 03:00; 2026-11-01: 02:00 becomes 01:00 again.
        for (hours, now, expect) in [
            (("22:00", "08:00"), "2026-03-07T23:00:00-05:00", Some("2026-03-08T12:00:00Z")),
            (("22:00", "08:00"), "2026-10-31T23:00:00-04:00", Some("2026-11-01T13:00:00Z")),
            // The end is skipped: the hour after.
            (("22:00", "02:30"), "2026-03-08T01:00:00-05:00", Some("2026-03-08T07:30:00Z")),
            // The end comes twice: the first; in the second hour they are over.
            (("22:00", "01:30"), "2026-11-01T01:10:00-04:00", Some("2026-11-01T05:30:00Z")),
            (("22:00", "01:30"), "2026-11-01T01:10:00-05:00", None),
        ] {
            check(hours, "America/New_York", now, expect);
        }
    }

    #[test]
    fn two_times_of_the_day_and_nothing_else() {
        for (from, to, fits) in [
            ("22:00", "08:00", true),
            ("00:00", "23:59", true),
            ("08:00", "08:00", false),
            ("24:00", "08:00", false),
            ("8:00", "09:00", false),
            ("22:60", "08:00", false),
            ("+1:00", "08:00", false),
            ("", "", false),
        ] {
            assert_eq!(QuietHours::parse(from, to).is_ok(), fits, "{from} {to}");
        }
    }
}
