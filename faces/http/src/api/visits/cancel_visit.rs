//! `DELETE /reports/{case_no}/visit`.

use std::sync::Arc;

use act::visits;
use axum::Json;
use axum::extract::State;

use super::parts::{case_ref, visit_refused};
use crate::api::applications::parts::acting_on;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::visits::visit;
use crate::error::{Refused, failed};
use crate::extract::Segments;
use crate::wire::*;

/// Gives one's own booked time back.
#[utoipa::path(
    delete,
    path = "/reports/{case_no}/visit",
    tag = "visits",
    params(("case_no" = String, Path, description = "The number people see")),
    responses((status = 200, description = "Given back", body = VisitView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn cancel_visit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(case_no): Segments<String>,
) -> Result<Json<VisitView>, Refused> {
    let applicant = acting_on(&app, &caller, &case_no).await?;
    let party = applicant.party;
    let case =
        visits::cancel_visit(&app.act(), case_ref(&case_no)?, party, applicant.actor()).await.map_err(visit_refused)?;
    visit(&case, &app.pack_of(&case)?.city).map(Json).ok_or_else(failed)
}
