//! `POST /cameras/{camera}/whip` and `DELETE /cameras/{camera}/whip/{call}` (WHIP, RFC 9725).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sense::cameras::{CallRefused, Caller};

use super::parts::streams;
use crate::app::App;
use crate::caller::ClientAddress;
use crate::error::Refused;
use crate::wire::*;

/// What offers and answers are written in.
const SDP: &str = "application/sdp";

/// Takes the offer of a source that sends the picture of a camera by WebRTC. It signs in with the camera's password as a device
/// (`authorization: Bearer`). H.264 alone; no sound is taken.
#[utoipa::path(
    post,
    path = "/cameras/{camera}/whip",
    tag = "cameras",
    params(("camera" = String, Path, description = "Its name as a device")),
    request_body(content = String, content_type = "application/sdp"),
    responses(
        (status = 201, description = "The answer; `location` is the call, which DELETE ends", content_type = "application/sdp", body = String),
        (status = "4XX", description = "Refused", body = Problem)
    )
)]
pub async fn send_by_webrtc(
    State(app): State<Arc<App>>,
    ClientAddress(peer): ClientAddress,
    Path(id): Path<String>,
    headers: HeaderMap,
    offer: String,
) -> Result<Response, Refused> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if given.split(';').next().unwrap_or_default().trim() != SDP {
        let words = "an offer is application/sdp";
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_an_offer", words));
    }
    let caller = Caller { camera: &id, key: key(&headers)?, peer };
    let answer = streams(&app)?.answer_call(caller, &offer).await.map_err(refused)?;
    // Names of devices have no character that a path does not.
    let place = format!("/api/v1/cameras/{id}/whip/{}", answer.call);
    let kept = "no-store".to_owned();
    let headers = [(header::CONTENT_TYPE, SDP.to_owned()), (header::LOCATION, place), (header::CACHE_CONTROL, kept)];
    Ok((StatusCode::CREATED, headers, answer.sdp).into_response())
}

/// Ends a call: the source sends no more.
#[utoipa::path(
    delete,
    path = "/cameras/{camera}/whip/{call}",
    tag = "cameras",
    params(("camera" = String, Path, description = "Its name as a device"), ("call" = String, Path, description = "The call")),
    responses((status = 200, description = "Ended"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn end_sending(
    State(app): State<Arc<App>>,
    ClientAddress(peer): ClientAddress,
    Path((id, call)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Refused> {
    let caller = Caller { camera: &id, key: key(&headers)?, peer };
    streams(&app)?.end_call(caller, &call).await.map_err(refused)?;
    Ok(StatusCode::OK)
}

/// The key of `authorization: Bearer` (RFC 6750).
fn key(headers: &HeaderMap) -> Result<&str, Refused> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, key) = given.and_then(|given| given.split_once(' ')).ok_or_else(|| refused(CallRefused::Key))?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(key.trim()) } else { Err(refused(CallRefused::Key)) }
}

fn refused(error: CallRefused) -> Refused {
    let words = error.to_string();
    match error {
        CallRefused::Nowhere => Refused::not_found("camera"),
        CallRefused::Key => Refused::new(StatusCode::UNAUTHORIZED, "device_credentials", words),
        CallRefused::NotAllowed(_) => Refused::new(StatusCode::FORBIDDEN, "device_shut_out", words),
        CallRefused::Taken(_) => Refused::new(StatusCode::CONFLICT, "camera_taken", words),
        CallRefused::Offer(_) => Refused::new(StatusCode::BAD_REQUEST, "offer", words),
        CallRefused::NoCall => Refused::not_found("call"),
        CallRefused::Later(_) => Refused::new(StatusCode::SERVICE_UNAVAILABLE, "later", words).retry_after(60),
    }
}
