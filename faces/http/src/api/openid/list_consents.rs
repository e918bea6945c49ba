//! `GET /openid/consents`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::openid::{Client, Scopes};
use store::StoreError;

use super::parts::{client_view, scopes_view};
use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::Refused;
use crate::wire::*;

/// What the caller allowed other programs.
#[utoipa::path(
    get,
    path = "/openid/consents",
    tag = "openid",
    responses((status = 200, description = "As asked", body = OpenIdConsents), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_consents(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    let items = app
        .store
        .read(move |reader| {
            let mut items = Vec::new();
            for row in reader.list_consents(party)? {
                if let Some(client) = Client::find(reader, &row.client)? {
                    let scopes = scopes_view(&Scopes::parse(&row.scope).unwrap_or_default());
                    items.push(OpenIdConsent {
                        client: client_view(&client),
                        scopes,
                        granted_at: time(row.granted_at),
                    });
                }
            }
            Ok::<_, StoreError>(items)
        })
        .await?;
    Ok(private(StatusCode::OK, &OpenIdConsents { items }))
}
