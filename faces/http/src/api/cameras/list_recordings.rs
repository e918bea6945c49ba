//! `GET /cameras/{camera}/recordings`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use identity::Permission;
use store::{RecordingFilter, RecordingRow};

use super::parts::camera;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::Refused;
use crate::extract::Params;
use crate::names::{page_limit, parse_some};
use crate::wire::*;

/// Recorded files of a camera, the newest first. Those whose time is over stay in the list, with their record.
#[utoipa::path(
    get,
    path = "/cameras/{camera}/recordings",
    tag = "cameras",
    params(("camera" = String, Path, description = "Its name as a device"), RecordingsQuery),
    responses((status = 200, description = "As asked", body = RecordingPage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_recordings(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<RecordingsQuery>,
) -> Result<Json<RecordingPage>, Refused> {
    let (member, _) = camera(&app, &caller, &id, Permission::CameraView)?;
    let limit = page_limit(query.limit)?;
    let from = parse_some("from", query.from.as_deref())?;
    let filter = RecordingFilter { from, to: parse_some("to", query.to.as_deref())? };
    let id = member.row.id.clone();
    let rows = app.store.read(move |reader| reader.list_recordings(&id, filter, limit)).await?;
    let next = rows.last().filter(|_| rows.len() == limit as usize).map(|row| time(row.from));
    Ok(Json(RecordingPage { items: rows.iter().map(view).collect(), next }))
}

fn view(row: &RecordingRow) -> RecordingView {
    RecordingView {
        id: row.id.to_string(),
        from: time(row.from),
        to: time(row.to),
        sha256: row.sha256.clone(),
        bytes: row.bytes,
        deleted_at: row.deleted_at.map(time),
    }
}
