//! `DELETE /services/{id}/draft`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use identity::Permission;
use sense::apply::delete_draft as delete;
use store::MandateAct;

use super::parts::{applying, service_id};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// Forgets one's own draft, with what departments answered for it.
#[utoipa::path(
    delete,
    path = "/services/{id}/draft",
    tag = "applications",
    params(("id" = String, Path, description = "The service's id")),
    responses((status = 204, description = "Forgotten"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn delete_draft(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Refused> {
    let service = service_id(&id)?;
    let applicant = applying(&app, &caller, &service, Permission::ServiceApply, MandateAct::Drafted).await?;
    let party = applicant.party;
    let was_there = delete(&app.sense(), party, service).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(Refused::not_found("draft")) }
}
