//! `GET /mandates`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::{MANDATES_LISTED, find_level};
use sense::real_name::matching_source;

use super::parts::ACTS;
use crate::api::applications::parts::{applicant, private, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::mandates::{act_entry, mandate_view, parties_of, sides};
use crate::convert::prefill::level;
use crate::error::Refused;
use crate::wire::*;

/// Who may act for the caller, for whom the caller may act, and what was done for them.
#[utoipa::path(
    get,
    path = "/mandates",
    tag = "mandates",
    responses((status = 200, description = "As asked", body = MandateList), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_mandates(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    let vault = Arc::clone(&app.vault);
    let (sure, given, held, acts, sides) = app
        .store
        .read(move |reader| {
            let given = reader.list_mandates_for(party, MANDATES_LISTED)?;
            let held = reader.list_mandates_of(party, MANDATES_LISTED)?;
            let acts = reader.list_mandate_acts(party, ACTS)?;
            let named = parties_of(&given).into_iter().chain(parties_of(&held)).chain(acts.iter().map(|act| act.agent));
            let sides = sides(reader, &vault, named)?;
            Ok((find_level(reader, party)?, given, held, acts, sides))
        })
        .await
        .map_err(vault_refused)?;
    let (compiled, now) = (app.current(), app.now());
    let city = &compiled.city;
    let list = MandateList {
        level: level(sure),
        connected: app.departments.is_some() && matching_source(city).is_some(),
        given: given.iter().map(|mandate| mandate_view(city, mandate, &sides, now)).collect(),
        held: held.iter().map(|mandate| mandate_view(city, mandate, &sides, now)).collect(),
        acts: acts.iter().map(|act| act_entry(city, act, &sides)).collect(),
    };
    Ok(private(StatusCode::OK, &list))
}
