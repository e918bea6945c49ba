//! `POST /security/passkeys/options`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::api::session::passkeys::{asked, refused};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// Asks the caller's device for one more passkey.
#[utoipa::path(
    post,
    path = "/security/passkeys/options",
    tag = "security",
    responses((status = 200, description = "What to ask the device", body = Ceremony), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn ask_to_add_passkey(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = caller.present(&app)?.party;
    app.accounts.ask_to_add_passkey(party).await.map(asked).map_err(refused)
}
