//! The compiled city: regions, offices, roles, categories, processes, calendars, routing.
//!
//! Serialises to canonical JSON; [`PackHash`] is the SHA-256 of that JSON, so that a case keeps the exact
//! rules it began under.

use std::collections::BTreeMap;

use model::{
    ActionId, CalendarId, CategoryId, ClockName, ConditionId, FormId, Limit, OfficeId, Outcome, PackHash, ProcessId,
    RegionId, RoleId, StageId, StateId, Tally, Text,
};
use serde::{Deserialize, Serialize};

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
    /// Component (部件) or event (事件).
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

/// Component or event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategoryKind {
    /// 部件: a thing that stands in the city.
    Component,
    /// 事件: something that happens.
    Event,
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

/// A declared life-cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Name.
    pub title: Text,
    /// Stages in order, for progress bars and indicators.
    pub stages: Vec<Stage>,
    /// The state a case begins in.
    pub first: StateId,
    /// Every state.
    pub states: BTreeMap<StateId, State>,
    /// Every action, in the order shown.
    pub actions: Vec<Action>,
    /// How a missed deadline climbs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
}

/// A stage (环节) of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Id, such as `dispose`.
    pub id: StageId,
    /// Name.
    pub title: Text,
}

/// A state of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Name for staff.
    pub title: Text,
    /// Name for the reporter.
    pub public_title: Text,
    /// Its stage.
    pub stage: StageId,
    /// Who owes the next move; absent in a final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskRule>,
    /// How the case ends, in a final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// Who owes the move out of a state, and by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRule {
    /// The role that may act.
    pub role: RoleId,
    /// Which office.
    pub office: OfficeRule,
    /// By when.
    pub limit: LimitRule,
}

/// How an office is found for a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficeRule {
    /// The department that handles the case; before one is named, the one that routing suggests.
    Handler,
    /// The office of this kind whose region is the smallest that holds the case's region.
    Kind(String),
    /// This office.
    Id(OfficeId),
}

/// How long a task may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitRule {
    /// A fixed limit, on the task clock.
    Fixed {
        /// How long.
        limit: Limit,
        /// By which calendar.
        calendar: CalendarId,
    },
    /// The limit of the filing condition, on the disposal clock.
    Category {
        /// By which calendar.
        calendar: CalendarId,
    },
    /// No limit, for a stated reason (the checker refuses a wait without one).
    None {
        /// Why.
        because: String,
    },
}

impl LimitRule {
    /// The clock this rule counts on.
    pub const fn clock(&self) -> ClockName {
        match self {
            Self::Category { .. } => ClockName::Disposal,
            Self::Fixed { .. } | Self::None { .. } => ClockName::Task,
        }
    }
}

/// An action of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Id, such as `dispatch`.
    pub id: ActionId,
    /// Name on the button.
    pub title: Text,
    /// The states it may be taken in.
    pub from: Vec<StateId>,
    /// Where it leads.
    pub to: Target,
    /// Who may take it.
    pub by: Vec<Who>,
    /// Actions whose doer may not take this one (nobody checks or closes their own work).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub separate_from: Vec<ActionId>,
    /// What is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// What happens to the disposal clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposal: Option<ClockEffect>,
    /// What happens to the task clock when the case stays in its state (a move always begins a new one).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<ClockEffect>,
    /// What it counts as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tally: Option<Tally>,
    /// What it does beside moving.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// Only within this time after the case closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Within>,
    /// Not again before this time has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_again_before: Option<Within>,
    /// What the reporter reads in the timeline; absent = the reporter does not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_title: Option<Text>,
    /// Look of the button: `primary`, `danger` or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tone: Option<String>,
}

/// A limit by a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Within {
    /// How long.
    pub limit: Limit,
    /// By which calendar.
    pub calendar: CalendarId,
}

/// Where an action leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// To this state.
    State(StateId),
    /// Nowhere: the case stays.
    Stay,
    /// To the state it came from.
    Previous,
}

/// Who may take an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Staff with the role of the present task, in the task's office (and only the assignee once there is one).
    Task,
    /// Staff with this role whose region holds the case's region, whatever the task.
    Role(RoleId),
    /// Whoever reported or joined the case.
    Reporter,
}

/// What an action does to a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockEffect {
    /// Begins it; when the same handler is named again and it is paused, it resumes, else it begins anew.
    Start,
    /// Pauses it.
    Pause,
    /// Resumes it.
    Resume,
    /// Stops it: done.
    Stop,
    /// Gives it the time asked for in the `limit` field (of this action, or last answered), and exempts nothing.
    Extend,
    /// Exempts it: it counts for nobody from here on, and pauses.
    Exempt,
}

/// What an action does beside moving the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The actor takes the task.
    Claim,
    /// The category or condition is put right from the `condition` field.
    Reclassify,
    /// The reporter's rating is taken from the `stars` field.
    Rate,
}

/// A question of a form or an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Id, the key of the answer.
    pub id: FormId,
    /// The question.
    pub title: Text,
    /// What kind of answer.
    #[serde(flatten)]
    pub kind: FieldKind,
    /// Whether it must be answered.
    #[serde(default)]
    pub required: bool,
    /// Help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Text>,
}

/// What kind of answer a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    /// Plain text; becomes the event's note when the field's id is `note`.
    Text {
        /// Longest text, characters.
        max: u32,
    },
    /// A whole number.
    Number {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// One of a list; becomes the event's reason when the field's id is `reason`.
    Choice {
        /// The list.
        options: Vec<Choice>,
    },
    /// Several of a list.
    Choices {
        /// The list.
        options: Vec<Choice>,
    },
    /// A date and time, RFC 3339.
    Datetime,
    /// An office: it becomes the handler.
    Office {
        /// Only offices of these kinds.
        kinds: Vec<String>,
    },
    /// Files, kept under the field's id as purpose (`before`, `after`, `scene`).
    Evidence {
        /// Fewest.
        min: u32,
        /// Most.
        max: u32,
    },
    /// A limit asked for or granted.
    Limit {
        /// The longest that may be asked for.
        max: Limit,
    },
    /// A category and condition: an object `{"category": …, "condition": …}`.
    Condition,
    /// 1 to 5.
    Stars,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Stored value.
    pub id: String,
    /// Name.
    pub title: Text,
}

/// How a missed deadline climbs (逐级上报).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// How long after one step the next is taken, while the deadline stays missed.
    pub every: Within,
    /// The highest step.
    pub levels: u8,
}

/// A working calendar as rules; compiled by [`crate::calendar`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarRules {
    /// Name.
    pub title: Text,
    /// IANA time zone.
    pub timezone: String,
    /// Opening hours by weekday (`mon` … `sun`), each a list of `["08:00", "12:00"]`; an absent day is closed.
    pub hours: BTreeMap<Weekday, Vec<[String; 2]>>,
    /// Days on which it is closed.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Weekend days worked instead (调休), with the weekday whose hours apply.
    #[serde(default)]
    pub swaps: Vec<Swap>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// 周一.
    Mon,
    /// 周二.
    Tue,
    /// 周三.
    Wed,
    /// 周四.
    Thu,
    /// 周五.
    Fri,
    /// 周六.
    Sat,
    /// 周日.
    Sun,
}

/// A holiday, by date or by rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// Name.
    pub title: Text,
    /// When.
    #[serde(flatten)]
    pub when: HolidayRule,
    /// First year it applies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_year: Option<i16>,
    /// Last year it applies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_year: Option<i16>,
}

/// When a holiday is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum HolidayRule {
    /// From one date to another, both included, `2026-10-01`.
    Dates {
        /// First day.
        from: String,
        /// Last day; the first when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// The same day every year.
    Yearly {
        /// Month, 1 to 12.
        month: i8,
        /// Day, 1 to 31.
        day: i8,
        /// When that is a Sunday, the Monday after is kept instead.
        #[serde(default)]
        sunday_to_monday: bool,
    },
    /// The n-th weekday of a month; -1 is the last.
    NthWeekday {
        /// Month, 1 to 12.
        month: i8,
        /// Which weekday.
        weekday: Weekday,
        /// 1 to 5, or -1 for the last.
        nth: i8,
    },
}

/// A day worked in exchange for a holiday (调休).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// The day, `2026-10-10`.
    pub date: String,
    /// Whose hours it has.
    pub like: Weekday,
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
