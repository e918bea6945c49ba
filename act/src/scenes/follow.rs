//! Scenes that follow what is measured: lamps of a street are bright while somebody is there.
//!
//! Who comes first: what somebody told a device by hand holds until the next planned moment; then the scene whose counter
//! is over its threshold, of several the first by id; then the plan. A device is told something only where that changes what
//! it was told; what it was told is kept (a hold) in the same transaction, so that a stop in between tells nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use grid::LonLat;
use model::{Actor, DeviceId, Instant, SceneId};
use pack::{City, Compiled, Reach, Scene};
use serde_json::Value;
use store::{DeviceRow, DeviceState, SceneCounterRow, SceneHoldRow, SceneRunRow, SceneTurn, StoreError, Tx};

use super::moments::{is_open, plan_of};
use super::{REASON_MAX, SceneError, devices_of, is_within, paths_of};
use crate::control::{Order, tell};
use crate::perform::Context;

/// Where nothing seems to have changed, it is looked again after this, microseconds: devices are registered, and told
/// something by hand.
const AGAIN_US: i64 = 60 * 1_000_000;

/// How far back something told by hand may matter where nothing was planned since, microseconds.
const HAND_US: i64 = 7 * 86_400 * 1_000_000;

/// Looks after scenes that follow what is measured.
#[derive(Debug, Default)]
pub struct Following {
    seen: Option<(Outlook, Instant)>,
}

/// What decides, but for the devices themselves.
#[derive(Debug, Clone, PartialEq)]
struct Outlook {
    over: Vec<SceneCounterRow>,
    open: BTreeSet<SceneId>,
    plans: Vec<(Instant, SceneId)>,
}

impl Following {
    /// Tells devices what changed for them; gives the runs.
    ///
    /// # Errors
    /// [`SceneError`]; nobody is told anything then, and the next call tries again.
    pub async fn follow(&mut self, ctx: &Context) -> Result<Vec<SceneRunRow>, SceneError> {
        let (compiled, now) = (ctx.packs.current(), ctx.clock.now());
        let (over, is_held) = ctx
            .store
            .read(|db| {
                let over: Vec<_> = db.list_scene_counters()?.into_iter().filter(SceneCounterRow::is_over).collect();
                Ok::<_, StoreError>((over, !db.list_scene_holds()?.is_empty()))
            })
            .await?;
        if over.is_empty() && !is_held {
            return Ok(Vec::new());
        }
        let outlook = Outlook::of(&compiled.city, over, now);
        let known = self.seen.as_ref().filter(|(seen, at)| *seen == outlook && now.micros_since(*at) < AGAIN_US);
        if known.is_some() {
            return Ok(Vec::new());
        }
        let (city, seen) = (Arc::clone(&compiled), outlook.clone());
        let runs = ctx.store.write(move |tx: &mut Tx| turn_all(tx, &city, &outlook, now)).await?;
        self.seen = Some((seen, now));
        Ok(runs)
    }
}

impl Outlook {
    fn of(city: &City, over: Vec<SceneCounterRow>, now: Instant) -> Self {
        let open = city.scenes.iter().filter(|(_, scene)| {
            scene.condition.as_ref().is_some_and(|condition| is_open(city, condition.window, now))
        });
        let open = open.map(|(id, _)| id.clone()).collect();
        let plans = city.scenes.iter().filter_map(|(id, scene)| Some((plan_of(city, scene, now)?, id.clone())));
        let mut plans: Vec<_> = plans.collect();
        plans.sort_unstable();
        Self { over, open, plans }
    }
}

/// A counter over its threshold, where it stands.
struct Counter {
    device: DeviceRow,
    row: SceneCounterRow,
}

/// A scene that holds now wherever one of its counters governs.
struct Follower<'a> {
    id: &'a SceneId,
    scene: &'a Scene,
    paths: Vec<String>,
    reach: Reach,
    counters: Vec<Counter>,
}

impl Follower<'_> {
    /// The nearest counter that governs a device.
    fn counter_of(&self, device: &DeviceRow) -> Option<&Counter> {
        if self.scene.class != device.class || !is_within(device, &self.paths) {
            return None;
        }
        let away = |counter: &Counter| {
            let (here, there) = (point(device)?, point(&counter.device)?);
            let metres = grid::distance_m(here, there);
            match self.reach {
                Reach::WithinM(most) if most < metres => None,
                Reach::SameRegion if counter.device.region != device.region => None,
                _ => Some(metres),
            }
        };
        let near = self.counters.iter().filter_map(|counter| Some((away(counter)?, counter)));
        near.min_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, counter)| counter)
    }
}

fn point(device: &DeviceRow) -> Option<LonLat> {
    LonLat::new(device.point.0, device.point.1).ok()
}

/// What is to be done with one command of one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Nothing.
    Stay,
    /// It follows the scene that is wanted for it.
    Follow,
    /// It goes back to its plan.
    FallBack,
    /// Somebody told it something else: the scene lets it go, and tells it nothing.
    Yield,
}

/// Decides from what holds the device, whether somebody told it something since its last planned moment, and the scene that
/// is wanted for it.
fn turn(held: Option<&SceneId>, is_by_hand: bool, wanted: Option<&SceneId>) -> Turn {
    match (held, wanted) {
        (Some(_), _) if is_by_hand => Turn::Yield,
        (None, _) if is_by_hand => Turn::Stay,
        (held, wanted) if held == wanted => Turn::Stay,
        (_, Some(_)) => Turn::Follow,
        (_, None) => Turn::FallBack,
    }
}

/// Devices that are told the same, for the same reason, by the word of one counter.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    scene: SceneId,
    turn: SceneTurn,
    counter: DeviceId,
    plan: Option<SceneId>,
}

/// One transaction's work.
struct Work<'a> {
    city: &'a City,
    followers: Vec<Follower<'a>>,
    plans: Vec<(Instant, &'a SceneId, &'a Scene, Vec<String>)>,
    by_hand: BTreeMap<DeviceId, Instant>,
    told: BTreeMap<Cause, Vec<DeviceRow>>,
    now: Instant,
}

fn turn_all(tx: &mut Tx, compiled: &Compiled, outlook: &Outlook, now: Instant) -> Result<Vec<SceneRunRow>, StoreError> {
    let city = &compiled.city;
    let followers = followers(tx, city, outlook)?;
    let plan = |(at, id): &(Instant, SceneId)| {
        let (id, scene) = city.scenes.get_key_value(id)?;
        Some((*at, id, scene, paths_of(city, scene)))
    };
    let plans: Vec<_> = outlook.plans.iter().filter_map(plan).collect();
    let since = plans.first().map_or(now.plus_micros(-HAND_US), |(at, ..)| *at);
    let by_hand = tx.last_told_by_hand(since)?;
    let mut held: BTreeMap<DeviceId, Vec<SceneHoldRow>> = BTreeMap::new();
    for hold in tx.list_scene_holds()? {
        held.entry(hold.device.clone()).or_default().push(hold);
    }
    let mut devices = BTreeMap::new();
    for class in followers.iter().map(|follower| &follower.scene.class).collect::<BTreeSet<_>>() {
        devices.extend(devices_of(tx, class, &[])?.into_iter().map(|row| (row.id.clone(), row)));
    }
    for id in held.keys() {
        if !devices.contains_key(id)
            && let Some(row) = tx.find_device(id)?
        {
            devices.insert(id.clone(), row);
        }
    }
    let mut work = Work { city, followers, plans, by_hand, told: BTreeMap::new(), now };
    for (id, device) in devices {
        let holds = held.remove(&id).unwrap_or_default();
        work.turn_device(tx, &device, &holds)?;
    }
    work.tell_all(tx)
}

/// Scenes whose window is open and that have a counter over its threshold, which is in use.
fn followers<'a>(tx: &mut Tx, city: &'a City, outlook: &Outlook) -> Result<Vec<Follower<'a>>, StoreError> {
    let mut found = Vec::new();
    for id in &outlook.open {
        let Some((id, scene)) = city.scenes.get_key_value(id) else { continue };
        let Some(condition) = &scene.condition else { continue };
        let mut counters = Vec::new();
        for row in outlook.over.iter().filter(|row| row.scene == *id) {
            if let Some(device) = tx.find_device(&row.device)?.filter(|device| device.state == DeviceState::Active) {
                counters.push(Counter { device, row: row.clone() });
            }
        }
        if !counters.is_empty() {
            found.push(Follower { id, scene, paths: paths_of(city, scene), reach: condition.reach, counters });
        }
    }
    Ok(found)
}

impl Work<'_> {
    fn turn_device(&mut self, tx: &mut Tx, device: &DeviceRow, holds: &[SceneHoldRow]) -> Result<(), StoreError> {
        let mut commands: BTreeSet<&str> = holds.iter().map(|hold| hold.command.as_str()).collect();
        let of_class = self.followers.iter().filter(|follower| follower.scene.class == device.class);
        commands.extend(of_class.map(|follower| follower.scene.command.as_str()));
        let commands: Vec<String> = commands.into_iter().map(str::to_owned).collect();
        for command in commands {
            let hold = holds.iter().find(|hold| hold.command == command);
            self.turn_command(tx, device, &command, hold)?;
        }
        Ok(())
    }

    fn turn_command(
        &mut self,
        tx: &mut Tx,
        device: &DeviceRow,
        command: &str,
        hold: Option<&SceneHoldRow>,
    ) -> Result<(), StoreError> {
        let is_active = device.state == DeviceState::Active;
        let plan = self.plans.iter().rev().find(|(_, _, scene, paths)| {
            scene.class == device.class && *scene.command.as_str() == *command && is_within(device, paths)
        });
        let hand = self.by_hand.get(&device.id);
        // Whoever may not speak is told nothing, and held by nothing.
        let is_by_hand = !is_active || hand.is_some_and(|hand| plan.is_none_or(|(at, ..)| at < hand));
        let wanted = self.followers.iter().filter(|follower| *follower.scene.command.as_str() == *command);
        let wanted = wanted.filter_map(|follower| Some((follower, follower.counter_of(device)?))).next();
        match turn(hold.map(|hold| &hold.scene), is_by_hand, wanted.map(|(follower, _)| follower.id)) {
            Turn::Stay => {}
            Turn::Yield => tx.end_scene_hold(&device.id, command)?,
            Turn::Follow => {
                let Some((follower, counter)) = wanted else { return Ok(()) };
                let arguments = text(follower.scene);
                let before = hold.map(|hold| hold.arguments.clone()).or(plan.map(|(_, _, scene, _)| text(scene)));
                if before.as_ref() != Some(&arguments) {
                    let (scene, counter) = (follower.id.clone(), counter.row.device.clone());
                    let cause = Cause { scene, turn: SceneTurn::Follow, counter, plan: None };
                    self.told.entry(cause).or_default().push(device.clone());
                }
                let (scene, counter) = (follower.id.clone(), counter.row.device.clone());
                let (device, command) = (device.id.clone(), command.to_owned());
                tx.keep_scene_hold(&SceneHoldRow { device, command, scene, counter, arguments, since: self.now })?;
            }
            Turn::FallBack => {
                let Some(hold) = hold else { return Ok(()) };
                if let Some((_, plan, scene, _)) = plan
                    && text(scene) != hold.arguments
                {
                    let (held, counter, plan) = (hold.scene.clone(), hold.counter.clone(), Some((*plan).clone()));
                    let cause = Cause { scene: held, turn: SceneTurn::FallBack, counter, plan };
                    self.told.entry(cause).or_default().push(device.clone());
                }
                tx.end_scene_hold(&device.id, command)?;
            }
        }
        Ok(())
    }

    fn tell_all(self, tx: &mut Tx) -> Result<Vec<SceneRunRow>, StoreError> {
        let (city, now, mut runs) = (self.city, self.now, Vec::new());
        for (cause, devices) in &self.told {
            // A scene that the pack has no longer goes back to the plan under its old name.
            let Some(scene) = city.scenes.get(cause.plan.as_ref().unwrap_or(&cause.scene)) else { continue };
            let class = city.devices.get(&scene.class);
            let Some(command) = class.and_then(|class| class.command(scene.command.as_str())) else { continue };
            let reason = self.reason(tx, cause, scene)?;
            let order = Order { command: command.clone(), arguments: scene.arguments.clone(), reason: reason.clone() };
            let run = SceneRunRow {
                id: tx.new_event_id(now),
                scene: cause.scene.clone(),
                planned_at: None,
                run_at: now,
                run_by: None,
                reason: Some(reason),
                devices: u32::try_from(devices.len()).unwrap_or(u32::MAX),
                turn: Some(cause.turn),
                counter: Some(cause.counter.clone()),
            };
            tx.record_scene_run(&run)?;
            for device in devices {
                tell(tx, device, &order, &Actor::system("scenes"), Some(run.id), now)?;
            }
            runs.push(run);
        }
        Ok(runs)
    }

    /// Why, in the city's first language: the scene, the counter and what it counted; or the plan that it goes back to.
    fn reason(&self, tx: &mut Tx, cause: &Cause, told: &Scene) -> Result<String, StoreError> {
        let locale = self.city.locales.first().map_or("", String::as_str);
        let title = self.city.scenes.get(&cause.scene).map_or(cause.scene.as_str(), |own| own.title.in_locale(locale));
        let counter = tx.find_device(&cause.counter)?;
        let mut named = counter.as_ref().map(|row| row.title.clone()).filter(|title| !title.is_empty());
        named = named.map(|title| format!("{title} ({})", cause.counter));
        let named = named.unwrap_or_else(|| cause.counter.to_string());
        if cause.turn == SceneTurn::FallBack {
            return Ok(shortened(format!("{title} → {} · {named}", told.title.in_locale(locale))));
        }
        let over = self.followers.iter().find(|follower| *follower.id == cause.scene);
        let over = over.and_then(|follower| follower.counters.iter().find(|one| one.row.device == cause.counter));
        let reading = over.and_then(|one| one.row.reading.as_ref()).map(|(property, value)| {
            let class = counter.as_ref().and_then(|row| self.city.devices.get(&row.class));
            let known = class.and_then(|class| class.property(property));
            let unit = known.and_then(|known| known.unit).map_or("", |unit| unit.symbol());
            let name = known.map_or(property.as_str(), |known| known.title.in_locale(locale));
            format!(" · {name} {value} {unit}").trim_end().to_owned()
        });
        Ok(shortened(format!("{title} · {named}{}", reading.unwrap_or_default())))
    }
}

fn shortened(text: String) -> String {
    text.chars().filter(|one| !one.is_control()).take(REASON_MAX).collect()
}

/// What a scene tells, in one spelling.
fn text(scene: &Scene) -> String {
    Value::Object(scene.arguments.iter().map(|(name, value)| (name.clone(), value.clone())).collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_comes_first_then_the_counter_then_the_plan() {
        let (night, gala): (SceneId, SceneId) = ("night".parse().unwrap(), "gala".parse().unwrap());
        let (night, gala) = (Some(&night), Some(&gala));
        for (held, is_by_hand, wanted, expect) in [
            (None, false, None, Turn::Stay),
            (None, false, night, Turn::Follow),
            (night, false, night, Turn::Stay),
            (night, false, None, Turn::FallBack),
            (night, false, gala, Turn::Follow),
            (None, true, None, Turn::Stay),
            (None, true, night, Turn::Stay),
            (night, true, night, Turn::Yield),
            (night, true, None, Turn::Yield),
            (night, true, gala, Turn::Yield),
        ] {
            assert_eq!(turn(held, is_by_hand, wanted), expect, "{held:?} {is_by_hand} {wanted:?}");
        }
    }
}
