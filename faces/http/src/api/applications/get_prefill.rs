//! `GET /services/{id}/prefill`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::Permission;
use sense::apply::find_form;
use sense::prefill::find_prefill;
use store::MandateAct;

use super::parts::{apply_refused, applying, private, service_id, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::prefill::prefill_view;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// What departments can fill in of a form, and what they have for the caller so far.
#[utoipa::path(
    get,
    path = "/services/{id}/prefill",
    tag = "applications",
    params(("id" = String, Path, description = "The service's id")),
    responses((status = 200, description = "As asked", body = PrefillView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_prefill(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    let service = service_id(&id)?;
    let applicant = applying(&app, &caller, &service, Permission::ServiceApply, MandateAct::Drafted).await?;
    let party = applicant.party;
    let compiled = app.current();
    let (_, form) = find_form(&compiled.city, &service).map_err(apply_refused)?;
    let known = find_prefill(&app.sense(), party, service.clone()).await.map_err(vault_refused)?;
    let may_ask = applicant.agent.is_none_or(|agent| agent.departments);
    let view = prefill_view(&compiled.city, &service, form, &known, may_ask && app.departments.is_some());
    Ok(private(StatusCode::OK, &view))
}
