//! What the engine said, as it is written down.

use std::collections::BTreeMap;
use std::sync::Arc;

use assess::{ClearedBy, Effect, Severity, Suppressor};
use model::{AlarmRuleId, PartyId};
use pack::SCENE_RULE;
use sense::device_alarms::AlarmChange;
use sense::telemetry::{Fleet, Member};

/// What is written down of one alarm.
pub type OfAlarm = (Arc<Member>, AlarmRuleId, String, Vec<AlarmChange>);

/// What was said, alarm by alarm, each in its order.
pub fn by_alarm(said: &[(Effect, Option<PartyId>)], fleet: &Fleet) -> Vec<OfAlarm> {
    let mut alarms: BTreeMap<&assess::AlarmKey, OfAlarm> = BTreeMap::new();
    for (effect, by) in said {
        let (Some(key), Some(change)) = (effect.alarm(), change_of(effect, *by)) else { continue };
        // What scenes follow is no alarm.
        if key.rule.starts_with(SCENE_RULE) {
            continue;
        }
        if let Some(known) = alarms.get_mut(key) {
            known.3.push(change);
        } else if let (Some(member), Ok(rule)) = (fleet.find(&key.device), key.rule.parse::<AlarmRuleId>()) {
            alarms.insert(key, (member, rule, key.part.to_string(), vec![change]));
        }
    }
    alarms.into_values().collect()
}

fn change_of(effect: &Effect, by: Option<PartyId>) -> Option<AlarmChange> {
    Some(match effect {
        Effect::Raised { severity, since, at, evidence, .. } => AlarmChange::Raised {
            severity: word(*severity),
            since: *since,
            at: *at,
            reading: evidence.first().map(|first| (first.property.to_string(), first.value)),
        },
        Effect::Changed { severity, .. } | Effect::Relapsed { severity, .. } => AlarmChange::Severity(word(*severity)),
        Effect::Cleared { at, by, .. } => AlarmChange::Cleared {
            at: *at,
            by: match by {
                ClearedBy::Condition => "condition",
                ClearedBy::Hand => "hand",
                ClearedBy::Scope => "scope",
            },
        },
        Effect::Acknowledged { at, .. } => AlarmChange::Acknowledged { at: *at, by },
        Effect::Suppressed { by, .. } => AlarmChange::Quiet(Some(match by {
            Suppressor::Shelf(until) => format!("shelf/{until}"),
            Suppressor::Silence(id) => format!("silence/{id}"),
            Suppressor::Alarm(alarm) => format!("alarm/{alarm}"),
        })),
        Effect::Resumed { .. } => AlarmChange::Quiet(None),
        _ => return None,
    })
}

/// The word of a severity.
pub const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Minor => "minor",
        Severity::Major => "major",
        Severity::Critical => "critical",
    }
}
