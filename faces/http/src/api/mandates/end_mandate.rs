//! `DELETE /mandates/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::{mandate_id, mandate_refused, mandates, view};
use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// Ends a mandate at once, by either side.
#[utoipa::path(
    delete,
    path = "/mandates/{id}",
    tag = "mandates",
    params(("id" = String, Path, description = "The mandate")),
    responses((status = 200, description = "Ended", body = MandateView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn end_mandate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    let mandate = mandates(&app).end(mandate_id(&id)?, party).await.map_err(mandate_refused)?;
    Ok(private(StatusCode::OK, &view(&app, mandate).await?))
}
