//! Hours in which a rule watches, by the clock of the city.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use model::Instant;
use serde::Deserialize;

/// Weekdays and hours. From 22:00 to 06:00 is a night that belongs to the day it begins on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Days: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`; none given means all.
    #[serde(default)]
    pub weekdays: Vec<Day>,
    /// Beginning, `HH:MM`; midnight when left out.
    #[serde(default = "midnight")]
    pub from: Clock,
    /// End, not included, `HH:MM`; the same as the beginning means the whole day.
    #[serde(default = "midnight")]
    pub to: Clock,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A time of day to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Clock(u16);

fn midnight() -> Clock {
    Clock(0)
}

impl TryFrom<String> for Clock {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fault = || format!("a time of day is HH:MM from 00:00 to 23:59, got {text:?}");
        let (hours, minutes) = text.split_once(':').ok_or_else(fault)?;
        let two = |part: &str, below: u16| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u16>().ok().filter(|value| digits && *value < below).ok_or_else(fault)
        };
        Ok(Self(two(hours, 24)? * 60 + two(minutes, 60)?))
    }
}

impl Clock {
    fn time(self) -> Time {
        let part = |minutes: u16| i8::try_from(minutes).unwrap_or(0);
        Time::constant(part(self.0 / 60), part(self.0 % 60), 0, 0)
    }
}

/// Whether a rule watches, and from when to when that stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hours {
    pub(crate) open: bool,
    pub(crate) from: Instant,
    pub(crate) until: Instant,
}

impl Hours {
    pub(crate) fn covers(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
}

impl Schedule {
    /// Whether the rule watches at an instant, and until when.
    pub(crate) fn at(&self, at: Instant, zone: &TimeZone) -> Hours {
        let day = zone.to_datetime(at.to_timestamp()).date();
        let mut hours = Hours { open: false, from: at, until: Instant::from_micros(i64::MAX) };
        // A week and a day each way meets every edge of a weekly pattern.
        for offset in -1..=8 {
            let Ok(date) = day.checked_add(offset.days()) else { continue };
            let wanted = self.weekdays.is_empty() || self.weekdays.iter().any(|day| day.weekday() == date.weekday());
            let end_date = if self.to <= self.from { date.checked_add(1.day()).unwrap_or(date) } else { date };
            let edge = |date: jiff::civil::Date, clock: Clock| {
                zone.to_ambiguous_timestamp(date.to_datetime(clock.time())).compatible().unwrap_or(Timestamp::MAX)
            };
            if !wanted {
                continue;
            }
            let begins = Instant::from_timestamp(edge(date, self.from));
            let ends = Instant::from_timestamp(edge(end_date, self.to));
            if begins <= at && at < ends {
                hours.open = true;
                hours.until = ends;
            } else if at < begins {
                // The end of one day may be the beginning of the next.
                if hours.open && begins <= hours.until {
                    hours.until = ends.max(hours.until);
                    continue;
                }
                if !hours.open {
                    hours.until = begins;
                }
                break;
            }
        }
        hours
    }
}

impl Day {
    fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Monday,
            Self::Tue => Weekday::Tuesday,
            Self::Wed => Weekday::Wednesday,
            Self::Thu => Weekday::Thursday,
            Self::Fri => Weekday::Friday,
            Self::Sat => Weekday::Saturday,
            Self::Sun => Weekday::Sunday,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schedule: &str, at: &str, open: bool, until: &str) {
        let schedule: Schedule = serde_json::from_str(schedule).unwrap();
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let hours = schedule.at(at.parse().unwrap(), &zone);
        assert_eq!((hours.open, hours.until.to_string().as_str()), (open, until), "{schedule:?} {at}");
    }

    #[test]
    fn hours_are_those_of_the_city() {
        // 2026-11-27 is a Friday; Shanghai is eight hours ahead.
        let work = r#"{"weekdays":["mon","tue","wed","thu","fri"],"from":"08:00","to":"18:00"}"#;
        check(work, "2026-11-27T00:00:00Z", true, "2026-11-27T10:00:00Z");
        check(work, "2026-11-26T23:59:59Z", false, "2026-11-27T00:00:00Z");
        check(work, "2026-11-27T10:00:00Z", false, "2026-11-30T00:00:00Z");
        let night = r#"{"weekdays":["fri"],"from":"22:00","to":"06:00"}"#;
        check(night, "2026-11-27T21:00:00Z", true, "2026-11-27T22:00:00Z");
        check(night, "2026-11-27T22:00:00Z", false, "2026-12-04T14:00:00Z");
        let weekend = r#"{"weekdays":["sat","sun"]}"#;
        check(weekend, "2026-11-27T16:00:00Z", true, "2026-11-29T16:00:00Z");
    }

    #[test]
    fn a_time_of_day_has_two_digits_and_two() {
        for text in ["8:00", "24:00", "08:60", "0800", "+8:00", ""] {
            assert!(Clock::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
