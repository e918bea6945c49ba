//! `POST /services/{id}/presentation-request`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sense::material::ask_to_present as ask;

use super::parts::{applicant, apply_refused, private, service_id};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::time;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// What the caller's device signs when it gives a licence as material for a service.
#[utoipa::path(
    post,
    path = "/services/{id}/presentation-request",
    tag = "applications",
    params(("id" = String, Path, description = "The service's id")),
    responses((status = 200, description = "As asked", body = PresentationRequest), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn ask_to_present(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    let (party, service) = (applicant(&app, &caller)?, service_id(&id)?);
    let random = app.accounts.random_bytes();
    let (nonce, until) = ask(&app.sense(), party, &service, random).map_err(apply_refused)?;
    let request = PresentationRequest { nonce, audience: app.issuer.uri.clone(), expires_at: time(until) };
    Ok(private(StatusCode::OK, &request))
}
