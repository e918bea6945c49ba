//! `POST /security/passkeys`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

use crate::api::session::passkeys::refused;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Adds the passkey that the caller's device made.
#[utoipa::path(
    post,
    path = "/security/passkeys",
    tag = "security",
    request_body = NewPasskey,
    responses((status = 204, description = "Added"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn add_passkey(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<NewPasskey>,
) -> Result<StatusCode, Refused> {
    let party = caller.present(&app)?.party;
    let credential = Value::from_iter(input.credential);
    app.accounts.add_passkey(party, &input.ceremony, credential, &input.title).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}
