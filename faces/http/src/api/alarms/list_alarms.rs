//! `GET /alarms`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;
use store::{DeviceAlarmFilter, StoreError};

use super::parts::alarm_view;
use crate::api::devices::parts::{intake, regions};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::{page_limit, parse_some};
use crate::wire::*;

/// Alarms of the devices that the caller may see, the newest first.
#[utoipa::path(
    get,
    path = "/alarms",
    tag = "devices",
    params(AlarmsQuery),
    responses((status = 200, description = "As asked", body = AlarmPage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_alarms(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<AlarmsQuery>,
) -> Result<Json<AlarmPage>, Refused> {
    let (compiled, limit) = (app.current(), page_limit(query.limit)?);
    let seen = regions(&app, &caller, Permission::DeviceRead)?;
    let filter = DeviceAlarmFilter {
        open: query.open,
        device: parse_some("device", query.device.as_deref())?,
        case_id: parse_some("case", query.case.as_deref())?,
        within: seen.iter().map(|region| compiled.city.region_path(region)).collect(),
        before: parse_some("before", query.before.as_deref())?,
    };
    let rows = app.store.read(move |reader| reader.list_device_alarms(&filter, limit)).await;
    let rows = rows.map_err(|error: StoreError| error)?;
    let next = rows.last().filter(|_| rows.len() == limit as usize).map(|row| row.id.to_string());
    let intake = intake(&app)?;
    Ok(Json(AlarmPage { items: rows.iter().map(|row| alarm_view(intake, &compiled.city, row)).collect(), next }))
}
