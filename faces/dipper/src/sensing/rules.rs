//! Rules of the pack, as the alarm engine has them.

use std::collections::BTreeSet;

use assess::{Inhibition, Rule, RuleConfig, Setup, Via};
use model::AlarmRuleId;
use pack::{AlarmRule, City, Judged};
use serde_json::Value;

/// Says what is wrong with a rule or a route of a pack: what `pack::load_judged` asks.
///
/// # Errors
/// The rule, its field and the limit, in words.
pub fn judge(city: &City, judged: Judged<'_>) -> Result<(), String> {
    match judged {
        Judged::Rule(id, rule) => judge_rule(city, id, rule),
        Judged::Route(id, route) => super::notices::compile(id, route).map(drop),
    }
}

/// Says what is wrong with a rule.
///
/// # Errors
/// The rule, its field and the limit, in words.
pub fn judge_rule(city: &City, id: &AlarmRuleId, rule: &AlarmRule) -> Result<(), String> {
    let compiled = compile(id, rule)?;
    let classes = &rule.selector.classes;
    let watched = city.devices.iter().filter(|(class, _)| classes.is_empty() || classes.contains(class));
    let measured: BTreeSet<_> =
        watched.flat_map(|(_, class)| class.properties.iter().map(|property| property.id.as_str())).collect();
    // A condition over what nobody measures never holds, and looks like good news.
    if let Some(name) = compiled.properties().find(|name| !measured.contains(name)) {
        let known = measured.into_iter().collect::<Vec<_>>().join(", ");
        return Err(format!("alarm rule \"{id}\": no class it watches measures {name}; they measure {known}"));
    }
    Ok(())
}

/// What the engine of a city begins with. The pack was judged when it was loaded.
///
/// # Errors
/// The rule that cannot be.
pub fn setup(city: &City) -> Result<Setup, String> {
    let rules = city.alarm_rules.iter().map(|(id, rule)| compile(id, rule)).collect::<Result<_, _>>()?;
    let explains = |(id, rule): (&AlarmRuleId, &AlarmRule)| {
        let targets = rule.explains.iter().map(|target| target.as_str().into()).collect();
        (!rule.explains.is_empty()).then(|| Inhibition { source: id.as_str().into(), targets, via: Via::Parent })
    };
    let inhibitions = city.alarm_rules.iter().filter_map(explains).collect();
    Ok(Setup { rules, inhibitions, zone: city.zone() })
}

/// A rule as the engine has it.
///
/// # Errors
/// What is wrong with it, in words.
pub fn compile(id: &AlarmRuleId, rule: &AlarmRule) -> Result<Rule, String> {
    let fault = |error: serde_json::Error| format!("alarm rule {id}: {error}");
    let mut written = serde_json::to_value(rule).map_err(fault)?;
    if let Value::Object(fields) = &mut written {
        // Which case it opens is not the engine's business; what it explains is told apart.
        fields.remove("category");
        fields.remove("explains");
        fields.insert("id".to_owned(), Value::String(id.to_string()));
    }
    let config: RuleConfig = serde_json::from_value(written).map_err(fault)?;
    Rule::compile(&config).map_err(|error| format!("alarm {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: Value) -> AlarmRule {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn faults_name_the_rule_the_field_and_what_would_do() {
        let id: AlarmRuleId = "hot".parse().unwrap();
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/demo"));
        let city = pack::load(folder).unwrap().city;
        for (json, words) in [
            (serde_json::json!({"title": {}, "when": "temperature > 60.0", "for": "10m"}), ""),
            (
                serde_json::json!({"title": {}, "when": "temperatur > 60.0"}),
                "no class it watches measures temperatur; they",
            ),
            (
                serde_json::json!({"title": {}, "selector": {"classes": ["street_lamp"]}, "when": "tilt > 60.0"}),
                "no class it watches measures tilt; they measure lit, power, voltage",
            ),
            (serde_json::json!({"title": {}, "when": "temperature >"}), "alarm rule \"hot\": when: expected"),
            (serde_json::json!({"title": {}}), "alarm rule \"hot\": when: give either when or levels"),
            (serde_json::json!({"title": {}, "when": "t > 1.0", "for": "soon"}), "a span is whole numbers"),
            (serde_json::json!({"title": {}, "when": "t > 1.0", "severity": "awful"}), "unknown variant `awful`"),
        ] {
            let found = judge_rule(&city, &id, &rule(json)).err().unwrap_or_default();
            assert!(found.contains(words) && found.is_empty() == words.is_empty(), "{found:?}");
        }
    }

    #[test]
    fn faults_name_the_route_and_what_would_do() {
        let id: model::FormId = "lamps".parse().unwrap();
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/demo"));
        let city = pack::load(folder).unwrap().city;
        let good = city.alarm_notices.routes.get(&id).unwrap();
        let steps = |spans: [&str; 2]| {
            spans.map(|after| pack::NoticeStep { after: after.to_owned(), to: good.to.clone() }).into()
        };
        let some = |word: &str| Some(word.to_owned());
        for (route, words) in [
            (good.clone(), ""),
            (pack::AlarmRoute { group_wait: some("soon"), ..good.clone() }, "route lamps: a span is whole numbers"),
            (pack::AlarmRoute { repeat_interval: some("40d"), ..good.clone() }, "route lamps: a span is at most 31d"),
            (pack::AlarmRoute { at_least: some("awful"), ..good.clone() }, "route lamps: unknown variant `awful`"),
            (
                pack::AlarmRoute { group_interval: some("0s"), ..good.clone() },
                "route \"lamps\": group_interval must be at least 1s",
            ),
            (
                pack::AlarmRoute { escalation: steps(["5m", "5m"]), ..good.clone() },
                "route \"lamps\": escalation must go from the earliest step to the latest",
            ),
        ] {
            let found = judge(&city, Judged::Route(&id, &route)).err().unwrap_or_default();
            assert!(found.starts_with(words) && found.is_empty() == words.is_empty(), "{found:?}");
        }
    }

    #[test]
    fn the_rules_of_the_demo_city_can_be_read() {
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/demo"));
        let loaded = pack::load_judged(folder, &judge).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(setup(&loaded.city).unwrap().rules.len(), loaded.city.alarm_rules.len());
        assert!(loaded.city.alarm_rules.len() >= 10);
    }
}
