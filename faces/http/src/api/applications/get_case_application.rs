//! `GET /cases/{id}/application`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::{Access, Permission, Resource};
use sense::looks::open_answers;

use super::parts::{answers_view, private, vault_refused};
use crate::access::{authorise, case_subject, load_for_staff};
use crate::api::cases::sealing::sealing;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::{Params, Segments};
use crate::wire::*;

/// Opens the sealed answers of an application; the reading is recorded, and the applicant sees it.
#[utoipa::path(
    get,
    path = "/cases/{id}/application",
    tag = "applications",
    params(("id" = String, Path, description = "A case id or a case number"), PurposeQuery),
    responses((status = 200, description = "As asked", body = ApplicationAnswers), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_case_application(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    Params(query): Params<PurposeQuery>,
) -> Result<Response, Refused> {
    let party = caller.staff()?.party;
    let loaded = load_for_staff(&app, &caller.principal, &id).await?;
    let resource =
        Resource { purpose: query.purpose.clone(), ..case_subject(&loaded.case, &loaded.compiled.city).into() };
    let grant =
        authorise(&app, &caller.principal, Permission::AnswersRead, &resource)?.ok_or_else(Refused::forbidden)?;
    let answers = loaded.case.application.as_ref().ok_or_else(|| Refused::not_found("application"))?.answers;
    let subject = loaded.case.reporter.party;
    let sealed = sealing(&app, &caller.principal, &resource, &query)?;
    let case = loaded.case.id;
    let access =
        Access { party, grant, case, subject, purpose: query.purpose, basis: String::new(), sealed, event: None };
    let given = open_answers(&app.sense(), answers, access).await.map_err(vault_refused)?;
    Ok(private(StatusCode::OK, &answers_view(&app, &loaded, given, Some(party)).await?))
}
