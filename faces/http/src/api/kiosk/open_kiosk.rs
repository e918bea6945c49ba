//! `POST /kiosk`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::parts::{kiosk_refused, kiosk_view, kiosks};
use crate::app::App;
use crate::caller::ClientAddress;
use crate::error::Refused;
use crate::extract::Body;
use crate::kiosk::kiosk_cookie;
use crate::wire::*;

/// Makes this browser the terminal that the code opens.
#[utoipa::path(
    post,
    path = "/kiosk",
    tag = "kiosk",
    request_body = KioskCode,
    responses((status = 201, description = "Opened", body = KioskView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn open_kiosk(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    Body(input): Body<KioskCode>,
) -> Result<Response, Refused> {
    app.limits.kiosks.take(address.0.to_string(), app.now()).map_err(Refused::too_many)?;
    let (kiosk, secret) = kiosks(&app).open(&input.code).await.map_err(kiosk_refused)?;
    let cookie = kiosk_cookie(secret.reveal(), app.settings.secure_cookies);
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], Json(kiosk_view(&app, &kiosk))).into_response())
}
