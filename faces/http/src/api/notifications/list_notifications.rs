//! `GET /notifications`.

use std::sync::Arc;

use act::notifications::list_words;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use pack::Packs;
use store::{OutboxId, OutboxRow, StoreError};

use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::{text, time};
use crate::error::Refused;
use crate::extract::Params;
use crate::wire::*;

/// Messages of a page when none is said, and at most.
const LIMIT: u32 = 30;
const LIMIT_MAX: u32 = 100;

/// One's own messages, the latest first.
#[utoipa::path(
    get,
    path = "/notifications",
    tag = "notifications",
    params(NotificationQuery),
    responses((status = 200, description = "As asked", body = NotificationList), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_notifications(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<NotificationQuery>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Refused::parameter("limit", format!("is 1 to {LIMIT_MAX}")));
    }
    let before = query.before.map(|before| before.parse::<OutboxId>()).transpose();
    let before = before.map_err(|error| Refused::parameter("before", error.to_string()))?;
    let (rows, unread) = app
        .store
        .read(move |reader| {
            Ok::<_, StoreError>((reader.list_messages_to(party, before, limit)?, reader.count_unread(party)?))
        })
        .await?;
    let is_full = rows.len() == limit as usize;
    let next = rows.last().filter(|_| is_full).map(|row| row.id.to_string());
    let items = rows.iter().filter_map(|row| item(&app.packs, row)).collect();
    Ok(private(StatusCode::OK, &NotificationList { items, unread, next }))
}

/// A message in every language of the city.
pub fn item(packs: &Packs, row: &OutboxRow) -> Option<NotificationItem> {
    let (title, body, words) = list_words(packs, row)?;
    Some(NotificationItem {
        id: row.id.to_string(),
        kind: row.message.kind.clone(),
        title: text(&title),
        body: text(&body),
        case_no: words.case_no,
        path: words.path,
        at: time(row.created_at),
        read: row.read_at.is_some(),
    })
}
