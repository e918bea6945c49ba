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
        /// What is measured while it holds, instead of "at": afterwards devices go back to what is planned for them.
        condition as "while": Option<At<SceneConditionEntry>>,
    }

    /// Counters and what they count while a scene holds. Conditions are those of alarm rules; spans are written as 90s, 10m, 1h30m.
    struct SceneConditionEntry {
        /// Classes of the counters.
        classes: Many<At<DeviceClassId>>,
        /// The condition over the readings of one counter: passed > 12.0
        when: At<String>,
        /// How long it must hold.
        hold_for as "for": Option<At<String>>,
        /// How far a value must come back behind its threshold.
        hysteresis: Option<At<f64>>,
        /// How long the scene holds after the condition ended, at least 1m.
        keep_firing: At<String>,
        /// A counter that says nothing for so long governs nothing.
        no_data_after: At<String>,
        /// A counter governs the devices at most so many metres away, 1 to 5000.
        within_m: Option<At<f64>>,
        /// A counter governs the devices of its own smallest region, instead of within_m.
        same_region: Option<At<bool>>,
        /// From this moment; always when absent.
        from: Option<At<Moment>>,
        /// To this moment, of the next day where it comes first.
        to: Option<At<Moment>>,
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
