//! `POST /devices/{device}/changes`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use identity::Permission;
use sense::devices::DeviceChange;

use super::parts::{device, device_refused, device_view, intake};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Shuts a device out, lets it speak again, or retires it.
#[utoipa::path(
    post,
    path = "/devices/{device}/changes",
    tag = "devices",
    params(("device" = String, Path, description = "Its name")),
    request_body = DeviceChangeInput,
    responses((status = 200, description = "Done", body = DeviceView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn change_device(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(input): Body<DeviceChangeInput>,
) -> Result<Json<DeviceView>, Refused> {
    let party = caller.staff()?.party;
    let member = device(&app, &caller, &id, Permission::DeviceManage)?;
    let intake = intake(&app)?;
    let change = match input.change {
        DeviceChangeWord::Quarantine => DeviceChange::Quarantine(input.reason.unwrap_or_default().trim().to_owned()),
        DeviceChangeWord::Release => DeviceChange::Release,
        DeviceChangeWord::Retire => DeviceChange::Retire,
    };
    let member = intake.change(Some(party), member.row.id.clone(), change).await.map_err(device_refused)?;
    Ok(Json(device_view(intake, &app.current().city, &member, app.now())))
}
