//! `GET /drafts`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::parts::{kept_until, represented};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::{text, time};
use crate::error::Refused;
use crate::wire::*;

/// One's own drafts.
#[utoipa::path(
    get,
    path = "/drafts",
    tag = "applications",
    responses((status = 200, description = "As asked", body = DraftList), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_drafts(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<DraftList>, Refused> {
    let applicant = represented(&app, &caller)?;
    let party = applicant.party;
    let rows = app.store.read(move |reader| reader.list_drafts(party)).await?;
    let compiled = app.current();
    let link = |row: store::DraftRow| {
        // A service that is no longer there cannot be gone on with.
        let service = compiled.city.services.get(&row.service).filter(|service| service.apply.is_some())?;
        Some(DraftLink {
            service: row.service.to_string(),
            title: text(&service.title),
            updated_at: time(row.updated_at),
            kept_until: kept_until(row.updated_at),
        })
    };
    Ok(Json(DraftList {
        items: rows.into_iter().filter(|row| applicant.covers(&row.service)).filter_map(link).collect(),
    }))
}
