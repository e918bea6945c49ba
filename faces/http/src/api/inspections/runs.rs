//! `GET /inspection-runs`, `PUT` and `GET /inspection-runs/{run}`, its end, its records and its sealed answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use identity::Permission;
use model::{InspectionEnded, InspectionRunId};
use sense::inspections::{Begin, begin, end};
use store::{InspectionRunRow, Reader, StoreError, canonical_answers};

use super::parts::{inspection, lies_within, own_run, refused, seen};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::inspections::Named;
use crate::convert::records::{people_in, record_view};
use crate::error::Refused;
use crate::extract::{Body, Params};
use crate::names::{instant, page_limit, parse, parse_some};
use crate::wire::*;

/// Inspections being done, and done, where the caller may read of them.
#[utoipa::path(
    get,
    path = "/inspection-runs",
    tag = "inspections",
    params(InspectionRunsQuery),
    responses((status = 200, description = "The newest first", body = InspectionRunPage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_inspection_runs(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<InspectionRunsQuery>,
) -> Result<Json<InspectionRunPage>, Refused> {
    let (compiled, limit) = (app.current(), page_limit(query.limit)?);
    let seen = seen(&app, &compiled.city, &caller)?;
    let of = parse_some("inspection", query.inspection.as_deref())?;
    let before = parse_some("before", query.before.as_deref())?;
    let read = move |reader: &mut Reader| {
        let rows = reader.list_inspection_runs(of.as_ref(), &seen, before, limit)?;
        Ok::<_, StoreError>((Named::of(reader, &rows, &[], &[], &[])?, rows))
    };
    let (named, rows) = app.store.read(read).await?;
    let next = rows.last().filter(|_| rows.len() == limit as usize).map(|row| row.id.to_string());
    let items = rows.iter().map(|row| named.run(row, &compiled.city)).collect();
    Ok(Json(InspectionRunPage { items, next }))
}

/// Begins an inspection under an id that the phone made (a ULID); the same again is the same run.
#[utoipa::path(
    put,
    path = "/inspection-runs/{run}",
    tag = "inspections",
    params(("run" = String, Path, description = "Its id, a ULID")),
    request_body = InspectionRunInput,
    responses((status = 200, description = "Begun", body = InspectionRun), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn begin_inspection(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(run): Path<String>,
    Body(input): Body<InspectionRunInput>,
) -> Result<Json<InspectionRun>, Refused> {
    let compiled = app.current();
    let (id, _, _) = inspection(&app, &compiled.city, &caller, &input.inspection, Permission::InspectionRun)?;
    let party = caller.staff()?.party;
    let at =
        instant("started_at", Some(&input.started_at.0))?.ok_or_else(|| Refused::field("started_at", "is missing"))?;
    let new = Begin { run: parse("run", &run)?, inspection: id, at };
    let row = begin(&app.sense(), party, new).await.map_err(refused)?;
    run_view(&app, row).await.map(Json)
}

/// Ends an inspection and seals what was answered.
#[utoipa::path(
    post,
    path = "/inspection-runs/{run}/end",
    tag = "inspections",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, description = "Ended", body = InspectionRun), (status = "4XX", description = "Refused; `allowed` names the checks that are not answered", body = Problem))
)]
pub async fn end_inspection(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(run): Path<String>,
) -> Result<Json<InspectionRun>, Refused> {
    let (row, by) = own_run(&app, &caller, parse("run", &run)?).await?;
    let row = end(&app.sense(), by, row.id).await.map_err(refused)?;
    run_view(&app, row).await.map(Json)
}

/// An inspection with what was answered.
#[utoipa::path(
    get,
    path = "/inspection-runs/{run}",
    tag = "inspections",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, description = "As it is now", body = InspectionRunView), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_inspection_run(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(run): Path<String>,
) -> Result<Json<InspectionRunView>, Refused> {
    let row = seen_run(&app, &caller, &run).await?;
    let rows = [row];
    let read = move |reader: &mut Reader| {
        let answers = reader.list_inspection_answers(rows[0].id)?;
        Ok::<_, StoreError>((Named::of(reader, &rows, &answers, &[], &[])?, rows, answers))
    };
    let (named, [row], mut answers) = app.store.read(read).await?;
    let compiled = app.current();
    let city = &compiled.city;
    let one = city.inspections.get(&row.inspection);
    let place = |check: &model::CheckId| {
        let found = one.and_then(|one| one.checks().position(|(_, known)| known.id == *check));
        found.unwrap_or(usize::MAX)
    };
    answers.sort_by_key(|answer| place(&answer.check));
    let answered = answers.iter().map(|answer| named.answer(answer, city)).collect();
    Ok(Json(InspectionRunView { run: named.run(&row, city), answered }))
}

/// What the ledger keeps of an inspection.
#[utoipa::path(
    get,
    path = "/inspection-runs/{run}/records",
    tag = "inspections",
    params(("run" = String, Path, description = "Its id"), RecordsQuery),
    responses((status = 200, description = "As asked", body = RecordPage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_inspection_records(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(run): Path<String>,
    Params(query): Params<RecordsQuery>,
) -> Result<Json<RecordPage>, Refused> {
    let row = seen_run(&app, &caller, &run).await?;
    let (limit, subject) = (page_limit(query.limit)?, InspectionEnded::subject_of(row.id));
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

/// The answers as they were sealed: the very text whose SHA-256 is in the record of the inspection's end.
#[utoipa::path(
    get,
    path = "/inspection-runs/{run}/sealed",
    tag = "inspections",
    params(("run" = String, Path, description = "Its id")),
    responses((status = 200, description = "The text", content_type = "application/json"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_sealed_answers(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(run): Path<String>,
) -> Result<Response, Refused> {
    let row = seen_run(&app, &caller, &run).await?;
    if row.ended_at.is_none() {
        return Err(Refused::not_found("end of this inspection"));
    }
    let answers = app.store.read(move |reader: &mut Reader| reader.list_inspection_answers(row.id)).await?;
    let name = format!("attachment; filename=\"inspection-{}.json\"", row.id);
    let about = [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((about, canonical_answers(&answers)).into_response())
}

/// A run that the caller may read of.
async fn seen_run(app: &App, caller: &Caller, run: &str) -> Result<InspectionRunRow, Refused> {
    let compiled = app.current();
    let seen = seen(app, &compiled.city, caller)?;
    let not_found = || Refused::not_found("inspection run");
    let id: InspectionRunId = run.parse().map_err(|_| not_found())?;
    let row = app.store.read(move |reader: &mut Reader| reader.find_inspection_run(id)).await?;
    row.filter(|row| lies_within(&row.region_path, &seen)).ok_or_else(not_found)
}

async fn run_view(app: &App, row: InspectionRunRow) -> Result<InspectionRun, Refused> {
    let rows = [row];
    let read = move |reader: &mut Reader| {
        let named = Named::of(reader, &rows, &[], &[], &[])?;
        Ok::<_, StoreError>((named, rows))
    };
    let (named, [row]) = app.store.read(read).await?;
    Ok(named.run(&row, &app.current().city))
}
