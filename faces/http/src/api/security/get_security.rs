//! `GET /security`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::upstream::Provider;
use store::{PasskeyRow, StoreError};

use crate::api::applications::parts::private;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::{text, time};
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
    let providers: Vec<_> = app.upstream.iter().flat_map(|upstream| upstream.providers()).cloned().collect();
    let is_resident = caller.principal.grants().is_empty();
    let view = app
        .store
        .read(move |reader| {
            let account = reader.find_party(party)?;
            let links = reader.list_upstream_links(party)?;
            let upstream = |provider: &Provider| UpstreamLink {
                id: provider.id.clone(),
                title: text(&provider.title),
                linked_at: links.iter().find(|link| link.issuer == provider.issuer).map(|link| time(link.linked_at)),
            };
            Ok::<_, StoreError>(Security {
                upstreams: providers.iter().filter(|_| is_resident).map(upstream).collect(),
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
