//! `GET` and `PUT /cameras/{camera}/stream`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use identity::Permission;
use model::DeviceId;
use sense::cameras::set_stream;

use super::parts::{camera, camera_refused, streams};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Where the pictures of a camera come from, as far as that is no secret.
#[utoipa::path(
    get,
    path = "/cameras/{camera}/stream",
    tag = "cameras",
    params(("camera" = String, Path, description = "Its name as a device")),
    responses((status = 200, description = "Scheme, host and port", body = CameraStream), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_camera_stream(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CameraStream>, Refused> {
    let (member, _) = camera(&app, &caller, &id, Permission::DeviceManage)?;
    Ok(Json(shown(&app, member.row.id.clone()).await?))
}

/// Says where the pictures of a camera come from. The address is sealed; only scheme, host and port are ever shown.
#[utoipa::path(
    put,
    path = "/cameras/{camera}/stream",
    tag = "cameras",
    params(("camera" = String, Path, description = "Its name as a device")),
    request_body = CameraStreamInput,
    responses((status = 200, description = "Done", body = CameraStream), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn set_camera_stream(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(input): Body<CameraStreamInput>,
) -> Result<Json<CameraStream>, Refused> {
    let party = caller.staff()?.party;
    let (member, _) = camera(&app, &caller, &id, Permission::DeviceManage)?;
    set_stream(&app.sense(), Some(party), &member, input.address.as_deref()).await.map_err(camera_refused)?;
    streams(&app)?.renew(&member.row.id);
    Ok(Json(shown(&app, member.row.id.clone()).await?))
}

async fn shown(app: &App, id: DeviceId) -> Result<CameraStream, Refused> {
    let streams = streams(app)?;
    let (rtmp_port, has_whip) = (streams.push_port(), streams.takes_calls());
    let push = CameraPush { rtmp_port, has_whip, since: streams.sends_since(&id).map(time) };
    let push = (rtmp_port.is_some() || has_whip).then_some(push);
    let row = app.store.read(move |reader| reader.find_camera_stream(&id)).await?;
    let changed_at = row.as_ref().map(|row| time(row.changed_at));
    Ok(CameraStream { shown: row.map(|row| row.shown), changed_at, push })
}
