//! `PUT /reports/{case_no}/application`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::Permission;
use sense::correct::{CorrectCommand, CorrectError, correct};

use super::get_report_application::own_view;
use super::parts::{acting_on, apply_refused, private, vault_refused};
use crate::access::{authorise, case_subject, load_for_reporter};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::{Body, Segments};
use crate::wire::*;

/// Corrects the answers of an application of the caller's own, or of whom they act for within their mandate, until it is decided (PIPL article 46). The former record is
/// kept, frozen: nobody opens it any more, and the case names the questions that differ.
#[utoipa::path(
    put,
    path = "/reports/{case_no}/application",
    tag = "applications",
    params(("case_no" = String, Path, description = "The number people see")),
    request_body = CorrectionInput,
    responses((status = 200, description = "Corrected", body = ApplicationAnswers), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn correct_application(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(case_no): Segments<String>,
    Body(input): Body<CorrectionInput>,
) -> Result<Response, Refused> {
    let applicant = acting_on(&app, &caller, &case_no).await?;
    caller.limit(&app, &app.limits.reports)?;
    let (loaded, _) = load_for_reporter(&app, &caller.principal, &case_no, None).await?;
    let subject = case_subject(&loaded.case, &loaded.compiled.city);
    authorise(&app, &caller.principal, Permission::ReportAct, &subject.into())?;
    let CorrectionInput { answers, version } = input;
    let (party, by) = (applicant.party, applicant.handed_in_by());
    let command = CorrectCommand { case: loaded.case.id, party, by, version, answers };
    correct(&app.sense(), command).await.map_err(refused)?;
    Ok(private(StatusCode::OK, &own_view(&app, &caller, &case_no).await?))
}

fn refused(error: CorrectError) -> Refused {
    let words = error.to_string();
    match error {
        CorrectError::NotFound => Refused::not_found("application"),
        CorrectError::Over => Refused::new(StatusCode::CONFLICT, "not_correctable", words),
        CorrectError::VersionConflict { .. } => Refused::new(StatusCode::CONFLICT, "version_conflict", words),
        CorrectError::Apply(error) => apply_refused(error),
        CorrectError::PackMissing(_) => {
            tracing::error!(%words, "a pack is missing from the archive");
            failed()
        }
        CorrectError::Vault(error) => vault_refused(error),
        CorrectError::Store(error) => error.into(),
    }
}
