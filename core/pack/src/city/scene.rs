//! Scenes (场景): one command to many devices, by hand or when it is planned: lamps by dusk, sluices by the tide table.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use model::{DeviceClassId, PropertyId, RegionId, SceneId, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AlarmRule, AlarmSelector, Weekday};

/// Farthest from an event of the sun, minutes.
const OFFSET_MAX: i32 = 180;

/// Scenes by id.
pub type Scenes = BTreeMap<SceneId, Scene>;

/// One command to many devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Its name.
    pub title: Text,
    /// The class of the devices.
    pub class: DeviceClassId,
    /// Where they stand; the whole city where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<RegionId>,
    /// The command of their class; none that is dangerous.
    pub command: PropertyId,
    /// The values it takes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, Value>,
    /// When it is planned; by hand alone where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<Moment>,
    /// On these days; every day where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<Weekday>,
    /// What is measured while it holds; such a scene is not planned.
    #[serde(default, rename = "while", skip_serializing_if = "Option::is_none")]
    pub condition: Option<SceneCondition>,
}

impl Scene {
    /// The rules over readings of a scene that follows what is measured, with their ids: that a counter is over the
    /// threshold, and that nothing is heard of it. They are two, so that one that is heard again counts at once.
    pub fn rules(&self, id: &SceneId) -> Vec<(String, AlarmRule)> {
        let Some(condition) = &self.condition else { return Vec::new() };
        let selector = AlarmSelector { classes: condition.classes.clone(), ..AlarmSelector::default() };
        let over = AlarmRule {
            title: self.title.clone(),
            selector: selector.clone(),
            when: Some(condition.when.clone()),
            hold_for: condition.hold_for.clone(),
            hysteresis: condition.hysteresis,
            keep_firing: Some(condition.keep_firing.clone()),
            ..AlarmRule::default()
        };
        let no_data_after = Some(condition.no_data_after.clone());
        let silent = AlarmRule { title: self.title.clone(), selector, no_data_after, ..AlarmRule::default() };
        vec![(format!("{SCENE_OVER}{id}"), over), (format!("{SCENE_SILENT}{id}"), silent)]
    }
}

/// Ids of rules that are conditions of scenes begin with this: no alarm rule does.
pub const SCENE_RULE: &str = "scene.";
/// So begins the id of the rule that a counter is over the threshold of a scene.
pub const SCENE_OVER: &str = "scene.over.";
/// So begins the id of the rule that nothing is heard of a counter of a scene.
pub const SCENE_SILENT: &str = "scene.silent.";

/// Follows what is measured: the scene holds for a device while a counter that governs it counts so much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SceneCondition {
    /// Classes of the counters.
    pub classes: Vec<DeviceClassId>,
    /// The condition over their readings (CEL, as of alarm rules).
    pub when: String,
    /// How long it must hold.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub hold_for: Option<String>,
    /// How far a value must come back behind its threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hysteresis: Option<f64>,
    /// How long the scene holds after the condition ended.
    pub keep_firing: String,
    /// A counter that says nothing for so long governs nothing.
    pub no_data_after: String,
    /// Which devices a counter governs.
    pub reach: Reach,
    /// When it is looked at; always where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<SceneWindow>,
}

/// Which devices a counter governs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Those at most so many metres away.
    WithinM(f64),
    /// Those of the same smallest region.
    SameRegion,
}

/// From one moment to the next of another one, over midnight where that is how they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SceneWindow {
    /// Its beginning.
    pub from: Moment,
    /// Its end.
    pub to: Moment,
}

/// A moment of every day, at the centre of the city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Moment {
    /// By the clock of the city.
    Clock {
        /// Minutes since midnight.
        minute: u16,
    },
    /// By the sun.
    Sun {
        /// Where it stands.
        sun: Sun,
        /// Minutes after that; before it when negative.
        offset: i32,
    },
}

/// Where the sun stands. Dawn and dusk are those of civil twilight: the sun 6° below the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sun {
    /// It is light enough to do without lamps.
    Dawn,
    /// It rises.
    Sunrise,
    /// It sets.
    Sunset,
    /// It is too dark to do without lamps.
    Dusk,
}

impl Sun {
    const ALL: [Self; 4] = [Self::Dawn, Self::Sunrise, Self::Sunset, Self::Dusk];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dawn => "dawn",
            Self::Sunrise => "sunrise",
            Self::Sunset => "sunset",
            Self::Dusk => "dusk",
        }
    }
}

/// The text is no moment of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write HH:MM, or dawn, sunrise, sunset or dusk with up to {OFFSET_MAX} minutes before or after it, such as dusk-15m"
)]
pub struct MomentError;

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let found = Sun::ALL.into_iter().find_map(|sun| Some((sun, text.strip_prefix(sun.as_str())?)));
        if let Some((sun, rest)) = found {
            let offset = if rest.is_empty() { 0 } else { offset(rest).ok_or(MomentError)? };
            return Ok(Self::Sun { sun, offset });
        }
        let (hours, minutes) = text.split_once(':').ok_or(MomentError)?;
        let two = |digits: &str, below: u16| {
            let number = digits.parse::<u16>().ok().filter(|number| *number < below);
            number.filter(|_| digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit()))
        };
        let (hours, minutes) = (two(hours, 24).ok_or(MomentError)?, two(minutes, 60).ok_or(MomentError)?);
        Ok(Self::Clock { minute: hours * 60 + minutes })
    }
}

/// `+10m` or `-15m`.
fn offset(text: &str) -> Option<i32> {
    let minutes = text.strip_suffix('m')?;
    let digits = minutes.strip_prefix(['+', '-'])?;
    let number = digits.parse::<i32>().ok().filter(|_| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    let signed = if minutes.starts_with('-') { -number } else { number };
    (-OFFSET_MAX..=OFFSET_MAX).contains(&signed).then_some(signed)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clock { minute } => write!(f, "{:02}:{:02}", minute / 60, minute % 60),
            Self::Sun { sun, offset: 0 } => f.write_str(sun.as_str()),
            Self::Sun { sun, offset } => write!(f, "{}{offset:+}m", sun.as_str()),
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = MomentError;

    fn try_from(text: String) -> Result<Self, MomentError> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_times_of_day_or_of_the_sun() {
        for text in ["00:00", "23:59", "dusk", "dusk-15m", "sunrise+5m", "dawn", "sunset+180m"] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
        }
        for text in
            ["", "24:00", "7:30", "12:60", "+1:00", "noon", "dusk 15m", "dusk-15", "dusk--5m", "dawn+181m", "dusk15m"]
        {
            assert_eq!(text.parse::<Moment>(), Err(MomentError), "{text}");
        }
    }
}
