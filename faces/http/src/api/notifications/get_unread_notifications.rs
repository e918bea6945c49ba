//! `GET /notifications/unread`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// How many of one's own messages are not read.
#[utoipa::path(
    get,
    path = "/notifications/unread",
    tag = "notifications",
    responses((status = 200, description = "As asked", body = UnreadCount), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_unread_notifications(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    let unread = app.store.read(move |reader| reader.count_unread(party)).await?;
    Ok(private(StatusCode::OK, &UnreadCount { unread }))
}
