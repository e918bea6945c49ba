//! `POST /security/authenticator`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::api::applications::parts::private;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// Gives the caller a new secret for an authenticator app; it counts once a code of it is confirmed.
#[utoipa::path(
    post,
    path = "/security/authenticator",
    tag = "security",
    responses((status = 200, description = "The secret, this once", body = Authenticator), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn make_authenticator(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = caller.present(&app)?.party;
    let issuer = app.current().city.title.in_locale("zh-CN").to_owned();
    let made = app.accounts.make_authenticator(party, &issuer).await?;
    Ok(private(StatusCode::OK, &Authenticator { secret: made.secret, uri: made.uri }))
}
