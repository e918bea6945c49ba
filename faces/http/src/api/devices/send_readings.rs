//! `POST /devices/{device}/readings`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sense::telemetry::{Format, IntakeError, Refused as NotAdmitted};

use super::parts::{device_refused, intake};
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
    request_body(content((serde_json::Value = "application/json"), (serde_json::Value = "application/senml+json"))),
    responses((status = 200, description = "Kept", body = ReadingsTaken), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn send_readings(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ReadingsTaken>, Refused> {
    let intake = intake(&app)?;
    let (name, secret) = credentials(&headers).ok_or_else(not_admitted)?;
    let (member, is_new_secret) = intake.fleet.admit(&name, &secret).map_err(|refused| match refused {
        NotAdmitted::Credentials => not_admitted(),
        other => Refused::new(StatusCode::FORBIDDEN, "device_shut_out", other.to_string()),
    })?;
    if member.row.id.as_str() != id {
        return Err(Refused::new(StatusCode::FORBIDDEN, "not_its_own", "a device sends its own readings alone"));
    }
    let format = format_of(&headers)?;
    if is_new_secret {
        intake.take_over_secret(member.row.id.clone()).await.map_err(device_refused)?;
    }
    app.limits.devices.take(name, app.now()).map_err(Refused::too_many)?;
    let body = body.map_err(|_| too_large())?;
    let readings = intake.take(&member.row.id, format, &body).await.map_err(refused)?;
    Ok(Json(ReadingsTaken { readings: readings as u64 }))
}

fn not_admitted() -> Refused {
    let words = "sign in with the device's name and password (HTTP Basic)";
    Refused::new(StatusCode::UNAUTHORIZED, "device_credentials", words)
}

/// Name and password of `authorization: Basic` (RFC 7617).
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, given) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded = STANDARD.decode(given.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (name, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((name.to_owned(), secret.to_owned()))
}

fn format_of(headers: &HeaderMap) -> Result<Format, Refused> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match given.split(';').next().unwrap_or_default().trim() {
        "application/json" => Ok(Format::Plain),
        "application/senml+json" => Ok(Format::Senml),
        _ => {
            let words = "readings are application/json or application/senml+json";
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
