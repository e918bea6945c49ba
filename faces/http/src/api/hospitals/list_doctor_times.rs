//! `GET /hospitals/{id}/times`.

use std::sync::Arc;

use act::hospital::list_slots;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::{connected, hospital_id, refused};
use crate::api::applications::parts::private;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::hospitals::times;
use crate::error::Refused;
use crate::extract::{Params, Segments};
use crate::wire::*;

/// The free times of a doctor in the coming days, as the hospital says at this moment.
#[utoipa::path(
    get,
    path = "/hospitals/{id}/times",
    tag = "hospitals",
    params(("id" = String, Path, description = "The hospital's id"), DoctorTimesQuery),
    responses((status = 200, description = "As asked", body = DoctorTimes), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The hospital does not answer", body = Problem))
)]
pub async fn list_doctor_times(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    Params(query): Params<DoctorTimesQuery>,
) -> Result<Response, Refused> {
    let hospital = hospital_id(&id)?;
    caller.limit(&app, &app.limits.offers)?;
    let (offer, slots) = list_slots(&connected(&app)?, &hospital, &query.role).await.map_err(refused)?;
    Ok(private(StatusCode::OK, &times(&offer, &slots)))
}
