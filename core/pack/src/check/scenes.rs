//! Checks of scenes: what they name is there, and devices of the class can do it.

use model::{AlarmRuleId, SceneId};

use crate::city::{City, Scene};
use crate::faults::{At, Report};
use crate::load::{Judge, Judged};
use crate::source::files::Folder;
use crate::source::scenes::{SceneConditionEntry, SceneEntry};

/// Most moments of a day.
const MOMENTS_MAX: usize = 16;

/// Farthest from its counter, metres.
const WITHIN_MAX_M: f64 = 5_000.0;

pub(super) fn check_scenes(folder: &Folder, city: Option<&City>, judge: Judge<'_>, report: &mut Report) {
    for (id, scene) in folder.scenes.iter() {
        for region in &scene.regions.0 {
            if !folder.regions.may_have(&region.value) {
                report.fault(region.at, format!("scene {}: unknown region {}", id.value, region.value));
            }
        }
        if let Some(last) = scene.at.0.get(MOMENTS_MAX) {
            report.fault(last.at, format!("scene {}: it is planned at most {MOMENTS_MAX} times a day", id.value));
        }
        if !folder.devices.may_have(&scene.class.value) {
            report.fault(scene.class.at, format!("scene {}: unknown class of devices {}", id.value, scene.class.value));
        } else if let Some(city) = city {
            check_command(id, scene, city, report);
        }
        if let Some(condition) = &scene.condition {
            check_condition(id, scene, condition, folder, report);
            if let Some(city) = city {
                check_following(id, condition, city, judge, report);
            }
        }
    }
}

fn check_condition(
    id: &At<SceneId>,
    scene: &SceneEntry,
    condition: &At<SceneConditionEntry>,
    folder: &Folder,
    report: &mut Report,
) {
    let (id, line) = (&id.value, condition.at);
    let condition = &condition.value;
    for planned in scene.at.0.iter().map(|at| at.at).chain(scene.weekdays.0.iter().map(|day| day.at)).take(1) {
        report.fault(planned, format!("scene {id}: it is planned, or it follows what is measured (while), not both"));
    }
    if condition.classes.0.is_empty() {
        report.fault(line, format!("scene {id}: name at least one class of counters"));
    }
    for class in &condition.classes.0 {
        if !folder.devices.may_have(&class.value) {
            report.fault(class.at, format!("scene {id}: unknown class of devices {}", class.value));
        }
    }
    let is_same_region = condition.same_region.as_ref().is_some_and(|same| same.value);
    match &condition.within_m {
        Some(metres) if !(1.0..=WITHIN_MAX_M).contains(&metres.value) => {
            report.fault(metres.at, format!("scene {id}: within_m is 1 to {WITHIN_MAX_M}, got {}", metres.value));
        }
        Some(metres) if is_same_region => {
            report.fault(metres.at, format!("scene {id}: give within_m or same_region, not both"));
        }
        None if !is_same_region => {
            report.fault(
                line,
                format!("scene {id}: say which devices a counter governs: within_m, or same_region: true"),
            );
        }
        _ => {}
    }
    match (&condition.from, &condition.to) {
        (Some(from), Some(to)) if from.value == to.value => {
            report.fault(to.at, format!("scene {id}: from and to are the same moment; leave both out for always"));
        }
        (Some(one), None) | (None, Some(one)) => {
            report.fault(one.at, format!("scene {id}: from and to belong together; leave both out for always"));
        }
        _ => {}
    }
}

/// What needs the city as a whole: whoever reads conditions finds nothing wrong, and there is a plan to go back to.
fn check_following(
    id: &At<SceneId>,
    condition: &At<SceneConditionEntry>,
    city: &City,
    judge: Judge<'_>,
    report: &mut Report,
) {
    let Some(scene) = city.scenes.get(&id.value) else { return };
    let (id, line) = (&id.value, condition.value.when.at);
    for (name, rule) in scene.rules(id) {
        let judged = AlarmRuleId::new(&name).map_err(|fault| fault.to_string());
        if let Err(fault) = judged.and_then(|rule_id| judge(city, Judged::Rule(&rule_id, &rule))) {
            let fault = fault.trim_start_matches(&format!("alarm rule \"{name}\": ")).to_owned();
            report.fault(line, format!("scene {id}: {fault}"));
        }
    }
    let plans = |planned: &Scene| {
        let everywhere = planned.regions.is_empty()
            || !scene.regions.is_empty()
                && scene.regions.iter().all(|one| planned.regions.iter().any(|wide| city.is_within(one, wide)));
        !planned.at.is_empty() && planned.class == scene.class && planned.command == scene.command && everywhere
    };
    if !city.scenes.values().any(plans) {
        let (class, command) = (&scene.class, &scene.command);
        report.fault(
            condition.at,
            format!(
                "scene {id}: no scene plans {command} of {class} there; its devices would have nothing to go back to"
            ),
        );
    }
}

fn check_command(id: &At<SceneId>, scene: &SceneEntry, city: &City, report: &mut Report) {
    let (id, at) = (&id.value, scene.command.at);
    // A class with faults of its own has said so.
    let Some(class) = city.devices.get(&scene.class.value) else { return };
    let Some(command) = class.command(scene.command.value.as_str()) else {
        let known: Vec<_> = class.commands.iter().map(|known| known.id.as_str()).collect();
        let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        report.fault(at, format!("scene {id}: a {} can be told {known}", scene.class.value));
        return;
    };
    if command.is_dangerous {
        report.fault(
            at,
            format!("scene {id}: {} is dangerous, so every one of it is asked for and confirmed", command.id),
        );
    }
    let Some(scene) = city.scenes.get(id) else { return };
    if let Err(fault) = command.check(&scene.arguments) {
        report.fault(at, format!("scene {id}: {fault}"));
    }
}
