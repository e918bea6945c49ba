//! Scenes, as `scenes.yaml` spells them.

use model::{DeviceClassId, PropertyId, RegionId, SceneId, Text};
use serde_json::{Value as Json, json};

use super::read::{Many, Reader, Source, Table, parsed_source, source};
use super::yaml::Node;
use crate::city::{Moment, Weekday};
use crate::faults::At;

source! {
    /// One command to many devices, by hand or when it is planned.
    struct SceneEntry {
        /// What people read.
        title: Text,
        /// The class of the devices.
        class: At<DeviceClassId>,
        /// Regions whose devices are told, with everything below; the whole city when absent.
        regions: Many<At<RegionId>>,
        /// The command of the class; none that is dangerous.
        command: At<PropertyId>,
        /// The values it takes.
        arguments: Table<PropertyId, At<Argument>>,
        /// Moments of the day: HH:MM by the clock of the city, or dawn, sunrise, sunset, dusk at its centre, such as dusk-15m; by hand alone when absent.
        at: Many<At<Moment>>,
        /// On these days; every day when absent.
        weekdays: Many<At<Weekday>>,
    }
}

/// Scenes, by id.
pub(crate) type ScenesFile = Table<SceneId, SceneEntry>;

parsed_source! {
    SceneId, "a scene id", {"type": "string"};
    Moment, "a moment", {"type": "string", "pattern": "^([0-9]{2}:[0-9]{2}|(dawn|sunrise|sunset|dusk)([+-][0-9]+m)?)$"};
}

/// A value of a command: a number, true or false.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Argument(pub Json);

impl Source for Argument {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let value = node.to_json();
        if value.is_number() || value.is_boolean() {
            return Some(Self(value));
        }
        reader.fault(node, format!("expected a number, true or false, got {}", node.kind()));
        None
    }

    fn schema() -> Json {
        json!({"type": ["number", "boolean"]})
    }
}
