//! `POST /licences/{id}/copies`.

use std::sync::Arc;

use act::copies::{CopyError, copy_licence as copy};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::LicenceId;

use crate::api::applications::parts::{applicant, private, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::{Body, Segments};
use crate::wire::*;

/// Copies a licence of one's own for this device, bound to a key that the device alone has.
#[utoipa::path(
    post,
    path = "/licences/{id}/copies",
    tag = "licences",
    params(("id" = String, Path, description = "Its id")),
    request_body = LicenceCopyInput,
    responses((status = 201, description = "Copied", body = LicenceCopy), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn copy_licence(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    Body(input): Body<LicenceCopyInput>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    caller.limit(&app, &app.limits.reports)?;
    let id: LicenceId = id.parse().map_err(|_| Refused::not_found("licence"))?;
    let copied = copy(&app.licences(), party, id, input.proof).await.map_err(refused)?;
    Ok(private(StatusCode::CREATED, &LicenceCopy { sd_jwt: copied.to_string() }))
}

/// Why no copy was made.
pub fn refused(error: CopyError) -> Refused {
    match error {
        // Somebody else's licence and none look the same.
        CopyError::NotFound => Refused::not_found("licence"),
        CopyError::Ended => Refused::new(StatusCode::CONFLICT, "licence_ended", error.to_string()),
        CopyError::Proof(_) => Refused::parameter("proof", error.to_string()),
        CopyError::Vault(error) => vault_refused(error),
        CopyError::Store(error) => error.into(),
        CopyError::Present(_) => Refused::parameter("show", error.to_string()),
        CopyError::Parse(_) | CopyError::Issue(_) | CopyError::List(_) => {
            tracing::error!(%error, "a licence cannot be copied");
            failed()
        }
    }
}
