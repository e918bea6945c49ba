//! `POST /devices/{device}/secret`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use identity::Permission;

use super::parts::{device, device_refused, device_view, intake, rtmp_port};
use crate::api::applications::parts::private;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// Gives a device a new password beside the one it has, which ends when the new one is used first.
#[utoipa::path(
    post,
    path = "/devices/{device}/secret",
    tag = "devices",
    params(("device" = String, Path, description = "Its name")),
    responses((status = 201, description = "Given", body = DeviceSecret), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn renew_device_secret(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let party = caller.staff()?.party;
    let member = device(&app, &caller, &id, Permission::DeviceManage)?;
    let intake = intake(&app)?;
    let secret = intake.change_secret(Some(party), member.row.id.clone()).await.map_err(device_refused)?;
    let view = DeviceSecret {
        device: device_view(intake, &app.current().city, &member, app.now()),
        password: secret.reveal().to_owned(),
        mqtt_port: intake.mqtt_port.get().copied(),
        rtmp_port: rtmp_port(&app, &member),
    };
    Ok(private(StatusCode::CREATED, &view))
}
