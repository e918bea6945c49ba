//! `POST /services/{id}/applications`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use identity::Permission;
use sense::apply::{ApplyCommand, apply};
use store::MandateAct;

use super::parts::{apply_refused, applying, private, service_id};
use crate::api::kiosk::parts::here;
use crate::api::reports::parts::idempotency_key;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::{Body, Segments};
use crate::wire::*;

/// Hands in an application; its draft is forgotten.
#[utoipa::path(
    post,
    path = "/services/{id}/applications",
    tag = "applications",
    params(
        ("id" = String, Path, description = "The service's id"),
        ("idempotency-key" = String, Header, description = "A word of the caller's own, 8 to 64 characters: sent again, it gives the first answer again")
    ),
    request_body = ApplicationInput,
    responses((status = 201, description = "Handed in", body = Applied), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn apply_for_service(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    headers: HeaderMap,
    Body(input): Body<ApplicationInput>,
) -> Result<Response, Refused> {
    let service = service_id(&id)?;
    let applicant = applying(&app, &caller, &service, Permission::ServiceApply, MandateAct::Drafted).await?;
    let party = applicant.party;
    caller.limit(&app, &app.limits.reports)?;
    let idempotency_key = idempotency_key(&headers)?;
    let kiosk = here(&app, &caller, &headers).await?.map(|kiosk| kiosk.id);
    let by = applicant.handed_in_by();
    let command = ApplyCommand { service, answers: input.answers, party, by, kiosk, idempotency_key };
    let case = apply(&app.sense(), command).await.map_err(apply_refused)?;
    Ok(private(StatusCode::CREATED, &Applied { case_id: case.id.to_string(), case_no: case.no.to_string() }))
}
