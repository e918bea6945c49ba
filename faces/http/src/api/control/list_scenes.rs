//! `GET /scenes`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;
use model::{Instant, PartyId};
use pack::{City, Reach, Scene, SceneCondition};
use store::{CommandState, DeviceRow, SceneCounterRow, SceneRunRow, SceneTurn, StoreError};

use super::parts::{arguments_view, command_of, may_run, next_view};
use crate::api::devices::parts::{regions, value_view};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::{text, time};
use crate::error::Refused;
use crate::wire::*;

/// Runs of a scene that are shown.
const RUNS: u32 = 5;

/// A run with how its commands stand.
type Counted = (SceneRunRow, BTreeMap<CommandState, u64>);

/// The scenes of the city, with their last runs.
#[utoipa::path(
    get,
    path = "/scenes",
    tag = "devices",
    responses((status = 200, description = "All of them", body = [SceneView]), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_scenes(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Vec<SceneView>>, Refused> {
    let within = regions(&app, &caller, Permission::DeviceRead)?;
    let (compiled, now) = (app.current(), app.now());
    let city = &compiled.city;
    let ids: Vec<_> = city.scenes.keys().cloned().collect();
    let read = move |reader: &mut store::Reader| {
        let mut all: Vec<Vec<Counted>> = Vec::with_capacity(ids.len());
        for id in &ids {
            let runs = reader.list_scene_runs(id, RUNS)?;
            let counted = runs.into_iter().map(|run| Ok((reader.count_commands_of_run(run.id)?, run)));
            let counted = counted.map(|one: Result<_, StoreError>| one.map(|(count, run)| (run, count)));
            all.push(counted.collect::<Result<_, _>>()?);
        }
        let mut people: Vec<PartyId> = all.iter().flatten().filter_map(|(run, _)| run.run_by).collect();
        people.sort_unstable();
        people.dedup();
        let mut counters = Vec::new();
        for row in reader.list_scene_counters()? {
            if let Some(device) = reader.find_device(&row.device)? {
                counters.push((row, device));
            }
        }
        Ok::<_, StoreError>((reader.display_names(&people)?, all, counters, reader.list_scene_holds()?))
    };
    let (names, runs, counters, holds) = app.store.read(read).await?;
    let seen =
        |(_, device): &(SceneCounterRow, DeviceRow)| within.iter().any(|region| city.is_within(&device.region, region));
    let counters: Vec<_> = counters.into_iter().filter(seen).collect();
    let view = |((id, scene), runs): ((&model::SceneId, &Scene), Vec<Counted>)| {
        let (class, command) = command_of(city, scene)?;
        Some(SceneView {
            id: id.to_string(),
            title: text(&scene.title),
            class: class.to_string(),
            class_title: city.devices.get(class).map(|class| text(&class.title))?,
            regions: scene.regions.iter().filter_map(|region| Some(text(&city.regions.get(region)?.title))).collect(),
            command_title: text(&command.title),
            arguments: arguments_view(command, &scene.arguments),
            at: scene.at.iter().map(ToString::to_string).collect(),
            weekdays: scene.weekdays.iter().map(|day| *day as u8 + 1).collect(),
            next_at: next_view(city, scene, now),
            condition: scene.condition.as_ref().map(|condition| {
                let counters = counters.iter().filter(|(row, _)| row.scene == *id);
                let held = holds.iter().filter(|hold| hold.scene == *id).count();
                condition_view(city, condition, counters, held, now)
            }),
            runs: runs.iter().map(|(run, count)| run_view(run, count, &names)).collect(),
            may_run: may_run(&app, city, &caller, scene),
        })
    };
    Ok(Json(city.scenes.iter().zip(runs).filter_map(view).collect()))
}

fn condition_view<'a>(
    city: &City,
    condition: &SceneCondition,
    counters: impl Iterator<Item = &'a (SceneCounterRow, DeviceRow)>,
    held: usize,
    now: Instant,
) -> SceneConditionView {
    let classes: Vec<_> = condition.classes.iter().filter_map(|class| city.devices.get(class)).collect();
    let mut properties: Vec<DeviceValue> = Vec::new();
    for property in classes.iter().flat_map(|class| &class.properties) {
        if condition.when.contains(property.id.as_str())
            && properties.iter().all(|one| one.property != property.id.as_str())
        {
            properties.push(value_view(property, None));
        }
    }
    let counter = |(row, device): &(SceneCounterRow, DeviceRow)| SceneCounterView {
        device: device.id.to_string(),
        title: device.title.clone(),
        over_since: row.over_since.map(time),
        silent_since: row.silent_since.map(time),
        value: row.reading.as_ref().zip(row.over_since).and_then(|((property, value), since)| {
            let class = city.devices.get(&device.class)?;
            Some(value_view(class.property(property)?, Some((*value, since))))
        }),
    };
    SceneConditionView {
        when: condition.when.clone(),
        properties,
        hold_for: condition.hold_for.clone(),
        hysteresis: condition.hysteresis,
        keep_firing: condition.keep_firing.clone(),
        no_data_after: condition.no_data_after.clone(),
        classes: classes.iter().map(|class| text(&class.title)).collect(),
        within_m: match condition.reach {
            Reach::WithinM(metres) => Some(metres),
            Reach::SameRegion => None,
        },
        from: condition.window.map(|window| window.from.to_string()),
        to: condition.window.map(|window| window.to.to_string()),
        is_open: act::scenes::is_open(city, condition.window, now),
        counters: counters.map(counter).collect(),
        held: u32::try_from(held).unwrap_or(u32::MAX),
    }
}

/// A run as staff see it.
pub fn run_view(
    run: &SceneRunRow,
    count: &BTreeMap<CommandState, u64>,
    names: &BTreeMap<PartyId, String>,
) -> SceneRunView {
    let of = |state| count.get(&state).copied().unwrap_or_default();
    SceneRunView {
        id: run.id.to_string(),
        run_at: time(run.run_at),
        run_by: run.run_by.map(|party| names.get(&party).cloned().unwrap_or_default()),
        turn: run.turn.map(|turn| match turn {
            SceneTurn::Follow => SceneTurnWord::Follow,
            SceneTurn::FallBack => SceneTurnWord::FallBack,
        }),
        reason: run.reason.clone(),
        devices: run.devices,
        done: of(CommandState::Done),
        failed: of(CommandState::Failed),
        expired: of(CommandState::Expired),
    }
}
