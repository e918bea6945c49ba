//! `POST /residents`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use identity::AccountError;

use crate::app::App;
use crate::caller::ClientAddress;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Registers a resident and signs them in.
#[utoipa::path(
    post,
    path = "/residents",
    tag = "session",
    request_body = Registration,
    responses((status = 201, description = "Registered and signed in", body = Session), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn register_resident(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    headers: HeaderMap,
    Body(input): Body<Registration>,
) -> Result<Response, Refused> {
    app.limits.sign_in.take(address.0.to_string(), app.now()).map_err(Refused::too_many)?;
    let registered = app
        .accounts
        .register_resident(&input.login, &input.password, &input.display_name)
        .await
        .map_err(account_refused)?;
    super::view::begin(&app, StatusCode::CREATED, &headers, &registered).await
}

/// Why an account was not made.
pub fn account_refused(error: AccountError) -> Refused {
    let words = error.to_string();
    match error {
        AccountError::Login => Refused::field("login", words),
        AccountError::Taken => Refused::new(StatusCode::CONFLICT, "login_taken", words),
        AccountError::Name => Refused::field("display_name", words),
        AccountError::Password(_) => Refused::field("password", words),
        AccountError::Store(error) => error.into(),
    }
}
