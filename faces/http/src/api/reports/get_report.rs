//! `GET /reports/{case_no}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::parts::{acting, report_view};
use crate::access::load_for_reporter;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::{Params, Segments};
use crate::wire::*;

/// A report, for its reporter.
#[utoipa::path(
    get,
    path = "/reports/{case_no}",
    tag = "reports",
    params(("case_no" = String, Path, description = "The number people see"), SecretQuery),
    responses((status = 200, description = "As asked", body = Report), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_report(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(case_no): Segments<String>,
    Params(query): Params<SecretQuery>,
) -> Result<Json<Report>, Refused> {
    let secret = query.secret.as_deref();
    let (loaded, holds_secret) = load_for_reporter(&app, &caller.principal, &case_no, secret).await?;
    let acting = acting(&caller.principal, holds_secret);
    Ok(Json(report_view(&app, &loaded, &acting, secret.filter(|_| holds_secret))))
}
