//! `POST /evidence`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::http::StatusCode;
use identity::Principal;
use sense::evidence::{AcceptError, accept};
use sense::picture::PictureError;
use store::{EvidenceRow, Tx};

use crate::PICTURE_MAX;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::{picture_url, thumb_url, time};
use crate::error::{Refused, failed};
use crate::extract::too_large;
use crate::wire::*;

/// Keeps a picture.
#[utoipa::path(
    post,
    path = "/evidence",
    tag = "evidence",
    request_body(content = EvidenceUpload, content_type = "multipart/form-data"),
    responses((status = 201, description = "Kept", body = Evidence), (status = "4XX", description = "Refused", body = Problem))
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
