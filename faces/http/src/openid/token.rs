//! Codes become tokens, tokens are taken back (RFC 6749 §4.1.3, RFC 7009). Clients sign what they ask.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use identity::openid::TokenError;
use serde_json::json;

use super::{answer, fault, provider};
use crate::app::App;
use crate::error::Refused;

/// `POST /openid/token`.
pub async fn token(State(app): State<Arc<App>>, body: String) -> Response {
    let provider = match provider(&app) {
        Ok(provider) => provider,
        Err(refused) => return refused.into_response(),
    };
    match provider.exchange(&body).await {
        Ok(given) => answer(
            StatusCode::OK,
            &json!({
                "access_token": given.access_token.reveal(),
                "token_type": "Bearer",
                "expires_in": given.expires_in_s,
                "scope": given.scope.to_string(),
                "id_token": given.id_token,
            }),
        ),
        Err(error) => refused(error),
    }
}

/// `POST /openid/revoke`.
pub async fn revoke(State(app): State<Arc<App>>, body: String) -> Response {
    let provider = match provider(&app) {
        Ok(provider) => provider,
        Err(refused) => return refused.into_response(),
    };
    match provider.revoke(&body).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => refused(error),
    }
}

fn refused(error: TokenError) -> Response {
    let words = error.to_string();
    let why = words.split_once(": ").map_or(words.as_str(), |(_, why)| why);
    match error {
        TokenError::Client(_) => fault(StatusCode::UNAUTHORIZED, "invalid_client", why),
        TokenError::Request(_) => fault(StatusCode::BAD_REQUEST, "invalid_request", why),
        TokenError::GrantType => fault(StatusCode::BAD_REQUEST, "unsupported_grant_type", why),
        TokenError::Grant => fault(StatusCode::BAD_REQUEST, "invalid_grant", why),
        TokenError::Store(error) => Refused::from(error).into_response(),
    }
}
