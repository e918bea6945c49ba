//! Scenes: from the file to the city.

use crate::city::Scene;
use crate::source::scenes::SceneEntry;

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
    }
}
