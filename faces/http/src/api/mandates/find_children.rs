//! `POST /children`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sense::guardians::{GuardianError, find_children as find};

use super::list_children::list;
use crate::api::applications::fetch_prefill::not_connected;
use crate::api::applications::parts::{applicant, private, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Asks the register of guardians which children the caller is a guardian of, by name and number, with consent. They act
/// for each from then on; a mandate for a child that is not named any more ends.
#[utoipa::path(
    post,
    path = "/children",
    tag = "mandates",
    request_body = ChildrenInput,
    responses((status = 200, description = "Asked", body = ChildList), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "The department does not answer", body = Problem))
)]
pub async fn find_children(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<ChildrenInput>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    if !input.agreed {
        return Err(Refused::field("agreed", "the register is asked only with consent"));
    }
    caller.limit(&app, &app.limits.fetches)?;
    let context = app.departments().ok_or_else(not_connected)?;
    find(&context, party).await.map_err(refused)?;
    Ok(private(StatusCode::OK, &list(&app, party).await?))
}

fn refused(error: GuardianError) -> Refused {
    let words = error.to_string();
    match error {
        GuardianError::NotHere => not_connected(),
        GuardianError::NotIdentified => Refused::new(StatusCode::FORBIDDEN, "not_identified", words),
        GuardianError::NoMatch => Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "guardian_no_match", words),
        GuardianError::TooMany => Refused::new(StatusCode::TOO_MANY_REQUESTS, "identity_tries", words),
        GuardianError::Away(_) => {
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, "department_away", words).retry_after(30)
        }
        GuardianError::Vault(error) => vault_refused(error),
        GuardianError::Store(error) => error.into(),
    }
}
