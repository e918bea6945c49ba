//! What others check licences with: the issuer's keys and the status list, for anybody.

use std::sync::Arc;

use act::licences::status_list;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use credential::{Algorithm, PublicKey};
use serde_json::{Value, json};

use crate::app::App;
use crate::error::failed;

/// Both may be a few minutes old; the list says itself how long it may be relied on.
const CACHED: &str = "public, max-age=300";

/// `GET /.well-known/jwt-vc-issuer`: who issues, and the keys (SD-JWT VC, JWT VC Issuer Metadata).
pub async fn issuer(State(app): State<Arc<App>>) -> Response {
    let issuer = &app.issuer;
    cached(Json(json!({"issuer": issuer.uri, "jwks": {"keys": [jwk(issuer.key.kid(), &issuer.key.public_key())]}})))
}

/// `GET /licences/keys`: the same keys as `dipper verify --keys` reads them.
pub async fn keys(State(app): State<Arc<App>>) -> Response {
    let mut key = jwk(app.issuer.key.kid(), &app.issuer.key.public_key());
    key["iss"] = app.issuer.uri.clone().into();
    cached(Json(json!({"keys": [key]})))
}

fn jwk(kid: &str, key: &PublicKey) -> Value {
    let mut jwk = Value::Object(key.to_jwk());
    jwk["kid"] = kid.into();
    jwk["use"] = "sig".into();
    jwk["alg"] = Algorithm::as_str(key.algorithm()).into();
    jwk
}

/// `GET /licences/status`: which licences were revoked (Token Status List).
pub async fn status(State(app): State<Arc<App>>) -> Response {
    match status_list(&app.licences()).await {
        Ok(list) => {
            let mut response = cached(list);
            let kind = HeaderValue::from_static("application/statuslist+jwt");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        Err(error) => {
            tracing::error!(%error, "the status list cannot be made");
            failed().into_response()
        }
    }
}

fn cached(body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHED));
    response
}
