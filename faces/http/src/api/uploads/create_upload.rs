//! `OPTIONS /uploads` and `POST /uploads`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::Response;
use identity::Permission;
use sense::uploads::{NewUpload, create, receive};

use super::parts::{
    EXPIRES, LENGTH, METADATA, OFFSET, VERSION, answer, carry, check_version, checksum, header_count, header_text,
    http_date, is_piece, refused,
};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// What of the protocol is spoken here.
#[utoipa::path(
    options,
    path = "/uploads",
    tag = "uploads",
    responses((status = 204, description = "Tus-Version, Tus-Max-Size, Tus-Extension and Tus-Checksum-Algorithm say it"))
)]
pub async fn describe_uploads(State(app): State<Arc<App>>) -> Response {
    let word = HeaderName::from_static;
    let extensions = "creation,creation-with-upload,expiration,checksum,termination";
    answer(
        StatusCode::NO_CONTENT,
        [
            (word("tus-version"), VERSION.to_owned()),
            (word("tus-max-size"), app.files.uploads().limits().file.to_string()),
            (word("tus-extension"), extensions.to_owned()),
            (word("tus-checksum-algorithm"), "sha1,sha256".to_owned()),
        ],
    )
}

/// Begins an upload, with its first piece where the body is one.
#[utoipa::path(
    post,
    path = "/uploads",
    tag = "uploads",
    params(
        ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Length" = u64, Header, description = "How long the whole file is, bytes"),
        ("Upload-Metadata" = Option<String>, Header, description = "Pairs of a key and a value in Base64, such as filename; at most 2048 bytes"),
    ),
    responses((status = 201, description = "Begun: Location says where it is sent, Upload-Expires until when"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn create_upload(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    check_version(&headers)?;
    let party = caller.staff()?.party;
    if app.policy.posts_with(&app.current().city, &caller.principal, Permission::FlightImport).is_empty() {
        return Err(Refused::forbidden());
    }
    let bytes = header_count(&headers, &LENGTH)?;
    let metadata = header_text(&headers, &METADATA)?.unwrap_or_default().to_owned();
    let checksum = checksum(&headers)?;
    let ctx = app.sense();
    let row = create(&ctx, NewUpload { party, bytes, metadata }).await.map_err(refused)?;
    let about = [(header::LOCATION, format!("/api/v1/uploads/{}", row.id)), (EXPIRES, http_date(row.expires_at))];
    if !is_piece(&headers) {
        return Ok(answer(StatusCode::CREATED, about));
    }
    let receiving = receive(&ctx, row.id, party, 0, checksum).await.map_err(refused)?;
    let received = carry(&app, receiving, body).await?;
    let [location, expires] = about;
    Ok(answer(StatusCode::CREATED, [location, expires, (OFFSET, received.offset.to_string())]))
}
