//! `POST /mandates`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::{CreditCode, MandateScope, Offer};
use model::ServiceId;

use super::parts::{mandate_refused, mandates, view};
use crate::api::applications::parts::{applicant, private};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Offers a mandate to act for the caller, or for an organisation they are the legal representative of. The code is shown
/// to whoever is to act: they take it, and the caller confirms them.
#[utoipa::path(
    post,
    path = "/mandates",
    tag = "mandates",
    request_body = MandateInput,
    responses((status = 201, description = "Offered", body = MandateOffered), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn offer_mandate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<MandateInput>,
) -> Result<Response, Refused> {
    let party = applicant(&app, &caller)?;
    caller.limit(&app, &app.limits.reports)?;
    let represented = match input.organisation.as_deref() {
        None => party,
        Some(number) => {
            let number =
                CreditCode::parse(number).map_err(|error| Refused::field("organisation", error.to_string()))?;
            let found = app.store.read(move |reader| reader.find_organisation_by_number(number.as_str())).await?;
            found.ok_or_else(|| Refused::not_found("organisation"))?.party
        }
    };
    let scope = match input.services {
        None => MandateScope::All,
        Some(services) => MandateScope::Services(applied_for(&app, &services)?),
    };
    let until = app.now().plus_micros(i64::from(input.days) * DAY_US);
    let offer = Offer { by: party, represented, scope, departments: input.departments, until };
    let (mandate, code) = mandates(&app).offer(offer).await.map_err(mandate_refused)?;
    Ok(private(StatusCode::CREATED, &MandateOffered { mandate: view(&app, mandate).await?, code }))
}

/// Services that are applied for here.
fn applied_for(app: &App, services: &[String]) -> Result<Vec<ServiceId>, Refused> {
    let compiled = app.current();
    let find = |word: &String| {
        let id = word.parse::<ServiceId>().ok();
        let is_here = |id: &ServiceId| compiled.city.services.get(id).is_some_and(|service| service.apply.is_some());
        id.filter(is_here).ok_or_else(|| Refused::field("services", "must be services that are applied for here"))
    };
    let mut found = services.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
