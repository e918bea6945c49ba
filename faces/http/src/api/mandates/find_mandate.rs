//! `POST /mandates/find`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::{mandate_refused, mandates, view};
use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// What a code offers, before it is taken.
#[utoipa::path(
    post,
    path = "/mandates/find",
    tag = "mandates",
    request_body = MandateCode,
    responses((status = 200, description = "As asked", body = MandateView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn find_mandate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<MandateCode>,
) -> Result<Response, Refused> {
    applicant(&app, &caller)?;
    caller.limit(&app, &app.limits.fetches)?;
    let mandate = mandates(&app).find_offered(&input.code).await.map_err(mandate_refused)?;
    Ok(private(StatusCode::OK, &view(&app, mandate).await?))
}
