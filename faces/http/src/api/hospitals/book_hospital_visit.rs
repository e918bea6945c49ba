//! `POST /hospital-visits`.

use std::sync::Arc;

use act::hospital::{BookCommand, book};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::{answer, connected, hospital_id, refused};
use crate::api::applications::parts::applicant;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Takes a time at a hospital. Asked again it is the same visit; one that the hospital has not confirmed yet says so.
#[utoipa::path(
    post,
    path = "/hospital-visits",
    tag = "hospitals",
    request_body = HospitalVisitInput,
    responses((status = 200, description = "Done", body = HospitalVisit), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The hospital does not answer", body = Problem))
)]
pub async fn book_hospital_visit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<HospitalVisitInput>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    caller.limit(&app, &app.limits.hospitals)?;
    let hospital = hospital_id(&input.hospital)?;
    let command = BookCommand { party, hospital, role: input.role, slot: input.slot };
    let found = book(&connected(&app)?, command).await.map_err(refused)?;
    Ok(answer(&app, StatusCode::OK, &found))
}
