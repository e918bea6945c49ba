//! `GET /device-classes`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;

use super::parts::{class_view, regions};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// The classes of devices that the city has.
#[utoipa::path(
    get,
    path = "/device-classes",
    tag = "devices",
    responses((status = 200, description = "All of them", body = [DeviceClassView]), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_device_classes(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Vec<DeviceClassView>>, Refused> {
    regions(&app, &caller, Permission::DeviceRead)?;
    let compiled = app.current();
    Ok(Json(compiled.city.devices.iter().map(|(id, class)| class_view(id.as_str(), class)).collect()))
}
