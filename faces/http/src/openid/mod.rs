//! The OpenID Connect provider's addresses, as other programs and their libraries use them. Pages and consent are in
//! `api/openid`; what is decided is in `identity::openid`.

mod authorize;
mod discovery;
mod token;
pub(crate) mod upstream;
mod user_info;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use identity::openid::{Authorization, AuthorizeError, OpenId};
use sense::alarms::{Alarm, raise};
use serde::Serialize;

use crate::api::account::period::day_of;
use crate::app::App;
use crate::error::Refused;

/// Every address of the provider.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::configuration))
        .route("/.well-known/oauth-authorization-server", get(discovery::configuration))
        .route("/openid/jwks", get(discovery::jwks))
        .route("/openid/authorize", get(authorize::by_query).post(authorize::by_form))
        .route("/openid/token", post(token::token))
        .route("/openid/upstream-keys", get(upstream::client_keys))
        .route("/openid/upstream/{id}", get(upstream::come_back))
        .route("/openid/revoke", post(token::revoke))
        .route("/openid/userinfo", get(user_info::user_info).post(user_info::user_info))
        .route("/openid/logout", get(authorize::logout).post(authorize::logout_by_form))
}

/// The provider, or 404 where this server has no address of its own to be one under.
///
/// # Errors
/// [`Refused`].
pub fn provider(app: &App) -> Result<&OpenId, Refused> {
    app.openid.as_ref().ok_or_else(|| Refused::not_found("resource"))
}

/// Reads an authorization request. One that goes beyond its client's contract is counted and raises an alarm.
///
/// # Errors
/// [`AuthorizeError`], never [`AuthorizeError::OverScope`].
pub async fn read(app: &App, provider: &OpenId, query: &str) -> Result<Authorization, AuthorizeError> {
    let (client, scope, back) = match provider.read(query).await {
        Err(AuthorizeError::OverScope { client, scope, back }) => (client, scope, back),
        other => return other,
    };
    let day = day_of(&app.current().city.zone(), app.now());
    provider.count_refusal(&client.id, &day.to_string()).await?;
    alarm(app, Alarm::over_scope(&client, &scope.to_string())).await;
    Err(AuthorizeError::Told(back))
}

/// Opens the case of an alarm. What was refused stays refused where that fails.
async fn alarm(app: &App, alarm: Alarm) {
    let day = day_of(&app.current().city.zone(), app.now());
    if let Err(error) = raise(&app.sense(), alarm, day).await {
        tracing::error!(%error, "an alarm about personal data opened no case");
    }
}

/// An answer in the words of OAuth 2.0; never kept by anything on the way (RFC 6749 §5.1).
fn answer(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An error in the words of OAuth 2.0 (RFC 6749 §5.2).
fn fault(status: StatusCode, error: &str, why: &str) -> Response {
    answer(status, &serde_json::json!({"error": error, "error_description": why}))
}
