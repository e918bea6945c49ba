//! What the endpoints of flights share.

use std::sync::Arc;

use axum::http::StatusCode;
use identity::{Permission, Subject};
use model::{Actor, CaseId, EventId, FlightId, RegionId};
use pack::City;
use sense::evidence::ScanError;
use sense::flights::{FlightError, MediaError};
use store::{FlightRow, Reader, StoreError};

use crate::access::{authorise, case_subject, load};
use crate::api::devices::parts::regions;
use crate::api::inspections::parts::lies_within;
use crate::api::uploads::parts::refused as upload_refused;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::flights::summary;
use crate::error::Refused;
use crate::wire;

/// The caller as who brings in a flight over a region.
///
/// # Errors
/// 401 and 403.
pub fn importer(app: &App, caller: &Caller, region: &RegionId) -> Result<Actor, Refused> {
    let party = caller.staff()?.party;
    let there = Subject::Region(region.clone()).into();
    let grant = authorise(app, &caller.principal, Permission::FlightImport, &there)?;
    let grant = grant.ok_or_else(Refused::forbidden)?;
    Ok(Actor::Staff { party, role: grant.role, office: grant.office })
}

/// Whether the caller may see flights over a region.
///
/// # Errors
/// 401 and 403.
pub fn reads_flights_of(app: &App, caller: &Caller, region: &RegionId) -> Result<(), Refused> {
    caller.staff()?;
    authorise(app, &caller.principal, Permission::FlightRead, &Subject::Region(region.clone()).into()).map(drop)
}

/// Where the caller may see flights, as paths.
///
/// # Errors
/// 401 and 403 when nowhere.
pub fn seen(app: &App, city: &City, caller: &Caller) -> Result<Vec<String>, Refused> {
    let seen = regions(app, caller, Permission::FlightRead)?;
    Ok(seen.iter().map(|region| city.region_path(region)).collect())
}

/// A flight that the caller may see: over a region of theirs, or evidence of a case that they may read.
///
/// # Errors
/// 401, and 404 where there is none for them.
pub async fn seen_flight(app: &Arc<App>, caller: &Caller, id: &str) -> Result<FlightRow, Refused> {
    caller.staff()?;
    let not_found = || Refused::not_found("flight");
    let id: FlightId = id.parse().map_err(|_| not_found())?;
    let read = move |reader: &mut Reader| {
        let Some(row) = reader.find_flight(id)? else { return Ok(None) };
        Ok::<_, StoreError>(Some((row, reader.list_cases_of_flight(id)?)))
    };
    let (row, cases) = app.store.read(read).await?.ok_or_else(not_found)?;
    let paths = seen(app, &app.current().city, caller).unwrap_or_default();
    if lies_within(&row.region_path, &paths) || !readable(app, caller, cases).await?.is_empty() {
        return Ok(row);
    }
    Err(not_found())
}

/// Those of some cases that the caller may read, with their numbers.
///
/// # Errors
/// [`Refused`] when the store does not answer.
pub async fn readable(
    app: &Arc<App>,
    caller: &Caller,
    cases: Vec<(CaseId, EventId)>,
) -> Result<Vec<wire::FlightCase>, Refused> {
    let (asked, principal) = (Arc::clone(app), caller.principal.clone());
    let read = move |reader: &mut Reader| {
        let mut found = Vec::new();
        for (id, record) in cases {
            let loaded = load(reader, &asked.packs, &id.to_string())?;
            let there = case_subject(&loaded.case, &loaded.compiled.city).into();
            if authorise(&asked, &principal, Permission::CaseRead, &there).is_ok() {
                let no = loaded.case.no.to_string();
                found.push(wire::FlightCase { id: id.to_string(), no, record: record.to_string() });
            }
        }
        Ok::<_, Refused>(found)
    };
    app.store.read(read).await
}

/// Flights in lists.
///
/// # Errors
/// [`Refused`] when the store does not answer.
pub async fn summaries(app: &App, rows: Vec<FlightRow>) -> Result<Vec<wire::FlightSummary>, Refused> {
    let mut people: Vec<_> = rows.iter().map(|row| row.party).collect();
    people.sort_unstable();
    people.dedup();
    let names = app.store.read(move |reader: &mut Reader| reader.display_names(&people)).await?;
    let compiled = app.current();
    Ok(rows.iter().map(|row| summary(row, &compiled.city, &names)).collect())
}

/// The file is named in `allowed`, for faces that say it in their own words.
fn file_refused(name: String, error: &MediaError, words: String) -> Refused {
    let code = match error {
        MediaError::TooLarge(_) => "picture_too_large",
        MediaError::Kind(_) => "kind_not_taken",
        MediaError::Track(_) => "no_track",
        MediaError::Scan(ScanError::Infected { .. }) => "infected",
        MediaError::Scan(ScanError::Away(_)) | MediaError::Disk(_) => {
            tracing::error!(%error, "a file of a flight cannot be looked at");
            let words = "files cannot be looked at at present";
            return Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", words).retry_after(30);
        }
    };
    Refused::new(StatusCode::UNPROCESSABLE_ENTITY, code, words).with_allowed(vec![name])
}

/// A refusal in the words of the API.
pub fn refused(error: FlightError) -> Refused {
    let words = error.to_string();
    match error {
        FlightError::Unknown(_) => Refused::not_found("flight"),
        FlightError::Taken(_) => Refused::new(StatusCode::CONFLICT, "taken", words),
        FlightError::Field(field, words) => Refused::field(field, words),
        FlightError::NoPlace => Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "no_place", words),
        FlightError::Outside => Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "outside_city", words),
        FlightError::File { name, error } => file_refused(name, &error, words),
        FlightError::Upload { error, .. } => upload_refused(error),
        FlightError::Pair(_) => Refused::new(StatusCode::CONFLICT, "not_comparable", words),
        FlightError::Picture { .. } => Refused::new(StatusCode::CONFLICT, "unreadable_picture", words),
        FlightError::Disk(kind) => {
            tracing::error!(?kind, "files of a flight cannot be stored");
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "files of flights cannot be stored at present")
                .retry_after(30)
        }
        FlightError::Away => Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", words).retry_after(10),
        FlightError::Store(error) => error.into(),
    }
}
