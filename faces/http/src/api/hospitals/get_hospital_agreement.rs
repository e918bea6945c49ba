//! `GET /hospitals/{id}/agreement`.

use std::sync::Arc;

use act::hospital::find_agreement;
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

/// How the caller stands to a hospital: whether they are matched, and whether they agreed.
#[utoipa::path(
    get,
    path = "/hospitals/{id}/agreement",
    tag = "hospitals",
    params(("id" = String, Path, description = "The hospital's id")),
    responses((status = 200, description = "As asked", body = HospitalAgreement), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The hospital does not answer", body = Problem))
)]
pub async fn get_hospital_agreement(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    let (party, hospital) = (applicant(&app, &caller)?, hospital_id(&id)?);
    let found = find_agreement(&connected(&app)?, party, hospital).await.map_err(refused)?;
    Ok(private(StatusCode::OK, &agreement(&found)))
}
