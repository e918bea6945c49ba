//! `GET /reports/{case_no}/application`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sense::apply::own_answers;

use super::parts::{answers_view, apply_refused, private};
use crate::access::load_for_reporter;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// What the caller answered in an application of their own.
#[utoipa::path(
    get,
    path = "/reports/{case_no}/application",
    tag = "applications",
    params(("case_no" = String, Path, description = "The number people see")),
    responses((status = 200, description = "As asked", body = ApplicationAnswers), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_report_application(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(case_no): Segments<String>,
) -> Result<Response, Refused> {
    Ok(private(StatusCode::OK, &own_view(&app, &caller, &case_no).await?))
}

/// The answers of an application as its applicant sees them.
///
/// # Errors
/// 404 for anybody else.
pub async fn own_view(app: &App, caller: &Caller, case_no: &str) -> Result<ApplicationAnswers, Refused> {
    let (loaded, _) = load_for_reporter(app, &caller.principal, case_no, None).await?;
    // Whoever joined a case is a reporter of it as well; answers are the applicant's alone.
    let is_applicant = loaded.case.reporter.party.is_some() && loaded.case.reporter.party == caller.principal.subject();
    let application = loaded.case.application.as_ref().filter(|_| is_applicant);
    let id = application.ok_or_else(|| Refused::not_found("application"))?.answers;
    let given = own_answers(&app.sense(), id).await.map_err(apply_refused)?;
    answers_view(app, &loaded, given, None).await
}
