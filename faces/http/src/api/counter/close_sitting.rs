//! `DELETE /counter/sittings/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::mandates::parts::{mandate_id, mandate_refused, mandates};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// Ends filing for somebody at the window.
#[utoipa::path(
    delete,
    path = "/counter/sittings/{id}",
    tag = "counter",
    params(("id" = String, Path, description = "The mandate of the sitting")),
    responses((status = 204, description = "Ended"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn close_sitting(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Refused> {
    let official = caller.staff()?.party;
    mandates(&app).end(mandate_id(&id)?, official).await.map_err(mandate_refused)?;
    Ok(StatusCode::NO_CONTENT)
}
