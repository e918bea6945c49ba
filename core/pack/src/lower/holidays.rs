//! Holidays: which attributes belong to which rule, and whether the rule ever names a day.

use crate::calendar::parse_date;
use crate::city::{Holiday, HolidayRule};
use crate::faults::{At, Pos, Report};
use crate::source::types::HolidaySource;
use crate::source::words::HolidayWord;

/// Longest holiday given by dates, days.
const DAYS_MAX: i32 = 366;

/// Lowers a holiday; a fault for attributes that do not fit the rule and for days that are none.
pub(super) fn lower_holiday(source: &HolidaySource, report: &mut Report) -> Option<Holiday> {
    note_strangers(source, report);
    let years = (source.from_year.as_ref().map(|at| at.value), source.to_year.as_ref().map(|at| at.value));
    if let (Some(from), Some(to), Some(at)) = (years.0, years.1, source.to_year.as_ref().map(|at| at.at))
        && to < from
    {
        report.fault(at, format!("the last year {to} is before the first {from}"));
    }
    let when = match source.rule.value {
        HolidayWord::Dates => dates(source, report)?,
        HolidayWord::Yearly => yearly(source, report)?,
        HolidayWord::NthWeekday => nth_weekday(source, report)?,
    };
    Some(Holiday { title: source.title.clone(), when, from_year: years.0, to_year: years.1 })
}

fn note_strangers(source: &HolidaySource, report: &mut Report) {
    let known: &[&str] = match source.rule.value {
        HolidayWord::Dates => &["from", "to"],
        HolidayWord::Yearly => &["month", "day", "sunday_to_monday"],
        HolidayWord::NthWeekday => &["month", "weekday", "nth"],
    };
    let given: [(&str, Option<Pos>); 7] = [
        ("from", source.from.as_ref().map(|at| at.at)),
        ("to", source.to.as_ref().map(|at| at.at)),
        ("month", source.month.as_ref().map(|at| at.at)),
        ("day", source.day.as_ref().map(|at| at.at)),
        ("sunday_to_monday", source.sunday_to_monday.as_ref().map(|at| at.at)),
        ("weekday", source.weekday.as_ref().map(|at| at.at)),
        ("nth", source.nth.as_ref().map(|at| at.at)),
    ];
    for (name, at) in given {
        if let Some(at) = at.filter(|_| !known.contains(&name)) {
            report.fault(at, format!("{name:?} does not belong to this rule; it has {}", known.join(", ")));
        }
    }
}

fn dates(source: &HolidaySource, report: &mut Report) -> Option<HolidayRule> {
    let from = needed(source, source.from.as_ref(), "from", report)?;
    let mut date = |at: &At<String>| {
        let date = parse_date(&at.value);
        if date.is_none() {
            report.fault(at.at, format!("{:?} is not a date such as 2026-10-01", at.value));
        }
        date
    };
    let first = date(from)?;
    if let Some(to) = &source.to {
        let days = first.until(date(to)?).ok()?.get_days();
        if !(0..DAYS_MAX).contains(&days) {
            report
                .fault(to.at, format!("a holiday must last 1 to {DAYS_MAX} days, from {} to {}", from.value, to.value));
            return None;
        }
    }
    Some(HolidayRule::Dates { from: from.value.clone(), to: source.to.as_ref().map(|to| to.value.clone()) })
}

fn yearly(source: &HolidaySource, report: &mut Report) -> Option<HolidayRule> {
    let month = needed(source, source.month.as_ref(), "month", report)?;
    let day = needed(source, source.day.as_ref(), "day", report)?;
    // 2000 is a leap year, so 29 February is a day here too; years without one have no such holiday.
    if jiff::civil::Date::new(2000, month.value, day.value).is_err() {
        report.fault(day.at, format!("month {} has no day {}", month.value, day.value));
        return None;
    }
    let sunday_to_monday = source.sunday_to_monday.as_ref().is_some_and(|at| at.value);
    Some(HolidayRule::Yearly { month: month.value, day: day.value, sunday_to_monday })
}

fn nth_weekday(source: &HolidaySource, report: &mut Report) -> Option<HolidayRule> {
    let month = needed(source, source.month.as_ref(), "month", report)?;
    let weekday = needed(source, source.weekday.as_ref(), "weekday", report)?;
    let nth = needed(source, source.nth.as_ref(), "nth", report)?;
    if !(1..=12).contains(&month.value) {
        report.fault(month.at, format!("a month is 1 to 12, got {}", month.value));
    }
    if !(1..=5).contains(&nth.value) && nth.value != -1 {
        report.fault(nth.at, format!("nth is 1 to 5, or -1 for the last, got {}", nth.value));
    }
    Some(HolidayRule::NthWeekday { month: month.value, weekday: weekday.value, nth: nth.value })
}

fn needed<'s, T>(
    source: &HolidaySource,
    value: Option<&'s At<T>>,
    name: &str,
    report: &mut Report,
) -> Option<&'s At<T>> {
    if value.is_none() {
        report.fault(source.rule.at, format!("the key {name:?} is missing for this rule"));
    }
    value
}
