//! `DELETE /security/upstream/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::openid::upstream::{upstream_refused, upstreams};
use crate::wire::*;

/// Unlinks the caller's account at another provider: it no longer opens this one.
#[utoipa::path(
    delete,
    path = "/security/upstream/{id}",
    tag = "security",
    params(("id" = String, Path, description = "The provider")),
    responses((status = 204, description = "Unlinked"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn unlink_upstream(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Refused> {
    let party = caller.present(&app)?.party;
    let not_found = || Refused::not_found("provider");
    let issuer = upstreams(&app)?.providers().iter().find(|provider| provider.id == id).ok_or_else(not_found)?;
    let was_there = app.accounts.unlink_upstream(party, &issuer.issuer).await.map_err(upstream_refused)?;
    was_there.then_some(StatusCode::NO_CONTENT).ok_or_else(not_found)
}
