//! Scenes (场景): one command to many devices, by hand, when the city has planned it, or while something is measured.

mod follow;
mod moments;

use std::collections::BTreeSet;

use model::{Actor, DeviceClassId, DeviceId, Instant, SceneId};
use pack::{City, Scene};
use store::{DeviceFilter, DeviceRow, DeviceState, SceneRunRow, StoreError, Tx};

use crate::control::{Order, tell};
use crate::perform::Context;

pub use follow::Following;
pub use moments::{is_open, last_planned, next_planned};

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

/// Runs a scene: every active device of its class in its regions is told. One that is held by a scene that follows what is
/// measured is left to it when this one was planned: it comes back to the newest plan.
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
    let paths = paths_of(city, &scene);
    let (id, now) = (id.clone(), ctx.clock.now());
    ctx.store
        .write(move |tx: &mut Tx| {
            let mut devices = devices_of(tx, &scene.class, &paths)?;
            if planned_at.is_some() {
                let held = tx.list_scene_holds()?.into_iter().filter(|hold| *hold.command == *scene.command.as_str());
                let held: BTreeSet<DeviceId> = held.map(|hold| hold.device).collect();
                devices.retain(|device| !held.contains(&device.id));
            }
            let run = SceneRunRow {
                id: tx.new_event_id(now),
                scene: id,
                planned_at,
                run_at: now,
                run_by: by.party(),
                reason,
                devices: u32::try_from(devices.len()).unwrap_or(u32::MAX),
                turn: None,
                counter: None,
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

/// Active devices of a class within any of the regions; everywhere where there is none.
fn devices_of(tx: &mut Tx, class: &DeviceClassId, paths: &[String]) -> Result<Vec<DeviceRow>, StoreError> {
    let (mut found, mut after) = (Vec::new(), None);
    let filter = |after| DeviceFilter {
        class: Some(class.clone()),
        state: Some(DeviceState::Active),
        after,
        ..DeviceFilter::default()
    };
    while found.len() < DEVICES_MAX {
        let page = tx.list_devices(&filter(after.take()), PAGE)?;
        let is_last = page.len() < PAGE as usize;
        after = page.last().map(|row| row.id.clone());
        found.extend(page.into_iter().filter(|row| is_within(row, paths)));
        if is_last {
            break;
        }
    }
    found.truncate(DEVICES_MAX);
    Ok(found)
}

fn is_within(row: &DeviceRow, paths: &[String]) -> bool {
    paths.is_empty() || paths.iter().any(|path| row.region_path.starts_with(path))
}

fn paths_of(city: &City, scene: &Scene) -> Vec<String> {
    scene.regions.iter().map(|region| city.region_path(region)).collect()
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
