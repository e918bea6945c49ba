//! `GET /recordings/{recording}/video`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::EventId;

use super::parts::{streams, viewed_camera};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::ranges::{Handed, hand_out};
use crate::wire::*;

/// A recorded file (MP4), or a part of it (`range`). It needs a viewing of its camera, as the live stream does.
#[utoipa::path(
    get,
    path = "/recordings/{recording}/video",
    tag = "cameras",
    params(("recording" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "The file", content_type = "video/mp4"),
        (status = 206, description = "The part asked for", content_type = "video/mp4"),
        (status = 410, description = "Its time is over: the file was deleted", body = Problem),
        (status = "4XX", description = "Refused", body = Problem)
    )
)]
pub async fn get_recording_file(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    streams(&app)?;
    caller.staff()?;
    let not_found = || Refused::not_found("recording");
    let id: EventId = id.parse().map_err(|_| not_found())?;
    let row = app.store.read(move |reader| reader.find_recording(id)).await?.ok_or_else(not_found)?;
    viewed_camera(&app, &caller, row.device.as_str()).await?;
    if row.deleted_at.is_some() {
        let words = "the time for which this file is kept is over; its record stays in the ledger";
        return Err(Refused::new(StatusCode::GONE, "recording_deleted", words));
    }
    let name = format!("attachment; filename=\"{}-{}.mp4\"", row.device, row.from.as_millis() / 1_000);
    let path = streams(&app)?.recording_file(&row);
    let handed = Handed { path: &path, bytes: row.bytes, media_type: "video/mp4", disposition: &name };
    hand_out(handed, &headers).await
}
