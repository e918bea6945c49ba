//! `PUT /services/{id}/draft`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;
use sense::apply::{self, SaveDraft};
use store::MandateAct;

use super::parts::{apply_refused, applying, kept_until, service_id};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::Refused;
use crate::extract::{Body, Segments};
use crate::wire::*;

/// Saves what has been entered so far, to go on with on any device.
#[utoipa::path(
    put,
    path = "/services/{id}/draft",
    tag = "applications",
    params(("id" = String, Path, description = "The service's id")),
    request_body = DraftInput,
    responses((status = 200, description = "Saved", body = DraftSaved), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn save_draft(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    Body(input): Body<DraftInput>,
) -> Result<Json<DraftSaved>, Refused> {
    let service = service_id(&id)?;
    let applicant = applying(&app, &caller, &service, Permission::ServiceApply, MandateAct::Drafted).await?;
    let party = applicant.party;
    let DraftInput { answers, at, version } = input;
    let command = SaveDraft { service, answers, at, version, party };
    let draft = apply::save_draft(&app.sense(), command).await.map_err(apply_refused)?;
    Ok(Json(DraftSaved {
        version: draft.version,
        updated_at: time(draft.updated_at),
        kept_until: kept_until(draft.updated_at),
    }))
}
