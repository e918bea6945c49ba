//! Alarms of devices: written down as they come, and the cases they open.
//!
//! Alarms of one rule in one smallest region join the case that is open for them: a street whose lamps are dark is one task.

use std::collections::BTreeMap;
use std::pin::Pin;

use grid::LonLat;
use model::{Actor, AlarmRuleId, CaseId, DeviceId, Instant, NewEvent, PartyId, Place, RegionId, Reporter};
use pack::calendar::civil_day;
use pack::enter::{EnterError, Opening};
use pack::{AlarmRule, Compiled, PropertyKind};
use store::{Append, DeviceAlarmRow, SilenceRow, StoreError, Tx};

use crate::telemetry::Member;

/// The channel of the cases, and the part of the platform that opens them.
const CHANNEL: &str = "device";

/// What became of an alarm.
#[derive(Debug, Clone, PartialEq)]
pub enum AlarmChange {
    /// It was raised.
    Raised {
        /// How bad.
        severity: &'static str,
        /// Since when its condition held.
        since: Instant,
        /// When.
        at: Instant,
        /// The property and the value it rests on, where it rests on a reading.
        reading: Option<(String, f64)>,
    },
    /// It became better or worse.
    Severity(&'static str),
    /// It cleared.
    Cleared {
        /// When.
        at: Instant,
        /// Why: `condition`, `hand`, `scope`.
        by: &'static str,
    },
    /// Somebody took note.
    Acknowledged {
        /// When.
        at: Instant,
        /// Who.
        by: Option<PartyId>,
    },
    /// Something keeps it quiet, or no longer does.
    Quiet(Option<String>),
}

/// Something somebody does with an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Takes note of it.
    Acknowledge,
    /// Closes it.
    Clear,
    /// Puts it aside until then.
    Shelve(Instant),
}

/// What a deed comes to; the refusal in words.
pub type DeedDone<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Why a rule was not tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RehearsalError {
    /// Another one is being tried.
    #[error("another rule is being tried; try again in a moment")]
    Busy,
    /// The time cannot be.
    #[error("the time is longer than nothing and at most {most_days} days")]
    Time {
        /// The longest time.
        most_days: u32,
    },
    /// There is too much to look at.
    #[error("there are more than {limit} readings to look at; choose a shorter time, fewer classes or regions")]
    TooMuch {
        /// How many readings are looked at.
        limit: usize,
    },
    /// The rule cannot be.
    #[error("{0}")]
    Rule(String),
    /// The readings cannot be had now.
    #[error("the readings cannot be read now")]
    Away,
}

/// An alarm as a rule would have raised it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// Of which device.
    pub device: DeviceId,
    /// Whether nothing was heard, rather than something bad.
    pub is_silence: bool,
    /// The worst it was.
    pub severity: &'static str,
    /// Since when its condition held.
    pub since: Instant,
    /// When it would have been raised.
    pub raised_at: Instant,
    /// When it would have cleared; open at the end where absent.
    pub cleared_at: Option<Instant>,
    /// The property and the value it would have rested on.
    pub reading: Option<(String, f64)>,
}

/// What a rule would have raised over the readings that are there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rehearsal {
    /// Devices that it watches.
    pub devices: usize,
    /// Readings that it looked at.
    pub readings: usize,
    /// How many alarms there would have been.
    pub count: usize,
    /// The first 500 of them, in the order raised.
    pub alarms: Vec<Rehearsed>,
}

/// What a rehearsal comes to; the refusal in words.
pub type RehearsalDone<'a> = Pin<Box<dyn Future<Output = Result<Rehearsal, RehearsalError>> + Send + 'a>>;

/// Whoever runs the alarm engine.
pub trait AlarmDesk: Send + Sync {
    /// Does something with an alarm that is open. It is written down when this answers.
    fn act(&self, alarm: &DeviceAlarmRow, deed: Deed, by: PartyId) -> DeedDone<'_>;

    /// Takes note of alarms; of those that are still open. It is written down when this answers.
    fn acknowledge(&self, alarms: &[DeviceAlarmRow], by: PartyId) -> DeedDone<'_>;

    /// Begins a silence. It is written down when this answers.
    fn silence(&self, silence: SilenceRow) -> DeedDone<'_>;

    /// Ends a silence before its time, as its row says. It is written down when this answers.
    fn end_silence(&self, silence: SilenceRow) -> DeedDone<'_>;

    /// Tries a rule over the readings of a time, on the devices in some regions. One is tried at a time.
    fn rehearse(&self, rule: AlarmRule, within: Vec<RegionId>, from: Instant, to: Instant) -> RehearsalDone<'_>;
}

/// Why alarms were not written down.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The pack leaves the first task of a case without an office or a limit.
    #[error(transparent)]
    Pack(#[from] EnterError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes down what became of one alarm, in order, and opens a case for it where its rule wants one.
///
/// # Errors
/// [`RecordError`].
pub fn record(
    tx: &mut Tx,
    compiled: &Compiled,
    member: &Member,
    key: (&AlarmRuleId, &str),
    changes: &[AlarmChange],
    now: Instant,
) -> Result<(), RecordError> {
    let (rule, part) = key;
    let mut row = tx.find_open_device_alarm(rule, &member.row.id, part)?;
    for change in changes {
        row = match (row, change) {
            (None, AlarmChange::Raised { .. }) => {
                let raised = raise(tx, member, key, change, now);
                tx.record_device_alarm(&raised)?;
                Some(raised)
            }
            // Not raised, or raised again after a stop in between: nothing is to be written down.
            (None, _) => None,
            (Some(known), AlarmChange::Raised { .. }) => Some(known),
            (Some(mut known), change) => {
                let is_over = apply(&mut known, change);
                tx.update_device_alarm(&known)?;
                (!is_over).then_some(known)
            }
        };
    }
    let Some(row) = row.filter(|row| row.case_id.is_none() && row.quiet.is_none()) else { return Ok(()) };
    let Some(rule) = compiled.city.alarm_rules.get(&row.rule) else { return Ok(()) };
    if let Some(case_id) = case_for(tx, compiled, member, rule, &row, now)? {
        tx.update_device_alarm(&DeviceAlarmRow { case_id: Some(case_id), ..row })?;
    }
    Ok(())
}

fn raise(
    tx: &mut Tx,
    member: &Member,
    (rule, part): (&AlarmRuleId, &str),
    change: &AlarmChange,
    now: Instant,
) -> DeviceAlarmRow {
    let (severity, since, raised_at, reading) = match change {
        AlarmChange::Raised { severity, since, at, reading } => (*severity, *since, *at, reading.clone()),
        _ => ("minor", now, now, None),
    };
    let (property, value) = reading.unzip();
    DeviceAlarmRow {
        id: tx.new_event_id(now),
        rule: rule.clone(),
        device: member.row.id.clone(),
        part: part.to_owned(),
        class: member.row.class.clone(),
        region_path: member.row.region_path.clone(),
        severity: severity.to_owned(),
        property,
        value,
        since,
        raised_at,
        cleared_at: None,
        cleared_by: None,
        acknowledged_at: None,
        acknowledged_by: None,
        quiet: None,
        case_id: None,
    }
}

/// True when the alarm is over.
fn apply(row: &mut DeviceAlarmRow, change: &AlarmChange) -> bool {
    match change {
        AlarmChange::Raised { .. } => {}
        AlarmChange::Severity(severity) => row.severity = (*severity).to_owned(),
        AlarmChange::Cleared { at, by } => {
            row.cleared_at = Some(*at);
            row.cleared_by = Some((*by).to_owned());
        }
        AlarmChange::Acknowledged { at, by } => {
            row.acknowledged_at = Some(*at);
            row.acknowledged_by = *by;
        }
        AlarmChange::Quiet(why) => row.quiet = why.clone(),
    }
    row.cleared_at.is_some()
}

/// The case that is open for alarms of the rule in that region, or a new one.
fn case_for(
    tx: &mut Tx,
    compiled: &Compiled,
    member: &Member,
    rule: &AlarmRule,
    row: &DeviceAlarmRow,
    now: Instant,
) -> Result<Option<CaseId>, RecordError> {
    let Some(category) = &rule.category else { return Ok(None) };
    let cases = tx.list_cases_of_open_alarms(&row.rule, &row.region_path)?;
    for case_id in cases {
        if tx.load_case(case_id)?.is_some_and(|case| case.is_open()) {
            return Ok(Some(case_id));
        }
    }
    let city = &compiled.city;
    let no = tx.next_case_no(&city.case_prefix, civil_day(&city.zone(), now))?;
    let (lon, lat) = member.row.point;
    let opening = Opening {
        no,
        category: category.clone(),
        condition: None,
        description: words(compiled, member, rule, row),
        place: Place {
            point: LonLat::new(lon, lat).ok(),
            cell: Some(member.row.cell),
            region: member.row.region.clone(),
            address: Some(member.row.title.clone()),
        },
        channel: CHANNEL.to_owned(),
        reporter: Reporter::ANONYMOUS,
        evidence: Vec::new(),
        answers: BTreeMap::new(),
        application: None,
        source_id: Some(row.id.to_string()),
    };
    let actor = Actor::system(CHANNEL);
    let bodies = opening.bodies(compiled, now)?;
    let events = bodies.into_iter().map(|body| NewEvent { at: now, actor: actor.clone(), body }).collect();
    let case_id = tx.new_case_id(now);
    let region_path = &member.row.region_path;
    tx.append(Append { case_id, before: None, events, recorded_at: now, region_path })?;
    Ok(Some(case_id))
}

/// What is told of the alarm that opens a case: the rule, the device, what was measured; in the city's first language.
fn words(compiled: &Compiled, member: &Member, rule: &AlarmRule, row: &DeviceAlarmRow) -> String {
    let locale = compiled.city.locales.first().map_or("", String::as_str);
    let mut words = format!("{}\n{} · {}", rule.title.in_locale(locale), member.row.title, member.row.id);
    let found = row.property.as_deref().and_then(|id| member.class.property(id));
    if let (Some(property), Some(value)) = (found, row.value) {
        let value = match property.kind {
            PropertyKind::Truth => if value > 0.5 { "1" } else { "0" }.to_owned(),
            _ => format!("{value}"),
        };
        let unit = property.unit.map_or("", |unit| unit.symbol());
        words.push_str(format!("\n{} {value} {unit}", property.title.in_locale(locale)).trim_end());
    }
    words
}
