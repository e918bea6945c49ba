//! Checks of scenes: what they name is there, and devices of the class can do it.

use model::SceneId;

use crate::city::City;
use crate::faults::{At, Report};
use crate::source::files::Folder;
use crate::source::scenes::SceneEntry;

/// Most moments of a day.
const MOMENTS_MAX: usize = 16;

pub(super) fn check_scenes(folder: &Folder, city: Option<&City>, report: &mut Report) {
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
