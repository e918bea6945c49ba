//! Scenes (场景): one command to many devices, by hand or when the city has planned it.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Actor, Instant, SceneId};
use pack::{City, Moment, Scene, Sun, Weekday};
use store::{DeviceFilter, DeviceState, SceneRunRow, StoreError, Tx};
use sunrise::{Coordinates, DawnType, SolarDay, SolarEvent};

use crate::control::{Order, tell};
use crate::perform::Context;

/// Most devices of a scene.
const DEVICES_MAX: usize = 20_000;

/// Devices read at a time.
const PAGE: u32 = 1_000;

/// A planned scene that was missed for longer than this is not made up for, microseconds: lamps that were to be lit at
/// dusk are lit late, and never the next morning.
const LATE_US: i64 = 6 * 3_600 * 1_000_000;

/// Longest reason, in characters.
const REASON_MAX: usize = 200;

/// Why a scene was not run.
#[derive(Debug, thiserror::Error)]
pub enum SceneError {
    /// The city has none of that name.
    #[error("the city has no scene {0}")]
    Unknown(SceneId),
    /// The reason is missing or too long.
    #[error("reason: 1 to {REASON_MAX} characters without control characters, got {0}")]
    Reason(usize),
    /// It was run at that planned instant before: another process was quicker.
    #[error("it was run already")]
    Again,
    /// The store did not take it.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for SceneError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists { .. } => Self::Again,
            error => Self::Store(error),
        }
    }
}

/// Who runs a scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runner {
    /// Somebody, for a reason.
    Person(Actor, String),
    /// The plan, at that instant.
    Plan(Instant),
}

/// Runs a scene: every active device of its class in its regions is told.
///
/// # Errors
/// [`SceneError`]; nobody is told anything then.
pub async fn run(ctx: &Context, city: &City, id: &SceneId, runner: Runner) -> Result<SceneRunRow, SceneError> {
    let scene = city.scenes.get(id).ok_or_else(|| SceneError::Unknown(id.clone()))?.clone();
    let command = city.devices.get(&scene.class).and_then(|class| class.command(scene.command.as_str()));
    let command = command.ok_or_else(|| SceneError::Unknown(id.clone()))?.clone();
    let (by, planned_at, reason) = match runner {
        Runner::Person(by, reason) => (by, None, Some(checked(reason)?)),
        Runner::Plan(at) => (Actor::system("scenes"), Some(at), None),
    };
    let title = city.locales.first().map_or("", |locale| scene.title.in_locale(locale)).to_owned();
    let words = reason.clone().unwrap_or(title);
    let order = Order { command, arguments: scene.arguments.clone(), reason: words };
    let paths = scene.regions.iter().map(|region| city.region_path(region)).collect::<Vec<_>>();
    let (id, now) = (id.clone(), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let devices = devices_of(tx, &scene, &paths)?;
            let run = SceneRunRow {
                id: tx.new_event_id(now),
                scene: id,
                planned_at,
                run_at: now,
                run_by: by.party(),
                reason,
                devices: u32::try_from(devices.len()).unwrap_or(u32::MAX),
            };
            tx.record_scene_run(&run)?;
            for device in &devices {
                tell(tx, device, &order, &by, Some(run.id), now)?;
            }
            Ok(run)
        })
        .await
}

fn checked(reason: String) -> Result<String, SceneError> {
    let reason = reason.trim();
    let count = reason.chars().count();
    if (1..=REASON_MAX).contains(&count) && !reason.chars().any(char::is_control) {
        return Ok(reason.to_owned());
    }
    Err(SceneError::Reason(count))
}

/// Active devices of the scene's class within any of the regions; everywhere where there is none.
fn devices_of(tx: &mut Tx, scene: &Scene, paths: &[String]) -> Result<Vec<store::DeviceRow>, StoreError> {
    let (mut found, mut after) = (Vec::new(), None);
    let filter = |after| DeviceFilter {
        class: Some(scene.class.clone()),
        state: Some(DeviceState::Active),
        after,
        ..DeviceFilter::default()
    };
    while found.len() < DEVICES_MAX {
        let page = tx.list_devices(&filter(after.take()), PAGE)?;
        let is_last = page.len() < PAGE as usize;
        after = page.last().map(|row| row.id.clone());
        let is_meant =
            |row: &store::DeviceRow| paths.is_empty() || paths.iter().any(|path| row.region_path.starts_with(path));
        found.extend(page.into_iter().filter(is_meant));
        if is_last {
            break;
        }
    }
    found.truncate(DEVICES_MAX);
    Ok(found)
}

/// Runs what is planned and has not been run; gives the runs.
///
/// # Errors
/// [`SceneError`].
pub async fn run_due(ctx: &Context, city: &City) -> Result<Vec<SceneRunRow>, SceneError> {
    let (now, mut runs) = (ctx.clock.now(), Vec::new());
    for (id, scene) in &city.scenes {
        let Some(planned_at) = last_planned(city, scene, now) else { continue };
        if now.micros_since(planned_at) > LATE_US {
            continue;
        }
        let known = id.clone();
        if ctx.store.read(move |db| db.has_run(&known, planned_at)).await? {
            continue;
        }
        match run(ctx, city, id, Runner::Plan(planned_at)).await {
            Ok(run) => runs.push(run),
            Err(SceneError::Again) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(runs)
}

/// The newest moment up to now at which a scene was planned.
pub fn last_planned(city: &City, scene: &Scene, now: Instant) -> Option<Instant> {
    planned(city, scene, now, [-1, 0]).filter(|at| *at <= now).max()
}

/// The next moment at which a scene is planned.
pub fn next_planned(city: &City, scene: &Scene, now: Instant) -> Option<Instant> {
    planned(city, scene, now, [0, 1, 2, 3, 4, 5, 6, 7]).filter(|at| *at > now).min()
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
