//! `POST /scenes/{scene}/runs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use act::scenes::{Runner, SceneError, run};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use identity::{Permission, Subject};
use model::{Actor, Grant, SceneId};

use super::list_scenes::run_view;
use super::parts::may_run;
use crate::access::authorise;
use crate::api::devices::parts::regions;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Runs a scene now: every active device of its class in its regions is told.
#[utoipa::path(
    post,
    path = "/scenes/{scene}/runs",
    tag = "devices",
    params(("scene" = String, Path, description = "Its id")),
    request_body = SceneRunInput,
    responses((status = 201, description = "Run", body = SceneRunView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn run_scene(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(input): Body<SceneRunInput>,
) -> Result<(StatusCode, Json<SceneRunView>), Refused> {
    let by = caller.staff()?.party;
    regions(&app, &caller, Permission::DeviceRead)?;
    let compiled = app.current();
    let city = &compiled.city;
    let unknown = || Refused::not_found("scene");
    let id = id.parse::<SceneId>().map_err(|_| unknown())?;
    let scene = city.scenes.get(&id).ok_or_else(unknown)?;
    if !may_run(&app, city, &caller, scene) {
        return Err(Refused::forbidden());
    }
    let region = scene.regions.first().unwrap_or(&city.root).clone();
    let grant = authorise(&app, &caller.principal, Permission::DeviceControl, &Subject::Region(region).into())?;
    let Grant { role, office, .. } = grant.ok_or_else(Refused::forbidden)?;
    let actor = Actor::Staff { party: by, role, office };
    let run = run(&app.act(), city, &id, Runner::Person(actor, input.reason)).await.map_err(|error| match error {
        SceneError::Unknown(_) => unknown(),
        SceneError::Reason(_) => Refused::field("reason", error.to_string()),
        SceneError::Again => Refused::new(StatusCode::CONFLICT, "scene_again", error.to_string()),
        SceneError::Store(error) => error.into(),
    })?;
    let names = app.store.read(move |reader| reader.display_names(&[by])).await?;
    Ok((StatusCode::CREATED, Json(run_view(&run, &BTreeMap::new(), &names))))
}
