//! `POST /person/identity`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::{Identity, IdentityError};
use sense::real_name::{ProveError, prove_identity as prove};

use super::get_identity::view;
use crate::api::applications::fetch_prefill::not_connected;
use crate::api::applications::parts::{applicant, private, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Proves who the caller is: name and number are matched by the register of people, and kept sealed.
#[utoipa::path(
    post,
    path = "/person/identity",
    tag = "person",
    request_body = IdentityInput,
    responses((status = 200, description = "Proved", body = IdentityView), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The department does not answer", body = Problem))
)]
pub async fn prove_identity(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<IdentityInput>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    caller.limit(&app, &app.limits.fetches)?;
    let context = app.departments().ok_or_else(not_connected)?;
    let identity = Identity::parse(&input.name, &input.id_number).map_err(|error| {
        let field = if error == IdentityError::Name { "name" } else { "id_number" };
        Refused::field(field, error.to_string())
    })?;
    let verified = prove(&context, party, identity).await.map_err(refused)?;
    Ok(private(StatusCode::OK, &view(&app, Some(&verified))))
}

fn refused(error: ProveError) -> Refused {
    let words = error.to_string();
    let conflict = |code: &str| Refused::new(StatusCode::CONFLICT, code, words.clone());
    match error {
        ProveError::NotHere => not_connected(),
        ProveError::Already => conflict("identity_proved"),
        ProveError::Taken => conflict("identity_taken"),
        ProveError::NoMatch => Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "identity_no_match", words),
        ProveError::TooMany => Refused::new(StatusCode::TOO_MANY_REQUESTS, "identity_tries", words),
        ProveError::Away(_) => Refused::new(StatusCode::SERVICE_UNAVAILABLE, "department_away", words).retry_after(30),
        ProveError::Vault(error) => vault_refused(error),
        ProveError::Store(error) => error.into(),
    }
}
