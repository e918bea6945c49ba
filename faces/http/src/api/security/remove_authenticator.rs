//! `DELETE /security/authenticator`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// Forgets the caller's authenticator app with its recovery codes.
#[utoipa::path(
    delete,
    path = "/security/authenticator",
    tag = "security",
    responses((status = 204, description = "Forgotten"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn remove_authenticator(State(app): State<Arc<App>>, caller: Caller) -> Result<StatusCode, Refused> {
    let party = caller.present(&app)?.party;
    app.accounts.remove_authenticator(party).await?;
    Ok(StatusCode::NO_CONTENT)
}
