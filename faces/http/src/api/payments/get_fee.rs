//! `GET /reports/{case_no}/fee`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::access::load_for_reporter;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::payments::fee;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// The fee of one's own application, and how far its payment is.
#[utoipa::path(
    get,
    path = "/reports/{case_no}/fee",
    tag = "payments",
    params(("case_no" = String, Path, description = "The number people see")),
    responses((status = 200, description = "As asked", body = FeeView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_fee(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(case_no): Segments<String>,
) -> Result<Json<FeeView>, Refused> {
    let (loaded, _) = load_for_reporter(&app, &caller.principal, &case_no, None).await?;
    let found = fee(&loaded.case, &loaded.compiled.city, app.gateway.is_some());
    found.map(Json).ok_or_else(|| Refused::not_found("fee"))
}
