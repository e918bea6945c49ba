//! `GET /session`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use identity::{KioskError, Principal};

use crate::api::kiosk::parts::{kiosk_refused, kiosk_view, kiosks};
use crate::api::mandates::parts::view;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::kiosk::{kiosk_cookie, kiosk_secret};
use crate::wire::*;

/// Who is signed in, and the token for changes.
#[utoipa::path(
    get,
    path = "/session",
    tag = "session",
    responses((status = 200, description = "As asked", body = Session), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_session(State(app): State<Arc<App>>, caller: Caller, headers: HeaderMap) -> Result<Response, Refused> {
    let mut session = super::view::session_view(&app, caller.session.as_deref());
    let mut ended = None;
    if let Some(secret) = kiosk_secret(&headers) {
        match kiosks(&app).find(secret).await {
            Ok(kiosk) => session.kiosk = Some(kiosk_view(&app, &kiosk)),
            // It was removed: the browser is one like any other again.
            Err(KioskError::NotKiosk) => ended = Some(kiosk_cookie("", app.settings.secure_cookies)),
            Err(error) => return Err(kiosk_refused(error)),
        }
    }
    if let Principal::Agent(agent) = &caller.principal {
        let id = agent.mandate;
        let mandate = app.store.read(move |reader| reader.find_mandate(id)).await?;
        session.acting = Some(view(&app, mandate.ok_or_else(|| Refused::not_found("mandate"))?).await?);
    }
    let cookie = ended.map(|cookie| [(header::SET_COOKIE, cookie)]);
    Ok((cookie, Json(session)).into_response())
}
