//! `PUT /inspection-runs/{run}/answers/{check}` and `GET /inspection-answers`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use sense::inspections::{Answer, answer};
use store::{AnswerFilter, Reader, StoreError};

use super::parts::{own_run, refused, seen};
use crate::app::App;
use crate::caller::Caller;
use crate::convert::inspections::Named;
use crate::error::Refused;
use crate::extract::{Body, Params};
use crate::names::{instant, page_limit, parse, parse_some, point};
use crate::wire::*;

/// Answers a check, in place of an earlier answer. A fault opens a case where the check has a category, and is final.
#[utoipa::path(
    put,
    path = "/inspection-runs/{run}/answers/{check}",
    tag = "inspections",
    params(("run" = String, Path, description = "The run"), ("check" = String, Path, description = "The check")),
    request_body = InspectionAnswerInput,
    responses((status = 200, description = "Written down", body = InspectionAnswer), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn answer_check(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((run, check)): Path<(String, String)>,
    Body(input): Body<InspectionAnswerInput>,
) -> Result<Json<InspectionAnswer>, Refused> {
    let (row, by) = own_run(&app, &caller, parse("run", &run)?).await?;
    let there = input.lon.zip(input.lat).map(|(lon, lat)| point(lon, lat)).transpose()?;
    let new = Answer {
        run: row.id,
        check: parse("check", &check)?,
        at: instant("at", Some(&input.at.0))?.ok_or_else(|| Refused::field("at", "is missing"))?,
        value: input.value,
        note: input.note,
        picture: parse_some("picture", input.picture.as_deref())?,
        point: there,
        accuracy_m: input.accuracy_m,
    };
    let row = answer(&app.sense(), by, new).await.map_err(refused)?;
    let rows = [row];
    let read = move |reader: &mut Reader| {
        let named = Named::of(reader, &[], &rows, &[], &[])?;
        Ok::<_, StoreError>((named, rows))
    };
    let (named, [row]) = app.store.read(read).await?;
    Ok(Json(named.answer(&row, &app.current().city)))
}

/// Answers of any run that the caller may read of: of one case, of one check over time, or faults alone.
#[utoipa::path(
    get,
    path = "/inspection-answers",
    tag = "inspections",
    params(InspectionAnswersQuery),
    responses((status = 200, description = "The newest first", body = InspectionAnswerPage), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_inspection_answers(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(query): Params<InspectionAnswersQuery>,
) -> Result<Json<InspectionAnswerPage>, Refused> {
    let (compiled, limit) = (app.current(), page_limit(query.limit)?);
    let inspection = parse_some("inspection", query.inspection.as_deref())?;
    let check = parse_some("check", query.check.as_deref())?;
    if inspection.is_some() != check.is_some() {
        return Err(Refused::parameter("check", "name the inspection and the check together"));
    }
    let filter = AnswerFilter {
        faults: query.faults.unwrap_or(false),
        case_id: parse_some("case", query.case.as_deref())?,
        check: inspection.zip(check),
        within: seen(&app, &compiled.city, &caller)?,
        before: parse_some("before", query.before.as_deref())?,
    };
    let read = move |reader: &mut Reader| {
        let rows = reader.find_inspection_answers(&filter, limit)?;
        Ok::<_, StoreError>((Named::of(reader, &[], &rows, &[], &[])?, rows))
    };
    let (named, rows) = app.store.read(read).await?;
    let next = rows.last().filter(|_| rows.len() == limit as usize).map(|row| row.id.to_string());
    let items = rows.iter().map(|row| named.answer(row, &compiled.city)).collect();
    Ok(Json(InspectionAnswerPage { items, next }))
}
