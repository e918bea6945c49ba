//! `POST /openid/authorization`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::openid::GrantError;

use super::parts::{chosen, told};
use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::openid::{provider, read};
use crate::wire::*;

/// Takes what the caller decided about a program's request; answers where to go back to.
#[utoipa::path(
    post,
    path = "/openid/authorization",
    tag = "openid",
    request_body = AuthorizationDecision,
    responses((status = 200, description = "Decided", body = Onward), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn decide_authorization(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<AuthorizationDecision>,
) -> Result<Response, Refused> {
    applicant(&app, &caller)?;
    let (provider, session) = (provider(&app)?, caller.signed_in()?);
    let to = match read(&app, provider, &input.query).await {
        Err(error) => told(error)?,
        Ok(asked) if input.scopes.is_empty() => asked.denied(provider),
        Ok(asked) => provider.grant(&asked, session, &chosen(&input.scopes)).await.map_err(refused)?,
    };
    Ok(private(StatusCode::OK, &Onward { to: Some(to) }))
}

fn refused(error: GrantError) -> Refused {
    match error {
        GrantError::Scope => Refused::field("scopes", error.to_string()),
        GrantError::NotResident => Refused::forbidden(),
        GrantError::Store(error) => error.into(),
    }
}
