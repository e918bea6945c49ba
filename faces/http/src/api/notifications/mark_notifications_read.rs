//! `POST /notifications/read`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use store::{OutboxId, StoreError, Tx};

use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Most ids at once.
const IDS_MAX: usize = 100;

/// Marks messages of one's own as read; how many are still not.
#[utoipa::path(
    post,
    path = "/notifications/read",
    tag = "notifications",
    request_body = ReadInput,
    responses((status = 200, description = "As asked", body = UnreadCount), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn mark_notifications_read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<ReadInput>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    if input.ids.len() > IDS_MAX {
        return Err(Refused::field("ids", format!("are at most {IDS_MAX}")));
    }
    let ids: Result<Vec<OutboxId>, _> = input.ids.iter().map(|id| id.parse()).collect();
    let ids = ids.map_err(|error| Refused::field("ids", error.to_string()))?;
    let now = app.now();
    let unread = app
        .store
        .write(move |tx: &mut Tx| {
            tx.mark_read(party, &ids, now)?;
            tx.count_unread(party)
        })
        .await
        .map_err(|error: StoreError| Refused::from(error))?;
    Ok(private(StatusCode::OK, &UnreadCount { unread }))
}
