//! What staff are told of alarms: a notice is written down with its group, and with a message for everybody who holds the route's
//! role where the alarms are, by every channel that reaches them. All of it in the transaction of the caller, who keeps what the
//! grouping remembers in the same one: whoever kills the program finds each notice told once, or to be told again by the grouping.

use std::collections::{BTreeMap, BTreeSet};

use model::{AlarmRuleId, Channel, DeviceId, FormId, Instant, PartyId, RegionId, Text};
use pack::{City, MessageWords, Told, fill};
use store::{
    ALARM_KIND, AlarmGroupRow, AlarmNoticeFacts, AlarmNoticeRow, Facts, GroupLabels, Holder, OutboxRow, Reader,
    StoreError, Tx,
};

use super::Context;
use super::place::place_of;
use super::record::{Telling, write_to_person};
use super::words::Words;

/// What staff switch on and off as one: no word of a pack.
pub const ALARMS_GROUP: &str = "+alarms";

/// Devices that a message names.
const NAMED_MAX: usize = 3;

/// Something to be told of alarms, once.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmNews {
    /// The route of the pack.
    pub route: FormId,
    /// What the alarms have in common, as pairs of what and which.
    pub labels: GroupLabels,
    /// What it says: `first`, `update`, `repeat`, `escalation`, `resolved`.
    pub says: &'static str,
    /// The step of escalation, from 0.
    pub step: Option<u32>,
    /// Who is told.
    pub to: Told,
    /// How many are open.
    pub open: u32,
    /// How many have closed since the notice before.
    pub closed: u32,
    /// The worst of them.
    pub severity: &'static str,
    /// Where the alarms are.
    pub regions: BTreeSet<RegionId>,
    /// Names of the devices, the worst first.
    pub devices: Vec<String>,
    /// The alarms that are told of for the first time: rule, device and part.
    pub fresh: Vec<(AlarmRuleId, DeviceId, String)>,
}

/// Writes a notice down, and a message to everybody who is told; how many messages.
///
/// # Errors
/// [`StoreError`] when the store does not take it.
pub fn record_alarm_notice(ctx: &Context, tx: &mut Tx, news: &AlarmNews, now: Instant) -> Result<usize, StoreError> {
    let id = tx.new_event_id(now);
    // The first notice begins a group; what comes after belongs to the newest of these labels, also when it was over meanwhile.
    let known = if news.says == "first" { None } else { tx.find_newest_alarm_group(&news.route, &news.labels)? };
    let group = AlarmGroupRow {
        id: known.map_or(id, |group| group.id),
        route: news.route.clone(),
        labels: news.labels.clone(),
        last_notice: id,
        last_at: now,
    };
    let notice = AlarmNoticeRow {
        id,
        group: group.id,
        position: place_of(&id.to_string()),
        kind: news.says.to_owned(),
        step: news.step,
        role: news.to.role.clone(),
        office: news.to.office.clone(),
        open: news.open,
        closed: news.closed,
        severity: news.severity.to_owned(),
        at: now,
    };
    tx.record_alarm_notice(&group, &notice)?;
    for (rule, device, part) in &news.fresh {
        if let Some(alarm) = tx.find_newest_alarm(rule, device, part)? {
            tx.join_alarm_group(group.id, alarm)?;
        }
    }
    let facts = Facts::Alarms(AlarmNoticeFacts {
        alarm_group: group.id,
        route: news.route.clone(),
        labels: news.labels.clone(),
        says: news.says.to_owned(),
        open: news.open,
        closed: news.closed,
        severity: news.severity.to_owned(),
        devices: news.devices.iter().take(NAMED_MAX).cloned().collect(),
    });
    let telling = Telling {
        position: notice.position,
        id: ALARM_KIND,
        group: ALARMS_GROUP,
        urgent: is_urgent(&facts),
        case: None,
        facts,
    };
    let mut rows = 0;
    for party in holders(&ctx.packs.current().city, tx, &news.to, &news.regions)? {
        rows += write_to_person(ctx, tx, &telling, party, now)?;
    }
    Ok(rows)
}

/// What is bad, or nobody took note of, is told at night and beyond the limits of an hour and a day too.
pub(super) fn is_urgent(facts: &Facts) -> bool {
    let Facts::Alarms(facts) = facts else { return false };
    facts.says == "escalation" || (facts.says != "resolved" && matches!(facts.severity.as_str(), "major" | "critical"))
}

/// Everybody who holds the role where one of the alarms is, in the office where one is named.
fn holders(
    city: &City,
    reader: &mut Reader,
    told: &Told,
    regions: &BTreeSet<RegionId>,
) -> Result<BTreeSet<PartyId>, StoreError> {
    let all = match &told.office {
        Some(office) => reader.list_holders(&told.role, office)?,
        None => reader.list_holders_of_role(&told.role)?,
    };
    let is_there = |holder: &Holder| regions.iter().any(|region| city.is_within(region, &holder.region));
    Ok(all.into_iter().filter(is_there).map(|holder| holder.party).collect())
}

/// Whether somebody was told, how, and how far it is: one line for each person and channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Who.
    pub display_name: String,
    /// By which channel, and how far it is.
    pub message: OutboxRow,
}

/// What became of a notice.
///
/// # Errors
/// [`StoreError`] when the store does not answer.
pub fn list_deliveries(reader: &mut Reader, notice: &AlarmNoticeRow) -> Result<Vec<Delivery>, StoreError> {
    let messages = reader.list_messages_at(notice.position)?;
    let people: Vec<PartyId> = messages.iter().filter_map(|row| row.message.recipient.parse().ok()).collect();
    let names = reader.display_names(&people)?;
    let name =
        |row: &OutboxRow| row.message.recipient.parse().ok().and_then(|party: PartyId| names.get(&party)).cloned();
    let mut found: Vec<Delivery> = messages
        .into_iter()
        .map(|message| Delivery { display_name: name(&message).unwrap_or_default(), message })
        .collect();
    found.sort_by(|a, b| (&a.display_name, in_order(a)).cmp(&(&b.display_name, in_order(b))));
    Ok(found)
}

fn in_order(delivery: &Delivery) -> Option<usize> {
    Channel::ALL.iter().position(|channel| *channel == delivery.message.message.channel)
}

/// The words of a notice in one language.
pub(super) fn alarm_words(city: &City, facts: &AlarmNoticeFacts, locale: &str) -> Words {
    let notices = &city.alarm_notices;
    let words: &MessageWords = match facts.says.as_str() {
        "update" => &notices.update,
        "repeat" => &notices.repeat,
        "escalation" => &notices.escalation,
        "resolved" => &notices.resolved,
        _ => &notices.first,
    };
    let severity = match facts.severity.as_str() {
        "critical" => &notices.severities.critical,
        "major" => &notices.severities.major,
        "minor" => &notices.severities.minor,
        _ => &notices.severities.info,
    };
    let in_words = |text: &Text| text.in_locale(locale).to_owned();
    let route = notices.routes.get(&facts.route).map(|route| in_words(&route.title));
    let route = route.unwrap_or_else(|| facts.route.to_string());
    let about = about(city, &facts.labels, locale).unwrap_or_else(|| route.clone());
    let place = facts.labels.iter().find(|(what, _)| what == "region");
    let place = place.and_then(|(_, which)| city.regions.get(&RegionId::new(which).ok()?));
    let place = in_words(place.map_or(&city.title, |region| &region.title));
    let values = BTreeMap::from([
        ("route", route),
        ("about", about),
        ("place", place),
        ("open", facts.open.to_string()),
        ("closed", facts.closed.to_string()),
        ("severity", in_words(severity)),
        ("devices", facts.devices.join(if locale.starts_with("zh") { "、" } else { ", " })),
    ]);
    let (title, body) = (fill(words.title.in_locale(locale), &values), fill(words.body.in_locale(locale), &values));
    Words { title, body, case_no: None, path: format!("/centre/notices/{}", facts.alarm_group) }
}

/// What the alarms are about: the rule, or the class of devices.
fn about(city: &City, labels: &GroupLabels, locale: &str) -> Option<String> {
    let of = |wanted: &str| labels.iter().find(|(what, _)| what == wanted).map(|(_, which)| which.as_str());
    let rule = of("rule").and_then(|id| city.alarm_rules.get(&AlarmRuleId::new(id).ok()?));
    let class = || of("class").and_then(|id| city.devices.get(&model::DeviceClassId::new(id).ok()?));
    let title = rule.map(|rule| &rule.title).or_else(|| class().map(|class| &class.title))?;
    Some(title.in_locale(locale).to_owned())
}
