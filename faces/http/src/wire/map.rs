//! The live map.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{CollectionKind, DueState, FeatureKind, Geometry, Text};

/// Which cases to draw.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MapQuery {
    /// Western longitude, degrees.
    pub west: f64,
    /// Southern latitude, degrees.
    pub south: f64,
    /// Eastern longitude, degrees.
    pub east: f64,
    /// Northern latitude, degrees.
    pub north: f64,
    /// Zoom of the map, 0 to 24; cases are clustered below 15.
    #[param(minimum = 0, maximum = 24)]
    pub zoom: f64,
    /// True for open cases alone, false for closed ones alone.
    pub open: Option<bool>,
    /// True for late ones alone.
    pub late: Option<bool>,
    /// A category.
    pub category: Option<String>,
    /// A stage.
    pub stage: Option<String>,
}

/// An area, as a polygon or as a circle, and which cases of it.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WithinQuery {
    /// Rings parted by `;`, the outline first, then holes; corners parted by blanks, each `lon,lat` in degrees. At most
    /// 200 corners.
    #[param(example = "112.89,32.49 112.91,32.49 112.90,32.51")]
    pub polygon: Option<String>,
    /// Longitude of a circle's centre, degrees.
    pub lon: Option<f64>,
    /// Latitude of a circle's centre, degrees.
    pub lat: Option<f64>,
    /// Radius of a circle, metres, at most 100 000.
    pub radius_m: Option<f64>,
    /// True for open cases alone, false for closed ones alone.
    pub open: Option<bool>,
    /// True for late ones alone.
    pub late: Option<bool>,
    /// A category.
    pub category: Option<String>,
    /// A stage.
    pub stage: Option<String>,
    /// How many at most, 1 to 200; 50 when absent.
    pub limit: Option<u32>,
}

/// Cases as points, or clusters of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CaseCollection {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    pub kind: CollectionKind,
    /// The points.
    pub features: Vec<CaseFeature>,
    /// True when the box holds more cases than were drawn.
    pub truncated: bool,
}

/// A case or a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CaseFeature {
    /// `Feature`.
    #[serde(rename = "type")]
    pub kind: FeatureKind,
    /// A point.
    pub geometry: Geometry,
    /// What it is.
    pub properties: CaseProperties,
}

/// What a point of the map is: a case when `case_id` is there, else a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CaseProperties {
    /// How many cases.
    pub count: u32,
    /// How many of them are late.
    pub late: u32,
    /// The case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_id: Option<String>,
    /// The number people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub no: Option<String>,
    /// Its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub state: Option<String>,
    /// Its stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stage: Option<String>,
    /// How its deadline stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_state: Option<DueState>,
    /// Its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub category: Option<String>,
    /// The category's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<Text>,
}
