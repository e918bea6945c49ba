//! `POST /residents/passkey/options`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::passkeys::{asked, refused};
use crate::app::App;
use crate::caller::ClientAddress;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Asks a device for the passkey of a new resident, who needs no password.
#[utoipa::path(
    post,
    path = "/residents/passkey/options",
    tag = "session",
    request_body = PasskeyRegistration,
    responses((status = 200, description = "What to ask the device", body = Ceremony), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn ask_to_register(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    Body(input): Body<PasskeyRegistration>,
) -> Result<Response, Refused> {
    app.limits.sign_in.take(address.0.to_string(), app.now()).map_err(Refused::too_many)?;
    app.accounts.ask_to_register(&input.login, &input.display_name).await.map(asked).map_err(refused)
}
