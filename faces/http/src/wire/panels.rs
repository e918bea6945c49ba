//! Panels: pictures that inspections are compared with, what is marked on them, and what comparing came to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;

/// A picture of an inspection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InspectionPicture {
    /// Its content address.
    pub id: String,
    /// The picture.
    pub url: String,
    /// The same, small.
    pub thumb_url: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// What photographs of a check are compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InspectionBaseline {
    /// Its id.
    pub id: String,
    /// The picture.
    pub picture: InspectionPicture,
    /// What is marked on it.
    pub marks: PanelMarksView,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: Time,
}

/// An upright rectangle in pixels of a picture, x to the right and y down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PictureRect {
    /// Its left edge.
    pub x: f64,
    /// Its upper edge.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// What is marked on a baseline; all lengths in its pixels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PanelMarksView {
    /// Round dials with one needle.
    #[serde(default)]
    pub dials: Vec<DialMarkView>,
    /// Switches and lamps.
    #[serde(default)]
    pub switches: Vec<SwitchMarkView>,
    /// Where differences do not count.
    #[serde(default)]
    pub ignored: Vec<PictureRect>,
}

/// A round dial with one needle; angles are degrees clockwise from straight up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DialMarkView {
    /// What it shows.
    pub title: String,
    /// The needle's axis, to the right.
    pub x: f64,
    /// The needle's axis, down.
    pub y: f64,
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
    #[schema(nullable = false)]
    pub unit: Option<String>,
    /// Less is a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub low: Option<f64>,
    /// More is a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub high: Option<f64>,
}

/// A switch or a lamp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchMarkView {
    /// What it switches or shows.
    pub title: String,
    /// Its place.
    pub area: PictureRect,
    /// The position it has to be in.
    pub expected: String,
    /// 2 to 8 positions, each with a picture of the panel that shows it.
    pub positions: Vec<SwitchPositionView>,
}

/// One position of a switch or a lamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchPositionView {
    /// Its name.
    pub name: String,
    /// A picture of the panel that shows it so, by its content address.
    pub picture: String,
}

/// A baseline to set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectionBaselineInput {
    /// Of which check.
    pub check: String,
    /// The picture: one that was uploaded, or was taken for an inspection of the same region.
    pub picture: String,
    /// What is marked on it.
    #[serde(default)]
    pub marks: PanelMarksView,
}

/// A photograph to compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PanelComparisonInput {
    /// Of which check.
    pub check: String,
    /// The photograph, uploaded before.
    pub picture: String,
}

/// What comparing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PanelFindingWord {
    /// Everything is as it was.
    Same,
    /// Something is not as it should be.
    Differs,
    /// The two pictures could not be laid over each other.
    Unclear,
}

/// A photograph beside its baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PanelComparisonView {
    /// The baseline.
    pub before: InspectionPicture,
    /// The photograph.
    pub after: InspectionPicture,
    /// What comparing came to.
    pub finding: PanelFindingWord,
    /// Why it is unclear, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
    /// From the baseline's pixels to the photograph's: a homography, nine numbers row by row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub map: Option<Vec<f64>>,
    /// Share of the baseline that the photograph shows, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub overlap: Option<f64>,
    /// Where they differ, the largest first.
    pub regions: Vec<PanelRegionView>,
    /// What the dials show.
    pub dials: Vec<DialFindingView>,
    /// Where the switches stand.
    pub switches: Vec<SwitchFindingView>,
}

/// A place that differs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PanelRegionView {
    /// On the baseline.
    pub before: PictureRect,
    /// On the photograph.
    pub after: PictureRect,
    /// Mean difference, as a share of the range of brightness.
    pub strength: f64,
}

/// What a dial shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DialFindingView {
    /// What it is of.
    pub title: String,
    /// The value; absent where the needle was not found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub value: Option<f64>,
    /// Its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unit: Option<String>,
    /// Whether the value is outside its limits.
    pub is_fault: bool,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unread: Option<String>,
}

/// Where a switch stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SwitchFindingView {
    /// What it is of.
    pub title: String,
    /// Its position; absent where it looks like none of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub position: Option<String>,
    /// The position it has to be in.
    pub expected: String,
    /// Whether it is in another position.
    pub is_fault: bool,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unread: Option<String>,
}
