//! Reading the pack's folder: which file holds what.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use model::{
    AlarmRuleId, CalendarId, CategoryId, DeviceClassId, FormId, InspectionId, OfficeId, ProcessId, RegionId, RoleId,
    SceneId, ServiceId, SourceId, Text,
};

use super::alarm_notices::AlarmNoticesFile;
use super::alarm_rules::{AlarmRuleEntry, AlarmRulesFile};
use super::inspections::{InspectionEntry, InspectionsFile};
use super::notifications::NotificationsFile;
use super::read::{Reader, Source, Table};
use super::scenes::{SceneEntry, ScenesFile};
use super::services::{CatalogueFile, ServiceSource, ServicesFile};
use super::types::{
    CalendarSource, CategoriesFile, CategorySource, DataSourceEntry, DeviceClassEntry, DevicesFile, FieldSource,
    HospitalEntry, HospitalsFile, MessagesFile, OfficeSource, OfficesFile, PackFile, ProcessSource, RegionSource,
    RoleSource, RolesFile, RouteSource, SourcesFile,
};
use super::yaml::{self, Node, Value};
use crate::faults::{At, Pos, Report};
use crate::gazetteer::NamedShape;
use crate::geometry::{self, Outline};
use crate::layers::read_layer;
use crate::scenario::Scenario;

/// Largest file read, bytes: a base map layer of a district is a tenth of it.
const FILE_MAX: u64 = 64 << 20;

/// The files of one name at the top of the pack.
const TOP: &[&str] = &[
    "pack.yaml",
    "regions.yaml",
    "offices.yaml",
    "roles.yaml",
    "routing.yaml",
    "catalogue.yaml",
    "notifications.yaml",
    "sources.yaml",
    "hospitals.yaml",
    "devices.yaml",
    "alarm_rules.yaml",
    "alarm_notices.yaml",
    "scenes.yaml",
    "inspections.yaml",
];
/// The folders of the pack, and what their files end in.
const FOLDERS: &[(&str, &str)] = &[
    ("regions", "geojson"),
    ("calendars", "yaml"),
    ("categories", "yaml"),
    ("processes", "yaml"),
    ("forms", "yaml"),
    ("messages", "yaml"),
    ("basemap", "geojson"),
    ("scenarios", "yaml"),
    ("services", "yaml"),
    ("import", "yaml"),
];

/// Things of one kind. A thing with faults of its own stays as `None`.
#[derive(Debug)]
pub(crate) struct Shelf<K, T> {
    /// By id, in the order written.
    pub items: Vec<(At<K>, Option<T>)>,
    /// False when a fault may hide ids, so that a dangling reference proves nothing.
    pub whole: bool,
}

impl<K, T> Default for Shelf<K, T> {
    fn default() -> Self {
        Self { items: Vec::new(), whole: true }
    }
}

impl<K, T> Shelf<K, T> {
    /// The shelf of one file; `clean` says that an absent table is an absent file, not one with faults.
    fn of(table: Option<Table<K, T>>, clean: bool) -> Self {
        table.map_or(Self { items: Vec::new(), whole: clean }, |table| Self { items: table.items, whole: table.whole })
    }
}

impl<K: PartialEq, T> Shelf<K, T> {
    /// True when the id is there, or may be hidden by a fault.
    pub fn may_have(&self, id: &K) -> bool {
        !self.whole || self.items.iter().any(|(known, _)| known.value == *id)
    }

    /// The things without faults.
    pub fn iter(&self) -> impl Iterator<Item = (&At<K>, &T)> {
        self.items.iter().filter_map(|(id, thing)| Some((id, thing.as_ref()?)))
    }
}

/// The whole folder, typed.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    pub pack: Option<PackFile>,
    /// Where `pack.yaml` begins.
    pub pack_at: Pos,
    pub regions: Shelf<RegionId, RegionSource>,
    pub outlines: Vec<Outline>,
    pub offices: Shelf<OfficeId, OfficeSource>,
    pub roles: Shelf<RoleId, RoleSource>,
    pub calendars: Shelf<CalendarId, CalendarSource>,
    pub categories: Shelf<CategoryId, CategorySource>,
    /// Processes, with whether each file was read without a fault.
    pub processes: Shelf<ProcessId, (ProcessSource, bool)>,
    pub routing: Shelf<(), RouteSource>,
    pub catalogue: Option<CatalogueFile>,
    pub services: Shelf<ServiceId, ServiceSource>,
    pub sources: Shelf<SourceId, DataSourceEntry>,
    pub hospitals: Shelf<SourceId, HospitalEntry>,
    pub devices: Shelf<DeviceClassId, DeviceClassEntry>,
    pub alarm_rules: Shelf<AlarmRuleId, AlarmRuleEntry>,
    pub alarm_notices: Option<AlarmNoticesFile>,
    pub scenes: Shelf<SceneId, SceneEntry>,
    pub inspections: Shelf<InspectionId, InspectionEntry>,
    pub forms: Shelf<FormId, Vec<FieldSource>>,
    pub messages: Shelf<String, Text>,
    pub notifications: Option<NotificationsFile>,
    /// File stems under `basemap/`.
    pub layers: Vec<At<String>>,
    /// What the base map names.
    pub shapes: Vec<NamedShape>,
    pub scenarios: Vec<Scenario>,
}

/// Reads every file of the folder, noting faults.
pub(crate) fn read(dir: &Path, report: &mut Report) -> Folder {
    let mut files = Files { dir, report, locales: Vec::new() };
    files.note_strangers();
    let mut folder = Folder::default();
    files.read_pack(&mut folder);
    files.read_top(&mut folder);
    files.read_folders(&mut folder);
    folder
}

struct Files<'a> {
    dir: &'a Path,
    report: &'a mut Report,
    locales: Vec<String>,
}

impl Files<'_> {
    fn read_pack(&mut self, folder: &mut Folder) {
        if !self.dir.join("pack.yaml").is_file() {
            let file = self.report.enter("pack.yaml");
            self.report.fault(Pos { file, line: 0 }, "the file is missing: a pack is a folder with a pack.yaml");
            return;
        }
        let Some((file, node)) = self.parse("pack.yaml") else { return };
        // The languages come first: every text, the city's own name too, is checked against them.
        self.locales = locales_of(&node);
        folder.pack_at = Pos { file, line: node.line };
        folder.pack = self.read_node(file, &node);
    }

    fn read_top(&mut self, folder: &mut Folder) {
        let (regions, whole) = self.read_file::<Vec<RegionSource>>("regions.yaml");
        let by_id = |region: RegionSource| (region.id.clone(), Some(region));
        folder.regions = Shelf { items: regions.unwrap_or_default().into_iter().map(by_id).collect(), whole };
        let (offices, whole) = self.read_file::<OfficesFile>("offices.yaml");
        folder.offices = Shelf::of(offices, whole);
        let (roles, whole) = self.read_file::<RolesFile>("roles.yaml");
        folder.roles = Shelf::of(roles, whole);
        let (sources, whole) = self.read_file::<SourcesFile>("sources.yaml");
        folder.sources = Shelf::of(sources, whole);
        let (hospitals, whole) = self.read_file::<HospitalsFile>("hospitals.yaml");
        folder.hospitals = Shelf::of(hospitals, whole);
        let (devices, whole) = self.read_file::<DevicesFile>("devices.yaml");
        folder.devices = Shelf::of(devices, whole);
        let (rules, whole) = self.read_file::<AlarmRulesFile>("alarm_rules.yaml");
        folder.alarm_rules = Shelf::of(rules, whole);
        folder.alarm_notices = self.read_file::<AlarmNoticesFile>("alarm_notices.yaml").0;
        let (scenes, whole) = self.read_file::<ScenesFile>("scenes.yaml");
        folder.scenes = Shelf::of(scenes, whole);
        let (inspections, whole) = self.read_file::<InspectionsFile>("inspections.yaml");
        folder.inspections = Shelf::of(inspections, whole);
        let (routes, whole) = self.read_file::<Vec<RouteSource>>("routing.yaml");
        let nameless = |route: RouteSource| (At { value: (), at: route.office.at }, Some(route));
        folder.catalogue = self.read_file::<CatalogueFile>("catalogue.yaml").0;
        folder.notifications = self.read_file::<NotificationsFile>("notifications.yaml").0;
        folder.routing = Shelf { items: routes.unwrap_or_default().into_iter().map(nameless).collect(), whole };
    }

    fn read_folders(&mut self, folder: &mut Folder) {
        for path in self.list("regions", "geojson") {
            if let Some((file, text)) = self.read_text(&path) {
                folder.outlines.extend(geometry::read_outlines(&text, file, self.report));
            }
        }
        folder.calendars = self.read_stems("calendars");
        folder.forms = self.read_stems("forms");
        folder.processes = self.read_processes();
        for path in self.list("categories", "yaml") {
            let (table, _) = self.read_file::<CategoriesFile>(&path);
            folder.categories.whole &= table.as_ref().is_some_and(|table| table.whole);
            folder.categories.items.extend(table.unwrap_or_default().items);
        }
        for path in self.list("services", "yaml") {
            let (table, _) = self.read_file::<ServicesFile>(&path);
            folder.services.whole &= table.as_ref().is_some_and(|table| table.whole);
            folder.services.items.extend(table.unwrap_or_default().items);
        }
        for path in self.list("messages", "yaml") {
            let (table, _) = self.read_file::<MessagesFile>(&path);
            folder.messages.items.extend(table.unwrap_or_default().items);
        }
        for path in self.list("basemap", "geojson") {
            if let Some((file, text)) = self.read_text(&path) {
                let is_road = is_layer_of_roads(folder, stem(&path));
                folder.shapes.extend(read_layer(&text, file, is_road, &self.locales, self.report));
                folder.layers.push(At { value: stem(&path).to_owned(), at: Pos { file, line: 0 } });
            }
        }
        for path in self.list("scenarios", "yaml") {
            folder.scenarios.extend(self.read_file::<Scenario>(&path).0);
        }
        for path in self.list("import", "yaml") {
            // Import maps have their own reader; here they only must be YAML.
            self.parse(&path);
        }
    }

    fn read_processes(&mut self) -> Shelf<ProcessId, (ProcessSource, bool)> {
        let mut shelf = Shelf::default();
        for path in self.list("processes", "yaml") {
            let (process, clean) = self.read_file::<ProcessSource>(&path);
            match self.id_of(&path) {
                Some(id) => shelf.items.push((id, process.map(|process| (process, clean)))),
                None => shelf.whole = false,
            }
        }
        shelf
    }

    /// Reads a folder in which every file is one thing and the file's name its id.
    fn read_stems<K: FromStr<Err: std::fmt::Display>, T: Source>(&mut self, folder: &str) -> Shelf<K, T> {
        let mut shelf = Shelf::default();
        for path in self.list(folder, "yaml") {
            let (thing, _) = self.read_file::<T>(&path);
            match self.id_of(&path) {
                Some(id) => shelf.items.push((id, thing)),
                None => shelf.whole = false,
            }
        }
        shelf
    }

    fn id_of<K: FromStr<Err: std::fmt::Display>>(&mut self, path: &str) -> Option<At<K>> {
        let at = Pos { file: self.report.enter(path), line: 0 };
        stem(path)
            .parse()
            .map(|value| At { value, at })
            .map_err(|why| self.report.fault(at, format!("the file's name is the id: {why}")))
            .ok()
    }

    /// Reads one file when it is there; also says whether that went without a fault.
    fn read_file<T: Source>(&mut self, path: &str) -> (Option<T>, bool) {
        if !self.dir.join(path).exists() {
            return (None, true);
        }
        let before = self.report.fault_count();
        let value = self.parse(path).and_then(|(file, node)| self.read_node(file, &node));
        (value, self.report.fault_count() == before)
    }

    fn read_node<T: Source>(&mut self, file: u32, node: &Node) -> Option<T> {
        T::read(node, &mut Reader { report: self.report, file, locales: &self.locales })
    }

    fn parse(&mut self, path: &str) -> Option<(u32, Node)> {
        let (file, text) = self.read_text(path)?;
        match yaml::parse(&text) {
            Ok(node) => Some((file, node)),
            Err((line, message)) => {
                self.report.fault(Pos { file, line }, message);
                None
            }
        }
    }

    fn read_text(&mut self, path: &str) -> Option<(u32, String)> {
        let file = self.report.enter(path);
        let whole = Pos { file, line: 0 };
        let full = self.dir.join(path);
        match fs::metadata(&full) {
            Ok(meta) if meta.len() > FILE_MAX => {
                self.report.fault(whole, format!("larger than {} MiB", FILE_MAX >> 20));
                return None;
            }
            Ok(_) => {}
            Err(error) => {
                self.report.fault(whole, format!("cannot be read: {error}"));
                return None;
            }
        }
        match fs::read(&full).map(String::from_utf8) {
            Ok(Ok(text)) => Some((file, text)),
            Ok(Err(error)) => {
                let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let line = u32::try_from(valid.iter().filter(|&&byte| byte == b'\n').count() + 1).unwrap_or(u32::MAX);
                self.report.fault(Pos { file, line }, "not UTF-8");
                None
            }
            Err(error) => {
                self.report.fault(whole, format!("cannot be read: {error}"));
                None
            }
        }
    }

    /// Paths of the files of a folder that end as they should, sorted.
    fn list(&mut self, folder: &str, ending: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.dir.join(folder)) else { return Vec::new() };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut paths: Vec<String> = names
            .filter(|name| name.strip_suffix(ending).is_some_and(|stem| stem.len() > 1 && stem.ends_with('.')))
            .map(|name| format!("{folder}/{name}"))
            .collect();
        paths.sort();
        paths
    }

    /// Faults for files that nothing reads: a misspelt name would otherwise drop rules in silence.
    fn note_strangers(&mut self) {
        let mut strangers = Vec::new();
        for name in names_in(self.dir) {
            if looks_read(&name) && !TOP.contains(&name.as_str()) {
                strangers.push((name, format!("nothing reads this file; known are {}", TOP.join(", "))));
            }
        }
        for (folder, ending) in FOLDERS {
            for name in names_in(&self.dir.join(folder)) {
                if looks_read(&name) && !name.ends_with(&format!(".{ending}")) {
                    strangers.push((
                        format!("{folder}/{name}"),
                        format!("nothing reads this file; those of {folder}/ end in .{ending}"),
                    ));
                }
            }
        }
        for (path, message) in strangers {
            let file = self.report.enter(&path);
            self.report.fault(Pos { file, line: 0 }, message);
        }
    }
}

/// Whether `pack.yaml` says that a layer of the base map holds roads.
fn is_layer_of_roads(folder: &Folder, stem: &str) -> bool {
    let layers = folder.pack.iter().flat_map(|pack| pack.basemap.iter());
    layers.into_iter().any(|layer| layer.id.value == stem && layer.kind.value == "road")
}

/// File names directly within a folder, sorted; none when it is not there.
fn names_in(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let files = entries.filter_map(Result::ok).filter(|entry| entry.path().is_file());
    let mut names: Vec<String> = files.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// True for names an author may take for part of the pack; a README is none.
fn looks_read(name: &str) -> bool {
    [".yaml", ".yml", ".json", ".geojson"].iter().any(|ending| name.ends_with(ending)) && !name.starts_with('.')
}

/// A file's name without folder and ending.
fn stem(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The languages `pack.yaml` declares, as far as they can be read.
fn locales_of(node: &Node) -> Vec<String> {
    let Value::Map(entries) = &node.value else { return Vec::new() };
    let locales = entries.iter().find(|(key, _)| key.text() == Some("locales")).map(|(_, value)| &value.value);
    match locales {
        Some(Value::List(items)) => {
            let mut tags: Vec<String> = Vec::new();
            for tag in items.iter().filter_map(Node::text).filter(|tag| is_language_tag(tag)) {
                if !tags.iter().any(|known| known == tag) {
                    tags.push(tag.to_owned());
                }
            }
            tags
        }
        _ => Vec::new(),
    }
}

/// True for the shape of a BCP 47 tag, such as `zh-CN`.
pub(crate) fn is_language_tag(tag: &str) -> bool {
    tag.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}
