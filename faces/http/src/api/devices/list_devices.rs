//! `GET /devices`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;

use super::narrow::Narrow;
use super::parts::{device_view, intake, regions, standing};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::page_limit;
use crate::wire::*;

/// Devices that the caller may see, with their newest values.
#[utoipa::path(
    get,
    path = "/devices",
    tag = "devices",
    params(DevicesQuery),
    responses((status = 200, description = "As asked", body = DevicePage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_devices(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<DevicesQuery>,
) -> Result<Json<DevicePage>, Refused> {
    let seen = regions(&app, &caller, Permission::DeviceRead)?;
    let (intake, compiled, now) = (intake(&app)?, app.current(), app.now());
    let city = &compiled.city;
    let narrow =
        Narrow::new(seen, query.class.as_deref(), query.region.as_deref(), query.label.as_deref(), query.q.as_deref())?;
    let limit = page_limit(query.limit)? as usize;
    let is_asked = |member: &sense::telemetry::Member| {
        narrow.asks_for(city, member) && query.state.is_none_or(|state| standing(intake, member, now).0 == state)
    };
    let mut devices = intake.fleet.list();
    devices.retain(|member| is_asked(member));
    let total = devices.len() as u64;
    let begin =
        query.after.as_deref().map_or(0, |after| devices.partition_point(|member| member.row.id.as_str() <= after));
    let page = &devices[begin..devices.len().min(begin + limit)];
    let next = page.last().filter(|_| begin + limit < devices.len()).map(|member| member.row.id.to_string());
    let items = page.iter().map(|member| device_view(intake, city, member, now)).collect();
    Ok(Json(DevicePage { items, next, total }))
}
