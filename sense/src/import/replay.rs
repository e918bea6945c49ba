//! One row becomes the events of one case, at their own times.

use std::collections::BTreeMap;

use csv::StringRecord;
use grid::LonLat;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::{
    Actor, CaseNo, CategoryId, ClockName, EventBody, Instant, Moved, NewEvent, OfficeId, Outcome, Place, RegionId,
    Reporter, StateId,
};
use pack::enter::{EnterError, Opening, Subject, task_in};
use pack::{Compiled, Process, Target};

use super::map::{Columns, ImportMap, slug};
use crate::report::{DESCRIPTION_MAX, region_of};

/// Where the map's columns are in this file.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    source_id: usize,
    opened_at: usize,
    due_at: Option<usize>,
    closed_at: usize,
    status: usize,
    category: usize,
    region: Option<usize>,
    office: Option<usize>,
    channel: Option<usize>,
    description: Option<usize>,
    address: Option<usize>,
    lon: Option<usize>,
    lat: Option<usize>,
    closing_note: Option<usize>,
    keep: Vec<(String, usize)>,
}

impl Layout {
    /// Finds the columns in the header.
    ///
    /// # Errors
    /// The columns that are missing, all at once.
    pub(super) fn find(map: &ImportMap, header: &StringRecord) -> Result<Self, Vec<String>> {
        let mut missing = Vec::new();
        let mut place = |name: &str| -> usize {
            header.iter().position(|column| column.trim() == name).unwrap_or_else(|| {
                missing.push(name.to_owned());
                usize::MAX
            })
        };
        let Columns {
            source_id,
            opened_at,
            due_at,
            closed_at,
            status,
            category,
            region,
            office,
            channel,
            description,
            address,
            lon,
            lat,
            closing_note,
        } = &map.columns;
        let layout = Self {
            source_id: place(source_id),
            opened_at: place(opened_at),
            due_at: due_at.as_deref().map(&mut place),
            closed_at: place(closed_at),
            status: place(status),
            category: place(category),
            region: region.as_deref().map(&mut place),
            office: office.as_deref().map(&mut place),
            channel: channel.as_deref().map(&mut place),
            description: description.as_deref().map(&mut place),
            address: address.as_deref().map(&mut place),
            lon: lon.as_deref().map(&mut place),
            lat: lat.as_deref().map(&mut place),
            closing_note: closing_note.as_deref().map(&mut place),
            keep: map.keep.iter().map(|name| (name.clone(), place(name))).collect(),
        };
        if missing.is_empty() { Ok(layout) } else { Err(missing) }
    }
}

/// A row read and understood, not yet written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub source_id: String,
    pub opened_at: Instant,
    pub due_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    pub is_closed: bool,
    pub category: CategoryId,
    pub office: Option<OfficeId>,
    pub channel: String,
    pub description: String,
    pub place: Place,
    pub closing_note: Option<String>,
    pub answers: BTreeMap<String, serde_json::Value>,
}

/// What reading a row needs.
pub(super) struct RowReader<'a> {
    pub map: &'a ImportMap,
    pub layout: Layout,
    pub compiled: &'a Compiled,
    pub zone: TimeZone,
}

impl RowReader<'_> {
    /// Reads a row.
    ///
    /// # Errors
    /// What is wrong, naming the column.
    pub(super) fn read(&self, record: &StringRecord) -> Result<Row, String> {
        let text = |at: usize| record.get(at).unwrap_or("").trim();
        let optional = |at: Option<usize>| at.map(text).filter(|text| !text.is_empty());
        let source_id = text(self.layout.source_id);
        if source_id.is_empty() || source_id.len() > 64 {
            return Err(format!("{}: an id of 1 to 64 bytes is needed", self.map.columns.source_id));
        }
        let opened_at = self
            .instant(&self.map.columns.opened_at, text(self.layout.opened_at))?
            .ok_or_else(|| format!("{}: a time is needed", self.map.columns.opened_at))?;
        let closed_at = self.instant(&self.map.columns.closed_at, text(self.layout.closed_at))?;
        let due_at = optional(self.layout.due_at).map(|due| self.instant("due", due)).transpose()?.flatten();
        let is_closed = self.is_closed(text(self.layout.status))?;
        if is_closed && closed_at.is_none() {
            return Err(format!("{}: a closed case needs the time it was closed", self.map.columns.closed_at));
        }
        if closed_at.is_some_and(|closed_at| closed_at < opened_at) {
            return Err(format!("{}: closed before it was opened", self.map.columns.closed_at));
        }
        let description: String = optional(self.layout.description).unwrap_or("").to_owned();
        if description.chars().count() > DESCRIPTION_MAX {
            return Err(format!("description: at most {DESCRIPTION_MAX} characters"));
        }
        let keep =
            self.layout.keep.iter().map(|(name, at)| (name.clone(), text(*at))).filter(|(_, value)| !value.is_empty());
        Ok(Row {
            source_id: source_id.to_owned(),
            opened_at,
            due_at,
            closed_at: closed_at.filter(|_| is_closed),
            is_closed,
            category: self.category(text(self.layout.category))?,
            office: optional(self.layout.office).map(|value| self.office(value)).transpose()?,
            channel: optional(self.layout.channel).map_or_else(|| "import".to_owned(), |value| self.channel(value)),
            description,
            place: self.place(record)?,
            closing_note: optional(self.layout.closing_note).map(str::to_owned),
            answers: keep.map(|(name, value)| (name, value.into())).collect(),
        })
    }

    fn instant(&self, column: &str, text: &str) -> Result<Option<Instant>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let fault = || format!("{column}: {text:?} is not a time written as {}", self.map.time_format);
        let local = DateTime::strptime(&self.map.time_format, text).map_err(|_| fault())?;
        // In the hour that occurs twice the first is taken, in the one that does not the clock is put forward (RFC 5545).
        let zoned = self.zone.to_ambiguous_zoned_datetime(local).compatible().map_err(|_| fault())?;
        Ok(Some(Instant::from_timestamp(zoned.timestamp())))
    }

    fn is_closed(&self, status: &str) -> Result<bool, String> {
        let is = |list: &[String]| list.iter().any(|known| known == status);
        match (is(&self.map.closed_status), is(&self.map.open_status)) {
            (true, _) => Ok(true),
            (_, true) => Ok(false),
            _ => Err(format!("{}: {status:?} is neither open nor closed in the map", self.map.columns.status)),
        }
    }

    fn category(&self, value: &str) -> Result<CategoryId, String> {
        let named = self.map.categories.get(value).cloned().or_else(|| CategoryId::new(&slug(value)).ok());
        named
            .filter(|id| self.compiled.city.category(id).is_some())
            .ok_or_else(|| format!("{}: the pack has no category for {value:?}", self.map.columns.category))
    }

    fn office(&self, value: &str) -> Result<OfficeId, String> {
        let named = self.map.offices.get(value).cloned().or_else(|| OfficeId::new(&slug(value)).ok());
        named
            .filter(|id| self.compiled.city.office(id).is_some())
            .ok_or_else(|| format!("the pack has no office for {value:?}"))
    }

    fn channel(&self, value: &str) -> String {
        self.map.channels.get(value).cloned().unwrap_or_else(|| slug(value))
    }

    fn place(&self, record: &StringRecord) -> Result<Place, String> {
        let text = |at: Option<usize>| at.and_then(|at| record.get(at)).map(str::trim).filter(|text| !text.is_empty());
        let number =
            |name: &str, text: &str| text.parse::<f64>().map_err(|_| format!("{name}: {text:?} is not a number"));
        let point = match (text(self.layout.lon), text(self.layout.lat)) {
            (Some(lon), Some(lat)) => {
                Some(LonLat::new(number("lon", lon)?, number("lat", lat)?).map_err(|error| error.to_string())?)
            }
            _ => None,
        };
        let region = match text(self.layout.region) {
            Some(value) => self.region(value)?,
            None => point
                .and_then(|point| region_of(self.compiled, point))
                .unwrap_or_else(|| self.compiled.city.root.clone()),
        };
        let cell = point.and_then(|point| grid::Cell::encode(point, grid::Level::L10).ok());
        Ok(Place { point, cell, region, address: text(self.layout.address).map(str::to_owned) })
    }

    fn region(&self, value: &str) -> Result<RegionId, String> {
        let named = self.map.regions.get(value).cloned().or_else(|| RegionId::new(&slug(value)).ok());
        named
            .filter(|id| self.compiled.city.region(id).is_some())
            .ok_or_else(|| format!("the pack has no region for {value:?}"))
    }
}

/// The events of a row's case. What is past due by `now` is recorded as passed, so that no timer wakes for history.
///
/// # Errors
/// [`EnterError`] when the pack leaves a state without an office.
pub(super) fn events(
    row: &Row,
    no: CaseNo,
    map: &ImportMap,
    compiled: &Compiled,
    now: Instant,
) -> Result<Vec<NewEvent>, EnterError> {
    let opening = Opening {
        no,
        category: row.category.clone(),
        condition: None,
        description: row.description.clone(),
        place: row.place.clone(),
        channel: row.channel.clone(),
        reporter: Reporter { party: None, client: Some(map.source.clone()), contact: None },
        evidence: Vec::new(),
        answers: row.answers.clone(),
        application: None,
        source_id: Some(row.source_id.clone()),
    };
    let (_, process) = opening.process(compiled)?;
    let mut story = Story { row, compiled, process, state: process.first.clone(), events: Vec::with_capacity(8) };
    story.push(row.opened_at, EventBody::Reported(Box::new(opening.reported(compiled)?)));
    for action in &map.assigned_by {
        story.act(action, row.opened_at, None)?;
    }
    if let Some(due_at) = row.due_at {
        story.push(
            row.opened_at,
            EventBody::ClockStarted { clock: ClockName::Disposal, limit: None, calendar: None, due_at },
        );
        let ended_at = row.closed_at.unwrap_or(now);
        if due_at < ended_at {
            story.push(due_at, EventBody::DeadlinePassed { clock: ClockName::Disposal, due_at, next_at: None });
        }
    }
    if let Some(closed_at) = row.closed_at {
        if row.due_at.is_some() {
            story.push(closed_at, EventBody::ClockStopped { clock: ClockName::Disposal });
        }
        for action in &map.closed_by {
            story.act(action, closed_at, row.closing_note.as_deref())?;
        }
    }
    Ok(story.events)
}

struct Story<'a> {
    row: &'a Row,
    compiled: &'a Compiled,
    process: &'a Process,
    state: StateId,
    events: Vec<NewEvent>,
}

impl Story<'_> {
    fn push(&mut self, at: Instant, body: EventBody) {
        self.events.push(NewEvent { at, actor: Actor::system("import"), body });
    }

    /// Takes a declared action as history tells it, without asking who may: it has happened.
    fn act(&mut self, id: &model::ActionId, at: Instant, note: Option<&str>) -> Result<(), EnterError> {
        let action = self.process.action(id).ok_or_else(|| EnterError::State(self.state.clone()))?;
        let to = match &action.to {
            Target::State(to) => to.clone(),
            Target::Stay | Target::Previous => self.state.clone(),
        };
        let rules = self.process.state(&to).ok_or_else(|| EnterError::State(to.clone()))?;
        let handler = self.row.office.as_ref();
        let subject =
            Subject { category: &self.row.category, condition: None, region: &self.row.place.region, handler };
        let task = task_in(self.compiled, self.process, &to, &subject)?;
        let outcome: Option<Outcome> = rules.outcome;
        let moved = Moved {
            action: id.clone(),
            from: self.state.clone(),
            to: to.clone(),
            stage: rules.stage.clone(),
            task,
            handler: handler.cloned(),
            outcome,
            tally: action.tally,
            reason: None,
            note: note.filter(|_| outcome.is_some()).map(str::to_owned),
            public: action.public_title.is_some(),
            evidence: BTreeMap::new(),
            answers: BTreeMap::new(),
        };
        self.push(at, EventBody::Moved(Box::new(moved)));
        self.state = to;
        Ok(())
    }
}
