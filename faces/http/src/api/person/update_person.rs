//! `PATCH /person`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::applications::parts::applicant;
use crate::api::session::register_resident::account_refused;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Changes how the caller is addressed (PIPL article 46).
#[utoipa::path(
    patch,
    path = "/person",
    tag = "person",
    request_body = PersonInput,
    responses((status = 204, description = "Changed"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn update_person(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<PersonInput>,
) -> Result<StatusCode, Refused> {
    let party = applicant(&app, &caller)?;
    caller.limit(&app, &app.limits.uploads)?;
    app.accounts.set_display_name(party, &input.display_name).await.map_err(account_refused)?;
    Ok(StatusCode::NO_CONTENT)
}
