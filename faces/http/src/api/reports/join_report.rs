//! `POST /reports/{case_no}/join`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use identity::Principal;
use sense::duplicates::{JoinError, join};
use sense::report::Filer;

use super::parts::contact;
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::{Body, Segments};
use crate::wire::*;

/// Joins a report: me too.
#[utoipa::path(
    post,
    path = "/reports/{case_no}/join",
    tag = "reports",
    params(("case_no" = String, Path, description = "The number people see")),
    request_body = JoinInput,
    responses((status = 200, description = "Joined", body = ReportJoined), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn join_report(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(case_no): Segments<String>,
    Body(input): Body<JoinInput>,
) -> Result<Json<ReportJoined>, Refused> {
    caller.limit(&app, &app.limits.reports)?;
    let no = case_no.parse().map_err(|_| Refused::not_found("report"))?;
    let filer = match &caller.principal {
        Principal::Resident { party } => Filer::Resident(*party),
        Principal::Visitor => Filer::Anonymous,
        Principal::Agent(_) => return Err(Refused::not_for_others()),
        Principal::Staff { .. } | Principal::Client { .. } => return Err(Refused::forbidden()),
    };
    let joined = join(&app.sense(), no, filer, contact(input.contact)?).await.map_err(refused)?;
    let joined_count = u32::try_from(joined.case.joined.len()).unwrap_or(u32::MAX);
    Ok(Json(ReportJoined { case_no: joined.case.no.to_string(), joined_count, secret: joined.secret }))
}

fn refused(error: JoinError) -> Refused {
    match error {
        JoinError::NotFound => Refused::not_found("report"),
        JoinError::Closed(_) => Refused::new(StatusCode::CONFLICT, "closed", error.to_string()),
        JoinError::PackMissing => failed(),
        JoinError::Store(error) => error.into(),
    }
}
