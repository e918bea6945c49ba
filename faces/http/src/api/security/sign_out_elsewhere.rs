//! `DELETE /security/sessions`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use crate::app::App;
use crate::caller::{Caller, session_token};
use crate::error::Refused;
use crate::wire::*;

/// Ends every session of the caller but this one.
#[utoipa::path(
    delete,
    path = "/security/sessions",
    tag = "security",
    responses((status = 204, description = "Ended"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn sign_out_elsewhere(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<StatusCode, Refused> {
    let party = caller.signed_in()?.party;
    app.accounts.sign_out_elsewhere(party, session_token(&headers).unwrap_or_default()).await?;
    Ok(StatusCode::NO_CONTENT)
}
