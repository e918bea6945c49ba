//! Civil days of a calendar: dates, hours and holidays as the rules write them.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use model::Instant;

use super::{DAY_US, MINUTE_US};
use crate::city::{Holiday, HolidayRule, Weekday};

/// Years in which a holiday given by rule is worked out: those the calendars cover.
const RULE_YEARS: std::ops::RangeInclusive<i16> = 1970..=2120;

/// Parses `2026-10-01`.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
    if shape { text.parse().ok() } else { None }
}

/// Opening hours of a day as microseconds since midnight; they must be ordered and apart.
pub(crate) fn parse_hours(spans: &[[String; 2]]) -> Result<Vec<(i64, i64)>, String> {
    let mut parsed: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
    for [from, to] in spans {
        let clock =
            |text: &str| parse_clock(text).ok_or_else(|| format!("{text:?} is not a clock time from 00:00 to 24:00"));
        let (begin, end) = (clock(from)?, clock(to)?);
        if end <= begin {
            return Err(format!("opening hours must end after they begin, got {from} to {to}"));
        }
        if parsed.last().is_some_and(|&(_, before)| begin < before) {
            return Err(format!("opening hours must be in order and apart, {from} to {to} begins too early"));
        }
        match parsed.last_mut() {
            Some(last) if last.1 == begin => last.1 = end,
            _ => parsed.push((begin, end)),
        }
    }
    Ok(parsed)
}

/// Parses `08:30` to microseconds since midnight; `24:00` is the day's end.
fn parse_clock(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 5 && bytes[2] == b':' && [0, 1, 3, 4].iter().all(|&at| bytes[at].is_ascii_digit());
    if !shape {
        return None;
    }
    let digit = |at: usize| i64::from(bytes[at] - b'0');
    let (hour, minute) = (digit(0) * 10 + digit(1), digit(3) * 10 + digit(4));
    (minute < 60 && (hour < 24 || (hour == 24 && minute == 0))).then_some((hour * 60 + minute) * MINUTE_US)
}

/// Every day a holiday closes; the text of the first bad date otherwise.
pub(crate) fn closed_days(holiday: &Holiday) -> Result<Vec<Date>, String> {
    let applies = |date: &Date| {
        holiday.from_year.is_none_or(|year| year <= date.year())
            && holiday.to_year.is_none_or(|year| date.year() <= year)
    };
    let days: Vec<Date> = match &holiday.when {
        HolidayRule::Dates { from, to } => {
            let first = parse_date(from).ok_or_else(|| from.clone())?;
            let last = to.as_ref().map_or(Ok(first), |to| parse_date(to).ok_or_else(|| to.clone()))?;
            if last < first {
                return Err(format!("{from}..{last}"));
            }
            first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last).collect()
        }
        rule => {
            let first = holiday.from_year.unwrap_or(i16::MIN).max(*RULE_YEARS.start());
            let last = holiday.to_year.unwrap_or(i16::MAX).min(*RULE_YEARS.end());
            return Ok((first..=last).filter_map(|year| day_in_year(rule, year)).collect());
        }
    };
    Ok(days.into_iter().filter(applies).collect())
}

/// The day a yearly rule names in a year; absent when that year has none (29 February, a fifth Monday).
pub(crate) fn day_in_year(rule: &HolidayRule, year: i16) -> Option<Date> {
    match rule {
        HolidayRule::Dates { .. } => None,
        HolidayRule::Yearly { month, day, sunday_to_monday } => {
            let date = Date::new(year, *month, *day).ok()?;
            let moves = *sunday_to_monday && date.weekday() == jiff::civil::Weekday::Sunday;
            if moves { date.tomorrow().ok() } else { Some(date) }
        }
        HolidayRule::NthWeekday { month, weekday, nth } => {
            Date::new(year, *month, 1).ok()?.nth_weekday_of_month(*nth, jiff_weekday(*weekday)).ok()
        }
    }
}

const fn jiff_weekday(weekday: Weekday) -> jiff::civil::Weekday {
    use jiff::civil::Weekday as Jiff;
    match weekday {
        Weekday::Mon => Jiff::Monday,
        Weekday::Tue => Jiff::Tuesday,
        Weekday::Wed => Jiff::Wednesday,
        Weekday::Thu => Jiff::Thursday,
        Weekday::Fri => Jiff::Friday,
        Weekday::Sat => Jiff::Saturday,
        Weekday::Sun => Jiff::Sunday,
    }
}

/// Days of `first..end` that touch a change of the zone's offset, ordered.
pub(super) fn irregular_days(zone: &TimeZone, first: i64, end: i64) -> Vec<i64> {
    let begin = Instant::from_micros((first - 1) * DAY_US).to_timestamp();
    let mut days = Vec::new();
    for change in zone.following(begin) {
        let after = change.timestamp();
        let at = Instant::from_timestamp(after);
        if at.as_micros() >= (end + 1) * DAY_US {
            break;
        }
        let before = at.plus_micros(-1).to_timestamp();
        for offset in [zone.to_offset(before), zone.to_offset(after)] {
            days.push((at.as_micros() + i64::from(offset.seconds()) * 1_000_000).div_euclid(DAY_US));
        }
        // A change at midnight sharp also ends the day before.
        days.push((at.as_micros() - 1 + i64::from(zone.to_offset(before).seconds()) * 1_000_000).div_euclid(DAY_US));
    }
    days.sort_unstable();
    days.dedup();
    days
}

/// Microseconds from 1970-01-01 00:00 to the date's midnight, both without a zone.
pub(super) fn civil_us(date: Date) -> i64 {
    Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).map_or(0, |midnight| midnight.as_microsecond())
}

/// The instant of a civil time given as microseconds since 1970-01-01 00:00 without a zone.
///
/// In a gap the clock is read with the offset before it (later), in a fold the earlier of the two instants is meant.
pub(super) fn resolve(zone: &TimeZone, civil_us: i64) -> Instant {
    let civil: DateTime = Offset::UTC.to_datetime(Instant::from_micros(civil_us).to_timestamp());
    zone.to_ambiguous_timestamp(civil)
        .compatible()
        .map_or_else(|_| Instant::from_micros(civil_us), Instant::from_timestamp)
}
