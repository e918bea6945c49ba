//! `POST /session/passkey`.

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

/// Signs in the owner of a passkey.
#[utoipa::path(
    post,
    path = "/session/passkey",
    tag = "session",
    request_body = PasskeySignIn,
    responses((status = 200, description = "Signed in", body = Session), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn sign_in_by_passkey(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    headers: HeaderMap,
    Body(input): Body<PasskeySignIn>,
) -> Result<Response, Refused> {
    app.limits.sign_in.take(address.0.to_string(), app.now()).map_err(Refused::too_many)?;
    let signed_in = app.accounts.sign_in_by_passkey(&input.ceremony, Value::from_iter(input.credential)).await;
    super::view::begin(&app, StatusCode::OK, &headers, &signed_in.map_err(refused)?).await
}
