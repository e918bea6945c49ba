//! `GET /flights`, `GET /flights/{flight}`, its records and its manifest.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use identity::{Permission, Subject};
use model::{FlightId, FlightSealed};
use store::{Reader, StoreError};

use super::parts::{readable, seen, seen_flight, summaries};
use crate::access::authorise;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::flights::file;
use crate::convert::records::{people_in, record_view};
use crate::error::{Refused, failed};
use crate::extract::Params;
use crate::names::{page_limit, parse_some};
use crate::wire::*;

/// Flights over the caller's regions.
#[utoipa::path(
    get,
    path = "/flights",
    tag = "flights",
    params(FlightsQuery),
    responses((status = 200, description = "The newest first", body = FlightPage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_flights(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<FlightsQuery>,
) -> Result<Json<FlightPage>, Refused> {
    let (compiled, limit) = (app.current(), page_limit(query.limit)?);
    let seen = seen(&app, &compiled.city, &caller)?;
    let before: Option<FlightId> = parse_some("before", query.before.as_deref())?;
    let over = match query.over.as_deref() {
        Some(id) => Some(seen_flight(&app, &caller, id).await?),
        None => None,
    };
    let (bounds, itself) = over.map(|row| (row.bounds, row.id)).unzip();
    let rows = app.store.read(move |reader: &mut Reader| reader.list_flights(&seen, bounds, before, limit)).await?;
    let next = rows.last().filter(|_| rows.len() == limit as usize).map(|row| row.id.to_string());
    let rows = rows.into_iter().filter(|row| Some(row.id) != itself).collect();
    Ok(Json(FlightPage { items: summaries(&app, rows).await?, next }))
}

/// A flight with what it brought.
#[utoipa::path(
    get,
    path = "/flights/{flight}",
    tag = "flights",
    params(("flight" = String, Path, description = "Its id")),
    responses((status = 200, description = "As it was sealed", body = FlightView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_flight(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<FlightView>, Refused> {
    let row = seen_flight(&app, &caller, &id).await?;
    let id = row.id;
    let read = move |reader: &mut Reader| {
        Ok::<_, StoreError>((reader.list_flight_files(id)?, reader.list_cases_of_flight(id)?))
    };
    let (files, cases) = app.store.read(read).await?;
    let there = Subject::Region(row.region.clone()).into();
    Ok(Json(FlightView {
        bounds: row.bounds.to_vec(),
        track: row.track.iter().map(|(lon, lat)| vec![*lon, *lat]).collect(),
        items: files.iter().map(|row| file(id, row)).collect(),
        cases: readable(&app, &caller, cases).await?,
        may_attach: authorise(&app, &caller.principal, Permission::FlightImport, &there).is_ok(),
        summary: summaries(&app, vec![row]).await?.pop().ok_or_else(failed)?,
    }))
}

/// What the ledger keeps of a flight.
#[utoipa::path(
    get,
    path = "/flights/{flight}/records",
    tag = "flights",
    params(("flight" = String, Path, description = "Its id"), RecordsQuery),
    responses((status = 200, description = "As asked", body = RecordPage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_flight_records(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<RecordsQuery>,
) -> Result<Json<RecordPage>, Refused> {
    let row = seen_flight(&app, &caller, &id).await?;
    let (limit, subject) = (page_limit(query.limit)?, FlightSealed::subject_of(row.id));
    let read = move |reader: &mut Reader| {
        let records = reader.list_records(&subject, query.before, limit)?;
        Ok::<_, StoreError>((reader.display_names(&people_in(&records))?, records))
    };
    let (names, records) = app.store.read(read).await?;
    let next = records.last().filter(|_| records.len() == limit as usize).map(|record| record.position);
    let compiled = app.current();
    let items = records.iter().map(|record| record_view(record, &compiled.city, &names)).collect();
    Ok(Json(RecordPage { items, next }))
}

/// The manifest of a flight: the very text whose SHA-256 is in its record. It names the SHA-256 of every file.
#[utoipa::path(
    get,
    path = "/flights/{flight}/manifest",
    tag = "flights",
    params(("flight" = String, Path, description = "Its id")),
    responses((status = 200, description = "The text", content_type = "application/json"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_flight_manifest(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let row = seen_flight(&app, &caller, &id).await?;
    let name = format!("attachment; filename=\"flight-{}.json\"", row.id);
    let about = [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((about, row.manifest).into_response())
}
