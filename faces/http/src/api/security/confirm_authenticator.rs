//! `POST /security/authenticator/confirmation`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::CodeError;

use crate::api::applications::parts::private;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Takes the first code of a new authenticator app, which is asked for beside the password from then on.
#[utoipa::path(
    post,
    path = "/security/authenticator/confirmation",
    tag = "security",
    request_body = AuthenticatorCode,
    responses((status = 200, description = "Recovery codes, this once", body = RecoveryCodes), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn confirm_authenticator(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<AuthenticatorCode>,
) -> Result<Response, Refused> {
    let party = caller.present(&app)?.party;
    app.limits.sign_in.take(caller.address.to_string(), app.now()).map_err(Refused::too_many)?;
    let codes = app.accounts.confirm_authenticator(party, &input.code).await.map_err(refused)?;
    Ok(private(StatusCode::OK, &RecoveryCodes { codes }))
}

fn refused(error: CodeError) -> Refused {
    match error {
        CodeError::Needed | CodeError::Wrong => Refused::field("code", error.to_string()),
        CodeError::Store(error) => error.into(),
    }
}
