//! `POST /reports/{case_no}/visit/arrival`.

use std::sync::Arc;

use act::visits::arrive_at_kiosk as arrive;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use identity::KioskError;

use super::parts::{case_ref, visit_refused};
use crate::api::kiosk::parts::{here, kiosk_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::visits::visit;
use crate::error::{Refused, failed};
use crate::extract::Segments;
use crate::wire::*;

/// Draws the next number of the day, at a terminal in the hall of the office that decides.
#[utoipa::path(
    post,
    path = "/reports/{case_no}/visit/arrival",
    tag = "visits",
    params(("case_no" = String, Path, description = "The case number")),
    responses((status = 200, description = "Arrived", body = VisitView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn arrive_at_kiosk(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Segments(case_no): Segments<String>,
) -> Result<Json<VisitView>, Refused> {
    let party = caller.signed_in()?.party;
    let kiosk = here(&app, &caller, &headers).await?.ok_or_else(|| kiosk_refused(KioskError::NotKiosk))?;
    let case = arrive(&app.act(), case_ref(&case_no)?, party, kiosk.office).await.map_err(visit_refused)?;
    visit(&case, &app.pack_of(&case)?.city).map(Json).ok_or_else(failed)
}
