//! `POST /cases/{id}/visit/arrival`.

use std::sync::Arc;

use act::Acting;
use act::visits::arrive;
use axum::Json;
use axum::extract::State;

use super::parts::{case_ref, visit_refused};
use crate::access::load_for_staff;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::visits::visit;
use crate::error::{Refused, failed};
use crate::extract::Segments;
use crate::wire::*;

/// The applicant is at the window: draws the next number of the day.
#[utoipa::path(
    post,
    path = "/cases/{id}/visit/arrival",
    tag = "visits",
    params(("id" = String, Path, description = "A case id or a case number")),
    responses((status = 200, description = "Arrived", body = VisitView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn arrive_at_window(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Json<VisitView>, Refused> {
    let party = caller.staff()?.party;
    load_for_staff(&app, &caller.principal, &id).await?;
    let acting = Acting::Staff { party, grants: caller.principal.grants().to_vec() };
    let case = arrive(&app.act(), case_ref(&id)?, acting).await.map_err(visit_refused)?;
    visit(&case, &app.pack_of(&case)?.city).map(Json).ok_or_else(failed)
}
