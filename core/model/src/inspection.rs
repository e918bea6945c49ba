//! Inspections (巡检): what is marked on the baseline of a panel, and what comparing a photograph with it came to.
//!
//! Kept beside the answers and sealed with them, so it is persisted language too. Lengths are pixels of the picture they
//! are of, the centre of the upper left pixel at (0, 0), x to the right and y down; angles are degrees clockwise from
//! straight up.

use serde::{Deserialize, Serialize};

use crate::ids::{EventId, EvidenceId};

/// An upright rectangle, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PictureArea {
    /// Its left edge.
    pub x: f64,
    /// Its upper edge.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// What is marked on a baseline.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PanelMarks {
    /// Round dials with one needle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dials: Vec<DialMark>,
    /// Switches and lamps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switches: Vec<SwitchMark>,
    /// Where differences do not count: clocks, counters, displays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<PictureArea>,
}

/// A round dial with one needle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DialMark {
    /// What it shows.
    pub title: String,
    /// The needle's axis.
    pub centre: (f64, f64),
    /// From the axis to the scale.
    pub radius: f64,
    /// Where the needle stands at `min`.
    pub zero_angle: f64,
    /// Where it stands at `max`.
    pub full_angle: f64,
    /// Value at the start of the scale.
    pub min: f64,
    /// Value at its end.
    pub max: f64,
    /// Its unit, as written on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Less is a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// More is a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// A switch or a lamp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SwitchMark {
    /// What it switches or shows.
    pub title: String,
    /// Its place on the baseline.
    pub area: PictureArea,
    /// The position it has to be in.
    pub expected: String,
    /// What it looks like in each position; at least two.
    pub positions: Vec<PositionMark>,
}

/// One position of a switch or a lamp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PositionMark {
    /// Its name, such as 合.
    pub name: String,
    /// A picture of the panel that shows it so: the baseline, or another one of the same panel.
    pub picture: EvidenceId,
    /// What the area looks like there: 32 × 32 pixels, red, green and blue in turn, row by row, as Base64.
    pub patch: String,
}

/// What comparing a photograph with a baseline came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PanelComparison {
    /// The baseline.
    pub baseline: EventId,
    /// Its picture.
    pub before: EvidenceId,
    /// The photograph.
    pub after: EvidenceId,
    /// The finding.
    #[serde(flatten)]
    pub finding: PanelFinding,
}

/// Whether a panel is as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum PanelFinding {
    /// The two pictures could be laid over each other.
    Compared(Box<PanelCompared>),
    /// They could not.
    Unclear {
        /// Why, and what to do.
        reason: String,
    },
}

/// Two pictures that lie over each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PanelCompared {
    /// From the baseline's pixels to the photograph's: a homography, row by row, the last number 1.
    pub map: [f64; 9],
    /// Share of the baseline that the photograph shows, 0 to 1.
    pub overlap: f64,
    /// By how much the places that agree stray from the map, pixels of the baseline.
    pub residual_px: f64,
    /// Where they differ, the largest first; at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<PanelRegion>,
    /// What the dials show, in the order marked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dials: Vec<DialFinding>,
    /// Where the switches stand, in the order marked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub switches: Vec<SwitchFinding>,
}

/// A place that differs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PanelRegion {
    /// On the baseline.
    pub before: PictureArea,
    /// On the photograph.
    pub after: PictureArea,
    /// Mean difference, as a share of the range of brightness.
    pub strength: f64,
}

/// What a dial shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DialFinding {
    /// What it is of.
    pub title: String,
    /// The value; absent where the needle was not found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How far the needle stands out, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Whether the value is outside its limits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_fault: bool,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

/// Where a switch stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SwitchFinding {
    /// What it is of.
    pub title: String,
    /// Its position; absent where it looks like none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// The position it has to be in.
    pub expected: String,
    /// By how much it looks more like that position than like the next, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Whether it is in another position.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_fault: bool,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

impl PanelCompared {
    /// Whether anything is not as it should be: a place that differs, a dial beyond its limits or hidden, a switch in another
    /// position or hidden.
    pub fn differs(&self) -> bool {
        !self.regions.is_empty()
            || self.dials.iter().any(|dial| dial.is_fault || dial.unread.is_some())
            || self.switches.iter().any(|switch| switch.is_fault || switch.unread.is_some())
    }
}

impl PanelFinding {
    /// Whether the panel is not as it should be; absent where the pictures could not be compared.
    pub fn differs(&self) -> Option<bool> {
        match self {
            Self::Compared(compared) => Some(compared.differs()),
            Self::Unclear { .. } => None,
        }
    }
}
