//! `PATCH /uploads/{id}`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use sense::uploads::{UploadError, receive};

use super::parts::{
    EXPIRES, OFFSET, PIECE, answer, carry, check_version, checksum, header_count, http_date, is_piece, refused,
    upload_id,
};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// Sends the next piece of an upload of one's own.
#[utoipa::path(
    patch,
    path = "/uploads/{id}",
    tag = "uploads",
    params(
        ("id" = String, Path, description = "Its id"),
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Offset" = u64, Header, description = "Where the piece begins: what HEAD says"),
        ("Upload-Checksum" = Option<String>, Header, description = "sha1 or sha256 of the piece, in Base64"),
    ),
    request_body(content_type = "application/offset+octet-stream", description = "The bytes"),
    responses((status = 204, description = "Kept as far as Upload-Offset says"), (status = "4XX", description = "Refused: 409 for another offset, 413 for too much, 460 for another checksum", body = Problem))
)]
pub async fn send_upload_piece(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Segments(id): Segments<String>,
    body: Body,
) -> Result<Response, Refused> {
    check_version(&headers)?;
    let party = caller.staff()?.party;
    let id = upload_id(&id)?;
    if !is_piece(&headers) {
        let words = format!("the content-type of a piece is {PIECE}");
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_a_piece", words));
    }
    let (asked, checksum) = (header_count(&headers, &OFFSET)?, checksum(&headers)?);
    let receiving = receive(&app.sense(), id, party, asked, checksum).await.map_err(refused)?;
    let bytes = receiving.row().bytes;
    let said = headers.contains_key(header::CONTENT_LENGTH).then(|| header_count(&headers, &header::CONTENT_LENGTH));
    let end = asked.saturating_add(said.transpose()?.unwrap_or(0));
    if end > bytes {
        return Err(refused(UploadError::TooLong { end, bytes }));
    }
    let received = carry(&app, receiving, body).await?;
    let about = [(OFFSET, received.offset.to_string()), (EXPIRES, http_date(received.row.expires_at))];
    Ok(answer(StatusCode::NO_CONTENT, about))
}
