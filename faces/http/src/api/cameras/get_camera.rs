//! `GET /cameras/{camera}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use identity::Permission;

use super::parts::{camera, camera_view, may_view, viewing};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// A camera and how its stream stands.
#[utoipa::path(
    get,
    path = "/cameras/{camera}",
    tag = "cameras",
    params(("camera" = String, Path, description = "Its name as a device")),
    responses((status = 200, description = "As it is", body = CameraView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_camera(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CameraView>, Refused> {
    let (member, _) = camera(&app, &caller, &id, Permission::DeviceRead)?;
    let until = viewing(&app, &member.row.id, caller.staff()?.party).await?;
    let may_view = may_view(&app, &caller, &member.row.region);
    Ok(Json(camera_view(&app, &member, may_view, until)?))
}
