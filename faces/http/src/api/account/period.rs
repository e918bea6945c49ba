//! What the endpoints of indicators share: which period, where, by what.

use std::sync::Arc;

use identity::{Permission, Principal, Subject};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Instant, RegionId};
use pack::City;
use store::{GroupBy, IndicatorScope};

use crate::access::{authorise, reach};
use crate::app::App;
use crate::error::Refused;
use crate::names::parse_some;
use crate::wire::IndicatorGroup;

/// Days of a period when no beginning is given.
const DAYS: i64 = 30;

/// Longest period, microseconds: ten years of 366 days.
const LONGEST_US: i64 = 3_660 * 86_400_000_000;

/// Which indicators were asked for, as texts.
pub struct Asked<'a> {
    /// Beginning.
    pub from: Option<&'a str>,
    /// End.
    pub to: Option<&'a str>,
    /// By what.
    pub by: IndicatorGroup,
    /// Only there.
    pub region: Option<&'a str>,
}

/// The scope of what was asked for, within what the principal may count.
///
/// # Errors
/// 400 when a text does not fit, 401 or 403 when they may not.
pub fn scope(app: &Arc<App>, principal: &Principal, asked: &Asked<'_>) -> Result<IndicatorScope, Refused> {
    let compiled = app.current();
    let city = &*compiled.city;
    let region: Option<RegionId> = parse_some("region", asked.region)?;
    if let Some(region) = &region {
        city.region(region).ok_or_else(|| Refused::parameter("region", "there is no such region"))?;
        authorise(app, principal, Permission::IndicatorRead, &Subject::Region(region.clone()).into())?;
    }
    if *principal == Principal::Visitor {
        return Err(Refused::not_signed_in());
    }
    let within = reach(app, principal, Permission::IndicatorRead).within().ok_or_else(Refused::forbidden)?;
    let now = app.now();
    let (from, before) = period(city, asked.from, asked.to, now)?;
    let depth = city.region_chain(region.as_ref().unwrap_or(&city.root)).len() + 1;
    Ok(IndicatorScope {
        from,
        before,
        now,
        by: match asked.by {
            IndicatorGroup::None => GroupBy::All,
            IndicatorGroup::Region => GroupBy::Region { depth },
            IndicatorGroup::Department => GroupBy::Department,
            IndicatorGroup::Category => GroupBy::Category,
            IndicatorGroup::Person => GroupBy::Person,
            IndicatorGroup::Stage => GroupBy::Stage,
        },
        region_path: region.map(|region| city.region_path(&region)),
        categories: Vec::new(),
        without_processes: city.processes_apart().into_iter().cloned().collect(),
        handler: None,
        within,
    })
}

/// The beginning of a civil day.
pub fn beginning(zone: &TimeZone, day: Date) -> Option<Instant> {
    // Where midnight does not exist the clock is put forward (RFC 5545).
    let midnight = day.at(0, 0, 0, 0);
    Some(Instant::from_timestamp(zone.to_ambiguous_timestamp(midnight).compatible().ok()?))
}

/// The civil day of an instant.
pub fn day_of(zone: &TimeZone, at: Instant) -> Date {
    zone.to_datetime(at.to_timestamp()).date()
}

/// Beginning and end: a day stands for its beginning in `from` and for its end in `to`.
fn period(city: &City, from: Option<&str>, to: Option<&str>, now: Instant) -> Result<(Instant, Instant), Refused> {
    let zone = city.zone();
    let before = match given(to) {
        Some(text) => edge("to", text, &zone, true)?,
        None => now,
    };
    let from = match given(from) {
        Some(text) => edge("from", text, &zone, false)?,
        None => {
            let day = day_of(&zone, before).checked_sub(DAYS.days()).ok();
            day.and_then(|day| beginning(&zone, day)).ok_or_else(|| Refused::parameter("to", "is too early"))?
        }
    };
    match before.micros_since(from) {
        ..=0 => Err(Refused::parameter("to", "must be after from")),
        span if span > LONGEST_US => Err(Refused::parameter("from", "a period may be at most ten years")),
        _ => Ok((from, before)),
    }
}

fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn edge(name: &str, text: &str, zone: &TimeZone, is_end: bool) -> Result<Instant, Refused> {
    if let Ok(at) = text.parse::<Instant>() {
        return Ok(at);
    }
    let bad =
        || Refused::parameter(name, "must be a day such as 2026-11-23 or an instant such as 2026-11-23T08:00:00Z");
    let day: Date = text.parse().map_err(|_| bad())?;
    let day = if is_end { day.tomorrow().map_err(|_| bad())? } else { day };
    beginning(zone, day).ok_or_else(bad)
}

/// The beginnings of the last so many days up to today, and of tomorrow.
pub fn last_days(zone: &TimeZone, now: Instant, days: u32) -> Vec<(Date, Instant)> {
    let today = day_of(zone, now);
    let at = |ago: i64| {
        let day = today.checked_sub(ago.days()).ok()?;
        Some((day, beginning(zone, day)?))
    };
    (-1..i64::from(days)).rev().filter_map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_the_city_s_midnight() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let now: Instant = "2026-11-23T17:00:00Z".parse().unwrap();
        let days: Vec<String> = last_days(&zone, now, 2).iter().map(|(day, at)| format!("{day} {at}")).collect();
        assert_eq!(
            days,
            ["2026-11-23 2026-11-22T16:00:00Z", "2026-11-24 2026-11-23T16:00:00Z", "2026-11-25 2026-11-24T16:00:00Z"]
        );
        for (text, is_end, expect) in [
            ("2026-10-01", false, Some("2026-09-30T16:00:00Z")),
            ("2026-10-01", true, Some("2026-10-01T16:00:00Z")),
            ("2026-10-01T00:00:00Z", true, Some("2026-10-01T00:00:00Z")),
            ("2026-13-01", false, None),
            ("yesterday", false, None),
        ] {
            assert_eq!(edge("from", text, &zone, is_end).ok().map(|at| at.to_string()).as_deref(), expect, "{text}");
        }
    }
}
