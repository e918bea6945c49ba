//! `PUT /reports/{case_no}/visit`.

use std::sync::Arc;

use act::visits::{BookCommand, book};
use axum::Json;
use axum::extract::State;
use model::Instant;

use super::parts::{case_ref, place, visit_refused};
use crate::api::applications::parts::acting_on;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::visits::visit;
use crate::error::{Refused, failed};
use crate::extract::{Body, Segments};
use crate::wire::*;

/// Books a time at a window for one's own application; the time held before is given back.
#[utoipa::path(
    put,
    path = "/reports/{case_no}/visit",
    tag = "visits",
    params(("case_no" = String, Path, description = "The number people see")),
    request_body = VisitInput,
    responses((status = 200, description = "Booked", body = VisitView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn book_visit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(case_no): Segments<String>,
    Body(input): Body<VisitInput>,
) -> Result<Json<VisitView>, Refused> {
    let applicant = acting_on(&app, &caller, &case_no).await?;
    let party = applicant.party;
    caller.limit(&app, &app.limits.reports)?;
    let starts_at: Instant =
        input.starts_at.parse().map_err(|_| Refused::field("starts_at", "must be a date and time with a zone"))?;
    let command =
        BookCommand { case: case_ref(&case_no)?, place: place(&input.place)?, starts_at, party, by: applicant.actor() };
    let case = book(&app.act(), command).await.map_err(visit_refused)?;
    visit(&case, &app.pack_of(&case)?.city).map(Json).ok_or_else(failed)
}
