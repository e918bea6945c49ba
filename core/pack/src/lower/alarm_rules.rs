//! Rules over readings: from the file to the city.

use crate::city::{AlarmFlap, AlarmLevel, AlarmNeighbours, AlarmRepeat, AlarmRule, AlarmSchedule, AlarmSelector};
use crate::faults::At;
use crate::source::alarm_rules::{AlarmLevelEntry, AlarmRuleEntry};

use super::values;

pub(crate) fn lower_alarm_rule(rule: &AlarmRuleEntry) -> AlarmRule {
    AlarmRule {
        title: rule.title.clone(),
        category: value(&rule.category),
        explains: values(&rule.explains.0),
        selector: AlarmSelector {
            classes: values(&rule.classes.0),
            properties: values(&rule.properties.0),
            areas: values(&rule.regions.0),
        },
        when: value(&rule.when),
        severity: value(&rule.severity),
        levels: rule.levels.iter().map(lower_level).collect(),
        hold_for: value(&rule.hold_for),
        repeat: rule
            .repeat
            .as_ref()
            .map(|repeat| AlarmRepeat { count: repeat.count.value, within: repeat.within.value.clone() }),
        clear: value(&rule.clear),
        hysteresis: value(&rule.hysteresis),
        keep_firing: value(&rule.keep_firing),
        no_data_after: value(&rule.no_data_after),
        no_data_severity: value(&rule.no_data_severity),
        neighbours: rule.neighbours.as_ref().map(|neighbours| AlarmNeighbours {
            within_m: neighbours.within_m.value,
            at_least: neighbours.at_least.value,
            fresh: value(&neighbours.fresh),
        }),
        schedule: rule.schedule.as_ref().map(|schedule| AlarmSchedule {
            weekdays: values(&schedule.weekdays.0),
            from: schedule.from.value.clone(),
            to: schedule.to.value.clone(),
        }),
        flap: rule.flap.as_ref().map(|flap| AlarmFlap {
            raises: flap.raises.value,
            within: flap.within.value.clone(),
            quiet: flap.quiet.value.clone(),
        }),
        lateness: value(&rule.lateness),
    }
}

fn lower_level(level: &AlarmLevelEntry) -> AlarmLevel {
    AlarmLevel {
        severity: level.severity.value.clone(),
        when: level.when.value.clone(),
        hold_for: value(&level.hold_for),
    }
}

/// What is written, where something is.
pub(super) fn value<T: Clone>(at: &Option<At<T>>) -> Option<T> {
    at.as_ref().map(|at| at.value.clone())
}
