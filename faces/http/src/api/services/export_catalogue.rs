//! `GET /catalogue/cpsv-ap`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::api::city::cached;
use crate::api::services::cpsv;
use crate::app::App;

/// The whole catalogue as JSON-LD in the vocabulary CPSV-AP 3.2, for other catalogues.
#[utoipa::path(
    get,
    path = "/catalogue/cpsv-ap",
    tag = "services",
    responses((status = 200, description = "As asked", content_type = "application/ld+json"))
)]
pub async fn export_catalogue(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let base = app.settings.base_url.clone();
    let mut response =
        cached::by_pack(&app, &headers, "export_catalogue", |city| cpsv::catalogue(city, base.as_deref()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/ld+json"));
    response
}
