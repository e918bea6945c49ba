//! `GET /cases/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::parts::case_view;
use crate::access::load_for_staff;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// A case with everything the caller may see.
#[utoipa::path(
    get,
    path = "/cases/{id}",
    tag = "cases",
    params(("id" = String, Path, description = "A case id or a case number")),
    responses((status = 200, description = "As asked", body = CaseView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_case(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Json<CaseView>, Refused> {
    let loaded = load_for_staff(&app, &caller.principal, &id).await?;
    Ok(Json(case_view(&app, &caller.principal, &loaded).await?))
}
