//! `GET /nearby-devices`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;
use sense::nearby::nearby;
use store::{DeviceAlarmFilter, DeviceState, StoreError};

use super::parts::{device_view, intake, regions};
use crate::api::alarms::parts::alarm_view;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::{page_limit, point};
use crate::wire::*;

/// How far without a word, and how far at most, metres.
const RADIUS_M: f64 = 500.0;
const RADIUS_MAX_M: f64 = 5_000.0;

/// Most open alarms that are looked at.
const ALARMS_MAX: u32 = 1_000;

/// Devices around a place that the caller may see, the nearest first, with their open alarms.
#[utoipa::path(
    get,
    path = "/nearby-devices",
    tag = "devices",
    params(NearbyDevicesQuery),
    responses((status = 200, description = "As asked", body = NearbyDevices), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_nearby_devices(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<NearbyDevicesQuery>,
) -> Result<Json<NearbyDevices>, Refused> {
    let seen = regions(&app, &caller, Permission::DeviceRead)?;
    let (intake, compiled, now) = (intake(&app)?, app.current(), app.now());
    let (here, limit) = (point(query.lon, query.lat)?, page_limit(query.limit)? as usize);
    let radius_m = query.radius_m.unwrap_or(RADIUS_M);
    if !(1.0..=RADIUS_MAX_M).contains(&radius_m) {
        return Err(Refused::parameter("radius_m", format!("must be 1 to {RADIUS_MAX_M}, got {radius_m}")));
    }
    let city = &compiled.city;
    let devices = intake.fleet.list().into_iter().filter(|member| {
        member.row.state != DeviceState::Retired && seen.iter().any(|region| city.is_within(&member.row.region, region))
    });
    let mut found = nearby(devices, here, radius_m);
    let total = found.len() as u64;
    found.truncate(limit);
    let devices = Some(found.iter().map(|near| near.member.row.id.clone()).collect());
    let filter = DeviceAlarmFilter { open: Some(true), devices, ..DeviceAlarmFilter::default() };
    let rows = app.store.read(move |reader| reader.list_device_alarms(&filter, ALARMS_MAX)).await;
    let mut alarms: HashMap<_, Vec<AlarmView>> = HashMap::new();
    for row in rows.map_err(|error: StoreError| error)? {
        alarms.entry(row.device.clone()).or_default().push(alarm_view(intake, city, &row));
    }
    let view = |near: &sense::nearby::Near| NearbyDevice {
        device: device_view(intake, city, &near.member, now),
        distance_m: near.distance_m,
        bearing_deg: near.bearing_deg,
        alarms: alarms.remove(&near.member.row.id).unwrap_or_default(),
    };
    Ok(Json(NearbyDevices { items: found.iter().map(view).collect(), total }))
}
