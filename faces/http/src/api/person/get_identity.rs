//! `GET /person/identity`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::{Level, Verified};
use sense::real_name::matching_source;

use crate::api::applications::parts::{applicant, private, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::prefill::{facts, level, proved};
use crate::error::Refused;
use crate::wire::*;

/// What the city knows of who the caller is.
#[utoipa::path(
    get,
    path = "/person/identity",
    tag = "person",
    responses((status = 200, description = "As asked", body = IdentityView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_identity(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    let vault = Arc::clone(&app.vault);
    let found = app.store.read(move |reader| vault.find_identity(reader, party)).await.map_err(vault_refused)?;
    Ok(private(StatusCode::OK, &view(&app, found.as_ref())))
}

/// What the city knows, as pages show it.
pub fn view(app: &App, found: Option<&Verified>) -> IdentityView {
    let compiled = app.current();
    let source = matching_source(&compiled.city).filter(|_| app.departments.is_some());
    let example = |person: &identity::Identity| IdentityInput {
        name: person.name.clone(),
        id_number: person.id_number.as_str().to_owned(),
    };
    let examples = if found.is_none() { app.settings.demo_residents.as_slice() } else { &[] };
    IdentityView {
        level: level(found.map_or(Level::L1, |found| found.level)),
        proved: found.map(proved),
        source: source.map(|(id, source)| facts(&compiled.city, id, source)),
        examples: examples.iter().map(example).collect(),
    }
}
