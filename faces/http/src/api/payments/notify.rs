//! `POST /payments/notify`: the gateway tells how far a payment is. Signed, not signed in.

use std::sync::Arc;

use act::payments::hear;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::api::hospitals::parts::refused;
use crate::app::App;
use crate::error::Refused;
use crate::gateway::protocol::{BODY_MAX, SIGNATURE_HEADER, Told, check};

/// Believes a body that carries the gateway's signature of these minutes. Heard twice, it changes nothing.
pub async fn notify(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let (Some(context), Some(secret)) = (app.payments(), &app.settings.payment_secret) else {
        return Refused::not_found("resource").into_response();
    };
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if body.len() > BODY_MAX {
        return Refused::malformed("the body is too large").into_response();
    }
    if let Err(error) = check(secret, app.now(), &body, signature) {
        tracing::warn!(%error, "a notification of a payment was refused");
        return Refused::new(StatusCode::UNAUTHORIZED, "bad_signature", error.to_string()).into_response();
    }
    let Ok(told) = serde_json::from_slice::<Told>(&body) else {
        return Refused::malformed("the body is not a notification").into_response();
    };
    match hear(&context, told.clone().into()).await {
        Ok(Some(_)) => StatusCode::OK.into_response(),
        Ok(None) => hear_of_visit(&app, told).await,
        Err(error) => Refused::from(error).into_response(),
    }
}

/// A payment of a hospital's invoice.
async fn hear_of_visit(app: &App, told: Told) -> Response {
    let Some(context) = app.hospitals() else { return Refused::not_found("payment").into_response() };
    match act::hospital::hear(&context, told.into()).await {
        Ok(Some(_)) => StatusCode::OK.into_response(),
        Ok(None) => Refused::not_found("payment").into_response(),
        Err(error) => refused(error).into_response(),
    }
}
