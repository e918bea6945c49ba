//! From the files as written to the city as used. Whatever can be understood is kept, so that the checks across files
//! see as much as possible; the city is only handed out when nothing was wrong anywhere.

mod alarm_notices;
pub(crate) mod alarm_rules;
mod fields;
mod holidays;
mod inspections;
mod notifications;
mod scenes;
mod services;

use std::collections::BTreeMap;

use model::{CategoryId, OfficeId, RegionId, Text};

pub(crate) use fields::lower_fields;

use crate::check::bytes_of;
use crate::city::{
    Action, AlarmNotices, BasemapLayer, CalendarRules, Catalogue, Category, City, Codec, Condition, DataSource,
    DeviceClass, DeviceCommand, Escalation, Frame, FrameField, Hospital, Notifications, Office, Poor, Process,
    Property, PropertyKind, Recording, Region, Retention, Role, Route, Services, Stage, State, Swap, TaskRule, Video,
};
use crate::faults::{At, Pos, Report};
use crate::geometry::round_deg;
use crate::source::files::{Folder, Shelf};
use crate::source::read::Needed;
use crate::source::types::{
    ActionSource, BasemapSource, CalendarSource, CategorySource, ConditionSource, DataSourceEntry, DeviceClassEntry,
    DeviceCommandEntry, FrameFieldEntry, HospitalEntry, PackFile, ProcessSource, PropertyEntry, RegionSource,
    StateSource, VideoEntry,
};
use crate::source::words::{CodecWord, Endian};

/// Builds the city; `None` only when `pack.yaml` itself could not be read.
pub(crate) fn lower(folder: &Folder, report: &mut Report) -> Option<City> {
    let regions = lower_regions(folder, report);
    let offices = index(&folder.offices, "office", report, |office, _| {
        Some(Office {
            title: office.title.clone(),
            kind: office.kind.value.clone(),
            region: office.region.value.clone(),
            parent: office.parent.as_ref().map(|parent: &At<OfficeId>| parent.value.clone()),
            ledger: office.ledger.as_ref().is_some_and(|ledger| ledger.value),
        })
    });
    let roles = index(&folder.roles, "role", report, |role, _| {
        let permissions = role.permissions.iter().map(|permission| permission.value.clone()).collect();
        Some(Role { title: role.title.clone(), face: role.face, permissions })
    });
    let categories = index(&folder.categories, "category", report, |category, _| Some(lower_category(category)));
    let processes =
        index(&folder.processes, "process", report, |(process, _), report| Some(lower_process(process, report)));
    let calendars =
        index(&folder.calendars, "calendar", report, |calendar, report| Some(lower_calendar(calendar, report)));
    let forms = index(&folder.forms, "form", report, |form, report| Some(lower_fields(form, report)));
    let messages = index(&folder.messages, "message", report, |text: &Text, _| Some(text.clone()));
    let sources = index(&folder.sources, "source", report, |source, report| Some(lower_source(source, report)));
    let hospitals = index(&folder.hospitals, "hospital", report, |hospital, _| Some(lower_hospital(hospital)));
    let devices = index(&folder.devices, "class of devices", report, |class, _| Some(lower_devices(class)));
    let alarm_rules =
        index(&folder.alarm_rules, "alarm rule", report, |rule, _| Some(alarm_rules::lower_alarm_rule(rule)));
    let scenes = index(&folder.scenes, "scene", report, |scene, _| Some(scenes::lower_scene(scene)));
    let inspections = index(&folder.inspections, "inspection", report, |one, _| inspections::lower_inspection(one));
    let services = index(&folder.services, "service", report, |service, _| services::lower_service(service));
    let catalogue = services::lower_catalogue(folder);
    let notifications = notifications::lower_notifications(folder, report);
    let (categories, services) = with_applications(categories, services, &catalogue);
    let pack = folder.pack.as_ref()?;
    let root = root_of(folder).map(|region| region.id.value.clone());
    let root = root.or_else(|| RegionId::new("city").ok()).expect("city is a word");
    let mut city = City {
        root,
        regions,
        offices,
        roles,
        categories,
        processes,
        calendars,
        forms,
        messages,
        catalogue,
        services,
        notifications,
        sources,
        hospitals,
        devices,
        alarm_rules,
        alarm_notices: alarm_notices::lower_alarm_notices(folder, report),
        scenes,
        inspections,
        routing: lower_routing(folder),
        ..lower_pack(pack)
    };
    city.sort_routing();
    Some(city)
}

/// Adds the categories of applications. One that a file declares under the same id stays; the check refuses it.
fn with_applications(
    mut categories: BTreeMap<CategoryId, Category>,
    services: Services,
    catalogue: &Catalogue,
) -> (BTreeMap<CategoryId, Category>, Services) {
    for (id, service) in &services {
        if let Some(category) = services::category_of(service, catalogue) {
            let id = CategoryId::new(id.as_str()).expect("ids of services and of categories are words alike");
            categories.entry(id).or_insert(category);
        }
    }
    (categories, services)
}

/// The first region without a parent.
pub(crate) fn root_of(folder: &Folder) -> Option<&RegionSource> {
    folder.regions.iter().map(|(_, region)| region).find(|region| region.parent.is_none())
}

fn lower_pack(pack: &PackFile) -> City {
    let word = |needed: &Needed<At<String>>| needed.0.as_ref().map(|at| at.value.clone()).unwrap_or_default();
    let coordinate = |list: &Needed<At<Vec<f64>>>, at: usize| {
        round_deg(list.0.as_ref().and_then(|list| list.get(at)).copied().unwrap_or_default())
    };
    let layer = |layer: &BasemapSource| BasemapLayer { id: layer.id.value.clone(), kind: layer.kind.value.clone() };
    City {
        id: word(&pack.id),
        title: pack.title.0.clone().unwrap_or_default(),
        version: pack.version.0.clone().unwrap_or_default(),
        timezone: word(&pack.timezone),
        locales: pack.locales.iter().map(|locale| locale.value.clone()).collect(),
        case_prefix: word(&pack.case_prefix),
        jurisdiction: pack.jurisdiction.0.clone().unwrap_or_default(),
        bounds: [0, 1, 2, 3].map(|at| coordinate(&pack.bounds, at)),
        centre: [0, 1].map(|at| coordinate(&pack.centre, at)),
        basemap: pack.basemap.iter().map(layer).collect(),
        root: RegionId::new("city").expect("city is a word"),
        regions: BTreeMap::new(),
        offices: BTreeMap::new(),
        roles: BTreeMap::new(),
        categories: BTreeMap::new(),
        processes: BTreeMap::new(),
        calendars: BTreeMap::new(),
        routing: Vec::new(),
        forms: BTreeMap::new(),
        messages: BTreeMap::new(),
        catalogue: Catalogue::default(),
        services: Services::new(),
        notifications: Notifications::default(),
        sources: BTreeMap::new(),
        hospitals: BTreeMap::new(),
        devices: BTreeMap::new(),
        alarm_rules: BTreeMap::new(),
        alarm_notices: AlarmNotices::default(),
        scenes: BTreeMap::new(),
        inspections: BTreeMap::new(),
    }
}

/// Puts a shelf in order by id; a fault for an id that stands twice, which can happen across files.
fn index<K, S, T>(
    shelf: &Shelf<K, S>,
    what: &str,
    report: &mut Report,
    mut lower: impl FnMut(&S, &mut Report) -> Option<T>,
) -> BTreeMap<K, T>
where
    K: Ord + Clone + std::fmt::Display,
{
    let mut first: BTreeMap<&K, Pos> = BTreeMap::new();
    let mut map = BTreeMap::new();
    for (id, source) in &shelf.items {
        if let Some(before) = first.get(&id.value) {
            let before = report.show(*before);
            report.fault(id.at, format!("{what} {} stands twice, first at {before}", id.value));
            continue;
        }
        first.insert(&id.value, id.at);
        if let Some(thing) = source.as_ref().and_then(|source| lower(source, report)) {
            map.insert(id.value.clone(), thing);
        }
    }
    map
}

fn lower_regions(folder: &Folder, report: &mut Report) -> BTreeMap<RegionId, Region> {
    let mut regions = index(&folder.regions, "region", report, |region: &RegionSource, _| {
        Some(Region {
            title: region.title.clone(),
            level: region.level.value,
            code: region.code.clone(),
            parent: region.parent.as_ref().map(|parent| parent.value.clone()),
            polygons: Vec::new(),
        })
    });
    for outline in &folder.outlines {
        match regions.get_mut(&outline.region.value) {
            Some(region) if region.polygons.is_empty() => region.polygons.clone_from(&outline.polygons),
            Some(_) => report.fault(outline.region.at, format!("region {} has two outlines", outline.region.value)),
            None if folder.regions.may_have(&outline.region.value) => {}
            None => report.fault(outline.region.at, format!("unknown region {}", outline.region.value)),
        }
    }
    regions
}

fn lower_routing(folder: &Folder) -> Vec<Route> {
    let mut routing = Vec::new();
    for (_, route) in folder.routing.iter() {
        let rule = |category: Option<String>| Route {
            category,
            region: route.region.as_ref().map(|region| region.value.clone()),
            office: route.office.value.clone(),
        };
        if route.category.0.is_empty() {
            routing.push(rule(None));
        }
        routing.extend(route.category.0.iter().map(|category| rule(Some(category.value.clone()))));
    }
    routing
}

fn lower_category(category: &CategorySource) -> Category {
    let condition = |condition: &ConditionSource| Condition {
        id: condition.id.value.clone(),
        title: condition.title.clone(),
        limit: condition.limit.as_ref().map(|limit| limit.value),
        legal_limit: None,
        closing: condition.closing.clone().unwrap_or_default(),
    };
    Category {
        title: category.title.clone(),
        kind: category.kind,
        code: category.code.value.clone(),
        group: category.group.clone(),
        description: category.description.clone().unwrap_or_default(),
        keywords: category.keywords.clone(),
        icon: category.icon.clone(),
        process: category.process.value.clone(),
        public: category.public,
        intake: category.intake.unwrap_or_default(),
        raised_by: category.raised_by.as_ref().map(|by| by.value),
        extract_in: category.extract_in.as_ref().map(|state| state.value.clone()),
        conditions: category.conditions.iter().map(condition).collect(),
        form: category.form.as_ref().map(|form| form.value.clone()),
    }
}

fn lower_process(process: &ProcessSource, report: &mut Report) -> Process {
    let state = |state: &StateSource| State {
        title: state.title.clone(),
        public_title: state.public_title.clone(),
        stage: state.stage.value.clone(),
        task: state.task.as_ref().map(|task| TaskRule {
            role: task.role.value.clone(),
            office: task.office.value.clone(),
            limit: task.limit.value.clone(),
        }),
        outcome: state.outcome.as_ref().map(|outcome| outcome.value),
        correctable: state.correctable.as_ref().is_some_and(|is| is.value),
    };
    let states =
        process.states.items.iter().filter_map(|(id, source)| Some((id.value.clone(), state(source.as_ref()?))));
    let escalation = process.escalation.as_ref();
    Process {
        title: process.title.clone(),
        stages: process
            .stages
            .iter()
            .map(|stage| Stage { id: stage.id.value.clone(), title: stage.title.clone() })
            .collect(),
        first: process.first.value.clone(),
        states: states.collect(),
        actions: process.actions.iter().map(|action| lower_action(action, report)).collect(),
        escalation: escalation.map(|rule| Escalation { every: rule.every.value.clone(), levels: rule.levels.value }),
    }
}

fn lower_action(action: &ActionSource, report: &mut Report) -> Action {
    Action {
        id: action.id.value.clone(),
        title: action.title.clone(),
        from: values(&action.from.0),
        to: action.to.value.clone(),
        by: values(&action.by.0),
        separate_from: values(&action.separate_from.0),
        fields: lower_fields(&action.fields, report),
        disposal: action.disposal.as_ref().map(|effect| effect.value),
        task: action.task.as_ref().map(|effect| effect.value),
        tally: action.tally,
        effect: action.effect.as_ref().map(|effect| effect.value),
        poor: action.poor.as_ref().map(|poor| Poor { stars: poor.value.stars.value, to: poor.value.to.value.clone() }),
        within: action.within.as_ref().map(|within| within.value.clone()),
        not_again_before: action.not_again_before.as_ref().map(|within| within.value.clone()),
        public_title: action.public_title.clone(),
        tone: action.tone.as_ref().map(|tone| tone.value.clone()),
    }
}

fn lower_source(source: &DataSourceEntry, report: &mut Report) -> DataSource {
    DataSource {
        title: source.title.clone(),
        office: source.office.value.clone(),
        purpose: source.purpose.clone(),
        basis: source.basis.clone(),
        timeout_seconds: source.timeout_seconds.as_ref().map_or(5, |seconds| seconds.value),
        identity: source.identity.as_ref().is_some_and(|identity| identity.value),
        organisations: source.organisations.as_ref().is_some_and(|organisations| organisations.value),
        guardianship: source.guardianship.as_ref().is_some_and(|guardianship| guardianship.value),
        fields: lower_fields(&source.fields, report),
    }
}

fn lower_hospital(hospital: &HospitalEntry) -> Hospital {
    let point = hospital.point.as_ref().and_then(|point| <[f64; 2]>::try_from(&point.value[..]).ok());
    Hospital {
        title: hospital.title.clone(),
        office: hospital.office.value.clone(),
        address: hospital.address.clone(),
        point,
        phone: hospital.phone.clone(),
        purpose: hospital.purpose.clone(),
        basis: hospital.basis.clone(),
        timeout_seconds: hospital.timeout_seconds.as_ref().map_or(5, |seconds| seconds.value),
    }
}

fn lower_devices(class: &DeviceClassEntry) -> DeviceClass {
    let command = |entry: &DeviceCommandEntry| DeviceCommand {
        id: entry.id.value.clone(),
        title: entry.title.clone(),
        parameters: entry.parameters.iter().map(lower_property).collect(),
        is_dangerous: entry.dangerous,
        expires_seconds: entry.expires_seconds.as_ref().and_then(|at| u32::try_from(at.value).ok()).unwrap_or(300),
    };
    DeviceClass {
        title: class.title.clone(),
        office: class.office.value.clone(),
        interval_seconds: class.interval_seconds.as_ref().map_or(60, |at| u32::try_from(at.value).unwrap_or(1)),
        messages_per_minute: class.messages_per_minute.as_ref().and_then(|at| u32::try_from(at.value).ok()),
        properties: class.properties.iter().map(lower_property).collect(),
        commands: class.commands.iter().map(command).collect(),
        codec: lower_codec(class),
        retention: class.retention.as_ref().map(|entry| Retention {
            readings_days: days(&entry.readings_days),
            hourly_days: entry.hourly_days.as_ref().map(days),
        }),
        video: class.video.as_ref().map(lower_video),
    }
}

fn lower_video(entry: &VideoEntry) -> Video {
    let recording = |retention: &At<i64>| Recording {
        segment_seconds: entry.segment_seconds.as_ref().map_or(60, days),
        retention_days: days(retention),
    };
    Video {
        recording: entry.retention_days.as_ref().filter(|_| entry.record).map(recording),
        transcode: entry.transcode,
    }
}

fn lower_codec(class: &DeviceClassEntry) -> Codec {
    let small = |at: &At<i64>| u16::try_from(at.value).unwrap_or(u16::MAX);
    let field = |entry: &FrameFieldEntry| FrameField {
        property: entry.property.value.clone(),
        at: small(&entry.at),
        number: entry.number.value,
        bit: entry.bit.as_ref().map_or(0, |at| u8::try_from(at.value).unwrap_or(0)),
        scale: entry.scale.as_ref().map_or(1.0, |at| at.value),
        offset: entry.offset.as_ref().map_or(0.0, |at| at.value),
        absent: entry.absent.as_ref().map(|at| at.value),
    };
    match (class.codec.as_ref().map(|codec| codec.value), &class.frame) {
        (Some(CodecWord::Cbor), _) => Codec::Cbor,
        (Some(CodecWord::Frame), Some(entry)) => Codec::Frame(Frame {
            length: small(&entry.length),
            is_big_endian: entry.endian.as_ref().is_none_or(|endian| endian.value == Endian::Big),
            start: entry.start.as_ref().and_then(|start| bytes_of(&start.value)).unwrap_or_default(),
            time_at: entry.time_at.as_ref().map(small),
            checksum: entry.checksum.as_ref().map(|checksum| checksum.value),
            fields: entry.fields.iter().map(field).collect(),
        }),
        _ => Codec::Json,
    }
}

fn days(at: &At<i64>) -> u32 {
    u32::try_from(at.value).unwrap_or(u32::MAX)
}

fn lower_property(entry: &PropertyEntry) -> Property {
    Property {
        id: entry.id.value.clone(),
        title: entry.title.clone(),
        kind: entry.kind.as_ref().map_or(PropertyKind::Measurement, |kind| kind.value),
        unit: entry.unit.as_ref().map(|unit| unit.value),
        definition: entry.definition.as_ref().map(|definition| definition.value.clone()),
        min: entry.min.as_ref().map(|min| min.value),
        max: entry.max.as_ref().map(|max| max.value),
        is_battery: entry.means.is_some(),
    }
}

fn values<T: Clone>(list: &[At<T>]) -> Vec<T> {
    list.iter().map(|at| at.value.clone()).collect()
}

fn lower_calendar(calendar: &CalendarSource, report: &mut Report) -> CalendarRules {
    let mut hours = BTreeMap::new();
    for (weekday, spans) in &calendar.hours.items {
        let Some(spans) = spans else { continue };
        let pairs: Vec<[String; 2]> = spans.iter().filter_map(|span| span.clone().try_into().ok()).collect();
        if pairs.len() < spans.len() {
            report.fault(spans.at, "opening hours are a list of pairs such as [[\"08:00\", \"12:00\"]]");
        }
        hours.insert(weekday.value, pairs);
    }
    let holidays = calendar.holidays.iter().filter_map(|holiday| holidays::lower_holiday(holiday, report)).collect();
    let swap = |swap: &crate::source::types::SwapSource| Swap { date: swap.date.value.clone(), like: swap.like };
    CalendarRules {
        title: calendar.title.clone(),
        timezone: calendar.timezone.value.clone(),
        hours,
        holidays,
        swaps: calendar.swaps.iter().map(swap).collect(),
    }
}
