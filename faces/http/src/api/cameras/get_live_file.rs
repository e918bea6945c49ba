//! `GET /cameras/{camera}/live/{file}`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sense::cameras::{StreamState, Streams};
use sense::telemetry::Member;

use super::parts::{streams, viewed_camera};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// The list of segments (RFC 8216).
const LIST: &str = "index.m3u8";

/// Who asks for the list while nobody else watches waits for the first segment, so that a player simply begins; and looks
/// so often.
const PATIENCE: Duration = Duration::from_secs(8);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A file of a camera's live stream (HLS): `index.m3u8`, and the segments that it names. To ask for the list begins the
/// stream, and goes on with it.
#[utoipa::path(
    get,
    path = "/cameras/{camera}/live/{file}",
    tag = "cameras",
    params(("camera" = String, Path, description = "Its name as a device"), ("file" = String, Path, description = "`index.m3u8`, or a segment")),
    responses(
        (status = 200, description = "The file", content_type = "application/vnd.apple.mpegurl"),
        (status = 503, description = "No pictures come yet, or any more: GET /cameras/{camera} says why", body = Problem),
        (status = "4XX", description = "Refused", body = Problem)
    )
)]
pub async fn get_live_file(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let member = viewed_camera(&app, &caller, &id).await?;
    let streams = streams(&app)?;
    let (path, kind, kept) = if file == LIST {
        (list(streams, &member).await?, "application/vnd.apple.mpegurl", "private, no-cache")
    } else {
        let found = streams.live_file(&member.row.id, &file).ok_or_else(|| Refused::not_found("segment"))?;
        // A name never means two things; nobody asks again once a minute has passed.
        (found, "video/mp2t", "private, max-age=60, immutable")
    };
    // It may have left the window since.
    let bytes = tokio::fs::read(path).await.map_err(|_| Refused::not_found("segment"))?;
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)], bytes).into_response())
}

/// The list, when there is one.
async fn list(streams: &Arc<dyn Streams>, member: &Arc<Member>) -> Result<PathBuf, Refused> {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let state = streams.watch(member);
        if let Some(path) = streams.live_file(&member.row.id, LIST) {
            return Ok(path);
        }
        if matches!(state, StreamState::Stalled(_)) || until < tokio::time::Instant::now() {
            let words = "no pictures come from this camera now; it is tried again";
            return Err(Refused::new(StatusCode::SERVICE_UNAVAILABLE, "no_pictures", words));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
