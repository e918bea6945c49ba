//! Texts, instants and problems: what every other wire type is made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One text in one or more languages, keyed by BCP 47 tag (`zh-CN`, `en`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = json!({"zh-CN": "处置", "en": "Handling"}))]
pub struct Text(pub BTreeMap<String, String>);

impl From<&model::Text> for Text {
    fn from(text: &model::Text) -> Self {
        Self(text.0.clone())
    }
}

impl From<model::Text> for Text {
    fn from(text: model::Text) -> Self {
        Self(text.0)
    }
}

/// An instant, RFC 3339 in UTC, such as `2026-11-23T08:00:00Z`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = DateTime, example = "2026-11-23T08:00:00Z")]
pub struct Time(pub String);

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// One word for programs, such as `not_allowed`.
    pub code: String,
    /// Plain words for people; never a path, a query or personal data.
    pub message: String,
    /// The fields at fault, when the input was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// The actions that are allowed now, when the one asked for was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub allowed: Option<Vec<String>>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// The field's id.
    pub field: String,
    /// What is wrong, with the limit.
    pub message: String,
}

/// A thing with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: Text,
}

/// A box on the map: west, south, east, north in degrees, CGCS2000.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bounds {
    /// Western longitude.
    pub west: f64,
    /// Southern latitude.
    pub south: f64,
    /// Eastern longitude.
    pub east: f64,
    /// Northern latitude.
    pub north: f64,
}

/// A shape of GeoJSON (RFC 7946), longitude before latitude.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Geometry {
    /// `Point`, `Polygon` or `MultiPolygon`.
    #[serde(rename = "type")]
    pub kind: GeometryKind,
    /// Nested arrays of degrees.
    pub coordinates: serde_json::Value,
}

/// The kind of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum GeometryKind {
    /// One point.
    Point,
    /// One polygon.
    Polygon,
    /// Several polygons.
    MultiPolygon,
}

/// The word `FeatureCollection`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum CollectionKind {
    /// The only kind of collection.
    FeatureCollection,
}

/// The word `Feature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum FeatureKind {
    /// The only kind of feature.
    Feature,
}
