//! `POST /services/{id}/prefill`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::Permission;
use model::SourceId;
use sense::apply::find_form;
use sense::prefill::{FetchCommand, FetchError, fetch, find_prefill};
use store::MandateAct;

use super::parts::{apply_refused, applying, private, service_id, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::prefill::prefill_view;
use crate::error::Refused;
use crate::extract::{Body, Segments};
use crate::wire::*;

/// Agrees that departments are asked for what the form needs of them, and asks them. Every question is written down where
/// the caller sees it, before it is asked; what cannot be written down is not asked.
#[utoipa::path(
    post,
    path = "/services/{id}/prefill",
    tag = "applications",
    params(("id" = String, Path, description = "The service's id")),
    request_body = PrefillConsent,
    responses((status = 200, description = "Asked; what became of each department is in the answer", body = PrefillView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn fetch_prefill(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    Body(input): Body<PrefillConsent>,
) -> Result<Response, Refused> {
    let service = service_id(&id)?;
    let applicant = applying(&app, &caller, &service, Permission::DepartmentsAsk, MandateAct::Asked).await?;
    let party = applicant.party;
    caller.limit(&app, &app.limits.fetches)?;
    let context = app.departments().ok_or_else(not_connected)?;
    let sources = input.sources.iter().map(|source| SourceId::new(source)).collect::<Result<Vec<_>, _>>();
    let sources = sources.map_err(|error| Refused::field("sources", error.to_string()))?;
    let command =
        FetchCommand { service: service.clone(), party, asked_by: applicant.agent.map(|agent| agent.party), sources };
    fetch(&context, command).await.map_err(refused)?;
    let compiled = app.current();
    let (_, form) = find_form(&compiled.city, &service).map_err(apply_refused)?;
    let known = find_prefill(&app.sense(), party, service.clone()).await.map_err(vault_refused)?;
    Ok(private(StatusCode::OK, &prefill_view(&compiled.city, &service, form, &known, true)))
}

/// 404: no departments are connected.
pub fn not_connected() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "not_connected", "no departments are connected here; fill in the form yourself")
}

fn refused(error: FetchError) -> Refused {
    match error {
        FetchError::NotNeeded(_) => Refused::field("sources", error.to_string()),
        FetchError::NotIdentified => Refused::new(StatusCode::FORBIDDEN, "not_identified", error.to_string()),
        FetchError::Form(error) => apply_refused(error),
        FetchError::Vault(error) => vault_refused(error),
        FetchError::Store(error) => error.into(),
    }
}
