//! `GET /devices/{device}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use identity::Permission;

use super::parts::{device, device_view, intake};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// A device with its newest values.
#[utoipa::path(
    get,
    path = "/devices/{device}",
    tag = "devices",
    params(("device" = String, Path, description = "Its name")),
    responses((status = 200, description = "As it is", body = DeviceView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_device(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DeviceView>, Refused> {
    let member = device(&app, &caller, &id, Permission::DeviceRead)?;
    Ok(Json(device_view(intake(&app)?, &app.current().city, &member, app.now())))
}
