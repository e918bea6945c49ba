//! What a person allowed a program to know (OpenID Connect Core §5.3), against an access token (RFC 6750).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::openid::UserInfoError;
use sense::alarms::Alarm;

use super::{alarm, answer, fault, provider};
use crate::api::account::period::day_of;
use crate::app::App;
use crate::error::Refused;

/// `GET` and `POST /openid/userinfo`.
pub async fn user_info(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let provider = match provider(&app) {
        Ok(provider) => provider,
        Err(refused) => return refused.into_response(),
    };
    let Some(token) = bearer(&headers) else { return challenged(StatusCode::UNAUTHORIZED, None) };
    let day = day_of(&app.current().city.zone(), app.now()).to_string();
    match provider.user_info(token, &day).await {
        Ok(claims) => answer(StatusCode::OK, &claims),
        Err(UserInfoError::Token) => challenged(StatusCode::UNAUTHORIZED, Some("invalid_token")),
        Err(UserInfoError::Quota(client)) => {
            alarm(&app, Alarm::over_quota(&client)).await;
            let error = UserInfoError::Quota(client).to_string();
            fault(StatusCode::TOO_MANY_REQUESTS, "quota_exceeded", &error)
        }
        Err(UserInfoError::Store(error)) => Refused::from(error).into_response(),
    }
}

/// The token of an `authorization` header; one in the address or the body is not looked at (RFC 6750 §5.3).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn challenged(status: StatusCode, error: Option<&str>) -> Response {
    let challenge = error.map_or("Bearer".to_owned(), |error| format!("Bearer error=\"{error}\""));
    let mut response = status.into_response();
    let headers = response.headers_mut();
    headers.insert(header::WWW_AUTHENTICATE, HeaderValue::try_from(challenge).expect("plain words"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
