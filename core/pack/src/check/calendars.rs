//! Calendars: zones, hours, holidays and swaps that mean something.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use model::CalendarId;

use crate::calendar::{closed_days, parse_date, parse_hours};
use crate::city::{CalendarRules, City, Weekday};
use crate::faults::{At, Report};
use crate::source::types::CalendarSource;

/// Checks one calendar; `city` holds it with its holidays understood.
pub(super) fn check_calendar(id: &At<CalendarId>, calendar: &CalendarSource, city: Option<&City>, report: &mut Report) {
    if TimeZone::get(&calendar.timezone).is_err() {
        report.fault(calendar.timezone.at, format!("unknown time zone {:?}", calendar.timezone.value));
    }
    let mut opens = false;
    for (_, spans) in &calendar.hours.items {
        let Some(spans) = spans else { continue };
        let pairs: Vec<[String; 2]> = spans.iter().filter_map(|span| span.clone().try_into().ok()).collect();
        opens |= !pairs.is_empty();
        if let Err(why) = parse_hours(&pairs) {
            report.fault(spans.at, why);
        }
    }
    if !opens {
        report.fault(calendar.timezone.at, format!("calendar {} is never open: give its \"hours\"", id.value));
    }
    if let Some(rules) = city.and_then(|city| city.calendars.get(&id.value)) {
        check_swaps(calendar, rules, report);
    }
}

/// A swap opens a day that would be closed, or gives it other hours; once a day.
fn check_swaps(calendar: &CalendarSource, rules: &CalendarRules, report: &mut Report) {
    let closed: BTreeSet<_> =
        rules.holidays.iter().flat_map(|holiday| closed_days(holiday).unwrap_or_default()).collect();
    let mut seen = BTreeSet::new();
    for swap in &calendar.swaps {
        let Some(date) = parse_date(&swap.date) else {
            report.fault(swap.date.at, format!("{:?} is not a date such as 2026-10-10", swap.date.value));
            continue;
        };
        if !seen.insert(date) {
            report.fault(swap.date.at, format!("the swap of {date} stands twice"));
        }
        let like = rules.hours.get(&swap.like).filter(|hours| !hours.is_empty());
        let own = rules.hours.get(&weekday_of(date)).filter(|hours| !hours.is_empty());
        match like {
            None => report.fault(swap.date.at, format!("the swap of {date} has the hours of a weekday that is closed")),
            Some(_) if like == own && !closed.contains(&date) => {
                report.fault(
                    swap.date.at,
                    format!("the swap of {date} changes nothing: that day has these hours already"),
                );
            }
            Some(_) => {}
        }
    }
}

fn weekday_of(date: jiff::civil::Date) -> Weekday {
    use jiff::civil::Weekday as Jiff;
    match date.weekday() {
        Jiff::Monday => Weekday::Mon,
        Jiff::Tuesday => Weekday::Tue,
        Jiff::Wednesday => Weekday::Wed,
        Jiff::Thursday => Weekday::Thu,
        Jiff::Friday => Weekday::Fri,
        Jiff::Saturday => Weekday::Sat,
        Jiff::Sunday => Weekday::Sun,
    }
}
