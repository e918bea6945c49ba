//! The city as every visitor may see it: names, categories, regions, offices, processes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Bounds, CollectionKind, Face, FeatureKind, Field, Geometry, Text};

/// The city and what the faces need to open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct City {
    /// Short word, such as `yaoguang`.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Hash of the present pack.
    pub pack_hash: String,
    /// The pack's own version.
    pub version: String,
    /// IANA time zone.
    pub timezone: String,
    /// Languages in order of preference.
    pub locales: Vec<String>,
    /// The whole city on the map.
    pub bounds: Bounds,
    /// Longitude and latitude the map opens at, degrees.
    #[schema(value_type = Vec<f64>, min_items = 2, max_items = 2)]
    pub centre: [f64; 2],
    /// The root region.
    pub root: String,
    /// Layers of the base map in drawing order.
    pub basemap: Vec<BasemapLayer>,
    /// True for a demonstration with invented people.
    pub demo: bool,
    /// Whether cameras can be watched here.
    pub has_video: bool,
    /// Accounts of the demonstration, to be shown on the sign-in page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub demo_logins: Vec<DemoLogin>,
    /// Every stage of every process, in order.
    pub stages: Vec<CityStage>,
    /// Texts of the city by key, such as its hotline and its privacy notice.
    pub messages: std::collections::BTreeMap<String, Text>,
}

/// A layer of the base map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BasemapLayer {
    /// Id.
    pub id: String,
    /// `water`, `green`, `building`, `road` or `place`: how to draw it.
    pub kind: String,
    /// Where its GeoJSON is; the address changes with the content.
    pub url: String,
}

/// An account of the demonstration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DemoLogin {
    /// The login.
    pub login: String,
    /// The password.
    pub password: String,
    /// Who it is.
    pub title: Text,
    /// Where it works.
    pub face: Face,
}

/// A stage of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CityStage {
    /// The process.
    pub process: String,
    /// The stage.
    pub id: String,
    /// Its name.
    pub title: Text,
}

/// A minor class of component or event (部件/事件小类).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Category {
    /// Id.
    pub id: String,
    /// Official code within the city.
    pub code: String,
    /// Component or event.
    pub kind: CategoryKind,
    /// Name.
    pub title: Text,
    /// The heading it is listed under.
    pub group: Text,
    /// What it covers.
    pub description: Text,
    /// Words people search with.
    pub keywords: Vec<String>,
    /// Icon name of the web faces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub icon: Option<String>,
    /// Whether residents may choose it.
    pub public: bool,
    /// The state in which an extract may be taken, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub extract_in: Option<String>,
    /// Filing conditions.
    pub conditions: Vec<Condition>,
    /// Extra questions; null without a form.
    #[schema(required)]
    pub form: Option<Vec<Field>>,
}

/// Component, event or application for a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CategoryKind {
    /// 部件: a thing that stands in the city.
    Component,
    /// 事件: something that happens.
    Event,
    /// 办件: an application for a service.
    Service,
    /// 告警: raised by the platform itself.
    Alarm,
    /// 批量用数: answers of many applications, taken at once.
    Extract,
}

/// A filing condition with its limit and closing condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Condition {
    /// Id within the category.
    pub id: String,
    /// When it applies.
    pub title: Text,
    /// Time for handling, such as `4 working_hour`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<String>,
    /// When it counts as done.
    pub closing: Text,
}

/// A jurisdiction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Region {
    /// Id.
    pub id: String,
    /// Name.
    pub title: Text,
    /// Level.
    pub level: RegionLevel,
    /// Official code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub code: Option<String>,
    /// The region above; null for the root.
    #[schema(required)]
    pub parent: Option<String>,
}

/// Level of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegionLevel {
    /// 市.
    City,
    /// 区.
    District,
    /// 街道.
    Street,
    /// 社区.
    Community,
    /// 单元网格.
    UnitGrid,
}

/// Shapes of regions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegionCollection {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    pub kind: CollectionKind,
    /// The regions.
    pub features: Vec<RegionFeature>,
}

/// The shape of one region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegionFeature {
    /// `Feature`.
    #[serde(rename = "type")]
    pub kind: FeatureKind,
    /// A multipolygon.
    pub geometry: Geometry,
    /// What it is.
    pub properties: RegionProperties,
}

/// What a region's shape is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegionProperties {
    /// The region.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// Its level.
    pub level: RegionLevel,
}

/// A centre, department or team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Office {
    /// Id.
    pub id: String,
    /// Name.
    pub title: Text,
    /// What kind of office, a word of the pack.
    pub kind: String,
    /// The region it answers for.
    pub region: String,
    /// The office above; null at the top.
    #[schema(required)]
    pub parent: Option<String>,
}
