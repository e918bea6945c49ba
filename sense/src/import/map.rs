//! The import map: which column means what, and which value means which word of the pack.

use std::collections::BTreeMap;

use model::{ActionId, CategoryId, ClientId, OfficeId, RegionId, StateId};
use pack::{Compiled, Target};
use serde::Deserialize;

/// Why a map cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// It is not YAML.
    #[error("line {line}: {message}")]
    Yaml {
        /// The line.
        line: u32,
        /// What is wrong there.
        message: String,
    },
    /// It is not a map.
    #[error("the import map does not fit: {0}")]
    Shape(#[from] serde_json::Error),
    /// It names what the pack does not have.
    #[error("{0}")]
    Reference(String),
}

/// An import map, as written.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportMap {
    /// The system the cases come from; with the row's id it names a case for ever.
    pub source: ClientId,
    /// IANA time zone of the times in the file.
    pub timezone: String,
    /// How times are written (strftime).
    pub time_format: String,
    /// Which column is what.
    pub columns: Columns,
    /// Columns kept as answers, under their own names.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Category by value; a value not listed is looked for by its slug.
    #[serde(default)]
    pub categories: BTreeMap<String, CategoryId>,
    /// Region by value.
    #[serde(default)]
    pub regions: BTreeMap<String, RegionId>,
    /// Office by value.
    #[serde(default)]
    pub offices: BTreeMap<String, OfficeId>,
    /// Channel by value.
    #[serde(default)]
    pub channels: BTreeMap<String, String>,
    /// Values of the status column that mean closed.
    pub closed_status: Vec<String>,
    /// Values of the status column that mean open.
    pub open_status: Vec<String>,
    /// The actions that hand a case to its office, taken when it was opened.
    pub assigned_by: Vec<ActionId>,
    /// The actions that close a case, taken when it was closed.
    pub closed_by: Vec<ActionId>,
}

/// Columns by meaning; the optional ones may be absent from the map.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The row's id.
    pub source_id: String,
    /// When it was opened.
    pub opened_at: String,
    /// When it was to be done.
    pub due_at: Option<String>,
    /// When it was closed.
    pub closed_at: String,
    /// Open or closed.
    pub status: String,
    /// What kind of thing.
    pub category: String,
    /// Where, as a region.
    pub region: Option<String>,
    /// Who handled it.
    pub office: Option<String>,
    /// By which way in.
    pub channel: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Where, in words.
    pub address: Option<String>,
    /// Longitude in degrees.
    pub lon: Option<String>,
    /// Latitude in degrees.
    pub lat: Option<String>,
    /// What was said when it was closed.
    pub closing_note: Option<String>,
}

impl ImportMap {
    /// Parses a map and checks it against the pack: every id it names must exist, and the actions must lead from the
    /// first state to a task, and from there to an end.
    ///
    /// # Errors
    /// [`MapError`] naming the line or the word at fault.
    pub fn parse(text: &str, compiled: &Compiled) -> Result<Self, MapError> {
        let json = pack::yaml_to_json(text).map_err(|(line, message)| MapError::Yaml { line, message })?;
        let map: Self = serde_json::from_value(json)?;
        let city = &compiled.city;
        let missing =
            |what: &str, id: &dyn std::fmt::Display| Err(MapError::Reference(format!("the pack has no {what} {id}")));
        if let Some(id) = map.categories.values().find(|id| city.category(id).is_none()) {
            return missing("category", id);
        }
        if let Some(id) = map.regions.values().find(|id| city.region(id).is_none()) {
            return missing("region", id);
        }
        if let Some(id) = map.offices.values().find(|id| city.office(id).is_none()) {
            return missing("office", id);
        }
        for (id, process) in &city.processes {
            let here = map
                .walk(process, &process.first, &map.assigned_by)
                .and_then(|here| map.walk(process, &here, &map.closed_by));
            let ends = here.is_some_and(|here| process.state(&here).is_some_and(|state| state.outcome.is_some()));
            let is_used = city.categories.values().any(|category| category.process == *id);
            if is_used && !ends {
                return Err(MapError::Reference(format!(
                    "assigned_by and closed_by do not lead through process {id} from its first state to an end"
                )));
            }
        }
        jiff::tz::TimeZone::get(&map.timezone)
            .map_err(|_| MapError::Reference(format!("unknown time zone {:?}", map.timezone)))?;
        Ok(map)
    }

    fn walk(&self, process: &pack::Process, from: &StateId, actions: &[ActionId]) -> Option<StateId> {
        actions.iter().try_fold(from.clone(), |here, id| {
            let action = process.action(id).filter(|action| action.from.contains(&here))?;
            match &action.to {
                Target::State(to) => Some(to.clone()),
                Target::Stay | Target::Previous => Some(here),
            }
        })
    }
}

/// The slug of a value: lower case, runs of anything but letters and digits become one `_`.
pub(super) fn slug(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    out.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_words_of_a_pack() {
        for (value, expect) in [
            ("Street Light Outages", "street_light_outages"),
            ("Missed Trash/Recycling", "missed_trash_recycling"),
            ("Work w/out Permit ", "work_w_out_permit"),
        ] {
            assert_eq!(slug(value), expect);
        }
    }
}
