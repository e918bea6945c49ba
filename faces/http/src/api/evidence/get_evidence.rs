//! `GET /evidence/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use identity::{Agent, MANDATES_LISTED, Permission, Principal, Resource, Subject, find_agent};
use model::{EvidenceId, Instant};
use sense::evidence::Size;
use store::{EvidenceRow, Reader};

use crate::access::{Loaded, authorise, case_subject, load};
use crate::api::inspections::parts::lies_within;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::reports::public_evidence;
use crate::error::{Refused, failed};
use crate::extract::{Params, Segments};
use crate::wire::*;

/// A picture, for those who may see it.
#[utoipa::path(
    get,
    path = "/evidence/{id}",
    tag = "evidence",
    params(("id" = String, Path, description = "Its content address"), EvidenceQuery),
    responses((status = 200, description = "The picture", content_type = "image/jpeg"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_evidence(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(id): Segments<String>,
    Params(query): Params<EvidenceQuery>,
) -> Result<Response, Refused> {
    let not_found = || Refused::not_found("picture");
    let id: EvidenceId = id.parse().map_err(|_| not_found())?;
    let secret_hash = query.secret.as_deref().map(sense::report::secret_hash);
    let (reading, principal, now) = (Arc::clone(&app), caller.principal, app.now());
    let row = app
        .store
        .read(move |reader| {
            if let Some(row) = find(reader, &reading, &principal, id, secret_hash.as_deref())? {
                return Ok(Some(row));
            }
            // A picture on a page carries no header that says for whom it is looked at.
            for agent in agents_of(reader, &principal, now)? {
                if let Some(row) = find(reader, &reading, &Principal::Agent(agent), id, None)? {
                    return Ok(Some(row));
                }
            }
            Ok::<_, Refused>(None)
        })
        .await?
        .ok_or_else(not_found)?;
    let size = if query.size == Some(EvidenceSize::Thumb) { Size::Thumb } else { Size::Full };
    let path = app.files.path(&id, size);
    let bytes = tokio::fs::read(path).await.map_err(|error| {
        tracing::error!(kind = ?error.kind(), "a picture on record cannot be read");
        failed()
    })?;
    // The address is the content's hash, so it never changes; private, because not everybody may see it.
    let about = [
        (header::CONTENT_TYPE, row.media_type.as_str()),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
    ];
    Ok((about, bytes).into_response())
}

/// Everybody a resident may act for now.
fn agents_of(reader: &mut Reader, principal: &Principal, now: Instant) -> Result<Vec<Agent>, Refused> {
    let Principal::Resident { party } = principal else { return Ok(Vec::new()) };
    let mut agents = Vec::new();
    for mandate in reader.list_mandates_of(*party, MANDATES_LISTED)? {
        agents.extend(find_agent(reader, mandate.id, *party, now)?);
    }
    Ok(agents)
}

/// The picture's row when the principal may see it: as its uploader, or by a case it belongs to.
fn find(
    reader: &mut Reader,
    app: &App,
    principal: &Principal,
    id: EvidenceId,
    secret_hash: Option<&str>,
) -> Result<Option<EvidenceRow>, Refused> {
    let Some(row) = reader.find_evidence(&id)? else { return Ok(None) };
    if let Some(party) = principal.party()
        && reader.has_uploaded(&id, party)?
    {
        return Ok(Some(row));
    }
    if shows_device_in_sight(reader, app, principal, &id)? || is_of_inspection_in_sight(reader, app, principal, &id)? {
        return Ok(Some(row));
    }
    let opened = secret_hash.map_or(Ok(None), |hash| reader.find_case_by_secret(hash))?;
    let theirs = principal.subject().map_or(Ok(Vec::new()), |party| reader.cases_with_evidence_of(&id, party))?;
    let others = reader.cases_with_evidence(&id)?;
    for case in opened.into_iter().chain(theirs).chain(others) {
        let loaded = load(reader, &app.packs, &case.to_string())?;
        if may_see(reader, app, principal, &loaded, id, opened == Some(case))? {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// Whether a picture shows a device, where it was put up, that the principal may see.
fn shows_device_in_sight(
    reader: &mut Reader,
    app: &App,
    principal: &Principal,
    id: &EvidenceId,
) -> Result<bool, Refused> {
    for device in reader.list_devices_on(id)? {
        if let Some(device) = reader.find_device(&device)? {
            let there = Subject::Region(device.region).into();
            if authorise(app, principal, Permission::DeviceRead, &there).is_ok() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether a picture was taken for an inspection, or is a baseline of one, that the principal may read of.
fn is_of_inspection_in_sight(
    reader: &mut Reader,
    app: &App,
    principal: &Principal,
    id: &EvidenceId,
) -> Result<bool, Refused> {
    let compiled = app.current();
    let posts = app.policy.posts_with(&compiled.city, principal, Permission::InspectionRead);
    if posts.is_empty() {
        return Ok(false);
    }
    let seen: Vec<_> = posts.iter().map(|grant| compiled.city.region_path(&grant.region)).collect();
    Ok(reader.list_inspected_regions_of(id)?.iter().any(|path| lies_within(path, &seen)))
}

/// Files of an application are as private as its answers: staff see them once they have opened those for a purpose.
fn may_see(
    reader: &mut Reader,
    app: &App,
    principal: &Principal,
    loaded: &Loaded,
    id: EvidenceId,
    holds_secret: bool,
) -> Result<bool, Refused> {
    let (case, city) = (&loaded.case, &loaded.compiled.city);
    let subject = case_subject(case, city);
    let is_answer = case.application.is_some() && case.evidence.get("report").is_some_and(|files| files.contains(&id));
    if authorise(app, principal, Permission::CaseRead, &subject.clone().into()).is_ok() {
        let asked = Resource { purpose: "as opened".to_owned(), ..subject.clone().into() };
        let party = principal.party();
        if case.is_dropped(&id) {
            return Ok(false);
        }
        return Ok(!is_answer
            || (authorise(app, principal, Permission::AnswersRead, &asked).is_ok()
                && party.map_or(Ok(false), |party| reader.has_opened(case.id, party))?));
    }
    let resource = Resource { holds_secret, ..subject.into() };
    let is_reporter = authorise(app, principal, Permission::ReportRead, &resource).is_ok();
    Ok(is_reporter && public_evidence(&loaded.events).values().flatten().any(|found| *found == id))
}
