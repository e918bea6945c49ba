//! `POST /counter/sittings`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::{Grant, PartyKind};
use model::{Case, PartyId, ServiceId, VisitState};
use pack::calendar::civil_day;

use super::parts::{posts, services_of};
use crate::access::load_for_staff;
use crate::api::applications::parts::private;
use crate::api::mandates::parts::{mandate_refused, mandates, view};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// For whom, in what, and whether departments may be asked.
struct Asked {
    person: PartyId,
    services: Vec<ServiceId>,
    departments: bool,
}

/// Begins to file for somebody who stands at the window, for half an hour. They are known by the number they drew today,
/// or by the code of a mandate that they show; they see it, and what was filed, and can end it.
#[utoipa::path(
    post,
    path = "/counter/sittings",
    tag = "counter",
    request_body = SittingInput,
    responses((status = 201, description = "Begun", body = Sitting), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn open_sitting(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<SittingInput>,
) -> Result<Response, Refused> {
    let official = caller.staff()?.party;
    let post = posts(&app, &caller)?.into_iter().find(|post| post.office.as_str() == input.office);
    let post = post.ok_or_else(Refused::forbidden)?;
    let asked = match (&input.case_no, &input.code) {
        (Some(case_no), None) => by_number(&app, &caller, &post, case_no, input.departments).await?,
        (None, Some(code)) => by_code(&app, &caller, &post, code).await?,
        _ => return Err(Refused::field("case_no", "give the number of a case, or a code, one of them")),
    };
    let Asked { person, services, departments } = asked;
    let role = (post.office.clone(), post.role.clone());
    let mandate = mandates(&app).open_sitting(official, role, person, services, departments).await?;
    Ok(private(StatusCode::CREATED, &Sitting { mandate: view(&app, mandate).await? }))
}

/// Somebody who came today with an application of this office, and drew a number.
async fn by_number(
    app: &App,
    caller: &Caller,
    post: &Grant,
    case_no: &str,
    departments: bool,
) -> Result<Asked, Refused> {
    let loaded = load_for_staff(app, &caller.principal, case_no).await?;
    let not_here = || Refused::new(StatusCode::CONFLICT, "not_at_window", "nobody came today with this application");
    let compiled = app.current();
    let city = &compiled.city;
    let is_ours = city.service_of(&loaded.case.category).is_some_and(|(_, service)| service.office == post.office);
    let person = loaded.case.reporter.party.filter(|_| is_ours && has_come(app, &loaded.case));
    let person = person.ok_or_else(not_here)?;
    is_resident(app, person).await?;
    Ok(Asked { person, services: services_of(city, &post.office), departments })
}

/// Whether the applicant drew a number today.
fn has_come(app: &App, case: &Case) -> bool {
    let zone = app.current().city.zone();
    let is_today = |booking: &model::Booking| {
        booking.state == VisitState::Arrived && civil_day(&zone, booking.visit.starts_at) == civil_day(&zone, app.now())
    };
    case.bookings.last().is_some_and(is_today)
}

/// Somebody who shows the code of a mandate they offer for themselves. It is used up.
async fn by_code(app: &App, caller: &Caller, post: &Grant, code: &str) -> Result<Asked, Refused> {
    app.limits.fetches.take(format!("counter/{}", caller.staff()?.party), app.now()).map_err(Refused::too_many)?;
    let offered = mandates(app).find_offered(code).await.map_err(mandate_refused)?;
    is_resident(app, offered.represented).await?;
    let covers = |service: &ServiceId| offered.services.as_ref().is_none_or(|services| services.contains(service));
    let services: Vec<ServiceId> = services_of(&app.current().city, &post.office).into_iter().filter(covers).collect();
    if services.is_empty() {
        let words = "the code is for services of other offices";
        return Err(Refused::new(StatusCode::CONFLICT, "other_office", words));
    }
    mandates(app).end(offered.id, offered.granted_by).await.map_err(mandate_refused)?;
    Ok(Asked { person: offered.represented, services, departments: offered.departments })
}

/// People alone stand at windows.
async fn is_resident(app: &App, party: PartyId) -> Result<(), Refused> {
    let account = app.store.read(move |reader| reader.find_party(party)).await?;
    let is_person = account.is_some_and(|account| account.kind == PartyKind::Resident && !account.disabled);
    let words = "only people with an account are filed for at a window";
    is_person.then_some(()).ok_or_else(|| Refused::new(StatusCode::CONFLICT, "not_at_window", words))
}
