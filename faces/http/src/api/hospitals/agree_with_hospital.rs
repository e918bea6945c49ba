//! `PUT /hospitals/{id}/agreement`.

use std::sync::Arc;

use act::hospital::agree;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::{agreement, connected, hospital_id, refused};
use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// Agrees that a hospital is told and asked about the caller: the separate consent of PIPL article 29.
#[utoipa::path(
    put,
    path = "/hospitals/{id}/agreement",
    tag = "hospitals",
    params(("id" = String, Path, description = "The hospital's id")),
    responses((status = 200, description = "Done", body = HospitalAgreement), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The hospital does not answer", body = Problem))
)]
pub async fn agree_with_hospital(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    let (party, hospital) = (applicant(&app, &caller)?, hospital_id(&id)?);
    caller.limit(&app, &app.limits.fetches)?;
    let found = agree(&connected(&app)?, party, hospital).await.map_err(refused)?;
    Ok(private(StatusCode::OK, &agreement(&found)))
}
