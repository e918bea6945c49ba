//! `HEAD /uploads/{id}` and `DELETE /uploads/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use sense::uploads::{find, remove};

use super::parts::{EXPIRES, LENGTH, METADATA, OFFSET, answer, check_version, http_date, refused, upload_id};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// How far an upload of one's own is.
#[utoipa::path(
    head,
    path = "/uploads/{id}",
    tag = "uploads",
    params(("id" = String, Path, description = "Its id"), ("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((status = 200, description = "Upload-Offset and Upload-Length say it"), (status = "4XX", description = "Refused"))
)]
pub async fn head_upload(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    check_version(&headers)?;
    let party = caller.staff()?.party;
    let (row, offset) = find(&app.sense(), upload_id(&id)?, party).await.map_err(refused)?;
    let about = [(OFFSET, offset.to_string()), (LENGTH, row.bytes.to_string()), (EXPIRES, http_date(row.expires_at))];
    let mut response = answer(StatusCode::OK, about);
    if !row.metadata.is_empty()
        && let Ok(metadata) = row.metadata.parse()
    {
        response.headers_mut().insert(METADATA, metadata);
    }
    Ok(response)
}

/// Removes an upload of one's own.
#[utoipa::path(
    delete,
    path = "/uploads/{id}",
    tag = "uploads",
    params(("id" = String, Path, description = "Its id"), ("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((status = 204, description = "Removed"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn remove_upload(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    check_version(&headers)?;
    let party = caller.staff()?.party;
    remove(&app.sense(), upload_id(&id)?, party).await.map_err(refused)?;
    Ok(answer(StatusCode::NO_CONTENT, []))
}
