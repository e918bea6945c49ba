//! `GET /cameras`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;
use model::RegionId;
use store::{DeviceState, StoreError};

use super::parts::{camera_view, may_view, streams};
use crate::api::devices::parts::{intake, regions};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// Most cameras of the answer.
const LISTED: usize = 500;

/// The cameras that the caller may watch, by name, and how their streams stand.
#[utoipa::path(
    get,
    path = "/cameras",
    tag = "cameras",
    responses((status = 200, description = "At most 500", body = [CameraView]), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_cameras(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Vec<CameraView>>, Refused> {
    streams(&app)?;
    regions(&app, &caller, Permission::CameraView)?;
    let party = caller.staff()?.party;
    let mut allowed = BTreeMap::<RegionId, bool>::new();
    let mut members = intake(&app)?.fleet.list();
    members.retain(|member| member.class.video.is_some() && member.row.state != DeviceState::Retired);
    members.retain(|member| {
        let region = &member.row.region;
        *allowed.entry(region.clone()).or_insert_with(|| may_view(&app, &caller, region))
    });
    members.truncate(LISTED);
    let asked: Vec<_> = members.iter().map(|member| member.row.id.clone()).collect();
    let until = app
        .store
        .read(move |reader| {
            asked.iter().map(|id| reader.find_viewing(id, party)).collect::<Result<Vec<_>, StoreError>>()
        })
        .await?;
    let views = members.iter().zip(until).map(|(member, until)| camera_view(&app, member, true, until));
    Ok(Json(views.collect::<Result<_, _>>()?))
}
