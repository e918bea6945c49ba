//! `GET /receipts/{event_id}/explain`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::receipts::{explained, make, named_event, not_sealed};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::{Params, Segments};
use crate::wire::*;

/// What the receipt of an event or a record says, in words.
#[utoipa::path(
    get,
    path = "/receipts/{event_id}/explain",
    tag = "account",
    params(("event_id" = String, Path, description = "The event or record"), SecretQuery),
    responses((status = 200, description = "As asked", body = ReceiptView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn explain_receipt(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(event_id): Segments<String>,
    Params(query): Params<SecretQuery>,
) -> Result<Json<ReceiptView>, Refused> {
    let named = named_event(&app, &caller, &event_id, query.secret.as_deref()).await?;
    match make(&app, named.id).await {
        Ok(receipt) => Ok(Json(explained(&app, &receipt)?)),
        Err(refused) if refused.status() == StatusCode::NOT_FOUND => Ok(Json(not_sealed())),
        Err(refused) => Err(refused),
    }
}
