//! `POST /openid/authorization`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::openid::{GrantError, Scope};
use identity::{Agent, Permission, Principal, Subject};
use store::MandateAct;

use super::parts::{chosen, told};
use crate::access::{authorise, record_act};
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
    let acting = acting_for_organisation(&app, &caller)?;
    if acting.is_none() {
        applicant(&app, &caller)?;
    }
    let provider = provider(&app)?;
    let session = caller.session.as_deref().ok_or_else(Refused::not_signed_in)?;
    let to = match read(&app, provider, &input.query).await {
        Err(error) => told(error)?,
        Ok(asked) if input.scopes.is_empty() => asked.denied(provider),
        Ok(asked) => {
            let scopes = chosen(&input.scopes);
            let tells = acting.filter(|_| scopes.contains(Scope::Organisation));
            if let Some(agent) = tells {
                record_act(&app, agent, MandateAct::SignedIn, (None, None)).await?;
            }
            provider.grant(&asked, session, tells.map(|agent| agent.mandate), &scopes).await.map_err(refused)?
        }
    };
    Ok(private(StatusCode::OK, &Onward { to: Some(to) }))
}

/// Who acts for an organisation and may say so elsewhere; nobody where the caller acts for themselves.
fn acting_for_organisation<'a>(app: &App, caller: &'a Caller) -> Result<Option<&'a Agent>, Refused> {
    let Principal::Agent(agent) = &caller.principal else { return Ok(None) };
    authorise(app, &caller.principal, Permission::OrganisationTell, &Subject::City.into())?;
    Ok(Some(agent))
}

fn refused(error: GrantError) -> Refused {
    match error {
        GrantError::Scope => Refused::field("scopes", error.to_string()),
        GrantError::NotResident => Refused::forbidden(),
        GrantError::Store(error) => error.into(),
    }
}
