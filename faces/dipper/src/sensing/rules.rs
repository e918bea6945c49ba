//! Rules of the pack, as the alarm engine has them.

use std::collections::BTreeSet;

use assess::{Inhibition, Rule, RuleConfig, Setup, Span, Via};
use model::AlarmRuleId;
use pack::{AlarmRule, City, Judged, SCENE_RULE};
use serde_json::Value;

/// The shortest time that a scene holds after its condition ended, seconds.
const SCENE_KEPT_MIN_S: u32 = 60;

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
    if id.as_str().starts_with(SCENE_RULE) {
        let kept = rule.keep_firing.as_deref().and_then(|span| span.parse::<Span>().ok());
        let least = Span::from_secs(SCENE_KEPT_MIN_S);
        if let Some(kept) = kept.filter(|kept| *kept < least) {
            return Err(format!(
                "keep_firing: at least {least}, so that devices are not told all the time, got {kept}"
            ));
        }
    }
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
    let mut rules = city.alarm_rules.iter().map(|(id, rule)| compile(id, rule)).collect::<Result<Vec<_>, _>>()?;
    for (id, scene) in &city.scenes {
        for (name, rule) in scene.rules(id) {
            let name = AlarmRuleId::new(&name).map_err(|fault| format!("scene {id}: {fault}"))?;
            rules.push(compile(&name, &rule)?);
        }
    }
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
    fn conditions_of_scenes_are_judged_where_they_stand() {
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/demo"));
        let city = pack::load(folder).unwrap().city;
        let scene = city.scenes.get_key_value("lights_traffic").map(|(id, scene)| scene.rules(id)).unwrap();
        let [(id, good), (silent_id, silent)] = scene.try_into().unwrap();
        let (id, silent_id) = (AlarmRuleId::new(&id).unwrap(), AlarmRuleId::new(&silent_id).unwrap());
        judge_rule(&city, &id, &good).unwrap();
        judge_rule(&city, &silent_id, &silent).unwrap();
        let when = |when: &str| AlarmRule { when: Some(when.to_owned()), ..good.clone() };
        let kept = |kept: &str| AlarmRule { keep_firing: Some(kept.to_owned()), ..good.clone() };
        for (rule, words) in [
            (when("walked > 12.0"), "no class it watches measures walked; they measure battery, passed"),
            (when("passed >"), "when: expected"),
            (kept("20s"), "keep_firing: at least 1m, so that devices are not told all the time, got 20s"),
            (kept("soon"), "a span is whole numbers"),
        ] {
            let found = judge_rule(&city, &id, &rule).unwrap_err();
            assert!(found.contains(words), "{found}");
        }
    }

    #[test]
    fn the_rules_of_the_demo_city_can_be_read() {
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/demo"));
        let loaded = pack::load_judged(folder, &judge).unwrap_or_else(|faults| panic!("{faults}"));
        let scenes = loaded.city.scenes.values().filter(|scene| scene.condition.is_some()).count();
        assert_eq!(setup(&loaded.city).unwrap().rules.len(), loaded.city.alarm_rules.len() + 2 * scenes);
        assert!(loaded.city.alarm_rules.len() >= 10);
    }
}
