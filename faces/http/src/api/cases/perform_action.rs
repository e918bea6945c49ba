//! `POST /cases/{id}/actions/{action}`.

use std::sync::Arc;

use act::{CaseRef, PerformCommand, perform};
use axum::Json;
use axum::extract::State;
use identity::Permission;

use super::parts::{case_view, perform_refused, staff_acting};
use crate::access::{authorise, case_subject, load_for_staff};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::{Body, Segments};
use crate::wire::*;

/// Takes an action on a case.
#[utoipa::path(
    post,
    path = "/cases/{id}/actions/{action}",
    tag = "cases",
    params(("id" = String, Path, description = "A case id or a case number"), ("action" = String, Path, description = "The action")),
    request_body = ActionInput,
    responses((status = 200, description = "Taken", body = CaseView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn perform_action(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments((id, action)): Segments<(String, String)>,
    Body(input): Body<ActionInput>,
) -> Result<Json<CaseView>, Refused> {
    let acting = staff_acting(&caller.principal)?;
    let mut loaded = load_for_staff(&app, &caller.principal, &id).await?;
    let resource = case_subject(&loaded.case, &loaded.compiled.city).into();
    authorise(&app, &caller.principal, Permission::CaseAct, &resource)?;
    let command = PerformCommand {
        case: CaseRef::Id(loaded.case.id),
        action: action.parse().map_err(|_| Refused::not_found("action"))?,
        version: input.version,
        answers: input.answers,
        acting,
    };
    let performed = perform(&app.act(), command).await.map_err(perform_refused)?;
    loaded.case = performed.case;
    loaded.events.extend(performed.events);
    Ok(Json(case_view(&app, &caller.principal, &loaded).await?))
}
