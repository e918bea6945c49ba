//! `GET /hospitals/{id}/doctors`.

use std::sync::Arc;

use act::hospital::list_doctors as doctors_of;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::{connected, hospital_id, refused};
use crate::api::applications::parts::private;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::hospitals::doctor;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// The doctors of a hospital, as it says at this moment.
#[utoipa::path(
    get,
    path = "/hospitals/{id}/doctors",
    tag = "hospitals",
    params(("id" = String, Path, description = "The hospital's id")),
    responses((status = 200, description = "As asked", body = DoctorList), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The hospital does not answer", body = Problem))
)]
pub async fn list_doctors(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    let hospital = hospital_id(&id)?;
    caller.limit(&app, &app.limits.offers)?;
    let found = doctors_of(&connected(&app)?, &hospital).await.map_err(refused)?;
    Ok(private(StatusCode::OK, &DoctorList { items: found.iter().map(doctor).collect() }))
}
