//! `GET /device-commands`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;
use store::{DeviceCommandFilter, StoreError};

use super::parts::{Asking, names_in, state_of};
use crate::api::devices::parts::regions;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::{page_limit, parse_some};
use crate::wire::*;

/// Commands to devices that the caller may see, the newest first.
#[utoipa::path(
    get,
    path = "/device-commands",
    tag = "devices",
    params(DeviceCommandsQuery),
    responses((status = 200, description = "As asked", body = DeviceCommandPage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_device_commands(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<DeviceCommandsQuery>,
) -> Result<Json<DeviceCommandPage>, Refused> {
    let (compiled, limit) = (app.current(), page_limit(query.limit)?);
    let city = &compiled.city;
    let seen = regions(&app, &caller, Permission::DeviceRead)?;
    let filter = DeviceCommandFilter {
        device: parse_some("device", query.device.as_deref())?,
        state: query.state.map(state_of),
        within: seen.iter().map(|region| city.region_path(region)).collect(),
        before: parse_some("before", query.before.as_deref())?,
    };
    let read = move |reader: &mut store::Reader| {
        let rows = reader.list_device_commands(&filter, limit)?;
        Ok::<_, StoreError>((names_in(reader, &rows)?, rows))
    };
    let (names, rows) = app.store.read(read).await?;
    let next = rows.last().filter(|_| rows.len() == limit as usize).map(|row| row.id.to_string());
    let asking = Asking { app: &app, city, caller: &caller, names };
    let items = rows.iter().map(|row| asking.view(row)).collect::<Result<_, _>>()?;
    Ok(Json(DeviceCommandPage { items, next }))
}
