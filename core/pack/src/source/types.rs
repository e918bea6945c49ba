//! The pack's files, type by type. A field's comment here is its description in the JSON Schema.

use model::{
    ActionId, CategoryId, ConditionId, DeviceClassId, FormId, Limit, OfficeId, Outcome, ProcessId, PropertyId,
    RegionId, RoleId, ServiceId, SourceId, StageId, StateId, Tally, Text,
};

use super::read::{Many, Needed, Table, source};
use super::words::{FieldType, HolidayWord};
use crate::city::{
    AlarmKind, CategoryKind, ClockEffect, Effect, Face, Intake, LimitRule, OfficeRule, PropertyKind, RegionLevel,
    Target, TextFormat, Unit, Weekday, Who, Within,
};
use crate::faults::At;

source! {
    /// The city itself: `pack.yaml`.
    struct PackFile {
        /// Short word of the city.
        id: Needed<At<String>>,
        /// Its name.
        title: Needed<Text>,
        /// The pack's own version, free text.
        version: Needed<String>,
        /// IANA time zone, such as Asia/Shanghai.
        timezone: Needed<At<String>>,
        /// Languages in order of preference, BCP 47.
        locales: Vec<At<String>>,
        /// Prefix of case numbers, 1 to 8 of A-Z and 0-9.
        case_prefix: Needed<At<String>>,
        /// Open311 jurisdiction id.
        jurisdiction: Needed<String>,
        /// West, south, east, north in degrees, CGCS2000.
        bounds: Needed<At<Vec<f64>>>,
        /// Longitude and latitude the map opens at, degrees.
        centre: Needed<At<Vec<f64>>>,
        /// Layers of the base map in drawing order, lowest first.
        basemap: Vec<BasemapSource>,
    }

    /// A layer of the base map.
    struct BasemapSource {
        /// File name under basemap/, without .geojson.
        id: At<String>,
        /// water, green, building, road or place: how it is drawn.
        kind: At<String>,
    }

    /// A jurisdiction.
    struct RegionSource {
        /// Id, also the feature's properties.id in regions/*.geojson.
        id: At<RegionId>,
        /// Name.
        title: Text,
        /// city, district, street, community or unit_grid.
        level: At<RegionLevel>,
        /// Official code.
        code: Option<String>,
        /// The region above; absent for the root only.
        parent: Option<At<RegionId>>,
    }

    /// A centre, department or team.
    struct OfficeSource {
        /// Name.
        title: Text,
        /// What kind of office, a word of the pack that tasks may name as kind:KIND.
        kind: At<String>,
        /// The region it answers for.
        region: At<RegionId>,
        /// The office above, to which matters climb.
        parent: Option<At<OfficeId>>,
        /// Whether what its people and those of the offices below it do is entered into a transparency log of its own.
        ledger: Option<At<bool>>,
    }

    /// What a kind of person may do.
    struct RoleSource {
        /// Name.
        title: Text,
        /// The face it works in.
        face: Face,
        /// Permissions beyond the actions of processes, such as case.read.
        permissions: Vec<At<String>>,
    }

    /// A minor class of component or event.
    struct CategorySource {
        /// Name.
        title: Text,
        /// component, event, alarm or extract.
        kind: CategoryKind,
        /// Official code within the city.
        code: At<String>,
        /// Major class: the heading it is listed under.
        group: Text,
        /// What belongs here, one or two sentences.
        description: Option<Text>,
        /// Words people search with.
        keywords: Vec<String>,
        /// Icon name of the web faces.
        icon: Option<String>,
        /// The process its cases follow.
        process: At<ProcessId>,
        /// Whether residents may choose it; no when absent.
        public: bool,
        /// How a report is answered over Open311; realtime when absent.
        intake: Option<Intake>,
        /// What the platform itself raises it for; every alarm needs it, nothing else may have it.
        raised_by: Option<At<AlarmKind>>,
        /// The state in which an extract may be taken; every extract needs it, nothing else may have it.
        extract_in: Option<At<StateId>>,
        /// Filing conditions with their limits; at least one.
        conditions: Vec<ConditionSource>,
        /// Extra questions: a form's id.
        form: Option<At<FormId>>,
    }

    /// A filing condition with its limit and closing condition.
    struct ConditionSource {
        /// Id within the category.
        id: At<ConditionId>,
        /// When it applies.
        title: Text,
        /// Time for handling; absent where the city sets none.
        limit: Option<At<Limit>>,
        /// When it counts as done.
        closing: Option<Text>,
    }

    /// Sends categories in a region to an office.
    struct RouteSource {
        /// Category ids, or prefixes ending in *; every category when absent.
        category: Many<At<String>>,
        /// A region: matches it and everything below; the whole city when absent.
        region: Option<At<RegionId>>,
        /// The office that handles it.
        office: At<OfficeId>,
    }

    /// A declared life-cycle; the file's name is its id.
    struct ProcessSource {
        /// Name.
        title: Text,
        /// Stages in order.
        stages: Vec<StageSource>,
        /// The state a case begins in.
        first: At<StateId>,
        /// Every state by id.
        states: Table<StateId, StateSource>,
        /// Every action, in the order shown.
        actions: Vec<ActionSource>,
        /// How a missed deadline climbs.
        escalation: Option<EscalationSource>,
    }

    /// A stage of a process.
    struct StageSource {
        /// Id.
        id: At<StageId>,
        /// Name.
        title: Text,
    }

    /// A state of a process: with a task, or with an outcome when it is final.
    struct StateSource {
        /// Name for staff.
        title: Text,
        /// Name for the reporter.
        public_title: Text,
        /// Its stage.
        stage: At<StageId>,
        /// Who owes the next move.
        task: Option<TaskSource>,
        /// How the case ends.
        outcome: Option<At<Outcome>>,
        /// Whether applicants may still correct what they answered; not in a final state.
        correctable: Option<At<bool>>,
    }

    /// Who owes the move out of a state, and by when.
    struct TaskSource {
        /// The role that may act.
        role: At<RoleId>,
        /// handler, kind:KIND or an office id.
        office: At<OfficeRule>,
        /// "15 urgent_minute by round_the_clock", "category by working" or "none because …".
        limit: At<LimitRule>,
    }

    /// An action of a process.
    struct ActionSource {
        /// Id.
        id: At<ActionId>,
        /// Name on the button.
        title: Text,
        /// The states it may be taken in.
        from: Many<At<StateId>>,
        /// stay, previous or a state.
        to: At<Target>,
        /// task, reporter or role:ROLE.
        by: Many<At<Who>>,
        /// Actions whose doer may not take this one.
        separate_from: Many<At<ActionId>>,
        /// What is asked.
        fields: Vec<FieldSource>,
        /// What happens to the disposal clock.
        disposal: Option<At<ClockEffect>>,
        /// What happens to the task clock when the case stays in its state.
        task: Option<At<ClockEffect>>,
        /// What it counts as.
        tally: Option<Tally>,
        /// What it does beside moving.
        effect: Option<At<Effect>>,
        /// Where a rating of at most so many stars leads instead.
        poor: Option<At<PoorSource>>,
        /// Only within this time after the case closed: "15 calendar_day by working".
        within: Option<At<Within>>,
        /// Not again before this time has passed.
        not_again_before: Option<At<Within>>,
        /// What the reporter reads in the timeline; hidden when absent.
        public_title: Option<Text>,
        /// primary or danger.
        tone: Option<At<String>>,
    }

    /// A poor rating takes the case to where it is put right.
    struct PoorSource {
        /// At most so many stars, 1 to 4.
        stars: At<u8>,
        /// The state it leads to.
        to: At<StateId>,
    }

    /// How a missed deadline climbs.
    struct EscalationSource {
        /// How long after one step the next is taken: "4 working_hour by working".
        every: At<Within>,
        /// The highest step, 1 to 9.
        levels: At<u8>,
    }

    /// A question of a form or an action.
    struct FieldSource {
        /// Id, the key of the answer.
        id: At<FormId>,
        /// The question.
        title: Text,
        /// text, number, choice, choices, date, datetime, office, evidence, limit, condition, stars or person.
        kind as "type": At<FieldType>,
        /// Whether it must be answered.
        required: bool,
        /// Whether the reporter may read the answer.
        public: bool,
        /// Help.
        help: Option<Text>,
        /// Longest text, largest number, most files or longest limit, by type.
        max: Option<At<String>>,
        /// Smallest number or fewest files, by type.
        min: Option<At<i64>>,
        /// The list of a choice.
        options: Option<At<Vec<ChoiceSource>>>,
        /// Kinds of office that may be chosen.
        kinds: Option<At<Vec<At<String>>>>,
        /// Shape of a text: phone, email, id_card, credit_code, postcode or money.
        format: Option<At<TextFormat>>,
        /// Asked only after this answer to an earlier choice.
        show_if: Option<At<ShowIfSource>>,
        /// The department's register it is filled in from.
        from: Option<At<FromSource>>,
        /// The licence that may be given instead of files; evidence alone.
        licence: Option<At<FieldLicenceSource>>,
    }

    /// A licence of this city that may be given instead of files.
    struct FieldLicenceSource {
        /// The service whose licence it is.
        of: At<ServiceId>,
        /// Facts that are needed, of those its licence shows; no others are disclosed.
        facts: Vec<At<FormId>>,
    }

    /// The register a question is filled in from.
    struct FromSource {
        /// The source, an id of sources.yaml.
        source: At<SourceId>,
        /// What it answers, an id of its fields.
        field: At<FormId>,
        /// Whether the applicant may answer themselves when it was not fetched; marked as self-declared. No when absent.
        self_declared: bool,
    }

    /// A register of a department that forms are filled in from.
    struct DataSourceEntry {
        /// Name of the register.
        title: Text,
        /// The office that keeps it.
        office: At<OfficeId>,
        /// Why it is asked, in words for the person it is about.
        purpose: Text,
        /// The law that lets the city ask.
        basis: Text,
        /// How long it may take to answer, seconds: 1 to 30; 5 when absent.
        timeout_seconds: Option<At<u8>>,
        /// Whether people are matched with it by name and identity number; one source of a city may be.
        identity: Option<At<bool>>,
        /// Whether it is a register of organisations, asked by their number and the legal representative it names; one source of a city may be.
        organisations: Option<At<bool>>,
        /// Whether it is a register of guardians, which lists the children somebody is the guardian of; one source of a city may be.
        guardianship: Option<At<bool>>,
        /// What it answers: text, number, choice or date.
        fields: Vec<FieldSource>,
    }

    /// A hospital that is reached over HL7 FHIR R4.
    struct HospitalEntry {
        /// Its name.
        title: Text,
        /// The office that answers for it.
        office: At<OfficeId>,
        /// Street and number.
        address: Text,
        /// Longitude and latitude, degrees, CGCS2000.
        point: Option<At<Vec<f64>>>,
        /// Telephone.
        phone: Option<String>,
        /// Why it is told and asked about somebody, in words for that person.
        purpose: Text,
        /// The law that lets the city do so, with consent.
        basis: Text,
        /// How long it may take to answer, seconds: 1 to 30; 5 when absent.
        timeout_seconds: Option<At<u8>>,
    }

    /// A class of devices: what they measure, and how often.
    struct DeviceClassEntry {
        /// Its name.
        title: Text,
        /// The office that answers for the devices.
        office: At<OfficeId>,
        /// How often each property is expected, seconds: 1 to 604800. A device that is silent for three times that is said to be silent.
        interval_seconds: At<i64>,
        /// What they measure; at least one, at most 32.
        properties: Vec<PropertyEntry>,
        /// What they can be told to do; at most 16.
        commands: Vec<DeviceCommandEntry>,
        /// How long what they measured is kept; always when absent.
        retention: Option<RetentionEntry>,
    }

    /// How long readings are kept, in whole days after the day they were measured on.
    struct RetentionEntry {
        /// Every reading: 1 to 36500 days.
        readings_days: At<i64>,
        /// After that, count, least, greatest and mean of each hour: more than readings_days, at most 36500; nothing when absent.
        hourly_days: Option<At<i64>>,
    }

    /// What devices of a class can be told to do.
    struct DeviceCommandEntry {
        /// Its id.
        id: At<PropertyId>,
        /// Its name.
        title: Text,
        /// The values it takes, all of them.
        parameters: Vec<PropertyEntry>,
        /// Whether a second person confirms it.
        dangerous: bool,
        /// After so many seconds nobody does it any more: 1 to 86400; 300 when absent.
        expires_seconds: Option<At<i64>>,
    }

    /// What devices of a class measure.
    struct PropertyEntry {
        /// Its id: the key of readings.
        id: At<PropertyId>,
        /// Its name.
        title: Text,
        /// measurement, count or truth; measurement when absent.
        kind: Option<At<PropertyKind>>,
        /// UCUM unit of a measurement, such as Cel, W, ug/m3; readings in another unit are refused.
        unit: Option<At<Unit>>,
        /// URI that defines it; one of this city when absent.
        definition: Option<At<String>>,
        /// Least value the sensor can give; smaller readings are refused.
        min: Option<At<f64>>,
        /// Greatest value the sensor can give; greater readings are refused.
        max: Option<At<f64>>,
        /// battery when it is the charge of the device's battery in per cent: its health.
        means: Option<At<String>>,
    }

    /// The earlier answer that brings a question up.
    struct ShowIfSource {
        /// The earlier field.
        field: At<FormId>,
        /// Any of these choices.
        is: Many<At<String>>,
    }

    /// One entry of a list.
    struct ChoiceSource {
        /// Stored value.
        id: At<String>,
        /// Name.
        title: Text,
    }

    /// A working calendar; the file's name is its id.
    struct CalendarSource {
        /// Name.
        title: Text,
        /// IANA time zone.
        timezone: At<String>,
        /// Opening hours by weekday, each a list of ["08:00", "12:00"]; an absent day is closed.
        hours: Table<Weekday, At<Vec<Vec<String>>>>,
        /// Days on which it is closed.
        holidays: Vec<HolidaySource>,
        /// Days worked instead, with the weekday whose hours apply.
        swaps: Vec<SwapSource>,
    }

    /// A holiday, by date or by rule.
    struct HolidaySource {
        /// Name.
        title: Text,
        /// dates, yearly or nth_weekday.
        rule: At<HolidayWord>,
        /// dates: first day, 2026-10-01.
        from: Option<At<String>>,
        /// dates: last day; the first when absent.
        to: Option<At<String>>,
        /// yearly, nth_weekday: month, 1 to 12.
        month: Option<At<i8>>,
        /// yearly: day, 1 to 31.
        day: Option<At<i8>>,
        /// yearly: when it is a Sunday, the Monday after is kept instead.
        sunday_to_monday: Option<At<bool>>,
        /// nth_weekday: which weekday.
        weekday: Option<At<Weekday>>,
        /// nth_weekday: 1 to 5, or -1 for the last.
        nth: Option<At<i8>>,
        /// First year it applies in.
        from_year: Option<At<i16>>,
        /// Last year it applies in.
        to_year: Option<At<i16>>,
    }

    /// A day worked in exchange for a holiday.
    struct SwapSource {
        /// The day, 2026-10-10.
        date: At<String>,
        /// Whose hours it has.
        like: Weekday,
    }
}

/// Categories of one file, by id.
pub(crate) type CategoriesFile = Table<CategoryId, CategorySource>;
/// Offices, by id.
pub(crate) type OfficesFile = Table<OfficeId, OfficeSource>;
/// Roles, by id.
pub(crate) type RolesFile = Table<RoleId, RoleSource>;
/// Sources, by id.
pub(crate) type SourcesFile = Table<SourceId, DataSourceEntry>;
/// Hospitals, by id.
pub(crate) type HospitalsFile = Table<SourceId, HospitalEntry>;
/// Classes of devices, by id.
pub(crate) type DevicesFile = Table<DeviceClassId, DeviceClassEntry>;
/// Messages, by key.
pub(crate) type MessagesFile = Table<String, Text>;
