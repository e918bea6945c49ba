//! Checks of the catalogue: codes have the form of their issuer, references stand, and no promise is longer than the
//! law allows.

use std::collections::BTreeMap;

use model::{FormId, ServiceId};

use crate::city::{ChannelKind, City, CodeShape, Effect, Promise};
use crate::faults::{At, Pos, Report};
use crate::source::files::Folder;
use crate::source::read::Table;
use crate::source::services::{ApplySource, BookingSource, CatalogueFile, ChannelSource, LicenceSource, ServiceSource};
use crate::source::types::ActionSource;
use crate::source::words::FieldType;

pub(super) fn check_services(folder: &Folder, city: Option<&City>, report: &mut Report) {
    let forms = folder.catalogue.as_ref().map(|catalogue| code_forms(catalogue, report)).unwrap_or_default();
    if let Some(catalogue) = &folder.catalogue {
        check_synonyms(catalogue, report);
    }
    let mut codes: BTreeMap<&str, Pos> = BTreeMap::new();
    for (id, service) in folder.services.iter() {
        if let Some(code) = &service.code.0
            && let Some(before) = codes.insert(code.value.as_str(), code.at)
        {
            let before = report.show(before);
            report.fault(code.at, format!("code {} stands twice, first at {before}", code.value));
        }
        check_code(service, folder, &forms, report);
        check_references(id, service, folder, report);
        check_limits(id, service, city, report);
        check_apply(id, service, folder, report);
        super::fees::check_fees(id, service, folder, report);
        for channel in &service.channels {
            if let Some(point) = &channel.point {
                check_point(point, report);
            }
            if let Some(booking) = &channel.booking {
                check_booking(id, service, channel, booking, folder, report);
            }
        }
    }
}

/// The forms of codes, compiled.
fn code_forms(catalogue: &CatalogueFile, report: &mut Report) -> BTreeMap<FormId, Option<CodeShape>> {
    let mut forms = BTreeMap::new();
    for (id, form) in &catalogue.code_forms.items {
        let shape = form.as_ref().and_then(|form| {
            let shape = CodeShape::new(&form.pattern.value);
            // Its last line says what is wrong; those before draw where.
            let why = |error: &regex::Error| error.to_string().lines().last().unwrap_or_default().to_owned();
            let said = |error| report.fault(form.pattern.at, format!("not a regular expression: {}", why(&error)));
            shape.map_err(said).ok()
        });
        forms.insert(id.value.clone(), shape);
    }
    forms
}

fn check_synonyms(catalogue: &CatalogueFile, report: &mut Report) {
    for words in &catalogue.synonyms {
        if words.value.len() < 2 || words.value.iter().any(|word| word.trim().is_empty()) {
            report.fault(words.at, "synonyms are two words or more that mean the same");
        }
    }
}

fn check_code(
    service: &ServiceSource,
    folder: &Folder,
    forms: &BTreeMap<FormId, Option<CodeShape>>,
    report: &mut Report,
) {
    let (Some(code), Some(form)) = (&service.code.0, &service.code_form.0) else { return };
    match forms.get(&form.value) {
        Some(Some(shape)) if !shape.fits(&code.value) => {
            report.fault(code.at, format!("code {} has not the form {} of catalogue.yaml", code.value, form.value));
        }
        Some(_) => {}
        // A catalogue with faults of its own may hide it.
        None if folder.catalogue.as_ref().is_none_or(|catalogue| catalogue.code_forms.whole) => {
            report.fault(form.at, format!("catalogue.yaml has no code form {}", form.value));
        }
        None => {}
    }
}

fn check_references(id: &At<ServiceId>, service: &ServiceSource, folder: &Folder, report: &mut Report) {
    if let Some(office) = &service.office.0
        && !folder.offices.may_have(&office.value)
    {
        report.fault(office.at, format!("service {}: unknown office {}", id.value, office.value));
    }
    if let Some(audience) = &service.audience.0
        && audience.0.is_empty()
    {
        report.fault(id.at, format!("service {} serves nobody: say person, enterprise or both", id.value));
    }
    let headings = |of: fn(&CatalogueFile) -> &Table<FormId, crate::source::services::HeadingSource>| {
        folder.catalogue.as_ref().map(of)
    };
    let known = |table: Option<&Table<FormId, _>>, id: &FormId| {
        table.is_some_and(|table| !table.whole || table.items.iter().any(|(known, _)| known.value == *id))
    };
    for group in &service.groups {
        if !known(headings(|catalogue| &catalogue.groups), &group.value) {
            report.fault(group.at, format!("service {}: catalogue.yaml has no group {}", id.value, group.value));
        }
    }
    for event in &service.life_events {
        if !known(headings(|catalogue| &catalogue.life_events), &event.value) {
            report.fault(event.at, format!("service {}: catalogue.yaml has no life event {}", id.value, event.value));
        }
    }
}

/// What an application needs: a process of its own kind, a form of questions to people, and a limit.
fn check_apply(id: &At<ServiceId>, service: &ServiceSource, folder: &Folder, report: &mut Report) {
    let Some(apply) = &service.apply else { return };
    let ApplySource { process, form, pay, licence } = &apply.value;
    if *pay && !service.fees.iter().any(|fee| fee.amount.is_some_and(|amount| amount > 0)) {
        report.fault(apply.at, format!("service {} is paid online, so one of its fees needs an amount", id.value));
    }
    if let Some(licence) = licence {
        check_licence(id, service, form, process, licence, folder, report);
    }
    if !folder.processes.may_have(&process.value) {
        report.fault(process.at, format!("service {}: unknown process {}", id.value, process.value));
    }
    if !folder.forms.may_have(&form.value) {
        report.fault(form.at, format!("service {}: unknown form {}", id.value, form.value));
    }
    let is_mixed = folder.categories.iter().any(|(_, category)| category.process.value == process.value);
    if is_mixed {
        let message =
            format!("service {}: process {} is for reports; applications need their own", id.value, process.value);
        report.fault(process.at, message);
    }
    if folder.categories.items.iter().any(|(category, _)| category.value.as_str() == id.value.as_str()) {
        report.fault(id.at, format!("service {} has the id of a category, which its applications need", id.value));
    }
    if service.promised_limit.is_none() {
        report.fault(apply.at, format!("service {} can be applied for, so it needs a promised_limit", id.value));
    }
    let fields = folder.forms.iter().filter(|(known, _)| known.value == form.value).flat_map(|(_, fields)| fields);
    for field in fields.filter(|field| !field.kind.value.is_for_applicants()) {
        let message =
            format!("field {}: form {} is for applicants, who cannot answer its type", field.id.value, form.value);
        report.fault(field.id.at, message);
    }
}

/// Claims that every licence has (RFC 7519 §4.1, SD-JWT VC, and ours): no answer may have their names.
const LICENCE_WORDS: [&str; 15] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "cnf",
    "status",
    "vct",
    "licence_no",
    "licence_name",
    "issuing_authority",
    "service_code",
    "case_no",
];

/// A licence has a name, shows what was asked, and is issued by some action.
fn check_licence(
    id: &At<ServiceId>,
    service: &ServiceSource,
    form: &At<FormId>,
    process: &At<model::ProcessId>,
    licence: &At<LicenceSource>,
    folder: &Folder,
    report: &mut Report,
) {
    if service.result.is_none() {
        report.fault(
            licence.at,
            format!("service {}: a licence has the name of the \"result\", which is missing", id.value),
        );
    }
    if let Some((_, fields)) = folder.forms.iter().find(|(known, _)| known.value == form.value) {
        for shown in &licence.value.shows {
            if LICENCE_WORDS.contains(&shown.value.as_str()) {
                report.fault(
                    shown.at,
                    format!(
                        "service {}: every licence has a {} of its own; call the field otherwise",
                        id.value, shown.value
                    ),
                );
            }
            let field = fields.iter().find(|field| field.id.value == shown.value);
            if field.is_none_or(|field| field.kind.value == FieldType::Evidence) {
                let message =
                    format!("service {}: form {} has no answer {} to show", id.value, form.value, shown.value);
                report.fault(shown.at, message);
            }
        }
    }
    let issues = |action: &ActionSource| action.effect.as_ref().is_some_and(|effect| effect.value == Effect::Issue);
    let processes = folder.processes.iter().filter(|(known, _)| known.value == process.value);
    for (_, (found, clean)) in processes {
        if *clean && !found.actions.iter().any(issues) {
            report.fault(licence.at, format!("service {}: no action of {} issues a licence", id.value, process.value));
        }
    }
}

/// Times are booked at a window that can be named, for a case that can be opened.
fn check_booking(
    id: &At<ServiceId>,
    service: &ServiceSource,
    channel: &ChannelSource,
    booking: &At<BookingSource>,
    folder: &Folder,
    report: &mut Report,
) {
    let mut fault = |at: Pos, words: &str| report.fault(at, format!("service {}: {words}", id.value));
    match &channel.id {
        None => fault(booking.at, "a window where times are booked needs an \"id\""),
        Some(place) => {
            let same = service
                .channels
                .iter()
                .filter_map(|other| other.id.as_ref())
                .filter(|other| other.value == place.value);
            if same.count() > 1 {
                fault(place.at, "two channels have this id");
            }
        }
    }
    if channel.kind != ChannelKind::Window {
        fault(booking.at, "times are booked at windows alone");
    }
    if service.apply.is_none() {
        fault(booking.at, "a time is booked for an application, so the service needs \"apply\"");
    }
    let BookingSource { calendar, minutes, seats, days, .. } = &booking.value;
    if !(5..=240).contains(&minutes.value) {
        fault(minutes.at, "one time is 5 to 240 minutes long");
    }
    if !(1..=500).contains(&seats.value) {
        fault(seats.at, "1 to 500 windows are open at a time");
    }
    if let Some(days) = days.as_ref().filter(|days| !(1..=90).contains(&days.value)) {
        fault(days.at, "times are booked 1 to 90 days ahead");
    }
    if !folder.calendars.may_have(&calendar.value) {
        fault(calendar.at, &format!("unknown calendar {}", calendar.value));
    }
}

/// The promise that is shown in public: 承诺办结时限 is never longer than 法定办结时限.
fn check_limits(id: &At<ServiceId>, service: &ServiceSource, city: Option<&City>, report: &mut Report) {
    let (Some(promised), Some(legal)) = (&service.promised_limit, &service.legal_limit) else { return };
    let Some(known) = city.and_then(|city| city.services.get(&id.value)) else { return };
    let (promised_text, legal_text) = (String::from(promised.value), String::from(legal.value));
    match known.promise() {
        Promise::Kept => {}
        Promise::Broken => report.fault(
            promised.at,
            format!("service {}: {promised_text} is promised, and the law allows {legal_text}", id.value),
        ),
        Promise::Unknown => report.warn(
            promised.at,
            format!("service {}: {promised_text} and {legal_text} do not compare without a calendar", id.value),
        ),
    }
}

fn check_point(point: &At<Vec<f64>>, report: &mut Report) {
    let is_point = matches!(point.value[..], [lon, lat] if grid::LonLat::new(lon, lat).is_ok() && lat.abs() <= 88.0);
    if !is_point {
        report.fault(point.at, "a point is [longitude, latitude] in degrees, CGCS2000");
    }
}
