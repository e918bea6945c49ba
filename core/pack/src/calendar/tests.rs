use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use model::Text;
use proptest::prelude::*;

use super::*;
use crate::city::{Holiday, HolidayRule, Swap};

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn hours(days: &[Weekday], spans: &[[&str; 2]]) -> BTreeMap<Weekday, Vec<[String; 2]>> {
    let spans: Vec<[String; 2]> = spans.iter().map(|span| span.map(str::to_owned)).collect();
    days.iter().map(|day| (*day, spans.clone())).collect()
}

fn holiday(when: HolidayRule) -> Holiday {
    Holiday { title: Text::default(), when, from_year: None, to_year: None }
}

fn dates(from: &str, to: &str) -> Holiday {
    holiday(HolidayRule::Dates { from: from.to_owned(), to: Some(to.to_owned()) })
}

fn yearly(month: i8, day: i8) -> Holiday {
    holiday(HolidayRule::Yearly { month, day, sunday_to_monday: true })
}

fn nth(month: i8, weekday: Weekday, nth: i8) -> Holiday {
    holiday(HolidayRule::NthWeekday { month, weekday, nth })
}

/// Boston's rules as the city's pack has them.
fn boston() -> CalendarRules {
    let mut holidays = vec![
        yearly(1, 1),
        nth(1, Weekday::Mon, 3),
        nth(2, Weekday::Mon, 3),
        nth(4, Weekday::Mon, 3),
        nth(5, Weekday::Mon, -1),
        yearly(6, 19),
        yearly(7, 4),
        nth(9, Weekday::Mon, 1),
        nth(10, Weekday::Mon, 2),
        yearly(11, 11),
        nth(11, Weekday::Thu, 4),
        yearly(12, 25),
    ];
    holidays[5].from_year = Some(2021);
    rules("America/New_York", hours(&WEEK[..5], &[["08:30", "17:00"]]), holidays, &[])
}

/// A Chinese working calendar of 2026 with 调休.
fn shanghai() -> CalendarRules {
    let holidays = vec![dates("2026-02-15", "2026-02-23"), dates("2026-10-01", "2026-10-07")];
    let swaps = [("2026-02-14", Weekday::Mon), ("2026-02-28", Weekday::Mon), ("2026-10-10", Weekday::Tue)];
    rules("Asia/Shanghai", hours(&WEEK[..5], &[["08:00", "12:00"], ["14:00", "18:00"]]), holidays, &swaps)
}

fn round_the_clock(zone: &str) -> CalendarRules {
    rules(zone, hours(&WEEK, &[["00:00", "24:00"]]), Vec::new(), &[])
}

fn rules(
    zone: &str,
    hours: BTreeMap<Weekday, Vec<[String; 2]>>,
    holidays: Vec<Holiday>,
    swaps: &[(&str, Weekday)],
) -> CalendarRules {
    let swaps = swaps.iter().map(|(date, like)| Swap { date: (*date).to_owned(), like: *like }).collect();
    CalendarRules { title: Text::default(), timezone: zone.to_owned(), hours, holidays, swaps }
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// Shows an instant in the calendar's zone, `2026-10-10 09:30`.
fn show(calendar: &Calendar, at: Instant) -> String {
    calendar.zone().to_datetime(at.to_timestamp()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A civil time in the calendar's zone.
fn civil(calendar: &Calendar, text: &str) -> Instant {
    let civil: jiff::civil::DateTime = text.parse().unwrap();
    Instant::from_timestamp(calendar.zone().to_timestamp(civil).unwrap())
}

#[test]
fn deadlines_follow_the_grade_of_the_limit() {
    let calendars = [("boston", boston()), ("shanghai", shanghai()), ("clock", round_the_clock("America/New_York"))];
    let calendars: BTreeMap<_, _> =
        calendars.into_iter().map(|(id, rules)| (id, Calendar::compile(&rules).unwrap())).collect();
    for (id, limit, from, expect) in [
        // Urgent time runs through nights and holidays.
        ("shanghai", "2 urgent_hour", "2026-10-01 23:30", "2026-10-02 01:30"),
        ("shanghai", "15 urgent_minute", "2026-02-17 03:00", "2026-02-17 03:15"),
        ("shanghai", "1 urgent_day", "2026-10-01 23:30", "2026-10-02 23:30"),
        // Working hours stop at noon, at night and over a holiday.
        ("shanghai", "4 working_hour", "2026-09-29 10:00", "2026-09-29 16:00"),
        ("shanghai", "4 working_hour", "2026-09-29 08:00", "2026-09-29 12:00"),
        ("shanghai", "1 working_hour", "2026-09-30 17:30", "2026-10-08 08:30"),
        ("shanghai", "30 working_minute", "2026-10-09 18:00", "2026-10-10 08:30"),
        // A day worked instead counts as a working day.
        ("shanghai", "1 working_day", "2026-10-09 10:00", "2026-10-10 10:00"),
        ("shanghai", "2 working_day", "2026-10-09 10:00", "2026-10-12 10:00"),
        ("shanghai", "1 working_day", "2026-02-13 19:00", "2026-02-24 08:00"),
        // Outside hours a working day begins at the next opening, and the clock is kept.
        ("shanghai", "1 working_day", "2026-09-29 12:30", "2026-09-30 14:00"),
        ("boston", "2 working_day", "2011-07-01 02:18", "2011-07-06 08:30"),
        ("boston", "2 working_day", "2011-07-01 10:00", "2011-07-06 10:00"),
        ("boston", "1 working_day", "2011-12-23 16:59", "2011-12-27 16:59"),
        ("boston", "1 working_day", "2011-12-23 17:00", "2011-12-28 08:30"),
        ("boston", "1 working_day", "2020-06-18 10:00", "2020-06-19 10:00"),
        ("boston", "1 working_day", "2026-06-18 10:00", "2026-06-22 10:00"),
        // The clock is kept over the end of daylight saving time.
        ("boston", "1 working_day", "2011-11-04 10:00", "2011-11-07 10:00"),
        ("boston", "1 calendar_day", "2011-11-05 10:00", "2011-11-06 10:00"),
        // A clock time that does not exist is read with the offset before the gap.
        ("boston", "1 calendar_day", "2011-03-12 02:30", "2011-03-13 03:30"),
        ("boston", "14 calendar_day", "2011-07-01 01:32", "2011-07-15 01:32"),
        // Round the clock, the day daylight saving begins has 23 hours.
        ("clock", "24 working_hour", "2011-03-12 12:00", "2011-03-13 13:00"),
        ("clock", "24 working_hour", "2011-11-05 12:00", "2011-11-06 11:00"),
    ] {
        let calendar = &calendars[id];
        let due = calendar.due(limit.parse().unwrap(), civil(calendar, from)).unwrap();
        assert_eq!(show(calendar, due), expect, "{id}: {limit} from {from}");
    }
}

#[test]
fn what_is_left_stands_still_outside_opening_hours() {
    let calendar = Calendar::compile(&shanghai()).unwrap();
    let hour = 3_600_000_000;
    for (limit, now, due, expect) in [
        ("8 working_hour", "2026-09-29 10:00", "2026-09-30 10:00", 8 * hour),
        ("8 working_hour", "2026-09-29 13:00", "2026-09-30 10:00", 6 * hour),
        ("8 working_hour", "2026-09-29 22:00", "2026-09-30 10:00", 2 * hour),
        ("8 working_hour", "2026-09-30 11:00", "2026-09-30 10:00", -hour),
        ("8 working_hour", "2026-10-08 09:00", "2026-09-30 18:00", -hour),
        ("2 working_day", "2026-09-29 10:00", "2026-10-08 10:00", 48 * hour),
        ("2 working_day", "2026-09-29 20:00", "2026-10-08 10:00", 26 * hour),
        ("2 calendar_day", "2026-09-29 20:00", "2026-10-01 10:00", 38 * hour),
        ("1 urgent_hour", "2026-09-29 20:00", "2026-09-29 19:00", -hour),
    ] {
        let left = calendar.left(limit.parse().unwrap(), civil(&calendar, now), civil(&calendar, due));
        assert_eq!(left, expect, "{limit} at {now}, due {due}");
    }
}

#[test]
fn a_deadline_missed_in_closed_hours_is_late_all_the_same() {
    let calendar = Calendar::compile(&shanghai()).unwrap();
    let limit = "4 working_hour".parse().unwrap();
    let due = civil(&calendar, "2026-09-29 18:00");
    assert_eq!(calendar.left(limit, due, due), 0);
    assert!(calendar.left(limit, civil(&calendar, "2026-09-29 18:01"), due) < 0);
}

#[test]
fn a_paused_clock_resumes_with_what_was_left() {
    let calendar = Calendar::compile(&shanghai()).unwrap();
    let limit = "2 working_day".parse().unwrap();
    let due = calendar.due(limit, civil(&calendar, "2026-09-28 09:00")).unwrap();
    let left = calendar.left(limit, civil(&calendar, "2026-09-29 09:00"), due);
    let resumed = calendar.advance(limit, civil(&calendar, "2026-10-05 11:00"), left);
    assert_eq!(show(&calendar, resumed), "2026-10-09 08:00", "one working day from the next opening, 8 October 08:00");
}

#[test]
fn holidays_by_rule_fall_on_the_days_of_the_year() {
    let year = |year: i16| {
        let mut days: Vec<Date> = boston().holidays.iter().flat_map(|holiday| closed_days(holiday).unwrap()).collect();
        days.retain(|day| day.year() == year);
        days.sort();
        days.iter().map(|day| day.strftime("%m-%d").to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(year(2011), "01-01 01-17 02-21 04-18 05-30 07-04 09-05 10-10 11-11 11-24 12-26");
    assert_eq!(year(2021), "01-01 01-18 02-15 04-19 05-31 06-19 07-05 09-06 10-11 11-11 11-25 12-25");
    assert_eq!(year(2023), "01-02 01-16 02-20 04-17 05-29 06-19 07-04 09-04 10-09 11-11 11-23 12-25");
}

#[test]
fn a_calendar_refuses_what_it_cannot_mean() {
    let compile = |edit: &dyn Fn(&mut CalendarRules)| {
        let mut rules = shanghai();
        edit(&mut rules);
        Calendar::compile(&rules).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(compile(&|rules| rules.timezone = "Asia/Yaoguang".into()), "unknown time zone \"Asia/Yaoguang\"");
    assert_eq!(
        compile(&|rules| rules.swaps[0].date = "2026-02-30".into()),
        "\"2026-02-30\" is not a date such as 2026-10-01"
    );
    assert_eq!(
        compile(&|rules| rules.hours = hours(&WEEK[..1], &[["14:00", "18:00"], ["08:00", "12:00"]])),
        "opening hours must be in order and apart, 08:00 to 12:00 begins too early"
    );
    assert_eq!(
        compile(&|rules| rules.hours = hours(&WEEK[..1], &[["08:00", "24:30"]])),
        "\"24:30\" is not a clock time from 00:00 to 24:00"
    );
    let closed = Calendar::compile(&rules("Asia/Shanghai", BTreeMap::new(), Vec::new(), &[])).unwrap();
    let limit: Limit = "1 working_day".parse().unwrap();
    assert_eq!(closed.due(limit, at("2026-01-01T00:00:00Z")), Err(CalendarError::NeverOpen(limit)));
    let open = Calendar::compile(&shanghai()).unwrap();
    assert_eq!(open.due(limit, at("2300-01-01T00:00:00Z")), Err(CalendarError::OutOfRange));
    assert_eq!(
        open.due("3660 calendar_day".parse().unwrap(), at("2119-01-01T00:00:00Z")),
        Err(CalendarError::OutOfRange)
    );
}

/// The rules read day by day and minute by minute, as slowly as they are written.
struct Slow(CalendarRules);

impl Slow {
    fn spans(&self, date: Date) -> Vec<(i64, i64)> {
        let rules = &self.0;
        let weekday = WEEK[usize::try_from(date.weekday().to_monday_zero_offset()).unwrap()];
        let swap = rules.swaps.iter().find(|swap| swap.date.parse::<Date>().unwrap() == date).map(|swap| swap.like);
        let closed = || rules.holidays.iter().any(|holiday| closed_days(holiday).unwrap().contains(&date));
        let like = match swap {
            Some(like) => like,
            None if closed() => return Vec::new(),
            None => weekday,
        };
        rules.hours.get(&like).map(|spans| parse_hours(spans).unwrap()).unwrap_or_default()
    }

    fn is_open(&self, at: Timestamp, today: &mut Option<(Date, Vec<(i64, i64)>)>) -> bool {
        let local = at.in_tz(&self.0.timezone).unwrap();
        if today.as_ref().is_none_or(|(date, _)| *date != local.date()) {
            *today = Some((local.date(), self.spans(local.date())));
        }
        let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
        today.as_ref().unwrap().1.iter().any(|&(from, to)| from <= minute * MINUTE_US && minute * MINUTE_US < to)
    }

    /// Whole minutes of opening time after a whole minute.
    fn working_minutes(&self, from: Timestamp, minutes: u32) -> Timestamp {
        let (mut at, mut to_go, mut today) = (from, minutes, None);
        while to_go > 0 {
            to_go -= u32::from(self.is_open(at, &mut today));
            at += 1.minute();
        }
        at
    }

    fn working_days(&self, from: Timestamp, days: u32) -> Timestamp {
        let (mut begin, mut today) = (from, None);
        while !self.is_open(begin, &mut today) {
            begin += 1.minute();
        }
        let begin = begin.in_tz(&self.0.timezone).unwrap();
        let (mut date, mut to_go) = (begin.date(), days);
        while to_go > 0 {
            date = date.tomorrow().unwrap();
            to_go -= u32::from(!self.spans(date).is_empty());
        }
        date.to_datetime(begin.time()).in_tz(&self.0.timezone).unwrap().timestamp()
    }
}

/// Compiled once: a calendar takes milliseconds, the properties ask for it thousands of times.
static CASES: LazyLock<Vec<(Slow, Calendar)>> = LazyLock::new(|| {
    let all = [boston(), shanghai(), round_the_clock("America/New_York"), {
        let mut odd = boston();
        odd.hours = hours(&[Weekday::Wed, Weekday::Sat, Weekday::Sun], &[["00:00", "03:00"], ["20:30", "24:00"]]);
        odd
    }];
    all.into_iter().map(|rules| (Slow(rules.clone()), Calendar::compile(&rules).unwrap())).collect()
});

/// Minutes around 2011 and 2026, where the rules above have their holidays, swaps and daylight saving.
fn minutes() -> impl Strategy<Value = i64> {
    let year = 366_i64 * 24 * 60;
    prop_oneof![21_567_360..21_567_360 + year, 29_453_760..29_453_760 + year]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn deadlines_agree_with_a_walk_minute_by_minute(minute in minutes(), amount in 1_u32..900, days in 1_u32..40) {
        for (slow, calendar) in CASES.iter() {
            let from = Timestamp::from_second(minute * 60).unwrap();
            let due = |limit: Limit| calendar.due(limit, Instant::from_timestamp(from)).unwrap().to_timestamp();
            let minutes = Limit::new(amount, LimitUnit::WorkingMinute).unwrap();
            prop_assert_eq!(due(minutes), slow.working_minutes(from, amount), "{} {}", minutes, slow.0.timezone);
            let days = Limit::new(days, LimitUnit::WorkingDay).unwrap();
            prop_assert_eq!(due(days), slow.working_days(from, days.amount()), "{} {}", days, slow.0.timezone);
        }
    }
}

proptest! {
    #[test]
    fn advancing_by_what_is_left_ends_at_the_deadline(
        from in minutes(),
        amount in 1_u32..200,
        passed in 0_i64..20_000_000_000_000,
        unit in prop_oneof![
            Just(LimitUnit::UrgentHour), Just(LimitUnit::WorkingMinute), Just(LimitUnit::WorkingHour),
            Just(LimitUnit::WorkingDay), Just(LimitUnit::CalendarDay)
        ],
    ) {
        for (_, calendar) in CASES.iter().take(2) {
            let limit = Limit::new(amount, unit).unwrap();
            let due = calendar.due(limit, Instant::from_micros(from * MINUTE_US)).unwrap();
            let now = due.plus_micros(-passed);
            let left = calendar.left(limit, now, due);
            prop_assert!(left >= 0);
            if unit != LimitUnit::CalendarDay && unit != LimitUnit::UrgentHour && !calendar.is_open(due.plus_micros(-1)) {
                continue;
            }
            let again = calendar.advance(limit, now, left);
            // A night of 23 or 25 hours lies between two clock times of a civil day.
            prop_assert_eq!(again, due, "{} left {} at {}", limit, left, now);
        }
    }

    #[test]
    fn time_left_never_grows_and_late_is_negative(
        due in minutes(),
        first in -5_000_000_000_000_i64..5_000_000_000_000,
        gap in 0_i64..500_000_000_000,
        unit in prop_oneof![Just(LimitUnit::WorkingHour), Just(LimitUnit::WorkingDay), Just(LimitUnit::UrgentHour)],
    ) {
        for (_, calendar) in CASES.iter().take(2) {
            let limit = Limit::new(1, unit).unwrap();
            let due = Instant::from_micros(due * MINUTE_US);
            let (early, late) = (due.plus_micros(first), due.plus_micros(first + gap));
            prop_assert!(calendar.left(limit, early, due) >= calendar.left(limit, late, due));
            prop_assert_eq!(calendar.left(limit, late, due) < 0, due < late);
        }
    }
}
