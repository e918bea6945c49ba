//! `GET /organisations`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::{MANDATES_LISTED, VaultError, find_level};
use sense::organisations::register_of;
use store::{MandateActRow, MandateRow, OrganisationRow};

use super::parts::ACTS;
use crate::api::applications::parts::{applicant, private, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::mandates::{Sides, act_entry, mandate_view, parties_of, sides};
use crate::convert::prefill::{facts, level};
use crate::convert::time;
use crate::error::Refused;
use crate::wire::*;

/// Organisations that the caller is the legal representative of, who may act for each, and what was done for it.
#[utoipa::path(
    get,
    path = "/organisations",
    tag = "mandates",
    responses((status = 200, description = "As asked", body = OrganisationList), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_organisations(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    Ok(private(StatusCode::OK, &list(&app, party).await?))
}

/// The organisations of somebody.
///
/// # Errors
/// [`Refused`] when the store does not answer.
pub async fn list(app: &App, party: model::PartyId) -> Result<OrganisationList, Refused> {
    let vault = Arc::clone(&app.vault);
    let (sure, identity, found, sides) = app
        .store
        .read(move |reader| {
            let (mut found, mut shown) =
                (Vec::<(OrganisationRow, Vec<MandateRow>, Vec<MandateActRow>)>::new(), Sides::new());
            for organisation in reader.list_organisations_of(party)? {
                let mandates = reader.list_mandates_for(organisation.party, MANDATES_LISTED)?;
                let acts = reader.list_mandate_acts(organisation.party, ACTS)?;
                let named = parties_of(&mandates).into_iter().chain(acts.iter().map(|act| act.agent));
                shown.extend(sides(reader, &vault, named)?);
                found.push((organisation, mandates, acts));
            }
            let identity = vault.find_identity(reader, party)?.map(|known| known.identity);
            Ok::<_, VaultError>((find_level(reader, party)?, identity, found, shown))
        })
        .await
        .map_err(vault_refused)?;
    let (compiled, now) = (app.current(), app.now());
    let city = &compiled.city;
    let source = register_of(city).filter(|_| app.departments.is_some());
    let item =
        |(organisation, mandates, acts): &(OrganisationRow, Vec<MandateRow>, Vec<MandateActRow>)| OrganisationView {
            number: organisation.number.clone(),
            name: organisation.name.clone(),
            verified_at: time(organisation.verified_at),
            mandates: mandates.iter().map(|mandate| mandate_view(city, mandate, &sides, now)).collect(),
            acts: acts.iter().map(|act| act_entry(city, act, &sides)).collect(),
        };
    let is_theirs = |(_, representative): &&(identity::CreditCode, identity::Identity)| {
        identity.as_ref().is_some_and(|identity| identity.id_number == representative.id_number)
    };
    let examples = app.settings.demo_organisations.iter().filter(is_theirs);
    Ok(OrganisationList {
        level: level(sure),
        source: source.map(|(id, source)| facts(city, id, source)),
        items: found.iter().map(item).collect(),
        examples: examples.map(|(number, _)| number.as_str().to_owned()).collect(),
    })
}
