//! `GET /security`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{PasskeyRow, StoreError};

use crate::api::applications::parts::private;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::Refused;
use crate::wire::*;

/// How the caller may sign in.
#[utoipa::path(
    get,
    path = "/security",
    tag = "security",
    responses((status = 200, description = "As asked", body = Security), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_security(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let (party, now) = (caller.signed_in()?.party, app.now());
    let view = app
        .store
        .read(move |reader| {
            let account = reader.find_party(party)?;
            Ok::<_, StoreError>(Security {
                login: account.as_ref().map_or_else(String::new, |account| account.login.clone()),
                has_password: account.is_some_and(|account| !account.password_hash.is_empty()),
                passkeys: reader.list_passkeys(party)?.into_iter().map(passkey).collect(),
                has_authenticator: reader.find_authenticator(party)?.is_some(),
                recovery_codes: reader.count_recovery_codes(party)?,
                sessions: reader.count_sessions(party, now)?,
            })
        })
        .await?;
    Ok(private(StatusCode::OK, &view))
}

/// A passkey as its owner sees it.
pub fn passkey(row: PasskeyRow) -> Passkey {
    Passkey {
        id: URL_SAFE_NO_PAD.encode(row.id),
        title: row.title,
        created_at: time(row.created_at),
        used_at: row.used_at.map(time),
    }
}
