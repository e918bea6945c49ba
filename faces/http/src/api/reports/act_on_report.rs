//! `POST /reports/{case_no}/actions/{action}`.

use std::sync::Arc;

use act::{CaseRef, PerformCommand, perform};
use axum::Json;
use axum::extract::State;

use super::parts::{acting, report_view};
use crate::access::load_for_reporter;
use crate::api::cases::parts::perform_refused;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::{Body, Params, Segments};
use crate::wire::*;

/// Takes an action as the reporter: rate, reopen, urge.
#[utoipa::path(
    post,
    path = "/reports/{case_no}/actions/{action}",
    tag = "reports",
    params(("case_no" = String, Path, description = "The number people see"), ("action" = String, Path, description = "The action"), SecretQuery),
    request_body = ActionInput,
    responses((status = 200, description = "Taken", body = Report), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn act_on_report(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments((case_no, action)): Segments<(String, String)>,
    Params(query): Params<SecretQuery>,
    Body(input): Body<ActionInput>,
) -> Result<Json<Report>, Refused> {
    caller.limit(&app, &app.limits.reports)?;
    let secret = query.secret.as_deref();
    let (loaded, holds_secret) = load_for_reporter(&app, &caller.principal, &case_no, secret).await?;
    let acting = acting(&caller.principal, holds_secret);
    let command = PerformCommand {
        case: CaseRef::Id(loaded.case.id),
        action: action.parse().map_err(|_| Refused::not_found("action"))?,
        version: input.version,
        answers: input.answers,
        acting: acting.clone(),
    };
    perform(&app.act(), command).await.map_err(perform_refused)?;
    let (loaded, _) = load_for_reporter(&app, &caller.principal, &case_no, secret).await?;
    Ok(Json(report_view(&app, &loaded, &acting, secret.filter(|_| holds_secret))))
}
