//! Import of service items from another system's CSV file into a file of the pack, so that what was imported is checked,
//! versioned and changed like everything else a city declares.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};

use csv::StringRecord;
use model::{FormId, OfficeId, ServiceId, Text};
use pack::{Audience, City, CodeShape, RegionLevel, Service, Services, TaskType};
use serde::Deserialize;

use super::map::MapError;
use super::run::ImportError;

/// Longest text of a cell that is kept, in characters: a title beyond it is a page saved in its place.
const CELL_MAX: usize = 500;

/// Which column means what, and which value which word of the pack.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServicesMap {
    /// Language of the texts in the file, BCP 47.
    pub locale: String,
    /// Columns by meaning.
    pub columns: ServiceColumns,
    /// Forms a code may have, the first that fits is its.
    pub code_forms: Vec<FormId>,
    /// Office by value.
    #[serde(default)]
    pub offices: BTreeMap<String, OfficeId>,
    /// Type of task by value.
    pub task_types: BTreeMap<String, TaskType>,
    /// Level of government of every item.
    pub level: RegionLevel,
    /// Whom every item serves.
    pub audience: Vec<Audience>,
    /// Values of the main item that mean there is none.
    #[serde(default)]
    pub no_main_item: Vec<String>,
}

/// Columns by meaning.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceColumns {
    /// Name.
    pub title: String,
    /// Official code; in small letters it is the item's id.
    pub code: String,
    /// The office that decides.
    pub office: String,
    /// Type of task.
    pub task_type: String,
    /// The main item.
    pub main_item: Option<String>,
}

/// What became of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServicesSummary {
    /// Rows read, without the header.
    pub rows: u64,
    /// Items made.
    pub imported: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Items by office.
    pub by_office: BTreeMap<String, u64>,
    /// Items by type of task.
    pub by_task_type: BTreeMap<String, u64>,
}

impl ServicesMap {
    /// Reads a map and compares it with the city.
    ///
    /// # Errors
    /// [`MapError`] when it is no map, or names an office or form of codes that the city has not.
    pub fn parse(text: &str, city: &City) -> Result<Self, MapError> {
        let json = pack::yaml_to_json(text).map_err(|(line, message)| MapError::Yaml { line, message })?;
        let map: Self = serde_json::from_value(json)?;
        if let Some(office) = map.offices.values().find(|office| !city.offices.contains_key(*office)) {
            return Err(MapError::Reference(format!("the city has no office {office}")));
        }
        let is_known = |form: &&FormId| city.catalogue.code_forms.iter().any(|known| known.id == **form);
        if let Some(form) = map.code_forms.iter().find(|form| !is_known(form)) {
            return Err(MapError::Reference(format!("catalogue.yaml has no code form {form}")));
        }
        Ok(map)
    }
}

/// Reads the items of a CSV file. Rows that do not fit go to `rejects` with their line and the reason, and never stop
/// the rest.
///
/// # Errors
/// [`ImportError`] when the file lacks a column or cannot be read, or the rejects cannot be written.
pub fn read_services(
    map: &ServicesMap,
    city: &City,
    input: impl Read,
    rejects: impl Write,
) -> Result<(Services, ServicesSummary), ImportError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let header = reader.headers().map_err(ImportError::Read)?.clone();
    let rows = Rows::new(map, city, &header)?;
    // A row may lack cells, and is written as it was.
    let mut rejects = csv::WriterBuilder::new().flexible(true).from_writer(rejects);
    rejects.write_record(["line", "reason"].into_iter().chain(&header)).map_err(ImportError::Rejects)?;
    let (mut services, mut summary) = (Services::new(), ServicesSummary::default());
    let mut lines: BTreeMap<ServiceId, u64> = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(ImportError::Read)?;
        let line = row.position().map_or(0, csv::Position::line);
        summary.rows += 1;
        let read = rows.read(&row).and_then(|(id, service)| match lines.insert(id.clone(), line) {
            Some(first) => Err(format!("code {} stands twice, first on line {first}", service.code)),
            None => Ok((id, service)),
        });
        match read {
            Ok((id, service)) => {
                summary.imported += 1;
                *summary.by_office.entry(service.office.to_string()).or_default() += 1;
                *summary.by_task_type.entry(service.task_type.as_str().to_owned()).or_default() += 1;
                services.insert(id, service);
            }
            Err(reason) => {
                summary.rejected += 1;
                let line = line.to_string();
                rejects.write_record([line.as_str(), &reason].into_iter().chain(&row)).map_err(ImportError::Rejects)?;
            }
        }
    }
    rejects.flush().map_err(|error| ImportError::Rejects(error.into()))?;
    Ok((services, summary))
}

/// A map ready to read rows with.
struct Rows<'a> {
    map: &'a ServicesMap,
    city: &'a City,
    title: usize,
    code: usize,
    office: usize,
    task_type: usize,
    main_item: Option<usize>,
    shapes: Vec<(FormId, CodeShape)>,
}

impl<'a> Rows<'a> {
    fn new(map: &'a ServicesMap, city: &'a City, header: &StringRecord) -> Result<Self, ImportError> {
        let columns = &map.columns;
        let place = |name: &str| header.iter().position(|column| column.trim_start_matches('\u{feff}') == name);
        let needed = [&columns.title, &columns.code, &columns.office, &columns.task_type];
        let all = needed.into_iter().chain(columns.main_item.as_ref());
        let missing: Vec<String> = all.filter(|name| place(name).is_none()).cloned().collect();
        if !missing.is_empty() {
            return Err(ImportError::Columns(missing));
        }
        let at = |name: &str| place(name).unwrap_or_default();
        let shape = |form: &FormId| {
            let declared = city.catalogue.code_forms.iter().find(|known| known.id == *form)?;
            Some((form.clone(), CodeShape::new(&declared.pattern).ok()?))
        };
        Ok(Self {
            title: at(&columns.title),
            code: at(&columns.code),
            office: at(&columns.office),
            task_type: at(&columns.task_type),
            main_item: columns.main_item.as_deref().map(at),
            shapes: map.code_forms.iter().filter_map(shape).collect(),
            map,
            city,
        })
    }

    fn read(&self, row: &StringRecord) -> Result<(ServiceId, Service), String> {
        let cell = |place: usize, what: &str| {
            let text = clean(row.get(place).unwrap_or_default());
            let length = text.chars().count();
            match length {
                0 => Err(format!("{what} is empty")),
                1..=CELL_MAX => Ok(text),
                _ => Err(format!("{what} has {length} characters, at most {CELL_MAX} are read")),
            }
        };
        let code = cell(self.code, "the code")?;
        let id: ServiceId = code.to_lowercase().parse().map_err(|error| format!("code {code}: {error}"))?;
        let fitting = self.shapes.iter().find(|(_, shape)| shape.fits(&code));
        let (code_form, _) = fitting.ok_or_else(|| {
            let forms: Vec<&str> = self.shapes.iter().map(|(form, _)| form.as_str()).collect();
            format!("code {code} has none of the forms {}", forms.join(", "))
        })?;
        if let Some((known, _)) = self.city.services.iter().find(|(_, service)| service.code == code) {
            return Err(format!("code {code} is the city's service {known} already"));
        }
        let office = cell(self.office, "the office")?;
        let office = self.map.offices.get(&office).ok_or_else(|| format!("the map names no office for {office:?}"))?;
        let task_type = cell(self.task_type, "the type of task")?;
        let known = self.map.task_types.get(&task_type);
        let task_type = *known.ok_or_else(|| format!("the map names no type of task for {task_type:?}"))?;
        let main_item = self.main_item.and_then(|place| cell(place, "").ok());
        let main_item = main_item.filter(|main| !self.map.no_main_item.contains(main));
        let service = Service {
            title: self.text(cell(self.title, "the title")?),
            code,
            code_form: code_form.clone(),
            task_type,
            office: office.clone(),
            level: self.map.level,
            main_item: main_item.map(|main| self.text(main)),
            description: None,
            audience: self.map.audience.clone(),
            handling: None,
            conditions: Vec::new(),
            materials: Vec::new(),
            steps: Vec::new(),
            legal_limit: None,
            promised_limit: None,
            special_procedures: Vec::new(),
            visits: None,
            fees: Vec::new(),
            channels: Vec::new(),
            result: None,
            basis: Vec::new(),
            questions: Vec::new(),
            apply: None,
            groups: Vec::new(),
            life_events: Vec::new(),
            keywords: Vec::new(),
        };
        Ok((id, service))
    }

    fn text(&self, text: String) -> Text {
        Text::from([(self.map.locale.as_str(), text)])
    }
}

/// A cell without the dirt of exports: entities of HTML, tabs and line breaks.
fn clean(cell: &str) -> String {
    let mut text = cell.to_owned();
    for (entity, character) in
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        text = text.replace(entity, character);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The items as a file of `services/`, as [`read_services`] made them.
pub fn services_yaml(services: &Services) -> String {
    // A JSON string is a double-quoted scalar of YAML.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let texts = |text: &Text| {
        let each: Vec<String> = text.0.iter().map(|(locale, text)| format!("{locale}: {}", quoted(text))).collect();
        format!("{{{}}}", each.join(", "))
    };
    let mut yaml = String::new();
    for (id, service) in services {
        let level = serde_json::to_value(service.level).unwrap_or_default();
        let audience: Vec<&str> = service.audience.iter().map(|audience| audience.as_str()).collect();
        let fields = [
            ("title", texts(&service.title)),
            ("code", quoted(&service.code)),
            ("code_form", service.code_form.to_string()),
            ("task_type", service.task_type.as_str().to_owned()),
            ("office", service.office.to_string()),
            ("level", level.as_str().unwrap_or_default().to_owned()),
            ("audience", format!("[{}]", audience.join(", "))),
        ];
        let main_item = service.main_item.as_ref().map(|main| ("main_item", texts(main)));
        // Writing to a String cannot fail.
        let _ = writeln!(yaml, "{}:", quoted(id.as_str()));
        for (key, value) in fields.into_iter().chain(main_item) {
            let _ = writeln!(yaml, "  {key}: {value}");
        }
    }
    yaml
}
