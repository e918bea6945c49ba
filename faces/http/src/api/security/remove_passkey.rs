//! `DELETE /security/passkeys/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::api::session::passkeys::refused;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// Removes a passkey of the caller.
#[utoipa::path(
    delete,
    path = "/security/passkeys/{id}",
    tag = "security",
    params(("id" = String, Path, description = "The passkey's id, base64url")),
    responses((status = 204, description = "Removed"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn remove_passkey(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Refused> {
    let party = caller.present(&app)?.party;
    let id = URL_SAFE_NO_PAD.decode(id).map_err(|_| Refused::not_found("passkey"))?;
    let was_there = app.accounts.remove_passkey(party, id).await.map_err(refused)?;
    was_there.then_some(StatusCode::NO_CONTENT).ok_or_else(|| Refused::not_found("passkey"))
}
