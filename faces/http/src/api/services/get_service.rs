//! `GET /services/{id}`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use model::ServiceId;

use crate::api::city::cached;
use crate::app::App;
use crate::convert::services;
use crate::error::Refused;
use crate::wire::*;

/// The guide of a service.
#[utoipa::path(
    get,
    path = "/services/{id}",
    tag = "services",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "As asked", body = ServiceGuide), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn get_service(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let compiled = app.current();
    let id: ServiceId = id.parse().map_err(|_| Refused::not_found("service"))?;
    let service = compiled.city.services.get(&id).ok_or_else(|| Refused::not_found("service"))?;
    Ok(cached::by_content(&headers, &services::guide(&compiled.city, &id, service)))
}
