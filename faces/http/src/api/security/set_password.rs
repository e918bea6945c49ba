//! `PUT /security/password`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use crate::api::session::register_resident::account_refused;
use crate::app::App;
use crate::caller::{Caller, session_token};
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Gives the caller a password, or another one, and ends their other sessions.
#[utoipa::path(
    put,
    path = "/security/password",
    tag = "security",
    request_body = NewPassword,
    responses((status = 204, description = "Set"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn set_password(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(input): Body<NewPassword>,
) -> Result<StatusCode, Refused> {
    let party = caller.present(&app)?.party;
    app.limits.sign_in.take(caller.address.to_string(), app.now()).map_err(Refused::too_many)?;
    app.accounts.set_password(party, &input.password).await.map_err(account_refused)?;
    app.accounts.sign_out_elsewhere(party, session_token(&headers).unwrap_or_default()).await?;
    Ok(StatusCode::NO_CONTENT)
}
