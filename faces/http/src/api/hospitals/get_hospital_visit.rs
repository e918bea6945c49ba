//! `GET /hospital-visits/{id}`.

use std::sync::Arc;

use act::hospital::view;
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

/// A visit of the caller, as the hospital says at this moment. The question is written down before it is asked.
#[utoipa::path(
    get,
    path = "/hospital-visits/{id}",
    tag = "hospitals",
    params(("id" = String, Path, description = "The visit's id")),
    responses((status = 200, description = "As asked", body = HospitalVisit), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The hospital does not answer", body = Problem))
)]
pub async fn get_hospital_visit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    let (party, visit) = (applicant(&app, &caller)?, visit_id(&id)?);
    caller.limit(&app, &app.limits.hospitals)?;
    let found = view(&connected(&app)?, party, visit).await.map_err(refused)?;
    Ok(answer(&app, StatusCode::OK, &found))
}
