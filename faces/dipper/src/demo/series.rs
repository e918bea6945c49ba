//! Real series of the past, told again: by whole weeks, so that a rush hour is at its hour and its day of the week.
//!
//! What was measured on the wall clock of one city is told at the same time of the wall clock of another, whatever their
//! zones. A series that has ended begins anew, after a whole number of weeks.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span};
use model::Instant;
use serde_json::{Map, Value};

/// Seconds of a week.
const WEEK_S: i64 = 7 * 86_400;

/// So far a wall clock is put forward or back at most, seconds.
const SHIFT_S: i64 = 2 * 3_600;

/// What one place measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The class of the device that tells it again.
    pub class: &'static str,
    /// What its place is called where it was measured.
    pub name: String,
    /// The properties of the class, in the order of the values.
    pub properties: &'static [&'static str],
    /// The Monday, 00:00, at or before the first row.
    base: DateTime,
    /// How many weeks are told before it begins anew.
    weeks: i64,
    /// Rows: seconds from the Monday, increasing; and what was measured then, `None` where nothing was.
    rows: Vec<(i64, Box<[Option<f64>]>)>,
}

impl Series {
    /// The series of rows, which come in the order of time, each at its own. Beside it the rows that are left off, for they
    /// belong to a week that is not whole. `None` where there are no rows.
    pub fn new(
        class: &'static str,
        name: String,
        properties: &'static [&'static str],
        rows: Vec<(DateTime, Box<[Option<f64>]>)>,
    ) -> Option<(Self, usize)> {
        let (first, last) = (rows.first()?.0, rows.last()?.0);
        let days = i64::from(first.weekday().to_monday_zero_offset());
        let base = first.start_of_day().checked_sub(Span::new().days(days)).ok()?;
        // The day of the last row counts as whole.
        let end = last.start_of_day().checked_add(Span::new().days(1)).ok()?;
        let weeks = (end.duration_since(base).as_secs() / WEEK_S).max(1);
        let count = rows.len();
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(at, values)| (at.duration_since(base).as_secs(), values))
            .take_while(|(at, _)| *at < weeks * WEEK_S)
            .collect();
        let left_off = count - rows.len();
        Some((Self { class, name, properties, base, weeks, rows }, left_off))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// What is told after an instant, on the wall clock of a zone: when, and which row. It never ends.
    pub fn after<'a>(&'a self, zone: &'a TimeZone, from: Instant) -> impl Iterator<Item = (Instant, usize)> + 'a {
        let local = zone.to_datetime(from.to_timestamp());
        // The wall clock may be put forward or back just then: what is too early is passed over below.
        let since = local.duration_since(self.base).as_secs() - SHIFT_S;
        let round_s = self.weeks * WEEK_S;
        let (mut round, within) = (since.div_euclid(round_s), since.rem_euclid(round_s));
        let mut next = self.rows.partition_point(|(at, _)| *at < within);
        let mut told = from;
        std::iter::from_fn(move || {
            loop {
                if next == self.rows.len() {
                    (round, next) = (round + 1, 0);
                }
                let row = next;
                next += 1;
                let at = self.base.checked_add(SignedDuration::from_secs(round * round_s + self.rows.get(row)?.0));
                let at = Instant::from_timestamp(zone.to_timestamp(at.ok()?).ok()?);
                // An hour that the wall clock shows twice, or passes over, is told once.
                if told < at {
                    told = at;
                    return Some((at, row));
                }
            }
        })
    }

    /// What a row says, as a device puts it.
    pub fn values(&self, row: usize) -> Map<String, Value> {
        let values = self.rows.get(row).map(|(_, values)| values.iter()).unwrap_or_default();
        let named = self.properties.iter().zip(values);
        named.filter_map(|(name, value)| value.map(|value| ((*name).to_owned(), value.into()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KUNMING: &str = "Asia/Shanghai";

    /// A series of rows that each measured their own number.
    fn series(rows: &[&str]) -> (Series, usize) {
        let rows = rows
            .iter()
            .enumerate()
            .map(|(number, at)| (at.parse().unwrap(), Box::from([Some(number as f64)])))
            .collect();
        Series::new("pedestrian_counter", "x".to_owned(), &["passers"], rows).unwrap()
    }

    fn told(series: &Series, zone: &str, from: &str, count: usize) -> Vec<String> {
        let zone = TimeZone::get(zone).unwrap();
        let told = series.after(&zone, from.parse().unwrap()).take(count);
        told.map(|(at, row)| format!("{} = {row}", zone.to_datetime(at.to_timestamp()).strftime("%a %F %H:%M")))
            .collect()
    }

    #[test]
    fn a_rush_hour_stays_at_its_hour_and_its_day_of_the_week() {
        // Two weeks from Tuesday, 2016-10-04 on: what was on Tuesday at 8 is on a Tuesday at 8, ten years later.
        let (two_weeks, left_off) =
            series(&["2016-10-04T08:00", "2016-10-04T17:30", "2016-10-11T08:00", "2016-10-16T23:30"]);
        assert_eq!(left_off, 0);
        // 529 weeks after the first Monday: the second of the two.
        assert_eq!(
            told(&two_weeks, KUNMING, "2026-11-23T00:00:00+08:00", 5),
            [
                "Tue 2026-11-24 08:00 = 2",
                "Sun 2026-11-29 23:30 = 3",
                "Tue 2026-12-01 08:00 = 0",
                "Tue 2026-12-01 17:30 = 1",
                "Tue 2026-12-08 08:00 = 2"
            ]
        );
    }

    #[test]
    fn it_goes_on_after_the_instant_and_tells_nothing_twice() {
        let (daily, _) = series(&["2016-10-03T08:00", "2016-10-09T08:00"]);
        assert_eq!(told(&daily, KUNMING, "2026-11-23T08:00:00+08:00", 1), ["Sun 2026-11-29 08:00 = 1"]);
        assert_eq!(told(&daily, KUNMING, "2026-11-23T07:59:59+08:00", 1), ["Mon 2026-11-23 08:00 = 0"]);
    }

    #[test]
    fn an_hour_that_a_wall_clock_has_twice_or_not_at_all_is_told_once() {
        let hours: Vec<_> =
            (0..24 * 7).map(|hour| format!("2017-01-{:02}T{:02}:00", 2 + hour / 24, hour % 24)).collect();
        let (hourly, _) = series(&hours.iter().map(String::as_str).collect::<Vec<_>>());
        // New York: 2026-03-08 02:00 is passed over, and 2026-11-01 01:00 is there twice.
        let spring = told(&hourly, "America/New_York", "2026-03-08T00:30:00-05:00", 3);
        assert_eq!(spring, ["Sun 2026-03-08 01:00 = 145", "Sun 2026-03-08 03:00 = 146", "Sun 2026-03-08 04:00 = 148"]);
        let autumn = told(&hourly, "America/New_York", "2026-11-01T00:30:00-04:00", 3);
        assert_eq!(autumn, ["Sun 2026-11-01 01:00 = 145", "Sun 2026-11-01 02:00 = 146", "Sun 2026-11-01 03:00 = 147"]);
    }

    #[test]
    fn a_week_that_is_not_whole_is_left_off_unless_it_is_the_only_one() {
        let (_, left_off) = series(&["2016-10-04T08:00", "2016-10-09T08:00", "2016-10-10T08:00"]);
        assert_eq!(left_off, 1);
        let (short, left_off) = series(&["2016-10-04T08:00", "2016-10-05T08:00"]);
        assert_eq!((short.len(), left_off), (2, 0));
    }

    #[test]
    fn what_was_not_measured_is_not_told() {
        let rows = vec![("2017-01-02T00:00".parse().unwrap(), Box::from([Some(3.5), None]))];
        let (series, _) = Series::new("air_monitor", "x".to_owned(), &["pm2_5", "co"], rows).unwrap();
        assert_eq!(Value::Object(series.values(0)), serde_json::json!({"pm2_5": 3.5}));
    }
}
