//! Devices as rules see them. The caller describes them; nothing here asks a registry.

use grid::LonLat;
use model::{DeviceId, SeriesNo};
use serde::Deserialize;

/// One device: what it is, where, and what it measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// Its name.
    pub device: DeviceId,
    /// Counts the changes of this description; the engine looks again when it differs.
    pub revision: u32,
    /// Class of device, such as `smoke_detector`.
    pub class: Box<str>,
    /// Every area and region that it stands in, from the smallest to the largest.
    pub areas: Vec<Box<str>>,
    /// The group it belongs to, such as a feeder of lamps.
    pub group: Option<Box<str>>,
    /// Words put on it.
    pub tags: Vec<Box<str>>,
    /// The device it speaks through.
    pub parent: Option<DeviceId>,
    /// Where it stands.
    pub point: Option<LonLat>,
    /// Its series, each with the name of its property.
    pub series: Vec<(SeriesNo, Box<str>)>,
}

/// Which devices: all that are given must hold, and one of each list. Nothing given means every device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selector {
    /// Classes of device.
    pub classes: Vec<Box<str>>,
    /// Properties; a rule over `value` watches each of them by itself.
    pub properties: Vec<Box<str>>,
    /// Areas or regions.
    pub areas: Vec<Box<str>>,
    /// Groups.
    pub groups: Vec<Box<str>>,
    /// Tags, all of which must be there.
    pub tags: Vec<Box<str>>,
    /// Devices by name.
    pub devices: Vec<Box<str>>,
}

impl Selector {
    /// Whether a device is meant.
    pub fn matches(&self, subject: &Subject) -> bool {
        let among = |list: &[Box<str>], word: &str| list.is_empty() || list.iter().any(|known| **known == *word);
        among(&self.classes, &subject.class)
            && among(&self.devices, subject.device.as_str())
            && (self.groups.is_empty() || subject.group.as_deref().is_some_and(|group| among(&self.groups, group)))
            && (self.areas.is_empty() || subject.areas.iter().any(|area| self.areas.contains(area)))
            && self.tags.iter().all(|tag| subject.tags.contains(tag))
            && (self.properties.is_empty() || subject.series.iter().any(|(_, name)| self.properties.contains(name)))
    }
}
