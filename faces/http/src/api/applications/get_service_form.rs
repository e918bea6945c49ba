//! `GET /services/{id}/form`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sense::apply::{DRAFT_DAYS, find_form};

use super::parts::{apply_refused, service_id};
use crate::api::city::cached;
use crate::app::App;
use crate::convert::fields::field;
use crate::convert::text;
use crate::error::Refused;
use crate::extract::Segments;
use crate::wire::*;

/// The form of a service: its questions, and the schema that answers must fit.
#[utoipa::path(
    get,
    path = "/services/{id}/form",
    tag = "applications",
    params(("id" = String, Path, description = "The service's id")),
    responses((status = 200, description = "As asked", body = ServiceForm), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_service_form(
    State(app): State<Arc<App>>,
    Segments(id): Segments<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let compiled = app.current();
    let city = &compiled.city;
    let id = service_id(&id)?;
    let (service, form) = find_form(city, &id).map_err(apply_refused)?;
    let office = city.offices.get(&service.office).map(|office| text(&office.title)).unwrap_or_default();
    let locale = city.locales.first().map_or("", String::as_str);
    let view = ServiceForm {
        service: id.to_string(),
        title: text(&service.title),
        office: Named { id: service.office.to_string(), title: office },
        promised_limit: service.promised_limit.map(|limit| limit.to_string()),
        fields: form.iter().map(|asked| field(city, asked, None)).collect(),
        schema: pack::form_schema(form, locale),
        draft_days: u32::try_from(DRAFT_DAYS).unwrap_or(u32::MAX),
    };
    Ok(cached::by_content(&headers, &view))
}
