//! `POST /extracts`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use identity::{Permission, Resource, Subject};
use jiff::ToSpan;
use jiff::civil::Date;
use model::Instant;
use sense::extracts::{By, Wanted, ask};

use super::parts::refused;
use crate::access::authorise;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::names::parse;
use crate::wire::*;

/// Asks for answers of many applications at once. Somebody else approves it, as a case.
#[utoipa::path(
    post,
    path = "/extracts",
    tag = "extracts",
    request_body = ExtractInput,
    responses((status = 201, description = "Asked for", body = ExtractAsked), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn ask_for_extract(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(input): Body<ExtractInput>,
) -> Result<(StatusCode, Json<ExtractAsked>), Refused> {
    let party = caller.staff()?.party;
    let compiled = app.current();
    let city = &*compiled.city;
    // Asked as of a case of the whole city in their own hands: nobody asks for what they could never take.
    let subject = Subject::Case {
        region: city.root.clone(),
        offices: caller.principal.grants().iter().map(|grant| grant.office.clone()).collect(),
        reporters: Vec::new(),
        is_public: false,
        service: None,
    };
    let resource = Resource { purpose: input.purpose.clone(), ..subject.into() };
    let grant =
        authorise(&app, &caller.principal, Permission::AnswersExtract, &resource)?.ok_or_else(Refused::forbidden)?;
    let zone = city.zone();
    let start = |name: &'static str, text: &str, plus: i64| {
        let bad = || Refused::field(name, "a day such as 2026-11-27".to_owned());
        let day: Date = text.parse().map_err(|_| bad())?;
        let start = day.checked_add(plus.days()).and_then(|day| zone.to_timestamp(day.at(0, 0, 0, 0)));
        start.map(Instant::from_timestamp).map_err(|_| bad())
    };
    let wanted = Wanted {
        service: parse("service", &input.service)?,
        from: start("from", &input.from, 0)?,
        to: start("to", &input.to, 1)?,
        fields: input.fields.iter().map(|id| parse("fields", id)).collect::<Result<_, _>>()?,
        purpose: input.purpose,
    };
    let case = ask(&app.sense(), wanted, By { party, grant: grant.clone() }).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(ExtractAsked { case_no: case.no.to_string() })))
}
