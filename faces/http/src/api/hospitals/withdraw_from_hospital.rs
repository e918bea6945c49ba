//! `DELETE /hospitals/{id}/agreement`.

use std::sync::Arc;

use act::hospital::withdraw;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::parts::{connected, hospital_id, refused};
use crate::api::applications::parts::applicant;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// Withdraws that consent: nothing more is told or asked, and the city forgets the visits there.
#[utoipa::path(
    delete,
    path = "/hospitals/{id}/agreement",
    tag = "hospitals",
    params(("id" = String, Path, description = "The hospital's id")),
    responses((status = 204, description = "Done"), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The hospital does not answer", body = Problem))
)]
pub async fn withdraw_from_hospital(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    let (party, hospital) = (applicant(&app, &caller)?, hospital_id(&id)?);
    withdraw(&connected(&app)?, party, hospital).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
