//! `POST /evidence`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::http::StatusCode;
use identity::Principal;
use sense::evidence::{AcceptError, ScanError, accept};
use sense::picture::PictureError;
use store::{EvidenceRow, Tx};

use crate::PICTURE_MAX;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::{picture_url, thumb_url, time};
use crate::error::{Refused, failed};
use crate::extract::too_large;
use crate::wire::*;

/// When to send a file again that could not be scanned.
const RETRY_S: u64 = 30;

/// Keeps a picture, once it has been scanned where the city has a scanner.
#[utoipa::path(
    post,
    path = "/evidence",
    tag = "evidence",
    request_body(content = EvidenceUpload, content_type = "multipart/form-data"),
    responses((status = 201, description = "Kept", body = Evidence), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "It cannot be scanned or stored at present", body = Problem))
)]
pub async fn upload_evidence(
    State(app): State<Arc<App>>,
    caller: Caller,
    form: Multipart,
) -> Result<(StatusCode, Json<Evidence>), Refused> {
    caller.limit(&app, &app.limits.uploads)?;
    let bytes = read_file(form).await?;
    let (ctx, party) = (app.sense(), caller.principal.party());
    let work = tokio::task::spawn_blocking(move || accept(&ctx, &bytes, party));
    let row = work.await.map_err(|_| failed())?.map_err(refused)?;
    if let Principal::Agent(agent) = &caller.principal {
        // It goes with the represented when they are erased.
        let row = EvidenceRow { uploaded_by: Some(agent.on_behalf_of), ..row.clone() };
        app.store.write(move |tx: &mut Tx| tx.record_evidence(&row)).await?;
    }
    let view = Evidence {
        id: row.id.to_string(),
        media_type: row.media_type,
        width: row.width,
        height: row.height,
        bytes: row.bytes.unsigned_abs(),
        taken_at: row.taken_at.map(time),
        lon: row.lon,
        lat: row.lat,
        url: picture_url(&row.id, None),
        thumb_url: thumb_url(&row.id, None),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// The part named `file`, whole, within its limit.
async fn read_file(mut form: Multipart) -> Result<Vec<u8>, Refused> {
    while let Some(mut part) = form.next_field().await.map_err(|error| broken(&error))? {
        if part.name() != Some("file") {
            continue;
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = part.chunk().await.map_err(|error| broken(&error))? {
            if bytes.len() + chunk.len() > PICTURE_MAX {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        return Ok(bytes);
    }
    Err(Refused::field("file", "the form has no part of that name"))
}

fn broken(error: &MultipartError) -> Refused {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        too_large()
    } else {
        Refused::malformed("the form is not multipart/form-data")
    }
}

fn refused(error: AcceptError) -> Refused {
    match error {
        AcceptError::Scan(ScanError::Infected { signature }) => {
            tracing::warn!(%signature, "an uploaded file was refused: the scanner found something in it");
            let words = "the file holds something malicious and was not kept; send another one";
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "infected", words)
        }
        AcceptError::Scan(error @ ScanError::Away(_)) => {
            tracing::error!(%error, "an uploaded file could not be scanned and was not kept");
            let words = "files cannot be scanned at present, and are not kept unscanned; send it again later";
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, "scanner_away", words).retry_after(RETRY_S)
        }
        AcceptError::Picture(fault) => picture_refused(&fault),
        AcceptError::Disk(kind) => {
            tracing::error!(?kind, "a picture could not be stored");
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "pictures cannot be stored at present")
        }
        AcceptError::Store(error) => error.into(),
    }
}

fn picture_refused(fault: &PictureError) -> Refused {
    Refused::field("file", fault.to_string())
}
