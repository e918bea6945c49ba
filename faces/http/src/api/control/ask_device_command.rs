//! `POST /devices/{device}/commands`.

use std::sync::Arc;

use act::control::{Asked, ask};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use identity::Permission;

use super::parts::{Asking, control_refused, names_in};
use crate::api::devices::parts::device_and_actor;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Tells a device what to do. A dangerous command waits until somebody else confirms it.
#[utoipa::path(
    post,
    path = "/devices/{device}/commands",
    tag = "devices",
    params(("device" = String, Path, description = "Its name")),
    request_body = NewDeviceCommandInput,
    responses((status = 201, description = "On its way", body = DeviceCommandView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn ask_device_command(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(input): Body<NewDeviceCommandInput>,
) -> Result<(StatusCode, Json<DeviceCommandView>), Refused> {
    let (member, by) = device_and_actor(&app, &caller, &id, Permission::DeviceControl)?;
    let NewDeviceCommandInput { command, arguments, reason } = input;
    let asked = Asked { device: member.row.id.clone(), command, arguments, reason, by };
    let row = ask(&app.act(), &member.class, asked).await.map_err(control_refused)?;
    let rows = [row];
    let (names, [row]) = app.store.read(move |reader| names_in(reader, &rows).map(|names| (names, rows))).await?;
    let compiled = app.current();
    let view = Asking { app: &app, city: &compiled.city, caller: &caller, names }.view(&row)?;
    Ok((StatusCode::CREATED, Json(view)))
}
