//! `POST /kiosk/sign-in`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::parts::{kiosk_refused, kiosks, secret};
use crate::api::applications::parts::private;
use crate::app::App;
use crate::convert::time;
use crate::error::Refused;
use crate::wire::*;

/// Asks for somebody to sign in at this terminal with their phone. Whoever was signed in here is no longer.
#[utoipa::path(
    post,
    path = "/kiosk/sign-in",
    tag = "kiosk",
    responses((status = 201, description = "Asked", body = KioskAsked), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn ask_at_kiosk(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Refused> {
    let (code, until) = kiosks(&app).ask(secret(&headers)?).await.map_err(kiosk_refused)?;
    let base = app.settings.base_url.as_deref().unwrap_or_default().trim_end_matches('/');
    // The code is behind the #: it is in no server's log.
    let url = format!("{base}/at-kiosk#{code}");
    Ok(private(StatusCode::CREATED, &KioskAsked { code, url, until: time(until) }))
}
