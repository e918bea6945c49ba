//! `POST /openid/sign-out`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::caller::{Caller, end_cookie, session_token};
use crate::error::Refused;
use crate::extract::Body;
use crate::openid::provider;
use crate::wire::*;

/// Signs the caller out for a program, and answers where it wants them back: an address registered for the program
/// that the hint names, or nowhere.
#[utoipa::path(
    post,
    path = "/openid/sign-out",
    tag = "openid",
    request_body = SignOutRequest,
    responses((status = 200, description = "Signed out", body = Onward), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn sign_out_onward(
    State(app): State<Arc<App>>,
    _caller: Caller,
    headers: HeaderMap,
    Body(input): Body<SignOutRequest>,
) -> Result<Response, Refused> {
    let to = onward(&app, &input.query).await?;
    if let Some(token) = session_token(&headers) {
        app.accounts.sign_out(token).await?;
    }
    Ok(([(header::SET_COOKIE, end_cookie(app.settings.secure_cookies))], Json(Onward { to })).into_response())
}

async fn onward(app: &App, query: &str) -> Result<Option<String>, Refused> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let get = |name: &str| pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    let (Some(hint), Some(to)) = (get("id_token_hint"), get("post_logout_redirect_uri")) else { return Ok(None) };
    let client = provider(app)?.client_of_hint(hint).await?;
    if !client.is_some_and(|client| client.post_logout_redirect_uris.iter().any(|uri| uri == to)) {
        return Ok(None);
    }
    let mut to = to.to_owned();
    if let Some(state) = get("state") {
        let state: String = form_urlencoded::byte_serialize(state.as_bytes()).collect();
        to.push(if to.contains('?') { '&' } else { '?' });
        to.push_str("state=");
        to.push_str(&state);
    }
    Ok(Some(to))
}
