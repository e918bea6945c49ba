//! `GET /cases/{id}/events`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::access::load_for_staff;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::events::{people_in, staff_view};
use crate::error::Refused;
use crate::extract::Segments;
use crate::ledger_files::sealed_size;
use crate::wire::*;

/// The whole history of a case.
#[utoipa::path(
    get,
    path = "/cases/{id}/events",
    tag = "cases",
    params(("id" = String, Path, description = "A case id or a case number")),
    responses((status = 200, description = "As asked", body = CaseEvents), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_case_events(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Json<CaseEvents>, Refused> {
    let loaded = load_for_staff(&app, &caller.principal, &id).await?;
    let people = people_in(&loaded.events);
    let names = app.store.read(move |reader| reader.display_names(&people)).await?;
    let sealed_to = sealed_size(&app).await;
    let city = &loaded.compiled.city;
    let items = loaded.events.iter().map(|event| staff_view(event, &loaded.case, city, &names, sealed_to)).collect();
    Ok(Json(CaseEvents { items }))
}
