//! `GET /services/{id}/draft`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::Permission;
use store::MandateAct;

use super::parts::{applying, kept_until, private, service_id, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// One's own draft.
#[utoipa::path(
    get,
    path = "/services/{id}/draft",
    tag = "applications",
    params(("id" = String, Path, description = "The service's id")),
    responses((status = 200, description = "As asked", body = Draft), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_draft(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    let service = service_id(&id)?;
    let applicant = applying(&app, &caller, &service, Permission::ServiceApply, MandateAct::Drafted).await?;
    let party = applicant.party;
    let (vault, named) = (Arc::clone(&app.vault), service.clone());
    let found = app.store.read(move |reader| vault.find_draft(reader, party, &named)).await.map_err(vault_refused)?;
    let draft = found.ok_or_else(|| Refused::not_found("draft"))?;
    let view = Draft {
        service: service.to_string(),
        answers: draft.answers,
        at: draft.at,
        version: draft.version,
        updated_at: time(draft.updated_at),
        kept_until: kept_until(draft.updated_at),
    };
    Ok(private(StatusCode::OK, &view))
}
