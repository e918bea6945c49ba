//! `GET /hospital-visits`.

use std::sync::Arc;

use act::hospital::list_visits;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::parts::{connected, refused};
use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::hospitals::visit;
use crate::error::Refused;
use crate::wire::*;

/// The caller's visits, as far as the city keeps them; no hospital is asked.
#[utoipa::path(
    get,
    path = "/hospital-visits",
    tag = "hospitals",
    responses((status = 200, description = "As asked", body = HospitalVisitList), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The hospital does not answer", body = Problem))
)]
pub async fn list_hospital_visits(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    let found = list_visits(&connected(&app)?, party).await.map_err(refused)?;
    let compiled = app.current();
    let items = found.iter().map(|one| visit(&compiled.city, one, app.gateway.is_some())).collect();
    Ok(private(StatusCode::OK, &HospitalVisitList { items }))
}
