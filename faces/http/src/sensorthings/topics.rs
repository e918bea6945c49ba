//! SensorThings at the topics of a broker (OGC 18-088, part MQTT): a topic is the path below the host, `v1.1/…`.
//!
//! A device creates its own Observations, and hears of its own Tasks. Programs and devices hear of what they may read. A topic
//! names one Datastream, one Thing's Datastreams or one capability: whoever may listen to it may read all that it carries.

use std::sync::Arc;

use model::{ClientId, DeviceId, Reading, RegionId, SeriesNo};
use sense::telemetry::{Intake, Kept, Member, SeriesOf};
use serde_json::Value as Json;
use store::{DeviceCommandRow, StoreError};

use super::kinds::Kind;
use super::options::{self, Options};
use super::path::{self, Part, Resource, Tail, Target};
use super::tasks::Capability;
use super::world::{Collection, Entity, Sight, World, number};
use super::{door, write};
use crate::app::App;

/// What stands before every topic.
const VERSION: &str = "v1.1/";

/// The topics of the city.
pub struct Topics {
    app: Arc<App>,
    intake: Arc<Intake>,
}

/// Who listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listener {
    /// A device, to what is its own.
    Device(DeviceId),
    /// A program, to devices of the regions granted to it.
    Program {
        /// Which.
        client: ClientId,
        /// Where it may read devices.
        regions: Vec<RegionId>,
    },
}

/// What a topic carries.
#[derive(Debug, Clone)]
enum Carried {
    /// The Observations of a Datastream.
    Observations(SeriesOf),
    /// A Datastream, when something was observed.
    Datastream(SeriesOf),
    /// Those of a Thing.
    Datastreams(Arc<Member>),
    /// The Tasks of a capability.
    Tasks(Capability),
}

/// A topic that somebody listens to.
#[derive(Debug, Clone)]
pub struct Watch {
    carried: Carried,
    options: Options,
}

impl Watch {
    /// The device it is about.
    pub fn device(&self) -> &DeviceId {
        let member = match &self.carried {
            Carried::Observations(series) | Carried::Datastream(series) => &series.member,
            Carried::Datastreams(member) => member,
            Carried::Tasks(capability) => &capability.member,
        };
        &member.row.id
    }
}

impl Topics {
    /// The topics of a city that senses; `None` for one that does not.
    pub fn new(app: &Arc<App>) -> Option<Self> {
        let intake = Arc::clone(app.intake.as_ref()?);
        Some(Self { app: Arc::clone(app), intake })
    }

    /// Tells others where the broker listens, by scheme and port.
    pub fn announce(&self, listeners: Vec<(&'static str, u16)>) {
        // There is one broker, and it starts once.
        let _ = self.app.broker.set(listeners);
    }

    /// Whether a topic is one of SensorThings.
    pub fn is_one(topic: &str) -> bool {
        topic.starts_with(VERSION)
    }

    /// The program of a key; `None` where the key or the name is wrong, or nothing was granted to it.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn find_program(&self, name: &str, key: &str) -> Result<Option<Listener>, StoreError> {
        let found = door::find_program(&self.app, Some(name), key.to_owned()).await?;
        let found = found.filter(|(_, _, regions)| !regions.is_empty());
        Ok(found.map(|(client, _, regions)| Listener::Program { client, regions }))
    }

    fn world(&self, sight: Sight) -> World {
        door::alone(&self.app, &self.intake, sight)
    }

    /// Whether a device may publish to a topic: the Observations of a Datastream of its own, or Observations that name one.
    pub fn may_publish(&self, device: &DeviceId, topic: &str) -> bool {
        self.intake.fleet.find(device).is_some_and(|own| self.meant(&own, topic).is_some())
    }

    /// The Datastream of a topic to which Observations are published.
    fn meant(&self, own: &Arc<Member>, topic: &str) -> Option<Option<SeriesOf>> {
        let parts = parts(topic.strip_prefix(VERSION)?)?;
        match parts.as_slice() {
            [one] if one.kind == Kind::Observation && !one.is_one() => Some(None),
            _ => match self.carried(&self.world(Sight::Own(Arc::clone(own))), &parts)? {
                Carried::Observations(series) => Some(Some(series)),
                _ => None,
            },
        }
    }

    /// An Observation that a device published, in the words of the door of devices.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn observation(&self, device: &DeviceId, topic: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let own = self.intake.fleet.find(device).ok_or("the device is not registered any more")?;
        let series =
            self.meant(&own, topic).ok_or("Observations go to v1.1/Datastreams(n)/Observations of the device's own")?;
        write::told(&self.world(Sight::Own(own)), series, payload)
    }

    /// What a topic carries, for somebody who may listen to it.
    pub fn watch(&self, listener: &Listener, topic: &str) -> Option<Watch> {
        let rest = topic.strip_prefix(VERSION)?;
        if rest.contains(['+', '#', '%']) {
            return None;
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let parts = parts(path)?;
        let sight = match listener {
            Listener::Device(device) => Sight::Own(self.intake.fleet.find(device)?),
            Listener::Program { regions, .. } => Sight::Regions(regions.clone()),
        };
        let world = self.world(sight);
        let carried = self.carried(&world, &parts)?;
        if matches!(carried, Carried::Tasks(_)) && !matches!(listener, Listener::Device(_)) {
            return None;
        }
        let pairs = options::pairs(query).ok()?;
        // Of the options, what is selected: the rest is for those who ask.
        let is_select = |(name, _): &(String, String)| name == "$select";
        if !query.is_empty() && (pairs.is_empty() || !pairs.iter().all(is_select)) {
            return None;
        }
        let options = options::parse(parts.last()?.kind, false, pairs, world.now).ok()?;
        Some(Watch { carried, options })
    }

    fn carried(&self, world: &World, parts: &[Part]) -> Option<Carried> {
        let kinds: Vec<(Kind, bool)> = parts.iter().map(|part| (part.kind, part.is_one())).collect();
        let is_known = matches!(
            kinds.as_slice(),
            [(Kind::Datastream, true)]
                | [(Kind::Datastream, true), (Kind::Observation, false)]
                | [(Kind::Thing, true), (Kind::Datastream, false)]
                | [(Kind::TaskingCapability, true), (Kind::Task, false)]
        );
        if !is_known {
            return None;
        }
        match world.resolve(parts).ok()? {
            Target::Many(Collection::Readings(mut series)) => series.pop().map(Carried::Observations),
            Target::One(Entity::Datastream(series)) => Some(Carried::Datastream(series)),
            Target::Many(Collection::Tasks(scope)) => scope.of.map(Carried::Tasks),
            Target::Many(Collection::Listed(entities)) => match entities.into_iter().next()? {
                Entity::Datastream(series) => Some(Carried::Datastreams(series.member)),
                _ => None,
            },
            Target::One(_) => None,
        }
    }

    /// What a topic carries of readings that are kept now.
    pub fn of_readings(&self, watch: &Watch, kept: &Kept) -> Vec<Vec<u8>> {
        let world = self.world(Sight::Own(Arc::clone(&kept.member)));
        match &watch.carried {
            Carried::Observations(series) => {
                let of = kept.readings.iter().filter(|reading| reading.series == number(series));
                of.filter_map(|reading| written(&world, &observation(&kept.member, *reading)?, watch)).collect()
            }
            Carried::Datastream(series) => self.of_series(&world, watch, kept, Some(number(series))),
            Carried::Datastreams(_) => self.of_series(&world, watch, kept, None),
            Carried::Tasks(_) => Vec::new(),
        }
    }

    /// Datastreams of which something was observed, once each.
    fn of_series(&self, world: &World, watch: &Watch, kept: &Kept, only: Option<SeriesNo>) -> Vec<Vec<u8>> {
        let mut heard: Vec<SeriesNo> = kept.readings.iter().map(|reading| reading.series).collect();
        heard.sort_unstable();
        heard.dedup();
        heard.retain(|series| only.is_none_or(|only| only == *series));
        let of = |series: &SeriesNo| {
            let property = kept.member.series.iter().position(|known| known == series)?;
            let entity = Entity::Datastream(SeriesOf { member: Arc::clone(&kept.member), property });
            written(world, &entity, watch)
        };
        heard.iter().filter_map(of).collect()
    }

    /// What a topic carries of a command that goes to its device now.
    pub fn of_command(&self, watch: &Watch, row: &DeviceCommandRow) -> Option<Vec<u8>> {
        let Carried::Tasks(capability) = &watch.carried else { return None };
        let task = Entity::Task(capability.clone(), Arc::new(row.clone()));
        let is_meant = capability.is_of(row);
        is_meant.then(|| written(&self.world(Sight::Own(Arc::clone(&capability.member))), &task, watch)).flatten()
    }
}

/// The parts of a path of a topic.
fn parts(path: &str) -> Option<Vec<Part>> {
    match path::parse(path).ok()? {
        Resource::Entities(parts, Tail::Whole) => Some(parts),
        _ => None,
    }
}

fn observation(member: &Arc<Member>, reading: Reading) -> Option<Entity> {
    let property = member.series.iter().position(|known| *known == reading.series)?;
    Some(Entity::Observation(SeriesOf { member: Arc::clone(member), property }, reading))
}

fn written(world: &World, entity: &Entity, watch: &Watch) -> Option<Vec<u8>> {
    let body = world.entity(entity, &watch.options);
    let body = body.inspect_err(|_| tracing::warn!("what a topic carries could not be written")).ok()?;
    Some(Json::Object(body).to_string().into_bytes())
}
