//! `PUT /flights/{flight}/cases/{case}` and `GET /cases/{case}/flights`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use store::Reader;

use super::parts::{importer, refused, seen_flight, summaries};
use crate::access::load_for_staff;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;
use crate::wire::*;

/// Makes a flight evidence of a case, under a record of its own; the same again is the same.
#[utoipa::path(
    put,
    path = "/flights/{flight}/cases/{case}",
    tag = "flights",
    params(("flight" = String, Path, description = "The flight"), ("case" = String, Path, description = "The case, by its id or number")),
    responses((status = 200, description = "It is evidence of the case", body = FlightCase), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn attach_flight(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((flight, case)): Path<(String, String)>,
) -> Result<Json<FlightCase>, Refused> {
    let row = seen_flight(&app, &caller, &flight).await?;
    let by = importer(&app, &caller, &row.region)?;
    let loaded = load_for_staff(&app, &caller.principal, &case).await?;
    let record = sense::flights::attach(&app.sense(), by, &row, loaded.case.id).await.map_err(refused)?;
    let case = loaded.case;
    Ok(Json(FlightCase { id: case.id.to_string(), no: case.no.to_string(), record: record.to_string() }))
}

/// The flights that are evidence of a case.
#[utoipa::path(
    get,
    path = "/cases/{case}/flights",
    tag = "flights",
    params(("case" = String, Path, description = "The case, by its id or number")),
    responses((status = 200, description = "The newest first", body = [FlightSummary]), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_case_flights(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(case): Path<String>,
) -> Result<Json<Vec<FlightSummary>>, Refused> {
    let case = load_for_staff(&app, &caller.principal, &case).await?.case.id;
    let rows = app.store.read(move |reader: &mut Reader| reader.list_flights_of_case(case)).await?;
    summaries(&app, rows).await.map(Json)
}
