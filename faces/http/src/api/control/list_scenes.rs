//! `GET /scenes`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;
use model::PartyId;
use pack::Scene;
use store::{CommandState, SceneRunRow, StoreError};

use super::parts::{arguments_view, command_of, may_run, next_view};
use crate::api::devices::parts::regions;
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
    regions(&app, &caller, Permission::DeviceRead)?;
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
        Ok::<_, StoreError>((reader.display_names(&people)?, all))
    };
    let (names, runs) = app.store.read(read).await?;
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
            runs: runs.iter().map(|(run, count)| run_view(run, count, &names)).collect(),
            may_run: may_run(&app, city, &caller, scene),
        })
    };
    Ok(Json(city.scenes.iter().zip(runs).filter_map(view).collect()))
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
        reason: run.reason.clone(),
        devices: run.devices,
        done: of(CommandState::Done),
        failed: of(CommandState::Failed),
        expired: of(CommandState::Expired),
    }
}
