//! `POST /devices/{device}/readings`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use sense::telemetry::{Format, IntakeError};

use super::parts::{device_of_basic, intake};
use crate::app::App;
use crate::error::Refused;
use crate::extract::too_large;
use crate::wire::*;

/// Takes readings of a device that speaks HTTP. It signs in with its name and password (Basic). They are on the disk when
/// this answers.
#[utoipa::path(
    post,
    path = "/devices/{device}/readings",
    tag = "devices",
    params(("device" = String, Path, description = "Its name")),
    request_body(content((serde_json::Value = "application/json"), (serde_json::Value = "application/senml+json"), (String = "application/cbor"), (String = "application/senml+cbor"), (String = "application/octet-stream"))),
    responses((status = 200, description = "Kept", body = ReadingsTaken), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn send_readings(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ReadingsTaken>, Refused> {
    let intake = intake(&app)?;
    let member = device_of_basic(&app, intake, &headers).await?;
    if member.row.id.as_str() != id {
        return Err(Refused::new(StatusCode::FORBIDDEN, "not_its_own", "a device sends its own readings alone"));
    }
    let format = format_of(&headers)?;
    let body = body.map_err(|_| too_large())?;
    let readings = intake.take(&member.row.id, format, &body).await.map_err(refused)?;
    Ok(Json(ReadingsTaken { readings: readings as u64 }))
}

fn format_of(headers: &HeaderMap) -> Result<Format, Refused> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match given.split(';').next().unwrap_or_default().trim() {
        "application/json" => Ok(Format::Plain),
        "application/cbor" => Ok(Format::Cbor),
        "application/senml+json" | "application/senml+cbor" => Ok(Format::Senml),
        "application/octet-stream" => Ok(Format::Frame),
        _ => {
            let words = "readings are application/json, application/cbor, application/senml+json, application/senml+cbor or, where the class \
                         describes a frame, application/octet-stream";
            Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_readings", words))
        }
    }
}

fn refused(error: IntakeError) -> Refused {
    let words = error.to_string();
    match error {
        IntakeError::Payload(_) => Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable", words),
        IntakeError::ShutOut(_) | IntakeError::Gone => Refused::new(StatusCode::FORBIDDEN, "device_shut_out", words),
        IntakeError::Lake(_) => Refused::new(StatusCode::SERVICE_UNAVAILABLE, "later", words).retry_after(2),
    }
}
