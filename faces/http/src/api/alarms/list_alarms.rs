//! `GET /alarms`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;
use model::{DeviceId, DeviceLabel};
use sense::telemetry::Intake;
use store::{DeviceAlarmFilter, StoreError};

use super::parts::alarm_view;
use crate::api::devices::parts::{intake, regions};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::{page_limit, parse_some};
use crate::wire::*;

/// Most devices of a label whose alarms are listed: SQLite binds at most 32 766 values (sqlite.org/limits.html §9).
const LABELLED_MAX: usize = 20_000;

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
    let label: Option<DeviceLabel> = parse_some("label", query.label.as_deref())?;
    let intake = intake(&app)?;
    let filter = DeviceAlarmFilter {
        open: query.open,
        device: parse_some("device", query.device.as_deref())?,
        devices: label.map(|label| labelled(intake, &label)).transpose()?,
        case_id: parse_some("case", query.case.as_deref())?,
        group: parse_some("group", query.group.as_deref())?,
        within: seen.iter().map(|region| compiled.city.region_path(region)).collect(),
        before: parse_some("before", query.before.as_deref())?,
    };
    let rows = app.store.read(move |reader| reader.list_device_alarms(&filter, limit)).await;
    let rows = rows.map_err(|error: StoreError| error)?;
    let next = rows.last().filter(|_| rows.len() == limit as usize).map(|row| row.id.to_string());
    Ok(Json(AlarmPage { items: rows.iter().map(|row| alarm_view(intake, &compiled.city, row)).collect(), next }))
}

/// Devices with a label.
fn labelled(intake: &Intake, label: &DeviceLabel) -> Result<Vec<DeviceId>, Refused> {
    let members = intake.fleet.list().into_iter().filter(|member| member.row.labels.contains(label));
    let found: Vec<DeviceId> = members.map(|member| member.row.id.clone()).collect();
    let words = || format!("{} devices have this label; alarms of at most {LABELLED_MAX} can be listed", found.len());
    if found.len() > LABELLED_MAX { Err(Refused::parameter("label", words())) } else { Ok(found) }
}
