//! `GET /children`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::{Identity, MANDATES_LISTED, MandateState, VaultError, find_level};
use model::PartyId;
use sense::guardians::register_of;
use store::{Basis, MandateRow};

use crate::api::applications::parts::{applicant, private, vault_refused};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::mandates::{mandate_view, parties_of, sides};
use crate::convert::prefill::{facts, level};
use crate::error::Refused;
use crate::wire::*;

/// Children that the caller is a guardian of, and what guardians did for the caller as a child.
#[utoipa::path(
    get,
    path = "/children",
    tag = "mandates",
    responses((status = 200, description = "As asked", body = ChildList), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_children(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    Ok(private(StatusCode::OK, &list(&app, party).await?))
}

/// The children of somebody.
///
/// # Errors
/// [`Refused`] when the store does not answer.
pub async fn list(app: &App, party: PartyId) -> Result<ChildList, Refused> {
    let (vault, now) = (Arc::clone(&app.vault), app.now());
    let (sure, found, sides) = app
        .store
        .read(move |reader| {
            let mandates = reader.list_mandates_of(party, MANDATES_LISTED)?;
            let mut found = Vec::new();
            for mandate in mandates.into_iter().filter(|one| MandateState::of(one, now) == MandateState::Active) {
                if let Some(child) = vault.find_child(reader, mandate.represented)? {
                    found.push((mandate, child));
                }
            }
            let mandates: Vec<MandateRow> = found.iter().map(|(mandate, _)| mandate.clone()).collect();
            let sides = sides(reader, &vault, parties_of(&mandates))?;
            Ok::<_, VaultError>((find_level(reader, party)?, found, sides))
        })
        .await
        .map_err(vault_refused)?;
    let compiled = app.current();
    let city = &compiled.city;
    let view = |mandate: &MandateRow| mandate_view(city, mandate, &sides, now);
    let of = |basis: Basis| found.iter().filter(move |(mandate, _)| mandate.basis == basis);
    let source = register_of(city).filter(|_| app.departments.is_some());
    Ok(ChildList {
        level: level(sure),
        source: source.map(|(id, source)| facts(city, id, source)),
        items: of(Basis::Guardian).map(|(mandate, child)| child_view(view(mandate), child)).collect(),
        childhoods: of(Basis::Oneself).map(|(mandate, _)| view(mandate)).collect(),
    })
}

fn child_view(mandate: MandateView, child: &Identity) -> ChildView {
    ChildView {
        mandate,
        name: child.name.clone(),
        id_number: child.id_number.masked(),
        born_on: child.id_number.born_on(),
    }
}
