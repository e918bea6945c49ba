//! Checks across files: references, trees, life-cycles, routing, calendars. Pure: the folder as read goes in, faults
//! and warnings come out.

mod alarm_notices;
mod alarm_rules;
mod calendars;
mod devices;
mod fees;
mod flow;
mod frames;
mod hospitals;
mod inspections;
mod materials;
mod notifications;
mod places;
mod processes;
mod scenes;
mod services;
mod sources;
mod stories;
mod unused;

pub(crate) use frames::bytes_of;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use model::CategoryId;

use crate::city::{AlarmKind, CategoryKind, City};
use crate::faults::{At, Pos, Report};
use crate::load::Judge;
use crate::source::files::{Folder, is_language_tag};
use crate::source::types::{CategorySource, PackFile, RoleSource};

/// Base map kinds the web faces draw.
const LAYER_KINDS: [&str; 5] = ["water", "green", "building", "road", "place"];

/// Runs every check. `city` is what could be understood; absent when `pack.yaml` could not.
pub(crate) fn check(folder: &Folder, city: Option<&City>, judge: Judge<'_>, report: &mut Report) {
    if let Some(pack) = &folder.pack {
        check_pack(pack, folder, report);
    }
    places::check_regions(folder, city, report);
    places::check_offices(folder, report);
    for (id, calendar) in folder.calendars.iter() {
        calendars::check_calendar(id, calendar, city, report);
    }
    for (_, form) in folder.forms.iter() {
        processes::check_kinds(form, folder, report);
        processes::check_people(form, false, report);
    }
    for (id, category) in folder.categories.iter() {
        check_category(id, category, folder, report);
    }
    check_codes(folder, report);
    check_alarms(folder, report);
    check_bases(folder, report);
    for (id, (process, clean)) in folder.processes.iter() {
        processes::check_process(id, process, *clean, folder, city, report);
    }
    check_routing(folder, city, report);
    services::check_services(folder, city, report);
    materials::check_materials(folder, report);
    notifications::check_notifications(folder, report);
    sources::check_sources(folder, city, report);
    hospitals::check_hospitals(folder, report);
    devices::check_devices(folder, report);
    alarm_rules::check_alarm_rules(folder, city, judge, report);
    alarm_notices::check_alarm_notices(folder, city, judge, report);
    scenes::check_scenes(folder, city, judge, report);
    inspections::check_inspections(folder, report);
    for scenario in &folder.scenarios {
        stories::check_scenario(scenario, folder, city, report);
    }
    unused::check(folder, report);
    sources::check_unused(folder, report);
}

fn check_pack(pack: &PackFile, folder: &Folder, report: &mut Report) {
    if let Some(id) = &pack.id.0
        && (model::RegionId::new(id).is_err() || id.contains(['/', '.']))
    {
        report.fault(id.at, format!("{:?} is not a short word of a-z, 0-9, '_' and '-'", id.value));
    }
    if let Some(prefix) = &pack.case_prefix.0
        && (!(1..=8).contains(&prefix.len()) || !prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
    {
        report.fault(prefix.at, format!("the case prefix must be 1 to 8 of A-Z and 0-9, got {:?}", prefix.value));
    }
    if let Some(zone) = pack.timezone.0.as_ref().filter(|zone| TimeZone::get(zone).is_err()) {
        report.fault(zone.at, format!("unknown time zone {:?}", zone.value));
    }
    if pack.locales.is_empty() {
        report.fault(folder.pack_at, "a city has at least one language in \"locales\"");
    }
    for (index, locale) in pack.locales.iter().enumerate() {
        if !is_language_tag(locale) {
            report.fault(locale.at, format!("{:?} is not a language tag such as zh-CN", locale.value));
        }
        if pack.locales[..index].iter().any(|before| before.value == locale.value) {
            report.fault(locale.at, format!("language {} stands twice", locale.value));
        }
    }
    check_extent(pack, report);
    check_basemap(pack, folder, report);
}

fn check_extent(pack: &PackFile, report: &mut Report) {
    let Some(given) = &pack.bounds.0 else { return };
    let bounds = match given.value[..] {
        [west, south, east, north] => Some([west, south, east, north]),
        _ => None,
    };
    let bounds = bounds.filter(|[west, south, east, north]| {
        west < east && south < north && -180.0 <= *west && *east <= 180.0 && -90.0 <= *south && *north <= 90.0
    });
    let Some([west, south, east, north]) = bounds else {
        report
            .fault(given.at, "bounds are [west, south, east, north] in degrees, west before east, south before north");
        return;
    };
    let Some(centre) = &pack.centre.0 else { return };
    let within = matches!(centre.value[..], [lon, lat] if west <= lon && lon <= east && south <= lat && lat <= north);
    if !within {
        report.fault(centre.at, "the centre is [longitude, latitude] in degrees within the bounds");
    }
}

fn check_basemap(pack: &PackFile, folder: &Folder, report: &mut Report) {
    for layer in &pack.basemap {
        if !LAYER_KINDS.contains(&layer.kind.as_str()) {
            report.fault(
                layer.kind.at,
                format!("{:?} is not a kind of layer: use {}", layer.kind.value, LAYER_KINDS.join(", ")),
            );
        }
        if !folder.layers.iter().any(|file| file.value == layer.id.value) {
            report.fault(layer.id.at, format!("there is no file basemap/{}.geojson", layer.id.value));
        }
    }
    for file in &folder.layers {
        if !pack.basemap.iter().any(|layer| layer.id.value == file.value) {
            report.warn(file.at, "the layer is not in \"basemap\" of pack.yaml, so nobody sees it");
        }
    }
}

fn check_category(id: &At<CategoryId>, category: &CategorySource, folder: &Folder, report: &mut Report) {
    if !folder.processes.may_have(&category.process.value) {
        report.fault(category.process.at, format!("category {}: unknown process {}", id.value, category.process.value));
    }
    if let Some(form) = &category.form
        && !folder.forms.may_have(&form.value)
    {
        report.fault(form.at, format!("category {}: unknown form {}", id.value, form.value));
    }
    check_alarm(id, category, report);
    check_extract(id, category, folder, report);
    if category.conditions.is_empty() {
        report.fault(id.at, format!("category {} has no filing condition", id.value));
    }
    let mut seen: BTreeMap<&str, Pos> = BTreeMap::new();
    for condition in &category.conditions {
        if seen.insert(condition.id.as_str(), condition.id.at).is_some() {
            report.fault(
                condition.id.at,
                format!("category {}: condition {} stands twice", id.value, condition.id.value),
            );
        }
    }
}

/// Alarms are raised by the platform alone, and everything that it raises is an alarm.
fn check_alarm(id: &At<CategoryId>, category: &CategorySource, report: &mut Report) {
    match (&category.raised_by, category.kind == CategoryKind::Alarm) {
        (None, true) => report.fault(id.at, format!("alarm {} needs \"raised_by\": what it is raised for", id.value)),
        (Some(by), false) => {
            report.fault(
                by.at,
                format!("category {} is no alarm, so nothing raises it: leave \"raised_by\" out", id.value),
            );
        }
        (_, is_alarm) => {
            if is_alarm && category.public {
                report.fault(
                    id.at,
                    format!(
                        "alarm {} is raised by the platform, so residents cannot choose it: public: false",
                        id.value
                    ),
                );
            }
        }
    }
}

/// Extracts name the state in which they are taken: one of their process, with a task.
fn check_extract(id: &At<CategoryId>, category: &CategorySource, folder: &Folder, report: &mut Report) {
    match (&category.extract_in, category.kind == CategoryKind::Extract) {
        (None, true) => {
            report.fault(id.at, format!("extract {} needs \"extract_in\": the state it is taken in", id.value))
        }
        (Some(state), false) => {
            report.fault(state.at, format!("category {} is no extract: leave \"extract_in\" out", id.value));
        }
        (Some(state), true) => {
            let process = folder.processes.iter().find(|(process, _)| process.value == category.process.value);
            let is_there = process.is_none_or(|(_, (process, _))| {
                process.states.items.iter().any(|(name, found)| {
                    name.value == state.value && found.as_ref().is_none_or(|found| found.task.is_some())
                })
            });
            if !is_there {
                report.fault(
                    state.at,
                    format!("extract {}: its process has no state {} with a task", id.value, state.value),
                );
            }
            if category.public {
                report.fault(id.at, format!("extract {} is asked for by staff: public: false", id.value));
            }
        }
        (None, false) => {}
    }
}

/// What an alarm is raised for opens one category of cases.
fn check_alarms(folder: &Folder, report: &mut Report) {
    let mut seen: BTreeMap<AlarmKind, Pos> = BTreeMap::new();
    for by in folder.categories.iter().filter_map(|(_, category)| category.raised_by.as_ref()) {
        if let Some(before) = seen.insert(by.value, by.at) {
            let before = report.show(before);
            report.fault(by.at, format!("{} raises two alarms, the first at {before}", by.value.as_str()));
        }
    }
}

/// Whoever may look at personal data does so on a law, which is shown to the person.
fn check_bases(folder: &Folder, report: &mut Report) {
    for (permission, message) in [("contact.read", "basis.contact"), ("answers.read", "basis.application")] {
        let looks = |role: &RoleSource| role.permissions.iter().any(|given| given.value == permission);
        let has_message = folder.messages.items.iter().any(|(key, _)| key.value == message);
        if let Some((id, _)) = folder.roles.iter().find(|(_, role)| looks(role)).filter(|_| !has_message) {
            report.fault(
                id.at,
                format!(
                    "role {} may look at personal data ({permission}): message {message} must name the law",
                    id.value
                ),
            );
        }
    }
}

/// Codes are what other systems know a category by: each stands once.
fn check_codes(folder: &Folder, report: &mut Report) {
    let mut seen: BTreeMap<&str, Pos> = BTreeMap::new();
    for (_, category) in folder.categories.iter() {
        if let Some(before) = seen.insert(&category.code.value, category.code.at) {
            let before = report.show(before);
            report.fault(category.code.at, format!("code {} stands twice, first at {before}", category.code.value));
        }
    }
}

/// Routing: known references, and every category handled by somebody wherever it may happen.
fn check_routing(folder: &Folder, city: Option<&City>, report: &mut Report) {
    let categories: Vec<&str> = folder.categories.items.iter().map(|(id, _)| id.as_str()).collect();
    for (_, route) in folder.routing.iter() {
        for category in &route.category.0 {
            let prefix = category.strip_suffix('*');
            let known =
                categories.iter().any(|id| prefix.map_or(*id == category.value, |prefix| id.starts_with(prefix)));
            if !known && folder.categories.whole {
                report.fault(category.at, format!("routing names no category of the city: {}", category.value));
            }
        }
        if let Some(region) = &route.region
            && !folder.regions.may_have(&region.value)
        {
            report.fault(region.at, format!("routing names an unknown region {}", region.value));
        }
        if !folder.offices.may_have(&route.office.value) {
            report.fault(route.office.at, format!("routing names an unknown office {}", route.office.value));
        }
    }
    let Some(city) = city else { return };
    if !folder.routing.whole || !folder.regions.whole {
        return;
    }
    for (id, _) in folder.categories.iter() {
        if city.route(&id.value, &city.root).is_some() {
            continue;
        }
        let nowhere = city.regions.keys().find(|region| city.route(&id.value, region).is_none());
        if let Some(region) = nowhere {
            report.fault(id.at, format!("no routing rule sends category {} in region {region} to an office", id.value));
        }
    }
}
