//! `POST /session`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use identity::SignInError;

use crate::app::App;
use crate::caller::ClientAddress;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Signs in.
#[utoipa::path(
    post,
    path = "/session",
    tag = "session",
    request_body = SignIn,
    responses((status = 200, description = "Signed in", body = Session), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn sign_in(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    headers: HeaderMap,
    Body(input): Body<SignIn>,
) -> Result<Response, Refused> {
    app.limits.sign_in.take(address.0.to_string(), app.now()).map_err(Refused::too_many)?;
    let signed_in =
        app.accounts.sign_in(&input.login, &input.password, input.code.as_deref()).await.map_err(refused)?;
    super::view::begin(&app, StatusCode::OK, &headers, &signed_in).await
}

fn refused(error: SignInError) -> Refused {
    match error {
        SignInError::BadCredentials => Refused::new(StatusCode::UNAUTHORIZED, "bad_credentials", error.to_string()),
        SignInError::CodeNeeded => Refused::new(StatusCode::UNAUTHORIZED, "code_needed", error.to_string()),
        SignInError::BadCode => Refused::new(StatusCode::UNAUTHORIZED, "bad_code", error.to_string()),
        SignInError::Locked { wait_s } => {
            Refused::new(StatusCode::TOO_MANY_REQUESTS, "locked", error.to_string()).retry_after(wait_s)
        }
        SignInError::Store(error) => error.into(),
    }
}
