//! `POST /camera-viewings`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;

use super::parts::{camera, camera_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Begins to watch cameras and says why. One record of the ledger for each; all of them or none.
#[utoipa::path(
    post,
    path = "/camera-viewings",
    tag = "cameras",
    request_body = ViewingInput,
    responses((status = 200, description = "They may be watched, live and what was recorded", body = Viewing), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn begin_viewing(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<ViewingInput>,
) -> Result<Json<Viewing>, Refused> {
    let party = caller.staff()?.party;
    let mut ids = input.cameras;
    ids.sort_unstable();
    ids.dedup();
    let each = ids.iter().take(sense::cameras::VIEWED_MAX + 1);
    let watched = each
        .map(|id| {
            camera(&app, &caller, id, Permission::CameraView).map(|(member, actor)| (member.row.id.clone(), actor))
        })
        .collect::<Result<Vec<_>, Refused>>()?;
    let until = sense::cameras::begin_viewing(&app.sense(), (party, watched), &input.purpose).await;
    Ok(Json(Viewing { until: time(until.map_err(camera_refused)?) }))
}
