//! `GET /device-tiles`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;
use model::Instant;
use sense::telemetry::{Intake, Member};
use store::{DeviceState, OpenAlarms, StoreError};

use super::narrow::Narrow;
use super::parts::{intake, regions, standing};
use crate::api::alarms::parts::severity_view;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::instant;
use crate::wire::*;

/// Most tiles of an answer: a wall of 2000 devices and room to grow. One is about 250 bytes.
const TILES_MAX: usize = 5_000;

/// A reading is stamped when it comes and seen once it is on the disk: what came so long before `since` is told again.
const OVERLAP_US: i64 = 15 * 1_000_000;

/// Devices that the caller may see as tiles, with their newest values and open alarms; or what has changed of them.
#[utoipa::path(
    get,
    path = "/device-tiles",
    tag = "devices",
    params(DeviceTilesQuery),
    responses((status = 200, description = "As asked", body = DeviceTiles), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_device_tiles(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<DeviceTilesQuery>,
) -> Result<Json<DeviceTiles>, Refused> {
    let seen = regions(&app, &caller, Permission::DeviceRead)?;
    let (intake, compiled, now) = (intake(&app)?, app.current(), app.now());
    let city = &compiled.city;
    let since = instant("since", query.since.as_deref())?.map(|since| since.plus_micros(-OVERLAP_US));
    let paths: Vec<String> = seen.iter().map(|region| city.region_path(region)).collect();
    let narrow =
        Narrow::new(seen, query.class.as_deref(), query.region.as_deref(), query.label.as_deref(), query.q.as_deref())?;
    let open = app.store.read(move |reader| reader.count_open_alarms(&paths)).await;
    let open = open.map_err(|error: StoreError| error)?;
    let (mut total, mut tiles, mut gone) = (0, Vec::new(), Vec::new());
    for member in intake.fleet.list() {
        let is_changed = |since: Instant| member.row.changed_at >= since;
        if member.row.state == DeviceState::Retired || !narrow.asks_for(city, &member) {
            if since.is_some_and(is_changed) && narrow.sees(city, &member) {
                gone.push(member.row.id.to_string());
            }
            continue;
        }
        total += 1;
        tiles.extend(tile(intake, &member, since, now).filter(|_| tiles.len() < TILES_MAX));
    }
    let alarms = worst(&open);
    Ok(Json(DeviceTiles { at: time(now), total, is_whole: since.is_none(), tiles, gone, alarms }))
}

/// The tile of a device; none where nothing has changed since.
fn tile(intake: &Intake, member: &Member, since: Option<Instant>, now: Instant) -> Option<DeviceTile> {
    let (standing_now, newest) = standing(intake, member, now);
    if let Some(since) = since {
        let is_heard = newest.is_some_and(|reading| reading.received_at >= since);
        if !is_heard && member.row.changed_at < since && standing(intake, member, since).0 == standing_now {
            return None;
        }
    }
    let row = &member.row;
    Some(DeviceTile {
        id: row.id.to_string(),
        title: row.title.clone(),
        class: row.class.to_string(),
        region: row.region.to_string(),
        lon: row.point.0,
        lat: row.point.1,
        standing: standing_now,
        heard_at: newest.map(|reading| time(reading.received_at)),
        values: member.series.iter().map(|series| intake.lake.latest(*series).map(|reading| reading.value)).collect(),
        labels: row.labels.iter().map(ToString::to_string).collect(),
    })
}

/// Open alarms by device: how many, and the worst.
fn worst(open: &[OpenAlarms]) -> Vec<DeviceTileAlarms> {
    let mut devices: BTreeMap<String, DeviceTileAlarms> = BTreeMap::new();
    for OpenAlarms { device, severity, count } in open {
        let severity = severity_view(severity);
        let device = device.to_string();
        let known = devices.entry(device.clone()).or_insert(DeviceTileAlarms { device, severity, count: 0 });
        known.count += count;
        known.severity = known.severity.max(severity);
    }
    devices.into_values().collect()
}
