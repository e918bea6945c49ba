//! `POST /person/erasure`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sense::person::{EraseError, erase};

use crate::api::applications::parts::applicant;
use crate::app::App;
use crate::caller::{Caller, end_cookie};
use crate::error::{Refused, failed};
use crate::wire::*;

/// Erases the caller: what was sealed for them can never be read again, and the account ends (PIPL article 47).
#[utoipa::path(
    post,
    path = "/person/erasure",
    tag = "person",
    responses((status = 204, description = "Erased"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn erase_person(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    caller.present(&app)?;
    erase(&app.sense(), party).await.map_err(erase_refused)?;
    app.accounts.sign_out_everywhere(party).await?;
    tracing::info!(%party, "a resident was erased");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, end_cookie(app.settings.secure_cookies))]).into_response())
}

fn erase_refused(error: EraseError) -> Refused {
    match error {
        EraseError::Open(ref cases) => {
            let numbers: Vec<String> = cases.iter().map(ToString::to_string).collect();
            Refused::new(StatusCode::CONFLICT, "applications_open", format!("{error}: {}", numbers.join(", ")))
        }
        EraseError::Paying => Refused::new(StatusCode::CONFLICT, "payment_open", error.to_string()),
        EraseError::NotResident => Refused::forbidden(),
        EraseError::Disk(kind) => {
            tracing::error!(?kind, "a file of a person could not be removed");
            failed()
        }
        EraseError::Store(error) => error.into(),
    }
}
