//! What somebody may see: registered devices as Things, their series as Datastreams, readings as Observations.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use identity::Principal;
use model::{DeviceClassId, DeviceId, Instant, Reading, RegionId, SeriesNo};
use pack::{City, Compiled, DeviceClass};
use sense::telemetry::{Intake, Member, SeriesOf, TimeOrder};
use store::DeviceCommandRow;

use super::budget::Budget;
use super::fault::Fault;
use super::kinds::{Kind, Relation};
use super::tasks::{Capability, Scope};

/// No reading is older than this.
pub const BEGIN: Instant = Instant::from_micros(0);

/// None is later.
pub const END: Instant = Instant::from_micros(i64::MAX);

/// Whose devices somebody sees.
#[derive(Debug, Clone)]
pub enum Sight {
    /// A device sees itself.
    Own(Arc<Member>),
    /// Staff see the devices of their regions, with everything below.
    Regions(Vec<RegionId>),
}

/// An id of an entity, as it stands in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Id {
    /// `(12)`.
    Number(u64),
    /// `('lamp-1')`.
    Text(String),
}

/// An entity.
#[derive(Debug, Clone)]
pub enum Entity {
    /// A device.
    Thing(Arc<Member>),
    /// Where it stands.
    Location(Arc<Member>),
    /// Since when.
    HistoricalLocation(Arc<Member>),
    /// What its readings are of.
    FeatureOfInterest(Arc<Member>),
    /// One of its series.
    Datastream(SeriesOf),
    /// A class of devices.
    Sensor(DeviceClassId),
    /// A property of a class, by its place there.
    ObservedProperty(DeviceClassId, usize),
    /// A reading.
    Observation(SeriesOf, Reading),
    /// A class of devices that can be told to do something.
    Actuator(DeviceClassId),
    /// A command that a device takes.
    Capability(Capability),
    /// A command that was given.
    Task(Capability, Arc<DeviceCommandRow>),
}

/// Entities of one kind.
#[derive(Debug, Clone)]
pub enum Collection {
    /// These, in their order.
    Listed(Vec<Entity>),
    /// The readings of these series, which are in the order of their numbers.
    Readings(Vec<SeriesOf>),
    /// The commands that were given, the newest first.
    Tasks(Scope),
}

/// Where a relation leads.
#[derive(Debug, Clone)]
pub enum Related {
    /// To one entity.
    One(Entity),
    /// To a collection.
    Many(Collection),
}

/// Everything that somebody may see, with what their question has cost.
pub struct World {
    /// The register and the lake.
    pub intake: Arc<Intake>,
    /// The pack in force.
    pub compiled: Arc<Compiled>,
    /// Whose devices are seen.
    pub sight: Sight,
    /// Who asks, where it is not a device.
    pub who: Principal,
    /// The language of names.
    pub locale: String,
    /// The address of this interface, without a slash at its end.
    pub base: String,
    /// The present.
    pub now: Instant,
    /// What the question has cost.
    pub budget: Budget,
    /// The devices seen, once they were listed.
    pub members: OnceLock<Vec<Arc<Member>>>,
    /// The times of series that were asked for: a Datastream stands within each of its Observations.
    pub spans: Mutex<HashMap<SeriesNo, Option<Span>>>,
}

/// From the first instant of a series to its last.
pub type Span = (Instant, Instant);

/// The number of a series.
pub fn number(series: &SeriesOf) -> SeriesNo {
    series.member.series[series.property]
}

fn series_of(member: &Arc<Member>) -> impl Iterator<Item = SeriesOf> + '_ {
    (0..member.series.len()).map(|property| SeriesOf { member: Arc::clone(member), property })
}

fn sorted(mut series: Vec<SeriesOf>) -> Vec<SeriesOf> {
    series.sort_unstable_by_key(number);
    series
}

fn datastreams(series: Vec<SeriesOf>) -> Collection {
    Collection::Listed(sorted(series).into_iter().map(Entity::Datastream).collect())
}

/// The series and the instant that an Observation's id names: `12-1700000000000000`.
pub fn reading_id(text: &str) -> Option<(SeriesNo, Instant)> {
    let (series, at) = text.split_once('-')?;
    let is_plain = series.bytes().all(|byte| byte.is_ascii_digit());
    let at = Instant::from_micros(at.parse().ok().filter(|at| (BEGIN.as_micros()..END.as_micros()).contains(at))?);
    Some((SeriesNo(series.parse().ok().filter(|_| is_plain)?), at))
}

impl World {
    /// The city of the pack in force.
    pub fn city(&self) -> &City {
        &self.compiled.city
    }

    /// Whether a device is seen.
    pub fn sees(&self, member: &Member) -> bool {
        match &self.sight {
            Sight::Own(own) => own.row.id == member.row.id,
            Sight::Regions(regions) => regions.iter().any(|region| self.city().is_within(&member.row.region, region)),
        }
    }

    /// The devices seen, in the order of their names.
    pub fn members(&self) -> &[Arc<Member>] {
        self.members.get_or_init(|| match &self.sight {
            Sight::Own(own) => vec![Arc::clone(own)],
            Sight::Regions(_) => {
                let mut members = self.intake.fleet.list();
                members.retain(|member| self.sees(member));
                members
            }
        })
    }

    /// A device that is seen.
    pub fn find_member(&self, id: &str) -> Option<Arc<Member>> {
        let member = self.intake.fleet.find(&DeviceId::new(id).ok()?)?;
        self.sees(&member).then_some(member)
    }

    /// A series that is seen.
    pub fn find_series(&self, series: SeriesNo) -> Option<SeriesOf> {
        self.intake.fleet.of_series(series).filter(|found| self.sees(&found.member))
    }

    /// A class that is seen: a device's own, to staff all of the pack.
    pub fn class(&self, id: &DeviceClassId) -> Option<&DeviceClass> {
        let is_seen = match &self.sight {
            Sight::Own(own) => own.row.class == *id,
            Sight::Regions(_) => true,
        };
        self.city().devices.get(id).filter(|_| is_seen)
    }

    /// The classes that are seen.
    pub fn classes(&self) -> impl Iterator<Item = (&DeviceClassId, &DeviceClass)> {
        self.city().devices.iter().filter(|(id, _)| self.class(id).is_some())
    }

    /// All that is seen of a kind.
    ///
    /// # Errors
    /// 400 when the question has become too large.
    pub fn set(&self, kind: Kind) -> Result<Collection, Fault> {
        let each = |make: fn(Arc<Member>) -> Entity| self.members().iter().map(Arc::clone).map(make).collect();
        if !matches!(kind, Kind::Sensor | Kind::ObservedProperty | Kind::Actuator | Kind::Task) {
            self.budget.step(self.members().len())?;
        }
        Ok(match kind {
            Kind::Thing => Collection::Listed(each(Entity::Thing)),
            Kind::Location => Collection::Listed(each(Entity::Location)),
            Kind::HistoricalLocation => Collection::Listed(each(Entity::HistoricalLocation)),
            Kind::FeatureOfInterest => Collection::Listed(each(Entity::FeatureOfInterest)),
            Kind::Datastream => datastreams(self.members().iter().flat_map(series_of).collect()),
            Kind::Observation => Collection::Readings(sorted(self.members().iter().flat_map(series_of).collect())),
            Kind::Sensor => Collection::Listed(self.classes().map(|(id, _)| Entity::Sensor(id.clone())).collect()),
            Kind::ObservedProperty => {
                let of = |(id, class): (&DeviceClassId, &DeviceClass)| {
                    let id = id.clone();
                    (0..class.properties.len()).map(move |place| Entity::ObservedProperty(id.clone(), place))
                };
                Collection::Listed(self.classes().flat_map(of).collect())
            }
            Kind::Actuator => Collection::Listed(self.actuators()),
            Kind::TaskingCapability => Collection::Listed(self.capabilities(|_| true)),
            Kind::Task => Collection::Tasks(Scope::default()),
        })
    }

    /// An entity by its id; `None` also where it may not be seen.
    ///
    /// # Errors
    /// 500 when the lake cannot be read.
    pub fn find(&self, kind: Kind, id: &Id) -> Result<Option<Entity>, Fault> {
        let found = match (kind, id) {
            (Kind::Thing, Id::Text(id)) => self.find_member(id).map(Entity::Thing),
            (Kind::Location, Id::Text(id)) => self.find_member(id).map(Entity::Location),
            (Kind::HistoricalLocation, Id::Text(id)) => self.find_member(id).map(Entity::HistoricalLocation),
            (Kind::FeatureOfInterest, Id::Text(id)) => self.find_member(id).map(Entity::FeatureOfInterest),
            (Kind::Datastream, Id::Number(id)) => {
                let series = u32::try_from(*id).ok().and_then(|id| self.find_series(SeriesNo(id)));
                series.map(Entity::Datastream)
            }
            (Kind::Sensor, Id::Text(id)) => {
                DeviceClassId::new(id).ok().filter(|id| self.class(id).is_some()).map(Entity::Sensor)
            }
            (Kind::ObservedProperty, Id::Text(id)) => self.find_property(id),
            (Kind::Observation, Id::Text(id)) => return self.find_reading(id),
            (Kind::Actuator, Id::Text(id)) => self.find_actuator(id).map(Entity::Actuator),
            (Kind::TaskingCapability, Id::Text(id)) => self.find_capability(id).map(Entity::Capability),
            (Kind::Task, Id::Text(id)) => return self.find_task(id),
            _ => None,
        };
        Ok(found)
    }

    fn find_property(&self, id: &str) -> Option<Entity> {
        let (class, property) = id.split_once('.')?;
        let class = DeviceClassId::new(class).ok()?;
        let place = self.class(&class)?.properties.iter().position(|known| known.id.as_str() == property)?;
        Some(Entity::ObservedProperty(class, place))
    }

    fn find_reading(&self, id: &str) -> Result<Option<Entity>, Fault> {
        let found = reading_id(id).and_then(|(series, at)| Some((self.find_series(series)?, at)));
        let Some((series, at)) = found else { return Ok(None) };
        let reading = self.range(&series, (at, at.plus_micros(1)), TimeOrder::Earliest, 1)?.pop();
        Ok(reading.map(|reading| Entity::Observation(series, reading)))
    }

    /// Readings of a series from one end of a time.
    ///
    /// # Errors
    /// 400 when the question has become too large, 500 when the lake cannot be read.
    pub fn range(
        &self,
        series: &SeriesOf,
        span: (Instant, Instant),
        order: TimeOrder,
        limit: usize,
    ) -> Result<Vec<Reading>, Fault> {
        let readings = self.intake.lake.range(number(series), span, order, limit)?;
        self.budget.look(readings.len())?;
        Ok(readings)
    }

    /// The first and the last instant of a series; `None` without readings.
    ///
    /// # Errors
    /// As [`World::range`].
    pub fn span_of(&self, series: &SeriesOf) -> Result<Option<Span>, Fault> {
        let known = || self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(span) = known().get(&number(series)) {
            return Ok(*span);
        }
        let span = match self.intake.lake.latest(number(series)) {
            Some(latest) => {
                let until_then = (BEGIN, latest.at.plus_micros(1));
                let first = self.range(series, until_then, TimeOrder::Earliest, 1)?.pop();
                Some((first.map_or(latest.at, |first| first.at), latest.at))
            }
            None => None,
        };
        known().insert(number(series), span);
        Ok(span)
    }

    /// Where a relation of an entity leads.
    ///
    /// # Errors
    /// 400 when the question has become too large.
    pub fn follow(&self, entity: &Entity, relation: &Relation) -> Result<Related, Fault> {
        let listed = |entity: Entity| Related::Many(Collection::Listed(vec![entity]));
        self.budget.step(1)?;
        Ok(match (entity, relation.kind) {
            (Entity::Thing(member), Kind::Location) | (Entity::HistoricalLocation(member), Kind::Location) => {
                listed(Entity::Location(Arc::clone(member)))
            }
            (Entity::Thing(member) | Entity::Location(member), Kind::HistoricalLocation) => {
                listed(Entity::HistoricalLocation(Arc::clone(member)))
            }
            (Entity::Thing(member), Kind::TaskingCapability) => {
                Related::Many(Collection::Listed(self.capabilities_of(member)))
            }
            (Entity::Actuator(class), _) => {
                self.budget.step(self.members().len())?;
                Related::Many(Collection::Listed(self.capabilities(|member| member.row.class == *class)))
            }
            (Entity::Capability(capability), Kind::Thing) => {
                Related::One(Entity::Thing(Arc::clone(&capability.member)))
            }
            (Entity::Capability(capability), Kind::Actuator) => {
                Related::One(Entity::Actuator(capability.member.row.class.clone()))
            }
            (Entity::Capability(capability), _) => {
                Related::Many(Collection::Tasks(Scope { of: Some(capability.clone()) }))
            }
            (Entity::Task(capability, _), _) => Related::One(Entity::Capability(capability.clone())),
            (Entity::Location(member), _) => listed(Entity::Thing(Arc::clone(member))),
            (Entity::Thing(member), _) => Related::Many(datastreams(series_of(member).collect())),
            (Entity::HistoricalLocation(member), _) => Related::One(Entity::Thing(Arc::clone(member))),
            (Entity::FeatureOfInterest(member), _) => {
                Related::Many(Collection::Readings(sorted(series_of(member).collect())))
            }
            (Entity::Datastream(series), Kind::Thing) => Related::One(Entity::Thing(Arc::clone(&series.member))),
            (Entity::Datastream(series), Kind::Sensor) => Related::One(Entity::Sensor(series.member.row.class.clone())),
            (Entity::Datastream(series), Kind::ObservedProperty) => {
                Related::One(Entity::ObservedProperty(series.member.row.class.clone(), series.property))
            }
            (Entity::Datastream(series), _) => Related::Many(Collection::Readings(vec![series.clone()])),
            (Entity::Sensor(class), _) => self.datastreams_of(class, None)?,
            (Entity::ObservedProperty(class, property), _) => self.datastreams_of(class, Some(*property))?,
            (Entity::Observation(series, _), Kind::Datastream) => Related::One(Entity::Datastream(series.clone())),
            (Entity::Observation(series, _), _) => Related::One(Entity::FeatureOfInterest(Arc::clone(&series.member))),
        })
    }

    fn datastreams_of(&self, class: &DeviceClassId, property: Option<usize>) -> Result<Related, Fault> {
        self.budget.step(self.members().len())?;
        let of_class = self.members().iter().filter(|member| member.row.class == *class);
        let series =
            of_class.flat_map(series_of).filter(|series| property.is_none_or(|wanted| series.property == wanted));
        Ok(Related::Many(datastreams(series.collect())))
    }

    /// An entity of a collection by its id; `None` where it is not one of them.
    ///
    /// # Errors
    /// As [`World::find`].
    pub fn pick(&self, collection: &Collection, kind: Kind, id: &Id) -> Result<Option<Entity>, Fault> {
        let Some(entity) = self.find(kind, id)? else { return Ok(None) };
        let is_one = match (collection, &entity) {
            (Collection::Readings(series), Entity::Observation(of, _)) => {
                series.iter().any(|one| number(one) == number(of))
            }
            (Collection::Listed(entities), _) => entities.iter().any(|one| self.id(one) == self.id(&entity)),
            (Collection::Tasks(scope), Entity::Task(of, _)) => scope.has(of),
            (Collection::Readings(_) | Collection::Tasks(_), _) => false,
        };
        Ok(is_one.then_some(entity))
    }
}
