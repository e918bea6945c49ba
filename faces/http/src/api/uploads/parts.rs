//! What the endpoints of uploads share: headers of the protocol, bodies on their way to the disk, refusals.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::fmt::rfc2822::DateTimePrinter;
use model::{EventId, Instant};
use sense::uploads::{Checksum, METADATA_MAX, Received, Receiving, UploadError, complete};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;

use crate::app::App;
use crate::error::{Refused, failed};

/// The version of the protocol.
pub const VERSION: &str = "1.0.0";

/// The type of a piece.
pub const PIECE: &str = "application/offset+octet-stream";

/// A connection that says nothing for so long is given up; what came stays.
const SILENCE: Duration = Duration::from_secs(30);

/// Parts of a body that wait for the disk: each is what one read of the connection gave, some 400 KB at most.
const WAITING: usize = 8;

/// `Tus-Resumable`.
pub const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
/// `Upload-Offset`.
pub const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// `Upload-Length`.
pub const LENGTH: HeaderName = HeaderName::from_static("upload-length");
/// `Upload-Metadata`.
pub const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
/// `Upload-Expires`.
pub const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// `Upload-Checksum`.
const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");

/// Refuses another version of the protocol than ours.
///
/// # Errors
/// 412.
pub fn check_version(headers: &HeaderMap) -> Result<(), Refused> {
    if headers.get(RESUMABLE).is_some_and(|version| version == VERSION) {
        return Ok(());
    }
    let words = format!("Tus-Resumable: must be {VERSION}");
    Err(Refused::new(StatusCode::PRECONDITION_FAILED, "tus_version", words))
}

/// The id of an upload in a path.
///
/// # Errors
/// 404.
pub fn upload_id(text: &str) -> Result<EventId, Refused> {
    text.parse().map_err(|_| Refused::not_found("upload"))
}

/// The text of a header.
///
/// # Errors
/// 400 when it is not ASCII.
pub fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refused> {
    let wrong = |_| Refused::parameter(name.as_str(), "must be ASCII");
    headers.get(name).map(|value| value.to_str().map_err(wrong)).transpose()
}

/// The count in a header.
///
/// # Errors
/// 400 when it is absent or no count.
pub fn header_count(headers: &HeaderMap, name: &HeaderName) -> Result<u64, Refused> {
    let wrong = || Refused::parameter(name.as_str(), "must be a count of bytes");
    header_text(headers, name)?.and_then(|text| text.trim().parse().ok()).ok_or_else(wrong)
}

/// Whether the body is a piece of a file.
pub fn is_piece(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == PIECE)
}

/// The checksum that a piece must have.
///
/// # Errors
/// 400 when it is of another kind than ours, or no Base64 of its length.
pub fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Refused> {
    let wrong = || Refused::parameter("upload-checksum", "must be sha1 or sha256, a space and the digest in Base64");
    let Some(text) = header_text(headers, &CHECKSUM)? else { return Ok(None) };
    let (kind, digest) = text.trim().split_once(' ').ok_or_else(wrong)?;
    let digest = STANDARD.decode(digest.trim()).map_err(|_| wrong())?;
    let checksum = match kind {
        "sha1" => digest.try_into().map(Checksum::Sha1),
        "sha256" => digest.try_into().map(Checksum::Sha256),
        _ => return Err(wrong()),
    };
    checksum.map(Some).map_err(|_| wrong())
}

/// Carries a body to the disk, and says how the upload stands then.
///
/// The writer has a thread of its own: when the client goes away this future is dropped, and what came is still written.
///
/// # Errors
/// [`Refused`]; what is kept of the piece, `HEAD` says.
pub async fn carry(app: &App, receiving: Receiving, body: Body) -> Result<Received, Refused> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let writing = tokio::task::spawn_blocking(move || write(receiving, receiver));
    let (mut stream, mut closing) = (body.into_data_stream(), app.hub.closing());
    loop {
        let next = tokio::select! {
            next = tokio::time::timeout(SILENCE, stream.next()) => next,
            // The server stops: what came is kept, and the client goes on with the next one.
            _ = closing.wait_for(|is_closing| *is_closing) => break,
        };
        let said = match next {
            Ok(Some(Ok(bytes))) => sender.send(Some(bytes)).await,
            Ok(None) => {
                let _ = sender.send(None).await;
                break;
            }
            Ok(Some(Err(_))) | Err(_) => break,
        };
        // The writer has ended: it says why.
        if said.is_err() {
            break;
        }
    }
    drop(sender);
    let received = writing.await.map_err(|_| failed())?.map_err(refused)?;
    let kept = received.clone();
    complete(&app.sense(), received).await.map_err(refused)?;
    Ok(kept)
}

/// `None` is the end of the body; without it, it was broken off.
fn write(
    mut receiving: Receiving,
    mut receiver: mpsc::Receiver<Option<axum::body::Bytes>>,
) -> Result<Received, UploadError> {
    while let Some(said) = receiver.blocking_recv() {
        let Some(bytes) = said else { return receiving.finish(true) };
        if let Err(error) = receiving.write(&bytes) {
            let _ = receiving.finish(false);
            return Err(error);
        }
    }
    receiving.finish(false)
}

/// An answer of the protocol.
pub fn answer<const N: usize>(status: StatusCode, headers: [(HeaderName, String); N]) -> Response {
    let mut response = status.into_response();
    let own = [(RESUMABLE, VERSION.to_owned()), (header::CACHE_CONTROL, "no-store".to_owned())];
    for (name, value) in own.into_iter().chain(headers) {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// An instant as HTTP says it.
pub fn http_date(at: Instant) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&at.to_timestamp()).unwrap_or_default()
}

/// Why an upload was not taken.
pub fn refused(error: UploadError) -> Refused {
    let words = error.to_string();
    match error {
        UploadError::Unknown => Refused::not_found("upload"),
        UploadError::Expired(_) => Refused::new(StatusCode::GONE, "expired", words),
        UploadError::TooLarge { .. } | UploadError::TooLong { .. } => {
            Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", words)
        }
        UploadError::TooMany { .. } => Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_uploads", words),
        UploadError::Metadata(_) => {
            Refused::parameter("upload-metadata", format!("{words} ({METADATA_MAX} bytes at most)"))
        }
        UploadError::Offset { .. } => Refused::new(StatusCode::CONFLICT, "wrong_offset", words),
        UploadError::Busy => Refused::new(StatusCode::LOCKED, "upload_busy", words).retry_after(1),
        UploadError::Checksum => {
            let status = StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST);
            Refused::new(status, "checksum_mismatch", words)
        }
        UploadError::Unfinished { .. } => Refused::new(StatusCode::CONFLICT, "unfinished", words),
        UploadError::Disk(kind) => {
            tracing::error!(?kind, "an upload could not be stored");
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "uploads cannot be stored at present")
                .retry_after(30)
        }
        UploadError::Store(error) => error.into(),
    }
}
