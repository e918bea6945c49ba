//! The entity types of SensorThings, their properties and relations (OGC 18-088; for tasking OGC 17-079r1).

/// A type of entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A device.
    Thing,
    /// Where a device stands.
    Location,
    /// Since when it stands there.
    HistoricalLocation,
    /// A series of readings.
    Datastream,
    /// A class of devices.
    Sensor,
    /// What devices of a class measure.
    ObservedProperty,
    /// A reading.
    Observation,
    /// What a reading is of: the place of the device.
    FeatureOfInterest,
    /// A class of devices that can be told to do something.
    Actuator,
    /// A command that a device takes.
    TaskingCapability,
    /// A command that was given to a device.
    Task,
}

/// A relation from one type to another.
#[derive(Debug, PartialEq, Eq)]
pub struct Relation {
    /// Its name.
    pub name: &'static str,
    /// Where it leads.
    pub kind: Kind,
    /// Whether it leads to a collection.
    pub is_many: bool,
}

const fn one(name: &'static str, kind: Kind) -> Relation {
    Relation { name, kind, is_many: false }
}

const fn many(kind: Kind) -> Relation {
    Relation { name: kind.set(), kind, is_many: true }
}

impl Kind {
    /// All of them, in the order of the root.
    pub const ALL: [Self; 11] = [
        Self::Thing,
        Self::Location,
        Self::HistoricalLocation,
        Self::Datastream,
        Self::Sensor,
        Self::ObservedProperty,
        Self::Observation,
        Self::FeatureOfInterest,
        Self::Actuator,
        Self::TaskingCapability,
        Self::Task,
    ];

    /// The name of its set.
    pub const fn set(self) -> &'static str {
        match self {
            Self::Thing => "Things",
            Self::Location => "Locations",
            Self::HistoricalLocation => "HistoricalLocations",
            Self::Datastream => "Datastreams",
            Self::Sensor => "Sensors",
            Self::ObservedProperty => "ObservedProperties",
            Self::Observation => "Observations",
            Self::FeatureOfInterest => "FeaturesOfInterest",
            Self::Actuator => "Actuators",
            Self::TaskingCapability => "TaskingCapabilities",
            Self::Task => "Tasks",
        }
    }

    /// The type of a set.
    pub fn of_set(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.set() == name)
    }

    /// Its properties, without `@iot.id` and links.
    pub const fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Thing => &["name", "description", "properties"],
            Self::Location => &["name", "description", "encodingType", "location", "properties"],
            Self::HistoricalLocation => &["time"],
            Self::Datastream => &[
                "name",
                "description",
                "observationType",
                "unitOfMeasurement",
                "observedArea",
                "phenomenonTime",
                "resultTime",
                "properties",
            ],
            Self::Sensor | Self::Actuator => &["name", "description", "encodingType", "metadata", "properties"],
            Self::ObservedProperty => &["name", "definition", "description", "properties"],
            Self::Observation => {
                &["phenomenonTime", "result", "resultTime", "resultQuality", "validTime", "parameters"]
            }
            Self::FeatureOfInterest => &["name", "description", "encodingType", "feature", "properties"],
            Self::TaskingCapability => &["name", "description", "taskingParameters", "properties"],
            Self::Task => &["creationTime", "taskingParameters", "properties"],
        }
    }

    /// Its relations.
    pub const fn relations(self) -> &'static [Relation] {
        const THING: &[Relation] = &[
            many(Kind::Location),
            many(Kind::HistoricalLocation),
            many(Kind::Datastream),
            many(Kind::TaskingCapability),
        ];
        const LOCATION: &[Relation] = &[many(Kind::Thing), many(Kind::HistoricalLocation)];
        const HISTORICAL_LOCATION: &[Relation] = &[one("Thing", Kind::Thing), many(Kind::Location)];
        const DATASTREAM: &[Relation] = &[
            one("Thing", Kind::Thing),
            one("Sensor", Kind::Sensor),
            one("ObservedProperty", Kind::ObservedProperty),
            many(Kind::Observation),
        ];
        const DATASTREAMS: &[Relation] = &[many(Kind::Datastream)];
        const OBSERVATION: &[Relation] =
            &[one("Datastream", Kind::Datastream), one("FeatureOfInterest", Kind::FeatureOfInterest)];
        const FEATURE: &[Relation] = &[many(Kind::Observation)];
        const ACTUATOR: &[Relation] = &[many(Kind::TaskingCapability)];
        const CAPABILITY: &[Relation] = &[one("Thing", Kind::Thing), one("Actuator", Kind::Actuator), many(Kind::Task)];
        const TASK: &[Relation] = &[one("TaskingCapability", Kind::TaskingCapability)];
        match self {
            Self::Thing => THING,
            Self::Location => LOCATION,
            Self::HistoricalLocation => HISTORICAL_LOCATION,
            Self::Datastream => DATASTREAM,
            Self::Sensor | Self::ObservedProperty => DATASTREAMS,
            Self::Observation => OBSERVATION,
            Self::FeatureOfInterest => FEATURE,
            Self::Actuator => ACTUATOR,
            Self::TaskingCapability => CAPABILITY,
            Self::Task => TASK,
        }
    }

    /// A relation by its name.
    pub fn relation(self, name: &str) -> Option<&'static Relation> {
        self.relations().iter().find(|relation| relation.name == name)
    }

    /// A property by its name; `id` and `selfLink` also as `@iot.id` and `@iot.selfLink`.
    pub fn property(self, name: &str) -> Option<&'static str> {
        match name {
            "id" | "@iot.id" => Some("id"),
            "selfLink" | "@iot.selfLink" => Some("selfLink"),
            _ => self.properties().iter().copied().find(|known| *known == name),
        }
    }

    /// What may be named, for words to whoever named something else.
    pub fn names(self) -> String {
        let relations = self.relations().iter().map(|relation| relation.name);
        ["id"].into_iter().chain(self.properties().iter().copied()).chain(relations).collect::<Vec<_>>().join(", ")
    }
}
