//! `GET /device-labels` and `POST /device-labels`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;
use model::DeviceLabel;
use store::DeviceState;

use super::parts::{device, device_refused, intake, regions};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Most devices of a request.
const DEVICES_MAX: usize = 200;

/// Labels of the devices that the caller may see.
#[utoipa::path(
    get,
    path = "/device-labels",
    tag = "devices",
    responses((status = 200, description = "All of them, in order", body = [DeviceLabelView]), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_device_labels(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Vec<DeviceLabelView>>, Refused> {
    let seen = regions(&app, &caller, Permission::DeviceRead)?;
    let (intake, compiled) = (intake(&app)?, app.current());
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for member in intake.fleet.list() {
        let is_seen = seen.iter().any(|region| compiled.city.is_within(&member.row.region, region));
        if is_seen && member.row.state != DeviceState::Retired {
            for label in &member.row.labels {
                *counts.entry(label.to_string()).or_default() += 1;
            }
        }
    }
    Ok(Json(counts.into_iter().map(|(label, count)| DeviceLabelView { label, count }).collect()))
}

/// Gives devices labels and takes others from them: all of the devices, or none.
#[utoipa::path(
    post,
    path = "/device-labels",
    tag = "devices",
    request_body = DeviceLabelsInput,
    responses((status = 200, description = "Given", body = DeviceLabelsGiven), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn set_device_labels(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<DeviceLabelsInput>,
) -> Result<Json<DeviceLabelsGiven>, Refused> {
    let party = caller.staff()?.party;
    let count = input.devices.len();
    if !(1..=DEVICES_MAX).contains(&count) {
        return Err(Refused::field("devices", format!("names 1 to {DEVICES_MAX} devices, got {count}")));
    }
    let (add, remove) = (labels("add", &input.add)?, labels("remove", &input.remove)?);
    let mut ids = Vec::with_capacity(count);
    for name in &input.devices {
        ids.push(device(&app, &caller, name, Permission::DeviceManage)?.row.id.clone());
    }
    ids.sort_unstable();
    ids.dedup();
    let changed = intake(&app)?.label(party, ids, add, remove).await.map_err(device_refused)?;
    Ok(Json(DeviceLabelsGiven { changed: changed as u64 }))
}

fn labels(name: &str, words: &[String]) -> Result<Vec<DeviceLabel>, Refused> {
    let parse = |word: &String| DeviceLabel::new(word).map_err(|error| Refused::field(name, error.to_string()));
    words.iter().map(parse).collect()
}
