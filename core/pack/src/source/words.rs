//! How single values are spelled: ids, enumerations and the short phrases of tasks and actions.

use model::{
    ActionId, AlarmRuleId, CalendarId, CategoryId, ConditionId, DeviceClassId, FormId, Limit, OfficeId, Outcome,
    ProcessId, PropertyId, RegionId, RoleId, ServiceId, SourceId, StageId, StateId, Tally,
};
use serde_json::{Value as Json, json};

use super::read::{Reader, Source, parsed_source, shown};
use super::yaml::Node;
use crate::city::{
    AlarmKind, CategoryKind, Checksum, ClockEffect, Effect, Face, FrameNumber, Intake, LimitRule, NoticeGroupBy,
    OfficeRule, PropertyKind, RegionLevel, Target, TextFormat, Trigger, Unit, Weekday, Who, Within,
};

parsed_source! {
    ActionId, "an action id", {"type": "string"};
    AlarmRuleId, "an alarm rule id", {"type": "string"};
    CalendarId, "a calendar id", {"type": "string"};
    CategoryId, "a category id", {"type": "string"};
    ConditionId, "a condition id", {"type": "string"};
    DeviceClassId, "a class of devices", {"type": "string"};
    FormId, "an id", {"type": "string"};
    OfficeId, "an office id", {"type": "string"};
    ProcessId, "a process id", {"type": "string"};
    PropertyId, "a property", {"type": "string"};
    RegionId, "a region id", {"type": "string"};
    RoleId, "a role id", {"type": "string"};
    ServiceId, "a service id", {"type": "string"};
    SourceId, "a source id", {"type": "string"};
    StageId, "a stage id", {"type": "string"};
    StateId, "a state id", {"type": "string"};
    Unit, "a unit", {"enum": (Unit::CODES)};
    Limit, "a limit", {"type": "string", "description": "A whole number and a unit, such as \"3 working_day\"."};
}

/// How devices of a class write down what they measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodecWord {
    /// JSON.
    Json,
    /// CBOR.
    Cbor,
    /// Bytes at fixed places.
    Frame,
}

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endian {
    /// The greatest.
    Big,
    /// The least.
    Little,
}

/// Implements the reading of an enumeration from its words.
macro_rules! words {
    ($($ty:ty, $what:literal { $($word:literal => $value:expr,)* })*) => {
        $(impl Source for $ty {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                match node.text() {
                    $(Some($word) => Some($value),)*
                    _ => {
                        reader.fault(node, format!(concat!("{} is not ", $what, ": use ", "{}"), shown(node), [$($word),*].join(", ")));
                        None
                    }
                }
            }

            fn schema() -> Json {
                json!({"enum": [$($word),*]})
            }
        })*
    };
}

words! {
    RegionLevel, "a level" {
        "city" => Self::City,
        "district" => Self::District,
        "street" => Self::Street,
        "community" => Self::Community,
        "unit_grid" => Self::UnitGrid,
    }
    NoticeGroupBy, "what a group has in common" {
        "rule" => Self::Rule,
        "class" => Self::Class,
        "parent" => Self::Parent,
        "device" => Self::Device,
        "city" => Self::Region(RegionLevel::City),
        "district" => Self::Region(RegionLevel::District),
        "street" => Self::Region(RegionLevel::Street),
        "community" => Self::Region(RegionLevel::Community),
        "unit_grid" => Self::Region(RegionLevel::UnitGrid),
    }
    Face, "a face" {
        "resident" => Self::Resident,
        "field" => Self::Field,
        "centre" => Self::Centre,
    }
    CategoryKind, "a kind of category" {
        "component" => Self::Component,
        "event" => Self::Event,
        "alarm" => Self::Alarm,
        "extract" => Self::Extract,
    }
    AlarmKind, "what an alarm is raised for" {
        "over_scope" => Self::OverScope,
        "over_quota" => Self::OverQuota,
        "logs_differ" => Self::LogsDiffer,
        "canary" => Self::Canary,
    }
    PropertyKind, "a kind of property" {
        "measurement" => Self::Measurement,
        "count" => Self::Count,
        "truth" => Self::Truth,
    }
    CodecWord, "a codec" {
        "json" => Self::Json,
        "cbor" => Self::Cbor,
        "frame" => Self::Frame,
    }
    Endian, "an order of bytes" {
        "big" => Self::Big,
        "little" => Self::Little,
    }
    Checksum, "a checksum" {
        "crc16_modbus" => Self::Crc16Modbus,
        "crc16_xmodem" => Self::Crc16Xmodem,
        "sum8" => Self::Sum8,
    }
    FrameNumber, "a number of a frame" {
        "u8" => Self::U8,
        "i8" => Self::I8,
        "u16" => Self::U16,
        "i16" => Self::I16,
        "u32" => Self::U32,
        "i32" => Self::I32,
        "f32" => Self::F32,
        "bcd2" => Self::Bcd2,
        "bcd4" => Self::Bcd4,
        "bit" => Self::Bit,
    }
    Trigger, "what a message tells of" {
        "action" => Self::Action,
        "filed_for" => Self::FiledFor,
        "visit_booked" => Self::VisitBooked,
        "visit_soon" => Self::VisitSoon,
        "fee_due" => Self::FeeDue,
        "refunded" => Self::Refunded,
        "licence_issued" => Self::LicenceIssued,
        "unrated" => Self::Unrated,
        "mandate_taken" => Self::MandateTaken,
        "mandate_confirmed" => Self::MandateConfirmed,
        "mandate_ended" => Self::MandateEnded,
        "mandate_ending" => Self::MandateEnding,
        "guardian_found" => Self::GuardianFound,
        "guardian_ended" => Self::GuardianEnded,
    }
    Intake, "an intake" {
        "realtime" => Self::Realtime,
        "batch" => Self::Batch,
    }
    Outcome, "an outcome" {
        "resolved" => Self::Resolved,
        "declined" => Self::Declined,
        "duplicate" => Self::Duplicate,
        "withdrawn" => Self::Withdrawn,
    }
    Tally, "a tally" {
        "rework" => Self::Rework,
        "returned" => Self::Returned,
        "suspended" => Self::Suspended,
        "extension_asked" => Self::ExtensionAsked,
        "extended" => Self::Extended,
        "appealed" => Self::Appealed,
        "appeal_upheld" => Self::AppealUpheld,
        "supervised" => Self::Supervised,
        "urged" => Self::Urged,
        "reopened" => Self::Reopened,
    }
    ClockEffect, "an effect on a clock" {
        "start" => Self::Start,
        "pause" => Self::Pause,
        "resume" => Self::Resume,
        "stop" => Self::Stop,
        "extend" => Self::Extend,
        "exempt" => Self::Exempt,
    }
    Effect, "an effect" {
        "claim" => Self::Claim,
        "release" => Self::Release,
        "assign" => Self::Assign,
        "reclassify" => Self::Reclassify,
        "rate" => Self::Rate,
        "issue" => Self::Issue,
        "revoke" => Self::Revoke,
        "refund" => Self::Refund,
    }
    Weekday, "a weekday" {
        "mon" => Self::Mon,
        "tue" => Self::Tue,
        "wed" => Self::Wed,
        "thu" => Self::Thu,
        "fri" => Self::Fri,
        "sat" => Self::Sat,
        "sun" => Self::Sun,
    }
    FieldType, "a type of field" {
        "text" => Self::Text,
        "number" => Self::Number,
        "choice" => Self::Choice,
        "choices" => Self::Choices,
        "date" => Self::Date,
        "datetime" => Self::Datetime,
        "office" => Self::Office,
        "evidence" => Self::Evidence,
        "limit" => Self::Limit,
        "condition" => Self::Condition,
        "stars" => Self::Stars,
        "person" => Self::Person,
    }
    TextFormat, "a format of text" {
        "phone" => Self::Phone,
        "email" => Self::Email,
        "id_card" => Self::IdCard,
        "credit_code" => Self::CreditCode,
        "postcode" => Self::Postcode,
        "money" => Self::Money,
    }
    HolidayWord, "a rule of a holiday" {
        "dates" => Self::Dates,
        "yearly" => Self::Yearly,
        "nth_weekday" => Self::NthWeekday,
    }
}

/// The word of a field's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldType {
    Text,
    Number,
    Choice,
    Choices,
    Date,
    Datetime,
    Office,
    Evidence,
    Limit,
    Condition,
    Stars,
    Person,
}

impl FieldType {
    /// Whether somebody outside the offices can answer it.
    pub const fn is_for_applicants(self) -> bool {
        matches!(self, Self::Text | Self::Number | Self::Choice | Self::Choices | Self::Date | Self::Evidence)
    }
}

/// The word of a holiday's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HolidayWord {
    Dates,
    Yearly,
    NthWeekday,
}

/// Reads a phrase with a parser that explains itself.
fn phrase<T>(node: &Node, reader: &mut Reader<'_>, what: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
    let Some(text) = node.text() else {
        reader.fault(node, format!("expected {what}, got {}", node.kind()));
        return None;
    };
    parse(text).map_err(|why| reader.fault(node, why)).ok()
}

fn id<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| format!("{text:?}: {error}"))
}

/// Splits `… by calendar`.
fn by_calendar(text: &str) -> Result<(&str, CalendarId), String> {
    let (what, calendar) = text
        .rsplit_once(" by ")
        .ok_or_else(|| format!("{text:?} names no calendar: write \"3 working_day by working\""))?;
    Ok((what.trim(), id(calendar.trim())?))
}

fn parse_within(text: &str) -> Result<Within, String> {
    let (limit, calendar) = by_calendar(text)?;
    Ok(Within { limit: limit.parse().map_err(|error: model::limit::LimitError| error.to_string())?, calendar })
}

fn parse_limit_rule(text: &str) -> Result<LimitRule, String> {
    if let Some(reason) = text.strip_prefix("none") {
        let because = reason.trim().strip_prefix("because").map(str::trim).filter(|because| !because.is_empty());
        return because.map_or_else(
            || Err("a wait without a deadline needs its reason: write \"none because …\"".to_owned()),
            |because| Ok(LimitRule::None { because: because.to_owned() }),
        );
    }
    let (limit, calendar) = by_calendar(text)?;
    if limit == "category" {
        return Ok(LimitRule::Category { calendar });
    }
    parse_within(text).map(|Within { limit, calendar }| LimitRule::Fixed { limit, calendar })
}

/// `15 urgent_minute by round_the_clock`, `category by working` or `none because …`.
impl Source for LimitRule {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        phrase(node, reader, "a limit by a calendar", parse_limit_rule)
    }

    fn schema() -> Json {
        json!({"type": "string", "pattern": "^(category|[0-9]+ [a-z_]+) by [a-z0-9_./-]+$|^none because .+$"})
    }
}

/// `3 working_day by working`.
impl Source for Within {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        phrase(node, reader, "a limit by a calendar", parse_within)
    }

    fn schema() -> Json {
        json!({"type": "string", "pattern": "^[0-9]+ [a-z_]+ by [a-z0-9_./-]+$"})
    }
}

/// `handler`, `kind:collector_team` or an office id.
impl Source for OfficeRule {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        phrase(node, reader, "an office", |text| match text.strip_prefix("kind:") {
            _ if text == "handler" => Ok(Self::Handler),
            Some("") => Err("the kind of office after \"kind:\" is missing".to_owned()),
            Some(kind) => Ok(Self::Kind(kind.trim().to_owned())),
            None => id(text).map(Self::Id),
        })
    }

    fn schema() -> Json {
        json!({"type": "string", "description": "handler, kind:KIND or an office id"})
    }
}

/// `stay`, `previous` or a state id.
impl Source for Target {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        phrase(node, reader, "a state", |text| match text {
            "stay" => Ok(Self::Stay),
            "previous" => Ok(Self::Previous),
            _ => id(text).map(Self::State),
        })
    }

    fn schema() -> Json {
        json!({"type": "string", "description": "stay, previous or a state id"})
    }
}

/// `task`, `reporter`, `role:ROLE` or `office_role:ROLE`.
impl Source for Who {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        phrase(node, reader, "who may act", |text| match text.split_once(':') {
            None if text == "task" => Ok(Self::Task),
            None if text == "reporter" => Ok(Self::Reporter),
            Some(("role", role)) => id(role.trim()).map(Self::Role),
            Some(("office_role", role)) => id(role.trim()).map(Self::OfficeRole),
            _ => Err(format!("{text:?} is nobody: use task, reporter, role:ROLE or office_role:ROLE")),
        })
    }

    fn schema() -> Json {
        json!({"type": "string", "pattern": "^(task|reporter|(office_)?role:.+)$"})
    }
}

/// Implements the reading of an enumeration that knows its words.
macro_rules! own_words {
    ($($ty:ident, $what:literal;)*) => {
        $(impl Source for crate::city::$ty {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                let found = Self::WORDS.iter().find(|(word, _)| node.text() == Some(*word)).map(|(_, value)| *value);
                if found.is_none() {
                    let words: Vec<&str> = Self::WORDS.iter().map(|(word, _)| *word).collect();
                    reader.fault(node, format!(concat!("{} is not ", $what, ": use {}"), shown(node), words.join(", ")));
                }
                found
            }

            fn schema() -> Json {
                json!({"enum": Self::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>()})
            }
        })*
    };
}

own_words! {
    TaskType, "a type of task";
    Audience, "an audience";
    Handling, "a way of handling";
    Necessity, "a necessity";
    MaterialSource, "a source of a material";
    MaterialForm, "a form of a material";
    StepStage, "a stage of a step";
    ResultKind, "a kind of result";
    ChannelKind, "a kind of channel";
}
