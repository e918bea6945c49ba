//! What a library asks first: where everything is, and the keys (OpenID Connect Discovery 1.0 §4, RFC 8414).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use credential::Algorithm;
use identity::openid::{ACR_VALUES, Scope};
use serde_json::{Value, json};

use super::provider;
use crate::app::App;
use crate::error::Refused;

/// Both may be an hour old: a new key is published a day before it signs.
const CACHED: &str = "public, max-age=3600";

/// `GET /.well-known/openid-configuration`.
pub async fn configuration(State(app): State<Arc<App>>) -> Result<Response, Refused> {
    let provider = provider(&app)?;
    let at = |path: &str| format!("{}{path}", provider.issuer());
    let algorithms = [Algorithm::EdDsa.as_str(), Algorithm::Es256.as_str()];
    // Clients may name Ed25519 by its new name too (RFC 9864).
    let proofs = [algorithms[0], "Ed25519", algorithms[1]];
    let document = json!({
        "issuer": provider.issuer(),
        "authorization_endpoint": at("/openid/authorize"),
        "token_endpoint": provider.token_endpoint(),
        "userinfo_endpoint": at("/openid/userinfo"),
        "jwks_uri": at("/openid/jwks"),
        "revocation_endpoint": at("/openid/revoke"),
        "end_session_endpoint": at("/openid/logout"),
        "scopes_supported": Scope::ALL.map(Scope::as_str),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "acr_values_supported": ACR_VALUES,
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": proofs,
        "revocation_endpoint_auth_methods_supported": ["private_key_jwt"],
        "revocation_endpoint_auth_signing_alg_values_supported": proofs,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "name", "real_name", "id_number", "organisation"],
        "ui_locales_supported": ["zh-CN", "en"],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    Ok(cached(document))
}

/// `GET /openid/jwks`.
pub async fn jwks(State(app): State<Arc<App>>) -> Result<Response, Refused> {
    let keys = provider(&app)?.keys().await?;
    let keys: Vec<Value> = keys.iter().map(|key| Value::Object(key.jwk())).collect();
    Ok(cached(json!({"keys": keys})))
}

fn cached(document: Value) -> Response {
    let mut response = Json(document).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHED));
    response
}
