//! JSON Schemas of the pack's files, for editors. Written from the same lists of fields that the reader uses.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::scenario::Scenario;
use crate::source::alarm_notices::AlarmNoticesFile;
use crate::source::alarm_rules::AlarmRulesFile;
use crate::source::inspections::InspectionsFile;
use crate::source::notifications::NotificationsFile;
use crate::source::read::Source;
use crate::source::scenes::ScenesFile;
use crate::source::services::{CatalogueFile, ServicesFile};
use crate::source::types::{
    CalendarSource, CategoriesFile, DevicesFile, FieldSource, HospitalsFile, MessagesFile, OfficesFile, PackFile,
    ProcessSource, RegionSource, RolesFile, RouteSource, SourcesFile,
};

/// Every schema by the name of its file under `packs/_schema/`, as the text to write there.
pub fn schemas() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("pack.json", text("pack.yaml", PackFile::schema())),
        ("regions.json", text("regions.yaml", Vec::<RegionSource>::schema())),
        ("offices.json", text("offices.yaml", OfficesFile::schema())),
        ("roles.json", text("roles.yaml", RolesFile::schema())),
        ("routing.json", text("routing.yaml", Vec::<RouteSource>::schema())),
        ("calendar.json", text("calendars/*.yaml", CalendarSource::schema())),
        ("categories.json", text("categories/*.yaml", CategoriesFile::schema())),
        ("process.json", text("processes/*.yaml", ProcessSource::schema())),
        ("form.json", text("forms/*.yaml", Vec::<FieldSource>::schema())),
        ("catalogue.json", text("catalogue.yaml", CatalogueFile::schema())),
        ("services.json", text("services/*.yaml", ServicesFile::schema())),
        ("notifications.json", text("notifications.yaml", NotificationsFile::schema())),
        ("sources.json", text("sources.yaml", SourcesFile::schema())),
        ("hospitals.json", text("hospitals.yaml", HospitalsFile::schema())),
        ("alarm_rules.json", text("alarm_rules.yaml", AlarmRulesFile::schema())),
        ("alarm_notices.json", text("alarm_notices.yaml", AlarmNoticesFile::schema())),
        ("inspections.json", text("inspections.yaml", InspectionsFile::schema())),
        ("scenes.json", text("scenes.yaml", ScenesFile::schema())),
        ("devices.json", text("devices.yaml", DevicesFile::schema())),
        ("messages.json", text("messages/*.yaml", MessagesFile::schema())),
        ("scenario.json", text("scenarios/*.yaml", Scenario::schema())),
    ])
}

fn text(files: &str, schema: Json) -> String {
    let mut whole = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "title": files});
    if let (Json::Object(whole), Json::Object(schema)) = (&mut whole, schema) {
        whole.extend(schema);
    }
    format!("{whole:#}\n")
}
