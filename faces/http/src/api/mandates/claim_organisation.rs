//! `POST /organisations`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::CreditCode;
use sense::organisations::{ClaimError, claim};

use super::list_organisations::list;
use crate::api::applications::fetch_prefill::not_connected;
use crate::api::applications::parts::{applicant, private, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Enters an organisation whose legal representative the caller is: the register of organisations is asked by its number
/// and the caller's identity.
#[utoipa::path(
    post,
    path = "/organisations",
    tag = "mandates",
    request_body = OrganisationInput,
    responses((status = 200, description = "Entered", body = OrganisationList), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The department does not answer", body = Problem))
)]
pub async fn claim_organisation(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<OrganisationInput>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    caller.limit(&app, &app.limits.fetches)?;
    let context = app.departments().ok_or_else(not_connected)?;
    let number = CreditCode::parse(&input.number).map_err(|error| Refused::field("number", error.to_string()))?;
    claim(&context, party, number).await.map_err(refused)?;
    Ok(private(StatusCode::OK, &list(&app, party).await?))
}

fn refused(error: ClaimError) -> Refused {
    let words = error.to_string();
    match error {
        ClaimError::NotHere => not_connected(),
        ClaimError::NotIdentified => Refused::new(StatusCode::FORBIDDEN, "not_identified", words),
        ClaimError::NoMatch => Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "organisation_no_match", words),
        ClaimError::TooMany => Refused::new(StatusCode::TOO_MANY_REQUESTS, "identity_tries", words),
        ClaimError::Away(_) => Refused::new(StatusCode::SERVICE_UNAVAILABLE, "department_away", words).retry_after(30),
        ClaimError::Vault(error) => vault_refused(error),
        ClaimError::Store(error) => error.into(),
    }
}
