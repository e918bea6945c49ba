//! `POST /hospital-visits/{id}/arrival`.

use std::sync::Arc;

use act::hospital::arrive;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::{answer, connected, refused, visit_id};
use crate::api::applications::parts::applicant;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// Tells the hospital that the caller is there; the answer has the number in the queue.
#[utoipa::path(
    post,
    path = "/hospital-visits/{id}/arrival",
    tag = "hospitals",
    params(("id" = String, Path, description = "The visit's id")),
    responses((status = 200, description = "Done", body = HospitalVisit), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The hospital does not answer", body = Problem))
)]
pub async fn arrive_at_hospital(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    let (party, visit) = (applicant(&app, &caller)?, visit_id(&id)?);
    caller.limit(&app, &app.limits.hospitals)?;
    let found = arrive(&connected(&app)?, party, visit).await.map_err(refused)?;
    Ok(answer(&app, StatusCode::OK, &found))
}
