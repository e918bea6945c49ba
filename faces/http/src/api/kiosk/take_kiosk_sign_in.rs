//! `POST /kiosk/sign-in/session`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use identity::KioskSignIn;

use super::parts::{kiosk_refused, kiosks, secret};
use crate::app::App;
use crate::error::Refused;
use crate::wire::*;

/// Takes the session that somebody agreed to on their phone: given once, to the terminal that asked.
#[utoipa::path(
    post,
    path = "/kiosk/sign-in/session",
    tag = "kiosk",
    responses(
        (status = 200, description = "Signed in", body = Session),
        (status = 202, description = "Nobody has answered yet"),
        (status = "4XX", description = "Refused; 410 when nobody answered in time", body = Problem)
    )
)]
pub async fn take_kiosk_sign_in(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Refused> {
    match kiosks(&app).take(secret(&headers)?).await.map_err(kiosk_refused)? {
        KioskSignIn::Waiting { .. } => Ok(StatusCode::ACCEPTED.into_response()),
        KioskSignIn::Over => {
            Err(Refused::new(StatusCode::GONE, "kiosk_code_over", "nobody answered in time; begin again"))
        }
        KioskSignIn::SignedIn(signed_in) => {
            crate::api::session::view::begin(&app, StatusCode::OK, &headers, &signed_in).await
        }
    }
}
