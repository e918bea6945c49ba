//! `POST /residents/passkey`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;

use super::passkeys::refused;
use crate::app::App;
use crate::caller::ClientAddress;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Registers a resident with the passkey their device made, and signs them in.
#[utoipa::path(
    post,
    path = "/residents/passkey",
    tag = "session",
    request_body = NewPasskey,
    responses((status = 201, description = "Registered and signed in", body = Session), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn register_by_passkey(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    headers: HeaderMap,
    Body(input): Body<NewPasskey>,
) -> Result<Response, Refused> {
    app.limits.sign_in.take(address.0.to_string(), app.now()).map_err(Refused::too_many)?;
    let credential = Value::from_iter(input.credential);
    let registered = app.accounts.register_by_passkey(&input.ceremony, credential, &input.title).await;
    super::view::begin(&app, StatusCode::CREATED, &headers, &registered.map_err(refused)?).await
}
