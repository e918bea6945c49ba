//! `GET /stream`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// Live changes of the cases that the caller may read.
#[utoipa::path(
    get,
    path = "/stream",
    tag = "stream",
    params(("last-event-id" = Option<i64>, Header, description = "The last position seen; what came after it is sent first")),
    responses((status = 200, description = "Server-sent events: `hello` and `case`", body = StreamCase, content_type = "text/event-stream"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn stream_changes(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    caller.signed_in()?;
    let resume = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    crate::stream::respond(&app, &caller, resume).await
}
