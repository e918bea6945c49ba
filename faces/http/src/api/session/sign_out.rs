//! `DELETE /session`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::caller::{Caller, end_cookie, session_token};
use crate::error::Refused;
use crate::wire::*;

/// Signs out.
#[utoipa::path(
    delete,
    path = "/session",
    tag = "session",
    responses((status = 204, description = "Signed out"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn sign_out(State(app): State<Arc<App>>, _caller: Caller, headers: HeaderMap) -> Result<Response, Refused> {
    if let Some(token) = session_token(&headers) {
        app.accounts.sign_out(token).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, end_cookie(app.settings.secure_cookies))]).into_response())
}
