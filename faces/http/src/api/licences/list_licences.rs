//! `GET /licences`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::view::item;
use crate::api::applications::parts::{private, represented};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// One's own licences.
#[utoipa::path(
    get,
    path = "/licences",
    tag = "licences",
    responses((status = 200, description = "As asked", body = LicenceList), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_licences(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let applicant = represented(&app, &caller)?;
    let party = applicant.party;
    let rows = app.store.read(move |reader| reader.list_licences(party)).await?;
    let (compiled, now) = (app.current(), app.now());
    let items =
        rows.iter().filter(|row| applicant.covers(&row.service)).map(|row| item(&compiled.city, row, now)).collect();
    Ok(private(StatusCode::OK, &LicenceList { items }))
}
