//! Scenes: from the file to the city.

use crate::city::{Reach, Scene, SceneCondition, SceneWindow};
use crate::source::scenes::{SceneConditionEntry, SceneEntry};

use super::values;

pub(super) fn lower_scene(scene: &SceneEntry) -> Scene {
    let argument = |(id, value): &(crate::faults::At<model::PropertyId>, Option<_>)| {
        let value: &crate::faults::At<crate::source::scenes::Argument> = value.as_ref()?;
        Some((id.value.to_string(), value.value.0.clone()))
    };
    Scene {
        title: scene.title.clone(),
        class: scene.class.value.clone(),
        regions: values(&scene.regions.0),
        command: scene.command.value.clone(),
        arguments: scene.arguments.items.iter().filter_map(argument).collect(),
        at: values(&scene.at.0),
        weekdays: values(&scene.weekdays.0),
        condition: scene.condition.as_ref().map(|condition| lower_condition(&condition.value)),
    }
}

fn lower_condition(condition: &SceneConditionEntry) -> SceneCondition {
    let window = condition.from.as_ref().zip(condition.to.as_ref());
    SceneCondition {
        classes: values(&condition.classes.0),
        when: condition.when.value.clone(),
        hold_for: condition.hold_for.as_ref().map(|span| span.value.clone()),
        hysteresis: condition.hysteresis.as_ref().map(|band| band.value),
        keep_firing: condition.keep_firing.value.clone(),
        no_data_after: condition.no_data_after.value.clone(),
        reach: condition.within_m.as_ref().map_or(Reach::SameRegion, |metres| Reach::WithinM(metres.value)),
        window: window.map(|(from, to)| SceneWindow { from: from.value, to: to.value }),
    }
}
