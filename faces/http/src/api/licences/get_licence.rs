//! `GET /licences/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use credential::SdJwt;
use model::LicenceId;
use store::MandateAct;

use super::view::{facts, item};
use crate::access::record_act;
use crate::api::applications::parts::{private, represented, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::Segments;
use crate::wire::*;

/// A licence of one's own, whole.
#[utoipa::path(
    get,
    path = "/licences/{id}",
    tag = "licences",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "As asked", body = Licence), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_licence(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    let applicant = represented(&app, &caller)?;
    let party = applicant.party;
    let not_found = || Refused::not_found("licence");
    let id: LicenceId = id.parse().map_err(|_| not_found())?;
    let row = app.store.read(move |reader| reader.find_licence(id)).await?;
    // Somebody else's licence and none look the same.
    let is_theirs = |row: &store::LicenceRow| row.party == Some(party) && applicant.covers(&row.service);
    let row = row.filter(is_theirs).ok_or_else(not_found)?;
    if let Some(agent) = &applicant.agent {
        record_act(&app, agent, MandateAct::Licence, (Some(row.service.clone()), Some(row.case_no.clone()))).await?;
    }
    let vault = Arc::clone(&app.vault);
    let text = app.store.read(move |reader| vault.own_licence(reader, id)).await.map_err(vault_refused)?;
    let original = SdJwt::parse(&text).map_err(|error| {
        tracing::error!(%error, licence = %id, "a sealed licence does not read");
        failed()
    })?;
    let city = &app.current().city;
    let facts = facts(city, &row, original.unverified_claims());
    let view = Licence { item: item(city, &row, app.now()), issuer: app.issuer.uri.clone(), facts };
    Ok(private(StatusCode::OK, &view))
}
