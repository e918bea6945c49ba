//! `POST /reports`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use identity::{Permission, Principal, Resource, Subject};
use model::EvidenceId;
use sense::report::{Filer, ReportCommand, report};

use super::parts::{contact, idempotency_key, report_refused};
use crate::access::authorise;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::extract::Body;
use crate::wire::*;

/// Files a report.
#[utoipa::path(
    post,
    path = "/reports",
    tag = "reports",
    params(("idempotency-key" = String, Header, description = "A word of the caller's own, 8 to 64 characters: sent again, it gives the first answer again")),
    request_body = ReportInput,
    responses((status = 201, description = "Filed", body = ReportFiled), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn file_report(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(input): Body<ReportInput>,
) -> Result<(StatusCode, Json<ReportFiled>), Refused> {
    caller.limit(&app, &app.limits.reports)?;
    let command = command(&app, &caller, &headers, input)?;
    let filed = report(&app.sense(), command).await.map_err(report_refused)?;
    let status = if filed.was_filed_before { StatusCode::OK } else { StatusCode::CREATED };
    Ok((
        status,
        Json(ReportFiled { case_id: filed.case_id.to_string(), case_no: filed.no.to_string(), secret: filed.secret }),
    ))
}

fn command(app: &App, caller: &Caller, headers: &HeaderMap, input: ReportInput) -> Result<ReportCommand, Refused> {
    let field = |name: &'static str| move |error: model::IdError| Refused::field(name, error.to_string());
    let point = match (input.lon, input.lat) {
        (Some(lon), Some(lat)) => {
            Some(grid::LonLat::new(lon, lat).map_err(|error| Refused::field("lon, lat", error.to_string()))?)
        }
        (None, None) => None,
        _ => return Err(Refused::field("lon, lat", "both are needed, or none")),
    };
    let channel = match input.channel.unwrap_or(Channel::Resident) {
        Channel::Resident => "resident",
        Channel::Patrol => "patrol",
        Channel::Phone => "phone",
    };
    let filer = filer(app, caller, point, channel)?;
    Ok(ReportCommand {
        category: input.category.parse().map_err(field("category"))?,
        condition: input.condition.map(|id| id.parse()).transpose().map_err(field("condition"))?,
        description: input.description,
        point,
        address: input.address,
        evidence: input
            .evidence
            .iter()
            .map(|id| id.parse::<EvidenceId>())
            .collect::<Result<_, _>>()
            .map_err(field("evidence"))?,
        answers: input.answers,
        contact: contact(input.contact)?,
        channel: channel.to_owned(),
        filer,
        idempotency_key: idempotency_key(headers)?,
    })
}

/// Who files, once the policies allow it at that place by that way.
fn filer(app: &App, caller: &Caller, point: Option<grid::LonLat>, channel: &str) -> Result<Filer, Refused> {
    let compiled = app.current();
    let root = || compiled.city.root.clone();
    let region = point.and_then(|point| sense::report::region_of(&compiled, point)).unwrap_or_else(root);
    let resource = Resource { channel: channel.to_owned(), ..Subject::Region(region).into() };
    let grant = authorise(app, &caller.principal, Permission::ReportFile, &resource)?;
    Ok(match (&caller.principal, grant) {
        (Principal::Staff { party, .. }, Some(grant)) => {
            Filer::Staff { party: *party, role: grant.role, office: grant.office }
        }
        (Principal::Resident { party }, _) => Filer::Resident(*party),
        (Principal::Client { client, .. }, _) => Filer::Client(client.clone()),
        (Principal::Visitor | Principal::Staff { .. } | Principal::Agent(_), _) => Filer::Anonymous,
    })
}
