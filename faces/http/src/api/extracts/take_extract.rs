//! `POST /cases/{id}/extract`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use identity::{Permission, Resource};
use sense::extracts::{By, Taken, take};
use serde_json::Value;

use super::parts::refused;
use crate::access::{authorise, case_subject, load_for_staff};
use crate::api::account::export_indicators::{BYTE_ORDER_MARK, harmless};
use crate::app::App;
use crate::caller::Caller;
use crate::error::{Refused, failed};
use crate::extract::Segments;
use crate::open311::locale;
use crate::wire::*;

/// Takes what was approved, once. It is written down, and everybody in it can see it, before it is answered.
#[utoipa::path(
    post,
    path = "/cases/{id}/extract",
    tag = "extracts",
    params(("id" = String, Path, description = "A case id or a case number")),
    responses((status = 200, description = "CSV, UTF-8", body = String, content_type = "text/csv"), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn take_extract(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Segments(id): Segments<String>,
) -> Result<Response, Refused> {
    let party = caller.staff()?.party;
    let loaded = load_for_staff(&app, &caller.principal, &id).await?;
    let (case, city) = (&loaded.case, &loaded.compiled.city);
    let purpose = "as approved".to_owned();
    let resource = Resource { purpose, ..case_subject(case, city).into() };
    let grant =
        authorise(&app, &caller.principal, Permission::AnswersExtract, &resource)?.ok_or_else(Refused::forbidden)?;
    let taken = take(&app.sense(), case.id, By { party, grant: grant.clone() }).await.map_err(refused)?;
    let body = csv(&taken, locale(city, &headers)).ok_or_else(failed)?;
    let about = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.csv\"", case.no)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((about, body).into_response())
}

fn csv(taken: &Taken, locale: &str) -> Option<String> {
    let mut writer = csv::Writer::from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    let titles = taken.fields.iter().map(|field| harmless(field.title.in_locale(locale)));
    writer.write_record(std::iter::once("case_no".to_owned()).chain(titles)).ok()?;
    for (no, values) in &taken.rows {
        writer.write_record(std::iter::once(no.to_string()).chain(values.iter().map(cell))).ok()?;
    }
    String::from_utf8(writer.into_inner().ok()?).ok()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        Value::Array(many) => many.iter().map(cell).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}
