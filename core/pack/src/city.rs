//! The compiled city: regions, offices, roles, categories, processes, calendars, routing.
//!
//! Serialises to canonical JSON; [`PackHash`] is the SHA-256 of that JSON, so that a case keeps the exact
//! rules it began under.

mod alarm_notice;
mod alarm_rule;
mod calendar;
mod codec;
mod data_source;
mod device;
mod fee;
mod hospital;
mod inspection;
mod notification;
mod process;
mod scene;
mod service;

use std::collections::BTreeMap;

use model::{
    CalendarId, CategoryId, ConditionId, DeviceClassId, FormId, Limit, OfficeId, PackHash, ProcessId, RegionId, RoleId,
    SourceId, StateId, Text,
};
use serde::{Deserialize, Serialize};

pub use alarm_notice::*;
pub use alarm_rule::*;
pub use calendar::*;
pub use codec::*;
pub use data_source::*;
pub use device::*;
pub use fee::*;
pub use hospital::*;
pub use inspection::*;
pub use notification::*;
pub use process::*;
pub use scene::*;
pub use service::*;

/// A whole city, checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct City {
    /// Short word of the city, such as `yaoguang`.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// The pack's own version, free text.
    pub version: String,
    /// IANA time zone, such as `Asia/Shanghai`.
    pub timezone: String,
    /// Languages in order of preference, BCP 47.
    pub locales: Vec<String>,
    /// Prefix of case numbers, A-Z and 0-9.
    pub case_prefix: String,
    /// Open311 jurisdiction id.
    pub jurisdiction: String,
    /// West, south, east, north in degrees, CGCS2000.
    pub bounds: [f64; 4],
    /// Longitude and latitude the map opens at, degrees.
    pub centre: [f64; 2],
    /// The root region: the city itself.
    pub root: RegionId,
    /// Every region.
    pub regions: BTreeMap<RegionId, Region>,
    /// Every office.
    pub offices: BTreeMap<OfficeId, Office>,
    /// Every role.
    pub roles: BTreeMap<RoleId, Role>,
    /// Every category.
    pub categories: BTreeMap<CategoryId, Category>,
    /// Every process.
    pub processes: BTreeMap<ProcessId, Process>,
    /// Every calendar.
    pub calendars: BTreeMap<CalendarId, CalendarRules>,
    /// Who handles what where, most specific rule first.
    pub routing: Vec<Route>,
    /// Forms by id.
    pub forms: BTreeMap<FormId, Vec<Field>>,
    /// Extra messages by key.
    pub messages: BTreeMap<String, Text>,
    /// How services are told apart and found.
    #[serde(default, skip_serializing_if = "Catalogue::is_empty")]
    pub catalogue: Catalogue,
    /// Every service.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: Services,
    /// What people are told of their cases.
    #[serde(default, skip_serializing_if = "Notifications::is_empty")]
    pub notifications: Notifications,
    /// Registers of departments that forms are filled in from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<SourceId, DataSource>,
    /// Hospitals that are reached over HL7 FHIR.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hospitals: BTreeMap<SourceId, Hospital>,
    /// Classes of devices.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub devices: BTreeMap<DeviceClassId, DeviceClass>,
    /// Rules that make alarms of readings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub alarm_rules: AlarmRules,
    /// Who is told of alarms.
    #[serde(default, skip_serializing_if = "AlarmNotices::is_empty")]
    pub alarm_notices: AlarmNotices,
    /// Commands to many devices.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scenes: Scenes,
    /// What is looked at regularly, and where.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inspections: Inspections,
    /// Base map layers in drawing order: file name (under `basemap/`) and kind.
    pub basemap: Vec<BasemapLayer>,
}

/// A jurisdiction in the tree city → district → street → community → unit grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Name.
    pub title: Text,
    /// `city`, `district`, `street`, `community` or `unit_grid`.
    pub level: RegionLevel,
    /// Official code (12 or 15 digits in China), free elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The region above; absent for the root only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RegionId>,
    /// Rings of a multipolygon, `[polygon][ring][point]` of lon, lat degrees; empty where the shape is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub polygons: Vec<Vec<Vec<[f64; 2]>>>,
}

/// Level of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// A centre, department or team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Office {
    /// Name.
    pub title: Text,
    /// What kind of office, a word of the pack: `supervision_centre`, `command_centre`, `department`, `collector_team` …
    pub kind: String,
    /// The region it answers for.
    pub region: RegionId,
    /// The office above, to which matters climb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<OfficeId>,
    /// Whether it has a transparency log of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ledger: bool,
}

/// What a kind of person may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Name.
    pub title: Text,
    /// The face it works in: `resident`, `field` or `centre`.
    pub face: Face,
    /// Permissions beyond the actions of processes, such as `case.read`, `report.file`, `indicator.read`, `pack.read`, `user.manage`.
    #[serde(default)]
    pub permissions: Vec<String>,
}

/// A face of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// Residents' phones.
    Resident,
    /// Field workers' phones.
    Field,
    /// The operations centre.
    Centre,
}

/// A minor class of component or event (部件/事件小类).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Name.
    pub title: Text,
    /// Component (部件), event (事件), application for a service (办件), alarm of the platform (告警) or extract (批量用数).
    pub kind: CategoryKind,
    /// Official code within the city, such as `0101`.
    pub code: String,
    /// Major class: the heading it is listed under.
    pub group: Text,
    /// What belongs here, one or two sentences.
    #[serde(default)]
    pub description: Text,
    /// Words people search with.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Icon name of the web faces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The process its cases follow.
    pub process: ProcessId,
    /// Whether residents may choose it.
    pub public: bool,
    /// How a report of it is answered over Open311.
    #[serde(default)]
    pub intake: Intake,
    /// What the platform raises it for, where it is an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_by: Option<AlarmKind>,
    /// The state in which an extract may be taken, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract_in: Option<StateId>,
    /// Filing conditions with their limits; at least one.
    pub conditions: Vec<Condition>,
    /// Extra questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<FormId>,
}

/// How a report is answered over Open311 (GeoReport v2, `type` of a service).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intake {
    /// The case number is given at once.
    #[default]
    Realtime,
    /// A token is given first; it answers with the number.
    Batch,
}

/// Component, event, application, alarm or extract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// What the platform raises an alarm for: misuse of personal data, or a trace of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// A program asked for more than its contract allows.
    OverScope,
    /// A program asked more often than its contract allows.
    OverQuota,
    /// The log of a department and that of the city tell different stories.
    LogsDiffer,
    /// Somebody asked about a person whom nobody has a reason to ask about.
    Canary,
}

impl AlarmKind {
    /// The word used in packs, SQL and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OverScope => "over_scope",
            Self::OverQuota => "over_quota",
            Self::LogsDiffer => "logs_differ",
            Self::Canary => "canary",
        }
    }
}

/// A filing condition (立案条件) with its limit and closing condition (结案条件): the key of a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Id within the category.
    pub id: ConditionId,
    /// When it applies.
    pub title: Text,
    /// Time for handling; absent where the city sets none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// The longest the law allows, counted beside the limit; services alone have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_limit: Option<Limit>,
    /// When it counts as done.
    #[serde(default)]
    pub closing: Text,
}

/// Sends a category in a region to an office. A rule without category or region matches all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// A category id, or a prefix ending in `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// A region: matches it and everything below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionId>,
    /// The office that handles it.
    pub office: OfficeId,
}

/// A layer of the base map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasemapLayer {
    /// File name under the pack's `basemap/`, without the extension `.geojson`.
    pub id: String,
    /// `water`, `green`, `building`, `road` or `place`: how the web faces draw it.
    pub kind: String,
}

/// The canonical JSON of a city: no spaces, fields in the order of these types, maps sorted by key.
pub fn canonical_json(city: &City) -> Vec<u8> {
    // Every map is a BTreeMap, so the order never depends on how the pack was written.
    serde_json::to_vec(city).expect("a city is plain data with string keys")
}

/// The hash of a city: SHA-256 of its canonical JSON.
pub fn hash(city: &City) -> PackHash {
    use sha2::Digest;
    PackHash::new(sha2::Sha256::digest(canonical_json(city)).into())
}
