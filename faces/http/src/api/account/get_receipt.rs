//! `GET /receipts/{event_id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::receipts::{make, named_event};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::{Params, Segments};
use crate::wire::*;

/// The receipt of an event or a record, a `.tlog-proof` file.
#[utoipa::path(
    get,
    path = "/receipts/{event_id}",
    tag = "account",
    params(("event_id" = String, Path, description = "The event or record"), SecretQuery),
    responses((status = 200, description = "A C2SP tlog-proof", body = String, content_type = "application/octet-stream"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_receipt(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(event_id): Segments<String>,
    Params(query): Params<SecretQuery>,
) -> Result<Response, Refused> {
    let named = named_event(&app, &caller, &event_id, query.secret.as_deref()).await?;
    let receipt = make(&app, named.id).await?;
    let disposition = format!("attachment; filename=\"{}.tlog-proof\"", named.file);
    let about = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    Ok((about, receipt.text).into_response())
}
