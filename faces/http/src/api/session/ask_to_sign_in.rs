//! `POST /session/passkey/options`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::passkeys::{asked, refused};
use crate::app::App;
use crate::caller::ClientAddress;
use crate::error::Refused;
use crate::wire::*;

/// Asks the device at hand to sign its owner in.
#[utoipa::path(
    post,
    path = "/session/passkey/options",
    tag = "session",
    responses((status = 200, description = "What to ask the device", body = Ceremony), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn ask_to_sign_in(State(app): State<Arc<App>>, address: ClientAddress) -> Result<Response, Refused> {
    app.limits.sign_in.take(address.0.to_string(), app.now()).map_err(Refused::too_many)?;
    app.accounts.ask_to_sign_in().await.map(asked).map_err(refused)
}
