//! Checks of rules over readings: what they name is there, and whoever can read conditions finds nothing wrong with them.

use model::AlarmRuleId;

use crate::city::{CategoryKind, City, SCENE_RULE};
use crate::faults::{At, Report};
use crate::load::{Judge, Judged};
use crate::source::alarm_rules::AlarmRuleEntry;
use crate::source::files::Folder;

pub(super) fn check_alarm_rules(folder: &Folder, city: Option<&City>, judge: Judge<'_>, report: &mut Report) {
    for (id, rule) in folder.alarm_rules.iter() {
        check_names(id, rule, folder, report);
        if id.value.as_str().starts_with(SCENE_RULE) {
            report
                .fault(id.at, format!("alarm rule {}: ids of conditions of scenes begin with {SCENE_RULE}", id.value));
        }
        let lowered = city.and_then(|city| Some((city, city.alarm_rules.get(&id.value)?)));
        if let Some(Err(fault)) = lowered.map(|(city, rule)| judge(city, Judged::Rule(&id.value, rule))) {
            report.fault(id.at, fault);
        }
    }
}

fn check_names(id: &At<AlarmRuleId>, rule: &AlarmRuleEntry, folder: &Folder, report: &mut Report) {
    let id = &id.value;
    for class in &rule.classes.0 {
        if !folder.devices.may_have(&class.value) {
            report.fault(class.at, format!("alarm rule {id}: unknown class of devices {}", class.value));
        }
    }
    for property in &rule.properties.0 {
        let watched = folder.devices.iter().filter(|(class, _)| {
            rule.classes.0.is_empty() || rule.classes.0.iter().any(|known| known.value == class.value)
        });
        let measures = |entry: &crate::source::types::DeviceClassEntry| {
            entry.properties.iter().any(|known| known.id.value == property.value)
        };
        if folder.devices.whole && !watched.into_iter().any(|(_, entry)| measures(entry)) {
            report.fault(property.at, format!("alarm rule {id}: no class it watches measures {}", property.value));
        }
    }
    for region in &rule.regions.0 {
        if !folder.regions.may_have(&region.value) {
            report.fault(region.at, format!("alarm rule {id}: unknown region {}", region.value));
        }
    }
    for target in &rule.explains.0 {
        if target.value == *id || !folder.alarm_rules.may_have(&target.value) {
            report.fault(target.at, format!("alarm rule {id}: it explains other rules; {} is none", target.value));
        }
    }
    let Some(category) = &rule.category else { return };
    if !folder.categories.may_have(&category.value) {
        report.fault(category.at, format!("alarm rule {id}: unknown category {}", category.value));
    }
    let found = folder.categories.iter().find(|(known, _)| known.value == category.value);
    if found.is_some_and(|(_, found)| !matches!(found.kind, CategoryKind::Component | CategoryKind::Event)) {
        report.fault(category.at, format!("alarm rule {id}: {} is neither a component nor an event", category.value));
    }
}
