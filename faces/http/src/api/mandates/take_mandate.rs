//! `POST /mandates/take`.

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

/// Takes the mandate that a code offers; it is in force once who offered it has confirmed.
#[utoipa::path(
    post,
    path = "/mandates/take",
    tag = "mandates",
    request_body = MandateCode,
    responses((status = 200, description = "Taken", body = MandateView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn take_mandate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<MandateCode>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    caller.limit(&app, &app.limits.fetches)?;
    let mandate = mandates(&app).take(&input.code, party).await.map_err(mandate_refused)?;
    Ok(private(StatusCode::OK, &view(&app, mandate).await?))
}
