//! Who is told of alarms: the grouping of notices at work beside the engine. What it remembers is kept with what the engine
//! remembers, and what it has to tell is written down in that transaction too.

use std::collections::BTreeMap;

use act::notifications::AlarmNews;
use assess::{AlarmFacts, AlarmKey, Effect, Notice, NoticeKind, Notifier, NotifyKey, NotifyState};
use model::{AlarmRuleId, FormId, Instant};
use pack::{AlarmRoute, City, NoticeGroupBy, RegionLevel};
use sense::telemetry::Fleet;
use serde_json::{Value, json};

use super::said::word;

/// What keys of records of the grouping begin with.
const PREFIX: &str = "notices/";

/// The grouping of notices, and what it has to tell.
pub struct Notices {
    notifier: Notifier,
    /// What is to be written down.
    due: Vec<AlarmNews>,
}

impl Notices {
    /// Begins where the last program ended; `records` are those that [`is_record`] knows by their keys.
    pub fn open(city: &City, records: Vec<(String, Vec<u8>)>) -> anyhow::Result<Self> {
        let routes = routes(city).map_err(|fault| anyhow::anyhow!(fault))?;
        let mut state = NotifyState::default();
        for (key, record) in records {
            let key: NotifyKey = serde_json::from_str(key.strip_prefix(PREFIX).unwrap_or_default())?;
            state.apply([(key, Some(record))]);
        }
        Ok(Self { notifier: Notifier::new(routes, &state)?, due: Vec::new() })
    }

    /// Takes what happened to an alarm.
    pub fn hear(&mut self, city: &City, fleet: &Fleet, effect: &Effect, now: Instant) {
        if let Some(alarm) = effect.alarm() {
            self.notifier.take(effect, &facts(city, fleet, alarm), now);
        }
    }

    /// Finds what is to be told now.
    pub fn tick(&mut self, city: &City, fleet: &Fleet, now: Instant) {
        let notices = self.notifier.tick(now);
        self.due.extend(notices.iter().filter_map(|notice| news(city, fleet, notice)));
    }

    /// When [`Notices::tick`] next finds something.
    pub fn next_due(&self) -> Option<Instant> {
        self.notifier.next_due()
    }

    /// What is to be written down.
    pub fn due(&self) -> &[AlarmNews] {
        &self.due
    }

    /// It is written down.
    pub fn told(&mut self) {
        self.due.clear();
    }

    /// Records that changed since this was last asked, by their keys; without a record, it is to be deleted.
    pub fn changes(&mut self) -> Vec<(String, Option<Vec<u8>>)> {
        let changes = self.notifier.changes();
        changes.into_iter().map(|(key, record)| (format!("{PREFIX}{}", json!([key.0, key.1])), record)).collect()
    }
}

/// Whether a record is one of the grouping.
pub fn is_record(key: &str) -> bool {
    key.starts_with(PREFIX)
}

/// Routes of the pack, as the grouping has them.
fn routes(city: &City) -> Result<Vec<assess::Route>, String> {
    city.alarm_notices.routes.iter().map(|(id, route)| compile(id, route)).collect()
}

/// A route as the grouping has it.
///
/// # Errors
/// What is wrong with it, in words.
pub fn compile(id: &FormId, route: &AlarmRoute) -> Result<assess::Route, String> {
    let fault = |error: serde_json::Error| format!("route {id}: {error}");
    let level = route.group_by.iter().find_map(|by| match by {
        NoticeGroupBy::Region(level) => Some(level_word(*level)),
        _ => None,
    });
    let by: Vec<&str> =
        route.group_by.iter().map(|by| if label_of(*by) == "region" { "area" } else { label_of(*by) }).collect();
    let steps: Vec<Value> =
        route.escalation.iter().map(|step| json!({"after": step.after, "to": step.to.role})).collect();
    let mut written = json!({
        "id": id, "to": route.to.role, "rules": route.rules, "classes": route.classes, "areas": route.regions,
        "at_least": route.at_least, "group_by": by, "area_level": level, "repeat_interval": route.repeat_interval,
        "resolved": route.resolved, "escalation": steps,
    });
    for (key, span) in [("group_wait", &route.group_wait), ("group_interval", &route.group_interval)] {
        if let Some(span) = span {
            written[key] = json!(span);
        }
    }
    let route: assess::Route = serde_json::from_value(written).map_err(fault)?;
    Notifier::new(vec![route.clone()], &NotifyState::default()).map_err(|error| error.to_string())?;
    Ok(route)
}

/// What a group has in common, as notices are kept.
const fn label_of(by: NoticeGroupBy) -> &'static str {
    match by {
        NoticeGroupBy::Rule => "rule",
        NoticeGroupBy::Class => "class",
        NoticeGroupBy::Parent => "parent",
        NoticeGroupBy::Device => "device",
        NoticeGroupBy::Region(_) => "region",
    }
}

const fn level_word(level: RegionLevel) -> &'static str {
    match level {
        RegionLevel::City => "city",
        RegionLevel::District => "district",
        RegionLevel::Street => "street",
        RegionLevel::Community => "community",
        RegionLevel::UnitGrid => "unit_grid",
    }
}

/// What routes look at.
fn facts(city: &City, fleet: &Fleet, alarm: &AlarmKey) -> AlarmFacts {
    let Some(member) = fleet.find(&alarm.device) else { return AlarmFacts::default() };
    let chain = city.region_chain(&member.row.region);
    let level = |id: &&model::RegionId| city.regions.get(*id).map_or("", |region| level_word(region.level)).into();
    AlarmFacts {
        class: member.row.class.as_str().into(),
        levels: chain.iter().map(level).collect(),
        areas: chain.into_iter().map(|region| region.as_str().into()).collect(),
        parent: member.row.parent.as_ref().map(|parent| parent.as_str().into()),
    }
}

/// What is written down of a notice; nothing of a route that is gone.
fn news(city: &City, fleet: &Fleet, notice: &Notice) -> Option<AlarmNews> {
    let (id, route) = city.alarm_notices.routes.get_key_value(&FormId::new(&notice.route).ok()?)?;
    let (says, step) = match notice.kind {
        NoticeKind::First => ("first", None),
        NoticeKind::Update => ("update", None),
        NoticeKind::Repeat => ("repeat", None),
        NoticeKind::Escalation(step) => ("escalation", Some(step)),
        NoticeKind::Resolved => ("resolved", None),
    };
    let to = match step {
        Some(step) => &route.escalation.get(step)?.to,
        None => &route.to,
    };
    let labels = route.group_by.iter().zip(&notice.labels).filter(|(_, which)| !which.is_empty());
    let region = |key: &AlarmKey| fleet.find(&key.device).map(|member| member.row.region.clone());
    let title = |key: &AlarmKey| {
        let member = fleet.find(&key.device);
        member.map_or_else(|| key.device.to_string(), |member| member.row.title.clone())
    };
    let fresh =
        |key: &AlarmKey| Some((key.rule.parse::<AlarmRuleId>().ok()?, key.device.clone(), key.part.to_string()));
    let devices: BTreeMap<_, _> = notice.named.iter().rev().zip(0..).map(|(key, place)| (title(key), place)).collect();
    let mut devices: Vec<(String, i32)> = devices.into_iter().collect();
    devices.sort_by_key(|(_, place)| std::cmp::Reverse(*place));
    Some(AlarmNews {
        route: id.clone(),
        labels: labels.map(|(by, which)| (label_of(*by).to_owned(), which.to_string())).collect(),
        says,
        step: step.and_then(|step| u32::try_from(step).ok()),
        to: to.clone(),
        open: u32::try_from(notice.open).unwrap_or(u32::MAX),
        closed: u32::try_from(notice.closed).unwrap_or(u32::MAX),
        severity: word(notice.worst),
        regions: notice.about.iter().filter_map(region).collect(),
        devices: devices.into_iter().map(|(title, _)| title).collect(),
        fresh: notice.fresh.iter().filter_map(fresh).collect(),
    })
}
