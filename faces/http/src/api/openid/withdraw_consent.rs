//! `DELETE /openid/consents/{client}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::applications::parts::applicant;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::openid::provider;
use crate::wire::*;

/// Withdraws what the caller allowed a program; its tokens open nothing from now on (PIPL article 15).
#[utoipa::path(
    delete,
    path = "/openid/consents/{client}",
    tag = "openid",
    params(("client" = String, Path, description = "The program's id")),
    responses((status = 204, description = "Withdrawn"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn withdraw_consent(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(client): Segments<String>,
) -> Result<StatusCode, Refused> {
    let party = applicant(&app, &caller)?;
    let was_there = provider(&app)?.withdraw(party, &client).await?;
    was_there.then_some(StatusCode::NO_CONTENT).ok_or_else(|| Refused::not_found("consent"))
}
