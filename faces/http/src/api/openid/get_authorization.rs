//! `GET /openid/authorization`.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use identity::openid::Next;

use super::parts::{client_view, scopes_view, told};
use crate::api::applications::parts::private;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::openid::{provider, read};
use crate::wire::*;

/// A program's request to sign the caller in, and what comes next. The parameters are those of OpenID Connect.
#[utoipa::path(
    get,
    path = "/openid/authorization",
    tag = "openid",
    responses((status = 200, description = "As asked", body = AuthorizationView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_authorization(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let provider = provider(&app)?;
    let asked = match read(&app, provider, &query.unwrap_or_default()).await {
        Ok(asked) => asked,
        Err(error) => {
            let to = Some(told(error)?);
            let view = AuthorizationView { next: AuthorizationNext::Back, client: None, scopes: Vec::new(), to };
            return Ok(private(StatusCode::OK, &view));
        }
    };
    let (next, to) = match provider.next(&asked, caller.session.as_deref()).await {
        Ok(Next::SignIn) => (AuthorizationNext::SignIn, None),
        Ok(Next::Ask) => (AuthorizationNext::Ask, None),
        Ok(Next::Back(to)) => (AuthorizationNext::Back, Some(to)),
        Err(error) => (AuthorizationNext::Back, Some(told(error)?)),
    };
    let (client, scopes) = (Some(client_view(&asked.client)), scopes_view(&asked.scopes));
    Ok(private(StatusCode::OK, &AuthorizationView { next, client, scopes, to }))
}
