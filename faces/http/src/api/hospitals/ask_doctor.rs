//! `POST /hospital-visits/{id}/messages`.

use std::sync::Arc;

use act::hospital::{Wrote, ask_doctor as ask};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::{answer, connected, refused, visit_id};
use crate::api::applications::parts::applicant;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::{Body, Segments};
use crate::wire::*;

/// Asks the doctor of a visit something.
#[utoipa::path(
    post,
    path = "/hospital-visits/{id}/messages",
    tag = "hospitals",
    params(("id" = String, Path, description = "The visit's id")),
    request_body = DoctorQuestion,
    responses((status = 200, description = "Done", body = HospitalVisit), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The hospital does not answer", body = Problem))
)]
pub async fn ask_doctor(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    Body(input): Body<DoctorQuestion>,
) -> Result<Response, Refused> {
    let (party, visit) = (applicant(&app, &caller)?, visit_id(&id)?);
    caller.limit(&app, &app.limits.hospitals)?;
    let wrote = Wrote { number: input.number, text: input.text };
    let found = ask(&connected(&app)?, party, visit, wrote).await.map_err(refused)?;
    Ok(answer(&app, StatusCode::OK, &found))
}
