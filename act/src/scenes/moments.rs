//! When scenes are planned: by the clock of the city, or by the sun at its centre.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::Instant;
use pack::{City, Moment, Scene, SceneWindow, Sun, Weekday};
use sunrise::{Coordinates, DawnType, SolarDay, SolarEvent};

/// The newest moment up to now at which a scene was planned.
pub fn last_planned(city: &City, scene: &Scene, now: Instant) -> Option<Instant> {
    planned(city, scene, now, [-1, 0]).filter(|at| *at <= now).max()
}

/// The next moment at which a scene is planned.
pub fn next_planned(city: &City, scene: &Scene, now: Instant) -> Option<Instant> {
    planned(city, scene, now, [0, 1, 2, 3, 4, 5, 6, 7]).filter(|at| *at > now).min()
}

/// The newest moment up to now at which a scene was planned, within a week.
pub(super) fn plan_of(city: &City, scene: &Scene, now: Instant) -> Option<Instant> {
    planned(city, scene, now, [-7, -6, -5, -4, -3, -2, -1, 0]).filter(|at| *at <= now).max()
}

/// Whether a window is open: it began after it last ended.
pub fn is_open(city: &City, window: Option<SceneWindow>, now: Instant) -> bool {
    let Some(SceneWindow { from, to }) = window else { return true };
    let zone = city.zone();
    let today = zone.to_datetime(now.to_timestamp()).date();
    let last = |moment| {
        let days = [-1, 0].into_iter().filter_map(|day: i64| today.checked_add(day.days()).ok());
        days.filter_map(|date| on(city.centre, &zone, date, moment)).filter(|at| *at <= now).max()
    };
    last(from) > last(to)
}

/// The moments of some days, counted from today.
fn planned<const N: usize>(city: &City, scene: &Scene, now: Instant, days: [i64; N]) -> impl Iterator<Item = Instant> {
    let zone = city.zone();
    let today = zone.to_datetime(now.to_timestamp()).date();
    let mut all = Vec::new();
    for date in days.into_iter().filter_map(|day| today.checked_add(day.days()).ok()) {
        if scene.weekdays.is_empty() || scene.weekdays.contains(&weekday(date)) {
            all.extend(scene.at.iter().filter_map(|moment| on(city.centre, &zone, date, *moment)));
        }
    }
    all.into_iter()
}

fn weekday(date: Date) -> Weekday {
    match date.weekday() {
        jiff::civil::Weekday::Monday => Weekday::Mon,
        jiff::civil::Weekday::Tuesday => Weekday::Tue,
        jiff::civil::Weekday::Wednesday => Weekday::Wed,
        jiff::civil::Weekday::Thursday => Weekday::Thu,
        jiff::civil::Weekday::Friday => Weekday::Fri,
        jiff::civil::Weekday::Saturday => Weekday::Sat,
        jiff::civil::Weekday::Sunday => Weekday::Sun,
    }
}

/// When a moment of a day comes; `None` where the sun does not stand there that day.
fn on([lon, lat]: [f64; 2], zone: &TimeZone, date: Date, moment: Moment) -> Option<Instant> {
    match moment {
        Moment::Clock { minute } => {
            let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
            let at = zone.to_timestamp(date.at(hour, minute, 0, 0)).ok()?;
            Some(Instant::from_micros(at.as_microsecond()))
        }
        Moment::Sun { sun, offset } => {
            let event = match sun {
                Sun::Dawn => SolarEvent::Dawn(DawnType::Civil),
                Sun::Sunrise => SolarEvent::Sunrise,
                Sun::Sunset => SolarEvent::Sunset,
                Sun::Dusk => SolarEvent::Dusk(DawnType::Civil),
            };
            let (month, day) = (u32::try_from(date.month()).ok()?, u32::try_from(date.day()).ok()?);
            let date = chrono::NaiveDate::from_ymd_opt(date.year().into(), month, day)?;
            let at = SolarDay::new(Coordinates::new(lat, lon)?, date).event_time(event)?;
            Some(Instant::from_micros(at.timestamp_micros() + i64::from(offset) * 60_000_000))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sunrise and sunset of 2026-06-21 and of 2026-12-22 for Greenwich and Beijing, from the tables of the almanacs
    /// (USNO, timeanddate.com), to the minute.
    #[test]
    fn the_sun_stands_where_the_almanac_says() {
        let table = [
            ([116.4, 39.9], "2026-06-21", Sun::Sunrise, "2026-06-20T20:46:00Z"),
            ([116.4, 39.9], "2026-06-21", Sun::Sunset, "2026-06-21T11:46:00Z"),
            ([116.4, 39.9], "2026-12-22", Sun::Sunrise, "2026-12-21T23:33:00Z"),
            ([116.4, 39.9], "2026-12-22", Sun::Sunset, "2026-12-22T08:53:00Z"),
            ([0.0, 51.48], "2026-06-21", Sun::Dusk, "2026-06-21T21:09:00Z"),
            ([0.0, 51.48], "2026-12-22", Sun::Dawn, "2026-12-22T07:24:00Z"),
        ];
        for (centre, date, sun, expect) in table {
            let at = on(centre, &TimeZone::UTC, date.parse().unwrap(), Moment::Sun { sun, offset: 0 }).unwrap();
            let off = at.micros_since(expect.parse().unwrap()) / 1_000_000;
            assert!(off.abs() <= 180, "{sun:?} on {date} at {centre:?}: {at}, {off} s off");
        }
        // Tromsø has no sunset in June.
        let none = on(
            [18.96, 69.65],
            &TimeZone::UTC,
            "2026-06-21".parse().unwrap(),
            Moment::Sun { sun: Sun::Sunset, offset: 0 },
        );
        assert_eq!(none, None);
    }
}
